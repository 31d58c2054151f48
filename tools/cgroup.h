/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cgroup: the group of version 2 that a process is in, and the memory that it has left.
 */
#ifndef _PINCTL_CGROUP_H
#define _PINCTL_CGROUP_H

#include "system.h"

/* The group that @file, a /proc/PID/cgroup, names; false if the process is in none. */
bool cgroup_path(struct system *system, const char *file, char *group, size_t size);
/*
 * Bytes used and the limit, of @group or of one above it: where the least is left.  False
 * if there is no limit.  @group is cut.
 */
bool cgroup_memory(struct system *system, char *group, uint64_t *used, uint64_t *limit);

#endif /* _PINCTL_CGROUP_H */
