/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_CAPABILITY_H
#define _PINCTL_CAPABILITY_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether RLIMIT_MEMLOCK does not count for the process, see machine_exempt(). */
bool capability_exempt(pid_t pid);

/* Whether pinctl itself has CAP_SYS_ADMIN. */
bool capability_own_admin(void);

#endif /* _PINCTL_CAPABILITY_H */
