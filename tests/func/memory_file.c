// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings of files: filesystems with a page cache, filesystems with DAX, devices. */
#include "memory.h"

#include "extents.h"
#include "harness.h"
#include "pageproof.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PAGES	8

#define XFS_MAGIC	0x58465342
#define EXT4_MAGIC	EXT4_SUPER_MAGIC
#define BTRFS_MAGIC	BTRFS_SUPER_MAGIC

#define READ_WRITE	(PROT_READ | PROT_WRITE)

static bool has_dax(int fd)
{
	struct statx stat;

	ck_assert_int_eq(statx(fd, "", AT_EMPTY_PATH, 0, &stat), 0);
	return stat.stx_attributes & STATX_ATTR_DAX;
}

/* A new file, which goes with the memory. */
static int new_file(struct memory *memory, const char *dir_variable, long magic,
		    bool dax)
{
	struct statfs stat;
	int fd;

	snprintf(memory->path, sizeof(memory->path), "%s/matrix",
		 need_env(dir_variable));
	fd = memory_owns(memory, open(memory->path, O_RDWR | O_CREAT | O_TRUNC |
				      O_CLOEXEC, 0600), memory->path);
	ck_assert_int_eq(fstatfs(fd, &stat), 0);
	ck_assert_msg((long)stat.f_type == magic, "%s: filesystem %#lx, not %#lx",
		      memory->path, (long)stat.f_type, magic);
	ck_assert_int_eq(has_dax(fd), dax);
	return fd;
}

static void fill_file(int fd, size_t length)
{
	static const char zeros[1 << 16];
	size_t done;

	for (done = 0; done < length; done += sizeof(zeros))
		ck_assert_int_eq(pwrite(fd, zeros, sizeof(zeros), done),
				 sizeof(zeros));
	ck_assert_int_eq(ftruncate(fd, length), 0);
	ck_assert_int_eq(fsync(fd), 0);
}

static void map_file_of(struct memory *memory, const char *dir_variable,
			long magic, bool dax, int flags)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_file(memory, dir_variable, magic, dax);

	fill_file(fd, PAGES * page);
	memory_map(place, PAGES * page, READ_WRITE, flags, fd, 0);
	/* Private pages stay the file's: a pin has to break COW. */
	if (flags == MAP_SHARED)
		touch(place, PAGES * page);
	else
		memory_read(place, PAGES * page);
	ck_assert(!(page_flags_at(place) & PAGEFLAG_ANON));
}

#define FILE_KINDS(name, variable, magic, dax)				\
static void make_##name##_shared(struct memory *memory)			\
{									\
	map_file_of(memory, variable, magic, dax, MAP_SHARED);		\
}									\
									\
static void make_##name##_private(struct memory *memory)		\
{									\
	map_file_of(memory, variable, magic, dax, MAP_PRIVATE);		\
}

FILE_KINDS(ext4, "PIN_TEST_EXT4", EXT4_MAGIC, false)
FILE_KINDS(xfs, "PIN_TEST_XFS", XFS_MAGIC, false)
FILE_KINDS(btrfs, "PIN_TEST_BTRFS", BTRFS_MAGIC, false)
FILE_KINDS(tmpfs, "PIN_TEST_TMPFS", TMPFS_MAGIC, false)
FILE_KINDS(ext4dax, "PIN_TEST_EXT4DAX", EXT4_MAGIC, true)
FILE_KINDS(xfsdax, "PIN_TEST_XFSDAX", XFS_MAGIC, true)

/* Opened for reading only, so that the mapping can never become writable. */
static void make_ext4_read_only(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_file(memory, "PIN_TEST_EXT4", EXT4_MAGIC, false);

	fill_file(fd, PAGES * page);
	fd = memory_owns(memory, open(memory->path, O_RDONLY | O_CLOEXEC),
			 memory->path);
	memory_map(place, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_int_eq(mprotect(place, page, READ_WRITE), -1);
}

/* The file ends within the second page. */
static void make_ext4_past_end(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_file(memory, "PIN_TEST_EXT4", EXT4_MAGIC, false);

	fill_file(fd, page + 1);
	memory_map(place, PAGES * page, READ_WRITE, MAP_PRIVATE, fd, 0);
}

/* A hole of the file, and it stays one: nothing was written. */
static void map_file_hole(struct memory *memory, const char *dir_variable,
			  long magic)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_file(memory, dir_variable, magic, true);

	ck_assert_int_eq(ftruncate(fd, PAGES * page), 0);
	memory_map(place, PAGES * page, READ_WRITE, MAP_SHARED, fd, 0);
	memory_read(place, PAGES * page);
	ck_assert_int_eq(lseek(fd, 0, SEEK_DATA), -1);
	ck_assert_int_eq(errno, ENXIO);
}

static void make_ext4dax_hole(struct memory *memory)
{
	map_file_hole(memory, "PIN_TEST_EXT4DAX", EXT4_MAGIC);
}

