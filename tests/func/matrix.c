// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verdict matrix: memory of every kind, asked about and pinned for reading and
 * for writing, compared with the hand-written matrix.txt, and printed as found.
 *
 * A kind of memory without a line, two lines for one cell, a line that no cell has
 * used and a cell that was never reached are failures. Cells run in processes of
 * their own and tell what they found in shared memory.
 */
#include "expectation.h"
#include "harness.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#define CELLS_MAX	512

/* What CHECK said and PIN did, in the words of matrix.txt. */
struct verdict {
	char check[8];
	char pin[32];
	char at[16];
	char error[16];
};

struct cell {
	const struct memory_kind *kind;
	uint32_t flags;
	struct verdict found;
	bool reached;
	bool good;
};

/* Shared with the processes of the tests. */
static struct cell *cells;
static size_t cell_count;
static bool *line_used;

static const char *access_name(uint32_t flags)
{
	return flags & PIN_F_WRITE ? "write" : "read";
}

static void set_page(struct verdict *found, const struct memory *memory,
		     uint64_t bad_addr)
{
	uint64_t start = (uintptr_t)memory->addr & -page;

	snprintf(found->at, sizeof(found->at), "%lld",
		 (long long)(bad_addr - start) / (long long)page);
}

static bool says_try(const struct check_result *checked)
{
	unsigned int i;

	for (i = 0; i < checked->count; i++)
		if (checked->reports[i].flags & PIN_REPORT_TRY)
			return true;
	return false;
}

static const char *check_word(const struct check_result *checked)
{
	if (checked->refusal.reason)
		return "no";
	return says_try(checked) ? "try" : "yes";
}

/* What can befall a single page of any mapping: PIN_REPORT_TRY does not foresee it. */
static bool is_accident(uint32_t reason)
{
	return reason == PIN_REASON_HWPOISON || reason == PIN_REASON_DEVICE_BUSY ||
	       reason == PIN_REASON_MIGRATE_FAILED ||
	       reason == PIN_REASON_FAULT_FAILED ||
	       reason == PIN_REASON_NO_MEMORY || reason == PIN_REASON_REFCOUNT;
}

static const struct pin_report *report_at(const struct check_result *checked,
					  uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < checked->count; i++)
		if (addr >= checked->reports[i].start && addr < checked->reports[i].end)
			return &checked->reports[i];
	ck_abort_msg("no report covers %#llx", (unsigned long long)addr);
	return NULL;
}

/* What holds whatever the matrix says: CHECK against what PIN then did. */
static void expect_agreement(const struct check_result *checked,
			     const struct pin_pin *arg, int err)
{
	const struct pin_refusal *refusal = &arg->refusal;

	if (!err) {
		ck_assert_uint_eq(checked->refusal.reason, 0);
		return;
	}
	ck_assert_int_eq(-err, reason_errno(refusal->reason));
	ck_assert_int_eq(refusal->error, -err);
	ck_assert_uint_eq(arg->id, 0);
	ck_assert_uint_eq(arg->pages, 0);
	ck_assert_uint_eq(arg->runs, 0);
	if (checked->refusal.reason) {
		ck_assert_mem_eq(refusal, &checked->refusal, sizeof(*refusal));
		return;
	}
	ck_assert_msg(is_accident(refusal->reason) ||
		      report_at(checked, refusal->addr)->flags & PIN_REPORT_TRY,
		      "CHECK says yes, PIN says %s", reason_name(refusal->reason));
}

/* Finding out why changes nothing: the second attempt is refused as the first was. */
static void expect_again(const struct cell *cell, const struct memory *memory,
			 const struct pin_pin *first)
{
	static struct check_result told;
	struct pin_pin again;

	ck_assert_msg(pin_reported(memory->addr, memory->length, cell->flags, &again, &told),
		      "%s at first, pinned at the second attempt",
		      reason_name(first->refusal.reason));
	ck_assert_msg(!memcmp(&again.refusal, &first->refusal, sizeof(again.refusal)),
		      "%s at first, then %s", reason_name(first->refusal.reason),
		      reason_name(again.refusal.reason));
	expect_blamed(&again, &told);
}

static void look(struct cell *cell, struct memory *memory)
{
	static struct check_result checked;
	struct verdict *found = &cell->found;
	struct counters before = counters_read();
	struct pin_pin arg;
	int err;

	check_range(memory->addr, memory->length,
		    cell->flags & PIN_F_WRITE ? PIN_CHECK_WRITE : 0, &checked);
	strcpy(found->check, check_word(&checked));
	if (checked.refusal.reason)
		set_page(found, memory, checked.refusal.addr);

	err = pin_range(memory->addr, memory->length, cell->flags, &arg);
	if (err) {
		expect_again(cell, memory, &arg);
		strcpy(found->pin, reason_name(arg.refusal.reason));
		snprintf(found->error, sizeof(found->error), "%s",
			 strerrorname_np(-err));
		set_page(found, memory, arg.refusal.addr);
	} else {
		strcpy(found->pin, memory->asked_handler ? "waits" : "pinned");
		ck_assert_uint_eq(arg.pages, (memory->length + page - 1) / page);
		ck_assert_int_eq(unpin(arg.id), 0);
	}
	counters_expect(&before, "after the attempt");
	expect_agreement(&checked, &arg, err);
}

