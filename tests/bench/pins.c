// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinning memory and giving it back costs: each kind of memory, in several sizes, by
 * each who pins.
 *
 * A cell is one of each. Its memory is made anew, pinned and given back ROUNDS times.
 * The first round is told as cold, the least of those from WARM on as warm: what the
 * first ones leave behind (dirty pages, referenced folios) is there then. Memory that is
 * not populated is made anew for each round, so it has no warm one.
 *
 * A line a cell, fields separated by tabs: "pins", who, kind, "populated" or "untouched",
 * bytes, then instructions: cold pin, cold unpin, warm pin, warm unpin.
 *
 * usage: bench-pins [WHO...]
 */
#include "peer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"

#define ROUNDS	6
#define WARM	2
#define KIB	1024UL
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)

struct took {
	uint64_t pin;
	uint64_t unpin;
};

static const struct peer *const peers[] = {
	&peer_pin,
};

static const size_t sizes[] = { 4 * KIB, 64 * KIB, 2 * MIB, 128 * MIB };

static struct took measure(const struct peer *peer, const struct memory *memory)
{
	uint64_t start, pinned, end;

	run_before_all_others(true);
	start = clock_ticks();
	peer->pin(memory);
	pinned = clock_ticks();
	peer->unpin(memory);
	end = clock_ticks();
	run_before_all_others(false);
	return (struct took) { pinned - start - clock_ticks_cost,
			       end - pinned - clock_ticks_cost };
}

static void lessen(struct took *least, struct took took)
{
	if (took.pin < least->pin)
		least->pin = took.pin;
	if (took.unpin < least->unpin)
		least->unpin = took.unpin;
}

static void tell(const struct peer *peer, const char *kind, const char *state, size_t bytes,
		 struct took cold, struct took warm)
{
	printf("pins\t%s\t%s\t%s\t%zu\t%llu\t%llu\t%llu\t%llu\n", peer->name, kind, state, bytes,
	       (unsigned long long)cold.pin, (unsigned long long)cold.unpin,
	       (unsigned long long)warm.pin, (unsigned long long)warm.unpin);
}

static void bench_memory(const struct peer *peer, const char *kind, const struct memory *memory)
{
	struct took took, cold, warm = { UINT64_MAX, UINT64_MAX };
	int i;

	if (peer->takes && !peer->takes(memory))
		return;
	for (i = 0; i < ROUNDS; i++) {
		took = measure(peer, memory);
		if (i == 0)
			cold = took;
		if (i >= WARM)
			lessen(&warm, took);
	}
	tell(peer, kind, "populated", memory->bytes, cold, warm);
}

static void bench_populated(const struct peer *peer, const struct kind *kind, size_t bytes)
{
	struct memory memory;

	memory_map(&memory, kind, bytes, true);
	bench_memory(peer, kind->name, &memory);
	memory_unmap(&memory);
}

static void bench_untouched(const struct peer *peer, const struct kind *kind, size_t bytes)
{
	struct took least = { UINT64_MAX, UINT64_MAX };
	struct memory memory;
	bool takes = true;
	int i;

	for (i = 0; i < ROUNDS && takes; i++) {
		memory_map(&memory, kind, bytes, false);
		takes = !peer->takes || peer->takes(&memory);
		if (takes)
			lessen(&least, measure(peer, &memory));
		memory_unmap(&memory);
	}
	if (takes)
		tell(peer, kind->name, "untouched", bytes, least, least);
}

static void bench_peer(const struct peer *peer)
{
	const char *why = peer->open();
	const struct kind *kind;
	struct memory memory;
	size_t i;

	if (why) {
		printf("absent\t%s\t%s\n", peer->name, why);
		return;
	}
	for (kind = kinds; kind->name; kind++) {
		for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			if (sizes[i] >= kind->step)
				bench_populated(peer, kind, sizes[i]);
		bench_untouched(peer, kind, sizes[i - 1]);
	}
	memory_map_again_and_again(&memory, 128 * MIB, 4 * GIB);
	bench_memory(peer, "memfd", &memory);
	memory_unmap(&memory);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (mlockall(MCL_CURRENT))
		die("mlockall");
	clock_check();
	for (i = 0; i < sizeof(peers) / sizeof(*peers); i++)
		if (is_wanted(peers[i]->name, argc, argv))
			bench_peer(peers[i]);
	return 0;
}
