/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who acts in a case: a few threads at the same time, and the processes that they fork.
 */
#ifndef PIN_FUZZ_PLAYERS_H
#define PIN_FUZZ_PLAYERS_H

#include "world.h"

#define PLAYERS	3

/* Once, before any process is forked. */
void players_prepare(void);
/* In the process that cases run in, before the first. */
void players_open(void);
/* Runs a case to its end, with everybody who acts in it. */
void players_run(const struct input *input);
/* Nothing is pinned or charged that was not before all cases: also by the kernel's word. */
void players_expect_rest(void);
/* Edges of the last case that are new. */
unsigned int players_gather(void);
/* Does what the bytes say, until there are none. */
void player_act(struct player *player);
/* To be called in a child: nothing of it is the parent's. */
void player_is_child(struct player *player);

/* All operations, by their number in the counts; NULL behind the last. */
const struct operation *operation_at(unsigned int number);

#endif /* PIN_FUZZ_PLAYERS_H */
