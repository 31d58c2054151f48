/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel itself uses: memory that no process has and that nobody can reclaim.
 * Whatever a driver forgets to give back ends up in one of these figures.
 */
#ifndef PIN_TEST_USAGE_H
#define PIN_TEST_USAGE_H

#include <stdint.h>

enum usage_kind {
	USAGE_MEMORY,	/* all that is not free */
	USAGE_SLAB,	/* what slabs hold that cannot be reclaimed */
	USAGE_OBJECTS,	/* of that, the objects in use of the caches of kmalloc() */
	USAGE_VMALLOC,
	USAGE_STACKS,	/* of threads */
	USAGES
};

extern const char *const usage_names[USAGES];

/* In bytes. */
struct usage {
	uint64_t of[USAGES];
};

/*
 * Gives back first what is only cached, so that two looks can be compared.  KASAN's
 * quarantine is not: what has been freed counts as used for a while there.
 */
struct usage usage_read(void);

/* How much of @kind was used more, or 0. */
uint64_t usage_grown(const struct usage *before, const struct usage *after,
		     enum usage_kind kind);

#endif /* PIN_TEST_USAGE_H */
