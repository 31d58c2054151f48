// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile input: every ioctl x every way to get its struct, its arrays or its
 * descriptor wrong, one test a cell. No cell is empty: a case that says nothing
 * about a command, because the command lacks what the case is about, has a line
 * with the reason in not_applicable[]; a missing line is a failure, and so is a
 * line for a command that has it.
 *
 * Each call is made with its outputs, and what lies around them, poisoned, and
 * command_send() holds it to the rules of <pin/ioctl.h> for whatever it returns.
 */
#include "commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The direct map, the kernel's text, the vsyscall page, the last page and byte. */
static const uint64_t kernel_pointers[] = {
	0xffff888000000000, 0xffffffff81000000, 0xffffffffff600000,
	0xfffffffffffff000, 0xffffffffffffffff,
};

static const uint64_t non_canonical_pointers[] = {
	0x0000800000000000, 0x8000000000000000, 0xffff000000000000,
	0x7fffffffffffffff,
};

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

/* --- size */

static void expect_with_size(const struct command *command, uint32_t size, int err)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	sheet.arg.size = size;
	command_expect(command, &sheet, err);
}

static void size_zero(const struct command *command)
{
	expect_with_size(command, 0, -EINVAL);
}

static void size_below_first_version(const struct command *command)
{
	uint32_t size;

	for (size = 1; size < command->min_size; size++)
		expect_with_size(command, size, -EINVAL);
}

static void size_of_first_version(const struct command *command)
{
	expect_with_size(command, command->min_size, 0);
}

static void size_full(const struct command *command)
{
	expect_with_size(command, command->size, 0);
}

static void size_longer_with_zeros(const struct command *command)
{
	static const uint32_t extras[] = { 1, 2, 3, 4, 5, 6, 7, 8, 64 };
	struct sheet sheet;
	size_t i;

	for (i = 0; i < COUNT(extras); i++) {
		command_prepare(command, &sheet);
		sheet.arg.size = command->size + extras[i];
		memset(sheet.arg.bytes + command->size, 0, extras[i]);
		command_expect(command, &sheet, 0);
	}
}

static void size_longer_with_a_set_byte(const struct command *command)
{
	struct sheet sheet;
	uint32_t extra, set;

	for (extra = 1; extra <= 8; extra++)
		for (set = 0; set < extra; set++) {
			command_prepare(command, &sheet);
			sheet.arg.size = command->size + extra;
			memset(sheet.arg.bytes + command->size, 0, extra);
			sheet.arg.bytes[command->size + set] = set % 2 ? 0x80 : 1;
			command_expect(command, &sheet, -E2BIG);
		}
}

/* Also where all that follows the struct is zero, so that nothing else refuses it. */
static void size_above_a_page(const struct command *command)
{
	static const uint32_t sizes[] = {
		4096 + 1, 4096 + 2, 2 * 4096, 0x7fffffff, 0x80000000, 0xffffffff
	};
	unsigned char *pages;
	struct sheet sheet;
	size_t i;

	for (i = 0; i < COUNT(sizes); i++) {
		expect_with_size(command, sizes[i], -E2BIG);
		pages = map_anon(3 * page);
		command_prepare(command, &sheet);
		sheet.arg.size = sizes[i];
		memcpy(pages, sheet.arg.bytes, command->size);
		ck_assert_int_eq(command_send_at(command, pages), -E2BIG);
		ck_assert_uint_eq(differs_at(pages, command->out, 3 * page, 0), 3 * page);
		munmap(pages, 3 * page);
	}
}

/* Struct and zeros fill a page, and behind it nothing is mapped. */
static void size_a_page(const struct command *command)
{
	unsigned char *pages = map_anon(2 * page);
	struct sheet sheet;

	munmap(pages + page, page);
	command_prepare(command, &sheet);
	sheet.arg.size = page;
	memcpy(pages, sheet.arg.bytes, command->size);
	ck_assert_int_eq(command_send_at(command, pages), 0);
	memcpy(sheet.arg.bytes, pages, command->size);
	command->expect(&sheet.arg);
	command->undo(&sheet.arg);
	munmap(pages, page);
}

/* --- number */

