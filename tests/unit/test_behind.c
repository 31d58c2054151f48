// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LIST, RUNS, READ and WRITE: what goes in, what comes out, and what a broken
 * module can answer.
 */
#include <errno.h>
#include <libpin.h>
#include <string.h>

#include "fake.h"
#include "suites.h"

/* 600 pins with the ids 10, 20, ...: more than one step. */
static int lists_600(unsigned long command, void *argument)
{
	struct pin_list *raw = argument;
	uint64_t *ids = (uint64_t *)(uintptr_t)raw->ids;
	uint64_t id = raw->cursor / 10 * 10 + 10;

	ck_assert_uint_eq(command, PIN_IOC_LIST);
	ck_assert_uint_eq(raw->size, sizeof(*raw));
	ck_assert_uint_gt(raw->ids_capacity, 0);
	raw->total = 600;
	for (raw->ids_count = 0; raw->ids_count < raw->ids_capacity && id <= 6000; id += 10)
		ids[raw->ids_count++] = id;
	raw->next = id > 6000 ? 0 : id - 10;
	return 0;
}

START_TEST(test_list)
{
	struct libpin_context *ctx = fake_context(lists_600);
	struct libpin_list *list;
	size_t i;

	ck_assert_int_eq(libpin_list_get(ctx, &list), 0);
	ck_assert_uint_eq(libpin_list_count(list), 600);
	for (i = 0; i < 600; i++)
		ck_assert_uint_eq(libpin_list_id(list, i), 10 * (i + 1));
	ck_assert_uint_eq(libpin_list_id(list, 600), 0);
	libpin_list_free(list);
	libpin_context_close(ctx);
}
END_TEST

static int lists_too_many(unsigned long command, void *argument)
{
	struct pin_list *raw = argument;

	(void)command;
	raw->ids_count = raw->ids_capacity + 1;
	raw->next = 0;
	return 0;
}

static int lists_for_ever(unsigned long command, void *argument)
{
	struct pin_list *raw = argument;

	(void)command;
	raw->ids_count = 1;
	raw->next = 5;
	return 0;
}

static int lists_nothing_for_ever(unsigned long command, void *argument)
{
	struct pin_list *raw = argument;

	(void)command;
	raw->ids_count = 0;
	raw->next = raw->cursor + 1;
	return 0;
}

static int fails(unsigned long command, void *argument)
{
	(void)command;
	(void)argument;
	return -ENOTTY;
}

START_TEST(test_broken_list)
{
	static const fake_handler handlers[] = {
		lists_too_many, lists_for_ever, lists_nothing_for_ever, fails
	};
	static const int errors[] = { -EPROTO, -EPROTO, -EPROTO, -ENOTTY };
	struct libpin_list *list = (void *)1;
	struct libpin_context *ctx = fake_context(handlers[_i]);

	ck_assert_int_eq(libpin_list_get(ctx, &list), errors[_i]);
	ck_assert_ptr_null(list);
	libpin_context_close(ctx);
}
END_TEST

/* Ten runs of two pages each. */
static int tells_10_runs(unsigned long command, void *argument)
{
	struct pin_runs *raw = argument;
	struct pin_run *runs = (struct pin_run *)(uintptr_t)raw->runs;

	ck_assert_uint_eq(command, PIN_IOC_RUNS);
	ck_assert_uint_eq(raw->id, 7);
	ck_assert_uint_eq(raw->run_size, sizeof(*runs));
	raw->total = 10;
	raw->next = raw->cursor;
	for (raw->runs_count = 0; raw->runs_count < raw->runs_capacity && raw->next < 10;
	     raw->runs_count++, raw->next++)
		runs[raw->runs_count] = (struct pin_run) {
			.offset = raw->next * 8192,
			.length = 8192,
			.phys = 0x100000 * (raw->next + 1),
			.node = raw->next & 1,
			.flags = raw->next == 9 ? PIN_RUN_PHYS_WITHHELD : 0,
		};
	return 0;
}

START_TEST(test_runs)
{
	struct libpin_context *ctx = fake_context(tells_10_runs);
	struct libpin_runs *runs;
	uint64_t cursor = 0, seen = 0;
	size_t i;

	do {
		ck_assert_int_eq(libpin_runs_get(ctx, 7, cursor, 4, &runs), 0);
		ck_assert_uint_eq(libpin_runs_total(runs), 10);
		for (i = 0; i < libpin_runs_count(runs); i++, seen++) {
			ck_assert_uint_eq(libpin_runs_offset(runs, i), seen * 8192);
			ck_assert_uint_eq(libpin_runs_length(runs, i), 8192);
			ck_assert_uint_eq(libpin_runs_phys(runs, i), 0x100000 * (seen + 1));
			ck_assert_uint_eq(libpin_runs_node(runs, i), seen & 1);
			ck_assert_uint_eq(libpin_runs_flags(runs, i),
					  seen == 9 ? PIN_RUN_PHYS_WITHHELD : 0);
		}
		ck_assert_uint_eq(libpin_runs_length(runs, i), 0);
		cursor = libpin_runs_next(runs);
		libpin_runs_free(runs);
	} while (cursor != 10);
	ck_assert_uint_eq(seen, 10);
	ck_assert_int_eq(libpin_runs_get(ctx, 7, 0, 0, &runs), -EINVAL);
	libpin_context_close(ctx);
}
END_TEST

