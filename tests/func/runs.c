// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A pin has the very pages that the process sees, in whatever order they are
 * mapped: before and after fork, and when copies are made on write.
 */
#include "copy.h"
#include "harness.h"
#include "phys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

enum source {
	ANON,		/* moved into its order by mremap */
	ANON_THP,
	MEMFD,
	MEMFD_THP,	/* a huge page mapped small page by small page */
	HUGETLB,
};

enum order {
	CONSECUTIVE,
	REVERSED,
	STRIDED,
	REPEATED,	/* each page at three addresses */
};

struct shape {
	enum source source;
	enum order order;
	bool shared;
};

static const struct shape shapes[] = {
	{ ANON, CONSECUTIVE, false },
	{ ANON, REVERSED, false },
	{ ANON, STRIDED, false },
	{ ANON_THP, CONSECUTIVE, false },
	{ ANON_THP, REVERSED, false },
	{ ANON_THP, STRIDED, false },
	{ MEMFD, CONSECUTIVE, true },
	{ MEMFD, REVERSED, true },
	{ MEMFD, STRIDED, true },
	{ MEMFD, REPEATED, true },
	{ MEMFD, CONSECUTIVE, false },
	{ MEMFD, REVERSED, false },
	{ MEMFD, STRIDED, false },
	{ MEMFD, REPEATED, false },
	{ MEMFD_THP, CONSECUTIVE, true },
	{ MEMFD_THP, REVERSED, true },
	{ MEMFD_THP, STRIDED, true },
	{ MEMFD_THP, REPEATED, true },
	{ MEMFD_THP, CONSECUTIVE, false },
	{ MEMFD_THP, REVERSED, false },
	{ MEMFD_THP, STRIDED, false },
	{ HUGETLB, CONSECUTIVE, true },
	{ HUGETLB, REVERSED, true },
	{ HUGETLB, STRIDED, true },
	{ HUGETLB, REPEATED, true },
	{ HUGETLB, CONSECUTIVE, false },
	{ HUGETLB, REVERSED, false },
	{ HUGETLB, STRIDED, false },
};

#define SHAPES	(sizeof(shapes) / sizeof(*shapes))

/* Memory of one shape; @units are what the order is about, @whole is where they come from. */
struct area {
	const struct shape *shape;
	unsigned char *addr;
	size_t length;
	size_t whole;
	size_t unit;
	size_t units;
};

static size_t place(const struct area *area, size_t i)
{
	switch (area->shape->order) {
	case REVERSED:
		return area->units - 1 - i;
	case STRIDED:
		/* All numbers of units here are coprime to 3. */
		return i * 3 % area->units;
	case REPEATED:
		return i / 3;
	default:
		return i;
	}
}

/* Room whose address is a multiple of a huge page. */
static unsigned char *reserve(size_t length)
{
	unsigned char *room = mmap(NULL, length + HUGE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(room, MAP_FAILED);
	return (unsigned char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));
}

/* Every page differs, and so does every word in it; an emulator is slow. */
static void fill(void *bytes, size_t length, unsigned int seed)
{
	uint64_t *words = bytes;
	size_t i;

	for (i = 0; i < length / sizeof(*words); i++)
		words[i] = i * 0x9E3779B97F4A7C15ULL + seed;
}

