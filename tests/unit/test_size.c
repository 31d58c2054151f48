// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sizes, read and written.
 */
#include <errno.h>
#include <unistd.h>

#include "pinctl.h"
#include "size.h"
#include "suites.h"

static const struct {
	const char *text;
	uint64_t bytes;
} good[] = {
	{ "0", 0 },
	{ "4096", 4096 },
	{ "0x1000", 0x1000 },
	{ "0XfF", 0xff },
	{ "4K", 4096 },
	{ "4k", 4096 },
	{ "2MiB", 2 << 20 },
	{ "1G", UINT64_C(1) << 30 },
	{ "3T", UINT64_C(3) << 40 },
	{ "1P", UINT64_C(1) << 50 },
	{ "15E", UINT64_C(15) << 60 },
	{ "18446744073709551615", UINT64_MAX },
	{ "0xffffffffffffffff", UINT64_MAX },
	{ "010", 10 },
};

START_TEST(test_good)
{
	uint64_t bytes;

	ck_assert_int_eq(size_parse(good[_i].text, &bytes), 0);
	ck_assert_uint_eq(bytes, good[_i].bytes);
}
END_TEST

START_TEST(test_pages)
{
	uint64_t bytes;

	ck_assert_int_eq(size_parse("3p", &bytes), 0);
	ck_assert_uint_eq(bytes, 3 * (uint64_t)sysconf(_SC_PAGESIZE));
}
END_TEST

static const struct {
	const char *text;
	int error;
} bad[] = {
	{ "", -EINVAL }, { "K", -EINVAL }, { "-1", -EINVAL }, { "+1", -EINVAL }, { " 1", -EINVAL },
	{ "1 ", -EINVAL }, { "1KB", -EINVAL }, { "1Ki", -EINVAL }, { "1.5G", -EINVAL },
	{ "0x", -EINVAL }, { "0xg", -EINVAL }, { "1x", -EINVAL }, { "1B", -EINVAL },
	{ "4K4", -EINVAL }, { "0x10K", -EINVAL }, { "1Mp", -EINVAL },
	{ "18446744073709551616", -ERANGE }, { "16E", -ERANGE }, { "99999999999G", -ERANGE },
	{ "18446744073709551615p", -ERANGE },
};

START_TEST(test_bad)
{
	uint64_t bytes;

	ck_assert_int_eq(size_parse(bad[_i].text, &bytes), bad[_i].error);
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *text;
} texts[] = {
	{ 0, "0B" },
	{ 1023, "1023B" },
	{ 1024, "1K" },
	{ 1536, "1.5K" },
	{ 2 << 20, "2M" },
	{ UINT64_C(1999) << 20, "1.9G" },
	{ UINT64_C(132) << 10, "132K" },
	{ UINT64_MAX, "15.9E" },
};

START_TEST(test_text)
{
	char text[SIZE_TEXT_MAX];

	ck_assert_str_eq(size_to_text(texts[_i].bytes, text), texts[_i].text);
}
END_TEST

Suite *suite_size(void)
{
	Suite *suite = suite_create("size");
	TCase *sizes = tcase_create("sizes");

	tcase_add_loop_test(sizes, test_good, 0, ARRAY_SIZE(good));
	tcase_add_test(sizes, test_pages);
	tcase_add_loop_test(sizes, test_bad, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(sizes, test_text, 0, ARRAY_SIZE(texts));
	suite_add_tcase(suite, sizes);
	return suite;
}
