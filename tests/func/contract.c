// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules that hold for every command: sizes, unknown bytes, flags, reserved
 * members, outputs on failure, pointers, permissions.
 *
 * Each command has one row: a request that succeeds or fails in a known way,
 * and where its outputs begin.
 */
#include "harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

union any {
	uint32_t size;
	struct pin_info info;
	struct pin_pin pin;
	struct pin_unpin unpin;
	struct pin_check check;
	struct pin_query query;
	struct pin_list list;
	struct pin_runs runs;
	struct pin_access access;
	unsigned char bytes[256];
};

struct row {
	const char *name;
	unsigned int number;
	size_t size;
	size_t out;		/* outputs reach from here to the end */
	size_t flags;		/* offset */
	uint64_t known_flags;
	size_t reserved;	/* offset of a reserved input, or 0 */
	bool write;
	void (*fill)(union any *arg);
	void (*undo)(const union any *arg);
};

static void *memory;
static uint64_t some_pin;
static struct pin_report some_report;
static char answer_room[64];

static void fill_info(union any *arg)
{
	(void)arg;
}

static void fill_pin(union any *arg)
{
	arg->pin.addr = (uintptr_t)memory;
	arg->pin.length = page;
}

static void undo_pin(const union any *arg)
{
	ck_assert_int_eq(unpin(arg->pin.id), 0);
}

static void fill_unpin(union any *arg)
{
	struct pin_pin pin;

	ck_assert_int_eq(pin_range(memory, page, 0, &pin), 0);
	some_pin = pin.id;
	arg->unpin.id = pin.id;
}

static void fill_check(union any *arg)
{
	arg->check.addr = (uintptr_t)memory;
	arg->check.length = page;
	arg->check.reports = (uintptr_t)&some_report;
	arg->check.reports_capacity = 1;
	arg->check.report_size = sizeof(some_report);
}

static void fill_query(union any *arg)
{
	fill_unpin(arg);
	arg->query.id = some_pin;
}

static void fill_list(union any *arg)
{
	arg->list.ids = (uintptr_t)answer_room;
	arg->list.ids_capacity = 1;
}

static void fill_runs(union any *arg)
{
	fill_unpin(arg);
	arg->runs.id = some_pin;
	arg->runs.cursor = 0;
	arg->runs.runs = (uintptr_t)answer_room;
	arg->runs.runs_capacity = 1;
	arg->runs.run_size = sizeof(struct pin_run);
}

static void fill_access(union any *arg)
{
	struct pin_pin pin;

	ck_assert_int_eq(pin_range(memory, page, PIN_F_WRITE, &pin), 0);
	some_pin = pin.id;
	arg->access.id = pin.id;
	arg->access.buffer = (uintptr_t)answer_room;
	arg->access.length = sizeof(answer_room);
}

static void undo_some_pin(const union any *arg)
{
	(void)arg;
	ck_assert_int_eq(unpin(some_pin), 0);
}

