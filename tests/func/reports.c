// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports: they tile the asked range, and CHECK and PIN say the same. */
#include "harness.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * good | bad | nothing | good, four pages each: anonymous, anonymous and
 * read-only, a hole, a memfd.
 */
static char *patchwork(void)
{
	char *addr = map_anon(16 * page);
	int fd = memfd_create("reports", MFD_CLOEXEC);

	ck_assert_int_eq(mprotect(addr + 4 * page, 4 * page, PROT_READ), 0);
	ck_assert_int_eq(munmap(addr + 8 * page, 4 * page), 0);
	ck_assert_int_eq(ftruncate(fd, 4 * page), 0);
	ck_assert_ptr_ne(mmap(addr + 12 * page, 4 * page, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	close(fd);
	return addr;
}

static void expect_report(const struct pin_report *report, char *start, char *end,
			  uint32_t kind, uint32_t reason)
{
	ck_assert_uint_eq(report->start, (uintptr_t)start);
	ck_assert_uint_eq(report->end, (uintptr_t)end);
	ck_assert_uint_eq(report->kind, kind);
	ck_assert_msg(report->reason == reason, "%s, not %s",
		      reason_name(report->reason), reason_name(reason));
	ck_assert_int_eq(report->error, reason ? reason_errno(reason) : 0);
}

static void expect_patchwork(const struct pin_report *reports, char *addr)
{
	expect_report(&reports[0], addr, addr + 4 * page, PIN_KIND_ANON, 0);
	expect_report(&reports[1], addr + 4 * page, addr + 8 * page,
		      PIN_KIND_ANON, PIN_REASON_NOT_WRITABLE);
	expect_report(&reports[2], addr + 8 * page, addr + 12 * page,
		      PIN_KIND_HOLE, PIN_REASON_HOLE);
	expect_report(&reports[3], addr + 12 * page, addr + 16 * page,
		      PIN_KIND_SHMEM, 0);
}

START_TEST(tile_the_range)
{
	static struct check_result checked;
	struct pin_report reports[8];
	char *addr = patchwork();
	struct pin_pin arg;

	check_range(addr + 1, 16 * page - 1, PIN_CHECK_WRITE, &checked);
	ck_assert_uint_eq(checked.count, 4);
	expect_patchwork(checked.reports, addr);
	ck_assert_uint_eq(checked.reports[0].flags,
			  PIN_REPORT_READ | PIN_REPORT_WRITE);
	ck_assert_uint_eq(checked.reports[3].flags,
			  PIN_REPORT_READ | PIN_REPORT_WRITE | PIN_REPORT_SHARED);
	ck_assert_uint_ne(checked.reports[3].inode, 0);
	ck_assert_uint_eq(checked.reports[0].page_size, page);

	memset(&arg, POISON, sizeof(arg));
	memset(reports, POISON, sizeof(reports));
	arg.size = sizeof(arg);
	arg.flags = PIN_F_WRITE;
	arg.addr = (uintptr_t)addr;
	arg.length = 16 * page;
	arg.reports = (uintptr_t)reports;
	arg.reports_capacity = 8;
	arg.report_size = sizeof(*reports);
	ck_assert_int_eq(call(PIN_IOC_PIN, &arg), -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_NOT_WRITABLE);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)addr + 4 * page);
	ck_assert_uint_eq(arg.reports_count, 4);
	expect_patchwork(reports, addr);
	ck_assert_mem_eq(reports, checked.reports, 4 * sizeof(*reports));
	ck_assert_uint_eq(*(unsigned char *)&reports[4], POISON);
}
END_TEST

START_TEST(shared_of_a_read_only_file)
{
	static struct check_result checked;
	const char *path = make_file("PIN_TEST_EXT4", page);
	void *addr = map_file(path, page, PROT_READ, MAP_SHARED);

	check_range(addr, page, 0, &checked);
	ck_assert_uint_eq(checked.reports[0].kind, PIN_KIND_FILE);
	ck_assert_uint_eq(checked.reports[0].flags,
			  PIN_REPORT_READ | PIN_REPORT_SHARED);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Fewer reports than mappings change nothing else. */
START_TEST(cut_short_in_pin)
{
	char *addr = patchwork();
	struct pin_report report;
	struct pin_pin arg;

	memset(&arg, POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = PIN_F_WRITE;
	arg.addr = (uintptr_t)addr;
	arg.length = 16 * page;
	arg.reports = (uintptr_t)&report;
	arg.reports_capacity = 1;
	arg.report_size = sizeof(report);
	ck_assert_int_eq(call(PIN_IOC_PIN, &arg), -EFAULT);
	ck_assert_uint_eq(arg.reports_count, 1);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_NOT_WRITABLE);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)addr + 4 * page);
}
END_TEST

/* One report a call gives what one call for all gives. */
START_TEST(cursor)
{
	static struct check_result whole;
	struct pin_report report;
	char *addr = patchwork();
	struct pin_check arg = { .next = 0 };
	unsigned int i;

	check_range(addr, 16 * page, PIN_CHECK_WRITE, &whole);
	for (i = 0; i < whole.count; i++) {
		arg = (struct pin_check) {
			.size = sizeof(arg),
			.flags = PIN_CHECK_WRITE,
			.addr = (uintptr_t)addr,
			.length = 16 * page,
			.cursor = arg.next,
			.reports = (uintptr_t)&report,
			.reports_capacity = 1,
			.report_size = sizeof(report),
		};
		ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), 0);
		ck_assert_uint_eq(arg.reports_count, 1);
		ck_assert_mem_eq(&report, &whole.reports[i], sizeof(report));
		ck_assert_uint_eq(arg.next, report.end);
	}
	ck_assert_uint_eq(arg.next, (uintptr_t)addr + 16 * page);

	arg.cursor = arg.next + page;
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), -EINVAL);
	arg.cursor = (uintptr_t)addr + 1;
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), -EINVAL);
}
END_TEST

