/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The delay points of a module that was built with them: driver/delay.h.
 *
 * A point is named as in the parameters: "judged", "pinned", ...  A test holds it,
 * sees somebody arrive, does what is to happen meanwhile, and lets go.
 */
#ifndef PIN_TEST_DELAY_H
#define PIN_TEST_DELAY_H

#include <stdbool.h>

/* Hold up who comes from now on: the @nth of them, or with 0 everybody. */
void delay_hold(const char *point, unsigned long nth);
/* Hold up everybody who comes from now on for this long. */
void delay_hold_ms(const char *point, unsigned long ms);
/* Let go who is held up, and everybody after him. */
void delay_release(const char *point);
bool delay_points_exist(void);
/* Visits each point, always in the same order; none if there is none. */
void delay_for_each(void (*visit)(const char *point, unsigned int i));
/* Let go everywhere: a test that failed may have left a point held. */
void delay_release_all(void);
/* How often the point was reached since the module was loaded. */
unsigned long delay_hits(const char *point);
/* Wait until the point was reached that often; fails if it is not. */
void delay_await(const char *point, unsigned long hits);

#endif /* PIN_TEST_DELAY_H */
