/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that do not come until somebody gives them, by userfaultfd: whoever touches
 * one is stuck.
 */
#ifndef PIN_TEST_MISSING_H
#define PIN_TEST_MISSING_H

#include <stddef.h>

/*
 * From here on pages of the range that are not there are told to the descriptor, which
 * is returned, and waited for.
 */
int missing_watch(void *addr, size_t length);
/* The same, but whoever touches one gets SIGBUS instead. */
int missing_refuse(void *addr, size_t length);

#endif /* PIN_TEST_MISSING_H */
