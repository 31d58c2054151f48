// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: filesystem-DAX memory, pinned until the kernel takes it back.
 *
 * A filesystem must be able to free and move the blocks of a file, and with DAX
 * those blocks are the very pages that a pin holds: a truncate waits until nobody
 * holds them.  So they are pinned without FOLL_LONGTERM, and given back the
 * moment that somebody needs them.  Each rule below, left out, hung a truncate,
 * hit a WARN or freed blocks under a pin.
 *
 * Which events revoke
 *
 *   - UNMAP, RELEASE: munmap, mremap, exec, exit.  Linux 6.1 and 6.12 look only
 *     at files that are mapped (dax_layout_busy_page_range(), fs/dax.c), so after
 *     these a truncate frees pinned blocks without asking; 7.2 waits for ever in
 *     the eviction of the inode (dax_break_layout_final()).
 *   - CLEAR: truncate, punch, collapse, reflink: unmap_mapping_pages() comes
 *     before the filesystem looks for busy pages, and on 7.2 the pages must be
 *     idle then: a page that is touched while truncate sleeps never wakes it.
 *     MADV_DONTNEED sends the same event and cannot be told apart; nor can the
 *     split of a huge page's mapping (__split_huge_pmd(), mm/huge_memory.c), when
 *     mprotect(), mlock() or the like are for a part of it: all of it is unmapped,
 *     and whoever has leased any of it loses the lease.
 *   - MIGRATE, EXCLUSIVE, and events that do not exist yet: to be safe.
 *   - not PROTECTION_VMA, PROTECTION_PAGE, SOFT_DIRTY (mprotect, fsync's write
 *     protection, fork, NUMA hints): the page stays where it is.
 *   - a device that is being removed sends no event at all.  While there are
 *     leases a worker looks whether their pagemaps are dying, once for each device.
 *
 * There is one interval notifier for each segment of filesystem-DAX memory and
 * none on the rest of a pin: compaction, KSM and khugepaged would fire it.
 *
 * What the callback does
 *
 *   It runs under mmap_lock, i_mmap_rwsem, the inode's i_rwsem, in reclaim, in the
 *   OOM reaper.  It takes the lock of the pin's leases, a spinlock, marks the lease
 *   lost, unpins its pages without dirtying them (which would take the folio lock
 *   that truncate holds), gives the file back, and for a pin that is in use queues
 *   the event and the work that were allocated beforehand.  It does not allocate,
 *   wait or take another sleeping lock.  When it returns, nothing of its segment is
 *   pinned: the page leaves what is left to drain and is unpinned under one hold of
 *   the lock, and two drainers work on the same place.
 *
 * No page is pinned where the callback cannot see it
 *
 *   - The notifier is there before the first page is pinned and is removed after
 *     the last one was unpinned, by UNPIN and close too.
 *   - Between GUP and adding the pages to the runs a truncate could start, find
 *     nothing to drain and wait for ever.  So each batch holds the inode's i_rwsem
 *     shared, which whoever shrinks a file holds exclusively.  It is only tried:
 *     a truncate that waits for somebody else's pages holds it for as long as it
 *     likes; then the reason is device-busy.
 *   - mmu_interval_read_begin() comes before the mapping is judged, and after GUP,
 *     under the lock, mmu_interval_read_retry() tells whether anything happened
 *     since: then the batch is unpinned and the lease starts over.  The fault that
 *     puts a block into a hole that was read before revokes the lease that it
 *     is for; so before it starts over everything is faulted in.
 *
 * What a lease holds
 *
 *   The file, so that unlink and the last close do not evict the inode under the
 *   pages, and for each run a reference to its dev_pagemap, because struct pages of
 *   a device go with it; GUP holds neither.  Both go with the pages: a lost lease
 *   keeps no file, mount or device busy.  fput() in the callback leaves the last
 *   step to the task's way out of the kernel, before munmap(2) returns.
 *
 * Losing one segment revokes the whole pin: from then on READ and WRITE fail, and a
 * work item releases the rest and the charge.  The pin stays in its context, with
 * no pages, until it is unpinned, which waits for the work item.
 *
 * Who may still hold a pointer
 *
 *   - the callback: to the lease, until mmu_interval_notifier_remove() returns
 *   - the poller: to leases on its list; they leave it, under its mutex, before the
 *     notifier goes
 *   - the work item: to the pin, by a reference that was taken when it was queued
 *   - READ, WRITE, RUNS: to the pin, by a reference; the records of the runs, once
 *     the pin is published, change no more and live as long as the pin.  Whether
 *     their pages are still pinned is told by @lost, under the lock.
 *
 * Known limits: a short pin of somebody else (O_DIRECT) of the same page, together
 * with a fault, can lose truncate's wake-up on Linux 7.2 without any lease.
 * Unbinding a pmem device under a mounted filesystem crashes these kernels later,
 * with or without leases: tests/func/unbind-mounted.sh shows it without this module.
 * Files on XFS that share blocks make 6.1 warn, files that exchange extents 7.2:
 * tests/func/sharing-mapped.sh shows that without it.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mmu_notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "delay.h"
