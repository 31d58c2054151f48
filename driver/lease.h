/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One lease, for the two files that know what it looks like: lease.c, which owns it and
 * its rules, and fill.c, which pins its pages.
 */
#ifndef PINDEV_LEASE_H
#define PINDEV_LEASE_H

#include <linux/mmu_notifier.h>

#include "pindev.h"

/**
 * struct pindev_lease - one segment of filesystem-DAX memory
 * @link: in struct pindev_leases, by address
 * @polled: among the leases of its device
 * @device: where it is polled, or NULL
 * @notifier: tells when the segment is taken back
 * @leases: the pin's
 * @range: the segment
 * @before: while the pin is made: longterm runs between the lease before and this
 * @runs: while the pin is made: the segment's
 * @several: while the pin is made: the runs may be of more than one pagemap
 * @file: what is mapped; NULL once given back
 * @at: where draining goes on; beyond the last run: nothing of the lease is pinned
 * @last: last chunk of the lease's runs
 * @offset: pages of the run at @at that are unpinned already
 * @lost: enum pin_cause: why it was taken back; NONE: it was not
 * @lost_range: what was invalidated of it
 *
 * @polled and @device are under polled_lock; @file and what follows are under the lock
 * of @leases.
 */
struct pindev_lease {
	struct list_head link;
	struct list_head polled;
	struct pindev_polled *device;
	struct mmu_interval_notifier notifier;
	struct pindev_leases *leases;
	struct pindev_range range;
	struct pindev_runs before;
	struct pindev_runs runs;
	bool several;
	struct file *file;
	struct pindev_cursor at;
	const struct pindev_run_chunk *last;
	u32 offset;
	u32 lost;
	struct pindev_range lost_range;
};

/* lease.c */
void pindev_lease_drain(struct pindev_lease *lease, bool may_sleep);
int pindev_lease_watch(struct pindev_lease *lease);
struct pindev_lease *pindev_leases_find_lost(struct pindev_leases *leases);
void pindev_leases_join(struct pindev_pin *pin);

#endif /* PINDEV_LEASE_H */
