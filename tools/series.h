/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Series: the same thing measured again and again, and what can be said of it.
 */
#ifndef _PINCTL_SERIES_H
#define _PINCTL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds, in the order in which they were measured.  All zeros: none yet. */
struct series {
	uint64_t *ns;
	size_t count;
	size_t capacity;
};

/* Below @first lies a quarter of a series, above @third another. */
struct quartiles {
	uint64_t first;
	uint64_t median;
	uint64_t third;
};

void series_add(struct series *series, uint64_t ns);
/* All zeros of a series that has none. */
struct quartiles series_quartiles(const struct series *series);
/*
 * Whether the ranges from first to third quartile have a nanosecond in common: the two
 * series then differ by no more than either does by itself.
 */
bool quartiles_overlap(const struct quartiles *one, const struct quartiles *other);
void series_release(struct series *series);

#endif /* _PINCTL_SERIES_H */
