/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two actors (arena.h) at once for a while, each in a thread, on memory that a third one
 * keeps pinning. Whatever they meet, each call ends with what it may end with, and with
 * the context, which is theirs, everything is given back.
 */
#ifndef PIN_TEST_PLAY_H
#define PIN_TEST_PLAY_H

#include "arena.h"

/* Of all the files of actors. */
unsigned int actor_count(void);
const struct actor *actor_at(unsigned int i);

/* What the two have come to, and how often they were refused. */
struct played {
	unsigned int done[2];
	unsigned int refused[2];
};

/* For @ms, and until each has acted a few times; the same @seed, the same choices. */
struct played play_pair(struct arena *arena, const struct actor *first,
			const struct actor *second, unsigned int ms, unsigned int seed);

#endif /* PIN_TEST_PLAY_H */