static void make_xfsdax_hole(struct memory *memory)
{
	map_file_hole(memory, "PIN_TEST_XFSDAX", XFS_MAGIC);
}

/* Did one fault map 2 MiB at once? */
static bool is_mapped_huge(const char *place)
{
	return is_present(place + MEMORY_HUGE - page) &&
	       pfn_at(place) % (MEMORY_HUGE / page) == 0 &&
	       pfn_at(place) + MEMORY_HUGE / page - 1 ==
			pfn_at(place + MEMORY_HUGE - page);
}

/*
 * Where blocks are is the filesystem's choice; huge pages can map them if offsets in
 * the file and on the device agree. So the file begins with a hole until they do.
 */
static void map_file_huge(struct memory *memory, const char *dir_variable,
			  long magic)
{
	const size_t length = 16 * MEMORY_HUGE;
	char *place = memory_place(memory, MEMORY_HUGE, MEMORY_HUGE);
	int fd = new_file(memory, dir_variable, magic, true);
	size_t hole = 0, wanted;
	int tries;

	for (tries = 0; tries < 16; tries++) {
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(posix_fallocate(fd, hole, length), 0);
		ck_assert_int_eq(fsync(fd), 0);
		wanted = extents_block(fd, hole) % MEMORY_HUGE;
		if (wanted == hole)
			break;
		hole = wanted;
	}
	/* Not the first of it, which need not be whole. */
	memory_map(place, MEMORY_HUGE, READ_WRITE, MAP_SHARED, fd, 2 * MEMORY_HUGE);
	touch(place, page);
	ck_assert_msg(is_mapped_huge(place), "%s: no huge page maps blocks from %#llx",
		      memory->path,
		      (unsigned long long)extents_block(fd, 2 * MEMORY_HUGE));
}

static void make_ext4dax_huge(struct memory *memory)
{
	map_file_huge(memory, "PIN_TEST_EXT4DAX", EXT4_MAGIC);
}

static void make_xfsdax_huge(struct memory *memory)
{
	map_file_huge(memory, "PIN_TEST_XFSDAX", XFS_MAGIC);
}

/* The filesystem has room for four pages. */
static void make_tmpfs_full(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_file(memory, "PIN_TEST_TMPFS_SMALL", TMPFS_MAGIC, false);
	struct statfs stat;

	ck_assert_int_eq(ftruncate(fd, PAGES * page), 0);
	memory_map(place, PAGES * page, READ_WRITE, MAP_SHARED, fd, 0);
	touch(place, 4 * page);
	ck_assert_int_eq(fstatfs(fd, &stat), 0);
	ck_assert_uint_eq(stat.f_bfree, 0);
}

static int open_device(struct memory *memory, const char *variable, mode_t type)
{
	int fd = memory_owns(memory, open(need_env(variable), O_RDWR | O_CLOEXEC),
			     need_env(variable));
	struct stat stat;

	ck_assert_int_eq(fstat(fd, &stat), 0);
	ck_assert_uint_eq(stat.st_mode & S_IFMT, type);
	return fd;
}

static void make_block_device(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);

	memory_map(place, PAGES * page, READ_WRITE, MAP_SHARED,
		   open_device(memory, "PIN_TEST_BLOCK_DEVICE", S_IFBLK), 0);
	touch(place, PAGES * page);
}

static void make_devdax(struct memory *memory)
{
	char *place = memory_place(memory, MEMORY_HUGE, MEMORY_HUGE);

	memory_map(place, MEMORY_HUGE, READ_WRITE, MAP_SHARED,
		   open_device(memory, "PIN_TEST_DEVDAX", S_IFCHR), 0);
	touch(place, page);
	ck_assert(is_mapped_huge(place));
}

const struct memory_kind memory_file[] = {
	{ "ext4-shared", make_ext4_shared },
	{ "ext4-private", make_ext4_private },
	{ "ext4-read-only", make_ext4_read_only },
	{ "ext4-past-end", make_ext4_past_end },
	{ "xfs-shared", make_xfs_shared },
	{ "xfs-private", make_xfs_private },
	{ "btrfs-shared", make_btrfs_shared },
	{ "btrfs-private", make_btrfs_private },
	{ "tmpfs-shared", make_tmpfs_shared },
	{ "tmpfs-private", make_tmpfs_private },
	{ "tmpfs-full", make_tmpfs_full },
	{ "block-device", make_block_device },
	{ "ext4dax-shared", make_ext4dax_shared },
	{ "ext4dax-private", make_ext4dax_private },
	{ "ext4dax-hole", make_ext4dax_hole },
	{ "ext4dax-huge", make_ext4dax_huge },
	{ "xfsdax-shared", make_xfsdax_shared },
	{ "xfsdax-private", make_xfsdax_private },
	{ "xfsdax-hole", make_xfsdax_hole },
	{ "xfsdax-huge", make_xfsdax_huge },
	{ "devdax", make_devdax },
	{ }
};