/* The right number with a direction, a size or another magic. */
static void number_wrong(const struct command *command)
{
	static const unsigned int directions[] = {
		_IOC_READ, _IOC_WRITE, _IOC_READ | _IOC_WRITE, _IOC_NONE
	};
	const unsigned int sizes[] = { 0, 4, command->size, 0x3fff };
	unsigned int nr = _IOC_NR(command->number);
	size_t i, k;

	for (i = 0; i < COUNT(directions); i++)
		for (k = 0; k < COUNT(sizes); k++) {
			struct command wrong = *command;
			struct sheet sheet;

			wrong.number = _IOC(directions[i], PIN_IOC_MAGIC, nr, sizes[k]);
			if (wrong.number == command->number)
				continue;
			command_prepare(command, &sheet);
			command_expect(&wrong, &sheet, -ENOTTY);
			wrong.number = _IOC(directions[i], PIN_IOC_MAGIC - 1, nr, sizes[k]);
			command_expect(&wrong, &sheet, -ENOTTY);
		}
}

/* --- flags and reserved members */

static void flags_undefined(const struct command *command)
{
	struct sheet sheet;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (command->known_flags & 1U << bit)
			continue;
		command_prepare(command, &sheet);
		field_set(command, &sheet.arg, sizeof(uint32_t), sizeof(uint32_t), 1U << bit);
		command_expect(command, &sheet, -EINVAL);
	}
}

static void flags_all(const struct command *command)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, sizeof(uint32_t), sizeof(uint32_t), ~0U);
	command_expect(command, &sheet, -EINVAL);
}

static void reserved_set(const struct command *command)
{
	struct sheet sheet;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		command_prepare(command, &sheet);
		field_set(command, &sheet.arg, command->reserved, sizeof(uint32_t),
			  1U << bit);
		command_expect(command, &sheet, -EINVAL);
	}
}

/* --- where the struct lies */

static void struct_null(const struct command *command)
{
	ck_assert_int_eq(command_send_at(command, NULL), -EFAULT);
	ck_assert_int_eq(command_send_at(command, (char *)NULL + 1), -EFAULT);
}

static void struct_at(const struct command *command, const uint64_t *pointers,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ck_assert_int_eq(command_send_at(command, (void *)(uintptr_t)pointers[i]),
				 -EFAULT);
}

static void struct_in_kernel(const struct command *command)
{
	/* What a 32-bit program can say beyond its own end. */
	static const uint64_t high_pointers[] = { 0xffffe000, 0xfffff000, 0xffffffff };

	if (sizeof(void *) == 4)
		struct_at(command, high_pointers, COUNT(high_pointers));
	else
		struct_at(command, kernel_pointers, COUNT(kernel_pointers));
}

static void struct_non_canonical(const struct command *command)
{
	/* Of which a 32-bit program says the low halves, where nothing is mapped either. */
	struct_at(command, non_canonical_pointers, COUNT(non_canonical_pointers));
}

static void struct_unaligned(const struct command *command)
{
	unsigned char *bytes = map_anon(page);
	struct sheet sheet;
	int shift;

	for (shift = 1; shift < 8; shift++) {
		command_prepare(command, &sheet);
		memcpy(bytes + shift, sheet.arg.bytes, command->size);
		ck_assert_int_eq(command_send_at(command, bytes + shift), 0);
		memcpy(sheet.arg.bytes, bytes + shift, command->size);
		command->expect(&sheet.arg);
		command->undo(&sheet.arg);
	}
	munmap(bytes, page);
}

/* Two pages, the request across their border with @cut bytes in the first. */
static unsigned char *place(const struct command *command, size_t cut)
{
	unsigned char *pages = map_anon(2 * page);
	struct sheet sheet;

	command_prepare(command, &sheet);
	memcpy(pages + page - cut, sheet.arg.bytes, command->size);
	return pages;
}

static void struct_cut(const struct command *command, int protection)
{
	unsigned char *pages;
	size_t cut;

	for (cut = 0; cut < command->size; cut++) {
		pages = place(command, cut);
		if (protection < 0)
			munmap(pages + page, page);
		else
			ck_assert_int_eq(mprotect(pages + page, page, protection), 0);
		ck_assert_int_eq(command_send_at(command, pages + page - cut), -EFAULT);
		munmap(pages, 2 * page);
	}
}

static void struct_half_unmapped(const struct command *command)
{
	struct_cut(command, -1);
}

static void struct_half_inaccessible(const struct command *command)
{
	struct_cut(command, PROT_NONE);
}

