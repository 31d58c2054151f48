// SPDX-License-Identifier: GPL-2.0-or-later
/* See extents.h. */
#include "extents.h"

#include "leased.h"
#include "phys.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The first extent that has data at @offset or after it; false if there is none. */
static bool find_extent(int fd, uint64_t offset, struct fiemap_extent *extent)
{
	struct {
		struct fiemap map;
		struct fiemap_extent extent;
	} arg = {
		.map = {
			.fm_start = offset,
			.fm_length = FIEMAP_MAX_OFFSET - offset,
			.fm_extent_count = 1,
		},
	};

	ck_assert_int_eq(ioctl(fd, FS_IOC_FIEMAP, &arg), 0);
	*extent = arg.extent;
	return arg.map.fm_mapped_extents == 1;
}

uint64_t extents_block(int fd, uint64_t offset)
{
	struct fiemap_extent extent;

	ck_assert(find_extent(fd, offset, &extent));
	return extent.fe_physical + offset - extent.fe_logical;
}

bool extents_shared(int fd, uint64_t offset)
{
	struct fiemap_extent extent;

	ck_assert(find_extent(fd, offset, &extent));
	ck_assert_uint_le(extent.fe_logical, offset);
	return extent.fe_flags & FIEMAP_EXTENT_SHARED;
}

void extents_each(int fd, void (*visit)(uint64_t physical, uint64_t length, void *data),
		  void *data)
{
	struct fiemap_extent extent = { 0 };

	while (find_extent(fd, extent.fe_logical + extent.fe_length, &extent))
		visit(extent.fe_physical, extent.fe_length, data);
}

/* The physical address at which the device begins. */
static uint64_t device_start(int fd)
{
	char name[64], path[128];
	unsigned long long start;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	leased_namespace(path, name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/bus/nd/devices/%s/resource", name);
	file = fopen(path, "re");
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fscanf(file, "%llx", &start), 1);
	fclose(file);
	return start;
}

void expect_own_blocks(uint64_t id, int fd, size_t length)
{
	uint64_t *phys = calloc(length / page, sizeof(*phys));
	uint64_t start = device_start(fd);
	size_t i;

	/* Nothing of the file is only in memory. */
	ck_assert_int_eq(fsync(fd), 0);
	phys_of_pin(id, phys, length / page);
	for (i = 0; i < length / page; i++) {
		ck_assert_msg(phys[i] == start + extents_block(fd, i * page),
			      "page %zu: the pin has %#llx, the file %#llx", i,
			      (unsigned long long)phys[i],
			      (unsigned long long)(start + extents_block(fd, i * page)));
		ck_assert_msg(!extents_shared(fd, i * page),
			      "page %zu: pinned and shared with another file", i);
	}
	free(phys);
}
