// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinning memory and giving it back costs: each kind of memory, in several sizes, by
 * each who pins.
 *
 * Populated memory is pinned and given back ROUNDS times, ROUNDS_LARGE if it takes long:
 * the first is told as cold, the least of those from WARM on as warm. What the first ones
 * leave behind (dirty pages, referenced folios) is there then. Memory that is not
 * populated is made anew for each round, so it has no warm one.
 *
 * Figures: WHO/KIND/populated/BYTES/ followed by cold-pin, cold-unpin, warm-pin or
 * warm-unpin, and WHO/KIND/untouched/BYTES/ by pin or unpin. Who is not there has a line
 * of its own: "absent", who, and why, with tabs between them.
 *
 * usage: bench-pins [WHO...]
 */
#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "figure.h"

#define ROUNDS			5
#define ROUNDS_LARGE		3
#define ROUNDS_UNTOUCHED	3
#define WARM			2
#define KIB			1024UL
#define MIB			(1024 * KIB)
#define GIB			(1024 * MIB)

static const size_t sizes[] = { 4 * KIB, 64 * KIB, 2 * MIB, 128 * MIB };

#define SIZES	(sizeof(sizes) / sizeof(*sizes))

static struct took measure_calls(const struct peer *peer, const struct memory *memory)
{
	uint64_t start, pinned, end;

	start = clock_ticks();
	peer->pin(memory);
	pinned = clock_ticks();
	peer->unpin(memory);
	end = clock_ticks();
	return (struct took) { pinned - start - clock_ticks_cost,
			       end - pinned - clock_ticks_cost };
}

static struct took measure(const struct peer *peer, const struct memory *memory)
{
	struct took took;

	run_before_all_others(true);
	took = peer->measure ? peer->measure(memory) : measure_calls(peer, memory);
	run_before_all_others(false);
	return took;
}

static void lessen(struct took *least, struct took took)
{
	if (took.pin < least->pin)
		least->pin = took.pin;
	if (took.unpin < least->unpin)
		least->unpin = took.unpin;
}

static void bench_memory(const struct peer *peer, const char *kind, const struct memory *memory)
{
	struct took took, cold = {}, warm = { UINT64_MAX, UINT64_MAX };
	const char *format = "%s/%s/populated/%zu/%s";
	int rounds = memory->bytes < GIB ? ROUNDS : ROUNDS_LARGE, i;

	if (peer->takes && !peer->takes(memory))
		return;
	for (i = 0; i < rounds; i++) {
		took = measure(peer, memory);
		if (i == 0)
			cold = took;
		if (i >= WARM)
			lessen(&warm, took);
	}
	figure_tell(cold.pin, format, peer->name, kind, memory->bytes, "cold-pin");
	figure_tell(cold.unpin, format, peer->name, kind, memory->bytes, "cold-unpin");
	figure_tell(warm.pin, format, peer->name, kind, memory->bytes, "warm-pin");
	figure_tell(warm.unpin, format, peer->name, kind, memory->bytes, "warm-unpin");
}

static void bench_populated(const struct peer *peer, const struct kind *kind, size_t bytes)
{
	struct memory memory;

	memory_map(&memory, kind, bytes);
	kind->touch(&memory);
	bench_memory(peer, kind->name, &memory);
	memory_unmap(&memory);
}

static void bench_untouched(const struct peer *peer, const struct kind *kind, size_t bytes)
{
	const char *format = "%s/%s/untouched/%zu/%s";
	struct took least = { UINT64_MAX, UINT64_MAX };
	struct memory memory;
	bool takes = true;
	int i;

	for (i = 0; i < ROUNDS_UNTOUCHED && takes; i++) {
		memory_map(&memory, kind, bytes);
		takes = !peer->takes || peer->takes(&memory);
		if (takes)
			lessen(&least, measure(peer, &memory));
		memory_unmap(&memory);
	}
	if (!takes)
		return;
	figure_tell(least.pin, format, peer->name, kind->name, bytes, "pin");
	figure_tell(least.unpin, format, peer->name, kind->name, bytes, "unpin");
}

static void bench_kind(const struct peer *peer, const struct kind *kind)
{
	size_t i;

	for (i = 0; i < SIZES; i++) {
		if (sizes[i] < kind->step)
			continue;
		bench_populated(peer, kind, sizes[i]);
		/* In what order it would be populated does not matter then. */
		if (kind->touch == memory_touch_in_order)
			bench_untouched(peer, kind, sizes[i]);
	}
}

static void bench_peer(const struct peer *peer)
{
	const char *why = peer->open();
	const struct kind *kind;
	struct memory memory;

	if (why) {
		printf("absent\t%s\t%s\n", peer->name, why);
		return;
	}
	for (kind = kinds; kind->name; kind++)
		bench_kind(peer, kind);
	memory_map_repeated(&memory, memory_touch_in_order, 128 * MIB, 4 * GIB);
	bench_memory(peer, "memfd", &memory);
	memory_unmap(&memory);
	if (peer->close)
		peer->close();
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
	memory_use_up_pieces();
	for (i = 0; peers[i]; i++)
		if (is_wanted(peers[i]->name, argc, argv))
			bench_peer(peers[i]);
	return 0;
}