static void move_anon(struct area *area)
{
	unsigned char *from = reserve(area->whole);
	size_t i;

	ck_assert_ptr_eq(mmap(from, area->whole, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), from);
	madvise(from, area->whole, area->shape->source == ANON_THP ?
				   MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	fill(from, area->length, 1);
	if (area->shape->source == ANON_THP)
		ck_assert_msg(phys_is_thp(from), "no transparent huge page");
	for (i = 0; i < area->units; i++) {
		void *to = area->addr + i * area->unit;

		ck_assert_ptr_eq(mremap(from + place(area, i) * area->unit,
					area->unit, area->unit,
					MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	}
	munmap(from, area->whole);
}

/* Whether files in memory are huge is for the whole system. */
static void choose_shmem_thp(const char *choice)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "we");

	ck_assert_ptr_nonnull(file);
	fputs(choice, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void map_memfd(struct area *area)
{
	bool thp = area->shape->source == MEMFD_THP;
	int flags = area->shape->source == HUGETLB ? MFD_HUGETLB : 0;
	int share = area->shape->shared ? MAP_SHARED : MAP_PRIVATE;
	int fd = memfd_create("runs", MFD_CLOEXEC | flags);
	unsigned char *all = reserve(area->whole);
	size_t i;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, area->whole), 0);
	if (thp)
		choose_shmem_thp("force");
	/* Aligned, or there would be no huge page. */
	ck_assert_ptr_eq(mmap(all, area->whole, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), all);
	/* So that memory is compacted if there is no huge page. */
	if (thp)
		madvise(all, area->whole, MADV_HUGEPAGE);
	fill(all, area->length, 1);
	if (thp) {
		choose_shmem_thp("never");
		ck_assert_msg(phys_is_thp(all), "no transparent huge page");
	}
	for (i = 0; i < area->units; i++)
		ck_assert_ptr_ne(mmap(area->addr + i * area->unit, area->unit,
				      PROT_READ | PROT_WRITE, share | MAP_FIXED, fd,
				      place(area, i) * area->unit), MAP_FAILED);
	munmap(all, area->whole);
	close(fd);
}

/*
 * Each page becomes a mapping of its own, and to make those takes the debug kernel long:
 * of a huge page it has the first quarter.
 */
static size_t pages_of_thp(void)
{
	return HUGE / page / (access("/sys/kernel/debug/kmemleak", F_OK) ? 1 : 4);
}

static struct area make_area(const struct shape *shape)
{
	struct area area = { .shape = shape, .unit = page, .units = 32 };

	if (shape->source == HUGETLB) {
		area.unit = HUGE;
		area.units = 4;
	} else if (shape->source == ANON_THP || shape->source == MEMFD_THP) {
		area.units = pages_of_thp();
		area.whole = HUGE;
	}
	area.length = area.units * area.unit;
	if (!area.whole)
		area.whole = area.length;
	area.addr = reserve(area.length);
	if (shape->source == ANON || shape->source == ANON_THP)
		move_anon(&area);
	else
		map_memfd(&area);
	return area;
}

/* A second process with the same memory, which waits for its turns. */
struct relative {
	pid_t pid;
	int turns;
};

/* What the child sees when its turn comes; then it writes something of its own. */
static void live_as_relative(const struct area *area, const unsigned char *at_fork,
			     int turns)
{
	char byte;

	if (read(turns, &byte, 1) != 1)
		_exit(1);
	if (!area->shape->shared && memcmp(area->addr, at_fork, area->length))
		_exit(2);
	fill(area->addr, area->length, 77);
	if (write(turns, &byte, 1) != 1 || read(turns, &byte, 1) != 1)
		_exit(3);
	_exit(0);
}

static struct relative fork_relative(const struct area *area)
{
	unsigned char *at_fork = malloc(area->length);
	struct relative relative;
	int ends[2];

	memcpy(at_fork, area->addr, area->length);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	relative.pid = fork_child();
	if (!relative.pid) {
		close(ends[0]);
		live_as_relative(area, at_fork, ends[1]);
	}
	close(ends[1]);
	free(at_fork);
	relative.turns = ends[0];
	return relative;
}

static void relative_writes(const struct relative *relative)
{
	char byte = 0;
	int status;

	ck_assert_int_eq(write(relative->turns, &byte, 1), 1);
	if (read(relative->turns, &byte, 1) == 1)
		return;
	ck_assert_int_eq(waitpid(relative->pid, &status, 0), relative->pid);
	ck_abort_msg("the child saw what it must not: status %#x", status);
}

static void relative_ends(const struct relative *relative)
{
	char byte = 0;

	ck_assert_int_eq(write(relative->turns, &byte, 1), 1);
	ck_assert_int_eq(waitpid(relative->pid, NULL, 0), relative->pid);
	close(relative->turns);
}

static void expect_same_view(const struct area *area, uint64_t id)
{
	unsigned char *seen = malloc(area->length);

	memset(seen, POISON, area->length);
	expect_read(id, 0, seen, area->length);
	ck_assert(!memcmp(seen, area->addr, area->length));
	free(seen);
}

static void write_and_compare(const struct area *area, uint64_t id)
{
	unsigned char *wanted = malloc(area->length);

	fill(wanted, area->length, 55);
	expect_written(id, 0, wanted, area->length);
	expect_same_view(area, id);
	/* Where a page is at several addresses the last one counts. */
	if (area->shape->order != REPEATED)
		ck_assert(!memcmp(wanted, area->addr, area->length));
	free(wanted);
}

/* A part that begins and ends within a page, and for huge ones within one. */
static void expect_true_part(const struct area *area, uint32_t flags)
{
	unsigned char *addr = area->addr + 3 * page + 100;
	size_t length = area->length - 10 * page, bytes = 3 * page;
	unsigned char *seen = malloc(bytes);
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(addr, length, flags, &arg), 0);
	expect_true_runs(arg.id, addr, length);
	expect_read(arg.id, length - bytes, seen, bytes);
	ck_assert(!memcmp(seen, addr + length - bytes, bytes));
	ck_assert_int_eq(unpin(arg.id), 0);
	free(seen);
}

