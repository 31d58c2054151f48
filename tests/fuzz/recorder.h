/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases that ran last, in memory that outlives the virtual machine: that of a device
 * which is a file of the host.  Without one, in memory like any other.
 */
#ifndef PIN_FUZZ_RECORDER_H
#define PIN_FUZZ_RECORDER_H

#include "stream.h"

/* Once. */
void recorder_open(void);
/* Before the case runs. */
void recorder_note(uint64_t number, const struct input *input);
/* On the host: prints what a file holds, the last case first.  False if nothing. */
bool recorder_print(const char *path);

#endif /* PIN_FUZZ_RECORDER_H */
