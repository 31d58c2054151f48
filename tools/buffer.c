// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Buffer: see buffer.h.
 *
 * Pages are brought in by madvise(2), which fails where touching would end in SIGBUS.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffer.h"
#include "pinctl.h"

/* Where mmap() and memfd_create() want the log2 of the page size. */
#define HUGE_FLAG (__builtin_ctzll(HUGE_SIZE) << MAP_HUGE_SHIFT)

static const struct buffer_kind kinds[] = {
	{ "small" },
	{ "scattered", .scattered = true },
	{ "thp", .huge = true },
	{ "hugetlb", .huge = true, .pool = true },
	{ "memfd", .shared = true },
	{ "memfd-hugetlb", .huge = true, .pool = true, .shared = true },
};

const struct buffer_kind *buffer_kind_at(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? &kinds[index] : NULL;
}

uint64_t buffer_step(const struct buffer_kind *kind)
{
	return kind->huge ? HUGE_SIZE : (uint64_t)sysconf(_SC_PAGESIZE);
}

static int map_shared(const struct buffer_kind *kind, void *address, size_t length)
{
	unsigned int flags = MFD_CLOEXEC | (kind->pool ? MFD_HUGETLB | HUGE_FLAG : 0);
	int fd = memfd_create("pinctl", flags);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)length) ||
	    mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED)
		ret = -errno;
	close(fd);
	return ret;
}

static int map_private(const struct buffer_kind *kind, void *address, size_t length)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
		    (kind->pool ? MAP_HUGETLB | HUGE_FLAG : 0);

	return mmap(address, length, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED ?
	       -errno : 0;
}

static int map(const struct buffer_kind *kind, void *address, size_t length)
{
	int ret = kind->shared ? map_shared(kind, address, length) :
				 map_private(kind, address, length);

	if (ret || kind->pool)
		return ret;
	/* A kernel that has no THP knows neither word, and needs not be told the second. */
	if (madvise(address, length, kind->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) && kind->huge)
		return -errno;
	return 0;
}

static int populate(void *address, size_t length)
{
	return madvise(address, length, MADV_POPULATE_WRITE) ? -errno : 0;
}

/*
 * Each page once: an odd step through a power of two reaches everything, and that of
 * Fibonacci hashing lies far from any page that came shortly before.
 */
static int populate_scattered(char *address, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = length / page, circle = 1, at = 0;
	size_t left;
	int ret = 0;

	while (circle < pages)
		circle *= 2;
	for (left = circle; left && !ret; left--) {
		at = (at + (size_t)UINT64_C(0x9e3779b97f4a7c15)) & (circle - 1);
		if (at < pages)
			ret = populate(address + at * page, page);
	}
	return ret;
}

/* Bytes of the mapping at @address that are transparent huge pages, by smaps. */
static uint64_t huge_bytes(uint64_t address)
{
	uint64_t start, end, kib, bytes = 0;
	FILE *file = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[512];

	if (!file) {
		check_memory(errno);
		return 0;
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2)
			inside = address >= start && address < end;
		else if (inside && sscanf(line, "AnonHugePages: %" SCNu64 " kB", &kib) == 1)
			bytes = kib * 1024;
	}
	fclose(file);
	return bytes;
}

static int fill(const struct buffer_kind *kind, void *address, size_t length)
{
	int ret = kind->scattered ? populate_scattered(address, length) :
				    populate(address, length);

	if (!ret && kind->huge && !kind->pool && huge_bytes((uintptr_t)address) < length)
		ret = -ENODATA;
	return ret;
}

int buffer_make(struct buffer *buffer, const struct buffer_kind *kind, uint64_t length)
{
	size_t map_length;
	void *address;
	int ret;

	*buffer = (struct buffer){ 0 };
	if (__builtin_add_overflow(length, HUGE_SIZE, &map_length))
		return -EOVERFLOW;
	/* Only addresses, to find an aligned one among them. */
	buffer->map = mmap(NULL, map_length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (buffer->map == MAP_FAILED) {
		buffer->map = NULL;
		return -errno;
	}
	buffer->map_length = map_length;
	buffer->address = ((uintptr_t)buffer->map + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	buffer->length = length;
	address = (void *)(uintptr_t)buffer->address;
	ret = map(kind, address, length);
	if (!ret)
		ret = fill(kind, address, length);
	if (ret)
		buffer_release(buffer);
	return ret;
}

void buffer_release(struct buffer *buffer)
{
	if (buffer->map)
		munmap(buffer->map, buffer->map_length);
	*buffer = (struct buffer){ 0 };
}
