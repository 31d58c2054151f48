// SPDX-License-Identifier: GPL-2.0-or-later
/* See request.h. */
#include "request.h"

#include "desk.h"
#include "ground.h"
#include "run.h"

#include <string.h>
#include <unistd.h>

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

enum meaning {
	END,
	FLAGS,
	ADDR,
	LENGTH,
	COOKIE,
	ARRAY,
	CAPACITY,
	RECORD_SIZE,
	ID,
	ADDR_CURSOR,
	ID_CURSOR,
	RUN_CURSOR,
	OFFSET,
	BYTES,
	PROCESS,
	RESERVED,
};

struct part {
	uint16_t offset;
	uint8_t bytes;
	uint8_t meaning;
};

#define PART(_type, _member, _meaning)					\
	{ offsetof(struct _type, _member), sizeof(((struct _type *)0)->_member), _meaning }

static const struct part info_parts[] = {
	PART(pin_info, flags, FLAGS),
	{ }
};

static const struct part pin_parts[] = {
	PART(pin_pin, flags, FLAGS),
	PART(pin_pin, addr, ADDR),
	PART(pin_pin, length, LENGTH),
	PART(pin_pin, cookie, COOKIE),
	PART(pin_pin, reports, ARRAY),
	PART(pin_pin, reports_capacity, CAPACITY),
	PART(pin_pin, report_size, RECORD_SIZE),
	{ }
};

static const struct part unpin_parts[] = {
	PART(pin_unpin, flags, FLAGS),
	PART(pin_unpin, id, ID),
	{ }
};

static const struct part check_parts[] = {
	PART(pin_check, flags, FLAGS),
	PART(pin_check, pid, PROCESS),
	PART(pin_check, report_size, RECORD_SIZE),
	PART(pin_check, addr, ADDR),
	PART(pin_check, length, LENGTH),
	PART(pin_check, cursor, ADDR_CURSOR),
	PART(pin_check, reports, ARRAY),
	PART(pin_check, reports_capacity, CAPACITY),
	PART(pin_check, __reserved, RESERVED),
	{ }
};

static const struct part query_parts[] = {
	PART(pin_query, flags, FLAGS),
	PART(pin_query, id, ID),
	PART(pin_query, nodes, ARRAY),
	PART(pin_query, nodes_capacity, CAPACITY),
	PART(pin_query, __reserved, RESERVED),
	{ }
};

static const struct part list_parts[] = {
	PART(pin_list, flags, FLAGS),
	PART(pin_list, cursor, ID_CURSOR),
	PART(pin_list, ids, ARRAY),
	PART(pin_list, ids_capacity, CAPACITY),
	PART(pin_list, __reserved, RESERVED),
	{ }
};

static const struct part runs_parts[] = {
	PART(pin_runs, flags, FLAGS),
	PART(pin_runs, id, ID),
	PART(pin_runs, cursor, RUN_CURSOR),
	PART(pin_runs, runs, ARRAY),
	PART(pin_runs, runs_capacity, CAPACITY),
	PART(pin_runs, run_size, RECORD_SIZE),
	{ }
};

static const struct part access_parts[] = {
	PART(pin_access, flags, FLAGS),
	PART(pin_access, id, ID),
	PART(pin_access, offset, OFFSET),
	PART(pin_access, buffer, ARRAY),
	PART(pin_access, length, BYTES),
	{ }
};

static const struct part *const grammar[COMMANDS] = {
	[INFO] = info_parts,
	[PIN] = pin_parts,
	[UNPIN] = unpin_parts,
	[CHECK] = check_parts,
	[QUERY] = query_parts,
	[LIST] = list_parts,
	[RUNS] = runs_parts,
	[READ] = access_parts,
	[WRITE] = access_parts,
};

/* What is made up while the parts are gone through, in their order. */
struct making {
	struct player *player;
	const struct command *command;
	struct request *request;
	struct range range;
};

