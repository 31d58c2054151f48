// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMA to its kind and reason: the mirror of check_vma_flags() (mm/gup.c, Linux
 * 7.2) for FOLL_PIN | FOLL_LONGTERM of a process's own memory, on every kernel.
 *
 * The mirror is needed because GUP's errno does not tell the rule, because
 * older kernels lack rules, and because the fast path, which sees page tables
 * and no VMA, lets through what the rules refuse.  A range is judged before any
 * page of it is touched.  Nothing of a VMA is kept once mmap_lock is released,
 * so every verdict is advisory.  Other processes' memory can be judged, too, as
 * if they pinned it.
 *
 * mmap_lock is held for read by the walks here; on entry only where a function
 * says so.
 */
#include <linux/backing-dev.h>
#include <linux/dax.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/magic.h>
#include <linux/mmu_context.h>
#include <linux/shmem_fs.h>
#include <linux/userfaultfd_k.h>

#include "pindev.h"

#ifndef GUEST_MEMFD_MAGIC
#define GUEST_MEMFD_MAGIC	0x474d454d
#endif

/* Mappings judged under one hold of mmap_lock. */
#define WALK_BUDGET	1024

/* Entries of the tables by reason; the name is for user space. */
#define REASON_ERRNO(constant, name, error, scope)	[constant] = (error),
#define REASON_SCOPE(constant, name, error, scope)	[constant] = (scope),

/**
 * pindev_refuse() - record a refusal
 * @refusal: filled in
 * @reason: enum pin_reason, not 0
 * @addr: lowest address that is refused
 *
 * Return: the reason's errno from PIN_REASON_TABLE, negative.
 */
int pindev_refuse(struct pin_refusal *refusal, u32 reason, u64 addr)
{
	static const int errnos[] = { PIN_REASON_TABLE(REASON_ERRNO) };

	refusal->addr = addr;
	refusal->reason = reason;
	refusal->error = errnos[reason];
	return -errnos[reason];
}

/**
 * pindev_reason_scope() - what a reason tells of
 * @reason: enum pin_reason, not 0
 *
 * Return: the reason's scope from PIN_REASON_TABLE.
 */
enum pin_reason_scope pindev_reason_scope(u32 reason)
{
	static const u8 scopes[] = { PIN_REASON_TABLE(REASON_SCOPE) };

	return scopes[reason];
}

static bool is_devdax(struct vm_area_struct *vma)
{
	return vma_is_dax(vma) && S_ISCHR(file_inode(vma->vm_file)->i_mode);
}

static u32 kind_of_file(struct file *file)
{
	struct inode *inode = file_inode(file);

	switch (inode->i_sb->s_magic) {
	case SECRETMEM_MAGIC:
		return PIN_KIND_SECRETMEM;
	case GUEST_MEMFD_MAGIC:
		return PIN_KIND_GUEST_MEMFD;
	}
	if (shmem_mapping(file->f_mapping))
		return PIN_KIND_SHMEM;
	if (S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode))
		return PIN_KIND_FILE;
	return PIN_KIND_DEVICE;
}

static u32 kind_of(struct vm_area_struct *vma)
{
	if (vma_is_dax(vma))
		return is_devdax(vma) ? PIN_KIND_DEVDAX : PIN_KIND_FSDAX;
	if (is_vm_hugetlb_page(vma))
		return PIN_KIND_HUGETLB;
	if (vma->vm_file && vma->vm_flags & (VM_IO | VM_PFNMAP))
		return PIN_KIND_DEVICE;
	if (vma_is_anonymous(vma))
		return PIN_KIND_ANON;
	return vma->vm_file ? kind_of_file(vma->vm_file) : PIN_KIND_SPECIAL;
}

/* vma_needs_dirty_tracking(), mm/vma.c, Linux 7.2; not exported. */
static bool needs_dirty_tracking(struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = vma->vm_ops;

	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (ops && (ops->page_mkwrite || ops->pfn_mkwrite))
		return true;
	return !(vma->vm_flags & VM_PFNMAP) && vma->vm_file &&
	       vma->vm_file->f_mapping &&
	       mapping_can_writeback(vma->vm_file->f_mapping);
}