static void struct_at_end_of_page(const struct command *command)
{
	unsigned char *pages = place(command, command->size);
	union any arg;

	ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
	ck_assert_int_eq(command_send_at(command, pages + page - command->size), 0);
	memcpy(arg.bytes, pages + page - command->size, command->size);
	command->expect(&arg);
	command->undo(&arg);
	munmap(pages, 2 * page);
}

/* Outputs that cannot be written: EFAULT, and nothing has happened. */
static void struct_read_only(const struct command *command)
{
	unsigned char *pages = place(command, command->size);
	unsigned char *arg = pages + page - command->size;
	struct counters before;

	ck_assert_int_eq(mprotect(pages, page, PROT_READ), 0);
	before = counters_read();
	if (command->out < command->size) {
		ck_assert_int_eq(command_send_at(command, arg), -EFAULT);
		counters_expect(&before, command->name);
	} else {
		ck_assert_int_eq(command_send_at(command, arg), 0);
	}
	munmap(pages, 2 * page);
}

/* The same where only some of the outputs cannot be written, wherever that begins. */
static void struct_half_read_only(const struct command *command)
{
	struct counters before;
	unsigned char *pages;
	size_t cut;

	pages = place(command, command->size);
	before = counters_read();
	for (cut = command->out; cut < command->size; cut++) {
		munmap(pages, 2 * page);
		pages = place(command, cut);
		ck_assert_int_eq(mprotect(pages + page, page, PROT_READ), 0);
		ck_assert_int_eq(command_send_at(command, pages + page - cut), -EFAULT);
	}
	counters_expect(&before, command->name);
	munmap(pages, 2 * page);
}

/* --- where the array lies */

/* A request whose array is at @pointer. */
static void array_at(const struct command *command, uint64_t pointer, int err)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, command->array, sizeof(uint64_t), pointer);
	command_expect(command, &sheet, err);
}

static void array_null(const struct command *command)
{
	array_at(command, 0, -EFAULT);
}

static void array_in_kernel(const struct command *command)
{
	size_t i;

	for (i = 0; i < COUNT(kernel_pointers); i++)
		array_at(command, kernel_pointers[i], -EFAULT);
}

static void array_non_canonical(const struct command *command)
{
	size_t i;

	for (i = 0; i < COUNT(non_canonical_pointers); i++)
		array_at(command, non_canonical_pointers[i], -EFAULT);
}

/* In a 32-bit program a pointer with a high half must not lead to the low one. */
static void array_above_4g(const struct command *command)
{
	array_at(command, (uintptr_t)array_room | 1ULL << 46, -EFAULT);
	array_at(command, (uintptr_t)array_room | 1ULL << 62, -EFAULT);
}

static void array_half_mapped(const struct command *command)
{
	unsigned char *pages = map_anon(2 * page);
	size_t mapped;

	munmap(pages + page, page);
	/* An array that begins less than a record before the end. */
	for (mapped = 0; mapped < command->record; mapped++)
		array_at(command, (uintptr_t)pages + page - mapped, -EFAULT);
	munmap(pages, page);
}

static void array_read_only(const struct command *command)
{
	unsigned char *addr = map_anon(page);

	ck_assert_int_eq(mprotect(addr, page, PROT_READ), 0);
	array_at(command, (uintptr_t)addr, command->array_in ? 0 : -EFAULT);
	munmap(addr, page);
}

/* Not forbidden: the outputs come last and are what counts. */
static void array_is_the_struct(const struct command *command)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, command->array, sizeof(uint64_t),
		  (uintptr_t)&sheet.arg);
	sheet.sent = sheet.arg;
	ck_assert_int_eq(command_send_at(command, &sheet.arg), 0);
	memcpy(sheet.arg.bytes, sheet.sent.bytes, command->out);
	command->expect(&sheet.arg);
	command->undo(&sheet.arg);
}

/* --- how much fits into the array */

static void with_capacity(const struct command *command, uint64_t capacity, int err)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, command->capacity, command->capacity_bytes, capacity);
	command_expect(command, &sheet, err);
}

static void capacity_zero(const struct command *command)
{
	with_capacity(command, 0, command->empty_array);
}

/* Nobody looks at an array without room. */
static void capacity_zero_of_nothing(const struct command *command)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, command->capacity, command->capacity_bytes, 0);
	field_set(command, &sheet.arg, command->array, sizeof(uint64_t), ~0ULL);
	command_expect(command, &sheet, command->empty_array);
}

