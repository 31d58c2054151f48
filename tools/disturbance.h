/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disturbances: what makes times that were taken on this machine doubtful, as far as /proc
 * and /sys tell everybody.
 */
#ifndef _PINCTL_DISTURBANCE_H
#define _PINCTL_DISTURBANCE_H

#include <stddef.h>
#include <stdint.h>

#define DISTURBANCES_MAX 16

/* Sentences, the machine's first.  @steal_ticks is what the host had taken by then. */
struct disturbances {
	char *text[DISTURBANCES_MAX];
	size_t count;
	uint64_t steal_ticks;
};

/* What the machine is like; @clock_ns: how long it takes to read its clock. */
void disturbances_begin(struct disturbances *disturbances, uint64_t clock_ns);
/* What happened since: @disturbed of @rounds were; in @wandered pinctl was kept nowhere. */
void disturbances_end(struct disturbances *disturbances, uint64_t disturbed, uint64_t rounds,
		      uint64_t wandered);
void disturbances_release(struct disturbances *disturbances);

#endif /* _PINCTL_DISTURBANCE_H */
