/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups: the pins of the ledger, added up by process, user, NUMA node or mode.  What is
 * kept grows with the groups, not with the pins.
 */
#ifndef _PINCTL_GROUPS_H
#define _PINCTL_GROUPS_H

#include <libpin_ledger.h>
#include <stdbool.h>

enum grouping { BY_PROCESS, BY_USER, BY_NODE, BY_MODE };
enum group_order { ORDER_PINNED, ORDER_CHARGED, ORDER_PINS };

/*
 * What they have in common is what the grouping says; @comm of a process is that of its
 * first pin.  Charges have no node: there @charged_pages and @references are 0.
 */
struct group {
	pid_t pid;
	uid_t uid;
	uint32_t node;
	uint32_t mode;
	char comm[PIN_COMM_LEN + 1];
	uint64_t pins;
	uint64_t pages;
	uint64_t charged_pages;
	uint64_t references;
};

/* @total is over all pins, @interrupted as libpin_dump_is_interrupted(). */
struct groups {
	enum grouping by;
	struct group *array;
	size_t count;
	size_t last;
	struct group total;
	bool interrupted;
};

/* Of the pins that pass @filter, which may be NULL, with the most first: 0 or -errno. */
int groups_gather(struct groups *groups, struct libpin_ledger *ledger,
		  const struct libpin_filter *filter, enum grouping by, enum group_order order);
/* Fine on groups that are all zeros. */
void groups_release(struct groups *groups);

#endif /* _PINCTL_GROUPS_H */
