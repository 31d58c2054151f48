/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Words that every interface of /dev/pin shares: kinds of mapping, reasons of
 * refusal, modes, states and causes.  The ioctls (<pin/ioctl.h>) and the
 * netlink family use the same numbers; numbers are frozen once released, new
 * ones are only ever added at the end, and 0 always means "none".
 */
#ifndef _PIN_TYPES_H
#define _PIN_TYPES_H

#include <linux/types.h>

/**
 * enum pin_kind - what a mapping is
 * @PIN_KIND_NONE: not filled in
 * @PIN_KIND_HOLE: nothing is mapped
 * @PIN_KIND_ANON: private anonymous memory, stack and heap among it
 * @PIN_KIND_SHMEM: tmpfs, memfd, System V or shared anonymous memory
 * @PIN_KIND_HUGETLB: hugetlbfs, MAP_HUGETLB, memfd with MFD_HUGETLB
 * @PIN_KIND_FILE: a file in the page cache of a filesystem or block device
 * @PIN_KIND_FSDAX: a file of a filesystem that maps its blocks directly (DAX)
 * @PIN_KIND_DEVDAX: a device-dax character device
 * @PIN_KIND_SECRETMEM: memory of memfd_secret(2)
 * @PIN_KIND_DEVICE: memory that another driver maps
 * @PIN_KIND_SPECIAL: pages that the kernel itself maps: vdso, vvar, uprobes
 * @PIN_KIND_GUEST_MEMFD: memory of a KVM guest_memfd
 */
enum pin_kind {
	PIN_KIND_NONE = 0,
	PIN_KIND_HOLE = 1,
	PIN_KIND_ANON = 2,
	PIN_KIND_SHMEM = 3,
	PIN_KIND_HUGETLB = 4,
	PIN_KIND_FILE = 5,
	PIN_KIND_FSDAX = 6,
	PIN_KIND_DEVDAX = 7,
	PIN_KIND_SECRETMEM = 8,
	PIN_KIND_DEVICE = 9,
	PIN_KIND_SPECIAL = 10,
	PIN_KIND_GUEST_MEMFD = 11
};

/**
 * enum pin_reason - the rule that refuses a pin
 * @PIN_REASON_NONE: no refusal
 * @PIN_REASON_HOLE: nothing is mapped there
 * @PIN_REASON_IO_MAPPING: VM_IO, device registers or memory mapped as I/O
 * @PIN_REASON_PFN_MAPPING: VM_PFNMAP, page frames without struct page
 * @PIN_REASON_FSDAX: a filesystem-DAX file, whose blocks must stay movable
 * @PIN_REASON_SECRETMEM: memfd_secret(2), out of the kernel's own reach
 * @PIN_REASON_NO_DIRECT_MAP: other memory removed from the direct map
 * @PIN_REASON_FILE_DIRTY_TRACKING: write to a shared file mapping whose
 *	filesystem must hear of every write
 * @PIN_REASON_NOT_WRITABLE: a pin for write, the mapping lacks PROT_WRITE
 * @PIN_REASON_NOT_READABLE: a pin for read, the mapping lacks PROT_READ
 * @PIN_REASON_SHADOW_STACK: a pin for write of a shadow stack
 * @PIN_REASON_PKEY: the thread's protection keys forbid the access, or for a
 *	read pin of a private mapping the write that breaks COW
 * @PIN_REASON_LEASE_PRIVATE: a lease of a private filesystem-DAX mapping
 * @PIN_REASON_BEYOND_EOF: the mapping goes on, the file ends before
 * @PIN_REASON_HWPOISON: the page has a hardware memory error
 * @PIN_REASON_RAW_PFN: a page table entry without struct page
 * @PIN_REASON_P2PDMA: PCI peer-to-peer memory
 * @PIN_REASON_DEVICE_BUSY: device memory that could not be moved to RAM, or
 *	whose device or file is being taken away
 * @PIN_REASON_MIGRATE_FAILED: the page lies in ZONE_MOVABLE or CMA and could
 *	not be moved out
 * @PIN_REASON_USERFAULT: missing, and only a userfaultfd handler can fill it
 * @PIN_REASON_GUARD: a guard page (MADV_GUARD_INSTALL)
 * @PIN_REASON_HUGETLB_EMPTY: the hugetlb pool or its cgroup has no huge page
 * @PIN_REASON_FAULT_FAILED: the mapping's own fault handler refused
 * @PIN_REASON_REFCOUNT: the page is pinned too many times already
 * @PIN_REASON_MEMLOCK_LIMIT: RLIMIT_MEMLOCK of the user would be exceeded
 * @PIN_REASON_SYSTEM_CAP: the module's cap on pinned pages would be exceeded
 * @PIN_REASON_CONTEXT_CAP: this context has as many pins as it may have
 * @PIN_REASON_NO_MEMORY: no memory for the page or the pin's records
 * @PIN_REASON_MAPPING_CHANGED: the mapping changed while it was being pinned
 * @PIN_REASON_INTERRUPTED: the process is being killed
 *
 * What each tells of, the mapping, a page, a resource or the attempt, stands in
 * PIN_REASON_TABLE.
 */