#include "lease.h"
#include "trace.h"

/* Pages unpinned under one hold of the lock. */
#define DRAIN_PAGES	512

/* An unbind that meets leases is over within a second. */
#define POLL_INTERVAL	(HZ / 4)

static void poll_devices(struct work_struct *work);
static DECLARE_DELAYED_WORK(poll_work, poll_devices);
static DEFINE_MUTEX(polled_lock);
static LIST_HEAD(polled);

/* --- taking back */

/* Move on to the next run of the lease, in whatever list its chunks are. */
static void next_run(const struct pindev_lease *lease, struct pindev_cursor *at)
{
	if (pindev_cursor_step(at))
		return;
	if (at->chunk == lease->last)
		at->chunk = NULL;
	else
		pindev_cursor_enter(at, list_next_entry(at->chunk, link));
}

/* Unpin some pages of the lease; false if none was left. */
static bool drain_some(struct pindev_lease *lease)
{
	const struct pindev_run *run = &lease->at.run;
	struct dev_pagemap *pgmap;
	unsigned long pages;
	struct page *page;

	lockdep_assert_held(&lease->leases->lock);
	if (!lease->at.chunk)
		return false;
	pindev_cursor_reread(&lease->at);
	page = pfn_to_page(pindev_run_pfn(run));
	pgmap = pindev_page_pgmap(page);
	pages = min_t(unsigned long, run->pages - lease->offset, DRAIN_PAGES);
	unpin_user_page_range_dirty_lock(page + lease->offset, pages, false);
	pindev_ledger_refer(lease->leases->pin, -(long)pages);
	lease->offset += pages;
	if (lease->offset < run->pages)
		return true;

	put_dev_pagemap(pgmap);
	lease->offset = 0;
	next_run(lease, &lease->at);
	return true;
}

/*
 * Unpin whatever the lease still holds and give the file back.  Several may do
 * this at once; each returns only when nothing is pinned any more.
 */
void pindev_lease_drain(struct pindev_lease *lease, bool may_sleep)
{
	spinlock_t *lock = &lease->leases->lock;
	struct file *file = NULL;
	bool more;

	do {
		spin_lock(lock);
		more = drain_some(lease);
		if (!more)
			swap(file, lease->file);
		spin_unlock(lock);
		if (may_sleep)
			cond_resched();
	} while (more);
	if (file)
		fput(file);
}

