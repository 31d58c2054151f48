// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory runs short, or fails, while it is pinned: what is pinned stays where it is and as
 * it is, and the rest goes as if there were no pins.
 *
 * Needs a machine of its own with little memory and something to swap to.
 */
#include "copy.h"
#include "harness.h"
#include "leased.h"
#include "memory.h"
#include "pageproof.h"
#include "phys.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define LENGTH	(8UL << 20)
#define EXCESS	(256UL << 20)
#define POOL	"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

/* --- memory of each kind */

static char *make_anon(size_t length)
{
	return map_anon(length);
}

static char *make_thp(size_t length)
{
	char *room = mmap(NULL, length + HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(room, MAP_FAILED);
	room = (char *)(((uintptr_t)room + HUGE - 1) & -HUGE);
	ck_assert_int_eq(madvise(room, length, MADV_HUGEPAGE), 0);
	return room;
}

static char *make_memfd(size_t length)
{
	int fd = memfd_create("pressure", MFD_CLOEXEC);
	char *addr;

	ck_assert_int_eq(ftruncate(fd, length), 0);
	addr = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	close(fd);
	return addr;
}

static const struct kind {
	const char *name;
	char *(*make)(size_t length);
} kinds[] = {
	{ "anonymous", make_anon },
	{ "thp", make_thp },
	{ "memfd", make_memfd },
};

#define KINDS	(sizeof(kinds) / sizeof(*kinds))

/* No two pages alike, nor two kinds. */
static uint64_t word_of(const struct kind *kind, size_t i)
{
	return i ^ 0x5EED0000 * (kind - kinds + 1);
}

static char *make(const struct kind *kind, size_t length)
{
	char *addr = kind->make(length);
	size_t i;

	for (i = 0; i < length; i += sizeof(uint64_t))
		*(uint64_t *)(addr + i) = word_of(kind, i);
	return addr;
}

/* The pin, the mapping and what was written to it are the same three. */
static void expect_unchanged(const struct kind *kind, uint64_t id, char *addr, size_t length)
{
	char *bytes = malloc(length);
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	expect_read(id, 0, bytes, length);
	/* Each assertion is a write(2). */
	for (i = 0; i < length && *(uint64_t *)(bytes + i) == word_of(kind, i);)
		i += sizeof(uint64_t);
	ck_assert_msg(i == length, "%s: byte %zu has changed", kind->name, i);
	ck_assert(!memcmp(bytes, addr, length));
	expect_true_runs(id, addr, length);
	free(bytes);
}

/* --- swap */

static size_t count_swapped(const char *addr, size_t length)
{
	size_t i, swapped = 0;

	for (i = 0; i < length; i += page)
		swapped += !!(pagemap_at(addr + i) & PAGEMAP_SWAPPED);
	return swapped;
}

/* More than is free. */
static void storm(void)
{
	size_t length = (size_t)sysconf(_SC_AVPHYS_PAGES) * page + EXCESS;
	char *addr = map_anon(length);

	touch(addr, length);
	munmap(addr, length);
}

/* What is not pinned is swapped, what is pinned is not: neither its data nor its frames go. */
START_TEST(swap_storm)
{
	char *addrs[KINDS], *free_ones;
	uint64_t ids[KINDS];
	unsigned int i, storms = 0;

	free_ones = make(&kinds[0], LENGTH);
	for (i = 0; i < KINDS; i++) {
		addrs[i] = make(&kinds[i], LENGTH);
		ids[i] = expect_pinned(addrs[i], LENGTH, i % 2 ? 0 : PIN_F_WRITE);
	}
	/* A kernel that looks only now and then which pages are old may find all young. */
	do {
		storm();
	} while (++storms < 8 && count_swapped(free_ones, LENGTH) <= LENGTH / page / 2);
	printf("note: of %lu pages that were not pinned %zu are swapped after %u storms\n",
	       LENGTH / page, count_swapped(free_ones, LENGTH), storms);
	fflush(stdout);
	ck_assert_uint_gt(count_swapped(free_ones, LENGTH), LENGTH / page / 2);
	for (i = 0; i < KINDS; i++) {
		ck_assert_uint_eq(count_swapped(addrs[i], LENGTH), 0);
		expect_unchanged(&kinds[i], ids[i], addrs[i], LENGTH);
		ck_assert_int_eq(unpin(ids[i]), 0);
	}
	/* Nothing keeps them any more. */
	ck_assert_int_eq(madvise(addrs[0], LENGTH, MADV_PAGEOUT), 0);
	ck_assert_uint_gt(count_swapped(addrs[0], LENGTH), LENGTH / page / 2);
}
END_TEST

/* --- pages that fail */

static void ignore_signal(int signal)
{
}

/* What a pin can do whose page has failed. */
static void use_pin(uint64_t id, size_t length)
{
	char *bytes = malloc(length);
	struct pin_query queried;
	uint64_t done;
	int err;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	ck_assert_uint_eq(queried.pages, length / page);
	/* The page is only said to have failed; a real one ends READ with EIO. */
	expect_read(id, 0, bytes, length);
	err = pin_write(id, 0, bytes, length, &done);
	ck_assert_int_eq(err, 0);
	ck_assert_uint_eq(done, length);
	free(bytes);
}

/*
 * The kernel cannot free a page that somebody has pinned. It takes it out of the page tables,
 * and what asks for it anew is refused; the pin goes on. Only of a huge page that it cannot
 * split it leaves all as it was, and GUP does not mind.
 */
START_TEST(failed_page)
{
	const struct kind *kind = &kinds[_i];
	char *addr = make(kind, LENGTH), *bad = addr + 5 * page;
	uint64_t id = expect_pinned(addr, LENGTH, PIN_F_WRITE), pfn = pfn_at(bad);
	struct pin_pin arg;
	int err;

	ck_assert_ptr_ne(signal(SIGBUS, ignore_signal), SIG_ERR);
	err = madvise(bad, page, MADV_HWPOISON) ? -errno : 0;
	ck_assert_msg(!err || err == -EBUSY || err == -EHWPOISON, "MADV_HWPOISON: %s",
		      strerror(-err));
	ck_assert(page_flags(pfn) & PAGEFLAG_HWPOISON);
	use_pin(id, LENGTH);
	ck_assert(kind->make == make_thp || !is_present(bad));
	if (is_present(bad)) {
		ck_assert_int_eq(pin_range(addr, LENGTH, PIN_F_WRITE, &arg), 0);
		ck_assert_int_eq(unpin(arg.id), 0);
	} else {
		/* Nothing is wrong with the mapping. */
		expect_refused(addr, LENGTH, PIN_F_WRITE, PIN_REASON_HWPOISON, bad, BY_LIMIT);
	}
	/* What is good of it is given back, and the fixture counts. */
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* Moving it away would leave the device with the old page: refused, until it is unpinned. */
START_TEST(suspected_page)
{
	const struct kind *kind = &kinds[_i];
	char *addr = make(kind, LENGTH), *bad = addr + 5 * page;
	uint64_t id = expect_pinned(addr, LENGTH, PIN_F_WRITE), pfn = pfn_at(bad);
	int err;

	err = madvise(bad, page, MADV_SOFT_OFFLINE) ? -errno : 0;
	ck_assert_msg(err == -EBUSY, "MADV_SOFT_OFFLINE: %s", strerror(-err));
	ck_assert(!(page_flags(pfn) & PAGEFLAG_HWPOISON));
	expect_unchanged(kind, id, addr, LENGTH);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_msg(!madvise(bad, page, MADV_SOFT_OFFLINE), "of an unpinned page: %s",
		      strerror(errno));
	ck_assert(page_flags(pfn) & PAGEFLAG_HWPOISON);
	ck_assert_uint_ne(pfn_at(bad), pfn);
}
END_TEST

Suite *pressure_suite(void)
{
	Suite *suite = suite_create("pressure");
	TCase *tcase = tcase_with_context("pressure");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, failed_page, 0, KINDS);
	tcase_add_loop_test(tcase, suspected_page, 0, KINDS);
	tcase_add_test(tcase, swap_storm);
	suite_add_tcase(suite, tcase);
	return suite;
}
