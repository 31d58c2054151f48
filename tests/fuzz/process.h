/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cases change beside memory: users, capabilities, limits, the module's parameters;
 * and how it becomes again what it was.
 */
#ifndef PIN_FUZZ_PROCESS_H
#define PIN_FUZZ_PROCESS_H

#include "world.h"

/* The program's argument when a child of a case has become a program of its own. */
#define PROCESS_AFTER_EXEC	"--after-exec"

/* Once, before any case: what the parameters are. */
void process_open(void);
/* This thread and this process are root's again, without limits. */
void process_restore(void);
void process_restore_module(struct world *world);
/* Pages that the user is charged whom cases become; by a thread that is root's. */
uint64_t process_charged_to_stranger(void);
/* With descriptors that a case has left open; the program's exit status. */
int process_after_exec(void);

#endif /* PIN_FUZZ_PROCESS_H */