static const struct row rows[] = {
	{ "INFO", PIN_IOC_INFO, sizeof(struct pin_info),
	  offsetof(struct pin_info, features), offsetof(struct pin_info, flags),
	  0, 0, false, fill_info, NULL },
	{ "PIN", PIN_IOC_PIN, sizeof(struct pin_pin),
	  offsetof(struct pin_pin, id), offsetof(struct pin_pin, flags),
	  PIN_F_WRITE | PIN_F_LEASE, 0, true, fill_pin, undo_pin },
	{ "UNPIN", PIN_IOC_UNPIN, sizeof(struct pin_unpin),
	  sizeof(struct pin_unpin), offsetof(struct pin_unpin, flags),
	  0, 0, true, fill_unpin, NULL },
	{ "CHECK", PIN_IOC_CHECK, sizeof(struct pin_check),
	  offsetof(struct pin_check, next), offsetof(struct pin_check, flags),
	  PIN_CHECK_WRITE | PIN_CHECK_REFUSED | PIN_CHECK_MAPPED | PIN_CHECK_LIMITS,
	  offsetof(struct pin_check, __reserved), false, fill_check, NULL },
	{ "QUERY", PIN_IOC_QUERY, sizeof(struct pin_query),
	  offsetof(struct pin_query, nodes_count),
	  offsetof(struct pin_query, flags), 0,
	  offsetof(struct pin_query, __reserved), true, fill_query,
	  undo_some_pin },
	{ "LIST", PIN_IOC_LIST, sizeof(struct pin_list),
	  offsetof(struct pin_list, next), offsetof(struct pin_list, flags), 0,
	  offsetof(struct pin_list, __reserved), true, fill_list, NULL },
	{ "RUNS", PIN_IOC_RUNS, sizeof(struct pin_runs),
	  offsetof(struct pin_runs, next), offsetof(struct pin_runs, flags), 0,
	  0, true, fill_runs, undo_some_pin },
	{ "READ", PIN_IOC_READ, sizeof(struct pin_access),
	  offsetof(struct pin_access, done), offsetof(struct pin_access, flags),
	  0, 0, true, fill_access, undo_some_pin },
	{ "WRITE", PIN_IOC_WRITE, sizeof(struct pin_access),
	  offsetof(struct pin_access, done), offsetof(struct pin_access, flags),
	  0, 0, true, fill_access, undo_some_pin },
};

#define ROWS	((int)(sizeof(rows) / sizeof(*rows)))

/* Inputs zero but for what the row fills in; outputs and what follows poisoned. */
static void prepare(const struct row *row, union any *arg, uint32_t size)
{
	if (!memory)
		memory = map_anon(page);
	memset(arg, POISON, sizeof(*arg));
	memset(arg, 0, row->out);
	row->fill(arg);
	arg->size = size;
}

static void expect_bytes(const struct row *row, const union any *arg, size_t from,
			 size_t to, unsigned char value)
{
	size_t i;

	for (i = from; i < to; i++)
		ck_assert_msg(arg->bytes[i] == value, "%s: byte %zu is %#x",
			      row->name, i, arg->bytes[i]);
}

/* Outputs of a failure without a reason are all zero. */
static void expect_cleared(const struct row *row, const union any *arg, size_t size)
{
	size_t end = size < row->size ? size : row->size;

	if (end > row->out)
		expect_bytes(row, arg, row->out, end, 0);
	expect_bytes(row, arg, end > row->out ? end : row->out, sizeof(*arg),
		     POISON);
}

/* What a row made for a call that failed without using it. */
static void discard(const struct row *row)
{
	if (row->undo == undo_some_pin || row->number == PIN_IOC_UNPIN)
		ck_assert_int_eq(unpin(some_pin), 0);
}

static void expect_success(const struct row *row, uint32_t size)
{
	union any arg;

	prepare(row, &arg, size);
	if (size > row->size)
		memset(arg.bytes + row->size, 0, size - row->size);
	ck_assert_msg(!call(row->number, &arg), "%s, size %u: %s", row->name,
		      size, strerror(errno));
	expect_bytes(row, &arg, size, sizeof(arg), POISON);
	if (row->undo)
		row->undo(&arg);
}

START_TEST(size_exact)
{
	expect_success(&rows[_i], rows[_i].size);
}
END_TEST

START_TEST(size_longer_with_zeros)
{
	expect_success(&rows[_i], rows[_i].size + 1);
	expect_success(&rows[_i], rows[_i].size + 8);
	expect_success(&rows[_i], rows[_i].size + 64);
}
END_TEST

START_TEST(size_short)
{
	const struct row *row = &rows[_i];
	uint32_t size;
	union any arg;

	for (size = 0; size < row->size; size++) {
		prepare(row, &arg, size);
		ck_assert_int_eq(call(row->number, &arg), -EINVAL);
		expect_cleared(row, &arg, size);
		discard(row);
	}
}
END_TEST

START_TEST(size_longer_with_a_set_byte)
{
	const struct row *row = &rows[_i];
	size_t extra;
	union any arg;

	for (extra = 0; extra < 16; extra++) {
		prepare(row, &arg, row->size + 16);
		memset(arg.bytes + row->size, 0, 16);
		arg.bytes[row->size + extra] = 1;
		ck_assert_int_eq(call(row->number, &arg), -E2BIG);
		expect_bytes(row, &arg, row->out, row->size, 0);
		discard(row);
	}
}
END_TEST

