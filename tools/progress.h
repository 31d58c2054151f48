/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progress: one line on a terminal about work that takes longer than a second.
 *
 * A thread of its own writes it, because the work is a single system call.  It goes
 * to stderr, and nowhere unless that is a terminal.
 */
#ifndef _PINCTL_PROGRESS_H
#define _PINCTL_PROGRESS_H

#include <stdint.h>

struct progress;

/*
 * Tells about @verb ("pinning") of @total bytes; @measure says how many are done by
 * now, counted from anywhere.  NULL, which progress_stop() takes, without a terminal.
 */
struct progress *progress_start(const char *verb, uint64_t total, uint64_t (*measure)(void));
/* Removes the line. */
void progress_stop(struct progress *progress);

/*
 * A measure: bytes that this process has in memory.  What is in memory already is
 * pinned in no time; bringing in the rest is what takes long.
 */
uint64_t progress_resident(void);

#endif /* _PINCTL_PROGRESS_H */
