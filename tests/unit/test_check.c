// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CHECK step by step, and what a broken module can answer.
 */
#include <errno.h>
#include <libpin.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "suites.h"

#define FLAGS (PIN_CHECK_WRITE | PIN_CHECK_LIMITS | PIN_CHECK_LEASE)
#define BASE UINT64_C(0x10000)
#define PAGE ((uint64_t)sysconf(_SC_PAGESIZE))

static unsigned int calls;

static struct pin_report *report_at(const struct pin_check *check, uint32_t index)
{
	return (struct pin_report *)(uintptr_t)check->reports + index;
}

static void put_report(struct pin_check *check, uint64_t start, uint64_t end, uint32_t reason)
{
	struct pin_report report = {
		.start = start,
		.end = end,
		.kind = reason == PIN_REASON_HOLE ? PIN_KIND_HOLE : PIN_KIND_ANON,
		.reason = reason,
		.error = reason ? EFAULT : 0,
	};

	ck_assert_uint_lt(check->reports_count, check->reports_capacity);
	*report_at(check, check->reports_count++) = report;
}

/* As the kernel: outputs are overwritten, whatever stood there. */
static struct pin_check *begin(unsigned long command, void *argument)
{
	struct pin_check *check = argument;

	ck_assert_uint_eq(command, PIN_IOC_CHECK);
	ck_assert_uint_eq(check->size, sizeof(*check));
	ck_assert_uint_eq(check->report_size, sizeof(struct pin_report));
	ck_assert_uint_ge(check->reports_capacity, 1);
	ck_assert_uint_eq(check->__reserved, 0);
	check->reports_count = 0;
	check->next = 0;
	memset(&check->refusal, 0, sizeof(check->refusal));
	check->charge_pages = 4;
	calls++;
	return check;
}

static int run(fake_handler handler, uint64_t length, struct libpin_verdict **verdict)
{
	struct libpin_context *ctx = fake_context(handler);
	struct libpin_check_request *request;
	int ret;

	calls = 0;
	ck_assert_int_eq(libpin_check_request_new(&request), 0);
	libpin_check_request_set_address(request, BASE);
	libpin_check_request_set_length(request, length);
	ck_assert_int_eq(libpin_check_request_set_flags(request, FLAGS), 0);
	ret = libpin_check(ctx, request, verdict);
	libpin_check_request_free(request);
	libpin_context_close(ctx);
	return ret;
}

/* Mapped page, hole, a page that another reason refuses, mapped page. */
static int three_steps(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);

	ck_assert_uint_eq(check->flags, FLAGS);
	switch (calls) {
	case 1:
		ck_assert_uint_eq(check->cursor, 0);
		put_report(check, BASE, BASE + PAGE, 0);
		put_report(check, BASE + PAGE, BASE + 2 * PAGE, PIN_REASON_HOLE);
		check->refusal.addr = BASE + PAGE;
		check->refusal.reason = PIN_REASON_HOLE;
		check->refusal.error = EFAULT;
		check->next = BASE + 2 * PAGE;
		break;
	case 2:
		ck_assert_uint_eq(check->cursor, BASE + 2 * PAGE);
		put_report(check, BASE + 2 * PAGE, BASE + 3 * PAGE, PIN_REASON_PKEY);
		check->refusal.addr = BASE + 2 * PAGE;
		check->refusal.reason = PIN_REASON_PKEY;
		check->refusal.error = EFAULT;
		check->next = BASE + 3 * PAGE;
		break;
	default:
		put_report(check, BASE + 3 * PAGE, BASE + 4 * PAGE, 0);
		check->refusal.addr = BASE;
		check->refusal.reason = PIN_REASON_MEMLOCK_LIMIT;
		check->refusal.error = ENOMEM;
		check->next = BASE + 4 * PAGE;
	}
	return 0;
}

START_TEST(test_steps)
{
	const struct libpin_report *report;
	struct libpin_verdict *verdict;

	ck_assert_int_eq(run(three_steps, 4 * PAGE - 1, &verdict), 0);
	ck_assert_uint_eq(calls, 3);
	ck_assert_uint_eq(libpin_verdict_report_count(verdict), 4);
	report = libpin_verdict_report(verdict, 1);
	ck_assert_uint_eq(libpin_report_start(report), BASE + PAGE);
	ck_assert_uint_eq(libpin_report_end(report), BASE + 2 * PAGE);
	ck_assert_uint_eq(libpin_report_kind(report), PIN_KIND_HOLE);
	ck_assert_int_eq(libpin_report_error(report), EFAULT);
	ck_assert_ptr_null(libpin_report_path(report));
	/* The lowest refusal stands; a limit at the end does not replace it. */
	ck_assert_uint_eq(libpin_verdict_reason(verdict), PIN_REASON_HOLE);
	ck_assert_int_eq(libpin_verdict_error(verdict), EFAULT);
	ck_assert_uint_eq(libpin_verdict_address(verdict), BASE + PAGE);
	ck_assert_uint_eq(libpin_verdict_charge_pages(verdict), 4);
	ck_assert_ptr_null(libpin_verdict_report(verdict, 4));
	libpin_verdict_free(verdict);
}
END_TEST

