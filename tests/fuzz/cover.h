/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own record (KCOV) of which of the module's code ran, where it has one: a
 * step from one place to the next that no case before has taken is an edge.
 */
#ifndef PIN_FUZZ_COVER_H
#define PIN_FUZZ_COVER_H

#include <stdbool.h>
#include <stdint.h>

struct cover {
	uint64_t *places;	/* NULL: the kernel records nothing */
};

/* Once, before any process is forked. */
void cover_open(void);
/* For the calling thread, from then on. */
void cover_start(struct cover *cover);
void cover_clear(struct cover *cover);
/* A call is over: from its last place to the first of the next is no edge. */
void cover_mark(struct cover *cover);
/* How many edges that are new. */
unsigned int cover_gather(const struct cover *cover);
/* All so far; 0 where nothing is recorded. */
uint32_t cover_edges(void);

#endif /* PIN_FUZZ_COVER_H */
