/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracer: trace.bpf.c in the kernel, for as long as this object lives.  What it sees comes
 * as struct trace_event.  Nothing stays attached when the process is gone, however it ends.
 */
#ifndef _PINCTL_TRACER_H
#define _PINCTL_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace_event.h"

struct tracer;

/* @pid 0: all processes; otherwise it, and what it starts from now on. */
struct tracer_options {
	pid_t pid;
	bool all;
	bool user_stack;
	void (*told)(void *data, const struct trace_event *event);
	void *data;
};

/* Whether this pinctl was built with what it takes. */
bool tracer_is_built(void);

/*
 * 0, or -errno, with *@what of it that failed, in a few words; -EOPNOTSUPP if this pinctl
 * was built without.
 */
int tracer_open(struct tracer **tracer, const struct tracer_options *options,
		const char **what);
/* Fine with NULL. */
void tracer_close(struct tracer *tracer);

/* Whether the kernel refuses file-dirty-tracking itself, as since Linux 6.5. */
bool tracer_has_dirty_tracking(const struct tracer *tracer);
/* Whether returns of this registration are seen. */
bool tracer_sees(const struct tracer *tracer, enum trace_call call);
/* Programs of ours that are attached to a function of the kernel. */
unsigned int tracer_attached(const struct tracer *tracer);

/* For poll(2): readable when there are events. */
int tracer_fd(const struct tracer *tracer);
/* Tells of the events that there are by now.  How many, or -errno. */
int tracer_take(struct tracer *tracer);
/* What could not be told of so far: no room, or a program that was interrupted by itself. */
uint64_t tracer_lost(const struct tracer *tracer);

/* The kernel's name of a function. */
const char *tracer_function(unsigned int function);

#endif /* _PINCTL_TRACER_H */
