/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who pins for long in the benchmarks: /dev/pin, and what else a kernel has that does.
 * A file for each, named after it.
 */
#ifndef PIN_BENCH_PEER_H
#define PIN_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

/* Instructions. */
struct took {
	uint64_t pin;
	uint64_t unpin;
};

/**
 * struct peer - who pins
 * @name: as the output has it
 * @open: makes ready; NULL, or why this kernel or machine has no such peer
 * @close: gives back what @open took, and pins with it; NULL: that can stay
 * @takes: can it pin this memory? NULL: any
 * @pin: pins the memory for writing, whole; ends the program if that fails
 * @unpin: gives back what @pin pinned last
 * @several: @pin can be called before @unpin again; then @close gives back all
 * @measure: pins, unpins and measures both, by a clock of its own; NULL: @pin and @unpin
 *	are measured
 */
struct peer {
	const char *name;
	const char *(*open)(void);
	void (*close)(void);
	bool (*takes)(const struct memory *memory);
	void (*pin)(const struct memory *memory);
	void (*unpin)(const struct memory *memory);
	bool several;
	struct took (*measure)(const struct memory *memory);
};

/* What some can take at once; more is pinned in so many parts. */
#define PEER_PART	(1UL << 30)
#define PEER_PARTS	16

struct part {
	char *addr;
	size_t bytes;
};

/* How many parts the memory has: these. */
unsigned int peer_divide(const struct memory *memory, struct part parts[PEER_PARTS]);

/* All of them; the last one is NULL. */
extern const struct peer *const peers[];
extern const struct peer peer_pin, peer_uring, peer_rdma, peer_vfio, peer_iommufd, peer_udmabuf,
	peer_gup, peer_gup_fast, peer_mlock;

#endif /* PIN_BENCH_PEER_H */
