// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Series: their quartiles, and when two of them are told apart.
 */
#include "pinctl.h"
#include "series.h"
#include "suites.h"

#define LENGTH_MAX 9

/* Quartiles between two values are in proportion, rounded down. */
static const struct {
	size_t count;
	uint64_t ns[LENGTH_MAX];
	struct quartiles quartiles;
} cases[] = {
	{ 0, { 0 }, { 0, 0, 0 } },
	{ 1, { 7 }, { 7, 7, 7 } },
	{ 2, { 10, 2 }, { 4, 6, 8 } },
	{ 3, { 30, 10, 20 }, { 15, 20, 25 } },
	{ 4, { 4, 1, 3, 2 }, { 1, 2, 3 } },
	{ 5, { 5, 1, 4, 2, 3 }, { 2, 3, 4 } },
	{ 6, { 0, 100, 40, 20, 80, 60 }, { 25, 50, 75 } },
	{ 7, { 1, 1, 1, 1, 1, 1, 1000000 }, { 1, 1, 1 } },
	{ 9, { 9, 8, 7, 6, 5, 4, 3, 2, 1 }, { 3, 5, 7 } },
	{ 3, { UINT64_MAX, 0, UINT64_MAX / 2 },
	  { UINT64_MAX / 4, UINT64_MAX / 2, UINT64_MAX / 2 + UINT64_MAX / 4 + 1 } },
};

static void fill(struct series *series, const uint64_t *ns, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		series_add(series, ns[i]);
}

START_TEST(test_quartiles)
{
	struct series series = { 0 };
	struct quartiles quartiles;
	size_t i;

	fill(&series, cases[_i].ns, cases[_i].count);
	quartiles = series_quartiles(&series);
	ck_assert_uint_eq(quartiles.first, cases[_i].quartiles.first);
	ck_assert_uint_eq(quartiles.median, cases[_i].quartiles.median);
	ck_assert_uint_eq(quartiles.third, cases[_i].quartiles.third);
	/* Their order is that in which they were measured. */
	for (i = 0; i < cases[_i].count; i++)
		ck_assert_uint_eq(series.ns[i], cases[_i].ns[i]);
	series_release(&series);
	ck_assert_uint_eq(series.count, 0);
}
END_TEST

START_TEST(test_many)
{
	struct series series = { 0 };
	struct quartiles quartiles;
	uint64_t i;

	/* 8 has no divisor in common with 1001: each number from 0 to 1000 once. */
	for (i = 0; i < 1001; i++)
		series_add(&series, i * 8 % 1001);
	quartiles = series_quartiles(&series);
	ck_assert_uint_eq(quartiles.first, 250);
	ck_assert_uint_eq(quartiles.median, 500);
	ck_assert_uint_eq(quartiles.third, 750);
	series_release(&series);
}
END_TEST

static const struct {
	struct quartiles one;
	struct quartiles other;
	bool overlap;
} pairs[] = {
	{ { 10, 15, 20 }, { 10, 15, 20 }, true },
	{ { 10, 15, 20 }, { 20, 25, 30 }, true },
	{ { 10, 15, 20 }, { 21, 25, 30 }, false },
	{ { 10, 10, 40 }, { 20, 39, 39 }, true },
	{ { 5, 5, 5 }, { 5, 5, 5 }, true },
	{ { 5, 5, 5 }, { 6, 6, 6 }, false },
};

START_TEST(test_overlap)
{
	ck_assert_int_eq(quartiles_overlap(&pairs[_i].one, &pairs[_i].other), pairs[_i].overlap);
	ck_assert_int_eq(quartiles_overlap(&pairs[_i].other, &pairs[_i].one), pairs[_i].overlap);
}
END_TEST

Suite *suite_series(void)
{
	Suite *suite = suite_create("series");
	TCase *tcase = tcase_create("quartiles");

	tcase_add_loop_test(tcase, test_quartiles, 0, ARRAY_SIZE(cases));
	tcase_add_test(tcase, test_many);
	tcase_add_loop_test(tcase, test_overlap, 0, ARRAY_SIZE(pairs));
	suite_add_tcase(suite, tcase);
	return suite;
}
