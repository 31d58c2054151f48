// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Durations, written.
 */
#include "duration.h"
#include "pinctl.h"
#include "suites.h"

static const struct {
	uint64_t picoseconds;
	const char *text;
} durations[] = {
	{ 0, "0ns" },
	{ 4, "0.00ns" },
	{ 5, "0.01ns" },
	{ 49, "0.05ns" },
	{ 1000, "1ns" },
	{ 1449, "1.45ns" },
	{ 9994, "9.99ns" },
	{ 9995, "10.0ns" },
	{ 12345, "12.3ns" },
	{ 99994, "99.9ns" },
	{ 99995, "100ns" },
	{ 123456, "123ns" },
	{ 812000, "812ns" },
	{ 999499, "999ns" },
	{ 999500, "1.00us" },
	{ 1000000, "1.00us" },
	{ 1516000, "1.52us" },
	{ UINT64_C(47500000000), "47.5ms" },
	{ UINT64_C(999500000000), "1.00s" },
	{ UINT64_C(1800000000000000), "1800s" },
};

START_TEST(test_text)
{
	char text[DURATION_TEXT_MAX];

	ck_assert_str_eq(duration_to_text(durations[_i].picoseconds, text), durations[_i].text);
}
END_TEST

START_TEST(test_longest)
{
	char text[DURATION_TEXT_MAX];

	ck_assert_str_eq(duration_to_text(UINT64_MAX, text), "18446744s");
}
END_TEST

Suite *suite_duration(void)
{
	Suite *suite = suite_create("duration");
	TCase *tcase = tcase_create("text");

	tcase_add_loop_test(tcase, test_text, 0, ARRAY_SIZE(durations));
	tcase_add_test(tcase, test_longest);
	suite_add_tcase(suite, tcase);
	return suite;
}