/* One segment is lost, so all are: tell the owner, and let a worker do the rest. */
static void revoke_pin(const struct pindev_lease *lease)
{
	struct pindev_leases *leases = lease->leases;
	struct pindev_event *event = leases->event;
	struct pindev_pin *pin = leases->pin;

	lockdep_assert_held(&leases->lock);
	WRITE_ONCE(leases->lost, true);
	pindev_ledger_lose(pin);
	/* Whoever unpins it releases all of it and need not be told. */
	if (leases->retired)
		return;
	refcount_inc(&pin->refs);
	pindev_ledger_revoke(lease->lost);
	leases->event = NULL;
	leases->loss.cause = lease->lost;
	leases->loss.addr = lease->lost_range.start;
	leases->loss.length = lease->lost_range.end - lease->lost_range.start;
	trace_revoke(pin, leases->loss.cause, leases->loss.addr,
		     leases->loss.length);
	event->record.type = PIN_EVENT_REVOKED;
	event->record.id = pin->id;
	event->record.cookie = pin->cookie;
	event->record.addr = leases->loss.addr;
	event->record.length = leases->loss.length;
	event->record.cause = leases->loss.cause;
	pindev_events_push(&pin->ctx->events, event);
	queue_work(pindev_workers, &leases->work);
}

/* Mark the lease lost; pindev_lease_drain() is to follow. */
static void lose(struct pindev_lease *lease, u32 cause, unsigned long start,
		 unsigned long end)
{
	struct pindev_leases *leases = lease->leases;

	lockdep_assert_held(&leases->lock);
	if (!lease->lost) {
		lease->lost = cause;
		lease->lost_range.start = max(start, lease->range.start);
		lease->lost_range.end = min(end, lease->range.end);
	}
	if (leases->published && !leases->lost)
		revoke_pin(lease);
}

static bool is_harmless(enum mmu_notifier_event event)
{
	return event == MMU_NOTIFY_PROTECTION_VMA ||
	       event == MMU_NOTIFY_PROTECTION_PAGE ||
	       event == MMU_NOTIFY_SOFT_DIRTY;
}

static u32 cause_of(enum mmu_notifier_event event)
{
	switch (event) {
	case MMU_NOTIFY_UNMAP:
		return PIN_CAUSE_UNMAP;
	case MMU_NOTIFY_RELEASE:
		return PIN_CAUSE_EXIT;
	default:
		return PIN_CAUSE_FILE;
	}
}

static bool lease_invalidate(struct mmu_interval_notifier *notifier,
			     const struct mmu_notifier_range *range,
			     unsigned long seq)
{
	struct pindev_lease *lease = container_of(notifier, struct pindev_lease,
						  notifier);
	struct file *file = NULL;

	if (is_harmless(range->event))
		return true;
	spin_lock(&lease->leases->lock);
	mmu_interval_set_seq(notifier, seq);
	lose(lease, cause_of(range->event), range->start, range->end);
	/* Not left to the worker, who would close it some time after this. */
	swap(file, lease->file);
	spin_unlock(&lease->leases->lock);
	pindev_lease_drain(lease, mmu_notifier_range_blockable(range));
	if (file)
		fput(file);
	return true;
}

static const struct mmu_interval_notifier_ops lease_ops = {
	.invalidate = lease_invalidate,
};

/* The work item: what the callback had to leave. */
static void finish_revocation(struct work_struct *work)
{
	struct pindev_leases *leases = container_of(work, struct pindev_leases,
						    work);
	struct pindev_pin *pin = leases->pin;

	pindev_delay(PINDEV_DELAY_LEASE_REVOKED);
	pindev_pin_release(pin, true);
	pindev_notice_revoked(pin, &leases->loss);
	pindev_pin_put(pin);
}

/**
 * pindev_leases_retire() - the pin is being unpinned, do not revoke it any more
 * @pin: any; the caller holds the reference that was its context's
 *
 * Its leases go on being given back when somebody needs them.  Waits until a
 * revocation that has begun is complete.
 */
void pindev_leases_retire(struct pindev_pin *pin)
{
	struct pindev_leases *leases = pin->leases;

	if (!leases)
		return;
	spin_lock(&leases->lock);
	leases->retired = true;
	spin_unlock(&leases->lock);
	if (flush_work(&leases->work))
		pindev_delay(PINDEV_DELAY_LEASE_SETTLED);
}

/* --- devices that are being removed */

/**
 * struct pindev_polled - a device with leases
 * @link: in polled
 * @pgmap: of all runs of all its leases, only to be compared: it exists while one of
 *	them is not drained; NULL: of one lease, that has runs of several
 * @leases: at least one
 */
