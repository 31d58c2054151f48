// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of ioctls for the hostile suites; see commands.h.
 *
 * Commands that are about a pin share one of both target pages, for write, which is
 * made when the first request needs it and goes with the context.
 */
#include "commands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

unsigned char *array_room;
unsigned char *target;

static uint64_t shared_pin;

static void fill_info(union any *arg)
{
	(void)arg;
}

static void expect_info(const union any *arg)
{
	ck_assert_uint_eq(arg->info.abi_version, PIN_ABI_VERSION);
	ck_assert_uint_eq(arg->info.page_size, page);
}

/* Two mappings, so that there are two reports. */
static void fill_pin(union any *arg)
{
	arg->pin.addr = (uintptr_t)target;
	arg->pin.length = 2 * page;
	arg->pin.cookie = 77;
	arg->pin.reports = (uintptr_t)array_room;
	arg->pin.reports_capacity = 2;
	arg->pin.report_size = sizeof(struct pin_report);
}

static void expect_pin(const union any *arg)
{
	ck_assert_uint_ne(arg->pin.id, 0);
	ck_assert_uint_eq(arg->pin.pages, 2);
	ck_assert_uint_ge(arg->pin.runs, 1);
	ck_assert_uint_le(arg->pin.runs, 2);
	ck_assert_uint_eq(arg->pin.refusal.reason, 0);
	ck_assert_uint_le(arg->pin.reports_count, 2);
	ck_assert_uint_eq(arg->pin.__reserved, 0);
}

static size_t written_pin(const union any *arg)
{
	return (size_t)arg->pin.reports_count * arg->pin.report_size;
}

static void undo_pin(const union any *arg)
{
	ck_assert_int_eq(unpin(arg->pin.id), 0);
}

static uint64_t need_pin(void)
{
	struct pin_pin pin;

	if (!shared_pin) {
		ck_assert_int_eq(pin_range(target, page, PIN_F_WRITE, &pin), 0);
		shared_pin = pin.id;
	}
	return shared_pin;
}

static void fill_unpin(union any *arg)
{
	arg->unpin.id = need_pin();
}

static void expect_unpin(const union any *arg)
{
	struct pin_query gone;

	ck_assert_int_eq(query(arg->unpin.id, &gone), -ENOENT);
	shared_pin = 0;
}

static void fill_check(union any *arg)
{
	arg->check.addr = (uintptr_t)target;
	arg->check.length = 2 * page;
	arg->check.reports = (uintptr_t)array_room;
	arg->check.reports_capacity = 2;
	arg->check.report_size = sizeof(struct pin_report);
}

static void expect_check(const union any *arg)
{
	ck_assert_uint_ge(arg->check.next, (uintptr_t)target + page);
	ck_assert_uint_le(arg->check.next, (uintptr_t)target + 2 * page);
	ck_assert_uint_eq(arg->check.refusal.reason, 0);
	ck_assert_uint_eq(arg->check.charge_pages, 2);
	ck_assert_uint_ge(arg->check.reports_count, 1);
	ck_assert_uint_le(arg->check.reports_count, 2);
	ck_assert_uint_eq(arg->check.__reserved2, 0);
}

static size_t written_check(const union any *arg)
{
	return (size_t)arg->check.reports_count * arg->check.report_size;
}

static void fill_query(union any *arg)
{
	arg->query.id = need_pin();
	arg->query.nodes = (uintptr_t)array_room;
	arg->query.nodes_capacity = page / sizeof(uint64_t);
}

static void expect_query(const union any *arg)
{
	ck_assert_uint_ge(arg->query.nodes_count, 1);
	ck_assert_uint_eq(arg->query.pin_flags, PIN_F_WRITE);
	ck_assert_uint_eq(arg->query.addr, (uintptr_t)target);
	ck_assert_uint_eq(arg->query.length, page);
	ck_assert_uint_eq(arg->query.state, PIN_STATE_LIVE);
	ck_assert_uint_eq(arg->query.pages, 1);
}

static size_t written_query(const union any *arg)
{
	return arg->query.nodes_capacity ? arg->query.nodes_count * sizeof(uint64_t) : 0;
}

static void fill_list(union any *arg)
{
	arg->list.cursor = need_pin() - 1;
	arg->list.ids = (uintptr_t)array_room;
	arg->list.ids_capacity = 1;
}

static void expect_list(const union any *arg)
{
	ck_assert_uint_eq(arg->list.next, 0);
	ck_assert_uint_eq(arg->list.total, 1);
	ck_assert_uint_eq(arg->list.ids_count, 1);
	ck_assert_uint_eq(arg->list.__reserved2, 0);
}

static size_t written_list(const union any *arg)
{
	return arg->list.ids_count * sizeof(uint64_t);
}

