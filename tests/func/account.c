// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits and caps: exact, per user, whole again afterwards. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534
#define LIMIT	64	/* pages */

static void become_nobody(unsigned long limit_pages)
{
	struct rlimit limit = {
		.rlim_cur = limit_pages * page,
		.rlim_max = limit_pages * page,
	};

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
}

/* As a user, who may not look at what expect_refused() compares. */
static void expect_reason(void *addr, size_t length, uint32_t reason)
{
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(addr, length, PIN_F_WRITE, &arg), -ENOMEM);
	ck_assert_uint_eq(arg.refusal.reason, reason);
	ck_assert_int_eq(arg.refusal.error, ENOMEM);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)addr);
	ck_assert_uint_eq(arg.id, 0);
}

static void expect_limit(void *addr, size_t length)
{
	expect_reason(addr, length, PIN_REASON_MEMLOCK_LIMIT);
}

/* In a child, because the identity does not come back. */
static int exact_limit(void *unused)
{
	char *addr = map_anon((LIMIT + 1) * page);
	static struct check_result checked;
	struct pin_pin arg;
	uint64_t id;

	(void)unused;
	become_nobody(LIMIT);
	ck_assert_uint_eq(info().user_limit_pages, LIMIT);
	ck_assert_uint_eq(info().user_charged_pages, 0);

	expect_limit(addr, (LIMIT + 1) * page);
	ck_assert_uint_eq(info().user_charged_pages, 0);
	check_range(addr, (LIMIT + 1) * page, PIN_CHECK_WRITE | PIN_CHECK_LIMITS,
		    &checked);
	ck_assert_uint_eq(checked.refusal.reason, PIN_REASON_MEMLOCK_LIMIT);
	check_range(addr, (LIMIT + 1) * page, PIN_CHECK_WRITE, &checked);
	ck_assert_uint_eq(checked.refusal.reason, 0);
	check_range(addr, LIMIT * page, PIN_CHECK_WRITE | PIN_CHECK_LIMITS, &checked);
	ck_assert_uint_eq(checked.refusal.reason, 0);
	ck_assert_uint_eq(checked.charge_pages, LIMIT);

	id = expect_pinned(addr, LIMIT * page, PIN_F_WRITE);
	ck_assert_uint_eq(info().user_charged_pages, LIMIT);
	ck_assert_uint_eq(info().mm_pinned_pages, LIMIT);
	expect_limit(addr, 1);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_uint_eq(info().user_charged_pages, 0);

	/* In pieces; the mapping's reason comes before the limit's. */
	id = expect_pinned(addr, (LIMIT - 1) * page, PIN_F_WRITE);
	ck_assert_int_eq(pin_range(addr, 1, PIN_F_WRITE, &arg), 0);
	expect_limit(addr, 1);
	munmap(addr + LIMIT * page, page);
	ck_assert_int_eq(pin_range(addr, (LIMIT + 1) * page, PIN_F_WRITE, &arg),
			 -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_HOLE);
	return 0;
}

START_TEST(limit_is_exact)
{
	ck_assert_int_eq(in_child(exact_limit, NULL), 0);
}
END_TEST

static int second_process(void *addr)
{
	expect_limit(addr, 2 * page);
	expect_pinned(addr, page, PIN_F_WRITE);
	return 0;
}

static int limit_of_user(void *unused)
{
	char *addr = map_anon(LIMIT * page);

	(void)unused;
	become_nobody(LIMIT);
	expect_pinned(addr, (LIMIT - 1) * page, PIN_F_WRITE);
	/* A forked process shares the limit, it does not get its own. */
	ck_assert_int_eq(in_child(second_process, addr), 0);
	/* The child's pin lives on in the context, and so does its charge. */
	ck_assert_uint_eq(info().user_charged_pages, LIMIT);
	expect_limit(addr, 1);
	return 0;
}

START_TEST(limit_is_per_user)
{
	ck_assert_int_eq(in_child(limit_of_user, NULL), 0);
}
END_TEST

static int hugetlb_charge(void *unused)
{
	const size_t huge = 2UL << 20;
	char *addr = map_hugetlb(2 * huge, MAP_PRIVATE);

	(void)unused;
	touch(addr, 2 * huge);
	become_nobody(huge / page);
	expect_limit(addr + huge - page, 2 * page);
	expect_pinned(addr + page, page, PIN_F_WRITE);
	ck_assert_uint_eq(info().user_charged_pages, huge / page);
	return 0;
}

