/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all processes of a run share: how far it is, what was counted, and the first
 * thing that was wrong.  It lies in memory that children inherit.
 */
#ifndef PIN_FUZZ_RUN_H
#define PIN_FUZZ_RUN_H

#include "stream.h"

#include <stdatomic.h>
#include <sys/types.h>

#define OPERATIONS_MAX	64
/* Outcomes: 0, an errno, or what has neither. */
#define OUTCOMES	160

struct run {
	pid_t keeper;			/* who tells how it ended */
	uint64_t seed;
	_Atomic uint64_t number;	/* of the case that runs */
	_Atomic uint64_t calls;		/* to the driver */
	_Atomic uint64_t counts[OPERATIONS_MAX][OUTCOMES];
	_Atomic uint64_t cases;
	atomic_bool ended;		/* no case begins any more */
	atomic_bool failed;
	char why[512];
	struct input running;		/* that case */
};

extern struct run *run;
/* Lines that are told while it runs go there; see --progress. */
extern int progress_fd;
extern bool tracing;

void run_open(void);
/* Something is wrong with the driver: the first to say so is heard; does not return. */
_Noreturn void run_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line for whoever looks on. */
void run_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* PIN_FUZZ_RUN_H */
