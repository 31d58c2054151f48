// SPDX-License-Identifier: GPL-2.0-or-later
/* See desk.h. */
#include "desk.h"

#include "run.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

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
	free += DESK_PAGE;
	desk->request = take(&free, request, PROT_READ | PROT_WRITE) + DESK_MARGIN;
	desk->sent = take(&free, request, PROT_READ | PROT_WRITE);
	desk->read_only = take(&free, DESK_PAGE, PROT_READ);
	desk->room = take(&free, DESK_ROOM, PROT_READ | PROT_WRITE);
}