struct pindev_polled {
	struct list_head link;
	struct dev_pagemap *pgmap;
	struct list_head leases;
};

/* A run's pagemap exists while the run is not drained. */
static struct dev_pagemap *pagemap_at(const struct pindev_cursor *at)
{
	return pindev_page_pgmap(pfn_to_page(pindev_run_pfn(&at->run)));
}

static bool is_dying(const struct pindev_lease *lease)
{
	struct pindev_cursor at = lease->at;
	bool all = !lease->device->pgmap;

	for (; at.chunk; next_run(lease, &at)) {
		/* Not seen this time it is seen the next time. */
		if (data_race(percpu_ref_is_dying(&pagemap_at(&at)->ref)))
			return true;
		if (!all)
			return false;
	}
	return false;
}

/* Take the lease back if its device goes; false if it holds nothing any more. */
static bool poll_lease(struct pindev_lease *lease)
{
	bool dying, held;

	spin_lock(&lease->leases->lock);
	dying = is_dying(lease);
	held = lease->at.chunk && !dying;
	if (dying)
		lose(lease, PIN_CAUSE_DEVICE, lease->range.start,
		     lease->range.end);
	spin_unlock(&lease->leases->lock);
	if (dying)
		pindev_lease_drain(lease, true);
	return held;
}

/* One lease that holds pages tells of all; those that do not are looked at last. */
static void poll_device(struct pindev_polled *device)
{
	struct pindev_lease *lease;

	list_for_each_entry(lease, &device->leases, polled) {
		if (poll_lease(lease)) {
			list_rotate_to_front(&lease->polled, &device->leases);
			break;
		}
		cond_resched();
	}
}

static void poll_devices(struct work_struct *work)
{
	struct pindev_polled *device;

	mutex_lock(&polled_lock);
	list_for_each_entry(device, &polled, link) {
		poll_device(device);
		cond_resched();
	}
	if (!list_empty(&polled))
		queue_delayed_work(pindev_workers, &poll_work, POLL_INTERVAL);
	mutex_unlock(&polled_lock);
}

/* @fresh, or the device that there is for its pagemap; from now on it is polled. */
static struct pindev_polled *find_device(struct pindev_polled *fresh)
{
	struct pindev_polled *device;

	lockdep_assert_held(&polled_lock);
	if (list_empty(&polled))
		queue_delayed_work(pindev_workers, &poll_work, POLL_INTERVAL);
	list_for_each_entry(device, &polled, link)
		if (fresh->pgmap && device->pgmap == fresh->pgmap)
			return device;
	list_add_tail(&fresh->link, &polled);
	return fresh;
}

/**
 * pindev_lease_watch() - look from now on whether the device of a lease is removed
 * @lease: filled
 *
 * Return: 0 or -ENOMEM.
 */
int pindev_lease_watch(struct pindev_lease *lease)
{
	struct pindev_polled *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	bool held;

	if (!fresh)
		return -ENOMEM;
	INIT_LIST_HEAD(&fresh->leases);
	spin_lock(&lease->leases->lock);
	held = lease->at.chunk;
	if (held && !lease->several)
		fresh->pgmap = pagemap_at(&lease->at);
	spin_unlock(&lease->leases->lock);
	/* Lost already. */
	if (!held)
		goto out_free;

	mutex_lock(&polled_lock);
	lease->device = find_device(fresh);
	list_add_tail(&lease->polled, &lease->device->leases);
	mutex_unlock(&polled_lock);
	if (lease->device == fresh)
		return 0;
out_free:
	kfree(fresh);
	return 0;
}

static void stop_polling(struct pindev_lease *lease)
{
	struct pindev_polled *device = lease->device;

	if (!device)
		return;
	mutex_lock(&polled_lock);
	list_del(&lease->polled);
	if (!list_empty(&device->leases))
		device = NULL;
	else
		list_del(&device->link);
	mutex_unlock(&polled_lock);
	kfree(device);
	lease->device = NULL;
}