START_TEST(size_above_a_page)
{
	const struct row *row = &rows[_i];
	unsigned char *big = calloc(1, 3 * page);
	union any arg;

	prepare(row, &arg, page + 1);
	memcpy(big, arg.bytes, row->size);
	ck_assert_int_eq(call(row->number, big), -E2BIG);
	discard(row);
	free(big);
}
END_TEST

START_TEST(unknown_flags)
{
	const struct row *row = &rows[_i];
	union any arg;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (row->known_flags & 1U << bit)
			continue;
		prepare(row, &arg, row->size);
		*(uint32_t *)(arg.bytes + row->flags) = 1U << bit;
		ck_assert_int_eq(call(row->number, &arg), -EINVAL);
		expect_cleared(row, &arg, row->size);
		discard(row);
	}
}
END_TEST

START_TEST(reserved_input)
{
	const struct row *row = &rows[_i];
	union any arg;
	int bit;

	for (bit = 0; row->reserved && bit < 32; bit++) {
		prepare(row, &arg, row->size);
		*(uint32_t *)(arg.bytes + row->reserved) = 1U << bit;
		ck_assert_int_eq(call(row->number, &arg), -EINVAL);
		expect_cleared(row, &arg, row->size);
		discard(row);
	}
}
END_TEST

START_TEST(bad_pointer)
{
	const struct row *row = &rows[_i];

	ck_assert_int_eq(call(row->number, NULL), -EFAULT);
	ck_assert_int_eq(call(row->number, (void *)-4096L), -EFAULT);
}
END_TEST

/* The struct lies at the end of a page and the next one cannot be read. */
START_TEST(struct_at_end_of_page)
{
	const struct row *row = &rows[_i];
	unsigned char *two = map_anon(2 * page);
	void *arg = two + page - row->size;
	union any filled;

	ck_assert_int_eq(mprotect(two + page, page, PROT_NONE), 0);
	prepare(row, &filled, row->size);
	memcpy(arg, filled.bytes, row->size);
	ck_assert_int_eq(call(row->number, arg), 0);
	memcpy(filled.bytes, arg, row->size);
	if (row->undo)
		row->undo(&filled);
	munmap(two, 2 * page);
}
END_TEST

/* Outputs that cannot be written: EFAULT, and nothing happened. */
START_TEST(struct_read_only)
{
	const struct row *row = &rows[_i];
	struct counters before;
	unsigned char *arg = map_anon(page);
	union any filled;

	prepare(row, &filled, row->size);
	memcpy(arg, filled.bytes, row->size);
	ck_assert_int_eq(mprotect(arg, page, PROT_READ), 0);
	before = counters_read();
	if (row->out == row->size) {
		ck_assert_int_eq(call(row->number, arg), 0);
	} else {
		ck_assert_int_eq(call(row->number, arg), -EFAULT);
		counters_expect(&before, row->name);
		discard(row);
	}
	munmap(arg, page);
}
END_TEST

START_TEST(needs_write)
{
	const struct row *row = &rows[_i];
	int reader = open("/dev/pin", O_RDONLY | O_CLOEXEC);
	int writer = pin_fd;
	union any arg;
	int err;

	ck_assert_int_ge(reader, 0);
	prepare(row, &arg, row->size);
	pin_fd = reader;
	err = call(row->number, &arg);
	pin_fd = writer;
	ck_assert_int_eq(err, row->write ? -EACCES : 0);
	if (row->write) {
		expect_cleared(row, &arg, row->size);
		discard(row);
	}
	close(reader);
}
END_TEST

START_TEST(unknown_commands)
{
	uint32_t arg[64] = { sizeof(arg) };
	unsigned int i;

	for (i = 0; i < 256; i++) {
		unsigned int number = _IO(PIN_IOC_MAGIC, i);
		bool known = false;
		int row;

		for (row = 0; row < ROWS; row++)
			known |= rows[row].number == number;
		if (!known)
			ck_assert_int_eq(call(number, arg), -ENOTTY);
		/* The right number with a direction, a size or another magic. */
		ck_assert_int_eq(call(_IOWR(PIN_IOC_MAGIC, i, int), arg), -ENOTTY);
		ck_assert_int_eq(call(_IO(PIN_IOC_MAGIC + 1, i), arg), -ENOTTY);
	}
}
END_TEST

