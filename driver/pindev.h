/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's own structs, with their lifetime and lock rules, and the
 * prototypes of each file.
 *
 * Objects
 *
 *   context	one open file.  Made by open, destroyed by release; every ioctl
 *		holds the file, so a context outlives all work on it.
 *   pin	one pinned range.  Reference counted: one reference belongs to
 *		the context's table, lookups take their own.  Whoever removes it
 *		from the table (UNPIN or release, exactly one of them) drops the
 *		table's reference; the last reference gives back pages, charge
 *		and memory.  A pin is filled in before it is published and only
 *		read after that.
 *
 * Locks
 *
 *   The table's xa_lock and the ledger's users_lock are leaves: nothing is
 *   taken, allocated with GFP_KERNEL, copied to or from user space or pinned
 *   under them.  The ledger's semaphores, which bound how many PINs run, are
 *   taken before everything else and are held across GUP, but not across a copy
 *   to the user: they guard no data, and release, UNPIN and the queries never
 *   take them.
 *   Order: running semaphores -> dax_read_lock (SRCU) -> mmap_lock -> leaves.
 *
 * Errors
 *
 *   Functions return 0 or -errno.  Where memory was refused they also fill in a
 *   struct pin_refusal through pindev_refuse(), which picks the errno.
 */
#ifndef PINDEV_H
#define PINDEV_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/xarray.h>
#include <pin/ioctl.h>

struct cred;
struct file;
struct pid;
struct seq_file;
struct vm_area_struct;

/**
 * struct pindev_context - one open file of /dev/pin
 * @pins: id to struct pindev_pin
 * @count: entries of @pins, those reserved and not yet published included
 * @pages: pages of published pins
 * @charged_pages: what they are charged
 */
struct pindev_context {
	struct xarray pins;
	atomic_t count;
	atomic64_t pages;
	atomic64_t charged_pages;
};

/**
 * enum pindev_run_type - how the pages of a run are released
 * @PINDEV_RUN_RAM: one pin a page
 * @PINDEV_RUN_DEVICE: one pin a page, and a dev_pagemap reference for the run
 * @PINDEV_RUN_HUGETLB: one pin, on the first page, holds the whole huge page
 */
enum pindev_run_type {
	PINDEV_RUN_RAM,
	PINDEV_RUN_DEVICE,
	PINDEV_RUN_HUGETLB,
};

/**
 * struct pindev_run - physically consecutive pages of one pin
 * @pfn: first page frame
 * @pages: pages of the range in this run, which for hugetlb is not the number
 *	of pins
 * @node: NUMA node of all of them
 * @type: enum pindev_run_type
 */
struct pindev_run {
	unsigned long pfn;
	u32 pages;
	u16 node;
	u16 type;
};

/**
 * struct pindev_runs - the runs of a pin, in the order of its addresses
 * @chunks: struct pindev_run_chunk
 * @count: runs
 * @pages: their pages
 */
struct pindev_runs {
	struct list_head chunks;
	u64 count;
	u64 pages;
};

/**
 * struct pindev_run_chunk - some of the runs
 * @link: in struct pindev_runs
 * @first_run: number of its first run in the pin
 * @first_page: number of that run's first page in the pin
 * @used: runs in it
 * @capacity: runs that fit
 * @runs: the runs
 */
struct pindev_run_chunk {
	struct list_head link;
	u64 first_run;
	u64 first_page;
	u32 used;
	u32 capacity;
	struct pindev_run runs[];
};

/**
 * struct pindev_cursor - a run among the runs of a pin
 * @run: the run; NULL beyond the last one
 * @page: number of its first page in the pin
 * @chunk: where it lies
 * @index: its place there
 */
struct pindev_cursor {
	const struct pindev_run *run;
	u64 page;
	const struct pindev_run_chunk *chunk;
	u32 index;
};

