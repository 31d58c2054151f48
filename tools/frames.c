// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames: see frames.h.
 */
#include <stdlib.h>

#include "frames.h"

static int by_first(const void *a, const void *b)
{
	uint64_t first = ((const struct frames *)a)->first;
	uint64_t second = ((const struct frames *)b)->first;

	return first < second ? -1 : first > second;
}

size_t frames_join(struct frames *frames, size_t count)
{
	size_t i, kept = 0;

	qsort(frames, count, sizeof(*frames), by_first);
	for (i = 1; i < count; i++) {
		uint64_t end = frames[kept].first + frames[kept].count;
		uint64_t next_end = frames[i].first + frames[i].count;

		if (end < frames[i].first)
			frames[++kept] = frames[i];
		else if (end < next_end)
			frames[kept].count = next_end - frames[kept].first;
	}
	return kept + 1;
}
