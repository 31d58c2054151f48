/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that runs out: calloc() and its like are wrapped by the linker, and one of
 * their calls fails when it is told to.
 */
#ifndef _TESTS_UNIT_NOMEM_H
#define _TESTS_UNIT_NOMEM_H

/* The @nth allocation from now on fails, and only that one; 0: none. */
void nomem_fail(unsigned int nth);

/* Between them allocations do not count: libcheck and the fake make some, too. */
void nomem_stop(void);
void nomem_go_on(void);

/* Whether it has come to that since. */
int nomem_failed(void);

#endif /* _TESTS_UNIT_NOMEM_H */
