// SPDX-License-Identifier: GPL-2.0-only
/*
 * A failed page to its reason.
 *
 * GUP has said no to one page of a mapping that no rule refuses.  Its errno
 * narrows the reason down; what it does not tell is found by probing the page
 * alone, in ways that leave nothing pinned, and from what is known of the
 * mapping.  The probes hold nothing of ours.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "pindev.h"

/* ENOMEM: is there no memory, or can the page not be moved to where it may stay? */
static u32 no_memory_reason(unsigned long addr, const struct pindev_segment *segment)
{
	/* The page of a lease may stay where it is. */
	if (segment->gup_flags & FOLL_LONGTERM && pindev_probe(segment, addr, 0) == 1)
		return PIN_REASON_MIGRATE_FAILED;
	return PIN_REASON_NO_MEMORY;
}

static u32 fault_reason(unsigned long addr, const struct pindev_segment *segment)
{
	if (addr >= segment->file_end)
		return PIN_REASON_BEYOND_EOF;
	if (pindev_probe(segment, addr, FOLL_HWPOISON) == -EHWPOISON)
		return PIN_REASON_HWPOISON;
	if (segment->userfault)
		return PIN_REASON_USERFAULT;
	if (segment->guarded)
		return PIN_REASON_GUARD;
	if (segment->report.kind == PIN_KIND_HUGETLB)
		return PIN_REASON_HUGETLB_EMPTY;
	return PIN_REASON_FAULT_FAILED;
}

static u32 reason_of(unsigned long addr, const struct pindev_segment *segment,
		     int err)
{
	switch (err) {
	case -EEXIST:
		return PIN_REASON_RAW_PFN;
	case -EREMOTEIO:
		return PIN_REASON_P2PDMA;
	case -EBUSY:
	case -ENODEV:
		return PIN_REASON_DEVICE_BUSY;
	case -EHWPOISON:
		return PIN_REASON_HWPOISON;
	case -ENOMEM:
		return no_memory_reason(addr, segment);
	default:
		return fault_reason(addr, segment);
	}
}

/**
 * pindev_diagnose() - why one page cannot be pinned
 * @addr: the page
 * @segment: its mapping as it was judged before the attempt
 * @flags: enum pin_check_flags; WRITE and LEASE as asked for
 * @err: what GUP answered for this page alone, negative
 * @refusal: filled in
 *
 * Return: the errno of the refusal, negative.
 */
int pindev_diagnose(unsigned long addr, const struct pindev_segment *segment,
		    u32 flags, int err, struct pin_refusal *refusal)
{
	struct pindev_segment now;
	u32 reason;

	/* Killed, GUP says EINTR, EAGAIN or, for hugetlb on 6.1, EFAULT. */
	if (fatal_signal_pending(current) ||
	    pindev_classify_at(addr, addr + PAGE_SIZE, flags, &now))
		return pindev_refuse(refusal, PIN_REASON_INTERRUPTED, addr);
	if (now.report.reason || now.report.kind != segment->report.kind ||
	    now.report.inode != segment->report.inode)
		return pindev_refuse(refusal, PIN_REASON_MAPPING_CHANGED, addr);

	reason = reason_of(addr, &now, err);
	if (fatal_signal_pending(current))
		reason = PIN_REASON_INTERRUPTED;
	return pindev_refuse(refusal, reason, addr);
}