/* --- making */

/**
 * struct attach - a notifier to be inserted, by whoever can
 * @work: for somebody without signals
 * @lease: whose
 * @mm: the caller's
 * @err: the result
 */
struct attach {
	struct work_struct work;
	struct pindev_lease *lease;
	struct mm_struct *mm;
	int err;
};

static void attach_work(struct work_struct *work)
{
	struct attach *attach = container_of(work, struct attach, work);
	struct pindev_lease *lease = attach->lease;

	attach->err = mmu_interval_notifier_insert(&lease->notifier, attach->mm,
						   lease->range.start,
						   lease->range.end -
						   lease->range.start,
						   &lease_ops);
}

/*
 * An address space's first notifier takes all its locks, and mm_take_all_locks()
 * gives up for any signal.  Only fatal ones are to interrupt a PIN, so for others
 * a worker does it, who has none.
 */
static int attach_notifier(struct pindev_lease *lease)
{
	struct attach attach = { .lease = lease, .mm = current->mm };

	attach_work(&attach.work);
	if (attach.err != -EINTR || fatal_signal_pending(current))
		return attach.err;
	INIT_WORK_ONSTACK(&attach.work, attach_work);
	queue_work(pindev_workers, &attach.work);
	flush_work(&attach.work);
	destroy_work_on_stack(&attach.work);
	return attach.err;
}

static struct pindev_leases *create_leases(struct pindev_pin *pin)
{
	struct pindev_leases *leases = kzalloc(sizeof(*leases),
					       GFP_KERNEL_ACCOUNT);

	if (!leases)
		return NULL;
	leases->event = pindev_event_create();
	if (!leases->event) {
		kfree(leases);
		return NULL;
	}
	leases->pin = pin;
	spin_lock_init(&leases->lock);
	INIT_LIST_HEAD(&leases->list);
	INIT_WORK(&leases->work, finish_revocation);
	return leases;
}

/**
 * pindev_lease_add() - note a segment that only a lease can pin
 * @pin: in the making; the runs that it has so far lie before the segment
 * @range: the segment, above all those noted before
 *
 * Pins nothing yet: pindev_leases_fill() does.
 *
 * Return: 0, -ENOMEM, or -EINTR on a fatal signal.
 */
int pindev_lease_add(struct pindev_pin *pin, const struct pindev_range *range)
{
	struct pindev_lease *lease;
	int err;

	if (!pin->leases)
		pin->leases = create_leases(pin);
	lease = kzalloc(sizeof(*lease), GFP_KERNEL_ACCOUNT);
	if (!pin->leases || !lease) {
		err = -ENOMEM;
		goto err_free;
	}
	lease->leases = pin->leases;
	lease->range = *range;
	pindev_runs_init(&lease->before);
	pindev_runs_init(&lease->runs);
	err = attach_notifier(lease);
	if (err)
		goto err_free;
	pindev_runs_join(&lease->before, &pin->runs);
	list_add_tail(&lease->link, &pin->leases->list);
	return 0;

err_free:
	kfree(lease);
	return err;
}

/* The first lease that was lost while others were filled, or NULL. */
static struct pindev_lease *find_lost(struct pindev_leases *leases)
{
	struct pindev_lease *lease;

	lockdep_assert_held(&leases->lock);
	list_for_each_entry(lease, &leases->list, link)
		if (lease->lost)
			return lease;
	return NULL;
}

/* A lease of a pin in the making that was lost, or NULL. */
struct pindev_lease *pindev_leases_find_lost(struct pindev_leases *leases)
{
	struct pindev_lease *lease;

	spin_lock(&leases->lock);
	lease = find_lost(leases);
	spin_unlock(&leases->lock);
	return lease;
}