static void fill_runs(union any *arg)
{
	arg->runs.id = need_pin();
	arg->runs.runs = (uintptr_t)array_room;
	arg->runs.runs_capacity = 1;
	arg->runs.run_size = sizeof(struct pin_run);
}

static void expect_runs(const union any *arg)
{
	ck_assert_uint_eq(arg->runs.next, 1);
	ck_assert_uint_eq(arg->runs.total, 1);
	ck_assert_uint_eq(arg->runs.runs_count, 1);
	ck_assert_uint_eq(arg->runs.__reserved, 0);
}

static size_t written_runs(const union any *arg)
{
	return (size_t)arg->runs.runs_count * arg->runs.run_size;
}

static void fill_access(union any *arg)
{
	arg->access.id = need_pin();
	arg->access.offset = 8;
	arg->access.buffer = (uintptr_t)array_room;
	arg->access.length = 64;
}

static void expect_access(const union any *arg)
{
	uint64_t room = page - arg->access.offset;

	ck_assert_uint_eq(arg->access.done,
			  arg->access.length < room ? arg->access.length : room);
}

static size_t written_read(const union any *arg)
{
	return arg->access.done;
}

static size_t written_none(const union any *arg)
{
	(void)arg;
	return 0;
}

static void undo_nothing(const union any *arg)
{
	(void)arg;
}

#define AT(type, member)	offsetof(struct type, member)
#define ROW(_number, _type, _last, _out)				\
	.name = #_number, .number = PIN_IOC_##_number,			\
	.size = sizeof(struct _type),					\
	.min_size = AT(_type, _last) + sizeof(((struct _type *)0)->_last), \
	.out = _out
#define ARRAY(_type, _array, _capacity)					\
	.array = AT(_type, _array), .capacity = AT(_type, _capacity),	\
	.capacity_bytes = sizeof(((struct _type *)0)->_capacity)

const struct command commands[COMMANDS] = {
	[INFO] = {
		ROW(INFO, pin_info, mm_pinned_pages, AT(pin_info, features)),
		.fill = fill_info,
		.expect = expect_info,
		.written = written_none,
		.undo = undo_nothing,
	},
	[PIN] = {
		ROW(PIN, pin_pin, __reserved, AT(pin_pin, id)),
		ARRAY(pin_pin, reports, reports_capacity),
		.known_flags = PIN_F_WRITE | PIN_F_LEASE,
		.record_size = AT(pin_pin, report_size),
		.record = sizeof(struct pin_report),
		.write = true,
		.fill = fill_pin,
		.expect = expect_pin,
		.written = written_pin,
		.undo = undo_pin,
	},
	[UNPIN] = {
		ROW(UNPIN, pin_unpin, id, sizeof(struct pin_unpin)),
		.id = AT(pin_unpin, id),
		.write = true,
		.fill = fill_unpin,
		.expect = expect_unpin,
		.written = written_none,
		.undo = undo_nothing,
	},
	[CHECK] = {
		ROW(CHECK, pin_check, __reserved2, AT(pin_check, next)),
		ARRAY(pin_check, reports, reports_capacity),
		.known_flags = PIN_CHECK_WRITE | PIN_CHECK_REFUSED |
			       PIN_CHECK_MAPPED | PIN_CHECK_LIMITS |
			       PIN_CHECK_LEASE,
		.reserved = AT(pin_check, __reserved),
		.record_size = AT(pin_check, report_size),
		.record = sizeof(struct pin_report),
		.empty_array = -EMSGSIZE,
		.fill = fill_check,
		.expect = expect_check,
		.written = written_check,
		.undo = undo_nothing,
	},
	[QUERY] = {
		ROW(QUERY, pin_query, comm, AT(pin_query, nodes_count)),
		ARRAY(pin_query, nodes, nodes_capacity),
		.reserved = AT(pin_query, __reserved),
		.id = AT(pin_query, id),
		.record = sizeof(uint64_t),
		.write = true,
		.fill = fill_query,
		.expect = expect_query,
		.written = written_query,
		.undo = undo_nothing,
	},
	[LIST] = {
		ROW(LIST, pin_list, __reserved2, AT(pin_list, next)),
		ARRAY(pin_list, ids, ids_capacity),
		.known_flags = PIN_LIST_REVOKED,
		.reserved = AT(pin_list, __reserved),
		.record = sizeof(uint64_t),
		.empty_array = -EMSGSIZE,
		.write = true,
		.fill = fill_list,
		.expect = expect_list,
		.written = written_list,
		.undo = undo_nothing,
	},
	[RUNS] = {
		ROW(RUNS, pin_runs, __reserved, AT(pin_runs, next)),
		ARRAY(pin_runs, runs, runs_capacity),
		.id = AT(pin_runs, id),
		.record_size = AT(pin_runs, run_size),
		.record = sizeof(struct pin_run),
		.empty_array = -EMSGSIZE,
		.write = true,
		.fill = fill_runs,
		.expect = expect_runs,
		.written = written_runs,
		.undo = undo_nothing,
	},
	[READ] = {
		ROW(READ, pin_access, done, AT(pin_access, done)),
		ARRAY(pin_access, buffer, length),
		.id = AT(pin_access, id),
		.record = 1,
		.write = true,
		.fill = fill_access,
		.expect = expect_access,
		.written = written_read,
		.undo = undo_nothing,
	},
	[WRITE] = {
		ROW(WRITE, pin_access, done, AT(pin_access, done)),
		ARRAY(pin_access, buffer, length),
		.id = AT(pin_access, id),
		.record = 1,
		.array_in = true,
		.write = true,
		.fill = fill_access,
		.expect = expect_access,
		.written = written_none,
		.undo = undo_nothing,
	},
};

