/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buffers of an io_uring, which the kernel pins when they are registered, by its bare
 * system calls: three are needed of it, and liburing would be one more library that every
 * installation of pinctl takes along.
 */
#ifndef _PINCTL_URING_H
#define _PINCTL_URING_H

#include <stdint.h>

/* A ring of its own, that no request ever goes through: a descriptor, or -errno. */
int uring_open(void);
/*
 * Registers memory that is writable; what is registered already has to be unregistered
 * first.  0 or -errno, -E2BIG: more than 1 TiB.
 */
int uring_register(int ring, uint64_t address, uint64_t length);
int uring_unregister(int ring);

/*
 * Why uring_open() failed with @error, in a sentence without its end; *@fix is a command
 * that changes it, or NULL.
 */
const char *uring_obstacle(int error, const char **fix);

#endif /* _PINCTL_URING_H */