/* A lease is not for the long term: dirty tracking is no obstacle to it. */
static u32 write_reason(struct vm_area_struct *vma, u32 kind)
{
	if (kind != PIN_KIND_FSDAX && !vma_is_anonymous(vma) &&
	    needs_dirty_tracking(vma))
		return PIN_REASON_FILE_DIRTY_TRACKING;
	if (vma->vm_flags & VM_SHADOW_STACK)
		return PIN_REASON_SHADOW_STACK;
	if (!(vma->vm_flags & VM_WRITE))
		return PIN_REASON_NOT_WRITABLE;
	return PIN_REASON_NONE;
}

/* A private mapping of a file, whose pages are the file's until COW is broken. */
static bool is_private_file(struct vm_area_struct *vma, u32 kind)
{
	return is_cow_mapping(vma->vm_flags) &&
	       (kind == PIN_KIND_FILE || kind == PIN_KIND_SHMEM);
}

/* thp_vma_suitable_order(), include/linux/huge_mm.h, Linux 6.12. */
static bool has_room_for_pmd(struct vm_area_struct *vma)
{
	unsigned long first = ALIGN(vma->vm_start, PMD_SIZE);

	return IS_ALIGNED((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff,
			  PMD_SIZE >> PAGE_SHIFT) &&
	       first >= vma->vm_start && first < vma->vm_end &&
	       vma->vm_end - first >= PMD_SIZE;
}

/*
 * Would GUP try to unshare a page for ever?  Where a page of a file is part of a
 * huge one it does: wp_huge_pmd() unmaps that to have its pages mapped one by one,
 * but do_read_fault(), which knows nothing of FAULT_FLAG_UNSHARE, maps it whole
 * again (mm/memory.c, Linux 6.12 and 7.2).
 */
static bool never_ends(struct vm_area_struct *vma, u32 kind)
{
	return !PINDEV_READ_PIN_STALE && is_private_file(vma, kind) &&
	       has_room_for_pmd(vma);
}

/*
 * The rules in the order of check_vma_flags().  Protection keys are a thread's
 * own: of another process's arch_vma_access_permitted() says yes.
 */
static u32 reason_of(struct vm_area_struct *vma, u32 kind, u32 flags)
{
	bool write = flags & PIN_CHECK_WRITE;
	u32 reason = PIN_REASON_NONE;

	if (vma->vm_flags & VM_IO)
		return PIN_REASON_IO_MAPPING;
	if (vma->vm_flags & VM_PFNMAP)
		return PIN_REASON_PFN_MAPPING;
	if (kind == PIN_KIND_FSDAX && !(flags & PIN_CHECK_LEASE))
		return PIN_REASON_FSDAX;
	if (kind == PIN_KIND_FSDAX && !(vma->vm_flags & VM_MAYSHARE))
		return PIN_REASON_LEASE_PRIVATE;
	if (kind == PIN_KIND_SECRETMEM)
		return PIN_REASON_SECRETMEM;
	if (write)
		reason = write_reason(vma, kind);
	else if (!(vma->vm_flags & VM_READ))
		reason = PIN_REASON_NOT_READABLE;
	/* Where COW can only be broken by a write, a read pin is one, too. */
	if (!reason &&
	    !arch_vma_access_permitted(vma, write || never_ends(vma, kind),
				       false, false))
		reason = PIN_REASON_PKEY;
	return reason;
}

/*
 * Has the driver to break COW itself for a read pin?  On kernels whose read pins
 * go stale; and of pages of files on all others, see never_ends(), unless a key
 * denies it: those that are not part of a huge page GUP does unshare.
 */
static bool breaks_cow(struct vm_area_struct *vma, u32 kind)
{
	if (PINDEV_READ_PIN_STALE)
		return is_cow_mapping(vma->vm_flags);
	return is_private_file(vma, kind) &&
	       arch_vma_access_permitted(vma, true, false, false);
}

/*
 * GUP flags for one mapping.  The driver breaks COW by asking for a write, as RDMA
 * did; FOLL_FORCE makes that work without PROT_WRITE.  Neither hugetlb nor
 * protection keys know FOLL_FORCE: there a page is good only if it is the process's
 * own already.
 */
static void set_gup_flags(struct vm_area_struct *vma, bool write,
			  struct pindev_segment *segment)
{
	segment->gup_flags = (segment->lease ? 0 : FOLL_LONGTERM) |
			     (write ? FOLL_WRITE : 0);
	if (write || !breaks_cow(vma, segment->report.kind))
		return;
	if (!arch_vma_access_permitted(vma, true, false, false))
		segment->stale_reason = PIN_REASON_PKEY;
	else if (segment->report.kind != PIN_KIND_HUGETLB)
		segment->gup_flags |= FOLL_WRITE | FOLL_FORCE;
	else if (vma->vm_flags & VM_WRITE)
		segment->gup_flags |= FOLL_WRITE;
	else
		segment->stale_reason = PIN_REASON_FAULT_FAILED;
}

/* The first address of @vma whose page is beyond the end of its file. */
static unsigned long file_end_of(struct vm_area_struct *vma, u64 page_size)
{
	loff_t size = i_size_read(vma->vm_file->f_mapping->host);
	u64 pages = round_up((u64)size, page_size) >> PAGE_SHIFT;

	if (pages <= vma->vm_pgoff)
		return vma->vm_start;
	return vma->vm_start + ((pages - vma->vm_pgoff) << PAGE_SHIFT);
}

static bool has_file_end(u32 kind)
{
	return kind == PIN_KIND_FILE || kind == PIN_KIND_SHMEM ||
	       kind == PIN_KIND_HUGETLB || kind == PIN_KIND_FSDAX;
}

/* Refused, but only for the long term? */
static bool lease_would_work(struct vm_area_struct *vma,
			     const struct pindev_segment *segment)
{
	u32 flags = PIN_CHECK_WRITE | PIN_CHECK_LEASE;

	return segment->report.reason == PIN_REASON_FSDAX &&
	       !reason_of(vma, segment->report.kind, flags);
}

/* No rule refuses the mapping, but can every page of it be had? */
static bool must_try(struct vm_area_struct *vma,
		     const struct pindev_segment *segment)
{
	u32 kind = segment->report.kind;

	return segment->userfault || segment->guarded || segment->stale_reason ||
	       segment->report.end > segment->file_end ||
	       kind == PIN_KIND_HUGETLB || kind == PIN_KIND_DEVICE ||
	       kind == PIN_KIND_SPECIAL || kind == PIN_KIND_GUEST_MEMFD ||
	       vma->vm_flags & VM_MIXEDMAP;
}

static void describe_file(struct vm_area_struct *vma, struct pin_report *report)
{
	const struct inode *inode = pindev_file_user_inode(vma->vm_file);

	report->inode = inode->i_ino;
	report->dev_major = MAJOR(inode->i_sb->s_dev);
	report->dev_minor = MINOR(inode->i_sb->s_dev);
	report->file_offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) +
			      (report->start - vma->vm_start);
}