/**
 * struct pindev_charge - what one pin has charged, and to whom
 * @cred: credentials of the user whose RLIMIT_MEMLOCK counts; holds a reference,
 *	and through it one to the user, which not every 6.1 lets a module drop
 * @mm: the address space whose VmPin counts; holds mm_count, not mm_users
 * @pages: pages in @mm->pinned_vm and in the system cap
 * @user_pages: pages in @cred->user->locked_vm: @pages, or 0 with CAP_IPC_LOCK
 *
 * Recorded because the process may change its credentials, exec or exit, and
 * because another process may release the pin.
 */
struct pindev_charge {
	const struct cred *cred;
	struct mm_struct *mm;
	unsigned long pages;
	unsigned long user_pages;
};

/**
 * struct pindev_pin - one pinned range
 * @refs: see the head of this file
 * @id: unique in the system, never used again
 * @flags: enum pin_flags
 * @addr: as asked for
 * @length: as asked for
 * @cookie: the caller's own
 * @runs: the pinned pages
 * @charge: the pages' charge
 * @tgid: the process that pinned; holds a reference
 * @comm: its name then
 * @start_time_ns: CLOCK_REALTIME
 */
struct pindev_pin {
	refcount_t refs;
	u64 id;
	u32 flags;
	u64 addr;
	u64 length;
	u64 cookie;
	struct pindev_runs runs;
	struct pindev_charge charge;
	struct pid *tgid;
	char comm[PIN_COMM_LEN];
	u64 start_time_ns;
};

/**
 * struct pindev_range - whole pages of user addresses
 * @start: page aligned
 * @end: exclusive, page aligned, above @start
 */
struct pindev_range {
	unsigned long start;
	unsigned long end;
};

/**
 * struct pindev_segment - what the driver knows of one mapping's part of a range
 * @report: what user space is told
 * @gup_flags: how to pin it
 * @stale_reason: refuse pages that are not anonymous, for this reason, because a
 *	pin of them would go stale and this kernel cannot help it; 0: no matter
 * @file_end: for a mapping of a file, the first address whose page lies beyond
 *	the end of the file; ULONG_MAX otherwise
 * @userfault: a userfaultfd is registered
 * @guarded: it may have guard pages
 */
struct pindev_segment {
	struct pin_report report;
	unsigned int gup_flags;
	u32 stale_reason;
	unsigned long file_end;
	bool userfault;
	bool guarded;
};

/**
 * struct pindev_turn - leave for one PIN to run
 * @user: whose bound it counts against
 * @counted: it counts against the bound of all, too
 */
struct pindev_turn {
	struct pindev_user *user;
	bool counted;
};

/**
 * struct pindev_reports - reports collected for one request
 * @array: kernel memory
 * @count: reports in it
 * @capacity: how many fit
 */
struct pindev_reports {
	struct pin_report *array;
	u32 count;
	u32 capacity;
};

/**
 * struct pindev_request - one ioctl call
 * @ctx: the open file
 * @uarg: the caller's struct
 * @size: bytes of the caller's struct, as read once
 * @op: the command's entry in the table
 * @replied: the answer has been copied
 * @arg: the command's struct, outputs zeroed
 */
struct pindev_request {
	struct pindev_context *ctx;
	void __user *uarg;
	u32 size;
	const struct pindev_command *op;
	bool replied;
	union {
		struct pin_info info;
		struct pin_pin pin;
		struct pin_unpin unpin;
		struct pin_check check;
		struct pin_query query;
		struct pin_list list;
		struct pin_runs runs;
		struct pin_access access;
	} arg;
};

/* main.c */
int pindev_request_reply(struct pindev_request *req);
int pindev_request_copy(u64 uaddr, u32 record_size, const void *records,
			u32 known_size, u32 count);

/* context.c */
struct pindev_context *pindev_context_create(void);
void pindev_context_destroy(struct pindev_context *ctx);
int pindev_context_reserve(struct pindev_context *ctx, u64 id,
			   struct pin_refusal *refusal, u64 addr);
