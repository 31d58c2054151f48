/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: parts of physical memory by the numbers of its pages.
 */
#ifndef _PINCTL_FRAMES_H
#define _PINCTL_FRAMES_H

#include <stddef.h>
#include <stdint.h>

/* Page frames [@first, @first + @count). */
struct frames {
	uint64_t first;
	uint64_t count;
};

/*
 * Sorts @count parts, at least one, and makes one of those that overlap or lie next to each
 * other; how many are left.
 */
size_t frames_join(struct frames *frames, size_t count);

#endif /* _PINCTL_FRAMES_H */