/* Put the runs of the whole pin in the order of its addresses. */
void pindev_leases_join(struct pindev_pin *pin)
{
	struct pindev_leases *leases = pin->leases;
	struct pindev_lease *lease;
	struct pindev_runs all;

	pindev_runs_init(&all);
	/* The callback follows the links. */
	spin_lock(&leases->lock);
	list_for_each_entry(lease, &leases->list, link) {
		pindev_runs_join(&all, &lease->before);
		pindev_runs_join(&all, &lease->runs);
	}
	pindev_runs_join(&all, &pin->runs);
	pindev_runs_join(&pin->runs, &all);
	leases->joined = true;
	spin_unlock(&leases->lock);
}

/**
 * pindev_leases_publish() - from now on losing a lease revokes the pin
 * @pin: complete; the caller is making it known, under a lock that keeps others
 *	from finding it
 *
 * If a lease was lost since it was filled the pin is revoked at once.
 */
void pindev_leases_publish(struct pindev_pin *pin)
{
	struct pindev_leases *leases = pin->leases;
	struct pindev_lease *lease;

	if (!leases)
		return;
	spin_lock(&leases->lock);
	leases->published = true;
	lease = find_lost(leases);
	if (lease && !leases->lost)
		revoke_pin(lease);
	spin_unlock(&leases->lock);
}

/* --- letting go */

static void release_lease(struct pindev_lease *lease)
{
	stop_polling(lease);
	pindev_lease_drain(lease, true);
	mmu_interval_notifier_remove(&lease->notifier);
}

/**
 * pindev_leases_release() - unpin what the leases of a pin hold
 * @pin: being unpinned, revoked or given up
 *
 * Also moves the runs that an unfinished pin has noted before its leases back, so
 * that the pin's runs are all there is.
 *
 * Context: may sleep; no lock of ours is held.
 */
void pindev_leases_release(struct pindev_pin *pin)
{
	struct pindev_lease *lease;

	if (!pin->leases)
		return;
	list_for_each_entry(lease, &pin->leases->list, link)
		release_lease(lease);
	/* Others may be reading the records of a pin that was published. */
	if (!pin->leases->joined)
		pindev_leases_join(pin);
}

/* The pin is released; nothing points to its leases any more. */
void pindev_leases_free(struct pindev_pin *pin)
{
	struct pindev_lease *lease, *next;

	if (!pin->leases)
		return;
	list_for_each_entry_safe(lease, next, &pin->leases->list, link)
		kfree(lease);
	kfree(pin->leases->event);
	kfree(pin->leases);
}

/*
 * Revoke the pin for somebody else, who releases it; false if it has no pages any more
 * that could be released, because it was revoked or its last reference is gone.  With
 * true comes a reference.
 */
bool pindev_leases_force(struct pindev_pin *pin)
{
	struct pindev_leases *leases = pin->leases;
	bool may;

	spin_lock(&leases->lock);
	may = !leases->lost && refcount_inc_not_zero(&pin->refs);
	if (may) {
		WRITE_ONCE(leases->lost, true);
		WRITE_ONCE(pin->forced, true);
		pindev_ledger_lose(pin);
	}
	spin_unlock(&leases->lock);
	return may;
}

/* Who revokes it waits for these sections before he gives pages back. */
static int guard_longterm(struct pindev_pin *pin, int (*action)(void *data),
			  void *data)
{
	int err;

	rcu_read_lock();
	err = pindev_pin_is_revoked(pin) ? -ESTALE : action(data);
	rcu_read_unlock();
	return err;
}

/**
 * pindev_leases_guard() - do something while no page of a pin can be taken back
 * @pin: any, with or without leases
 * @action: does it; does not sleep
 * @data: for @action
 *
 * Return: what @action returns, or -ESTALE if the pin has been revoked.
 */
int pindev_leases_guard(struct pindev_pin *pin, int (*action)(void *data),
			void *data)
{
	struct pindev_leases *leases = pin->leases;
	int err;

	if (!leases)
		return guard_longterm(pin, action, data);
	spin_lock(&leases->lock);
	err = leases->lost ? -ESTALE : action(data);
	spin_unlock(&leases->lock);
	return err;
}

/* No context is open. */
void pindev_leases_exit(void)
{
	cancel_delayed_work_sync(&poll_work);
}
