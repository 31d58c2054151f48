// SPDX-License-Identifier: GPL-2.0-or-later
/* See desk.h. */
#include "desk.h"

#include "run.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *take(uint8_t **free, size_t length, int prot)
{
	uint8_t *taken = *free;

	if (mprotect(taken, length, prot))
		run_fail("a desk: %s", strerror(errno));
	*free += length + DESK_PAGE;
	return taken;
}

void desk_open(struct desk *desk)
{
	const size_t request = 2 * DESK_PAGE;
	const size_t all = 5 * DESK_PAGE + 2 * request + DESK_PAGE + DESK_ROOM;
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
	desk->room = take(&free, DESK_ROOM, PROT_READ | PROT_WRITE);
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
