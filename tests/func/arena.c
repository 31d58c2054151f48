// SPDX-License-Identifier: GPL-2.0-or-later
/* See arena.h. */
#include "arena.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE	(2UL << 20)

static const char *path;

/* Maps it over @room, which is reserved: nothing else is ever mapped there. */
static void make_area(struct area *area, char *room, size_t length, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	area->fd = fd;
	area->length = length;
	area->addr = mmap(room, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	ck_assert_msg(area->addr == room, "mmap: %s", strerror(errno));
	if (length == HUGE_PAGE)
		ck_assert_int_eq(madvise(room, length, MADV_HUGEPAGE), 0);
	ck_assert_int_eq(madvise(room, length, MADV_POPULATE_WRITE), 0);
}

static int make_memfd(size_t length)
{
	int fd = memfd_create("arena", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, length), 0);
	return fd;
}

static int make_dax_file(size_t length)
{
	int fd;

	path = strdup(make_file("PIN_TEST_EXT4DAX", length));
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* Each at the beginning of address space for a huge page. */
static char *reserve(unsigned int count)
{
	char *room = mmap(NULL, (count + 1) * HUGE_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(room, MAP_FAILED);
	return (char *)(((uintptr_t)room + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
}

struct arena *arena_open(void)
{
	struct arena *arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *room = reserve(AREAS + ARENA_ACTORS);
	size_t length = ARENA_PAGES * page;
	struct area *areas;
	int i;

	ck_assert_ptr_ne(arena, MAP_FAILED);
	areas = arena->areas;
	make_area(&areas[AREA_ANON], room, length, -1);
	make_area(&areas[AREA_HUGE], room += HUGE_PAGE, HUGE_PAGE, -1);
	make_area(&areas[AREA_SHARED], room += HUGE_PAGE, length, make_memfd(length));
	make_area(&areas[AREA_DAX], room += HUGE_PAGE, length, make_dax_file(length));
	for (i = 0; i < ARENA_ACTORS; i++)
		arena->spare[i] = room += HUGE_PAGE;
	return arena;
}

/* The memory goes with the process. */
void arena_close(struct arena *arena)
{
	close(arena->areas[AREA_SHARED].fd);
	close(arena->areas[AREA_DAX].fd);
	ck_assert_int_eq(unlink(path), 0);
}

unsigned int arena_choose(struct player *player, unsigned int count)
{
	return rand_r(&player->seed) % count;
}

struct area arena_part_of(struct player *player, enum area_kind kind)
{
	struct area part = player->arena->areas[kind];
	unsigned int pages = part.length / page, first = arena_choose(player, pages);

	pages -= first;
	if (pages > 16)
		pages = 16;
	part.addr += first * page;
	part.offset = first * page;
	part.length = (1 + arena_choose(player, pages)) * page;
	return part;
}

struct area arena_part(struct player *player)
{
	return arena_part_of(player, arena_choose(player, AREAS));
}

uint64_t arena_pin(struct player *player, int fd)
{
	struct area part = arena_part(player);
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE | PIN_F_LEASE,
		.addr = (uintptr_t)part.addr,
		.length = part.length,
	};

	return ioctl(fd, PIN_IOC_PIN, &arg) ? 0 : arg.id;
}

static uint64_t *slot(struct player *player)
{
	return &player->arena->ids[arena_choose(player, ARENA_SLOTS)];
}

uint64_t arena_look(struct player *player)
{
	return __atomic_load_n(slot(player), __ATOMIC_RELAXED);
}

uint64_t arena_put(struct player *player, uint64_t id)
{
	return __atomic_exchange_n(slot(player), id, __ATOMIC_RELAXED);
}

uint64_t arena_take(struct player *player)
{
	return arena_put(player, 0);
}