static int runs_too_many(unsigned long command, void *argument)
{
	struct pin_runs *raw = argument;

	(void)command;
	raw->runs_count = raw->runs_capacity + 1;
	raw->next = raw->cursor + raw->runs_count;
	raw->total = raw->next;
	return 0;
}

static int runs_without_end(unsigned long command, void *argument)
{
	struct pin_runs *raw = argument;

	(void)command;
	raw->runs_count = 0;
	raw->next = raw->cursor;
	raw->total = 10;
	return 0;
}

START_TEST(test_broken_runs)
{
	static const fake_handler handlers[] = { runs_too_many, runs_without_end, fails };
	static const int errors[] = { -EPROTO, -EPROTO, -ENOTTY };
	struct libpin_runs *runs = (void *)1;
	struct libpin_context *ctx = fake_context(handlers[_i]);

	ck_assert_int_eq(libpin_runs_get(ctx, 7, 0, 4, &runs), errors[_i]);
	ck_assert_ptr_null(runs);
	libpin_context_close(ctx);
}
END_TEST

static int copies(unsigned long command, void *argument)
{
	struct pin_access *raw = argument;

	ck_assert_uint_eq(raw->id, 7);
	ck_assert_uint_eq(raw->offset, 100);
	ck_assert_uint_eq(raw->length, 8);
	if (command == PIN_IOC_READ)
		memcpy((void *)(uintptr_t)raw->buffer, "abcde", 5);
	else
		ck_assert_mem_eq((void *)(uintptr_t)raw->buffer, "vwxyz", 5);
	raw->done = 5;
	return 0;
}

static int copies_too_much(unsigned long command, void *argument)
{
	struct pin_access *raw = argument;

	(void)command;
	raw->done = raw->length + 1;
	return 0;
}

START_TEST(test_access)
{
	struct libpin_context *ctx = fake_context(copies);
	char buffer[8] = "";

	ck_assert_int_eq(libpin_pin_read(ctx, 7, 100, buffer, 8), 5);
	ck_assert_mem_eq(buffer, "abcde", 5);
	ck_assert_int_eq(libpin_pin_write(ctx, 7, 100, "vwxyz", 8), 5);
	ck_assert_int_eq(libpin_pin_read(NULL, 7, 100, buffer, 8), -EINVAL);
	ck_assert_int_eq(libpin_pin_read(ctx, 7, 100, buffer, SIZE_MAX), -EINVAL);
	fake_set(copies_too_much);
	ck_assert_int_eq(libpin_pin_read(ctx, 7, 100, buffer, 8), -EPROTO);
	fake_set(fails);
	ck_assert_int_eq(libpin_pin_write(ctx, 7, 100, buffer, 8), -ENOTTY);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_null)
{
	struct libpin_list *list = (void *)1;

	ck_assert_int_eq(libpin_list_get(NULL, NULL), -EINVAL);
	ck_assert_int_eq(libpin_list_get(NULL, &list), -EINVAL);
	ck_assert_ptr_null(list);
	ck_assert_int_eq(libpin_runs_get(NULL, 0, 0, 1, NULL), -EINVAL);
	ck_assert_uint_eq(libpin_list_count(NULL), 0);
	ck_assert_uint_eq(libpin_runs_count(NULL), 0);
	ck_assert_uint_eq(libpin_runs_phys(NULL, 0), 0);
	libpin_list_free(NULL);
	libpin_runs_free(NULL);
}
END_TEST

Suite *suite_behind(void)
{
	Suite *suite = suite_create("behind");
	TCase *tcase = tcase_create("behind");

	tcase_add_test(tcase, test_list);
	tcase_add_loop_test(tcase, test_broken_list, 0, 4);
	tcase_add_test(tcase, test_runs);
	tcase_add_loop_test(tcase, test_broken_runs, 0, 3);
	tcase_add_test(tcase, test_access);
	tcase_add_test(tcase, test_null);
	suite_add_tcase(suite, tcase);
	return suite;
}
