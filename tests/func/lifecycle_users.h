/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that use the module over and over, whether it is there or not: as a context,
 * over netlink, by its parameters. Whoever finds it gone is told so by an errno that means
 * it; what else anybody is told ends his process with a failure.
 */
#ifndef PIN_TEST_LIFECYCLE_USERS_H
#define PIN_TEST_LIFECYCLE_USERS_H

#include <stdint.h>

/* Begin; after users_stop() the same may begin again. */
void users_start(void);
/* Each has come to an end, with status 0, and was at it. */
void users_stop(void);
/* How often all of them together have come to what they wanted. */
uint64_t users_done(void);

#endif /* PIN_TEST_LIFECYCLE_USERS_H */