void *field(union any *arg, size_t offset)
{
	return arg->bytes + offset;
}

void field_set(const struct command *command, union any *arg, size_t offset,
	       size_t bytes, uint64_t value)
{
	ck_assert_uint_le(offset + bytes, command->size);
	/* The low bytes come first on what this runs on. */
	memcpy(field(arg, offset), &value, bytes);
}

/* Both pages can be read, the first one written. */
static void make_memory(void)
{
	target = map_anon(2 * page);
	touch(target, 2 * page);
	ck_assert_int_eq(mprotect(target + page, page, PROT_READ), 0);
	array_room = map_anon(ROOM_PAGES * page);
}

void command_prepare(const struct command *command, struct sheet *sheet)
{
	if (!target)
		make_memory();
	memset(array_room, POISON, ROOM_PAGES * page);
	memset(sheet, POISON, sizeof(*sheet));
	memset(&sheet->arg, 0, command->out);
	command->fill(&sheet->arg);
	sheet->arg.size = command->size;
}

size_t differs_at(const unsigned char *bytes, size_t from, size_t to, unsigned char value)
{
	while (from < to && bytes[from] == value)
		from++;
	return from;
}

static void expect_bytes(const struct command *command, const unsigned char *bytes,
			 size_t from, size_t to, unsigned char value)
{
	size_t i;

	i = differs_at(bytes, from, to, value);
	ck_assert_msg(i == to, "%s: byte %zu is %#x, not %#x", command->name, i,
		      bytes[i], value);
}

/* Outputs end where the shorter of both sizes does. */
static size_t outputs_end(const struct command *command, uint32_t size)
{
	size_t end = size < command->size ? size : command->size;

	return end > command->out ? end : command->out;
}

static void expect_array_kept(const struct command *command, const struct sheet *sheet,
			      int err)
{
	size_t written = err ? 0 : command->written(&sheet->arg);

	/* After an error the array is undefined up to its own end at most. */
	if (err || !command->array)
		return;
	ck_assert_uint_le(written, ROOM_PAGES * page);
	expect_bytes(command, array_room, written, ROOM_PAGES * page, POISON);
}

int command_send_at(const struct command *command, void *arg)
{
	struct pin_info before = info(), after;
	int err = call(command->number, arg);

	after = info();
	if (err) {
		ck_assert_uint_eq(after.context_pins, before.context_pins);
		ck_assert_uint_eq(after.system_pinned_pages, before.system_pinned_pages);
	}
	return err;
}

int command_send(const struct command *command, struct sheet *sheet)
{
	uint32_t size = sheet->arg.size;
	size_t end = outputs_end(command, size);
	size_t room = sizeof(sheet->arg);
	int err;

	sheet->sent = sheet->arg;
	err = command_send_at(command, &sheet->arg);
	expect_bytes(command, sheet->before, 0, MARGIN, POISON);
	expect_bytes(command, sheet->after, 0, MARGIN, POISON);
	ck_assert_msg(!memcmp(&sheet->arg, &sheet->sent, command->out),
		      "%s changes its inputs", command->name);
	ck_assert_msg(!memcmp(sheet->arg.bytes + end, sheet->sent.bytes + end, room - end),
		      "%s writes behind its outputs", command->name);
	/* Only two errnos leave the struct alone: it or its command is not known. */
	if (err && err != -ENOTTY && err != -EBADF)
		expect_bytes(command, sheet->arg.bytes, command->out, end, 0);
	expect_array_kept(command, sheet, err);
	return err;
}

void command_expect(const struct command *command, struct sheet *sheet, int expected)
{
	int err = command_send(command, sheet);

	ck_assert_msg(err == expected, "%s: %s instead of %s", command->name,
		      strerror(-err), strerror(-expected));
	if (err)
		return;
	command->expect(&sheet->arg);
	command->undo(&sheet->arg);
}