/* The first word as fill() makes it. */
static bool is_word(const struct area *area, uint64_t seed)
{
	return !memcmp(area->addr, &seed, sizeof(seed));
}

static void expect_true_pin(const struct area *area, uint32_t flags, bool fork_first)
{
	struct relative relative;
	struct pin_pin arg;

	if (fork_first)
		relative = fork_relative(area);
	ck_assert_int_eq(pin_range(area->addr, area->length, flags, &arg), 0);
	expect_true_runs(arg.id, area->addr, area->length);
	expect_same_view(area, arg.id);
	if (!fork_first)
		relative = fork_relative(area);

	fill(area->addr, area->length, 3);
	expect_same_view(area, arg.id);
	if (flags & PIN_F_WRITE)
		write_and_compare(area, arg.id);
	relative_writes(&relative);
	expect_same_view(area, arg.id);
	/* What the child wrote is seen where memory is shared, and only there. */
	if (area->shape->order != REPEATED)
		ck_assert_int_eq(is_word(area, 77), area->shape->shared);
	expect_true_part(area, flags);
	relative_ends(&relative);

	fill(area->addr, area->length, 4);
	expect_same_view(area, arg.id);
	expect_true_runs(arg.id, area->addr, area->length);
	ck_assert_int_eq(unpin(arg.id), 0);
}

/* In one mapping a huge page, and in its middle pages that took the place of some of it. */
START_TEST(torn_huge_page)
{
	unsigned char *addr = reserve(HUGE), *seen = malloc(HUGE);
	struct pin_pin arg;

	ck_assert_ptr_eq(mmap(addr, HUGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), addr);
	ck_assert_int_eq(madvise(addr, HUGE, MADV_HUGEPAGE), 0);
	fill(addr, HUGE, 1);
	ck_assert_msg(phys_is_thp(addr), "no transparent huge page");
	ck_assert_int_eq(madvise(addr + 7 * page, page, MADV_DONTNEED), 0);
	ck_assert_int_eq(madvise(addr + 100 * page, 2 * page, MADV_DONTNEED), 0);
	fill(addr + 7 * page, page, 2);
	fill(addr + 100 * page, 2 * page, 3);

	ck_assert_int_eq(pin_range(addr, HUGE, _i ? PIN_F_WRITE : 0, &arg), 0);
	expect_true_runs(arg.id, addr, HUGE);
	expect_read(arg.id, 0, seen, HUGE);
	ck_assert(!memcmp(seen, addr, HUGE));
	ck_assert_int_eq(unpin(arg.id), 0);
	munmap(addr, HUGE);
	free(seen);
}
END_TEST