/* addr x length around every boundary: no crash, no pin, the right errno. */
START_TEST(address_boundaries)
{
	static const uint64_t edges[] = {
		0, 1, 4095, 4096, 4097, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000,
		0xffffffffffffffff
	};
	const size_t count = sizeof(edges) / sizeof(*edges);
	size_t a, l;

	for (a = 0; a < count; a++)
		for (l = 0; l < count; l++) {
			uint64_t end = edges[a] + edges[l];
			struct pin_pin arg;
			int err, expected = -EFAULT;

			err = pin_range((void *)edges[a], edges[l], 0, &arg);
			if (!edges[l])
				expected = -EINVAL;
			else if (end < edges[a] || end + page - 1 < end)
				expected = -EOVERFLOW;
			ck_assert_msg(err == expected,
				      "%#llx + %#llx: %d instead of %d",
				      (unsigned long long)edges[a],
				      (unsigned long long)edges[l], err,
				      expected);
			ck_assert_uint_eq(arg.refusal.reason,
					  err == -EFAULT ? PIN_REASON_HOLE : 0);
			ck_assert_uint_eq(arg.id, 0);
		}
}
END_TEST

START_TEST(lease_flag)
{
	struct pin_pin arg;

	memory = map_anon(page);
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

START_TEST(check_record_sizes)
{
	unsigned char room[2 * sizeof(struct pin_report)];
	struct pin_check arg;

	memory = map_anon(page);
	memset(room, POISON, sizeof(room));
	memset(&arg, 0, sizeof(arg));
	arg.size = sizeof(arg);
	arg.addr = (uintptr_t)memory;
	arg.length = page;
	arg.reports = (uintptr_t)room;
	arg.reports_capacity = 1;
	arg.report_size = sizeof(struct pin_report) - 1;
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), -EINVAL);
	arg.report_size = sizeof(struct pin_report) + 8;
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), 0);
	ck_assert_uint_eq(arg.reports_count, 1);
	ck_assert_mem_eq(room + sizeof(struct pin_report), "\0\0\0\0\0\0\0", 8);
	ck_assert_uint_eq(room[sizeof(struct pin_report) + 8], POISON);
	arg.reports_capacity = 0;
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), -EMSGSIZE);
	arg.reports_capacity = 1;
	arg.reports = 8;
	ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, 0);
	ck_assert_uint_eq(arg.next, 0);
}
END_TEST

Suite *contract_suite(void)
{
	Suite *suite = suite_create("contract");
	TCase *tcase = tcase_with_context("contract");

	tcase_add_loop_test(tcase, size_exact, 0, ROWS);
	tcase_add_loop_test(tcase, size_longer_with_zeros, 0, ROWS);
	tcase_add_loop_test(tcase, size_short, 0, ROWS);
	tcase_add_loop_test(tcase, size_longer_with_a_set_byte, 0, ROWS);
	tcase_add_loop_test(tcase, size_above_a_page, 0, ROWS);
	tcase_add_loop_test(tcase, unknown_flags, 0, ROWS);
	tcase_add_loop_test(tcase, reserved_input, 0, ROWS);
	tcase_add_loop_test(tcase, bad_pointer, 0, ROWS);
	tcase_add_loop_test(tcase, struct_at_end_of_page, 0, ROWS);
	tcase_add_loop_test(tcase, struct_read_only, 0, ROWS);
	tcase_add_loop_test(tcase, needs_write, 0, ROWS);
	tcase_add_test(tcase, unknown_commands);
	tcase_add_test(tcase, address_boundaries);
	tcase_add_test(tcase, lease_flag);
	tcase_add_test(tcase, info_tells);
	tcase_add_test(tcase, check_record_sizes);
	suite_add_tcase(suite, tcase);
	return suite;
}
