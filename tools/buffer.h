/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffer: memory of a certain kind, all of it there, to see what pinning it costs.
 */
#ifndef _PINCTL_BUFFER_H
#define _PINCTL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a huge page, of the pool and of THP. */
#define HUGE_SIZE (UINT64_C(2) << 20)

/*
 * @huge: made of huge pages, and so of whole ones; @pool: of those of hugetlb; @shared: a
 * memfd.  @scattered: physically; neighbours are not touched one after the other.
 */
struct buffer_kind {
	const char *name;
	bool huge;
	bool pool;
	bool shared;
	bool scattered;
};

/* Kind @index of all there are; NULL beyond the last. */
const struct buffer_kind *buffer_kind_at(size_t index);
/* Sizes are multiples of that. */
uint64_t buffer_step(const struct buffer_kind *kind);

/* @address and @length are the buffer, @map what it was cut from. */
struct buffer {
	uint64_t address;
	uint64_t length;
	void *map;
	size_t map_length;
};

/* 0 or -errno.  -ENODATA: the kernel gave no huge pages, though they were asked for. */
int buffer_make(struct buffer *buffer, const struct buffer_kind *kind, uint64_t length);
/* Fine on one that could not be made. */
void buffer_release(struct buffer *buffer);

#endif /* _PINCTL_BUFFER_H */