static void compare(const struct cell *cell, const struct expectation *expected)
{
	const struct verdict *found = &cell->found;

	ck_assert_msg(!strcmp(found->check, expected->check) &&
		      !strcmp(found->pin, expected->pin) &&
		      !strcmp(found->at, expected->at),
		      "%s %s (line %d): %s %s %s, not %s %s %s", cell->kind->name,
		      access_name(cell->flags), expected->number, found->check,
		      found->pin, found->at, expected->check, expected->pin,
		      expected->at);
}

START_TEST(one_cell)
{
	struct cell *cell = &cells[_i];
	const char *access = access_name(cell->flags);
	const struct expectation *expected;
	struct memory memory;

	cell->reached = true;
	cell->found = (struct verdict) {
		.check = "?", .pin = "?", .at = "-", .error = "-",
	};
	expected = expectation_find(cell->kind->name, access);
	ck_assert_msg(expected, "%s %s has not one line in the matrix",
		      cell->kind->name, access);
	line_used[expected - expectation_number(0)] = true;

	memory_make(cell->kind, &memory);
	if (memory.unaddressable) {
		skip("wide-addresses", "%s %s", cell->kind->name, access);
		cell->good = true;
		return;
	}
	if (memory.absent)
		cell->found = (struct verdict) {
			.check = "-", .pin = "absent", .at = "-", .error = "-",
		};
	else
		look(cell, &memory);
	memory_free(&memory);
	compare(cell, expected);
	cell->good = true;
}
END_TEST

static void print_matrix(void)
{
	const char *path = getenv("PIN_TEST_MATRIX_FOUND");
	FILE *out = path ? fopen(path, "we") : stdout;
	size_t i;

	ck_assert_msg(out, "%s: %s", path, strerror(errno));
	fprintf(out, "%-26s %-6s %-6s %-20s %5s  %s\n", "KIND", "ACCESS", "CHECK",
		"PIN", "PAGE", "ERRNO");
	for (i = 0; i < cell_count; i++)
		fprintf(out, "%-26s %-6s %-6s %-20s %5s  %-10s%s\n",
			cells[i].kind->name, access_name(cells[i].flags),
			cells[i].found.check, cells[i].found.pin,
			cells[i].found.at, cells[i].found.error,
			cells[i].good ? "" : "  <- not as expected");
	if (path)
		fclose(out);
}

/* Runs last. */
START_TEST(every_line_is_used)
{
	size_t i;

	print_matrix();
	for (i = 0; i < cell_count; i++)
		ck_assert_msg(cells[i].reached, "%s was not reached",
			      cells[i].kind->name);
	for (i = 0; i < expectations_count(); i++)
		ck_assert_msg(line_used[i], "line %d (%s) is never used",
			      expectation_number(i)->number,
			      expectation_number(i)->kind);
}
END_TEST

static void *shared(size_t length)
{
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static void add_cells(const struct memory_kind *kinds)
{
	for (; kinds->name; kinds++) {
		if (cell_count + 2 > CELLS_MAX)
			abort();
		cells[cell_count++] = (struct cell) { .kind = kinds };
		cells[cell_count++] = (struct cell) {
			.kind = kinds, .flags = PIN_F_WRITE,
		};
	}
}

/* "6.12" of "6.12.117+deb12-amd64", as matrix.txt names kernels. */
static const char *kernel_name(void)
{
	static char short_name[32];
	struct utsname name;
	int major, minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		abort();
	snprintf(short_name, sizeof(short_name), "%d.%d", major, minor);
	return short_name;
}

static Suite *make_suite(const char *machine, const struct memory_kind *const kinds[])
{
	const char *path = getenv("PIN_TEST_MATRIX");
	Suite *suite = suite_create(machine);
	TCase *tcase = tcase_with_context(machine);

	cells = shared(CELLS_MAX * sizeof(*cells));
	line_used = shared(CELLS_MAX * sizeof(*line_used));
	expectations_read(path ? path : "matrix.txt", machine, kernel_name());
	for (; *kinds; kinds++)
		add_cells(*kinds);
	tcase_add_loop_test(tcase, one_cell, 0, cell_count);
	tcase_add_test(tcase, every_line_is_used);
	suite_add_tcase(suite, tcase);
	return suite;
}

Suite *matrix_suite(void)
{
	static const struct memory_kind *const kinds[] = {
		memory_anonymous, memory_shared, memory_file, memory_special, NULL,
	};

	return make_suite("matrix", kinds);
}

Suite *movable_suite(void)
{
	static const struct memory_kind *const kinds[] = { memory_movable, NULL };

	return make_suite("movable", kinds);
}

Suite *cma_suite(void)
{
	static const struct memory_kind *const kinds[] = { memory_cma, NULL };

	return make_suite("cma", kinds);
}