/* A file in three mappings, the second of which goes on where the first ends. */
static int steps_of_files(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);
	uint64_t at = check->cursor ? check->cursor : BASE;

	ck_assert_int_eq(check->pid, 77);
	put_report(check, at, at + PAGE, 0);
	*report_at(check, 0) = (struct pin_report){
		.start = at,
		.end = at + PAGE,
		.kind = PIN_KIND_FILE,
		.flags = PIN_REPORT_SHARED,
		.page_size = PAGE,
		.inode = 5,
		.dev_major = 6,
		.dev_minor = 7,
		/* Page 0, then 1, then 0 again. */
		.file_offset = at == BASE + PAGE ? PAGE : 0,
	};
	check->next = at + PAGE;
	return 0;
}

START_TEST(test_files)
{
	struct libpin_context *ctx = fake_context(steps_of_files);
	struct libpin_check_request *request;
	const struct libpin_report *report;
	struct libpin_verdict *verdict;

	calls = 0;
	ck_assert_int_eq(libpin_check_request_new(&request), 0);
	ck_assert_int_eq(libpin_check_request_set_pid(request, 77), 0);
	ck_assert_int_eq(libpin_check_request_set_address(request, BASE), 0);
	ck_assert_int_eq(libpin_check_request_set_length(request, 3 * PAGE), 0);
	ck_assert_int_eq(libpin_check(ctx, request, &verdict), 0);
	ck_assert_uint_eq(calls, 3);
	ck_assert_uint_eq(libpin_verdict_report_count(verdict), 3);
	report = libpin_verdict_report(verdict, 0);
	ck_assert_uint_eq(libpin_report_end(report), BASE + PAGE);
	ck_assert_uint_eq(libpin_report_flags(report), PIN_REPORT_SHARED);
	ck_assert_uint_eq(libpin_report_page_size(report), PAGE);
	ck_assert_uint_eq(libpin_report_inode(report), 5);
	ck_assert_uint_eq(libpin_report_dev_major(report), 6);
	ck_assert_uint_eq(libpin_report_dev_minor(report), 7);
	ck_assert_uint_eq(libpin_report_file_offset(report), 0);
	report = libpin_verdict_report(verdict, 1);
	ck_assert_uint_eq(libpin_report_start(report), BASE + PAGE);
	ck_assert_uint_eq(libpin_report_file_offset(report), PAGE);
	report = libpin_verdict_report(verdict, 2);
	ck_assert_uint_eq(libpin_report_start(report), BASE + 2 * PAGE);
	ck_assert_uint_eq(libpin_report_file_offset(report), 0);
	libpin_verdict_free(verdict);
	libpin_check_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

/* Mappings that are alike, one beside the other; fills every array. */
static int many_reports(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);
	uint64_t at = check->cursor ? check->cursor : BASE, end = BASE + 3000 * PAGE;

	while (check->reports_count < check->reports_capacity && at < end) {
		put_report(check, at, at + PAGE, 0);
		at += PAGE;
	}
	check->next = at;
	return 0;
}

START_TEST(test_growth)
{
	struct libpin_verdict *verdict;
	size_t i;

	ck_assert_int_eq(run(many_reports, 3000 * PAGE, &verdict), 0);
	ck_assert_uint_eq(libpin_verdict_report_count(verdict), 3000);
	for (i = 0; i < 3000; i++)
		ck_assert_uint_eq(libpin_report_start(libpin_verdict_report(verdict, i)),
				  BASE + i * PAGE);
	libpin_verdict_free(verdict);
}
END_TEST

static int unknown_numbers(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);

	put_report(check, BASE, BASE + PAGE, 4711);
	report_at(check, 0)->kind = UINT32_MAX;
	report_at(check, 0)->flags = UINT32_MAX;
	check->refusal.addr = BASE;
	check->refusal.reason = 4711;
	check->refusal.error = ENOANO;
	check->next = BASE + PAGE;
	return 0;
}

START_TEST(test_newer_module)
{
	const struct libpin_report *report;
	struct libpin_verdict *verdict;

	ck_assert_int_eq(run(unknown_numbers, PAGE, &verdict), 0);
	report = libpin_verdict_report(verdict, 0);
	ck_assert_uint_eq(libpin_report_reason(report), 4711);
	ck_assert_uint_eq(libpin_verdict_reason(verdict), 4711);
	ck_assert_int_eq(libpin_verdict_error(verdict), ENOANO);
	ck_assert_ptr_null(libpin_reason_name(libpin_report_reason(report)));
	ck_assert_ptr_null(libpin_kind_name(libpin_report_kind(report)));
	libpin_verdict_free(verdict);
}
END_TEST