enum pin_reason {
	PIN_REASON_NONE = 0,
	PIN_REASON_HOLE = 1,
	PIN_REASON_IO_MAPPING = 2,
	PIN_REASON_PFN_MAPPING = 3,
	PIN_REASON_FSDAX = 4,
	PIN_REASON_SECRETMEM = 5,
	PIN_REASON_NO_DIRECT_MAP = 6,
	PIN_REASON_FILE_DIRTY_TRACKING = 7,
	PIN_REASON_NOT_WRITABLE = 8,
	PIN_REASON_NOT_READABLE = 9,
	PIN_REASON_SHADOW_STACK = 10,
	PIN_REASON_PKEY = 11,
	PIN_REASON_LEASE_PRIVATE = 12,
	PIN_REASON_BEYOND_EOF = 13,
	PIN_REASON_HWPOISON = 14,
	PIN_REASON_RAW_PFN = 15,
	PIN_REASON_P2PDMA = 16,
	PIN_REASON_DEVICE_BUSY = 17,
	PIN_REASON_MIGRATE_FAILED = 18,
	PIN_REASON_USERFAULT = 19,
	PIN_REASON_GUARD = 20,
	PIN_REASON_HUGETLB_EMPTY = 21,
	PIN_REASON_FAULT_FAILED = 22,
	PIN_REASON_REFCOUNT = 23,
	PIN_REASON_MEMLOCK_LIMIT = 24,
	PIN_REASON_SYSTEM_CAP = 25,
	PIN_REASON_CONTEXT_CAP = 26,
	PIN_REASON_NO_MEMORY = 27,
	PIN_REASON_MAPPING_CHANGED = 28,
	PIN_REASON_INTERRUPTED = 29
};

/**
 * enum pin_reason_scope - what a reason tells of
 * @PIN_SCOPE_MAPPING: the mapping; decided before a page is touched, in the order
 *	of check_vma_flags() (mm/gup.c, Linux 7.2)
 * @PIN_SCOPE_PAGE: one page; only trying finds it
 * @PIN_SCOPE_RESOURCE: a limit, or memory; nothing is wrong with the range
 * @PIN_SCOPE_ATTEMPT: this one attempt; the next may end otherwise
 */
enum pin_reason_scope {
	PIN_SCOPE_MAPPING = 1,
	PIN_SCOPE_PAGE = 2,
	PIN_SCOPE_RESOURCE = 3,
	PIN_SCOPE_ATTEMPT = 4
};

/**
 * PIN_REASON_TABLE - every reason with its name, errno and scope
 * @X: macro called as X(constant, name, errno, scope) for each reason but NONE
 *
 * The one table of them: the driver takes a refusal's errno from
 * it, libpin and pinctl the name.  The errno is the one that the newest
 * kernel's slow path gives for that rule; the driver gives it on every kernel.
 * Users of the table include <errno.h> (or <linux/errno.h>) themselves.
 */