/* The pages of huge ones become pages of their own, where they are. */
static void split_huge_pages(const void *addr, size_t length)
{
	FILE *file = fopen("/sys/kernel/debug/split_huge_pages", "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_gt(fprintf(file, "%d,%#lx,%#lx", getpid(), (unsigned long)addr,
				 (unsigned long)addr + length), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert(!phys_is_thp(addr));
}

/* More small pages in a row than a run of few of them has room for, and then others. */
START_TEST(long_runs_of_small_pages)
{
	unsigned char *addr = reserve(2 * HUGE), *seen = malloc(2 * HUGE);
	uint64_t *phys = calloc(HUGE / page, sizeof(*phys));
	struct pin_pin arg;
	size_t i;

	ck_assert_ptr_eq(mmap(addr, 2 * HUGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), addr);
	ck_assert_int_eq(madvise(addr, 2 * HUGE, MADV_HUGEPAGE), 0);
	fill(addr, 2 * HUGE, 1);
	ck_assert_msg(phys_is_thp(addr), "no transparent huge page");
	split_huge_pages(addr, 2 * HUGE);
	/* The second one in a row no more: who frees a page is given the same one again. */
	ck_assert_int_eq(madvise(addr + HUGE, page, MADV_DONTNEED), 0);
	touch(map_anon(64 * page), 64 * page);
	fill(addr + HUGE, page, 2);
	phys_of_range(addr, phys, HUGE / page);
	for (i = 1; i < HUGE / page; i++)
		ck_assert_uint_eq(phys[i], phys[0] + i * page);

	ck_assert_int_eq(pin_range(addr, 2 * HUGE, _i ? PIN_F_WRITE : 0, &arg), 0);
	ck_assert_uint_ge(arg.runs, 2);
	expect_true_runs(arg.id, addr, 2 * HUGE);
	expect_read(arg.id, 0, seen, 2 * HUGE);
	ck_assert(!memcmp(seen, addr, 2 * HUGE));
	ck_assert_int_eq(unpin(arg.id), 0);
	munmap(addr, 2 * HUGE);
	free(phys);
	free(seen);
}
END_TEST

/* For reading and for writing; pinned before a fork and after it. */
START_TEST(pages_are_those_mapped)
{
	const struct shape *shape = &shapes[_i / 4];
	struct area area = make_area(shape);

	expect_true_pin(&area, _i & 1 ? PIN_F_WRITE : 0, _i & 2);
	munmap(area.addr, area.length);
}
END_TEST

/* Of the first page only the last byte, of the last page only the first. */
static void expect_true_middle(const struct area *area, size_t pages)
{
	unsigned char *addr = area->addr + page - 1;
	size_t length = (pages - 2) * page + 2;
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(addr, length, PIN_F_WRITE, &arg), 0);
	ck_assert_uint_eq(arg.pages, pages);
	expect_true_runs(arg.id, addr, length);
	ck_assert_int_eq(unpin(arg.id), 0);
}

/* There is more to pin than the length tells: beyond what fits on a stack, in a batch. */
START_TEST(pages_of_which_a_byte_is_asked)
{
	struct area area = make_area(&shapes[_i]);
	size_t pages;

	for (pages = 2; pages <= 515 && pages <= area.length / page; pages++)
		if (pages <= 34 || pages >= 510)
			expect_true_middle(&area, pages);
	munmap(area.addr, area.length);
}
END_TEST

Suite *runs_suite(void)
{
	Suite *suite = suite_create("runs");
	TCase *tcase = tcase_with_context("runs");

	tcase_add_loop_test(tcase, torn_huge_page, 0, 2);
	tcase_add_loop_test(tcase, long_runs_of_small_pages, 0, 2);
	tcase_add_loop_test(tcase, pages_are_those_mapped, 0, 4 * SHAPES);
	tcase_add_loop_test(tcase, pages_of_which_a_byte_is_asked, 0, SHAPES);
	suite_add_tcase(suite, tcase);
	return suite;
}
