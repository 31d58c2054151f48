// SPDX-License-Identifier: GPL-2.0-or-later
/* What is behind a pin: READ, WRITE, RUNS and LIST, and fdinfo. */
#include "copy.h"
#include "harness.h"
#include "pageproof.h"
#include "phys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

static void fill(unsigned char *bytes, size_t length, unsigned int seed)
{
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (i * 31 + i / 4096 * 7 + seed) & 0xff;
}

/* Bytes out of and into a pin are those of the memory, wherever they begin. */
static void expect_access(unsigned char *addr, size_t length)
{
	static const size_t offsets[] = { 0, 1, 4095, 4096, 5000 };
	unsigned char *wanted = malloc(length), *got = malloc(length);
	uint64_t id = expect_pinned(addr + 3, length - 3, PIN_F_WRITE);
	uint64_t done;
	size_t i;

	fill(addr, length, 1);
	for (i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		size_t rest = length - 3 - offsets[i];

		memset(got, POISON, length);
		ck_assert_int_eq(pin_read(id, offsets[i], got, length, &done), 0);
		ck_assert_uint_eq(done, rest);
		ck_assert_mem_eq(got, addr + 3 + offsets[i], rest);

		fill(wanted, rest, i + 2);
		ck_assert_int_eq(pin_write(id, offsets[i], wanted, length, &done), 0);
		ck_assert_uint_eq(done, rest);
		ck_assert_mem_eq(addr + 3 + offsets[i], wanted, rest);
	}
	ck_assert_int_eq(unpin(id), 0);
	free(wanted);
	free(got);
}

START_TEST(anonymous)
{
	expect_access(map_anon(70 * page), 70 * page);
}
END_TEST

/* Several mappings, of which nobody has touched a page: what is written is there. */
START_TEST(never_touched)
{
	const size_t length = 6 * page;
	unsigned char *addr = map_anon(length), *wanted = malloc(length), *zero;
	uint64_t id, done;

	/* Mappings that differ. */
	ck_assert_int_eq(madvise(addr + 2 * page, 2 * page, MADV_DONTFORK), 0);
	id = expect_pinned(addr, length, PIN_F_WRITE);
	fill(wanted, length, 8);
	ck_assert_int_eq(pin_write(id, 0, wanted, length, &done), 0);
	ck_assert_uint_eq(done, length);
	ck_assert(!memcmp(addr, wanted, length));
	/* Not in the page that all share who have written nothing yet. */
	zero = map_anon(page);
	ck_assert_uint_eq(zero[1], 0);
	ck_assert_int_eq(unpin(id), 0);
	free(wanted);
}
END_TEST

START_TEST(hugetlb)
{
	void *addr = map_hugetlb(2 * HUGE, MAP_PRIVATE);

	expect_access(addr, 2 * HUGE);
	munmap(addr, 2 * HUGE);
}
END_TEST

START_TEST(device_dax)
{
	expect_access(map_file(need_env("PIN_TEST_DEVDAX"), HUGE,
			       PROT_READ | PROT_WRITE, MAP_SHARED), HUGE);
}
END_TEST