/* An array: the room of the desk, or where it cannot be, or can be only in part. */
static uint64_t make_array(struct making *making)
{
	struct stream *in = &making->player->in;
	const struct desk *desk = making->player->desk;
	uint8_t how = stream_byte(in);
	struct range range;

	if (how < 0xd0)
		return (uintptr_t)desk->room;
	switch (how & 7) {
	case 0:
		return (uintptr_t)desk->room + DESK_ROOM - how / 2;
	case 1:
		return (uintptr_t)desk->read_only;
	case 2:
		return (uintptr_t)desk->read_only - DESK_PAGE;
	case 3:
		return 0;
	case 4:
		return -(uint64_t)stream_take(in, 6);
	default:
		range = ground_pages(in);
		ground_disturbed(&range);
		return range.addr + how - 0xd0;
	}
}

/* As many as fit into the room, whatever their size. */
static uint64_t make_capacity(struct making *making)
{
	uint8_t how = stream_byte(&making->player->in);

	if (making->command->empty_array)
		return 1 + how % 64;
	return how < 128 ? 0 : how % 64;
}

static uint64_t make_flags(struct making *making)
{
	uint8_t how = stream_byte(&making->player->in);
	uint32_t flags = how & making->command->known_flags;

	/* A lease takes a pin for writing. */
	if (making->request->index == PIN && flags & PIN_F_LEASE)
		flags |= PIN_F_WRITE;
	if (making->request->index == CHECK && flags & PIN_CHECK_LEASE)
		flags |= PIN_CHECK_WRITE;
	return flags;
}

/* Exhibits are of this program, too; nobody is to write into them by a pin. */
static uint64_t make_addr(struct making *making)
{
	union any *arg = (union any *)making->player->desk->request;

	making->range = ground_range(&making->player->in);
	if (making->request->index == PIN) {
		if (making->range.exhibit)
			arg->pin.flags &= ~(PIN_F_WRITE | PIN_F_LEASE);
		ground_disturbed(&making->range);
	}
	return making->range.addr;
}

static uint64_t make_process(struct making *making)
{
	uint8_t how = stream_byte(&making->player->in);

	if (how < 0xe0)
		return 0;
	switch (how & 3) {
	case 0:
		return getppid();
	case 1:
		return making->player->world->children[(how >> 2) % CHILDREN];
	case 2:
		return 1 + (how >> 2);
	default:
		return getpid();
	}
}

static uint64_t make_cursor(struct making *making, uint64_t from, uint64_t unit)
{
	uint8_t how = stream_byte(&making->player->in);

	return how < 0xc0 ? 0 : from + (how & 15) * unit;
}

static uint64_t make_value(struct making *making, enum meaning meaning)
{
	struct stream *in = &making->player->in;

	switch (meaning) {
	case FLAGS:
		return make_flags(making);
	case ADDR:
		return make_addr(making);
	case LENGTH:
		return making->range.length;
	case COOKIE:
		return ++making->player->serial;
	case ARRAY:
		return make_array(making);
	case CAPACITY:
		return make_capacity(making);
	case RECORD_SIZE:
		return making->command->record;
	case ID:
		return world_id(making->player, &making->request->pin);
	case ADDR_CURSOR:
		return make_cursor(making, making->range.addr & -DESK_PAGE, DESK_PAGE);
	case ID_CURSOR:
		return make_cursor(making, making->player->world->pins[0].id, 1);
	case RUN_CURSOR:
		return make_cursor(making, 0, 1);
	case OFFSET:
		return stream_take(in, 2) & (stream_byte(in) | 0xff00);
	case BYTES:
		return stream_take(in, 2) % DESK_ROOM;
	case PROCESS:
		return make_process(making);
	default:
		return 0;
	}
}