/*
 * VM_MAYSHARE, as in /proc/PID/maps: a shared mapping of a file that is open for
 * reading only has lost VM_SHARED.
 */
static u32 report_flags(unsigned long vm_flags)
{
	return (vm_flags & VM_READ ? PIN_REPORT_READ : 0) |
	       (vm_flags & VM_WRITE ? PIN_REPORT_WRITE : 0) |
	       (vm_flags & VM_EXEC ? PIN_REPORT_EXEC : 0) |
	       (vm_flags & VM_MAYSHARE ? PIN_REPORT_SHARED : 0);
}

static void judge_hole(unsigned long start, unsigned long end,
		       struct pindev_segment *segment)
{
	*segment = (struct pindev_segment) {
		.report = {
			.start = start,
			.end = end,
			.kind = PIN_KIND_HOLE,
			.reason = PIN_REASON_HOLE,
			.error = EFAULT,
		},
		.file_end = ULONG_MAX,
	};
}

/* @flags: enum pin_check_flags; WRITE and LEASE matter */
static void judge_vma(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, u32 flags,
		      struct pindev_segment *segment)
{
	struct pin_report *report = &segment->report;
	struct pin_refusal refusal;

	*segment = (struct pindev_segment) {
		.report = {
			.start = start,
			.end = min(end, vma->vm_end),
			.kind = kind_of(vma),
			.flags = report_flags(vma->vm_flags),
			.page_size = vma_kernel_pagesize(vma),
		},
		.file_end = ULONG_MAX,
		.userfault = userfaultfd_armed(vma),
		.guarded = vma->vm_flags & VM_MAYBE_GUARD,
	};
	if (vma->vm_file)
		describe_file(vma, report);
	if (has_file_end(report->kind) && vma->vm_file)
		segment->file_end = file_end_of(vma, report->page_size);
	segment->lease = report->kind == PIN_KIND_FSDAX &&
			 flags & PIN_CHECK_LEASE;
	set_gup_flags(vma, flags & PIN_CHECK_WRITE, segment);

