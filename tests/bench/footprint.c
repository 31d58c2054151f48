// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much memory of the kernel's own a pinned GiB takes: by each who pins, where pages
 * follow one another and where no two do.
 *
 * What is pinned is a memfd that is mapped again and again, so that the pinned memory
 * takes none. Bytes are what is free less while it is pinned; where it can be, it is
 * pinned SEVERAL times, because slabs may have room for one.
 *
 * Figures: WHO/footprint/ followed by in-order or scattered, bytes a GiB.
 *
 * usage: bench-footprint
 */
#include <stdio.h>

#include "clock.h"
#include "figure.h"
#include "meminfo.h"
#include "peer.h"

#define FILE_BYTES	(128UL << 20)
#define BYTES		(1UL << 30)
#define SEVERAL		16

/* Opened for each: IOMMU tables stay with who was pinned before. */
static void bench(const struct peer *peer, void (*touch)(const struct memory *memory),
		  const char *name)
{
	unsigned int pins = peer->several ? SEVERAL : 1, i;
	struct memory memory;
	uint64_t before, after;

	/* Who is absent bench-pins tells; who measures himself pins nothing that lasts. */
	if (peer->measure || peer->open())
		return;
	memory_map_repeated(&memory, touch, FILE_BYTES, BYTES);
	before = meminfo_free_bytes();
	for (i = 0; i < pins; i++)
		peer->pin(&memory);
	after = meminfo_free_bytes();
	if (!peer->several)
		peer->unpin(&memory);
	if (peer->close)
		peer->close();
	memory_unmap(&memory);
	figure_tell(before > after ? (before - after) / pins : 0, "%s/footprint/%s",
		    peer->name, name);
}

int main(void)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; peers[i]; i++) {
		bench(peers[i], memory_touch_in_order, "in-order");
		bench(peers[i], memory_touch_scattered, "scattered");
	}
	return 0;
}
