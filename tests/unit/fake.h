/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel that says what the test wants: ioctl() is wrapped by the linker, and
 * goes to the handler that the test has set.
 */
#ifndef _TESTS_UNIT_FAKE_H
#define _TESTS_UNIT_FAKE_H

#include <libpin.h>

/* 0 or a positive value to return, or a negative errno. */
typedef int (*fake_handler)(unsigned long command, void *argument);

void fake_set(fake_handler handler);

/* A context whose commands go to @handler; INFO succeeds while it is opened. */
struct libpin_context *fake_context(fake_handler handler);

#endif /* _TESTS_UNIT_FAKE_H */
