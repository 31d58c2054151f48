// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boundary values: address x length of PIN and CHECK, offset x length of READ and
 * WRITE, every cursor. Nothing crashes, wraps or stays pinned, the errno is the
 * right one, and where there is an answer it is the right answer.
 */
#include "commands.h"

#include <string.h>
#include <sys/mman.h>

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))
#define PAGE		4096ULL

static const uint64_t edges[] = {
	0, 1, PAGE - 1, PAGE, PAGE + 1,
	(1ULL << 31) - 1, 1ULL << 31, (1ULL << 31) + 1,
	(1ULL << 32) - 1, 1ULL << 32, (1ULL << 32) + 1,
	(1ULL << 47) - PAGE, (1ULL << 47) - 1, 1ULL << 47, (1ULL << 47) + PAGE,
	0xffff800000000000, (1ULL << 63) - 1, 1ULL << 63, (1ULL << 63) + 1,
	~0ULL - PAGE, ~0ULL - PAGE + 1, ~0ULL - 1, ~0ULL,
};

#define EDGES	((int)COUNT(edges))

/* What speaks against the numbers themselves. */
static int range_error(uint64_t addr, uint64_t length)
{
	uint64_t end;

	if (!length)
		return -EINVAL;
	if (__builtin_add_overflow(addr, length, &end) ||
	    __builtin_add_overflow(end, PAGE - 1, &end))
		return -EOVERFLOW;
	return 0;
}