START_TEST(filters)
{
	static struct check_result checked;
	char *addr = patchwork();

	check_range(addr, 16 * page, PIN_CHECK_WRITE | PIN_CHECK_REFUSED, &checked);
	ck_assert_uint_eq(checked.count, 2);
	expect_report(&checked.reports[0], addr + 4 * page, addr + 8 * page,
		      PIN_KIND_ANON, PIN_REASON_NOT_WRITABLE);
	check_range(addr, 16 * page, PIN_CHECK_WRITE | PIN_CHECK_MAPPED, &checked);
	ck_assert_uint_eq(checked.count, 3);
	check_range(addr, 16 * page, PIN_CHECK_REFUSED | PIN_CHECK_MAPPED, &checked);
	ck_assert_uint_eq(checked.count, 0);
	ck_assert_uint_eq(checked.refusal.reason, 0);
}
END_TEST

/* The whole address space: sorted, no gap, no overlap, to the very end. */
START_TEST(whole_address_space)
{
	static struct check_result checked;
	const size_t length = sizeof(size_t) == 8 ? 1ULL << 47 : 0xfffff000;
	uint64_t at = 0;
	unsigned int i;

	check_range(NULL, length, PIN_CHECK_WRITE, &checked);
	ck_assert_uint_gt(checked.count, 10);
	for (i = 0; i < checked.count; i++) {
		ck_assert_uint_eq(checked.reports[i].start, at);
		ck_assert_uint_gt(checked.reports[i].end, at);
		at = checked.reports[i].end;
	}
	ck_assert_uint_eq(at, length);
}
END_TEST

/* More mappings than one call judges. */
START_TEST(bounded_work)
{
	const unsigned int pages = 3000;
	static struct check_result checked;
	char *addr = map_anon(pages * page);
	struct pin_report report;
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = PIN_CHECK_REFUSED,
		.addr = (uintptr_t)addr,
		.length = pages * page,
		.reports = (uintptr_t)&report,
		.reports_capacity = 1,
		.report_size = sizeof(report),
	};
	unsigned int i;

	for (i = 0; i < pages; i += 2)
		ck_assert_int_eq(mprotect(addr + i * page, page, PROT_READ), 0);
	check_range(addr, pages * page, 0, &checked);
	ck_assert_uint_eq(checked.count, pages);
	/* Nothing is refused for reading, yet one call does not do it all. */
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), 0);
	ck_assert_uint_eq(arg.reports_count, 0);
	ck_assert_uint_lt(arg.next, (uintptr_t)addr + pages * page);
	ck_assert_int_eq(unpin(expect_pinned(addr, pages * page, 0)), 0);
}
END_TEST

struct other {
	char *addr;
};

/* A process with the patchwork at the same addresses and nothing else to do. */
static pid_t start_other(struct other *other)
{
	pid_t pid;

	other->addr = patchwork();
	pid = fork_child();
	if (!pid)
		for (;;)
			pause();
	/* What is ours from now on differs from what is the other's. */
	ck_assert_int_eq(munmap(other->addr, 16 * page), 0);
	return pid;
}

static int ask_other(pid_t pid, const struct other *other, uint32_t flags,
		     struct pin_report *reports, struct pin_check *arg)
{
	*arg = (struct pin_check) {
		.size = sizeof(*arg),
		.flags = PIN_CHECK_WRITE | flags,
		.pid = pid,
		.addr = (uintptr_t)other->addr,
		.length = 16 * page,
		.reports = (uintptr_t)reports,
		.reports_capacity = 8,
		.report_size = sizeof(*reports),
	};
	return call(PIN_IOC_CHECK, arg);
}

static int ask_without_capability(void *pid)
{
	struct other other = { .addr = (char *)page };
	struct pin_report reports[8];
	struct pin_check arg;

	ck_assert_int_eq(setuid(65534), 0);
	return ask_other(*(pid_t *)pid, &other, 0, reports, &arg) == -EPERM ? 0 : 1;
}

START_TEST(other_process)
{
	struct pin_report reports[8];
	struct other other;
	struct pin_check arg;
	pid_t pid = start_other(&other);

	ck_assert_int_eq(ask_other(pid, &other, 0, reports, &arg), 0);
	ck_assert_uint_eq(arg.reports_count, 4);
	expect_patchwork(reports, other.addr);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_NOT_WRITABLE);
	ck_assert_int_eq(ask_other(pid, &other, PIN_CHECK_LIMITS, reports, &arg),
			 -EOPNOTSUPP);
	ck_assert_int_eq(in_child(ask_without_capability, &pid), 0);

	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(ask_other(pid, &other, 0, reports, &arg), -ESRCH);
	/* A kernel thread has no memory to ask about. */
	ck_assert_int_eq(ask_other(2, &other, 0, reports, &arg), -ESRCH);
	ck_assert_int_eq(ask_other(-1, &other, 0, reports, &arg), -ESRCH);
}
END_TEST

Suite *reports_suite(void)
{
	Suite *suite = suite_create("reports");
	TCase *tcase = tcase_with_context("reports");

	tcase_add_test(tcase, tile_the_range);
	tcase_add_test(tcase, shared_of_a_read_only_file);
	tcase_add_test(tcase, cut_short_in_pin);
	tcase_add_test(tcase, cursor);
	tcase_add_test(tcase, filters);
	tcase_add_test(tcase, whole_address_space);
	tcase_add_test(tcase, bounded_work);
	tcase_add_test(tcase, other_process);
	suite_add_tcase(suite, tcase);
	return suite;
}
