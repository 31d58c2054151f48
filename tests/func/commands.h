/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every ioctl as data: where its fields lie, a request that succeeds, and what the
 * answer says. What the hostile suites are driven by; a new command is a new row.
 */
#ifndef PIN_TEST_COMMANDS_H
#define PIN_TEST_COMMANDS_H

#include "harness.h"

enum command_index {
	INFO, PIN, UNPIN, CHECK, QUERY, LIST, RUNS, READ, WRITE, COMMANDS
};

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

/* In place of an offset: the command has no such field. */
#define NONE	0

/* Bytes before and behind a request that no call may touch. */
#define MARGIN	64

/**
 * struct sheet - a request between margins
 * @before: poisoned
 * @arg: inputs as prepared, the rest poisoned
 * @after: poisoned
 * @sent: @arg as it was sent
 */
struct sheet {
	unsigned char before[MARGIN];
	union any arg;
	unsigned char after[MARGIN];
	union any sent;
};

/**
 * struct command - one ioctl; offsets are in bytes from the start of its struct
 * @name: for messages
 * @number: of the ioctl
 * @size: of the struct as this test knows it
 * @min_size: of its first version
 * @out: offset of the outputs, which reach to the end
 * @known_flags: bits that mean something in the flags, which follow the size
 * @reserved: offset of a reserved input of 32 bits, or NONE
 * @id: offset of the pin's id as an input, or NONE
 * @array: offset of the pointer to an array, or NONE
 * @capacity: offset of its capacity
 * @capacity_bytes: size of that field
 * @record_size: offset of the field for the size of a record, or NONE
 * @record: bytes of a record, first version and known one
 * @empty_array: what a capacity of 0 gives
 * @array_in: the array is an input
 * @write: needs a descriptor open for writing
 * @fill: fills in a sound request; inputs are zero before
 * @expect: checks the answer to it
 * @written: bytes that the answer put into the array
 * @undo: takes back what a successful call did
 */
struct command {
	const char *name;
	unsigned int number;
	size_t size;
	size_t min_size;
	size_t out;
	uint32_t known_flags;
	size_t reserved;
	size_t id;
	size_t array;
	size_t capacity;
	size_t capacity_bytes;
	size_t record_size;
	size_t record;
	int empty_array;
	bool array_in;
	bool write;
	void (*fill)(union any *arg);
	void (*expect)(const union any *arg);
	size_t (*written)(const union any *arg);
	void (*undo)(const union any *arg);
};

extern const struct command commands[COMMANDS];

/* A page-aligned room for arrays; poisoned when a request is prepared. */
#define ROOM_PAGES	4
extern unsigned char *array_room;

/* The two mappings, a page each, that requests are about. */
extern unsigned char *target;

void *field(union any *arg, size_t offset);
void field_set(const struct command *command, union any *arg, size_t offset,
	       size_t bytes, uint64_t value);

/* A sound request; the pin that it needs is made if there is none. */
void command_prepare(const struct command *command, struct sheet *sheet);

/*
 * Makes the call; 0 or -errno. Asserts what holds for every call: nothing outside
 * of struct and array is written, inputs are not, and after an error without a
 * reason the outputs are zero and the context has the pins that it had.
 */
int command_send(const struct command *command, struct sheet *sheet);

/* The same with the struct somewhere else; only the pins are compared. */
int command_send_at(const struct command *command, void *arg);

/*
 * Where the bytes from @from on are no longer @value; @to if they all are. Each
 * assertion of libcheck is a write(2), which is too dear for a byte.
 */
size_t differs_at(const unsigned char *bytes, size_t from, size_t to, unsigned char value);

/* Expects this errno, or success, the right answer, and takes it back. */
void command_expect(const struct command *command, struct sheet *sheet, int err);

#endif /* PIN_TEST_COMMANDS_H */
