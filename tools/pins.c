// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins: see pins.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holders.h"
#include "ledger.h"
#include "pins.h"
#include "text.h"

enum pin_column {
	COL_ID, COL_CONTEXT, COL_PID, COL_COMMAND, COL_USER, COL_UID, COL_NS_PID, COL_PID_NS,
	COL_CGROUP, COL_START, COL_END, COL_LENGTH, COL_ACCESS, COL_MODE, COL_STATE, COL_PINNED,
	COL_RUNS, COL_REFERENCES, COL_CHARGED, COL_USER_CHARGED, COL_SINCE, COL_SINCE_NS,
	COL_COOKIE, COL_NODES
};

const struct column pin_columns[] = {
	[COL_ID] = PIN_COLUMN_ID,
	[COL_CONTEXT] = { "CONTEXT", "integer", "id of its context", true },
	[COL_PID] = PIN_COLUMN_PID,
	[COL_COMMAND] = PIN_COLUMN_COMMAND,
	[COL_USER] = PIN_COLUMN_USER,
	[COL_UID] = PIN_COLUMN_UID,
	[COL_NS_PID] = { "NS-PID", "integer", "that process in its own container", true },
	[COL_PID_NS] = { "PID-NS", "integer", "its pid namespace, as /proc/PID/ns/pid has it",
			 true },
	[COL_CGROUP] = { "CGROUP", "integer", "inode number of its cgroup's directory", true },
	[COL_START] = PIN_COLUMN_START,
	[COL_END] = PIN_COLUMN_END,
	[COL_LENGTH] = PIN_COLUMN_LENGTH,
	[COL_ACCESS] = PIN_COLUMN_ACCESS,
	[COL_MODE] = PIN_COLUMN_MODE,
	[COL_STATE] = PIN_COLUMN_STATE,
	[COL_PINNED] = PIN_COLUMN_PINNED,
	[COL_RUNS] = PIN_COLUMN_RUNS,
	[COL_REFERENCES] = { "REFERENCES", "integer", "to pages, as /proc/vmstat counts them",
			     true },
	[COL_CHARGED] = { "CHARGED", "integer", "bytes in VmPin", true },
	[COL_USER_CHARGED] = { "USER-CHARGED", "integer", "bytes against RLIMIT_MEMLOCK", true },
	[COL_SINCE] = PIN_COLUMN_SINCE,
	[COL_SINCE_NS] = PIN_COLUMN_SINCE_NS,
	[COL_COOKIE] = PIN_COLUMN_COOKIE,
	[COL_NODES] = { "NODES", "list", "base pages on NUMA nodes, as NODE:PAGES", false },
	{ 0 }
};

int pin_column_find(const char *name)
{
	int column = 0;

	while (strcmp(pin_columns[column].name, name))
		column++;
	return column;
}

static struct cell cell_nodes(const struct kept_pin *pin)
{
	struct cell cell = { .text = text_format("%s", ""), .json = json_array() };
	size_t i;

	for (i = 0; i < pin->node_count; i++) {
		char *text = cell.text, *one = text_format("%u:%" PRIu64, pin->nodes[i].node,
							   pin->nodes[i].pages);

		cell.text = text_format("%s%s%s", text, *text ? "," : "", one);
		json_append(cell.json, json_string(one));
		free(text);
		free(one);
	}
	return cell;
}

/* Who has made it. */
static struct cell owner_cell(const struct kept_pin *pin, int column)
{
	switch (column) {
	case COL_PID:
		return cell_integer((uint64_t)pin->pid, !pin->pid);
	case COL_COMMAND:
		return cell_string(pin->comm);
	case COL_USER:
		return cell_formatted(user_name(pin->uid));
	case COL_UID:
		return cell_integer(pin->uid, false);
	case COL_NS_PID:
		return cell_integer((uint64_t)pin->ns_pid, !pin->ns_pid);
	case COL_PID_NS:
		return cell_integer(pin->pid_ns, false);
	default:
		return cell_integer(pin->cgroup, false);
	}
}

/* What it holds. */
static struct cell memory_cell(const struct kept_pin *pin, int column, bool bytes)
{
	switch (column) {
	case COL_START:
		return cell_address(pin->start);
	case COL_END:
		return cell_address(pin->start + pin->length);
	case COL_LENGTH:
		return cell_size(pin->length, bytes);
	case COL_PINNED:
		return cell_size(ledger_bytes(pin->pages), bytes);
	case COL_RUNS:
		return cell_integer(pin->runs, false);
	case COL_REFERENCES:
		return cell_integer(pin->references, false);
	case COL_CHARGED:
		return cell_size(ledger_bytes(pin->charged_pages), bytes);
	default:
		return cell_size(ledger_bytes(pin->user_charged_pages), bytes);
	}
}