static void capacity_one(const struct command *command)
{
	uint64_t nodes = 0;
	struct pin_query told;

	/* Nodes cannot be cut short; how many there are is the machine's affair. */
	if (command->number == PIN_IOC_QUERY) {
		struct sheet sheet;

		command_prepare(command, &sheet);
		ck_assert_int_eq(query(sheet.arg.query.id, &told), 0);
		nodes = told.nodes_count;
		with_capacity(command, nodes, 0);
		if (nodes == 1)
			return;
		sheet.arg.query.nodes_capacity = nodes - 1;
		/* This error says how much room it takes. */
		ck_assert_int_eq(command_send_at(command, &sheet.arg), -EMSGSIZE);
		ck_assert_uint_eq(sheet.arg.query.nodes_count, nodes);
		return;
	}
	with_capacity(command, 1, 0);
}

/* What is written is what there is, and the call does not take all the memory. */
static void capacity_huge(const struct command *command)
{
	static const uint64_t huge[] = { 0x7fffffff, 0x80000000, 0xffffffff };
	size_t i;

	for (i = 0; i < COUNT(huge); i++)
		with_capacity(command, huge[i], 0);
	if (command->capacity_bytes == sizeof(uint64_t)) {
		with_capacity(command, 1ULL << 63, 0);
		with_capacity(command, ~0ULL, 0);
	}
}

/* --- how large its records are */

static void with_record_size(const struct command *command, uint32_t size, int err)
{
	size_t known = command->record, written, at;
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, command->record_size, sizeof(uint32_t), size);
	command_expect(command, &sheet, err);
	if (err)
		return;
	written = command->written(&sheet.arg);
	ck_assert_uint_ge(written, size);
	/* What is longer than what the module knows is filled with zeros. */
	for (at = 0; size > known && at < written; at += size)
		ck_assert_uint_eq(differs_at(array_room, at + known, at + size, 0), at + size);
}

static void record_size_zero(const struct command *command)
{
	with_record_size(command, 0, -EINVAL);
}

static void record_size_below_first_version(const struct command *command)
{
	uint32_t size;

	for (size = 1; size < command->record; size++)
		with_record_size(command, size, -EINVAL);
}

static void record_size_known(const struct command *command)
{
	with_record_size(command, command->record, 0);
}

static void record_size_longer(const struct command *command)
{
	uint32_t extra;

	for (extra = 1; extra <= 8; extra++)
		with_record_size(command, command->record + extra, 0);
	with_record_size(command, page - 1, 0);
	with_record_size(command, page, 0);
}

/* What is known of a record has room, what it is filled up with has not; or neither. */
static void record_size_longer_half_mapped(const struct command *command)
{
	const size_t size = command->record + 8;
	unsigned char *pages = map_anon(2 * page);
	struct sheet sheet;
	size_t mapped;

	munmap(pages + page, page);
	for (mapped = 0; mapped < size; mapped++) {
		command_prepare(command, &sheet);
		field_set(command, &sheet.arg, command->record_size, sizeof(uint32_t), size);
		field_set(command, &sheet.arg, command->array, sizeof(uint64_t),
			  (uintptr_t)pages + page - mapped);
		command_expect(command, &sheet, -EFAULT);
	}
	munmap(pages, page);
}

static void record_size_huge(const struct command *command)
{
	with_record_size(command, page + 1, -EINVAL);
	with_record_size(command, 0x7fffffff, -EINVAL);
	with_record_size(command, 0x80000000, -EINVAL);
	with_record_size(command, 0xffffffff, -EINVAL);
}

/* --- which pin */

static void with_id(const struct command *command, uint64_t id)
{
	struct sheet sheet;

	command_prepare(command, &sheet);
	field_set(command, &sheet.arg, command->id, sizeof(uint64_t), id);
	command_expect(command, &sheet, -ENOENT);
}

static uint64_t own_id(const struct command *command)
{
	struct sheet sheet;
	uint64_t id;

	command_prepare(command, &sheet);
	memcpy(&id, field(&sheet.arg, command->id), sizeof(id));
	return id;
}

static void id_zero(const struct command *command)
{
	with_id(command, 0);
}

