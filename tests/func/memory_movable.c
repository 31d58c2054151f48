// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory in places that must stay free of long-term pins: ZONE_MOVABLE on a machine
 * with movablecore=, CMA on one with cma=.
 */
#include "memory.h"

#include "harness.h"
#include "pageproof.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGES	8

#define POOL	"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

static char *place_in_zone_movable(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);
	int i;

	touch(place, PAGES * page);
	for (i = 0; i < PAGES; i++)
		ck_assert_msg(is_in_zone_movable(place + i * page),
			      "page %d is not in ZONE_MOVABLE", i);
	return place;
}

static void make_movable(struct memory *memory)
{
	place_in_zone_movable(memory);
}

static void make_movable_memfd(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = memory_owns(memory, memfd_create("movable", MFD_CLOEXEC),
			     "memfd_create");

	ck_assert_int_eq(ftruncate(fd, PAGES * page), 0);
	memory_map(place, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(place, PAGES * page);
	ck_assert(is_in_zone_movable(place));
}

static void make_movable_thp(struct memory *memory)
{
	char *place = memory_place(memory, MEMORY_HUGE, MEMORY_HUGE);

	memory_map(place, MEMORY_HUGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_int_eq(madvise(place, MEMORY_HUGE, MADV_HUGEPAGE), 0);
	touch(place, page);
	memory_prove_flag(place, MEMORY_HUGE, PAGEFLAG_THP);
	ck_assert(is_in_zone_movable(place));
}

/* A reference that nobody gives back: the page cannot be moved. */
static void hold_page(struct memory *memory, char *addr)
{
	struct iovec range = { .iov_base = addr, .iov_len = page };
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	memory_owns(memory, ends[0], "pipe");
	memory_owns(memory, ends[1], "pipe");
	ck_assert_int_eq(vmsplice(ends[1], &range, 1, 0), page);
}

/* The fifth page. */
static void make_movable_held(struct memory *memory)
{
	hold_page(memory, place_in_zone_movable(memory) + 4 * page);
}

/* The pool is made of what ZONE_MOVABLE has. */
static char *place_movable_hugetlb(struct memory *memory, int flags)
{
	char *place = memory_place(memory, 2 * MEMORY_HUGE, MEMORY_HUGE);

	ck_assert_int_eq(kernel_write(POOL, "0"), 0);
	ck_assert_int_eq(kernel_write(POOL, "4"), 0);
	ck_assert_int_eq(kernel_read(POOL), 4);
	memory_map(place, 2 * MEMORY_HUGE, PROT_READ | PROT_WRITE,
		   MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);
	return place;
}

static void touch_movable_hugetlb(struct memory *memory, int flags)
{
	char *place = place_movable_hugetlb(memory, flags);

	touch(place, 2 * MEMORY_HUGE);
	memory_prove_flag(place, 2 * MEMORY_HUGE, PAGEFLAG_HUGETLB);
	ck_assert(is_in_zone_movable(place));
	ck_assert(is_in_zone_movable(place + MEMORY_HUGE));
}

static void make_movable_hugetlb(struct memory *memory)
{
	touch_movable_hugetlb(memory, MAP_PRIVATE);
}

static void make_movable_hugetlb_shared(struct memory *memory)
{
	touch_movable_hugetlb(memory, MAP_SHARED);
}

/* GUP looks for a huge page that may stay, and finds none. */
static void make_movable_hugetlb_pool(struct memory *memory)
{
	ck_assert(!is_present(place_movable_hugetlb(memory, MAP_PRIVATE)));
}

#define CMA_SEARCH	(32UL << 20)

static bool all_in_cma(const char *place)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (!is_in_cma(place + i * page))
			return false;
	return true;
}

/* The first pages in a row that lie in CMA, among many. */
static char *place_in_cma(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, CMA_SEARCH);
	char *end = place + CMA_SEARCH;

	touch(place, CMA_SEARCH);
	while (place < end && !all_in_cma(place))
		place += PAGES * page;
	ck_assert_msg(place < end, "no page is in CMA");
	memory_is(memory, place - MEMORY_LEAD * page, (MEMORY_LEAD + PAGES) * page);
	return place;
}

static void make_cma(struct memory *memory)
{
	place_in_cma(memory);
}

/* The fifth page. */
static void make_cma_held(struct memory *memory)
{
	hold_page(memory, place_in_cma(memory) + 4 * page);
}

const struct memory_kind memory_movable[] = {
	{ "movable", make_movable },
	{ "movable-memfd", make_movable_memfd },
	{ "movable-thp", make_movable_thp },
	{ "movable-held", make_movable_held },
	{ "movable-hugetlb", make_movable_hugetlb },
	{ "movable-hugetlb-shared", make_movable_hugetlb_shared },
	{ "movable-hugetlb-pool", make_movable_hugetlb_pool },
	{ }
};

const struct memory_kind memory_cma[] = {
	{ "cma", make_cma },
	{ "cma-held", make_cma_held },
	{ }
};
