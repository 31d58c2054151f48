// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Room: see room.h.
 *
 * The module tells what the user has charged and the limit of it, which io_uring holds
 * him to as well; /proc and the cgroups tell what memory is free.  Of that half is left
 * alone: what is taken last the kernel takes away from somebody.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "pinctl.h"
#include "room.h"
#include "size.h"
#include "system.h"
#include "text.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* Takes over @why and @fix. */
static void bound(struct room *room, uint64_t bytes, char *why, char *fix)
{
	if (bytes >= room->bytes) {
		free(why);
		free(fix);
		return;
	}
	room_release(room);
	*room = (struct room){ .bytes = bytes, .why = why, .fix = fix };
}

static uint64_t left(uint64_t limit, uint64_t used)
{
	return limit > used ? limit - used : 0;
}

/* A limit in pages can stand for "none". */
static uint64_t pages_left(uint64_t limit, uint64_t used, uint64_t page)
{
	uint64_t bytes;

	return __builtin_mul_overflow(left(limit, used), page, &bytes) ? UINT64_MAX : bytes;
}

/* What libpin advises first against @reason, which is a resource. */
static char *remedy(uint32_t reason)
{
	return text_format("%s", libpin_remedy_command(libpin_reason_remedy(reason, 0)));
}

static void bound_by_limits(struct room *room, const struct libpin_info *info)
{
	uint64_t page = libpin_info_page_size(info), bytes;
	char text[SIZE_TEXT_MAX];

	bytes = pages_left(libpin_info_user_limit_pages(info),
			   libpin_info_user_charged_pages(info), page);
	bound(room, bytes, text_format("RLIMIT_MEMLOCK leaves %s", size_to_text(bytes, text)),
	      remedy(PIN_REASON_MEMLOCK_LIMIT));
	bytes = pages_left(libpin_info_system_cap_pages(info),
			   libpin_info_system_pinned_pages(info), page);
	bound(room, bytes, text_format("the module's max_pages leaves %s",
				       size_to_text(bytes, text)),
	      remedy(PIN_REASON_SYSTEM_CAP));
}

static void bound_by_cgroup(struct room *room, struct system *system)
{
	char group[1024], text[SIZE_TEXT_MAX];
	uint64_t used, limit, bytes;

	if (!cgroup_path(system, "/proc/self/cgroup", group, sizeof(group)) ||
	    !cgroup_memory(system, group, &used, &limit))
		return;
	bytes = (limit - used) / 2;
	bound(room, bytes, text_format("half of what memory.max of the cgroup leaves is %s",
				       size_to_text(bytes, text)), NULL);
}

static void bound_by_memory(struct room *room, struct system *system)
{
	char value[32], text[SIZE_TEXT_MAX];
	uint64_t bytes;

	if (!system_field(system, "/proc/meminfo", "MemAvailable", value, sizeof(value)))
		return;
	bytes = strtoull(value, NULL, 10) * 1024 / 2;
	bound(room, bytes, text_format("half of the memory that is available is %s",
				       size_to_text(bytes, text)), NULL);
}

/* What is free but promised to a mapping is not to be had. */
static void bound_by_pool(struct room *room, struct system *system, uint64_t wanted)
{
	uint64_t all, unused, reserved, have, want = (wanted + HUGE_SIZE - 1) / HUGE_SIZE;

	if (!system_number(system, POOL "nr_hugepages", &all) ||
	    !system_number(system, POOL "free_hugepages", &unused) ||
	    !system_number(system, POOL "resv_hugepages", &reserved)) {
		bound(room, 0, text_format("this kernel has no pool of 2M pages"), NULL);
		return;
	}
	have = left(unused, reserved);
	bound(room, have * HUGE_SIZE,
	      text_format("the pool of 2M pages has %" PRIu64 " free", have),
	      text_format("echo %" PRIu64 " | sudo tee " POOL "nr_hugepages",
			  all + left(want, have)));
}

static void bound_by_thp(struct room *room, struct system *system)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
	char line[128];

	if (!system_line(system, path, line, sizeof(line)))
		bound(room, 0, text_format("this kernel has no transparent huge pages"), NULL);
	else if (strstr(line, "[never]"))
		bound(room, 0, text_format("transparent huge pages are off"),
		      text_format("echo madvise | sudo tee %s", path));
}

void room_find(struct room *room, const struct libpin_info *info, const struct buffer_kind *kind,
	       uint64_t wanted)
{
	struct system *system;

	*room = (struct room){ .bytes = wanted };
	system_open(&system, NULL);
	if (kind->pool) {
		bound_by_pool(room, system, wanted);
	} else {
		bound_by_memory(room, system);
		bound_by_cgroup(room, system);
	}
	if (kind->huge && !kind->pool)
		bound_by_thp(room, system);
	bound_by_limits(room, info);
	room->bytes -= room->bytes % buffer_step(kind);
	system_close(system);
}

void room_release(struct room *room)
{
	free(room->why);
	free(room->fix);
	*room = (struct room){ 0 };
}