static void id_never_given(const struct command *command)
{
	with_id(command, own_id(command) + 100000);
	/* Not even if half of it is right. */
	with_id(command, own_id(command) | 1ULL << 32);
	with_id(command, own_id(command) | 1ULL << 63);
}

static void id_all_ones(const struct command *command)
{
	with_id(command, ~0ULL);
	with_id(command, ~0ULL >> 1);
	with_id(command, ~0ULL - 1);
}

static void id_released(const struct command *command)
{
	struct pin_pin pin;
	uint64_t used;

	used = own_id(command);
	ck_assert_int_eq(pin_range(target, page, 0, &pin), 0);
	ck_assert_uint_ne(pin.id, used);
	ck_assert_int_eq(unpin(pin.id), 0);
	with_id(command, pin.id);
}

static void id_of_other_context(const struct command *command)
{
	int other = open("/dev/pin", O_RDWR | O_CLOEXEC), own = pin_fd;
	struct pin_query still;
	struct pin_pin pin;

	ck_assert_int_ge(other, 0);
	own_id(command);
	pin_fd = other;
	ck_assert_int_eq(pin_range(target, page, PIN_F_WRITE, &pin), 0);
	pin_fd = own;
	with_id(command, pin.id);
	pin_fd = other;
	ck_assert_int_eq(query(pin.id, &still), 0);
	pin_fd = own;
	close(other);
}

/* --- through which descriptor */

static void through(const struct command *command, int fd, int err)
{
	struct sheet sheet;
	int own = pin_fd;

	ck_assert_int_ge(fd, 0);
	/* Not command_send(): what it asks beside would go the same way. */
	command_prepare(command, &sheet);
	sheet.sent = sheet.arg;
	pin_fd = fd;
	ck_assert_int_eq(call(command->number, &sheet.arg), err);
	pin_fd = own;
	ck_assert_mem_eq(&sheet.arg, &sheet.sent, command->out);
	close(fd);
}

static void descriptor_read_only(const struct command *command)
{
	through(command, open("/dev/pin", O_RDONLY | O_CLOEXEC), command->write ? -EACCES : 0);
}

/* It is another context, so a pin of this one is unknown there. */
static void descriptor_write_only(const struct command *command)
{
	through(command, open("/dev/pin", O_WRONLY | O_CLOEXEC), command->id ? -ENOENT : 0);
}

static void descriptor_path_only(const struct command *command)
{
	through(command, open("/dev/pin", O_PATH | O_CLOEXEC), -EBADF);
}

static void descriptor_of_other_device(const struct command *command)
{
	through(command, open("/dev/null", O_RDWR | O_CLOEXEC), -ENOTTY);
}

/* --- the table */

enum needs { ANYTHING, OUTPUTS, RESERVED, ID, ARRAY, RECORD_SIZE };

#define CASE(_run, _needs)	{ #_run, _needs, _run }

static const struct hostile_case {
	const char *name;
	enum needs needs;
	void (*run)(const struct command *command);
} cases[] = {
	CASE(size_zero, ANYTHING),
	CASE(size_below_first_version, ANYTHING),
	CASE(size_of_first_version, ANYTHING),
	CASE(size_full, ANYTHING),
	CASE(size_longer_with_zeros, ANYTHING),
	CASE(size_longer_with_a_set_byte, ANYTHING),
	CASE(size_a_page, ANYTHING),
	CASE(size_above_a_page, ANYTHING),
	CASE(number_wrong, ANYTHING),
	CASE(flags_undefined, ANYTHING),
	CASE(flags_all, ANYTHING),
	CASE(reserved_set, RESERVED),
	CASE(struct_null, ANYTHING),
	CASE(struct_in_kernel, ANYTHING),
	CASE(struct_non_canonical, ANYTHING),
	CASE(struct_unaligned, ANYTHING),
	CASE(struct_half_unmapped, ANYTHING),
	CASE(struct_half_inaccessible, ANYTHING),
	CASE(struct_at_end_of_page, ANYTHING),
	CASE(struct_read_only, ANYTHING),
	CASE(struct_half_read_only, OUTPUTS),
	CASE(array_null, ARRAY),
	CASE(array_in_kernel, ARRAY),
	CASE(array_non_canonical, ARRAY),
	CASE(array_above_4g, ARRAY),
	CASE(array_half_mapped, ARRAY),
	CASE(array_read_only, ARRAY),
	CASE(array_is_the_struct, ARRAY),
	CASE(capacity_zero, ARRAY),
	CASE(capacity_zero_of_nothing, ARRAY),
	CASE(capacity_one, ARRAY),
	CASE(capacity_huge, ARRAY),
	CASE(record_size_zero, RECORD_SIZE),
	CASE(record_size_below_first_version, RECORD_SIZE),
	CASE(record_size_known, RECORD_SIZE),
	CASE(record_size_longer, RECORD_SIZE),
	CASE(record_size_longer_half_mapped, RECORD_SIZE),
	CASE(record_size_huge, RECORD_SIZE),
	CASE(id_zero, ID),
	CASE(id_never_given, ID),
	CASE(id_all_ones, ID),
	CASE(id_released, ID),
	CASE(id_of_other_context, ID),
	CASE(descriptor_read_only, ANYTHING),
	CASE(descriptor_write_only, ANYTHING),
	CASE(descriptor_path_only, ANYTHING),
	CASE(descriptor_of_other_device, ANYTHING),
};

