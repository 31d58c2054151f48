// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A mapping is replaced while it is being pinned: after it was judged and before it
 * is pinned, or between two batches.  What is pinned then is what is mapped now, and
 * all of it is paid for; or it is refused.  A run that claimed a huge page for a
 * small one would give away memory.
 */
#include "copy.h"
#include "delay.h"
#include "harness.h"
#include "held.h"
#include "phys.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define LENGTH	(2 * HUGE)

enum memory {
	ANON,
	THP,
	HUGETLB,
	MEMFD,
	PINNABLE,	/* what follows is not */
	HOLE = PINNABLE,
	NO_ACCESS,
	SHARED_FILE,
	FSDAX,
	MEMORIES,
	PRIVATE_FILE	/* of which nothing was written; only to be replaced */
};

/**
 * struct replacement - a PIN during which its mapping is replaced
 * @point: the delay point
 * @from: what is mapped before
 * @to: and then
 * @kept: bytes at the front that stay
 * @start: where the PIN begins
 * @length: of the PIN
 * @flags: of the PIN
 */
struct replacement {
	const char *point;
	enum memory from;
	enum memory to;
	size_t kept;
	size_t start;
	size_t length;
	uint32_t flags;
};

/* Why a PIN of it is refused, or none. */
static uint32_t reason_of(enum memory memory, uint32_t flags)
{
	bool write = flags & PIN_F_WRITE;

	switch (memory) {
	case HOLE:
		return PIN_REASON_HOLE;
	case NO_ACCESS:
		return write ? PIN_REASON_NOT_WRITABLE : PIN_REASON_NOT_READABLE;
	case SHARED_FILE:
		return write ? PIN_REASON_FILE_DIRTY_TRACKING : PIN_REASON_NONE;
	case FSDAX:
		return PIN_REASON_FSDAX;
	default:
		return PIN_REASON_NONE;
	}
}

static int open_file(const char *dir_variable)
{
	const char *path = make_file(dir_variable, HUGE);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(unlink(path), 0);
	return fd;
}

/* The file of the kind, or -1. */
static int open_memory(enum memory memory)
{
	int fd;

	switch (memory) {
	case MEMFD:
		fd = memfd_create("windows", MFD_CLOEXEC);
		break;
	case SHARED_FILE:
	case PRIVATE_FILE:
		fd = open_file("PIN_TEST_EXT4");
		break;
	case FSDAX:
		fd = open_file("PIN_TEST_EXT4DAX");
		break;
	default:
		return -1;
	}
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, LENGTH), 0);
	return fd;
}

static void map_memory(enum memory memory, char *addr, size_t length)
{
	int fd = open_memory(memory);
	int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS :
				 memory == PRIVATE_FILE ? MAP_PRIVATE : MAP_SHARED);
	int prot = memory == NO_ACCESS ? PROT_NONE : PROT_READ | PROT_WRITE;

	if (memory == HUGETLB)
		flags |= MAP_HUGETLB;
	if (memory == HOLE) {
		munmap(addr, length);
		return;
	}
	ck_assert_ptr_eq(mmap(addr, length, prot, flags, fd, 0), addr);
	if (fd < 0 && memory != HUGETLB)
		madvise(addr, length, memory == THP ? MADV_HUGEPAGE :
						      MADV_NOHUGEPAGE);
	if (memory < PINNABLE)
		touch(addr, length);
	if (fd >= 0)
		close(fd);
}

static uint64_t whole_huge_pages(size_t length)
{
	return (length + HUGE - 1) / HUGE * (HUGE / page);
}

static char *make_room(void)
{
	char *room = mmap(NULL, LENGTH + HUGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(room, MAP_FAILED);
	return (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));
}

/* Pinned: with the pages that are there, charged whole, good for reading. */
static void expect_true_pin(char *addr, const struct pin_pin *arg, enum memory tail)
{
	unsigned char *seen = malloc(arg->length);
	struct pin_query queried;
	uint64_t pages = arg->length / page;

	ck_assert_uint_eq(arg->pages, pages);
	expect_true_runs(arg->id, addr, arg->length);
	ck_assert_int_eq(query(arg->id, &queried), 0);
	ck_assert_uint_ge(queried.charged_pages, pages);
	if (tail == HUGETLB)
		ck_assert_uint_ge(queried.charged_pages, whole_huge_pages(arg->length));
	expect_read(arg->id, 0, seen, arg->length);
	ck_assert(!memcmp(seen, addr, arg->length));
	if (arg->flags & PIN_F_WRITE) {
		expect_written(arg->id, arg->length - page, "pin", 3);
		ck_assert(!memcmp(addr + arg->length - page, "pin", 3));
	}
	free(seen);
	ck_assert_int_eq(unpin(arg->id), 0);
}

