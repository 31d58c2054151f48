/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target: the memory that a command is about.
 *
 *	self  PID  self:RANGE  PID:RANGE	RANGE: ADDR+LEN or START-END
 *	file:PATH[@OFF+LEN]
 *	new:anon|shmem|memfd,SIZE[,thp][,hugetlb=SIZE]
 *
 * Addresses are hexadecimal, with or without 0x, as /proc/PID/maps has them;
 * offsets and lengths are sizes.  file: and new: are mapped by pinctl itself.
 */
#ifndef _PINCTL_TARGET_H
#define _PINCTL_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum target_type { TARGET_PROCESS, TARGET_FILE, TARGET_NEW };
enum target_new { TARGET_NEW_ANON, TARGET_NEW_SHMEM, TARGET_NEW_MEMFD };

/*
 * @pid 0 is pinctl itself.  @length 0 means all of it.  @start is an address
 * or, in a file, an offset.  @path is the target's own copy.
 */
struct target {
	enum target_type type;
	pid_t pid;
	uint64_t start;
	uint64_t length;
	char *path;
	enum target_new memory;
	uint64_t huge_size;
	bool thp;
};

/* 0, or -EINVAL with *@problem saying in a few words what is wrong. */
int target_parse(const char *text, struct target *target, const char **problem);
void target_release(struct target *target);

#endif /* _PINCTL_TARGET_H */
