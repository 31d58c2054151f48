// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Area: makes the mapping for a file: or new: target.  Nothing is touched:
 * whether pages can be had is for the kernel to say when it pins.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <libpin.h>

#include "area.h"
#include "text.h"

/* The size of a transparent huge page where nothing says otherwise. */
#define THP_SIZE (UINT64_C(2) << 20)

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool round_up(uint64_t *value, uint64_t to)
{
	if (__builtin_add_overflow(*value, to - 1, value))
		return false;
	*value &= ~(to - 1);
	return true;
}

static int map_failed(struct pinctl *pinctl, const char *what, bool huge)
{
	int error = errno;
	const char *fix = NULL;

	if (error == ENOMEM && huge)
		fix = "sudo sysctl vm.nr_hugepages=$COUNT   (pinctl explain hugetlb-empty)";
	return complain(pinctl, EXIT_UNKNOWN, NULL, fix, "cannot map %s: %s", what,
			strerror(error));
}

/* What sysfs says in @name about the device-dax device @st, or 0. */
static uint64_t dax_attribute(const struct stat *st, const char *name)
{
	char path[96];
	unsigned long long value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", major(st->st_rdev),
		 minor(st->st_rdev), name);
	file = fopen(path, "re");
	if (!file) {
		check_memory(errno);
		return 0;
	}
	if (fscanf(file, "%llu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/* How long the file is and what offset and length must be multiples of. */
static int file_extent(int fd, uint64_t *length, uint64_t *align)
{
	struct statfs fs;
	struct stat st;
	off_t end;

	if (fstat(fd, &st))
		return -errno;
	*align = page_size();
	if (!fstatfs(fd, &fs) && fs.f_type == HUGETLBFS_MAGIC)
		*align = (uint64_t)fs.f_bsize;
	if (S_ISCHR(st.st_mode)) {
		uint64_t dax_align = dax_attribute(&st, "align");

		*length = dax_attribute(&st, "size");
		if (dax_align && !(dax_align & (dax_align - 1)))
			*align = dax_align;
		return 0;
	}
	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	*length = (uint64_t)end;
	return 0;
}

static int open_file(const char *path, bool write)
{
	/* O_NONBLOCK: a FIFO is not worth waiting for its other end. */
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && !write)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd;
}

static int map_file(struct pinctl *pinctl, const struct target *target, int fd, bool write,
		    struct area *area)
{
	uint64_t size = 0, align = 1, length = target->length, offset;
	int ret;

	ret = file_extent(fd, &size, &align);
	if (ret)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "cannot tell the size of %s: %s",
				target->path, strerror(-ret));
	if (!length && !size)
		return complain(pinctl, EXIT_UNKNOWN, "a range can be given as file:PATH@OFF+LEN",
				NULL, "%s is empty or has no size", target->path);
	if (!length)
		length = size;
	offset = target->start & ~(align - 1);
	area->map_length = length + (target->start - offset);
	if (!round_up(&area->map_length, align))
		return complain_usage(pinctl, NULL, "the range is too large");
	area->map = mmap(NULL, area->map_length, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED,
			 fd, (off_t)offset);
	if (area->map == MAP_FAILED) {
		area->map = NULL;
		return map_failed(pinctl, target->path, false);
	}
	area->start = (uintptr_t)area->map + (target->start - offset);
	area->length = length;
	return EXIT_YES;
}

static int open_failed(struct pinctl *pinctl, const char *path, uint32_t access, int error)
{
	const char *detail = NULL, *fix = NULL;

	if (access & PIN_CHECK_WRITE && (error == EACCES || error == EROFS || error == EPERM)) {
		detail = "to pin for writing the file is opened for writing";
		/* A lease is for writing. */
		if (!(access & PIN_CHECK_LEASE))
			fix = "ask about reading with --read";
	}
	return complain(pinctl, EXIT_UNKNOWN, detail, fix, "cannot open %s: %s", path,
			strerror(error));
}

static int area_of_file(struct pinctl *pinctl, const struct target *target, uint32_t access,
			struct area *area)
{
	bool write = access & PIN_CHECK_WRITE;
	int fd = open_file(target->path, write);
	int ret;

	if (fd < 0)
		return open_failed(pinctl, target->path, access, errno);
	ret = map_file(pinctl, target, fd, write, area);
	close(fd);
	return ret;
}

/* The log2 of the page size where mmap() and memfd_create() want it. */
static unsigned int huge_flag(const struct target *target)
{
	return (unsigned int)__builtin_ctzll(target->huge_size) << MAP_HUGE_SHIFT;
}

static void *map_memfd(const struct target *target, size_t length)
{
	unsigned int flags = MFD_CLOEXEC;
	void *map = MAP_FAILED;
	int fd, error;

	if (target->huge_size)
		flags |= MFD_HUGETLB | huge_flag(target);
	fd = memfd_create("pinctl", flags);
	if (fd < 0)
		return MAP_FAILED;
	if (!ftruncate(fd, (off_t)length))
		map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	error = errno;
	close(fd);
	errno = error;
	return map;
}

static void *map_new(const struct target *target, size_t length)
{
	int flags = MAP_ANONYMOUS;

	if (target->memory == TARGET_NEW_MEMFD)
		return map_memfd(target, length);
	flags |= target->memory == TARGET_NEW_SHMEM ? MAP_SHARED : MAP_PRIVATE;
	if (target->huge_size)
		flags |= MAP_HUGETLB | (int)huge_flag(target);
	return mmap(NULL, length, PROT_READ | PROT_WRITE, flags, -1, 0);
}

static int area_of_new(struct pinctl *pinctl, const struct target *target, struct area *area)
{
	uint64_t length = target->length, slack = target->thp ? THP_SIZE : 0;

	if (!round_up(&length, target->huge_size ? target->huge_size : page_size()) ||
	    __builtin_add_overflow(length, slack, &length))
		return complain_usage(pinctl, NULL, "the size is too large");
	area->map = map_new(target, length);
	if (area->map == MAP_FAILED) {
		area->map = NULL;
		return map_failed(pinctl, "new memory", target->huge_size != 0);
	}
	area->map_length = length;
	area->start = (uintptr_t)area->map;
	area->length = target->length;
	if (target->thp) {
		round_up(&area->start, THP_SIZE);
		if (madvise(area->map, area->map_length, MADV_HUGEPAGE))
			return map_failed(pinctl, "memory with transparent huge pages", false);
	}
	return EXIT_YES;
}

int area_create(struct pinctl *pinctl, const struct target *target, uint32_t access,
		struct area *area)
{
	int ret;

	*area = (struct area){ 0 };
	if (target->type == TARGET_FILE)
		ret = area_of_file(pinctl, target, access, area);
	else
		ret = area_of_new(pinctl, target, area);
	if (ret)
		area_release(area);
	return ret;
}

void area_release(struct area *area)
{
	if (area->map)
		munmap(area->map, area->map_length);
	*area = (struct area){ 0 };
}