static int too_many_reports(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);

	check->reports_count = check->reports_capacity + 1;
	check->next = BASE + 4 * PAGE;
	return 0;
}

static int most_reports(unsigned long command, void *argument)
{
	too_many_reports(command, argument);
	((struct pin_check *)argument)->reports_count = UINT32_MAX;
	return 0;
}

static int standing_still(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);

	check->next = check->cursor;
	return 0;
}

static int not_beginning(unsigned long command, void *argument)
{
	begin(command, argument)->next = BASE;
	return 0;
}

static int going_back(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);

	check->next = calls == 1 ? BASE + 2 * PAGE : BASE + PAGE;
	return 0;
}

static int running_over(unsigned long command, void *argument)
{
	begin(command, argument)->next = BASE + 5 * PAGE;
	return 0;
}

static const fake_handler broken[] = {
	too_many_reports, most_reports, standing_still, not_beginning, going_back, running_over
};

START_TEST(test_broken_module)
{
	struct libpin_verdict *verdict = (void *)1;

	ck_assert_int_eq(run(broken[_i], 4 * PAGE, &verdict), -EPROTO);
	ck_assert_ptr_null(verdict);
}
END_TEST

static int fails_later(unsigned long command, void *argument)
{
	struct pin_check *check = begin(command, argument);

	if (calls == 2)
		return -ESRCH;
	put_report(check, BASE, BASE + PAGE, 0);
	check->next = BASE + PAGE;
	return 0;
}

START_TEST(test_failure_later)
{
	struct libpin_verdict *verdict = (void *)1;

	ck_assert_int_eq(run(fails_later, 2 * PAGE, &verdict), -ESRCH);
	ck_assert_ptr_null(verdict);
}
END_TEST

START_TEST(test_bad_requests)
{
	struct libpin_context *ctx = fake_context(fails_later);
	struct libpin_check_request *request;
	struct libpin_verdict *verdict;

	ck_assert_int_eq(libpin_check_request_new(NULL), -EINVAL);
	ck_assert_int_eq(libpin_check_request_new(&request), 0);
	ck_assert_int_eq(libpin_check_request_set_pid(request, -1), -EINVAL);
	ck_assert_int_eq(libpin_check_request_set_address(NULL, 0), -EINVAL);
	ck_assert_int_eq(libpin_check_request_set_length(request, 0), -EINVAL);
	ck_assert_int_eq(libpin_check_request_set_flags(request, 1u << 31), -EINVAL);
	ck_assert_int_eq(libpin_check_request_set_flags(NULL, 0), -EINVAL);
	/* No length yet. */
	ck_assert_int_eq(libpin_check(ctx, request, &verdict), -EINVAL);
	libpin_check_request_set_address(request, UINT64_MAX);
	libpin_check_request_set_length(request, 2);
	ck_assert_int_eq(libpin_check(ctx, request, &verdict), -EOVERFLOW);
	libpin_check_request_set_length(request, 1);
	libpin_check_request_set_address(request, UINT64_MAX - 1);
	ck_assert_int_eq(libpin_check(ctx, request, &verdict), -EOVERFLOW);
	ck_assert_int_eq(libpin_check(NULL, request, &verdict), -EINVAL);
	ck_assert_int_eq(libpin_check(ctx, NULL, &verdict), -EINVAL);
	ck_assert_int_eq(libpin_check(ctx, request, NULL), -EINVAL);
	libpin_check_request_free(request);
	libpin_check_request_free(NULL);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_null_verdict)
{
	libpin_verdict_free(NULL);
	ck_assert_uint_eq(libpin_verdict_report_count(NULL), 0);
	ck_assert_ptr_null(libpin_verdict_report(NULL, 0));
	ck_assert_uint_eq(libpin_verdict_reason(NULL), 0);
	ck_assert_uint_eq(libpin_report_start(NULL), 0);
	ck_assert_uint_eq(libpin_report_inode(NULL), 0);
	ck_assert_ptr_null(libpin_report_path(NULL));
}
END_TEST

Suite *suite_check(void)
{
	Suite *suite = suite_create("check");
	TCase *answers = tcase_create("answers"), *edges = tcase_create("edges");

	tcase_add_test(answers, test_steps);
	tcase_add_test(answers, test_files);
	tcase_add_test(answers, test_growth);
	tcase_add_test(answers, test_newer_module);
	tcase_add_loop_test(answers, test_broken_module, 0, sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(answers, test_failure_later);
	tcase_add_test(edges, test_bad_requests);
	tcase_add_test(edges, test_null_verdict);
	suite_add_tcase(suite, answers);
	suite_add_tcase(suite, edges);
	return suite;
}