struct cell pin_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct kept_pin *pin = &((const struct pins *)data)->array[row];

	switch (column) {
	case COL_ID:
		return cell_integer(pin->id, false);
	case COL_CONTEXT:
		return cell_integer(pin->context, false);
	case COL_PID:
	case COL_COMMAND:
	case COL_USER:
	case COL_UID:
	case COL_NS_PID:
	case COL_PID_NS:
	case COL_CGROUP:
		return owner_cell(pin, column);
	case COL_ACCESS:
		return cell_string(pin->flags & PIN_F_WRITE ? "write" : "read");
	case COL_MODE:
		return cell_string(ledger_mode(pin->mode));
	case COL_STATE:
		return cell_string(ledger_state(pin->state));
	case COL_SINCE:
		return cell_time(pin->since_ns);
	case COL_SINCE_NS:
		return cell_integer(pin->since_ns, false);
	case COL_COOKIE:
		return cell_address(pin->cookie);
	case COL_NODES:
		return cell_nodes(pin);
	default:
		return memory_cell(pin, column, bytes);
	}
}

static void keep_nodes(struct kept_pin *pin, const struct libpin_record *record)
{
	size_t i;

	pin->node_count = libpin_record_node_count(record);
	pin->nodes = calloc(pin->node_count + 1, sizeof(*pin->nodes));
	if (!pin->nodes)
		out_of_memory();
	for (i = 0; i < pin->node_count; i++) {
		pin->nodes[i].node = libpin_record_node(record, i);
		pin->nodes[i].pages = libpin_record_node_pages(record, i);
	}
}

/* Where @id is, or belongs. */
static size_t place_of(const struct pins *pins, uint64_t id)
{
	size_t low = 0, high = pins->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pins->array[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct kept_pin *make_room(struct pins *pins, size_t place)
{
	size_t capacity = pins->capacity ? 2 * pins->capacity : 64;

	if (pins->count == pins->capacity) {
		pins->array = reallocarray(pins->array, capacity, sizeof(*pins->array));
		if (!pins->array)
			out_of_memory();
		pins->capacity = capacity;
	}
	memmove(&pins->array[place + 1], &pins->array[place],
		(pins->count - place) * sizeof(*pins->array));
	pins->count++;
	return &pins->array[place];
}

void pins_add(struct pins *pins, const struct libpin_record *record)
{
	size_t place = place_of(pins, libpin_record_id(record));
	struct kept_pin *pin;

	if (place < pins->count && pins->array[place].id == libpin_record_id(record))
		return;
	pin = make_room(pins, place);
	*pin = (struct kept_pin){
		.id = libpin_record_id(record),
		.context = libpin_record_context(record),
		.start = libpin_record_address(record),
		.length = libpin_record_length(record),
		.cookie = libpin_record_cookie(record),
		.pages = libpin_record_pages(record),
		.references = libpin_record_references(record),
		.runs = libpin_record_runs(record),
		.charged_pages = libpin_record_charged_pages(record),
		.user_charged_pages = libpin_record_user_charged_pages(record),
		.cgroup = libpin_record_cgroup(record),
		.since_ns = libpin_record_start_time_ns(record),
		.flags = libpin_record_flags(record),
		.mode = libpin_record_mode(record),
		.state = libpin_record_state(record),
		.pid_ns = libpin_record_pid_ns(record),
		.uid = libpin_record_uid(record),
		.pid = libpin_record_pid(record),
		.ns_pid = libpin_record_ns_pid(record),
	};
	snprintf(pin->comm, sizeof(pin->comm), "%s", libpin_record_comm(record));
	keep_nodes(pin, record);
}

static void visit(void *data, const struct libpin_record *record)
{
	pins_add(data, record);
}

int pins_gather(struct pins *pins, struct libpin_ledger *ledger,
		const struct libpin_filter *filter)
{
	return ledger_visit(ledger, filter, visit, pins, &pins->interrupted);
}

uint64_t pins_pages(const struct pins *pins)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < pins->count; i++)
		pages += pins->array[i].pages;
	return pages;
}

void pins_release(struct pins *pins)
{
	size_t i;

	for (i = 0; i < pins->count; i++)
		free(pins->array[i].nodes);
	free(pins->array);
}
