// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much memory of the kernel's own a pinned GiB takes: by each who pins, where pages
 * follow one another and where no two do.
 *
 * What is pinned is a memfd that is mapped again and again, so that the pinned memory
 * takes none. Bytes are what MemFree has less while it is pinned, nothing having been
 * pinned before by the same one: what slabs keep for the next time counts.
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
#define GIBS		4UL

static uint64_t measure(const struct peer *peer, void (*touch)(const struct memory *memory))
{
	struct memory memory;
	uint64_t before, after;

	memory_map_repeated(&memory, touch, FILE_BYTES, GIBS << 30);
	before = meminfo_bytes("MemFree");
	peer->pin(&memory);
	after = meminfo_bytes("MemFree");
	peer->unpin(&memory);
	memory_unmap(&memory);
	return before > after ? (before - after) / GIBS : 0;
}

static void bench_peer(const struct peer *peer)
{
	/* Who is absent bench-pins tells. */
	if (peer->measure || peer->open())
		return;
	figure_tell(measure(peer, memory_touch_in_order), "%s/footprint/in-order", peer->name);
	figure_tell(measure(peer, memory_touch_scattered), "%s/footprint/scattered", peer->name);
	if (peer->close)
		peer->close();
}

int main(void)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; peers[i]; i++)
		bench_peer(peers[i]);
	return 0;
}
