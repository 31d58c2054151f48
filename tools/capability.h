/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_CAPABILITY_H
#define _PINCTL_CAPABILITY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether the process has CAP_IPC_LOCK in its own user namespace; only in the
 * initial one does it exempt from RLIMIT_MEMLOCK.
 */
bool capability_ipc_lock(pid_t pid);

/* Whether pinctl itself has CAP_SYS_ADMIN. */
bool capability_own_admin(void);

#endif /* _PINCTL_CAPABILITY_H */