/* The pages, not the addresses: unmapped and mapped anew, they are the same. */
START_TEST(pages_not_addresses)
{
	unsigned char *addr = map_anon(4 * page), got[64], wanted[64];
	uint64_t id, done;

	fill(addr, 4 * page, 5);
	memcpy(wanted, addr + page, sizeof(wanted));
	id = expect_pinned(addr, 4 * page, 0);
	ck_assert_ptr_eq(mmap(addr, 4 * page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), addr);
	ck_assert_int_eq(pin_read(id, page, got, sizeof(got), &done), 0);
	ck_assert_mem_eq(got, wanted, sizeof(wanted));
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* A pin for reading does not go stale, and never gives write access. */
START_TEST(read_pin)
{
	const char *path = make_file("PIN_TEST_EXT4", page);
	unsigned char *addr = map_file(path, page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	uint64_t id = expect_pinned(addr, page, 0);
	unsigned char byte = 0;
	uint64_t done;

	addr[17] = 42;
	ck_assert_int_eq(pin_read(id, 17, &byte, 1, &done), 0);
	ck_assert_uint_eq(byte, 42);
	ck_assert_int_eq(pin_write(id, 0, &byte, 1, &done), -EPERM);
	ck_assert_uint_eq(done, 0);
	ck_assert_uint_eq(addr[0], 0);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

#define KPAGEFLAGS_DIRTY	(1ULL << 4)

/* What was pinned for write may have been written to; what was not, has not. */
START_TEST(dirty_when_unpinned)
{
	char *addr = map_anon(2 * page);
	int i;

	touch(addr, 2 * page);
	for (i = 0; i < 2; i++)
		ck_assert_uint_eq(page_flags_at(addr + i * page) & KPAGEFLAGS_DIRTY, 0);
	ck_assert_int_eq(unpin(expect_pinned(addr, 2 * page, 0)), 0);
	for (i = 0; i < 2; i++)
		ck_assert_uint_eq(page_flags_at(addr + i * page) & KPAGEFLAGS_DIRTY, 0);
	ck_assert_int_eq(unpin(expect_pinned(addr, 2 * page, PIN_F_WRITE)), 0);
	for (i = 0; i < 2; i++)
		ck_assert_uint_ne(page_flags_at(addr + i * page) & KPAGEFLAGS_DIRTY, 0);
}
END_TEST

START_TEST(bounds_and_bad_buffers)
{
	unsigned char *addr = map_anon(3 * page), *buffer = map_anon(2 * page);
	uint64_t id = expect_pinned(addr, 2 * page, PIN_F_WRITE);
	uint64_t done;

	ck_assert_int_eq(pin_read(id, 2 * page, buffer, 1, &done), 0);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(pin_read(id, 2 * page + 1, buffer, 1, &done), -EINVAL);
	ck_assert_int_eq(pin_read(id, UINT64_MAX, buffer, 1, &done), -EINVAL);
	ck_assert_int_eq(pin_read(id, 0, buffer, UINT64_MAX, &done), 0);
	ck_assert_uint_eq(done, 2 * page);
	ck_assert_int_eq(pin_read(id, 0, NULL, 1, &done), -EFAULT);
	ck_assert_uint_eq(done, 0);
	/* The second page of the buffer is bad: the first one counts. */
	munmap(buffer + page, page);
	ck_assert_int_eq(pin_read(id, 0, buffer, 2 * page, &done), 0);
	ck_assert_uint_eq(done, page);
	ck_assert_int_eq(pin_write(id, 0, buffer, 2 * page, &done), 0);
	ck_assert_uint_eq(done, page);
	/* The pinned pages as the buffer. */
	ck_assert_int_eq(pin_read(id, 0, addr, 2 * page, &done), 0);
	ck_assert_uint_eq(done, 2 * page);
	ck_assert_int_eq(pin_read(id + 1, 0, addr, 1, &done), -ENOENT);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* The pin ends where it was asked to, its last page behind that. */
START_TEST(offset_behind_the_end)
{
	unsigned char *addr = map_anon(2 * page), byte = POISON;
	const uint64_t length = page + 100;
	uint64_t id = expect_pinned(addr, length, PIN_F_WRITE), done, at;

	for (at = length + 1; at <= 2 * page; at += at < length + 3 ? 1 : 499) {
		done = POISON;
		ck_assert_int_eq(pin_read(id, at, &byte, 1, &done), -EINVAL);
		ck_assert_int_eq(pin_write(id, at, &byte, 1, &done), -EINVAL);
		ck_assert_int_eq(pin_read(id, at, &byte, UINT64_MAX, &done), -EINVAL);
		ck_assert_uint_eq(done, 0);
	}
	ck_assert_int_eq(pin_read(id, length, &byte, 1, &done), 0);
	ck_assert_uint_eq(done, 0);
	ck_assert_uint_eq(byte, POISON);
	for (at = 0; at < 2 * page; at++)
		ck_assert_uint_eq(addr[at], 0);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* Every page's physical address is the one that /proc/self/pagemap knows. */
static void expect_runs(char *addr, size_t length)
{
	struct pin_run runs[7];
	struct pin_runs arg = { .next = 0 };
	uint64_t id = expect_pinned(addr, length, PIN_F_WRITE), at = 0, inside;
	unsigned int i;

	do {
		ck_assert_int_eq(ask_runs(id, arg.next, runs, 7, &arg), 0);
		ck_assert_uint_gt(arg.runs_count, 0);
		for (i = 0; i < arg.runs_count; i++) {
			ck_assert_uint_eq(runs[i].offset, at);
			ck_assert_uint_eq(runs[i].flags, 0);
			for (inside = 0; inside < runs[i].length; inside += page)
				ck_assert_uint_eq(runs[i].phys + inside,
						  phys_of(addr + at + inside));
			at += runs[i].length;
		}
	} while (arg.next != arg.total);
	ck_assert_uint_eq(at, length);

	ck_assert_int_eq(ask_runs(id, arg.total, runs, 7, &arg), 0);
	ck_assert_uint_eq(arg.runs_count, 0);
	ck_assert_int_eq(ask_runs(id, arg.total + 1, runs, 7, &arg), -EINVAL);
	ck_assert_int_eq(ask_runs(id, 0, runs, 0, &arg), -EMSGSIZE);
	ck_assert_int_eq(ask_runs(id + 1, 0, runs, 7, &arg), -ENOENT);
	ck_assert_int_eq(unpin(id), 0);
}

START_TEST(runs_of_small_pages)
{
	char *addr = map_anon(2000 * page);
	size_t i;

	/* Touched in a scattered order, so that there are many runs. */
	for (i = 0; i < 2000; i++)
		touch(addr + i * 1237 % 2000 * page, page);
	expect_runs(addr, 2000 * page);
}
END_TEST

START_TEST(runs_of_huge_pages)
{
	char *addr = map_hugetlb(3 * HUGE, MAP_PRIVATE);

	touch(addr, 3 * HUGE);
	expect_runs(addr + 5 * page, 3 * HUGE - 9 * page);
	munmap(addr, 3 * HUGE);
}
END_TEST

static int without_capability(void *id)
{
	struct pin_runs arg;
	struct pin_run run;

	ck_assert_int_eq(setuid(65534), 0);
	ck_assert_int_eq(ask_runs(*(uint64_t *)id, 0, &run, 1, &arg), 0);
	ck_assert_uint_eq(run.phys, 0);
	ck_assert_uint_eq(run.flags, PIN_RUN_PHYS_WITHHELD);
	ck_assert_uint_eq(run.length, page);
	return 0;
}

START_TEST(runs_withheld)
{
	uint64_t id = expect_pinned(map_anon(page), page, 0);

	ck_assert_int_eq(in_child(without_capability, &id), 0);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

START_TEST(list)
{
	char *addr = map_anon(page);
	uint64_t pins[10], ids[4], seen = 0;
	struct pin_list arg = { .next = 0 };
	int i;

	for (i = 0; i < 10; i++)
		pins[i] = expect_pinned(addr, page, 0);
	do {
		uint64_t cursor = arg.next;

		arg = (struct pin_list) {
			.size = sizeof(arg),
			.cursor = cursor,
			.ids = (uintptr_t)ids,
			.ids_capacity = 4,
		};
		ck_assert_int_eq(call(PIN_IOC_LIST, &arg), 0);
		ck_assert_uint_eq(arg.total, 10);
		for (i = 0; i < (int)arg.ids_count; i++)
			ck_assert_uint_eq(ids[i], pins[seen++]);
	} while (arg.next);
	ck_assert_uint_eq(seen, 10);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(unpin(pins[i]), 0);
	arg.cursor = UINT64_MAX;
	ck_assert_int_eq(call(PIN_IOC_LIST, &arg), 0);
	ck_assert_uint_eq(arg.ids_count, 0);
	ck_assert_uint_eq(arg.next, 0);
	ck_assert_uint_eq(arg.total, 0);
	arg.ids_capacity = 0;
	ck_assert_int_eq(call(PIN_IOC_LIST, &arg), -EMSGSIZE);
}
END_TEST

static unsigned long fdinfo(const char *key)
{
	unsigned long value = ~0UL;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pin_fd);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtoul(line + strlen(key), NULL, 10);
	fclose(file);
	return value;
}

START_TEST(fdinfo_sums)
{
	char *huge = map_hugetlb(HUGE, MAP_PRIVATE);
	uint64_t id = expect_pinned(map_anon(5 * page), 5 * page, 0);

	expect_pinned(huge, page, PIN_F_WRITE);
	ck_assert_uint_eq(fdinfo("pins:"), 2);
	ck_assert_uint_eq(fdinfo("pinned-pages:"), 6);
	ck_assert_uint_eq(fdinfo("charged-pages:"), 5 + HUGE / page);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_uint_eq(fdinfo("pins:"), 1);
	ck_assert_uint_eq(fdinfo("pinned-pages:"), 1);
	munmap(huge, HUGE);
}
END_TEST

Suite *access_suite(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = tcase_with_context("access");

	tcase_add_test(tcase, anonymous);
	tcase_add_test(tcase, never_touched);
	tcase_add_test(tcase, hugetlb);
	tcase_add_test(tcase, device_dax);
	tcase_add_test(tcase, pages_not_addresses);
	tcase_add_test(tcase, read_pin);
	tcase_add_test(tcase, dirty_when_unpinned);
	tcase_add_test(tcase, bounds_and_bad_buffers);
	tcase_add_test(tcase, offset_behind_the_end);
	tcase_add_test(tcase, runs_of_small_pages);
	tcase_add_test(tcase, runs_of_huge_pages);
	tcase_add_test(tcase, runs_withheld);
	tcase_add_test(tcase, list);
	tcase_add_test(tcase, fdinfo_sums);
	suite_add_tcase(suite, tcase);
	return suite;
}