#define CASES	((int)COUNT(cases))

/* Why a case says nothing about a command: what the command lacks. */
static const char *const not_applicable[COMMANDS][RECORD_SIZE + 1] = {
	[INFO] = {
		[RESERVED] = "has no reserved input",
		[ID] = "is about the context, not about a pin",
		[ARRAY] = "answers in its struct alone",
		[RECORD_SIZE] = "answers in its struct alone",
	},
	[PIN] = {
		[RESERVED] = "its reserved member is an output",
		[ID] = "makes the pin: the id is an output",
	},
	[UNPIN] = {
		[OUTPUTS] = "has no outputs, and so succeeds with a read-only struct",
		[RESERVED] = "has no reserved input",
		[ARRAY] = "answers with its errno alone",
		[RECORD_SIZE] = "answers with its errno alone",
	},
	[CHECK] = {
		[ID] = "is about memory, pinned or not",
	},
	[QUERY] = {
		[RECORD_SIZE] = "its array is of plain __u64",
	},
	[LIST] = {
		[ID] = "is about the context, and any cursor is sound",
		[RECORD_SIZE] = "its array is of plain __u64",
	},
	[RUNS] = {
		[RESERVED] = "its reserved member is an output",
	},
	[READ] = {
		[RESERVED] = "has no reserved input",
		[RECORD_SIZE] = "its array is of bytes",
	},
	[WRITE] = {
		[RESERVED] = "has no reserved input",
		[RECORD_SIZE] = "its array is of bytes",
	},
};

static bool has(const struct command *command, enum needs needs)
{
	switch (needs) {
	case OUTPUTS:
		return command->out < command->size;
	case RESERVED:
		return command->reserved;
	case ID:
		return command->id;
	case ARRAY:
		return command->array;
	case RECORD_SIZE:
		return command->record_size;
	default:
		return true;
	}
}

START_TEST(cell)
{
	const struct hostile_case *line = &cases[_i / COMMANDS];
	const struct command *command = &commands[_i % COMMANDS];
	const char *why = not_applicable[_i % COMMANDS][line->needs];

	ck_assert_msg(command->name, "column %d of the table is empty", _i % COMMANDS);
	ck_assert_msg(!why == has(command, line->needs), "%s x %s: %s", line->name,
		      command->name, why ? why : "an empty cell of the table");
	if (why)
		return;
	/* libcheck tells where a test failed, not in which cell. */
	fprintf(stderr, "%s x %s\n", line->name, command->name);
	line->run(command);
}
END_TEST

/* What the module answers to is what the table has. */
START_TEST(every_command_is_in_the_table)
{
	uint32_t arg[64] = { sizeof(arg) };
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		bool known = nr < COMMANDS &&
			     commands[nr].number == _IO(PIN_IOC_MAGIC, nr);

		ck_assert_int_eq(call(_IO(PIN_IOC_MAGIC, nr), NULL),
				 known ? -EFAULT : -ENOTTY);
		if (!known)
			ck_assert_int_eq(call(_IO(PIN_IOC_MAGIC, nr), arg), -ENOTTY);
	}
}
END_TEST

Suite *hostile_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tcase = tcase_with_context("hostile");

	tcase_add_loop_test(tcase, cell, 0, CASES * COMMANDS);
	tcase_add_test(tcase, every_command_is_in_the_table);
	suite_add_tcase(suite, tcase);
	return suite;
}
