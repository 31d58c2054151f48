// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of leases: attempts to pin a segment of filesystem-DAX memory against
 * whoever is taking it back meanwhile.
 *
 * The rules, and why they are what they are, stand at the head of lease.c.  An attempt
 * reads the sequence of the notifier, judges the mapping, and pins batch by batch, each
 * under the file's i_rwsem and within a section in which its device exists; a batch
 * becomes part of the lease only if nothing has happened since the sequence was read.
 * Between batches, with neither held, pages that are not there are brought in.  An
 * attempt that loses this race is drained and starts over, after everything has been
 * faulted in.  The number of attempts is bounded.
 */
#include <linux/dax.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "delay.h"
#include "lease.h"

/* Races that the leases of one pin may lose before their mappings count as changing. */
#define FILL_TRIES	64

/* Jiffies, and so attempts, until a file is too busy. */
#define INODE_TRIES	HZ

/**
 * struct fill - an attempt to pin the segment of a lease
 * @lease: the lease
 * @segment: as it was judged after @seq
 * @inode: of its file; the attempt holds a reference to the file
 * @seq: mmu_interval_read_begin()
 * @pgmap: pagemap of the last run, only to be compared
 * @absent: the last page that was not there and has been brought in, or 0
 * @batch: as many pointers as the pin's range has pages, or PINDEV_BATCH
 * @grown: pages of the batch that continue the lease's last run
 * @fresh: the runs of the others
 * @refusal: why not
 */
struct fill {
	struct pindev_lease *lease;
	struct pindev_segment segment;
	struct inode *inode;
	unsigned long seq;
	struct dev_pagemap *pgmap;
	unsigned long absent;
	struct page **batch;
	u32 grown;
	struct pindev_runs fresh;
	struct pin_refusal *refusal;
};

static int refuse(struct fill *fill, u32 reason, unsigned long addr)
{
	return pindev_refuse(fill->refusal, reason, addr);
}

/* Shared against whoever frees blocks; he can hold it for as long as he likes. */
static u32 lock_inode(struct inode *inode)
{
	unsigned int tries = INODE_TRIES;

	while (!inode_trylock_shared(inode)) {
		if (!tries--)
			return PIN_REASON_DEVICE_BUSY;
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			return PIN_REASON_INTERRUPTED;
	}
	return PIN_REASON_NONE;
}

/* Make the last run longer by a page, if that follows it. */
static bool continues_last(struct fill *fill, const struct pindev_run *run)
{
	if (fill->fresh.count)
		return pindev_runs_extend(&fill->fresh, run);
	if (!pindev_runs_follows(&fill->lease->runs, run, fill->grown))
		return false;
	fill->grown++;
	return true;
}

/* Add a page to the runs of the batch; -EAGAIN if it is not what was judged. */
static int add_page(struct fill *fill, struct page *page)
{
	struct pindev_run run = pindev_run(page_to_pfn(page), 1, pindev_page_nid(page),
					   PINDEV_RUN_LEASE);
	struct dev_pagemap *pgmap;

	if (!pindev_page_is_device(page))
		return -EAGAIN;
	pgmap = pindev_page_pgmap(page);
	if (pgmap->type != MEMORY_DEVICE_FS_DAX)
		return -EAGAIN;
	if (pgmap == fill->pgmap && continues_last(fill, &run))
		return 0;
	pgmap = pindev_get_dev_pagemap(page_to_pfn(page));
	if (!pgmap)
		return -EBUSY;
	if (pindev_runs_append(&fill->fresh, &run)) {
		put_dev_pagemap(pgmap);
		return -ENOMEM;
	}
	if (fill->pgmap && pgmap != fill->pgmap)
		fill->lease->several = true;
	fill->pgmap = pgmap;
	return 0;
}

static void put_run_device(const struct pindev_run *run)
{
	put_dev_pagemap(pindev_page_pgmap(pfn_to_page(pindev_run_pfn(run))));
}

/* Give back a batch that did not become part of the lease. */
static void discard_batch(struct fill *fill, long count)
{
	struct pindev_cursor at;

	/*
	 * The references first: only a page that is pinned is sure to have the pagemap
	 * that was taken. The section of dax_read_lock() keeps the struct pages.
	 */
	pindev_runs_seal(&fill->fresh);
	for (pindev_runs_first(&fill->fresh, &at); at.chunk;
	     pindev_runs_next(&fill->fresh, &at))
		put_run_device(&at.run);
	pindev_runs_free(&fill->fresh);
	unpin_user_pages(fill->batch, count);
}

