/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pins: those of the ledger that a filter lets through, kept for a table.
 */
#ifndef _PINCTL_PINS_H
#define _PINCTL_PINS_H

#include <libpin_ledger.h>
#include <stdbool.h>

#include "output.h"

/* As the getters of libpin_record have it; @nodes has @node_count elements. */
struct kept_pin {
	uint64_t id;
	uint64_t context;
	uint64_t start;
	uint64_t length;
	uint64_t cookie;
	uint64_t pages;
	uint64_t references;
	uint64_t runs;
	uint64_t charged_pages;
	uint64_t user_charged_pages;
	uint64_t cgroup;
	uint64_t since_ns;
	uint32_t flags;
	uint32_t mode;
	uint32_t state;
	uint32_t pid_ns;
	uid_t uid;
	pid_t pid;
	pid_t ns_pid;
	char comm[PIN_COMM_LEN + 1];
	struct kept_node {
		uint32_t node;
		uint64_t pages;
	} *nodes;
	size_t node_count;
};

/* By rising ids, none twice.  @interrupted as libpin_dump_is_interrupted(). */
struct pins {
	struct kept_pin *array;
	size_t count;
	size_t capacity;
	bool interrupted;
};

/* Columns that the pins of the ledger and those that a process holds have in common. */
#define PIN_COLUMN_ID		{ "ID", "integer", "the pin, unique in the system", true }
#define PIN_COLUMN_PID \
	{ "PID", "integer", "process that pinned; empty if it has no number here", true }
#define PIN_COLUMN_COMMAND	{ "COMMAND", "string", "its name at the time", false }
#define PIN_COLUMN_USER		{ "USER", "string", "user who is charged", false }
#define PIN_COLUMN_UID		{ "UID", "integer", "that user's number", true }
#define PIN_COLUMN_START	{ "START", "address", "first byte that was asked for", true }
#define PIN_COLUMN_END		{ "END", "address", "first byte after", true }
#define PIN_COLUMN_LENGTH	{ "LENGTH", "integer", "bytes that were asked for", true }
#define PIN_COLUMN_ACCESS	{ "ACCESS", "string", "write or read", false }
#define PIN_COLUMN_MODE		{ "MODE", "string", "longterm or lease", false }
#define PIN_COLUMN_STATE	{ "STATE", "string", "live or revoked", false }
#define PIN_COLUMN_PINNED	{ "PINNED", "integer", "bytes that it holds, whole pages", true }
#define PIN_COLUMN_RUNS		{ "RUNS", "integer", "physically consecutive runs of pages", true }
#define PIN_COLUMN_SINCE	{ "SINCE", "string", "when it was pinned, local time", false }
#define PIN_COLUMN_SINCE_NS \
	{ "SINCE-NS", "integer", "the same in nanoseconds since 1970", true }
#define PIN_COLUMN_COOKIE	{ "COOKIE", "address", "the program's own mark", true }

/* The columns of a table whose rows are pins; ends in a name of NULL. */
extern const struct column pin_columns[];
#define PIN_COLUMNS_DEFAULT "ID,PID,COMMAND,USER,START,LENGTH,MODE,STATE,PINNED,SINCE"

/* The index of the column of that name, which is there. */
int pin_column_find(const char *name);
/* @data is a struct pins. */
struct cell pin_cell(const void *data, size_t row, int column, bool bytes);

/* Adds those that are not there yet: 0 or -errno. */
int pins_gather(struct pins *pins, struct libpin_ledger *ledger,
		const struct libpin_filter *filter);
void pins_add(struct pins *pins, const struct libpin_record *record);
uint64_t pins_pages(const struct pins *pins);
/* Fine on pins that are all zeros. */
void pins_release(struct pins *pins);

#endif /* _PINCTL_PINS_H */
