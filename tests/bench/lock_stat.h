/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's lock statistics, /proc/lock_stat, and which of the locks are the module's.
 *
 * A class of locks belongs to the module if its key lies among the module's symbols:
 * /proc/lockdep tells the keys, /proc/kallsyms the symbols, both in plain numbers only if
 * the kernel was started with no_hash_pointers.
 */
#ifndef PIN_BENCH_LOCK_STAT_H
#define PIN_BENCH_LOCK_STAT_H

#include <stdbool.h>
#include <stddef.h>

#define LOCK_NAME	48

/**
 * struct lock_use - how one class of locks was used
 * @name: as lock_stat has it
 * @ours: it is the module's
 * @contentions: how often somebody had to wait for it
 * @waited_us: for how long in all, but for the longest time
 * @waited_longest_us: that
 * @acquisitions: how often it was taken
 * @held_us: for how long in all, but for the longest time
 * @held_longest_us: that
 *
 * The longest time stands alone, because it is most often the emulator's: its processor
 * stood still while it held the lock.
 */
struct lock_use {
	char name[LOCK_NAME];
	bool ours;
	unsigned long contentions;
	double waited_us;
	double waited_longest_us;
	unsigned long acquisitions;
	double held_us;
	double held_longest_us;
};

/* Begins to count, from nothing. */
void lock_stat_start(void);
/* Ends it. How many classes were used; @uses has room for @most, more end the program. */
size_t lock_stat_stop(struct lock_use *uses, size_t most);

#endif /* PIN_BENCH_LOCK_STAT_H */