/* Nothing is mapped at any of the edges, so the first page is what refuses. */
static void pin_edges(uint64_t addr, uint64_t length, uint32_t flags)
{
	int expected = range_error(addr, length), err;
	struct pin_pin arg;

	memset(&arg, POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = flags;
	arg.addr = addr;
	arg.length = length;
	arg.reports_capacity = 0;
	err = call(PIN_IOC_PIN, &arg);
	ck_assert_msg(err == (expected ? expected : -EFAULT),
		      "PIN %#llx + %#llx: %s", (unsigned long long)addr,
		      (unsigned long long)length, strerror(-err));
	ck_assert_uint_eq(arg.id, 0);
	ck_assert_uint_eq(arg.pages, 0);
	ck_assert_uint_eq(arg.runs, 0);
	ck_assert_uint_eq(arg.refusal.reason, expected ? 0 : PIN_REASON_HOLE);
	ck_assert_uint_eq(arg.refusal.error, expected ? 0 : EFAULT);
	ck_assert_uint_eq(arg.refusal.addr, expected ? 0 : addr & ~(PAGE - 1));
}

START_TEST(pin_address_by_length)
{
	bool leases = info().features & PIN_FEATURE_LEASE;
	int length;

	for (length = 0; length < EDGES; length++) {
		pin_edges(edges[_i], edges[length], 0);
		pin_edges(edges[_i], edges[length], PIN_F_WRITE);
		if (leases)
			pin_edges(edges[_i], edges[length], PIN_F_WRITE | PIN_F_LEASE);
	}
}
END_TEST

static int check(struct pin_check *arg, uint64_t addr, uint64_t length, uint64_t cursor,
		 struct pin_report *report)
{
	memset(arg, POISON, sizeof(*arg));
	memset(report, POISON, sizeof(*report));
	arg->size = sizeof(*arg);
	arg->flags = 0;
	arg->pid = 0;
	arg->report_size = sizeof(*report);
	arg->addr = addr;
	arg->length = length;
	arg->cursor = cursor;
	arg->reports = (uintptr_t)report;
	arg->reports_capacity = 1;
	arg->__reserved = 0;
	return call(PIN_IOC_CHECK, arg);
}

static void expect_check_error(const struct pin_check *arg)
{
	ck_assert_uint_eq(arg->next, 0);
	ck_assert_uint_eq(arg->refusal.addr, 0);
	ck_assert_uint_eq(arg->refusal.error, 0);
	ck_assert_uint_eq(arg->refusal.reason, 0);
	ck_assert_uint_eq(arg->charge_pages, 0);
	ck_assert_uint_eq(arg->reports_count, 0);
	ck_assert_uint_eq(arg->__reserved2, 0);
}

static void check_edges(uint64_t addr, uint64_t length)
{
	uint64_t start = addr & ~(PAGE - 1), end = (addr + length + PAGE - 1) & ~(PAGE - 1);
	int expected = range_error(addr, length), err;
	struct pin_report report;
	struct pin_check arg;

	err = check(&arg, addr, length, 0, &report);
	ck_assert_msg(err == expected, "CHECK %#llx + %#llx: %s", (unsigned long long)addr,
		      (unsigned long long)length, strerror(-err));
	if (err) {
		expect_check_error(&arg);
		return;
	}
	/* One report fits, and it is that of the hole at the start. */
	ck_assert_uint_eq(arg.reports_count, 1);
	ck_assert_uint_eq(report.start, start);
	ck_assert_uint_eq(report.end, arg.next);
	ck_assert_uint_gt(report.end, start);
	ck_assert_uint_le(report.end, end);
	ck_assert_uint_eq(report.kind, PIN_KIND_HOLE);
	ck_assert_uint_eq(report.reason, PIN_REASON_HOLE);
	ck_assert_uint_eq(report.error, EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_HOLE);
	ck_assert_uint_eq(arg.refusal.addr, start);
	ck_assert_uint_ge(arg.charge_pages, (end - start) / PAGE);
}

START_TEST(check_address_by_length)
{
	int length;

	for (length = 0; length < EDGES; length++)
		check_edges(edges[_i], edges[length]);
}
END_TEST

/* Four mappings of a page each. */
static unsigned char *map_four(void)
{
	unsigned char *addr = map_anon(4 * page);

	ck_assert_int_eq(mprotect(addr + page, page, PROT_READ), 0);
	ck_assert_int_eq(mprotect(addr + 3 * page, page, PROT_READ), 0);
	return addr;
}

/* A cursor outside of the range, or within a page, is no cursor. */
START_TEST(check_cursor)
{
	unsigned char *addr = map_four();
	uint64_t start = (uintptr_t)addr, end = start + 4 * page, cursor;
	struct pin_report report;
	struct pin_check arg;
	int i;

	for (i = 0; i < EDGES; i++) {
		int err = check(&arg, start + 1, 4 * page - 2, edges[i], &report);

		ck_assert_int_eq(err, edges[i] ? -EINVAL : 0);
		if (err)
			expect_check_error(&arg);
	}
	for (cursor = start - page; cursor <= end + page; cursor += page / 2) {
		bool sound = cursor >= start && cursor <= end && !(cursor % page);
		int err = check(&arg, start + 1, 4 * page - 2, cursor, &report);

		ck_assert_int_eq(err, sound ? 0 : -EINVAL);
		if (err) {
			expect_check_error(&arg);
			continue;
		}
		ck_assert_uint_eq(arg.reports_count, cursor != end);
		ck_assert_uint_eq(arg.next, cursor == end ? end : cursor + page);
		ck_assert_uint_eq(arg.charge_pages, 4);
	}
}
END_TEST

/* Three pages, pinned from within the first to within the last one. */
#define FIRST	100
#define LENGTH	(2 * PAGE + 50)

static uint64_t offset_edges(int index)
{
	static const uint64_t own[] = {
		PAGE - FIRST - 1, PAGE - FIRST, PAGE - FIRST + 1,
		LENGTH - 1, LENGTH, LENGTH + 1, 3 * PAGE,
	};

	return index < EDGES ? edges[index] : own[index - EDGES];
}

#define OFFSET_EDGES	(EDGES + 7)

static unsigned char *pinned, *buffer;
static uint64_t pinned_id;

static void pin_three(void)
{
	struct pin_pin arg;
	size_t i;

	pinned = map_anon(3 * page);
	buffer = map_anon(4 * page);
	for (i = 0; i < 3 * page; i++)
		pinned[i] = i * 7 + i / page;
	ck_assert_int_eq(pin_range(pinned + FIRST, LENGTH, PIN_F_WRITE, &arg), 0);
	pinned_id = arg.id;
}

static int transfer(unsigned int number, uint64_t offset, uint64_t length, uint64_t *done)
{
	struct pin_access arg;
	int err;

	memset(&arg, POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = 0;
	arg.id = pinned_id;
	arg.offset = offset;
	arg.buffer = (uintptr_t)buffer;
	arg.length = length;
	err = call(number, &arg);
	*done = arg.done;
	return err;
}

/* Bytes that a transfer ought to do, or -EINVAL. */
static int64_t transfer_bytes(uint64_t offset, uint64_t length)
{
	if (offset > LENGTH)
		return -EINVAL;
	return length < LENGTH - offset ? length : LENGTH - offset;
}

START_TEST(read_offset_by_length)
{
	uint64_t offset = offset_edges(_i), length, done;
	int64_t expected;
	int k, err;

	pin_three();
	for (k = 0; k < OFFSET_EDGES; k++) {
		length = offset_edges(k);
		expected = transfer_bytes(offset, length);
		memset(buffer, POISON, 4 * page);
		err = transfer(PIN_IOC_READ, offset, length, &done);
		ck_assert_int_eq(err, expected < 0 ? expected : 0);
		if (err)
			expected = 0;
		ck_assert_int_eq(done, expected);
		if (expected)
			ck_assert_mem_eq(buffer, pinned + FIRST + offset, expected);
		ck_assert_uint_eq(differs_at(buffer, expected, 4 * page, POISON), 4 * page);
	}
	ck_assert_int_eq(unpin(pinned_id), 0);
}
END_TEST

START_TEST(write_offset_by_length)
{
	uint64_t offset = offset_edges(_i), length, done, first, last;
	int64_t expected;
	int k, err;

	pin_three();
	for (k = 0; k < OFFSET_EDGES; k++) {
		length = offset_edges(k);
		expected = transfer_bytes(offset, length);
		memset(pinned, POISON, 3 * page);
		memset(buffer, k + 1, 4 * page);
		err = transfer(PIN_IOC_WRITE, offset, length, &done);
		ck_assert_int_eq(err, expected < 0 ? expected : 0);
		if (err)
			expected = 0;
		ck_assert_int_eq(done, expected);
		/* Nothing before, nothing behind. */
		first = expected ? FIRST + offset : 3 * page;
		last = expected ? first + expected : 3 * page;
		ck_assert_uint_eq(differs_at(pinned, 0, first, POISON), first);
		ck_assert_uint_eq(differs_at(pinned, first, last, k + 1), last);
		ck_assert_uint_eq(differs_at(pinned, last, 3 * page, POISON), 3 * page);
	}
	ck_assert_int_eq(unpin(pinned_id), 0);
}
END_TEST

/* As far as the buffer is mapped, and no further. */
START_TEST(buffer_ends)
{
	static const unsigned int numbers[] = { PIN_IOC_READ, PIN_IOC_WRITE };
	uint64_t done;
	size_t i;

	pin_three();
	munmap(buffer + page, 3 * page);
	for (i = 0; i < COUNT(numbers); i++) {
		ck_assert_int_eq(transfer(numbers[i], PAGE - FIRST, LENGTH, &done), 0);
		ck_assert_uint_eq(done, PAGE);
		buffer += page;
		ck_assert_int_eq(transfer(numbers[i], 0, LENGTH, &done), -EFAULT);
		ck_assert_uint_eq(done, 0);
		buffer -= page;
	}
	ck_assert_int_eq(unpin(pinned_id), 0);
}
END_TEST

/* Buffers whose end wraps around, or lies in the kernel. */
START_TEST(buffer_edges)
{
	struct pin_access arg = { .size = sizeof(arg), .length = LENGTH };
	int i;

	pin_three();
	arg.id = pinned_id;
	for (i = 0; i < EDGES; i++) {
		arg.buffer = edges[i];
		arg.done = 1;
		ck_assert_int_eq(call(PIN_IOC_READ, &arg), -EFAULT);
		ck_assert_uint_eq(arg.done, 0);
		arg.done = 1;
		ck_assert_int_eq(call(PIN_IOC_WRITE, &arg), -EFAULT);
		ck_assert_uint_eq(arg.done, 0);
	}
	ck_assert_int_eq(unpin(pinned_id), 0);
}
END_TEST

/* Every number is a cursor of LIST: ids above it. */
START_TEST(list_cursor)
{
	struct pin_list arg;
	uint64_t ids[4], cursor;
	int i;

	pin_three();
	for (i = 0; i < EDGES + 3; i++) {
		cursor = i < EDGES ? edges[i] : pinned_id + (i - EDGES) - 1;
		memset(&arg, POISON, sizeof(arg));
		arg.size = sizeof(arg);
		arg.flags = 0;
		arg.cursor = cursor;
		arg.ids = (uintptr_t)ids;
		arg.ids_capacity = COUNT(ids);
		arg.__reserved = 0;
		ck_assert_int_eq(call(PIN_IOC_LIST, &arg), 0);
		ck_assert_uint_eq(arg.total, 1);
		ck_assert_uint_eq(arg.next, 0);
		ck_assert_uint_eq(arg.ids_count, cursor < pinned_id);
		if (arg.ids_count)
			ck_assert_uint_eq(ids[0], pinned_id);
	}
	ck_assert_int_eq(unpin(pinned_id), 0);
}
END_TEST

START_TEST(runs_cursor)
{
	struct pin_run run;
	struct pin_runs arg;
	uint64_t total = 0;
	int i;

	pin_three();
	for (i = 0; i < EDGES; i++) {
		int err;

		memset(&arg, POISON, sizeof(arg));
		arg.size = sizeof(arg);
		arg.flags = 0;
		arg.id = pinned_id;
		arg.cursor = edges[i];
		arg.runs = (uintptr_t)&run;
		arg.runs_capacity = 1;
		arg.run_size = sizeof(run);
		err = call(PIN_IOC_RUNS, &arg);
		if (!i)
			total = arg.total;
		ck_assert_int_eq(err, edges[i] > total ? -EINVAL : 0);
		ck_assert_uint_eq(arg.runs_count, !err && edges[i] < total);
		ck_assert_uint_eq(arg.total, err ? 0 : total);
		ck_assert_uint_eq(arg.next, err ? 0 : edges[i] + arg.runs_count);
	}
	ck_assert_uint_ge(total, 1);
	ck_assert_uint_le(total, 3);
	ck_assert_int_eq(unpin(pinned_id), 0);
}
END_TEST

/* pid of CHECK: no process has these. */
START_TEST(check_pid)
{
	static const int32_t pids[] = { -1, INT32_MIN, INT32_MAX, -2, 1 << 22 };
	struct pin_report report;
	struct pin_check arg;
	size_t i;

	for (i = 0; i < COUNT(pids); i++) {
		memset(&arg, POISON, sizeof(arg));
		arg.size = sizeof(arg);
		arg.flags = 0;
		arg.pid = pids[i];
		arg.report_size = sizeof(report);
		arg.addr = 0;
		arg.length = page;
		arg.cursor = 0;
		arg.reports = (uintptr_t)&report;
		arg.reports_capacity = 1;
		arg.__reserved = 0;
		ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), -ESRCH);
		expect_check_error(&arg);
	}
}
END_TEST

Suite *boundaries_suite(void)
{
	Suite *suite = suite_create("boundaries");
	TCase *tcase = tcase_with_context("boundaries");

	tcase_add_loop_test(tcase, pin_address_by_length, 0, EDGES);
	tcase_add_loop_test(tcase, check_address_by_length, 0, EDGES);
	tcase_add_test(tcase, check_cursor);
	tcase_add_test(tcase, check_pid);
	tcase_add_loop_test(tcase, read_offset_by_length, 0, OFFSET_EDGES);
	tcase_add_loop_test(tcase, write_offset_by_length, 0, OFFSET_EDGES);
	tcase_add_test(tcase, buffer_ends);
	tcase_add_test(tcase, buffer_edges);
	tcase_add_test(tcase, list_cursor);
	tcase_add_test(tcase, runs_cursor);
	suite_add_tcase(suite, tcase);
	return suite;
}
