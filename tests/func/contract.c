// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What INFO promises, and flags that it does not promise. The rules that hold for
 * every command alike are in hostile.c.
 */
#include "harness.h"

START_TEST(lease_flag)
{
	void *memory = map_anon(page);
	struct pin_pin arg;

	ck_assert_uint_eq(info().features & PIN_FEATURE_LEASE, 0);
	ck_assert_int_eq(pin_range(memory, page, PIN_F_LEASE, &arg), -EINVAL);
	ck_assert_int_eq(pin_range(memory, page, PIN_F_LEASE | PIN_F_WRITE, &arg),
			 -EOPNOTSUPP);
	ck_assert_uint_eq(arg.refusal.reason, 0);
}
END_TEST

START_TEST(info_tells)
{
	struct pin_info now = info();

	ck_assert_uint_eq(now.abi_version, PIN_ABI_VERSION);
	ck_assert_uint_eq(now.page_size, page);
	ck_assert_uint_eq(now.features, PIN_FEATURE_LONGTERM | PIN_FEATURE_CHECK |
					PIN_FEATURE_CHECK_LIMITS |
					PIN_FEATURE_CHECK_OTHER |
					PIN_FEATURE_LIST | PIN_FEATURE_RUNS |
					PIN_FEATURE_ACCESS);
	ck_assert_uint_gt(now.system_cap_pages, 0);
	ck_assert_uint_gt(now.context_cap_pins, 0);
	/* The suite runs as root, who is not held to the limit. */
	ck_assert_uint_eq(now.user_limit_pages, PIN_ALL_PAGES);
}
END_TEST

Suite *contract_suite(void)
{
	Suite *suite = suite_create("contract");
	TCase *tcase = tcase_with_context("contract");

	tcase_add_test(tcase, lease_flag);
	tcase_add_test(tcase, info_tells);
	suite_add_tcase(suite, tcase);
	return suite;
}
