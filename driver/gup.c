// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the pages of a judged mapping are pinned.
 *
 * Usually by the fast path, which looks at page tables alone: should the mapping
 * have been replaced since it was judged, then the kernel's own rules, which are
 * the driver's, judge the new one.  Two cases need the judgement to hold while
 * GUP runs, so they go through the slow path with mmap_lock held for read from a
 * last look at the mapping until the pages are pinned:
 *
 *   - kernels whose rules are weaker than the driver's: what came in between
 *     would be pinned against the driver's rules;
 *   - device-dax: the caller is in a dax_read_lock() section, which nothing may
 *     prolong; under mmap_lock GUP does not wait for a userfaultfd handler.
 *
 * Where COW is broken without PROT_WRITE, FOLL_FORCE also reads what PROT_NONE
 * protects.  There another look afterwards is enough, and does not keep GUP from
 * waiting without mmap_lock: nobody has used the pages yet.
 *
 * mmap_lock is taken here, never on entry.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "pindev.h"

/*
 * A huge page that a probe has pinned for a moment: may it stay?  The pin keeps
 * it from being migrated until GUP has pinned it, too.
 */
static long pin_unless_movable(const struct pindev_segment *segment,
			       unsigned long addr, struct page **pages)
{
	unsigned int probe_flags = segment->gup_flags & ~FOLL_LONGTERM;
	unsigned int saved;
	struct page *probe;
	long got;

	/* So that a page that is not there yet comes from where it may stay. */
	saved = memalloc_pin_save();
	got = pindev_pin_user_pages(addr, 1, probe_flags, &probe);
	memalloc_pin_restore(saved);
	if (got != 1)
		return got;
	/* Its zone stays; other bits of the same word do not. */
	if (data_race(is_zone_movable_page(probe)))
		got = -ENOMEM;
	else
		got = pindev_pin_user_pages(addr, 1, segment->gup_flags, pages);
	unpin_user_page(probe);
	return got;
}

static long pin_locked(const struct pindev_segment *segment, bool write,
		       unsigned long addr, long count, struct page **pages)
{
	long got;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	got = pindev_classify_holds(segment, write, addr, count);
	if (got)
		goto out_unlock;
	if (PINDEV_HUGETLB_GUP_WARNS && segment->report.kind == PIN_KIND_HUGETLB)
		got = pin_unless_movable(segment, addr, pages);
	else
		got = pindev_pin_user_pages(addr, count, segment->gup_flags,
					    pages);
out_unlock:
	mmap_read_unlock(current->mm);
	return got;
}

static long pin_forced(const struct pindev_segment *segment, bool write,
		       unsigned long addr, long count, struct page **pages)
{
	long got, err = -EINTR;

	got = pin_user_pages_fast(addr, count, segment->gup_flags, pages);
	if (got <= 0)
		return got;
	if (!mmap_read_lock_killable(current->mm)) {
		err = pindev_classify_holds(segment, write, addr, got);
		mmap_read_unlock(current->mm);
	}
	if (!err)
		return got;
	unpin_user_pages(pages, got);
	return err;
}

/**
 * pindev_probe() - try to pin one page for a moment
 * @segment: its mapping as it was judged
 * @addr: the page
 * @more: FOLL_* beside those of the mapping
 *
 * Not for the long term, which moves pages and makes some kernels WARN.  A page that
 * is not there yet is looked for where it may stay, as for the long term: the probe
 * brings nothing in that the attempt would not have.  Under mmap_lock if that keeps
 * it from waiting for a userfaultfd; else without, because it may wait for a
 * filesystem, whatever that has answered before.
 *
 * Return: 1, with nothing pinned any more, or what GUP says.
 */
long pindev_probe(const struct pindev_segment *segment, unsigned long addr,
		  unsigned int more)
{
	unsigned int saved, flags = (segment->gup_flags & ~FOLL_LONGTERM) | more;
	struct page *page;
	long got;

	if (segment->userfault && mmap_read_lock_killable(current->mm))
		return -EINTR;
	saved = memalloc_pin_save();
	if (segment->userfault)
		got = pindev_pin_user_pages(addr, 1, flags, &page);
	else
		got = pin_user_pages_unlocked(addr, 1, &page, flags);
	memalloc_pin_restore(saved);
	if (segment->userfault)
		mmap_read_unlock(current->mm);
	if (got == 1)
		unpin_user_page(page);
	return got;
}

/*
 * With mmap_lock held GUP waits, deaf to every signal, for what a filesystem has to
 * read, and whoever wants the lock for writing waits along: with FUSE for as long as
 * its server likes.  So where the lock has to be held, the pages of files are read
 * before, as the process itself would do it: without the lock, until a fatal signal.
 * Those that cannot be read are not asked for again, but whether the first one can
 * be is for GUP to say.  Should one be reclaimed in between, GUP waits for it after
 * all.
 *
 * Return: how many of the first pages to pin, or -errno.
 */
static long read_first(const struct pindev_segment *segment, unsigned long addr,
		       long count)
{
	size_t left = fault_in_readable((const char __user *)addr, count * PAGE_SIZE);
	long got;

	if (fatal_signal_pending(current))
		return -EINTR;
	count -= DIV_ROUND_UP(left, PAGE_SIZE);
	if (count)
		return count;
	got = pindev_probe(segment, addr, 0);
	return got ?: -EFAULT;
}

/**
 * pindev_gup() - pin pages of a mapping
 * @segment: the mapping as it was judged
 * @write: as asked for
 * @addr: page aligned, in @segment
 * @count: pages, above 0, all in @segment; 1 for hugetlb
 * @pages: filled in
 *
 * Return: how many of the first pages are pinned now, above 0; or -errno, that
 * of GUP, -ESTALE if the mapping is not what was judged any more, -ENODEV if its
 * device is being removed.
 */
long pindev_gup(const struct pindev_segment *segment, bool write,
		unsigned long addr, long count, struct page **pages)
{
	long got;

	if (PINDEV_GUP_LENIENT && segment->report.kind == PIN_KIND_FILE) {
		count = read_first(segment, addr, count);
		if (count < 0)
			return count;
	}
	if (PINDEV_GUP_LENIENT || segment->report.kind == PIN_KIND_DEVDAX)
		got = pin_locked(segment, write, addr, count, pages);
	else if (segment->gup_flags & FOLL_FORCE)
		got = pin_forced(segment, write, addr, count, pages);
	else
		got = pin_user_pages_fast(addr, count, segment->gup_flags, pages);
	return got ?: -EFAULT;
}
