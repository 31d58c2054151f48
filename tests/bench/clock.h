/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock of the benchmarks.
 *
 * Time is the guest's, and its clock counts executed instructions (QEMU's -icount, one a
 * nanosecond): the same figures on every host. A figure is the least of some rounds,
 * because an interrupt makes a round longer and nothing makes it shorter. What is
 * measured runs before all others, so that the work it leaves to a worker is not counted.
 */
#ifndef PIN_BENCH_CLOCK_H
#define PIN_BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* What reading the clock takes, once clock_check() has found out. */
extern uint64_t clock_cost;

/* Ends the program with status 2 if the clock does not count instructions. */
void clock_check(void);
uint64_t clock_now(void);
/* The processor's own counter, an instruction a tick, and what reading it takes. */
uint64_t clock_ticks(void);
extern uint64_t clock_ticks_cost;
void run_before_all_others(bool yes);

/* Ends the program with status 2, the words and what errno says. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif /* PIN_BENCH_CLOCK_H */