static void expect_refusal(const struct pin_pin *arg, enum memory tail)
{
	uint32_t reason = arg->refusal.reason;

	ck_assert_msg(reason == PIN_REASON_MAPPING_CHANGED ||
		      (reason && reason == reason_of(tail, arg->flags)),
		      "refused for %s", reason_name(reason));
	ck_assert_uint_eq(arg->id, 0);
	ck_assert_uint_eq(arg->pages, 0);
}

static void replace(const struct replacement *how)
{
	struct counters before = counters_read();
	char *addr = make_room();
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = how->flags,
		.addr = (uintptr_t)addr + how->start,
		.length = how->length,
	};
	struct held held;
	int err;

	map_memory(how->from, addr, LENGTH);
	held_start(&held, PIN_IOC_PIN, &arg, how->point, 1);
	map_memory(how->to, addr + how->kept, LENGTH - how->kept);
	err = held_finish(&held, how->point);
	if (err) {
		ck_assert_int_eq(err, -reason_errno(arg.refusal.reason));
		expect_refusal(&arg, how->to);
	} else {
		ck_assert_uint_eq(reason_of(how->to, how->flags), PIN_REASON_NONE);
		expect_true_pin(addr + how->start, &arg, how->to);
	}
	munmap(addr, LENGTH);
	counters_expect(&before, "after the replacement");
}

/*
 * One page less than two huge ones, so that hugetlb costs more than was charged for
 * anything else.
 */
START_TEST(after_the_judgement)
{
	replace(&(struct replacement) {
		.point = "judged",
		.from = _i / MEMORIES,
		.to = _i % MEMORIES,
		.length = LENGTH - page,
		.flags = PIN_F_WRITE,
	});
}
END_TEST

START_TEST(between_batches)
{
	replace(&(struct replacement) {
		.point = "pinned",
		.from = _i / MEMORIES,
		.to = _i % MEMORIES,
		.kept = HUGE,
		.length = LENGTH - page,
		.flags = PIN_F_WRITE,
	});
}
END_TEST

/*
 * A range that ends with the first page of a huge one, a batch of its own: none of the
 * other pages tells what it is part of.
 */
START_TEST(first_of_a_huge_page)
{
	replace(&(struct replacement) {
		.point = "judged",
		.from = _i / MEMORIES,
		.to = _i % MEMORIES,
		.kept = HUGE,
		.start = HUGE - page,
		.length = 2 * page,
		.flags = PIN_F_WRITE,
	});
}
END_TEST

/* The driver breaks COW there, by a write that asks no permission. */
START_TEST(read_pin_of_a_private_file)
{
	const bool between = _i >= MEMORIES;

	replace(&(struct replacement) {
		.point = between ? "pinned" : "judged",
		.from = PRIVATE_FILE,
		.to = _i % MEMORIES,
		.kept = between ? HUGE : 0,
		.length = LENGTH - page,
	});
}
END_TEST

/* What was pinned stays what was pinned: the pages, whatever is mapped since. */
START_TEST(after_gup)
{
	char *addr = make_room();
	size_t pages = HUGE / page, i;
	uint64_t *mapped = calloc(pages, sizeof(*mapped));
	uint64_t *pinned = calloc(pages, sizeof(*pinned));
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = HUGE,
	};
	struct held held;

	map_memory(_i, addr, HUGE);
	phys_of_range(addr, mapped, pages);
	held_start(&held, PIN_IOC_PIN, &arg, "pinned", 1);
	map_memory(_i == ANON ? HUGETLB : ANON, addr, HUGE);
	ck_assert_int_eq(held_finish(&held, "pinned"), 0);
	phys_of_pin(arg.id, pinned, pages);
	for (i = 0; i < pages; i++)
		ck_assert_uint_eq(pinned[i], mapped[i]);
	ck_assert_int_eq(unpin(arg.id), 0);
	munmap(addr, HUGE);
	free(mapped);
	free(pinned);
}
END_TEST

Suite *windows_runs_suite(void)
{
	Suite *suite = suite_create("windows-runs");
	TCase *tcase = tcase_with_context("windows-runs");

	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_loop_test(tcase, after_the_judgement, 0, PINNABLE * MEMORIES);
	tcase_add_loop_test(tcase, between_batches, 0, PINNABLE * MEMORIES);
	tcase_add_loop_test(tcase, first_of_a_huge_page, 0, PINNABLE * MEMORIES);
	tcase_add_loop_test(tcase, read_pin_of_a_private_file, 0, 2 * MEMORIES);
	tcase_add_loop_test(tcase, after_gup, 0, PINNABLE);
	suite_add_tcase(suite, tcase);
	return suite;
}
