// SPDX-License-Identifier: GPL-2.0-or-later
/* See desk.h. */
#include "desk.h"

#include "run.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A bit more or less, or the double, of an address in one room leads to no other and to
 * nothing that is mapped: the driver writes where it is told to, and that is not to be the
 * fuzzer's own memory.
 */
static const uint64_t rooms[] = {
	0x2a0000000000, 0x2a0300000000, 0x2a0500000000, 0x2a0600000000,
};

static uint8_t *open_room(unsigned int number)
{
	void *room;

	if (number >= sizeof(rooms) / sizeof(*rooms))
		run_fail("desk %u has no room", number);
	room = mmap((void *)(uintptr_t)rooms[number], DESK_ROOM, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (room == MAP_FAILED)
		run_fail("a room: %s", strerror(errno));
	return room;
}

static uint8_t *take(uint8_t **free, size_t length, int prot)
{
	uint8_t *taken = *free;

	if (mprotect(taken, length, prot))
		run_fail("a desk: %s", strerror(errno));
	*free += length + DESK_PAGE;
	return taken;
}

void desk_open(struct desk *desk, unsigned int number)
{
	const size_t request = 2 * DESK_PAGE;
	const size_t all = 4 * DESK_PAGE + 2 * request + DESK_PAGE;
	uint8_t *free = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (free == MAP_FAILED)
		run_fail("a desk: %s", strerror(errno));
	desk->file = memfd_create("desk", MFD_CLOEXEC);
	if (desk->file < 0)
		run_fail("a desk: %s", strerror(errno));
	free += DESK_PAGE;
	desk->request = take(&free, request, PROT_READ | PROT_WRITE) + DESK_MARGIN;
	desk->sent = take(&free, request, PROT_READ | PROT_WRITE);
	desk->read_only = take(&free, DESK_PAGE, PROT_READ);
	desk->room = open_room(number);
}

long desk_write(const struct desk *desk, uint64_t to, const void *from, size_t length)
{
	long done;

	if (pwrite(desk->file, from, length, 0) != (ssize_t)length)
		return -errno;
	done = pread(desk->file, (void *)(uintptr_t)to, length, 0);
	return done < 0 ? -errno : done;
}

long desk_read(const struct desk *desk, uint64_t from, size_t length)
{
	long done = pwrite(desk->file, (void *)(uintptr_t)from, length, 0);

	return done < 0 ? -errno : done;
}
