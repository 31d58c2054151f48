// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that can be pinned, for read and for write, and what QUERY says of it. */
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

static const uint32_t both[] = { 0, PIN_F_WRITE };

static void pin_both_ways(void *addr, size_t length)
{
	size_t i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(unpin(expect_pinned(addr, length, both[i])), 0);
}

START_TEST(anonymous)
{
	char *addr = map_anon(64 * page);

	touch(addr, 64 * page);
	pin_both_ways(addr, 64 * page);
	/* Any address, any length. */
	pin_both_ways(addr + 1, 1);
	pin_both_ways(addr + page - 1, 2);
	pin_both_ways(addr + 7, 17 * page + 11);
}
END_TEST

START_TEST(never_touched)
{
	pin_both_ways(map_anon(64 * page), 64 * page);
	ck_assert_int_eq(unpin(expect_pinned(map_anon(3000 * page), 3000 * page,
					     PIN_F_WRITE)), 0);
}
END_TEST

START_TEST(thp)
{
	char *room = map_anon(3 * HUGE);
	char *addr = (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));
	struct pin_pin arg;

	ck_assert_int_eq(madvise(addr, HUGE, MADV_HUGEPAGE), 0);
	touch(addr, HUGE);
	pin_both_ways(addr, HUGE);
	ck_assert_int_eq(pin_range(addr, HUGE, PIN_F_WRITE, &arg), 0);
	/* One huge page is one run; else the memory was too fragmented. */
	ck_assert_uint_eq(arg.runs, 1);
	ck_assert_int_eq(unpin(arg.id), 0);
	/* Not aligned to the huge page. */
	pin_both_ways(addr + 5 * page, HUGE - 11 * page);
}
END_TEST

/* Each page's pfn by /proc/self/pagemap, to compare with the number of runs. */
static uint64_t count_runs(const char *addr, size_t pages)
{
	uint64_t previous = 0, runs = 0, entry;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i;

	ck_assert_int_ge(fd, 0);
	for (i = 0; i < pages; i++) {
		off_t at = ((uintptr_t)addr / page + i) * 8;
		uint64_t pfn;

		ck_assert_int_eq(pread(fd, &entry, 8, at), 8);
		pfn = entry & ((1ULL << 55) - 1);
		ck_assert_uint_ne(pfn, 0);
		if (!i || pfn != previous + 1)
			runs++;
		previous = pfn;
	}
	close(fd);
	return runs;
}