/*
 * Make a batch visible to the callback, unless that was called since the attempt
 * began: then -EAGAIN.
 */
static int publish_batch(struct fill *fill, long count)
{
	struct pindev_lease *lease = fill->lease;
	int err = 0;

	spin_lock(&lease->leases->lock);
	if (lease->lost ||
	    mmu_interval_read_retry(&lease->notifier, fill->seq)) {
		err = -EAGAIN;
	} else {
		pindev_runs_grow(&lease->runs, fill->grown);
		pindev_runs_seal(&lease->runs);
		pindev_runs_join(&lease->runs, &fill->fresh);
		if (!lease->at.chunk)
			pindev_cursor_enter(&lease->at,
					    pindev_runs_first_chunk(&lease->runs));
		lease->last = lease->runs.tail;
		pindev_ledger_refer(lease->leases->pin, count);
	}
	spin_unlock(&lease->leases->lock);
	return err;
}

/* Turn @count pinned pages into runs of the lease, or unpin all of them. */
static int add_batch(struct fill *fill, unsigned long addr, long count)
{
	int err = 0;
	long i;

	fill->grown = 0;
	pindev_runs_init(&fill->fresh);
	for (i = 0; i < count && !err; i++) {
		if (pindev_page_is_overpinned(fill->batch[i]))
			err = refuse(fill, PIN_REASON_REFCOUNT,
				     addr + i * PAGE_SIZE);
		else
			err = add_page(fill, fill->batch[i]);
		if (err == -EBUSY)
			refuse(fill, PIN_REASON_DEVICE_BUSY,
			       addr + i * PAGE_SIZE);
		else if (err == -ENOMEM && !fill->refusal->reason)
			refuse(fill, PIN_REASON_NO_MEMORY,
			       addr + i * PAGE_SIZE);
	}
	if (!err)
		err = publish_batch(fill, count);
	if (err)
		discard_batch(fill, count);
	return err;
}

/*
 * Pin some pages at @addr, with i_rwsem held; @addr moves on.  Within the section
 * the device's struct pages exist until its pagemap is held, see kill_dax().  Nobody
 * may prolong either, so no page is faulted in: the mapping may be another one by
 * now, of which a fault waits for a userfaultfd handler or for FUSE.
 *
 * Return: 0, -EAGAIN, a refusal, or 1 if nothing was pinned, for what @got says.
 */
static int fill_locked(struct fill *fill, unsigned long *addr, long *got)
{
	long count = pindev_batch_pages(*addr, fill->lease->range.end);
	int id, err = 1;

	id = dax_read_lock();
	*got = pin_user_pages_fast(*addr, count,
				   fill->segment.gup_flags | FOLL_NOFAULT,
				   fill->batch);
	if (*got > 0) {
		pindev_delay(PINDEV_DELAY_LEASE_PINNED);
		err = add_batch(fill, *addr, *got);
		*addr += *got * PAGE_SIZE;
	}
	dax_read_unlock(id);
	return err;
}

static bool is_stale(const struct fill *fill)
{
	return mmu_interval_check_retry(&fill->lease->notifier, fill->seq);
}

/*
 * Bring pages in that GUP did not find at @addr, which takes as long as it takes.  A
 * page that goes again before it is pinned is a race that was lost; should it be one
 * that cannot be had, say why.
 */
static int bring_in(struct fill *fill, unsigned long addr, long got)
{
	long count = pindev_batch_pages(addr, fill->lease->range.end);
	size_t bytes = count * PAGE_SIZE;

	if (is_stale(fill))
		return -EAGAIN;
	got = got ?: -EFAULT;
	if (got == -EFAULT && addr != fill->absent) {
		fill->absent = addr;
		if (fault_in_safe_writeable((char __user *)addr, bytes) < bytes)
			return 0;
	}
	if (got == -EFAULT)
		got = pindev_probe(&fill->segment, addr, 0);
	if (got == 1 || is_stale(fill))
		return -EAGAIN;
	return pindev_diagnose(addr, &fill->segment,
			       PIN_CHECK_WRITE | PIN_CHECK_LEASE,
			       got ?: -EFAULT, fill->refusal);
}

