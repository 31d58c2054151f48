// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What INFO promises, flags that it does not promise, and a refusal that cannot be
 * told. The rules that hold for every command alike are in hostile.c.
 */
#include "harness.h"

#include <string.h>
#include <sys/mman.h>

START_TEST(lease_flag)
{
	void *memory = map_anon(page);
	struct pin_pin arg;

	ck_assert_uint_ne(info().features & PIN_FEATURE_LEASE, 0);
	ck_assert_int_eq(pin_range(memory, page, PIN_F_LEASE, &arg), -EINVAL);
	ck_assert_uint_eq(arg.refusal.reason, 0);
	ck_assert_int_eq(pin_range(memory, page, PIN_F_LEASE | PIN_F_WRITE, &arg), 0);
	ck_assert_int_eq(unpin(arg.id), 0);
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
					PIN_FEATURE_ACCESS |
					PIN_FEATURE_LEASE |
					PIN_FEATURE_LEDGER);
	ck_assert_uint_gt(now.system_cap_pages, 0);
	ck_assert_uint_gt(now.context_cap_pins, 0);
	/* The suite runs as root, who is not held to the limit. */
	ck_assert_uint_eq(now.user_limit_pages, PIN_ALL_PAGES);
}
END_TEST

/* A refusal that cannot be told is a bad pointer, and says nothing else. */
START_TEST(refusal_to_a_bad_pointer)
{
	char *addr = map_anon(2 * page);
	struct pin_check check = {
		.size = sizeof(check),
		.addr = (uintptr_t)addr,
		.length = 2 * page,
		.reports = 8,
		.reports_capacity = 2,
		.report_size = sizeof(struct pin_report),
		.next = 1,
		.reports_count = 1,
	};
	struct pin_pin arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)addr,
		.length = 2 * page,
		.reports = 8,
		.reports_capacity = 2,
		.report_size = sizeof(struct pin_report),
		.id = 1,
		.reports_count = 1,
	};

	munmap(addr + page, page);
	memset(&arg.refusal, POISON, sizeof(arg.refusal));
	ck_assert_int_eq(call(PIN_IOC_PIN, &arg), -EFAULT);
	ck_assert_uint_eq(arg.id, 0);
	ck_assert_uint_eq(arg.refusal.reason, 0);
	ck_assert_uint_eq(arg.refusal.error, 0);
	ck_assert_uint_eq(arg.refusal.addr, 0);
	ck_assert_uint_eq(arg.reports_count, 0);

	memset(&check.refusal, POISON, sizeof(check.refusal));
	ck_assert_int_eq(call(PIN_IOC_CHECK, &check), -EFAULT);
	ck_assert_uint_eq(check.next, 0);
	ck_assert_uint_eq(check.refusal.reason, 0);
	ck_assert_uint_eq(check.refusal.error, 0);
	ck_assert_uint_eq(check.refusal.addr, 0);
	ck_assert_uint_eq(check.reports_count, 0);

	/* Without room for reports the same memory is a refusal. */
	arg.reports_capacity = 0;
	ck_assert_int_eq(call(PIN_IOC_PIN, &arg), -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_HOLE);
	munmap(addr, page);
}
END_TEST

Suite *contract_suite(void)
{
	Suite *suite = suite_create("contract");
	TCase *tcase = tcase_with_context("contract");

	tcase_add_test(tcase, lease_flag);
	tcase_add_test(tcase, info_tells);
	tcase_add_test(tcase, refusal_to_a_bad_pointer);
	suite_add_tcase(suite, tcase);
	return suite;
}