#define PIN_REASON_TABLE(X)								\
	X(PIN_REASON_HOLE, "hole", EFAULT, PIN_SCOPE_MAPPING)				\
	X(PIN_REASON_IO_MAPPING, "io-mapping", EFAULT, PIN_SCOPE_MAPPING)		\
	X(PIN_REASON_PFN_MAPPING, "pfn-mapping", EFAULT, PIN_SCOPE_MAPPING)		\
	X(PIN_REASON_FSDAX, "fsdax", EOPNOTSUPP, PIN_SCOPE_MAPPING)			\
	X(PIN_REASON_SECRETMEM, "secretmem", EFAULT, PIN_SCOPE_MAPPING)			\
	X(PIN_REASON_NO_DIRECT_MAP, "no-direct-map", EFAULT, PIN_SCOPE_MAPPING)		\
	X(PIN_REASON_FILE_DIRTY_TRACKING, "file-dirty-tracking", EFAULT, PIN_SCOPE_MAPPING) \
	X(PIN_REASON_NOT_WRITABLE, "not-writable", EFAULT, PIN_SCOPE_MAPPING)		\
	X(PIN_REASON_NOT_READABLE, "not-readable", EFAULT, PIN_SCOPE_MAPPING)		\
	X(PIN_REASON_SHADOW_STACK, "shadow-stack", EFAULT, PIN_SCOPE_MAPPING)		\
	X(PIN_REASON_PKEY, "pkey", EFAULT, PIN_SCOPE_MAPPING)				\
	X(PIN_REASON_LEASE_PRIVATE, "lease-private", EOPNOTSUPP, PIN_SCOPE_MAPPING)	\
	X(PIN_REASON_BEYOND_EOF, "beyond-eof", EFAULT, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_HWPOISON, "hwpoison", EFAULT, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_RAW_PFN, "raw-pfn", EEXIST, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_P2PDMA, "p2pdma", EREMOTEIO, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_DEVICE_BUSY, "device-busy", EBUSY, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_MIGRATE_FAILED, "migrate-failed", ENOMEM, PIN_SCOPE_PAGE)		\
	X(PIN_REASON_USERFAULT, "userfault", EFAULT, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_GUARD, "guard", EFAULT, PIN_SCOPE_PAGE)				\
	X(PIN_REASON_HUGETLB_EMPTY, "hugetlb-empty", EFAULT, PIN_SCOPE_PAGE)		\
	X(PIN_REASON_FAULT_FAILED, "fault-failed", EFAULT, PIN_SCOPE_PAGE)		\
	X(PIN_REASON_REFCOUNT, "refcount", ENOMEM, PIN_SCOPE_PAGE)			\
	X(PIN_REASON_MEMLOCK_LIMIT, "memlock-limit", ENOMEM, PIN_SCOPE_RESOURCE)	\
	X(PIN_REASON_SYSTEM_CAP, "system-cap", ENOMEM, PIN_SCOPE_RESOURCE)		\
	X(PIN_REASON_CONTEXT_CAP, "context-cap", ENOSPC, PIN_SCOPE_RESOURCE)		\
	X(PIN_REASON_NO_MEMORY, "no-memory", ENOMEM, PIN_SCOPE_RESOURCE)		\
	X(PIN_REASON_MAPPING_CHANGED, "mapping-changed", EFAULT, PIN_SCOPE_ATTEMPT)	\
	X(PIN_REASON_INTERRUPTED, "interrupted", EINTR, PIN_SCOPE_ATTEMPT)

/**
 * PIN_KIND_TABLE - every kind with its name
 * @X: macro called as X(constant, name) for each kind but NONE
 */
#define PIN_KIND_TABLE(X)						\
	X(PIN_KIND_HOLE, "hole")					\
	X(PIN_KIND_ANON, "anon")					\
	X(PIN_KIND_SHMEM, "shmem")					\
	X(PIN_KIND_HUGETLB, "hugetlb")					\
	X(PIN_KIND_FILE, "file")					\
	X(PIN_KIND_FSDAX, "fsdax")					\
	X(PIN_KIND_DEVDAX, "devdax")					\
	X(PIN_KIND_SECRETMEM, "secretmem")				\
	X(PIN_KIND_DEVICE, "device")					\
	X(PIN_KIND_SPECIAL, "special")					\
	X(PIN_KIND_GUEST_MEMFD, "guest-memfd")

/**
 * enum pin_mode - how long a pin holds
 * @PIN_MODE_NONE: not filled in
 * @PIN_MODE_LONGTERM: until it is released or its context is closed, or an
 *	administrator takes it away
 * @PIN_MODE_LEASE: as longterm, or until the kernel takes it back
 */
enum pin_mode {
	PIN_MODE_NONE = 0,
	PIN_MODE_LONGTERM = 1,
	PIN_MODE_LEASE = 2
};

/**
 * enum pin_state - what a pin still holds
 * @PIN_STATE_NONE: not filled in
 * @PIN_STATE_LIVE: all its pages
 * @PIN_STATE_REVOKED: none of its pages; the id stays until it is released
 */
enum pin_state {
	PIN_STATE_NONE = 0,
	PIN_STATE_LIVE = 1,
	PIN_STATE_REVOKED = 2
};

/**
 * enum pin_cause - why a pin was revoked
 * @PIN_CAUSE_NONE: it was not
 * @PIN_CAUSE_FILE: the filesystem needed the blocks (truncate, punch, ...)
 * @PIN_CAUSE_UNMAP: the mapping was removed, moved or replaced
 * @PIN_CAUSE_EXIT: the address space is gone
 * @PIN_CAUSE_DEVICE: the device is being removed
 * @PIN_CAUSE_ADMIN: an administrator forced the release
 */
enum pin_cause {
	PIN_CAUSE_NONE = 0,
	PIN_CAUSE_FILE = 1,
	PIN_CAUSE_UNMAP = 2,
	PIN_CAUSE_EXIT = 3,
	PIN_CAUSE_DEVICE = 4,
	PIN_CAUSE_ADMIN = 5
};

#endif /* _PIN_TYPES_H */