/* What a value can be instead: at an edge, a little off, or anything. */
static uint64_t distort(struct stream *in, uint64_t value, unsigned int bytes)
{
	switch (stream_choose(in, 10)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return 1ULL << (8 * bytes - 1);
	case 3:
		return value + 1;
	case 4:
		return value - 1;
	case 5:
		return value ^ 1ULL << stream_byte(in) % (8 * bytes);
	case 6:
		return value * 2;
	case 7:
		return -stream_take(in, 2);
	case 8:
		return stream_take(in, 2);
	default:
		return stream_take(in, bytes);
	}
}

static void fill_part(struct making *making, const struct part *part, bool distorted)
{
	uint8_t *arg = making->player->desk->request;
	uint64_t value = make_value(making, part->meaning);

	if (distorted)
		value = distort(&making->player->in, value, part->bytes);
	/* The low bytes come first on what this runs on. */
	memcpy(arg + part->offset, &value, part->bytes);
}

/* Sizes of other versions of the struct, and what is none. */
static uint32_t distort_size(struct stream *in, struct desk *desk, size_t size)
{
	uint8_t how = stream_byte(in);

	/* All that a longer one adds is zeros, but for one byte of some. */
	memset(desk->request + size, 0, sizeof(union any) + DESK_MARGIN - size);
	switch (how % 8) {
	case 0:
		return 0;
	case 1:
		return size - 1 - (how >> 3);
	case 2:
		return size + 8;
	case 3:
		desk->request[size + (how >> 3)] = how;
		return size + 32;
	case 4:
		return DESK_PAGE;
	case 5:
		return DESK_PAGE + 1;
	case 6:
		return stream_take(in, 2);
	default:
		return stream_take(in, 4);
	}
}

/* Instead of where it lies: where it cannot be read, or not written, or only in part. */
static void *misplace(struct player *player, size_t size)
{
	const uint8_t *from = player->desk->request;
	uint8_t how = stream_byte(&player->in);
	struct range range;
	void *to;

	switch (how & 7) {
	case 0:
		return NULL;
	case 1:
		return player->desk->read_only;
	case 2:
		return (void *)(uintptr_t)-stream_take(&player->in, 6);
	case 3:
		to = player->desk->sent + 2 * DESK_PAGE - (how >> 3) % size;
		memcpy(to, from, (how >> 3) % size);
		return to;
	default:
		range = ground_pages(&player->in);
		ground_disturbed(&range);
		range.addr += how & 8 ? DESK_PAGE - (how >> 4) * 4 : 0;
		desk_write(player->desk, range.addr, from, size);
		return (void *)(uintptr_t)range.addr;
	}
}

static void clear_desk(struct desk *desk)
{
	memset(desk->request - DESK_MARGIN, POISON, 2 * DESK_MARGIN + sizeof(union any));
	memset(desk->request, 0, sizeof(union any));
}

void request_make(struct player *player, enum command_index index, struct request *request)
{
	struct making making = { player, &commands[index], request, { } };
	const struct part *part = grammar[index];
	struct desk *desk = player->desk;
	uint8_t how = stream_byte(&player->in), odd = 0xff, i;
	size_t size = commands[index].size;

	*request = (struct request) { .index = index, .where = desk->request, .at_desk = true };
	request->fd = world_context(player, &request->context);
	request->sound = how < 0xb0;
	if (!request->sound)
		odd = how & 15;
	clear_desk(desk);
	for (i = 0; part->meaning; part++, i++)
		fill_part(&making, part, i == odd);
	memset(desk->request + commands[index].out, POISON, size - commands[index].out);
	request->size = size;
	/* Behind the last part: the struct itself. */
	if (!request->sound && odd > 10 && odd < 13)
		request->size = distort_size(&player->in, desk, size);
	memcpy(desk->request, &request->size, sizeof(request->size));
	if (!request->sound && odd > 12) {
		request->where = misplace(player, size);
		request->at_desk = false;
	}
	memcpy(desk->sent, desk->request - DESK_MARGIN, 2 * DESK_MARGIN + sizeof(union any));
}