START_TEST(hugetlb_is_charged_whole)
{
	ck_assert_int_eq(in_child(hugetlb_charge, NULL), 0);
}
END_TEST

/* Charged to who pinned, uncharged from the same, whoever he is by then. */
static int change_user(void *unused)
{
	char *addr = map_anon(4 * page);
	uint64_t id;

	(void)unused;
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, 0), 0);
	id = expect_pinned(addr, 4 * page, PIN_F_WRITE);
	ck_assert_uint_eq(info().user_charged_pages, 4);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_uint_eq(info().user_charged_pages, 0);
	return 0;
}

START_TEST(charge_survives_setuid)
{
	ck_assert_int_eq(in_child(change_user, NULL), 0);
}
END_TEST

START_TEST(vmpin)
{
	char *addr = map_anon(32 * page);
	uint64_t id = expect_pinned(addr, 32 * page, PIN_F_WRITE);

	ck_assert_uint_eq(counters_read().vmpin, 32 * page / 1024);
	munmap(addr, 32 * page);
	ck_assert_uint_eq(counters_read().vmpin, 32 * page / 1024);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

static void write_parameter(const char *name, unsigned long long value)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/pin/parameters/%s", name);
	file = fopen(path, "we");
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	fprintf(file, "%llu", value);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(caps)
{
	struct pin_info before = info();
	char *addr = map_anon(LIMIT * page);
	static struct check_result checked;
	uint64_t id;

	write_parameter("max_pages", LIMIT - 1);
	check_range(addr, LIMIT * page, PIN_CHECK_LIMITS, &checked);
	ck_assert_uint_eq(checked.refusal.reason, PIN_REASON_SYSTEM_CAP);
	expect_refused(addr, LIMIT * page, 0, PIN_REASON_SYSTEM_CAP,
		       addr, BY_LIMIT);
	id = expect_pinned(addr, (LIMIT - 1) * page, 0);
	ck_assert_int_eq(unpin(id), 0);
	write_parameter("max_pages", before.system_cap_pages);

	write_parameter("max_pins", 1);
	id = expect_pinned(addr, page, 0);
	check_range(addr, page, PIN_CHECK_LIMITS, &checked);
	ck_assert_uint_eq(checked.refusal.reason, PIN_REASON_CONTEXT_CAP);
	expect_refused(addr, page, 0, PIN_REASON_CONTEXT_CAP, addr, BY_LIMIT);
	ck_assert_int_eq(unpin(id), 0);
	write_parameter("max_pins", before.context_cap_pins);
	ck_assert_uint_eq(info().context_cap_pins, before.context_cap_pins);
}
END_TEST

/* What the system cap refuses uses up nothing of the user's own limit. */
static int capped_user(void *unused)
{
	char *addr = map_anon(LIMIT * page);
	uint64_t cap = info().system_cap_pages;
	int i;

	(void)unused;
	/* The parameter is root's: it is lowered before and raised by the parent. */
	become_nobody(LIMIT);
	ck_assert_uint_eq(cap, LIMIT - 1);
	for (i = 0; i < 3; i++) {
		expect_reason(addr, LIMIT * page, PIN_REASON_SYSTEM_CAP);
		ck_assert_uint_eq(info().user_charged_pages, 0);
	}
	expect_pinned(addr, (LIMIT - 1) * page, PIN_F_WRITE);
	ck_assert_uint_eq(info().user_charged_pages, LIMIT - 1);
	return 0;
}

START_TEST(cap_charges_no_user)
{
	uint64_t cap = info().system_cap_pages;
	int failed;

	write_parameter("max_pages", LIMIT - 1);
	failed = in_child(capped_user, NULL);
	write_parameter("max_pages", cap);
	ck_assert_int_eq(failed, 0);
}
END_TEST

Suite *account_suite(void)
{
	Suite *suite = suite_create("account");
	TCase *tcase = tcase_with_context("account");

	tcase_add_test(tcase, limit_is_exact);
	tcase_add_test(tcase, limit_is_per_user);
	tcase_add_test(tcase, hugetlb_is_charged_whole);
	tcase_add_test(tcase, charge_survives_setuid);
	tcase_add_test(tcase, vmpin);
	tcase_add_test(tcase, caps);
	tcase_add_test(tcase, cap_charges_no_user);
	suite_add_tcase(suite, tcase);
	return suite;
}
