/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of memory that are pinned in the benchmarks.
 *
 * Owns how each kind is made, so that a page frame's place is decided by the kind and
 * not by what ran before.
 */
#ifndef PIN_BENCH_MEMORY_H
#define PIN_BENCH_MEMORY_H

#include <stddef.h>

/**
 * struct memory - a mapping
 * @addr: where, on a boundary of 2 MiB
 * @bytes: of the mapping
 * @fd: of the file that is mapped; -1: anonymous
 */
struct memory {
	char *addr;
	size_t bytes;
	int fd;
};

/**
 * struct kind - a kind of memory
 * @name: as the output has it
 * @step: bytes of the pages it consists of; shorter memory cannot be had
 * @map: what is not populated yet
 * @touch: how it is populated
 */
struct kind {
	const char *name;
	size_t step;
	void (*map)(struct memory *memory, size_t bytes);
	void (*touch)(const struct memory *memory);
};

/* The kinds; the last one has no name. */
extern const struct kind kinds[];

void memory_touch_in_order(const struct memory *memory);
/* Each page once, no two neighbours after one another. */
void memory_touch_scattered(const struct memory *memory);

/* Not populated. */
void memory_map(struct memory *memory, const struct kind *kind, size_t bytes);
/*
 * The same memfd of @file_bytes again and again, a mapping after the other: more memory
 * than the machine has. Populated, the file's pages by @touch.
 */
void memory_map_repeated(struct memory *memory, void (*touch)(const struct memory *memory),
			 size_t file_bytes, size_t bytes);
/*
 * Takes the pieces of free memory that what ran before has left, and keeps them: pages of
 * what is mapped from now on are neighbours, and how many is no matter of chance.
 */
void memory_use_up_pieces(void);
void memory_unmap(struct memory *memory);

#endif /* PIN_BENCH_MEMORY_H */
