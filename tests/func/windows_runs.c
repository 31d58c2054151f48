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
	MEMORIES
};

static const uint32_t reasons[MEMORIES] = {
	[HOLE] = PIN_REASON_HOLE,
	[NO_ACCESS] = PIN_REASON_NOT_WRITABLE,
	[SHARED_FILE] = PIN_REASON_FILE_DIRTY_TRACKING,
	[FSDAX] = PIN_REASON_FSDAX,
};

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
	int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
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
		ck_assert_uint_ge(queried.charged_pages, LENGTH / page);
	expect_read(arg->id, 0, seen, arg->length);
	ck_assert(!memcmp(seen, addr, arg->length));
	expect_written(arg->id, arg->length - page, "pin", 3);
	ck_assert(!memcmp(addr + arg->length - page, "pin", 3));
	free(seen);
	ck_assert_int_eq(unpin(arg->id), 0);
}

static void expect_refusal(const struct pin_pin *arg, enum memory tail)
{
	uint32_t reason = arg->refusal.reason;

	ck_assert_msg(reason == PIN_REASON_MAPPING_CHANGED ||
		      (tail >= PINNABLE && reason == reasons[tail]),
		      "refused for %s", reason_name(reason));
	ck_assert_uint_eq(arg->id, 0);
	ck_assert_uint_eq(arg->pages, 0);
}

/*
 * One page less than two huge ones, so that hugetlb costs more than was charged for
 * anything else.
 */
static void replace_at(const char *point, enum memory from, enum memory to,
		       size_t kept)
{
	struct counters before = counters_read();
	char *addr = make_room();
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = LENGTH - page,
	};
	struct held held;
	int err;

	map_memory(from, addr, LENGTH);
	held_start(&held, PIN_IOC_PIN, &arg, point, 1);
	map_memory(to, addr + kept, LENGTH - kept);
	err = held_finish(&held, point);
	if (err) {
		ck_assert_int_eq(err, -reason_errno(arg.refusal.reason));
		expect_refusal(&arg, to);
	} else {
		ck_assert_uint_lt(to, PINNABLE);
		expect_true_pin(addr, &arg, to);
	}
	munmap(addr, LENGTH);
	counters_expect(&before, "after the replacement");
}

START_TEST(after_the_judgement)
{
	replace_at("judged", _i / MEMORIES, _i % MEMORIES, 0);
}
END_TEST

START_TEST(between_batches)
{
	replace_at("pinned", _i / MEMORIES, _i % MEMORIES, HUGE);
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
	tcase_add_loop_test(tcase, after_gup, 0, PINNABLE);
	suite_add_tcase(suite, tcase);
	return suite;
}
