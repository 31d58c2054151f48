/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that holds a lease and is stopped, and another that wants something of
 * the leased file and must not wait for it.
 */
#ifndef PIN_TEST_HOLDER_H
#define PIN_TEST_HOLDER_H

#include "leased.h"

struct holder {
	pid_t pid;
	struct leased leased;	/* in that process */
};

/* A process that maps and touches a new file, with or without a lease, and is stopped. */
void holder_start(struct holder *holder, const char *dir_variable, size_t length,
		  bool lease);
void holder_kill(struct holder *holder);

/*
 * Run something that returns 0 or an errno in a process of its own, which must end,
 * with @error; how many microseconds the call took.
 */
long run_beside(const char *name, int (*run)(const char *path), const char *path,
		int error);

#endif /* PIN_TEST_HOLDER_H */
