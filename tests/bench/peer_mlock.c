// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mlock(2); see peer.h. It pins nothing (pages can still be moved), but is what programs
 * call to keep memory in place.
 */
#include <sys/mman.h>

#include "clock.h"
#include "peer.h"

static const char *open_nothing(void)
{
	return NULL;
}

static void lock(const struct memory *memory)
{
	if (mlock(memory->addr, memory->bytes))
		die("mlock of %zu bytes", memory->bytes);
}

static void unlock(const struct memory *memory)
{
	if (munlock(memory->addr, memory->bytes))
		die("munlock");
}

const struct peer peer_mlock = {
	.name = "mlock",
	.open = open_nothing,
	.pin = lock,
	.unpin = unlock,
};
