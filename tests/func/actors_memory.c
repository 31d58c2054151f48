// SPDX-License-Identifier: GPL-2.0-or-later
/* Actors of the race matrix (arena.h) who change the memory that is pinned. */
#include "arena.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the C library is older than the kernel. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/*
 * madvise(), of which only what nobody could wonder at may be heard: it is not for this
 * memory, or somebody else is at it.
 */
static bool advise(const struct area *part, int advice)
{
	if (!madvise(part->addr, part->length, advice))
		return true;
	if (errno != EINVAL && errno != EAGAIN && errno != EBUSY && errno != ENOMEM &&
	    errno != EFAULT && errno != EHWPOISON)
		ck_abort_msg("madvise %d: %s", advice, strerror(errno));
	return false;
}

static bool populate(struct player *player)
{
	struct area part = arena_part(player);

	return advise(&part, MADV_POPULATE_WRITE);
}

/* munmap() and mmap() in one: nobody else's mapping can come between. */
static bool replace(struct player *player)
{
	struct area part = arena_part(player);
	int flags = part.fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	if (mmap(part.addr, part.length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, part.fd,
		 part.offset) == MAP_FAILED)
		ck_abort_msg("mmap: %s", strerror(errno));
	return true;
}

/*
 * There and back again, a page, which is in one mapping.  The hole meanwhile is smaller
 * than what anything else asks for, and the other actors map only to their own addresses.
 */
static bool move(struct player *player)
{
	char *from = arena_part(player).addr, *there = player->arena->spare[player->number];

	if (mremap(from, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, there) == MAP_FAILED) {
		/* Somebody else has it. */
		if (errno != EFAULT)
			ck_abort_msg("mremap: %s", strerror(errno));
		return false;
	}
	if (mremap(there, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, from) == MAP_FAILED)
		ck_abort_msg("mremap back: %s", strerror(errno));
	if (mmap(there, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		ck_abort_msg("mmap: %s", strerror(errno));
	return true;
}

static bool protect_as(const struct area *part, int prot)
{
	if (!mprotect(part->addr, part->length, prot))
		return true;
	/* A part of it is being moved. */
	if (errno != ENOMEM)
		ck_abort_msg("mprotect: %s", strerror(errno));
	return false;
}

static bool protect(struct player *player)
{
	struct area part = arena_part(player);
	bool did = protect_as(&part, PROT_READ);

	return protect_as(&part, PROT_READ | PROT_WRITE) && did;
}

static bool discard(struct player *player)
{
	struct area part = arena_part(player);

	return advise(&part, MADV_DONTNEED);
}

static bool page_out(struct player *player)
{
	struct area part = arena_part(player);

	return advise(&part, MADV_PAGEOUT);
}

static bool collapse(struct player *player)
{
	const struct area *area = &player->arena->areas[AREA_HUGE];

	return advise(area, MADV_COLLAPSE);
}

static bool merge(struct player *player)
{
	struct area part = arena_part_of(player, AREA_ANON);

	return advise(&part, arena_choose(player, 2) ? MADV_MERGEABLE : MADV_UNMERGEABLE);
}

static enum area_kind choose_file(struct player *player)
{
	return arena_choose(player, 2) ? AREA_DAX : AREA_SHARED;
}

static bool truncate_file(struct player *player)
{
	const struct area *area = &player->arena->areas[choose_file(player)];

	if (ftruncate(area->fd, arena_choose(player, ARENA_PAGES) * page) ||
	    ftruncate(area->fd, area->length))
		ck_abort_msg("ftruncate: %s", strerror(errno));
	return true;
}

static bool punch(struct player *player)
{
	struct area part = arena_part_of(player, choose_file(player));

	if (fallocate(part.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, part.offset,
		      part.length))
		ck_abort_msg("fallocate: %s", strerror(errno));
	return true;
}

/*
 * Write-protects some of it for a moment: a pin for writing waits so long, or is refused
 * on 6.1.
 *
 * There the memory is unregistered before the userfaultfd is closed, or what faults on a
 * protected page of one that is just being closed, while it holds the mmap_lock, goes round
 * for ever: handle_userfault() says that there is nothing to wait for, and
 * userfaultfd_release() waits for the lock.  io_uring's pins do so as well.  6.12 has it
 * mended, see the comment in its handle_userfault().
 */
static bool userfault(struct player *player)
{
	struct area part = arena_part_of(player, AREA_ANON);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register registered = {
		.range = { .start = (uintptr_t)part.addr, .len = part.length },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protected = {
		.range = registered.range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	bool did;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		ck_abort_msg("userfaultfd: %s", strerror(errno));
	did = !ioctl(fd, UFFDIO_REGISTER, &registered) &&
	      !ioctl(fd, UFFDIO_WRITEPROTECT, &protected);
	if (kernel_before(6, 2) && did && ioctl(fd, UFFDIO_UNREGISTER, &registered.range))
		ck_abort_msg("UFFDIO_UNREGISTER: %s", strerror(errno));
	/* Whoever waits goes on. */
	close(fd);
	return did;
}

const struct actor actors_memory[] = {
	{ .name = "populate", .act = populate },
	{ .name = "replace", .act = replace },
	{ .name = "move", .act = move },
	{ .name = "protect", .act = protect },
	{ .name = "discard", .act = discard },
	{ .name = "page-out", .act = page_out },
	{ .name = "collapse", .act = collapse },
	{ .name = "merge", .act = merge },
	{ .name = "truncate", .act = truncate_file },
	{ .name = "punch", .act = punch },
	{ .name = "userfault", .act = userfault },
};

const unsigned int actors_memory_count = sizeof(actors_memory) / sizeof(actors_memory[0]);
