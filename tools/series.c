// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Series: see series.h.
 */
#include <stdlib.h>
#include <string.h>

#include "pinctl.h"
#include "series.h"

void series_add(struct series *series, uint64_t ns)
{
	size_t capacity = series->capacity ? 2 * series->capacity : 32;

	if (series->count == series->capacity) {
		series->ns = reallocarray(series->ns, capacity, sizeof(*series->ns));
		if (!series->ns)
			out_of_memory();
		series->capacity = capacity;
	}
	series->ns[series->count++] = ns;
}

static int compare(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

/* @quarter of the way through what is sorted; between two of them in proportion. */
static uint64_t quantile(const uint64_t *sorted, size_t count, size_t quarter)
{
	size_t at = (count - 1) * quarter, whole = at / 4, rest = at % 4;
	uint64_t gap;

	if (!rest)
		return sorted[whole];
	gap = sorted[whole + 1] - sorted[whole];
	return sorted[whole] + gap / 4 * rest + gap % 4 * rest / 4;
}

struct quartiles series_quartiles(const struct series *series)
{
	struct quartiles quartiles = { 0 };
	uint64_t *sorted;

	if (!series->count)
		return quartiles;
	sorted = malloc(series->count * sizeof(*sorted));
	if (!sorted)
		out_of_memory();
	memcpy(sorted, series->ns, series->count * sizeof(*sorted));
	qsort(sorted, series->count, sizeof(*sorted), compare);
	quartiles.first = quantile(sorted, series->count, 1);
	quartiles.median = quantile(sorted, series->count, 2);
	quartiles.third = quantile(sorted, series->count, 3);
	free(sorted);
	return quartiles;
}

bool quartiles_overlap(const struct quartiles *one, const struct quartiles *other)
{
	return one->first <= other->third && other->first <= one->third;
}

void series_release(struct series *series)
{
	free(series->ns);
	*series = (struct series){ 0 };
}