void pindev_context_cancel(struct pindev_context *ctx, u64 id);
void pindev_context_publish(struct pindev_context *ctx, struct pindev_pin *pin);
bool pindev_context_full(struct pindev_context *ctx);
struct pindev_pin *pindev_context_get(struct pindev_context *ctx, u64 id);
void pindev_context_show(struct pindev_context *ctx, struct seq_file *out);
int pindev_context_info(struct pindev_request *req);
int pindev_context_query(struct pindev_request *req);
int pindev_context_unpin(struct pindev_request *req);
int pindev_context_list(struct pindev_request *req);
int pindev_context_runs(struct pindev_request *req);

/* range.c */
int pindev_range_init(struct pindev_range *range, u64 addr, u64 length);
int pindev_range_pin(struct pindev_request *req);
void pindev_pin_put(struct pindev_pin *pin);

/* runs.c */
void pindev_runs_init(struct pindev_runs *runs);
bool pindev_runs_extend(struct pindev_runs *runs, const struct pindev_run *run);
int pindev_runs_append(struct pindev_runs *runs, const struct pindev_run *run);
void pindev_runs_free(struct pindev_runs *runs);
void pindev_runs_first(const struct pindev_runs *runs,
		       struct pindev_cursor *cursor);
void pindev_runs_seek(const struct pindev_runs *runs, u64 number,
		      struct pindev_cursor *cursor);
void pindev_runs_next(const struct pindev_runs *runs,
		      struct pindev_cursor *cursor);
void pindev_runs_nodes(const struct pindev_runs *runs, u64 *nodes, u32 count);

/* report.c */
int pindev_reports_init(struct pindev_reports *reports, u32 capacity,
			u32 record_size);
void pindev_reports_add(struct pindev_reports *reports,
			const struct pin_report *report);
void pindev_reports_blame(struct pindev_reports *reports,
			  const struct pin_refusal *refusal);
int pindev_reports_copy(const struct pindev_reports *reports, u64 uaddr,
			u32 record_size);
void pindev_reports_free(struct pindev_reports *reports);
int pindev_report_check(struct pindev_request *req);

/* classify.c */
int pindev_refuse(struct pin_refusal *refusal, u32 reason, u64 addr);
int pindev_classify_at(unsigned long addr, unsigned long end, bool write,
		       struct pindev_segment *segment);
int pindev_classify_holds(const struct pindev_segment *segment, bool write,
			  unsigned long addr, long count);
int pindev_classify_range(struct mm_struct *mm, struct pindev_range *left,
			  u32 flags, struct pindev_reports *reports,
			  bool verdict, struct pin_refusal *refusal);
int pindev_classify_charge(struct mm_struct *mm,
			   const struct pindev_range *range,
			   unsigned long *pages);

/* gup.c */
long pindev_gup(const struct pindev_segment *segment, bool write,
		unsigned long addr, long count, struct page **pages);

/* diagnose.c */
int pindev_diagnose(unsigned long addr, const struct pindev_segment *segment,
		    bool write, int err, struct pin_refusal *refusal);

/* access.c */
int pindev_access_read(struct pindev_request *req);
int pindev_access_write(struct pindev_request *req);

/* account.c */
u32 pindev_account_charge(struct pindev_charge *charge, unsigned long pages);
void pindev_account_uncharge(struct pindev_charge *charge);
u32 pindev_account_judge(unsigned long pages);
unsigned long pindev_account_limit(void);

/* ledger.c */
extern unsigned long pindev_ledger_max_pages;
extern unsigned int pindev_ledger_max_pins;
u64 pindev_ledger_next_id(void);
bool pindev_ledger_take_pages(unsigned long pages);
void pindev_ledger_give_pages(unsigned long pages);
unsigned long pindev_ledger_pages(void);
int pindev_ledger_enter(struct pindev_turn *turn);
void pindev_ledger_leave(struct pindev_turn *turn);
void pindev_ledger_init(void);

#endif /* PINDEV_H */