	report->reason = reason_of(vma, report->kind, flags);
	if (report->reason)
		report->error = -pindev_refuse(&refusal, report->reason, start);
	else if (must_try(vma, segment))
		report->flags |= PIN_REPORT_TRY;
	if (lease_would_work(vma, segment))
		report->flags |= PIN_REPORT_LEASE;
}

/* @vma: at @addr, or NULL */
static void judge_first(struct vm_area_struct *vma, unsigned long addr,
			unsigned long end, u32 flags, struct pindev_segment *segment)
{
	if (vma)
		judge_vma(vma, addr, end, flags, segment);
	else
		judge_hole(addr, addr + PAGE_SIZE, segment);
}

/**
 * pindev_classify_at() - judge the mapping at one address
 * @addr: page aligned
 * @end: where the asked range ends
 * @flags: enum pin_check_flags; WRITE and LEASE matter
 * @segment: filled in, from @addr to the end of the mapping or of the range; a
 *	hole counts as a mapping of one page
 *
 * Return: 0, or -EINTR on a fatal signal.
 */
int pindev_classify_at(unsigned long addr, unsigned long end, u32 flags,
		       struct pindev_segment *segment)
{
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	judge_first(vma_lookup(current->mm, addr), addr, end, flags, segment);
	mmap_read_unlock(current->mm);
	return 0;
}

/**
 * pindev_classify_lease() - the file of a range that a lease can pin
 * @range: the range, in one mapping when it was judged before
 * @segment: filled in
 *
 * Return: the file that the whole range maps, with a reference; -ESTALE if a
 * lease cannot pin all of it any more, -EINTR on a fatal signal.
 */
struct file *pindev_classify_lease(const struct pindev_range *range,
				   struct pindev_segment *segment)
{
	struct mm_struct *mm = current->mm;
	struct file *file = ERR_PTR(-ESTALE);
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return ERR_PTR(-EINTR);
	vma = vma_lookup(mm, range->start);
	if (vma && vma->vm_end >= range->end) {
		judge_vma(vma, range->start, range->end,
			  PIN_CHECK_WRITE | PIN_CHECK_LEASE, segment);
		if (segment->lease && !segment->report.reason)
			file = get_file(vma->vm_file);
	}
	mmap_read_unlock(mm);
	return file;
}

/**
 * pindev_classify_holds() - is a mapping still what it was judged to be?
 * @segment: as it was judged
 * @write: for a pin for write
 * @addr: page aligned
 * @count: pages that have to be part of one such mapping
 *
 * The caller holds mmap_lock for read and, for device-dax, is in a dax_read_lock()
 * section; the answer holds for as long.
 *
 * Return: 0, -ESTALE if not, -ENODEV if it is one of a device-dax device that is
 * being removed.
 */
