// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of memory; see memory.h. */
#include "memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

#define PAGE	4096UL
#define HUGE	(2UL << 20)
#define PIECES	(256UL << 20)
#define STEP	0x9e3779b97f4a7c15UL	/* 2^64 over the golden ratio */

/*
 * Addresses where nothing is. What lies around a boundary of 2 MiB goes back at once, so
 * that memory that is unmapped leaves nothing behind.
 */
static char *reserve(size_t bytes)
{
	char *addr = mmap(NULL, bytes + HUGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *start;

	if (addr == MAP_FAILED)
		die("addresses");
	start = (char *)(((uintptr_t)addr + HUGE - 1) & -HUGE);
	if (start > addr && munmap(addr, start - addr))
		die("addresses before");
	if (start < addr + HUGE && munmap(start + bytes, addr + HUGE - start))
		die("addresses behind");
	return start;
}

static void map_at(struct memory *memory, size_t bytes, int flags)
{
	*memory = (struct memory) { .addr = reserve(bytes), .bytes = bytes, .fd = -1 };
	if (mmap(memory->addr, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0) == MAP_FAILED)
		die("anonymous memory");
}

static void map_small(struct memory *memory, size_t bytes)
{
	map_at(memory, bytes, 0);
	if (madvise(memory->addr, bytes, MADV_NOHUGEPAGE))
		die("MADV_NOHUGEPAGE");
}

static void map_thp(struct memory *memory, size_t bytes)
{
	map_at(memory, bytes, 0);
	if (madvise(memory->addr, bytes, MADV_HUGEPAGE))
		die("MADV_HUGEPAGE");
}

static void map_hugetlb(struct memory *memory, size_t bytes)
{
	map_at(memory, bytes, MAP_HUGETLB);
}

static void map_file(struct memory *memory, size_t bytes, int flags)
{
	*memory = (struct memory) {
		.addr = reserve(bytes),
		.bytes = bytes,
		.fd = memfd_create("bench", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags),
	};
	/* udmabuf takes only what cannot become shorter. */
	if (memory->fd < 0 || ftruncate(memory->fd, bytes) ||
	    fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK) ||
	    mmap(memory->addr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 memory->fd, 0) == MAP_FAILED)
		die("a memfd");
}

static void map_memfd(struct memory *memory, size_t bytes)
{
	map_file(memory, bytes, 0);
}

static void map_memfd_hugetlb(struct memory *memory, size_t bytes)
{
	map_file(memory, bytes, MFD_HUGETLB);
}

void memory_touch_in_order(const struct memory *memory)
{
	size_t at;

	for (at = 0; at < memory->bytes; at += PAGE)
		memory->addr[at] = 1;
}

/*
 * An odd step through a power of two reaches everything; that of Fibonacci hashing lands
 * far from where it was.
 */
void memory_touch_scattered(const struct memory *memory)
{
	size_t pages = memory->bytes / PAGE, circle = 1, seen, at = 0;

	while (circle < pages)
		circle *= 2;
	for (seen = 0; seen < circle; seen++) {
		at = (at + STEP) & (circle - 1);
		if (at < pages)
			memory->addr[at * PAGE] = 1;
	}
}

const struct kind kinds[] = {
	{ "4k", PAGE, map_small, memory_touch_in_order },
	{ "4k-scattered", PAGE, map_small, memory_touch_scattered },
	{ "thp", HUGE, map_thp, memory_touch_in_order },
	{ "hugetlb", HUGE, map_hugetlb, memory_touch_in_order },
	{ "memfd", PAGE, map_memfd, memory_touch_in_order },
	{ "memfd-hugetlb", HUGE, map_memfd_hugetlb, memory_touch_in_order },
	{ },
};

void memory_map(struct memory *memory, const struct kind *kind, size_t bytes)
{
	kind->map(memory, bytes);
}

void memory_map_repeated(struct memory *memory, void (*touch)(const struct memory *memory),
			 size_t file_bytes, size_t bytes)
{
	size_t at;

	map_file(memory, file_bytes, 0);
	touch(memory);
	memory_unmap(&(struct memory) { memory->addr, memory->bytes, -1 });
	memory->addr = reserve(bytes);
	memory->bytes = bytes;
	for (at = 0; at < bytes; at += file_bytes)
		if (mmap(memory->addr + at, file_bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, memory->fd, 0) == MAP_FAILED)
			die("a memfd again");
}

void memory_use_up_pieces(void)
{
	struct memory memory;

	map_small(&memory, PIECES);
	memory_touch_in_order(&memory);
}

void memory_unmap(struct memory *memory)
{
	if (munmap(memory->addr, memory->bytes))
		die("munmap");
	if (memory->fd >= 0)
		close(memory->fd);
}
