/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the suite "races" about calls that wait for ever. */
#ifndef PIN_TEST_RACES_STUCK_H
#define PIN_TEST_RACES_STUCK_H

#include <check.h>

void add_stuck_tests(TCase *tcase);

#endif /* PIN_TEST_RACES_STUCK_H */
