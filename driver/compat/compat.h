/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ.  Force-included into every file of the driver; no
 * other file tests for a kernel version or for a feature of one.  The code is
 * written for the newest kernel, this header gives older ones the same names.
 *
 * PINDEV_HAVE_* come from features.h, which compat/probe.sh writes by compiling
 * compat/probes/ against the kernel at hand.
 */
#ifndef PINDEV_COMPAT_H
#define PINDEV_COMPAT_H

#include <linux/capability.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include "features.h"

/* The driver goes from a struct page to that of the next page frame by adding one. */
#if !defined(CONFIG_SPARSEMEM_VMEMMAP) && !defined(CONFIG_FLATMEM)
#error "struct pages of consecutive page frames have to be neighbours: SPARSEMEM_VMEMMAP"
#endif

#if !PINDEV_HAVE_MM_USER_NS
#include <linux/sched/exec_state.h>
#endif

#if !PINDEV_HAVE_VM_SHADOW_STACK
#define VM_SHADOW_STACK	VM_NONE
#endif

#if !PINDEV_HAVE_VM_MAYBE_GUARD
#define VM_MAYBE_GUARD	VM_NONE
#endif

/*
 * PINDEV_READ_PIN_STALE: this kernel pins the page that a private mapping shows
 * now, for reading, without breaking COW, so that the pin goes stale at the
 * process's next write.  The driver breaks COW itself.
 */
#define PINDEV_READ_PIN_STALE	PINDEV_HAVE_READ_PIN_STALE

/*
 * PINDEV_HUGETLB_GUP_WARNS: a long-term pin of a huge page in ZONE_MOVABLE or
 * CMA makes this kernel WARN and fail instead of migrating the page.
 */
#define PINDEV_HUGETLB_GUP_WARNS	PINDEV_HAVE_HUGETLB_GUP_WARNS

/*
 * PINDEV_GUP_LENIENT: GUP lacks rules that the driver enforces, above all the one
 * about dirty tracking.  That rule came in 6.5, where no header shows it, together
 * with the end of pin_user_pages()'s vmas argument, which one does.
 */
#define PINDEV_GUP_LENIENT	PINDEV_HAVE_PIN_USER_PAGES_VMAS

/* inode_dax() is exported on every kernel but declared in a private header. */
struct dax_device;
struct dax_device *inode_dax(struct inode *inode);

static inline struct dev_pagemap *pindev_get_dev_pagemap(unsigned long pfn)
{
#if PINDEV_HAVE_GET_DEV_PAGEMAP_HINT
	return get_dev_pagemap(pfn, NULL);
#else
	return get_dev_pagemap(pfn);
#endif
}

/* The pagemap of a ZONE_DEVICE page; tail pages know it through their head. */
static inline struct dev_pagemap *pindev_page_pgmap(struct page *page)
{
#if PINDEV_HAVE_PAGE_PGMAP
	return page_pgmap(page);
#else
	return compound_head(page)->pgmap;
#endif
}

/*
 * What a page's flags tell of its zone and node, and whether it is the first of a folio
 * of several: all in one look, for where every instruction counts.
 */
static inline unsigned long pindev_page_key(const struct page *page)
{
#if PINDEV_HAVE_PAGE_MEMDESC_FLAGS
	unsigned long flags = READ_ONCE(page->flags.f);
#else
	unsigned long flags = READ_ONCE(page->flags);
#endif
	return flags & (BIT(PG_head) | ZONEID_MASK << ZONEID_PGSHIFT);
}

/*
 * Has the caller CAP_SYS_PTRACE over the user namespace that guards @mm, which was
 * taken from @task before?  Since 7.2 that namespace is the task's, and an exec
 * changes both under task_lock() (exec_mmap()): -EAGAIN if it has another mm now.
 */
static inline int pindev_may_inspect(struct task_struct *task,
				     struct mm_struct *mm)
{
#if PINDEV_HAVE_MM_USER_NS
	return ns_capable(mm->user_ns, CAP_SYS_PTRACE) ? 0 : -EPERM;
#else
	const struct task_exec_state *state;
	int err = -EAGAIN;

	task_lock(task);
	state = rcu_dereference_protected(task->exec_state,
					  lockdep_is_held(&task->alloc_lock));
	if (task->mm == mm)
		err = ns_capable(state->user_ns, CAP_SYS_PTRACE) ? 0 : -EPERM;
	task_unlock(task);
	return err;
#endif
}

/* pin_user_pages(); mmap_lock is held for read and stays so. */
static inline long pindev_pin_user_pages(unsigned long addr, long count,
					 unsigned int gup_flags,
					 struct page **pages)
{
#if PINDEV_HAVE_PIN_USER_PAGES_VMAS
	return pin_user_pages(addr, count, gup_flags, pages, NULL);
#else
	return pin_user_pages(addr, count, gup_flags, pages);
#endif
}

static inline void pindev_vm_flags_set(struct vm_area_struct *vma,
				       unsigned long flags)
{
#if PINDEV_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/* The inode that /proc/PID/maps shows. */
static inline const struct inode *pindev_file_user_inode(const struct file *file)
{
#if PINDEV_HAVE_FILE_USER_INODE
	return file_user_inode(file);
#else
	return file_inode(file);
#endif
}

#endif /* PINDEV_COMPAT_H */
