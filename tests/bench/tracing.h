/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own tracers, /sys/kernel/tracing: the longest stretch that one of the
 * latency tracers has seen, and when one process called which function.
 */
#ifndef PIN_BENCH_TRACING_H
#define PIN_BENCH_TRACING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct stretch - the longest stretch without interrupts or preemption
 * @ns: how long; the tracers count microseconds
 * @task: who ran when it ended
 * @from: function in which it began
 * @to: function in which it ended
 */
struct stretch {
	uint64_t ns;
	char task[64];
	char from[64];
	char to[64];
};

/**
 * struct course - what happened to a process that was killed while it pinned
 * @kill: when the signal was sent, in ticks
 * @release: when the first pages were given back; 0: never
 * @calls: calls of GUP until the signal
 * @calls_after: and after it
 */
struct course {
	uint64_t kill;
	uint64_t release;
	unsigned long calls;
	unsigned long calls_after;
};

/* Has this kernel the tracer? */
bool tracing_has(const char *tracer);
void tracing_watch(const char *tracer);
/* Ends tracing_watch(). */
struct stretch tracing_longest(void);
/* What the tracer has kept of the stretch that tracing_longest() told of last, indented. */
void tracing_print(void);
/* The calls of GUP of a process, the first time that pages are unpinned, and signals. */
void tracing_follow(pid_t pid);
/* Ends tracing_follow(). */
struct course tracing_course(void);

#endif /* PIN_BENCH_TRACING_H */
