// SPDX-License-Identifier: GPL-2.0-or-later
/* See trend.h. */
#include "trend.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

/* One chance in a thousand, of the one side of the normal distribution. */
#define SURE	3.09

static int compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

/* How many pairs rise, less how many fall. */
static long rising_pairs(const double *series, unsigned int count)
{
	unsigned int i, j;
	long sum = 0;

	for (i = 0; i < count; i++)
		for (j = i + 1; j < count; j++)
			sum += compare(&series[j], &series[i]);
	return sum;
}

/* Of that sum where nothing rises; figures that are the same make it smaller. */
static double variance(const double *sorted, unsigned int count)
{
	double sum = (double)count * (count - 1) * (2 * count + 5);
	unsigned int i, same;

	for (i = 0; i < count; i += same) {
		for (same = 1; i + same < count && sorted[i + same] == sorted[i]; same++)
			;
		sum -= (double)same * (same - 1) * (2 * same + 5);
	}
	return sum / 18;
}

static double sureness(const double *series, unsigned int count)
{
	double *sorted = malloc(count * sizeof(*sorted)), spread;
	long pairs = rising_pairs(series, count);
	unsigned int i;

	ck_assert_ptr_nonnull(sorted);
	for (i = 0; i < count; i++)
		sorted[i] = series[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	spread = sqrt(variance(sorted, count));
	free(sorted);
	/* The sum comes in steps of two: half a step nearer to none. */
	return pairs > 0 && spread > 0 ? (pairs - 1) / spread : 0;
}

static double median_slope(const double *series, unsigned int count)
{
	unsigned int i, j, pairs = 0;
	double *slopes = malloc(count * (count - 1) / 2 * sizeof(*slopes)), median;

	ck_assert_ptr_nonnull(slopes);
	for (i = 0; i < count; i++)
		for (j = i + 1; j < count; j++)
			slopes[pairs++] = (series[j] - series[i]) / (j - i);
	qsort(slopes, pairs, sizeof(*slopes), compare);
	median = slopes[pairs / 2];
	free(slopes);
	return median;
}

struct trend trend_of(const double *series, unsigned int count)
{
	const double *half = series + count / 2;
	unsigned int left = count - count / 2;

	ck_assert_uint_ge(count, 8);
	return (struct trend) {
		.sureness = sureness(half, left),
		.rise = median_slope(half, left) * (left - 1),
	};
}

bool trend_grows(const struct trend *trend, double noise)
{
	return trend->sureness > SURE && trend->rise > noise;
}