int pindev_classify_holds(const struct pindev_segment *segment, bool write,
			  unsigned long addr, long count)
{
	unsigned long end = addr + count * PAGE_SIZE;
	struct pindev_segment now;
	struct vm_area_struct *vma;

	mmap_assert_locked(current->mm);
	vma = vma_lookup(current->mm, addr);
	if (!vma || vma->vm_end < end)
		return -ESTALE;
	judge_vma(vma, addr, end, write ? PIN_CHECK_WRITE : 0, &now);
	if (now.report.reason || now.gup_flags != segment->gup_flags ||
	    now.stale_reason != segment->stale_reason ||
	    now.report.kind != segment->report.kind ||
	    now.report.page_size != segment->report.page_size)
		return -ESTALE;
	if (is_devdax(vma) &&
	    !dax_alive(inode_dax(vma->vm_file->f_mapping->host)))
		return -ENODEV;
	return 0;
}

static bool is_wanted(const struct pin_report *report, u32 flags)
{
	if (flags & PIN_CHECK_REFUSED && !report->reason)
		return false;
	return !(flags & PIN_CHECK_MAPPED && report->kind == PIN_KIND_HOLE);
}

/**
 * pindev_classify_range() - judge the mappings of a range
 * @mm: the address space; the caller holds mm_users
 * @left: the range; its start moves on to what has not been judged
 * @flags: enum pin_check_flags; MAPPED ignores holes altogether
 * @reports: wanted reports are added; the walk stops when they are full
 * @verdict: but not before something was refused
 * @refusal: filled in with the lowest refusal if it holds none yet
 * @last: what was judged last
 *
 * Judges at most WALK_BUDGET mappings, so that nobody waits long for mmap_lock.
 *
 * Return: 1 if there is more to judge and room for it, 0 if not, or -EINTR on a
 * fatal signal.
 */
int pindev_classify_range(struct mm_struct *mm, struct pindev_range *left,
			  u32 flags, struct pindev_reports *reports,
			  bool verdict, struct pin_refusal *refusal,
			  struct pindev_segment *last)
{
	VMA_ITERATOR(vmas, mm, left->start);
	unsigned int budget = WALK_BUDGET;
	struct vm_area_struct *vma;
	bool room = true;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_next(&vmas);
	while (left->start < left->end && budget--) {
		if (vma && vma->vm_start <= left->start)
			judge_vma(vma, left->start, left->end, flags, last);
		else
			judge_hole(left->start,
				   vma ? min(vma->vm_start, left->end) : left->end,
				   last);

		if (is_wanted(&last->report, flags)) {
			room = reports->count < reports->capacity ||
			       (verdict && !refusal->reason);
			if (!room)
				break;
			pindev_reports_add(reports, &last->report);
			if (last->report.reason && !refusal->reason)
				pindev_refuse(refusal, last->report.reason,
					      last->report.start);
		}
		left->start = last->report.end;
		if (vma && vma->vm_end <= left->start && left->start < left->end)
			vma = vma_next(&vmas);
	}
	mmap_read_unlock(mm);
	return room && left->start < left->end;
}

/* What of an address lies within a huge page, if the mapping consists of those. */
static unsigned long huge_page_offset(struct vm_area_struct *vma, unsigned long addr)
{
	if (!vma || !is_vm_hugetlb_page(vma))
		return 0;
	return addr & (huge_page_size(hstate_vma(vma)) - 1);
}

/**
 * pindev_classify_charge() - what pinning a range is charged
 * @mm: the address space; the caller holds mm_users
 * @range: the range
 * @flags: enum pin_check_flags; WRITE and LEASE matter
 * @pages: out: its base pages, and the rest of the huge pages at its two ends;
 *	between them hugetlb mappings consist of whole huge pages
 * @first: filled in as by pindev_classify_at() for the start of the range, unless NULL
 *
 * Return: 0, or -EINTR on a fatal signal.
 */
int pindev_classify_charge(struct mm_struct *mm,
			   const struct pindev_range *range, u32 flags,
			   unsigned long *pages, struct pindev_segment *first)
{
	unsigned long bytes = range->end - range->start;
	struct vm_area_struct *vma, *last;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, range->start);
	last = vma && vma->vm_end >= range->end ? vma : vma_lookup(mm, range->end - 1);
	bytes += huge_page_offset(vma, range->start);
	bytes += huge_page_offset(last, -range->end);
	if (first)
		judge_first(vma, range->start, range->end, flags, first);
	mmap_read_unlock(mm);
	*pages = bytes >> PAGE_SHIFT;
	return 0;
}
