/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holders: which processes hold contexts of /dev/pin, found through /proc.
 *
 * A context is an open file; fork, dup and passing it on give it several holders,
 * which are told to hold the same one by kcmp(2).  Only processes that the caller may
 * look into are found, and only contexts that a descriptor leads to.
 */
#ifndef _PINCTL_HOLDERS_H
#define _PINCTL_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct holder {
	pid_t pid;
	int fd;
};

/* @uid and @name are those of the first holder.  Counts are the driver's own. */
struct held_context {
	struct holder *holders;
	size_t holder_count;
	uid_t uid;
	char *name;
	bool writable;
	uint64_t pins;
	uint64_t pinned_pages;
	uint64_t charged_pages;
};

/*
 * @hidden: processes that could not be looked into.  @compared: false if kcmp(2) was
 * refused, so that one context may be listed once for each holder.
 */
struct holders {
	struct held_context *contexts;
	size_t count;
	size_t hidden;
	bool compared;
};

/* Of process @pid, or of all if 0.  -ESRCH, -EACCES or another -errno, of @pid only. */
int holders_find(struct holders *holders, pid_t pid);
void holders_release(struct holders *holders);

/*
 * The contexts of other processes, through a descriptor of our own: 0 and *@fd, or
 * -errno; -EPERM where ptrace would not be allowed either.
 */
int holder_borrow(const struct holder *holder, int *fd);

/* The user's name, or the number where there is none; to be freed. */
char *user_name(uid_t uid);

#endif /* _PINCTL_HOLDERS_H */
