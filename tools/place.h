/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Place: a part of physical memory, by whatever name: page frames, addresses, a memory
 * block, a NUMA node, a zone, or the pages of a file.
 */
#ifndef _PINCTL_PLACE_H
#define _PINCTL_PLACE_H

#include "frames.h"
#include "pinctl.h"

/* @node < 0: the page frames say what it is; otherwise it is a whole node. */
struct place {
	const char *text;
	int node;
	struct frames *frames;
	size_t count;
};

/* An exit code, after a complaint. */
int place_parse(struct pinctl *pinctl, const char *text, struct place *place);
/* Fine on a place that is all zeros. */
void place_release(struct place *place);

#endif /* _PINCTL_PLACE_H */
