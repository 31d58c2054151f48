/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What trace.bpf.c tells pinctl trace: facts of one call, and no verdict.
 *
 * A call of a registration that is known by name (enum trace_call) is told of once, when
 * it returns; what failed to be pinned in it comes before, from the same thread.  Pins
 * that are nobody's known call are told of by themselves.
 */
#ifndef _PINCTL_TRACE_EVENT_H
#define _PINCTL_TRACE_EVENT_H

enum trace_type { TRACE_PIN = 1, TRACE_CALL };

/* Registrations: what a program asked for.  NONE: some other caller. */
enum trace_call {
	TRACE_CALL_NONE,
	TRACE_CALL_IO_URING,
	TRACE_CALL_RDMA,
	TRACE_CALL_VFIO,
	TRACE_CALL_XDP,
	TRACE_CALL_IOMMUFD,
	TRACE_CALL_COUNT
};

/* The kernel's pin functions. */
enum trace_function {
	TRACE_PIN_USER_PAGES,
	TRACE_PIN_USER_PAGES_FAST,
	TRACE_PIN_USER_PAGES_REMOTE,
	TRACE_PIN_USER_PAGES_UNLOCKED,
	TRACE_MEMFD_PIN_FOLIOS,
	TRACE_GET_USER_PAGES,
	TRACE_GET_USER_PAGES_FAST,
	TRACE_GET_USER_PAGES_REMOTE,
	TRACE_GET_USER_PAGES_UNLOCKED,
	TRACE_FUNCTION_COUNT
};

enum trace_flags {
	/* What the program has: */
	TRACE_F_EXEMPT = 1 << 0,	/* CAP_IPC_LOCK in the initial user namespace */
	/* What the kernel's function was asked for: */
	TRACE_F_WRITE = 1 << 1,
	TRACE_F_FORCE = 1 << 2,
	TRACE_F_FOREIGN = 1 << 3,	/* memory of another process */
	/* The mapping: */
	TRACE_F_FILE = 1 << 4,
	TRACE_F_OPS = 1 << 5,
	TRACE_F_MKWRITE = 1 << 6,	/* page_mkwrite or pfn_mkwrite */
	TRACE_F_WRITEBACK = 1 << 7,	/* mapping_can_writeback() */
	TRACE_F_DAX = 1 << 8,		/* S_DAX */
	TRACE_F_DELETED = 1 << 9,
	TRACE_F_CUT = 1 << 10,		/* the path is longer than what is there of it */
};

#define TRACE_STACK	24
#define TRACE_NAME	256
#define TRACE_PATH	(1024 + TRACE_NAME)

/*
 * @result: as the function returned it.  @address, @length: as the caller asked, in bytes;
 * offsets in a file with MEMFD_PIN_FOLIOS.  @failed: the first page that was not pinned.
 * @found: 1 if there is a mapping at @failed, 0 if there is none, or a negative errno: it
 * could not be looked at.  Ledgers are in pages, @limit in bytes.  @path: the components,
 * the last first, each ends in a zero.
 */
struct trace_event {
	unsigned long long time_ns;
	unsigned long long took_ns;
	long long result;
	unsigned long long address;
	unsigned long long length;
	unsigned long long failed;
	unsigned long long pinned_pages;
	unsigned long long faults;
	unsigned int type;
	unsigned int call;
	unsigned int function;
	unsigned int flags;
	unsigned int pid;
	unsigned int tid;
	unsigned int uid;
	int found;
	unsigned long long limit;
	unsigned long long pinned_vm;
	unsigned long long locked_vm;
	unsigned long long user_locked_vm;
	unsigned long long vm_start;
	unsigned long long vm_end;
	unsigned long long vm_flags;
	unsigned long long vm_pgoff;
	unsigned long long inode;
	unsigned long long file_size;
	unsigned long long magic;
	unsigned int dev;
	unsigned int mode;
	int kernel_stack_bytes;
	int user_stack_bytes;
	unsigned long long kernel_stack[TRACE_STACK];
	unsigned long long user_stack[TRACE_STACK];
	char name[16];
	unsigned int path_length;
	char path[TRACE_PATH];
};

#endif /* _PINCTL_TRACE_EVENT_H */
