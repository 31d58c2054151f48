// SPDX-License-Identifier: GPL-2.0-or-later
/* See ground.h. */
#include "ground.h"

#include "run.h"

#include "../func/harness.h"
#include "../func/memory.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

/* Far from where anything is mapped by itself. */
#define GROUND		0x100000000000UL
#define STRIDE		(2 * AREA_LENGTH)
/* Of which nothing else has the use. */
#define SECRET_LENGTH	(64 * page)

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

enum source { ANONYMOUS, MEMFD, SECRET, FILE_IN, FILE_AT };

/**
 * struct kind - what an area can map
 * @flags: of mmap(2)
 * @source: where the memory comes from
 * @variable: the one that names the directory or the file
 * @fixed_size: the file cannot be made longer or shorter
 */
struct kind {
	int flags;
	enum source source;
	const char *variable;
	bool fixed_size;
	int prot;
};

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

/* The first AREAS are what the areas are at the beginning of each case. */
static const struct kind kinds[] = {
	{ ANON, ANONYMOUS, .prot = READ_WRITE },
	{ ANON, ANONYMOUS, .prot = READ_WRITE },
	{ ANON, ANONYMOUS, .prot = READ_WRITE },
	{ MAP_SHARED | MAP_ANONYMOUS, ANONYMOUS, .prot = READ_WRITE },
	{ MAP_SHARED, MEMFD, .prot = READ_WRITE },
	{ ANON | MAP_HUGETLB, ANONYMOUS, .prot = READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_EXT4DAX", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_XFSDAX", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_EXT4", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_TMPFS", .prot = READ_WRITE },
	{ MAP_PRIVATE, FILE_IN, "PIN_TEST_XFS", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_AT, "PIN_TEST_DEVDAX", true, READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_EXT4DAX", .prot = READ_WRITE },
	{ ANON, ANONYMOUS, .prot = PROT_READ },
	{ MAP_PRIVATE, FILE_IN, "PIN_TEST_EXT4DAX", .prot = READ_WRITE },
	{ ANON, ANONYMOUS, .prot = PROT_NONE },
	/* From here on by chance only. */
	{ MAP_PRIVATE, FILE_IN, "PIN_TEST_XFSDAX", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_BTRFS", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_IN, "PIN_TEST_TMPFS_SMALL", .prot = READ_WRITE },
	{ MAP_SHARED, FILE_AT, "PIN_TEST_BLOCK_DEVICE", true, READ_WRITE },
	{ MAP_SHARED, FILE_AT, "PIN_TEST_PCI_BAR", true, READ_WRITE },
	{ MAP_SHARED, SECRET, .fixed_size = true, .prot = READ_WRITE },
	{ MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, ANONYMOUS, .prot = READ_WRITE },
	{ MAP_PRIVATE, MEMFD, .prot = READ_WRITE },
	{ ANON | MAP_GROWSDOWN, ANONYMOUS, .prot = READ_WRITE },
	{ ANON | MAP_LOCKED, ANONYMOUS, .prot = READ_WRITE },
	{ ANON | MAP_POPULATE, ANONYMOUS, .prot = READ_WRITE },
	{ ANON | MAP_NORESERVE, ANONYMOUS, .prot = PROT_WRITE },
	{ ANON, ANONYMOUS, .prot = PROT_EXEC },
};

static int fds[COUNT(kinds)];
/* Of this process; threads of it share both. */
static _Atomic uint32_t disturbed = ~0U;
static _Atomic bool *files_changed;	/* by their kind */

#define EXHIBITS_MAX	96

static struct memory exhibits[EXHIBITS_MAX];
static unsigned int exhibit_count;

static uint64_t area_at(unsigned int area)
{
	return GROUND + area * STRIDE;
}

static int open_memfd(void)
{
	int fd = memfd_create("ground", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, AREA_LENGTH), 0);
	return fd;
}

/*
 * Its pages count against the user's limit from when they are touched until the file is
 * gone, and it cannot be made shorter: all are there before anything is counted.
 */
static int open_secret(void)
{
	int fd = syscall(SYS_memfd_secret, 0);
	void *addr;

	ck_assert_msg(fd >= 0, "memfd_secret: %s", strerror(errno));
	ck_assert_int_eq(ftruncate(fd, SECRET_LENGTH), 0);
	addr = mmap(NULL, SECRET_LENGTH, READ_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	touch(addr, SECRET_LENGTH);
	ck_assert_int_eq(munmap(addr, SECRET_LENGTH), 0);
	return fd;
}

/* A file that has a name as long as it takes to open it; sparse. */
static int open_file(const char *variable)
{
	const char *path = make_file(variable, 0);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(ftruncate(fd, AREA_LENGTH), 0);
	return fd;
}

static int open_kind(const struct kind *kind)
{
	int fd = -1;

	switch (kind->source) {
	case ANONYMOUS:
		return -1;
	case MEMFD:
		return open_memfd();
	case SECRET:
		return open_secret();
	case FILE_IN:
		return open_file(kind->variable);
	case FILE_AT:
		fd = open(need_env(kind->variable), O_RDWR | O_CLOEXEC);
		ck_assert_msg(fd >= 0, "%s: %s", kind->variable, strerror(errno));
	}
	return fd;
}

/*
 * Not those whose making changes what all have: pages that are gone for good, a pool or
 * a filesystem that is full; and nothing that waits for somebody who is not there.
 */
static bool is_shown(const char *name)
{
	static const char *const not[] = {
		"hwpoison", "memfd-hwpoison", "hugetlb-hwpoison", "hugetlb-pool-full",
		"hugetlb-pool-empty", "tmpfs-full", "userfault-missing", "swapped-out",
		"userfault-protected", "ksm", "shared-by-fork", "out-of-memory",
	};
	size_t i;

	for (i = 0; i < COUNT(not); i++)
		if (!strcmp(not[i], name))
			return false;
	return true;
}

static void show(const struct memory_kind *kind)
{
	struct memory *memory = &exhibits[exhibit_count];

	for (; kind->name; kind++) {
		if (!is_shown(kind->name))
			continue;
		ck_assert_uint_lt(exhibit_count, EXHIBITS_MAX);
		memory_make(kind, memory);
		if (memory->absent)
			continue;
		memory++;
		exhibit_count++;
	}
}

/* See may_never_end() in disturb.c. */
static void keep_khugepaged_away(void)
{
	static const char path[] =
		"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	/* Seven weeks, all that there is room for. */
	ck_assert_int_eq(write(fd, "4294967295", 10), 10);
	close(fd);
}

void ground_open(void)
{
	size_t i;

	if (!kernel_before(6, 13))
		keep_khugepaged_away();
	for (i = 0; i < COUNT(kinds); i++)
		fds[i] = open_kind(&kinds[i]);
	files_changed = mmap(NULL, page, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(files_changed, MAP_FAILED);
	show(memory_anonymous);
	show(memory_shared);
	show(memory_file);
	show(memory_special);
}

/* The mapping may be refused, or end before the range does. */
static int map(const struct kind *kind, const struct range *range, int prot)
{
	void *addr = (void *)(uintptr_t)range->addr;
	int fd = fds[kind - kinds];

	return mmap(addr, range->length, prot, kind->flags | MAP_FIXED, fd,
		    fd < 0 ? 0 : ground_offset(range)) == MAP_FAILED ? -errno : 0;
}

static void reset_files(void)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		if (!atomic_exchange(&files_changed[i], false))
			continue;
		if (ftruncate(fds[i], 0) || ftruncate(fds[i], AREA_LENGTH))
			ck_abort_msg("ftruncate: %s", strerror(errno));
	}
}

static void reset_area(unsigned int area)
{
	struct range range = { .addr = area_at(area), .length = AREA_LENGTH, .area = area };
	void *addr = (void *)(uintptr_t)range.addr;

	/* With what was moved or grew behind it. */
	if (munmap(addr, STRIDE))
		ck_abort_msg("munmap: %s", strerror(errno));
	if (map(&kinds[area], &range, kinds[area].prot))
		ck_abort_msg("mmap of area %u: %s", area, strerror(errno));
	if (area == 2 && madvise(addr, AREA_LENGTH, MADV_HUGEPAGE))
		ck_abort_msg("madvise: %s", strerror(errno));
}

void ground_reset(void)
{
	uint32_t areas = atomic_exchange(&disturbed, 0);
	unsigned int area;

	reset_files();
	for (area = 0; area < AREAS; area++)
		if (areas & 1U << area)
			reset_area(area);
	/* What reached beyond the last one. */
	if (areas & 1U << AREAS && munmap((void *)area_at(AREAS), STRIDE))
		ck_abort_msg("munmap: %s", strerror(errno));
}

struct range ground_pages(struct stream *in)
{
	struct range range = { .area = stream_choose(in, AREAS) };
	uint8_t first = stream_byte(in), count = stream_byte(in);
	uint64_t start = first & 0x80 ? (first & 0x7f) * 4 : first & 0x1f;

	range.addr = area_at(range.area) + start * page;
	/* Some go beyond their area. */
	range.length = (count < 0xf8 ? 1 + (count & 15) : 1 + (count & 7) * 100) * page;
	return range;
}

static struct range exhibit(struct stream *in)
{
	const struct memory *memory = &exhibits[stream_choose(in, exhibit_count)];

	return (struct range) {
		.addr = (uintptr_t)memory->addr, .length = memory->length, .exhibit = true,
	};
}

struct range ground_range(struct stream *in)
{
	uint8_t how = stream_byte(in);
	struct range range;

	if (how >= 0xf0)
		return exhibit(in);
	range = ground_pages(in);
	/* Neither the pages' beginning nor their end. */
	if (how & 1) {
		range.addr += how;
		range.length -= 2 * how;
	}
	return range;
}

void ground_disturbed(const struct range *range)
{
	uint64_t behind = range->addr + range->length - area_at(range->area);

	/* A range can reach into the area behind its own. */
	if (!range->exhibit)
		atomic_fetch_or(&disturbed, (behind > STRIDE ? 3U : 1U) << range->area);
}

int ground_map(struct stream *in, const struct range *range)
{
	static const int prots[] = { READ_WRITE, PROT_READ, PROT_NONE, PROT_WRITE };
	const struct kind *kind = &kinds[stream_choose(in, COUNT(kinds))];
	uint8_t how = stream_byte(in);

	ground_disturbed(range);
	return map(kind, range, how < 192 ? kind->prot : prots[how & 3]);
}

int ground_file(const struct range *range)
{
	return kinds[range->area].fixed_size ? -1 : fds[range->area];
}

uint64_t ground_offset(const struct range *range)
{
	return range->addr - area_at(range->area);
}

void ground_file_changed(const struct range *range)
{
	if (ground_file(range) >= 0)
		atomic_store(&files_changed[range->area], true);
}