/* One page mapped many times, and a file mapped backwards: nothing to merge. */
START_TEST(runs_are_consecutive)
{
	const size_t pages = 64;
	int fd = memfd_create("runs", MFD_CLOEXEC);
	char *addr = map_anon(pages * page);
	struct pin_pin arg;
	size_t i;

	ck_assert_int_eq(ftruncate(fd, pages * page), 0);
	for (i = 0; i < pages; i++)
		ck_assert_ptr_ne(mmap(addr + i * page, page, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	ck_assert_int_eq(pin_range(addr, pages * page, PIN_F_WRITE, &arg), 0);
	ck_assert_uint_eq(arg.runs, pages);
	ck_assert_int_eq(unpin(arg.id), 0);

	for (i = 0; i < pages; i++)
		ck_assert_ptr_ne(mmap(addr + i * page, page, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_FIXED, fd,
				      (pages - 1 - i) * page), MAP_FAILED);
	touch(addr, pages * page);
	ck_assert_int_eq(pin_range(addr, pages * page, PIN_F_WRITE, &arg), 0);
	ck_assert_uint_eq(arg.runs, count_runs(addr, pages));
	ck_assert_int_eq(unpin(arg.id), 0);
	close(fd);
}
END_TEST

START_TEST(runs_match_pagemap)
{
	const size_t pages = 4096;
	char *addr = map_anon(pages * page);
	struct pin_pin arg;

	touch(addr, pages * page);
	ck_assert_int_eq(pin_range(addr, pages * page, PIN_F_WRITE, &arg), 0);
	ck_assert_uint_eq(arg.runs, count_runs(addr, pages));
	ck_assert_int_eq(unpin(arg.id), 0);
}
END_TEST

START_TEST(hugetlb)
{
	char *addr = map_hugetlb(4 * HUGE, MAP_PRIVATE);
	struct pin_query queried;
	uint64_t id;

	pin_both_ways(addr, 4 * HUGE);
	/* A part of two huge pages is charged both of them. */
	id = expect_pinned(addr + HUGE - page, 2 * page, PIN_F_WRITE);
	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_uint_eq(queried.pages, 2);
	ck_assert_uint_eq(queried.charged_pages, 2 * HUGE / page);
	ck_assert_uint_eq(queried.runs, 2);
	ck_assert_int_eq(unpin(id), 0);
	munmap(addr, 4 * HUGE);

	addr = map_hugetlb(2 * HUGE, MAP_SHARED);
	touch(addr, 2 * HUGE);
	pin_both_ways(addr, 2 * HUGE);
	munmap(addr, 2 * HUGE);
}
END_TEST

/* The huge page stays with its pin: it goes back to the pool only with it. */
static unsigned long free_huge_pages(void)
{
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
			   "re");
	unsigned long count;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%lu", &count), 1);
	fclose(file);
	return count;
}

START_TEST(hugetlb_outlives_munmap)
{
	unsigned long before = free_huge_pages();
	char *addr = map_hugetlb(2 * HUGE, MAP_PRIVATE);
	uint64_t id = expect_pinned(addr, 2 * HUGE, PIN_F_WRITE);

	munmap(addr, 2 * HUGE);
	ck_assert_uint_eq(free_huge_pages(), before - 2);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_uint_eq(free_huge_pages(), before);
}
END_TEST

START_TEST(shmem)
{
	char *addr = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("kinds", MFD_CLOEXEC);

	ck_assert_ptr_ne(addr, MAP_FAILED);
	pin_both_ways(addr, 16 * page);

	ck_assert_int_eq(ftruncate(fd, 16 * page), 0);
	addr = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	pin_both_ways(addr, 16 * page);
	addr = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	pin_both_ways(addr, 16 * page);
	close(fd);
}
END_TEST

START_TEST(files)
{
	const char *path = make_file("PIN_TEST_EXT4", 8 * page);
	void *addr;

	addr = map_file(path, 8 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	pin_both_ways(addr, 8 * page);
	addr = map_file(path, 8 * page, PROT_READ, MAP_SHARED);
	ck_assert_int_eq(unpin(expect_pinned(addr, 8 * page, 0)), 0);
	addr = map_file(path, 8 * page, PROT_READ, MAP_PRIVATE);
	ck_assert_int_eq(unpin(expect_pinned(addr, 8 * page, 0)), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(device_dax)
{
	const char *path = need_env("PIN_TEST_DEVDAX");
	char *addr = map_file(path, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	struct pin_pin arg;

	pin_both_ways(addr, 3 * HUGE);
	touch(addr, 3 * HUGE);
	pin_both_ways(addr, 3 * HUGE);
	pin_both_ways(addr + page, HUGE + 3 * page);
	ck_assert_int_eq(pin_range(addr, 3 * HUGE, PIN_F_WRITE, &arg), 0);
	/* A device is one piece of memory. */
	ck_assert_uint_eq(arg.runs, 1);
	ck_assert_int_eq(unpin(arg.id), 0);
}
END_TEST

/* Several mappings of different kinds under one pin. */
START_TEST(mixed)
{
	const size_t part = 8 * page;
	int fd = memfd_create("mixed", MFD_CLOEXEC);
	char *addr = map_anon(3 * part);

	ck_assert_int_eq(ftruncate(fd, part), 0);
	ck_assert_ptr_ne(mmap(addr + part, part, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	pin_both_ways(addr, 3 * part);
	pin_both_ways(addr + part - 1, 2);
	close(fd);
}
END_TEST

START_TEST(query_nodes)
{
	char *addr = map_anon(100 * page);
	uint64_t id = expect_pinned(addr, 100 * page, PIN_F_WRITE);
	uint64_t nodes[1024] = { 0 }, sum = 0;
	struct pin_query arg;
	unsigned int i, count;

	ck_assert_int_eq(query(id, &arg), 0);
	count = arg.nodes_count;
	ck_assert_uint_ge(count, 1);
	ck_assert_uint_lt(count, 1024);

	memset(&arg, POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = 0;
	arg.id = id;
	arg.__reserved = 0;
	arg.nodes = (uintptr_t)nodes;
	arg.nodes_capacity = count;
	nodes[count] = 77;
	ck_assert_int_eq(call(PIN_IOC_QUERY, &arg), 0);
	for (i = 0; i < count; i++)
		sum += nodes[i];
	ck_assert_uint_eq(sum, 100);
	ck_assert_uint_eq(nodes[count], 77);

	if (count > 1) {
		arg.nodes_capacity = count - 1;
		ck_assert_int_eq(call(PIN_IOC_QUERY, &arg), -EMSGSIZE);
		ck_assert_uint_eq(arg.nodes_count, count);
		ck_assert_uint_eq(arg.pages, 0);
	}
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_int_eq(query(id, &arg), -ENOENT);
	ck_assert_int_eq(unpin(id), -ENOENT);
}
END_TEST

/* The first byte of a pin, as a device would see it. */
static char byte_behind(uint64_t id)
{
	char byte = POISON;
	struct pin_access arg = {
		.size = sizeof(arg),
		.id = id,
		.buffer = (uintptr_t)&byte,
		.length = 1,
	};

	ck_assert_int_eq(call(PIN_IOC_READ, &arg), 0);
	ck_assert_uint_eq(arg.done, 1);
	return byte;
}

/*
 * A pin for reading of a private mapping does not go stale when the process writes:
 * what is pinned is what the process writes to, on every kernel, and not the page of
 * the file or the zero page that the mapping showed before.
 */
static void stays_fresh(char *addr)
{
	uint64_t id = expect_pinned(addr, page, 0);

	ck_assert_int_eq(byte_behind(id), addr[0]);
	addr[0] = 77;
	ck_assert_int_eq(byte_behind(id), 77);
	ck_assert_int_eq(unpin(id), 0);
}

/* Nor after a fork, when child and parent share what either of them writes to next. */
static int write_and_exit(void *addr)
{
	*(char *)addr = 99;
	return 0;
}

static void stays_fresh_with_a_child(char *addr)
{
	uint64_t id = expect_pinned(addr, page, 0);
	char before = addr[0];

	ck_assert_int_eq(in_child(write_and_exit, addr), 0);
	ck_assert_int_eq(byte_behind(id), before);
	addr[0] = 78;
	ck_assert_int_eq(byte_behind(id), 78);
	ck_assert_int_eq(unpin(id), 0);
}

/* As the mapping is first seen: read, and read after a fork with the child alive. */
static void private_stays_fresh(char *(*map)(void))
{
	pid_t pid;
	char *addr = map();

	ck_assert_int_eq(addr[0], 0);
	stays_fresh(addr);
	stays_fresh(addr);
	stays_fresh_with_a_child(addr);

	addr = map();
	ck_assert_int_eq(addr[0], 0);
	stays_fresh_with_a_child(addr);

	addr = map();
	addr[0] = 1;
	pid = fork_child();
	if (!pid)
		for (;;)
			pause();
	stays_fresh(addr);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static char *map_private_of(const char *dir_variable)
{
	const char *path = make_file(dir_variable, page);
	char *addr = map_file(path, page, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	ck_assert_int_eq(unlink(path), 0);
	return addr;
}

static char *map_private_ext4(void)
{
	return map_private_of("PIN_TEST_EXT4");
}

static char *map_private_xfs(void)
{
	return map_private_of("PIN_TEST_XFS");
}

static char *map_private_tmpfs(void)
{
	return map_private_of("PIN_TEST_TMPFS");
}

static char *map_zero_page(void)
{
	return map_anon(page);
}

/* A private mapping of a hugetlb file whose page exists, so that COW has to break. */
static char *map_private_hugetlb(void)
{
	int fd = memfd_create("fresh", MFD_CLOEXEC | MFD_HUGETLB);
	char *addr;

	ck_assert_msg(fd >= 0, "memfd_create: %s", strerror(errno));
	ck_assert_int_eq(ftruncate(fd, HUGE), 0);
	addr = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	addr[1] = 1;
	munmap(addr, HUGE);
	addr = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	close(fd);
	return addr;
}

START_TEST(fresh_ext4)
{
	private_stays_fresh(map_private_ext4);
}
END_TEST

START_TEST(fresh_xfs)
{
	private_stays_fresh(map_private_xfs);
}
END_TEST

START_TEST(fresh_tmpfs)
{
	private_stays_fresh(map_private_tmpfs);
}
END_TEST

START_TEST(fresh_zero_page)
{
	private_stays_fresh(map_zero_page);
}
END_TEST

START_TEST(fresh_hugetlb)
{
	private_stays_fresh(map_private_hugetlb);
}
END_TEST

Suite *kinds_suite(void)
{
	Suite *suite = suite_create("kinds");
	TCase *tcase = tcase_with_context("kinds");

	tcase_add_test(tcase, anonymous);
	tcase_add_test(tcase, never_touched);
	tcase_add_test(tcase, thp);
	tcase_add_test(tcase, runs_are_consecutive);
	tcase_add_test(tcase, runs_match_pagemap);
	tcase_add_test(tcase, hugetlb);
	tcase_add_test(tcase, hugetlb_outlives_munmap);
	tcase_add_test(tcase, shmem);
	tcase_add_test(tcase, files);
	tcase_add_test(tcase, device_dax);
	tcase_add_test(tcase, mixed);
	tcase_add_test(tcase, query_nodes);
	tcase_add_test(tcase, fresh_ext4);
	tcase_add_test(tcase, fresh_xfs);
	tcase_add_test(tcase, fresh_tmpfs);
	tcase_add_test(tcase, fresh_zero_page);
	tcase_add_test(tcase, fresh_hugetlb);
	suite_add_tcase(suite, tcase);
	return suite;
}
