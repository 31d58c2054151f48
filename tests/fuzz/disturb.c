// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations that change the memory that is, or was, or will be pinned. */
#include "operation.h"

#include "desk.h"
#include "ground.h"

#include "../func/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

/* Where the C library is older than the kernel. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

static void *at(const struct range *range)
{
	return (void *)(uintptr_t)range->addr;
}

/* Leases on it end, and with them what is known of their pins. */
static struct range take_range(struct player *player)
{
	struct range range = ground_pages(&player->in);

	ground_disturbed(&range);
	player->world->uncertain = true;
	return range;
}

static long do_map(struct player *player)
{
	struct range range = take_range(player);

	return ground_map(&player->in, &range);
}

static long do_unmap(struct player *player)
{
	struct range range = take_range(player);

	return result_of(munmap(at(&range), range.length));
}

static long do_protect(struct player *player)
{
	struct range range = take_range(player);

	return result_of(mprotect(at(&range), range.length, stream_byte(&player->in) & 7));
}

/*
 * 6.1 takes a huge page of DAX for a broken entry then, drops it, and tells the log where
 * it was, whether /dev/pin is loaded or not.
 */
static bool breaks_dax(int advice)
{
	return (advice == MADV_COLD || advice == MADV_PAGEOUT) && kernel_before(6, 2);
}

/*
 * collapse_file() of Linux 7.2 reads, with pages locked and a lock of the mapping to take,
 * what a truncate that holds that lock then waits for: khugepaged and a truncate of a file
 * on XFS never ended, whoever pins.  khugepaged is kept away altogether (ground.c).
 */
static bool may_never_end(const struct player *player, int advice)
{
	return advice == MADV_COLLAPSE && player->world->others && !kernel_before(6, 13);
}

static long do_advise(struct player *player)
{
	/* Not those that poison pages, which would not come back. */
	static const int advices[] = {
		MADV_DONTNEED, MADV_FREE, MADV_PAGEOUT, MADV_COLD, MADV_COLLAPSE,
		MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_DONTFORK, MADV_DOFORK,
		MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_REMOVE, MADV_WILLNEED,
		MADV_DONTNEED_LOCKED, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE, MADV_POPULATE_WRITE,
	};
	struct range range = take_range(player);
	int advice = advices[stream_choose(&player->in, COUNT(advices))];

	if (breaks_dax(advice) || may_never_end(player, advice))
		return -EOPNOTSUPP;
	if (advice == MADV_REMOVE)
		ground_file_changed(&range);
	return result_of(madvise(at(&range), range.length, advice));
}

static long do_move(struct player *player)
{
	struct range from = take_range(player), to = take_range(player);
	uint8_t how = stream_byte(&player->in);
	int flags = how & 1 ? MREMAP_MAYMOVE | MREMAP_FIXED : how & 2 ? MREMAP_MAYMOVE : 0;
	size_t length = how & 4 ? to.length : from.length;
	void *addr;

	/* Moved to where it is not known it would never be taken away again. */
	if (flags == MREMAP_MAYMOVE)
		flags |= MREMAP_FIXED;
	addr = mremap(at(&from), from.length, length, flags, at(&to));
	return addr == MAP_FAILED ? -errno : 0;
}

static long do_truncate(struct player *player)
{
	struct range range = take_range(player);
	int fd = ground_file(&range);
	uint8_t how = stream_byte(&player->in);

	if (fd < 0)
		return -EBADF;
	ground_file_changed(&range);
	return result_of(ftruncate(fd, how < 128 ? ground_offset(&range) + how : AREA_LENGTH));
}

static long do_allocate(struct player *player)
{
	static const int modes[] = {
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, FALLOC_FL_ZERO_RANGE,
		FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE, FALLOC_FL_KEEP_SIZE,
	};
	struct range range = take_range(player);
	int fd = ground_file(&range);
	uint64_t offset = ground_offset(&range), end = offset + range.length;

	if (fd < 0)
		return -EBADF;
	if (end > AREA_LENGTH)
		end = AREA_LENGTH;
	ground_file_changed(&range);
	return result_of(fallocate(fd, modes[stream_choose(&player->in, COUNT(modes))], offset,
				   end - offset));
}

static long do_lock(struct player *player)
{
	struct range range = take_range(player);

	if (stream_byte(&player->in) & 1)
		return result_of(munlock(at(&range), range.length));
	return result_of(mlock2(at(&range), range.length, MLOCK_ONFAULT));
}

/* As the program itself would, had it not to fear the signal. */
static long do_touch(struct player *player)
{
	struct range range = take_range(player);
	struct desk *desk = player->desk;
	long done;

	if (stream_byte(&player->in) & 1)
		done = desk_write(desk, range.addr, desk->room, 256);
	else
		done = desk_read(desk, range.addr, 256);
	return done < 0 ? done : 0;
}

static long do_sync(struct player *player)
{
	struct range range = take_range(player);

	return result_of(msync(at(&range), range.length, MS_SYNC));
}

const struct operation operations_memory[] = {
	{ "map", 10, do_map, false },
	{ "unmap", 4, do_unmap, false },
	{ "protect", 5, do_protect, false },
	{ "advise", 12, do_advise, false },
	{ "move", 4, do_move, false },
	{ "truncate", 4, do_truncate, false },
	{ "allocate", 4, do_allocate, false },
	{ "lock", 2, do_lock, false },
	{ "touch", 4, do_touch, false },
	{ "sync", 1, do_sync, false },
	{ }
};
