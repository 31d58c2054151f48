/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who pins for long in the benchmarks: /dev/pin, and what else a kernel has that does.
 * A file for each, named after it.
 */
#ifndef PIN_BENCH_PEER_H
#define PIN_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "memory.h"

/**
 * struct peer - who pins
 * @name: as the output has it
 * @open: makes ready; NULL, or why this kernel or machine has no such peer
 * @takes: can it pin this memory? NULL: any
 * @pin: pins the memory, whole; ends the program if that fails
 * @unpin: gives back what @pin pinned last
 */
struct peer {
	const char *name;
	const char *(*open)(void);
	bool (*takes)(const struct memory *memory);
	void (*pin)(const struct memory *memory);
	void (*unpin)(const struct memory *memory);
};

extern const struct peer peer_pin;

#endif /* PIN_BENCH_PEER_H */
