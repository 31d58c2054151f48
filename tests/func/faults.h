/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on demand, on a kernel with fault injection: the n-th allocation, page
 * allocation or copy from or to user space that this thread's process makes fails.
 *
 * A sweep lets the first fail, then the second, and so on, until a call makes fewer
 * than that. Between arming and disarming there is nothing but the call.
 */
#ifndef PIN_TEST_FAULTS_H
#define PIN_TEST_FAULTS_H

#include <stdbool.h>

/* Allocations of all kinds count, and a fault leaves no line in the kernel's log. */
void faults_setup(void);

/*
 * Only what happens below this function of the kernel counts; NULL: everything. Stays
 * until it is changed.
 */
void faults_below(const char *function);

/* Call before faults_arm(), in each process. */
void faults_open(void);

/* From now on the @nth fails. */
void faults_arm(unsigned int nth);

/* No more faults; has one happened? */
bool faults_disarm(void);

#endif /* PIN_TEST_FAULTS_H */