static int fill_batch(struct fill *fill, unsigned long *addr)
{
	u32 reason;
	long got;
	int err;

	if (fatal_signal_pending(current))
		return refuse(fill, PIN_REASON_INTERRUPTED, *addr);
	reason = lock_inode(fill->inode);
	if (reason)
		return refuse(fill, reason, *addr);
	err = fill_locked(fill, addr, &got);
	inode_unlock_shared(fill->inode);
	if (err == 1)
		err = bring_in(fill, *addr, got);
	cond_resched();
	return err;
}

/* From nothing, with @file as what the lease holds from now on. */
static bool start_over(struct fill *fill, struct file *file)
{
	struct pindev_lease *lease = fill->lease;
	bool ok;

	pindev_lease_drain(lease, true);
	pindev_runs_free(&lease->runs);
	fill->pgmap = NULL;
	fill->absent = 0;
	lease->several = false;
	spin_lock(&lease->leases->lock);
	ok = !mmu_interval_read_retry(&lease->notifier, fill->seq);
	if (ok) {
		lease->lost = PIN_CAUSE_NONE;
		lease->file = get_file(file);
	}
	spin_unlock(&lease->leases->lock);
	return ok;
}

/* One attempt: 0, -EAGAIN if the race was lost, or a refusal. */
static int try_fill(struct fill *fill)
{
	struct pindev_lease *lease = fill->lease;
	unsigned long addr = lease->range.start;
	struct file *file;
	int err = -EAGAIN;

	fill->seq = mmu_interval_read_begin(&lease->notifier);
	file = pindev_classify_lease(&lease->range, &fill->segment);
	if (file == ERR_PTR(-EINTR))
		return refuse(fill, PIN_REASON_INTERRUPTED, addr);
	if (IS_ERR(file))
		return refuse(fill, PIN_REASON_MAPPING_CHANGED, addr);
	fill->inode = file->f_mapping->host;
	if (start_over(fill, file))
		err = 0;
	while (!err && addr < lease->range.end)
		err = fill_batch(fill, &addr);
	fput(file);
	return err;
}

/*
 * Fault everything in for writing, so that the next attempt finds no hole.  What
 * cannot be faulted in the attempt will find.
 */
static void fault_in(const struct pindev_range *range)
{
	unsigned long addr = range->start;
	size_t bytes;

	while (addr < range->end && !fatal_signal_pending(current)) {
		bytes = min_t(unsigned long, range->end - addr, SZ_2M);
		if (fault_in_safe_writeable((char __user *)addr, bytes))
			return;
		addr += bytes;
		cond_resched();
	}
}

static int fill_lease(struct fill *fill, unsigned int *tries)
{
	int err = try_fill(fill);

	while (err == -EAGAIN) {
		pindev_delay(PINDEV_DELAY_LEASE_RETRY);
		if (!(*tries)--)
			return refuse(fill, PIN_REASON_MAPPING_CHANGED,
				      fill->lease->range.start);
		fault_in(&fill->lease->range);
		err = try_fill(fill);
	}
	return err;
}

/* None is filled any more, so all runs that a lease will ever have are there. */
static int watch_leases(struct fill *fill, struct pindev_leases *leases)
{
	struct pindev_lease *lease;

	list_for_each_entry(lease, &leases->list, link)
		if (pindev_lease_watch(lease))
			return refuse(fill, PIN_REASON_NO_MEMORY,
				      lease->range.start);
	return 0;
}

/**
 * pindev_leases_fill() - pin the segments that were noted
 * @pin: in the making, with leases; everything else of it is pinned
 * @batch: to work with: as many pointers as the pin's range has pages, or PINDEV_BATCH
 * @refusal: filled in on failure
 *
 * On success the pin's runs are complete and in order; its leases can be lost at
 * any moment, which becomes known when it is published.
 *
 * Return: 0 or the errno of a refusal, negative; then pindev_pin_release() gives
 * back what was pinned.
 */
int pindev_leases_fill(struct pindev_pin *pin, struct page **batch,
		       struct pin_refusal *refusal)
{
	struct fill fill = { .batch = batch, .refusal = refusal };
	unsigned int tries = FILL_TRIES;
	int err = 0;

	list_for_each_entry(fill.lease, &pin->leases->list, link) {
		err = fill_lease(&fill, &tries);
		if (err)
			return err;
	}
	while (!err && (fill.lease = pindev_leases_find_lost(pin->leases)))
		err = fill_lease(&fill, &tries);
	if (!err)
		err = watch_leases(&fill, pin->leases);
	if (!err)
		pindev_leases_join(pin);
	return err;
}
