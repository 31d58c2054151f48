/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's own structs, with their lifetime and lock rules, and the
 * prototypes of each file.
 *
 * Objects
 *
 *   context	one open file.  Reference counted: one reference is the open
 *		file's, each pin holds another, because a pin that somebody
 *		still uses when the file is closed counts in the context and may
 *		be revoked.
 *   pin	one pinned range.  Reference counted: one reference belongs to
 *		the context's table, lookups take their own.  Whoever removes it
 *		from the table (UNPIN or release, exactly one of them) drops the
 *		table's reference; the last reference gives back pages and
 *		charge.  A pin is filled in before it is published and only
 *		read after that, but for what its leases guard.
 *   record	what is known of a pin, the struct itself.  Counted apart from the
 *		pin: those references together hold one of the record's, and who
 *		only tells of pins takes another, so that a dump of the ledger
 *		never keeps pages pinned.
 *   lease	one segment of a pin that the kernel may take back; see lease.c
 *   event	something to be told by read(2) on the context; see event.c
 *
 * Locks
 *
 *   The tables' locks and the ledger's users_lock are leaves: nothing is
 *   taken, allocated with GFP_KERNEL, copied to or from user space or pinned
 *   under them.  The ledger's semaphores, which bound how many PINs run, are
 *   taken before everything else and are held across GUP, but not across a copy
 *   to the user: they guard no data, and release, UNPIN and the queries never
 *   take them.  A lease holds the i_rwsem of its file shared across GUP, only ever
 *   tried.  The lock of a pin's leases is taken by mmu notifiers, so nothing is
 *   allocated under it.
 *   Order: running semaphores -> i_rwsem -> dax_read_lock (SRCU) -> mmap_lock ->
 *   leaves; lock of the table of a context or of the ledger -> lock of the leases -> lock of the
 *   events.
 *
 * Errors
 *
 *   Functions return 0 or -errno.  Where memory was refused they also fill in a
 *   struct pin_refusal through pindev_refuse(), which picks the errno.
 */
#ifndef PINDEV_H
#define PINDEV_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <pin/ioctl.h>

#include "runs.h"
#include "table.h"

struct cred;
struct file;
struct pid;
struct pid_namespace;
struct pindev_user;
struct poll_table_struct;
struct seq_file;
struct user_namespace;
struct vm_area_struct;

/* Pages pinned at once: bounds the array, and GUP-fast's time with interrupts off. */
#define PINDEV_BATCH	512

/**
 * struct pindev_event - an event in the queue of a context
 * @link: in struct pindev_events
 * @record: what is told
 */
struct pindev_event {
	struct list_head link;
	struct pin_event record;
};

/**
 * struct pindev_events - the events of a context
 * @lock: guards the others
 * @queue: struct pindev_event
 * @count: how many
 * @sequence: of the last event
 * @wait: for the first event
 */
struct pindev_events {
	spinlock_t lock;	/* of all below */
	struct list_head queue;
	u32 count;
	u64 sequence;
	wait_queue_head_t wait;
};

/**
 * struct pindev_owner - who pinned, or opened a context
 * @uid: the user
 * @tgid: the process; holds a reference
 * @comm: its name then
 * @cgroup: id of its cgroup then, 0 without cgroups
 * @start_time_ns: when, CLOCK_REALTIME
 */
struct pindev_owner {
	kuid_t uid;
	struct pid *tgid;
	char comm[PIN_COMM_LEN];
	u64 cgroup;
	u64 start_time_ns;
};

/**
 * struct pindev_viewer - in whose namespaces numbers are told
 * @users: of users
 * @pids: of processes
 */
struct pindev_viewer {
	struct user_namespace *users;
	struct pid_namespace *pids;
};

/**
 * struct pindev_context - one open file of /dev/pin
 * @refs: see the head of this file
 * @id: unique in the system, never used again
 * @owner: who opened it
 * @user: the ledger's entry of that user; holds a reference
 * @pins: struct pindev_pin
 * @count: how many, those in the making included
 * @pages: pages of published pins
 * @charged_pages: what they are charged
 * @events: what the owner is to be told
 */
struct pindev_context {
	refcount_t refs;
	u64 id;
	struct pindev_owner owner;
	struct pindev_user *user;
	struct pindev_table pins;
	atomic_t count;
	atomic64_t pages;
	atomic64_t charged_pages;
	struct pindev_events events;
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
 * struct pindev_loss - why a pin was revoked
 * @cause: enum pin_cause
 * @addr: first byte that was invalidated
 * @length: how many
 * @admin: who forced it; NULL: the kernel has taken it back
 */
struct pindev_loss {
	u32 cause;
	u64 addr;
	u64 length;
	const struct pindev_owner *admin;
};

/**
 * struct pindev_leases - what of a pin can be taken back
 * @pin: whose
 * @lock: guards the others, and what struct pindev_lease says
 * @list: struct pindev_lease, by address; complete before it is published
 * @published: the pin is in its context
 * @retired: the pin is being unpinned
 * @lost: the pin is revoked: some of its pages may be gone
 * @joined: the runs of the pin are complete
 * @loss: why it is lost; not guarded once @work is queued
 * @event: to tell the owner; NULL once told
 * @work: releases what the notifier could not
 */
struct pindev_leases {
	struct pindev_pin *pin;
	spinlock_t lock;	/* of all below */
	struct list_head list;
	bool published;
	bool retired;
	bool lost;
	bool joined;
	struct pindev_loss loss;
	struct pindev_event *event;
	struct work_struct work;
};

/**
 * struct pindev_pin - one pinned range
 * @refs: see the head of this file
 * @records: references to the record; see there, too
 * @ctx: its context; holds a reference
 * @id: unique in the system, never used again
 * @in_context: in the table of its context
 * @in_ledger: in that of the ledger
 * @flags: enum pin_flags
 * @addr: as asked for
 * @length: as asked for
 * @cookie: the caller's own
 * @runs: the pinned pages
 * @leases: those of them that can be taken back; NULL: none
 * @references: to pages, as /proc/vmstat counts them
 * @charge: the pages' charge
 * @owner: who pinned
 * @published: it is or was in its context
 * @forced: an administrator has revoked it; under the lock of the ledger's table
 * @released: pages and charge have been given back
 * @settled: whoever forced the release has done all he does
 * @first_runs: room for the first of @runs
 */
struct pindev_pin {
	refcount_t refs;
	refcount_t records;
	struct pindev_context *ctx;
	u64 id;
	struct pindev_entry in_context;
	struct pindev_entry in_ledger;
	u32 flags;
	u64 addr;
	u64 length;
	u64 cookie;
	struct pindev_runs runs;
	struct pindev_leases *leases;
	atomic64_t references;
	struct pindev_charge charge;
	struct pindev_owner owner;
	bool published;
	bool forced;
	bool released;
	bool settled;
	struct pindev_run_chunk first_runs;	/* longer than this, see runs.h */
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
 * @lease: only a lease can pin it
 * @userfault: a userfaultfd is registered
 * @guarded: it may have guard pages
 */
struct pindev_segment {
	struct pin_report report;
	unsigned int gup_flags;
	u32 stale_reason;
	unsigned long file_end;
	bool lease;
	bool userfault;
	bool guarded;
};

/**
 * struct pindev_turn - leave for one PIN to run
 * @user: whose bound it counts against
 * @held: with a reference, because it is not the context's
 * @counted: it counts against the bound of all, too
 * @waited: it was not to be had at once
 */
struct pindev_turn {
	struct pindev_user *user;
	bool held;
	bool counted;
	bool waited;
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

/* One more than the highest reason, cause and mode; reasons have no gaps. */
#define PINDEV_COUNT_REASON(constant, name, error, scope) PINDEV_COUNT_##constant,
enum { PINDEV_COUNT_NONE, PIN_REASON_TABLE(PINDEV_COUNT_REASON) PINDEV_REASONS };
#define PINDEV_CAUSES	(PIN_CAUSE_ADMIN + 1)
#define PINDEV_MODES	(PIN_MODE_LEASE + 1)

/**
 * struct pindev_totals - sums over the system
 * @contexts: contexts
 * @pins: pins, by enum pin_mode
 * @pages: pages of live pins, by enum pin_mode
 * @references: to pages, those of pins in the making included
 * @refusals: since the module was loaded, by enum pin_reason
 * @revocations: since then, by enum pin_cause
 * @leaks: contexts closed with pins in them since then
 * @events: sent to everybody who listens
 * @events_lost: those that reached nobody
 */
struct pindev_totals {
	u64 contexts;
	u64 pins[PINDEV_MODES];
	u64 pages[PINDEV_MODES];
	u64 references;
	u64 refusals[PINDEV_REASONS];
	u64 revocations[PINDEV_CAUSES];
	u64 leaks;
	u64 events;
	u64 events_lost;
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

/* owner.c */
void pindev_owner_init(struct pindev_owner *owner);
void pindev_owner_free(struct pindev_owner *owner);

/* context.c */
struct pindev_context *pindev_context_create(void);
void pindev_context_close(struct pindev_context *ctx);
void pindev_context_put(struct pindev_context *ctx);
bool pindev_context_reserve(struct pindev_context *ctx);
void pindev_context_cancel(struct pindev_context *ctx);
void pindev_context_publish(struct pindev_context *ctx, struct pindev_pin *pin);
bool pindev_context_full(struct pindev_context *ctx);
struct pindev_pin *pindev_context_get(struct pindev_context *ctx, u64 id);
void pindev_context_show(struct pindev_context *ctx, struct seq_file *out);
void pindev_pin_describe(struct pindev_pin *pin,
			 const struct pindev_viewer *viewer,
			 struct pin_query *told);
int pindev_context_info(struct pindev_request *req);
int pindev_context_query(struct pindev_request *req);
int pindev_context_unpin(struct pindev_request *req);
int pindev_context_list(struct pindev_request *req);
int pindev_context_runs(struct pindev_request *req);

/* range.c */
int pindev_range_init(struct pindev_range *range, u64 addr, u64 length);
int pindev_range_pin(struct pindev_request *req);
long pindev_batch_pages(unsigned long addr, unsigned long end);
bool pindev_page_is_overpinned(struct page *page);
void pindev_pin_release(struct pindev_pin *pin, bool dirty);
bool pindev_pin_put(struct pindev_pin *pin);
void pindev_record_put(struct pindev_pin *pin);

/*
 * Zone and node of a page that is held stay, but are in one word with bits that anybody
 * changes at any time.
 */
static inline bool pindev_page_is_device(const struct page *page)
{
	/* Of the word only the zone is looked at. */
	return data_race(is_zone_device_page(page));
}

static inline int pindev_page_nid(const struct page *page)
{
	/* Only the node. */
	return data_race(page_to_nid(page));
}

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
enum pin_reason_scope pindev_reason_scope(u32 reason);
int pindev_classify_at(unsigned long addr, unsigned long end, u32 flags,
		       struct pindev_segment *segment);
struct file *pindev_classify_lease(const struct pindev_range *range,
				   struct pindev_segment *segment);
int pindev_classify_holds(const struct pindev_segment *segment, bool write,
			  unsigned long addr, long count);
int pindev_classify_range(struct mm_struct *mm, struct pindev_range *left,
			  u32 flags, struct pindev_reports *reports,
			  bool verdict, struct pin_refusal *refusal,
			  struct pindev_segment *last);
int pindev_classify_charge(struct mm_struct *mm,
			   const struct pindev_range *range, u32 flags,
			   unsigned long *pages, struct pindev_segment *first);

/* gup.c */
long pindev_probe(const struct pindev_segment *segment, unsigned long addr,
		  unsigned int more);
long pindev_gup(const struct pindev_segment *segment, bool write,
		unsigned long addr, long count, struct page **pages);

/* diagnose.c */
int pindev_diagnose(unsigned long addr, const struct pindev_segment *segment,
		    u32 flags, int err, struct pin_refusal *refusal);

/* lease.c */
int pindev_lease_add(struct pindev_pin *pin, const struct pindev_range *range);
void pindev_leases_publish(struct pindev_pin *pin);
void pindev_leases_retire(struct pindev_pin *pin);
void pindev_leases_release(struct pindev_pin *pin);
void pindev_leases_free(struct pindev_pin *pin);
bool pindev_leases_force(struct pindev_pin *pin);
int pindev_leases_guard(struct pindev_pin *pin, int (*action)(void *data),
			void *data);
void pindev_leases_exit(void);

/* revocation.c */
extern struct workqueue_struct *pindev_workers;
bool pindev_pin_is_revoked(const struct pindev_pin *pin);
int pindev_revocation_force(u64 id);
void pindev_revocation_wait(struct pindev_pin *pin);
int pindev_revocation_init(void);
void pindev_revocation_exit(void);

/* fill.c */
int pindev_leases_fill(struct pindev_pin *pin, struct page **batch,
		       struct pin_refusal *refusal);

/* event.c */
void pindev_events_init(struct pindev_events *events);
void pindev_events_destroy(struct pindev_events *events);
struct pindev_event *pindev_event_create(void);
void pindev_events_push(struct pindev_events *events,
			struct pindev_event *event);
ssize_t pindev_events_read(struct pindev_events *events, bool nonblock,
			   char __user *to, size_t length);
__poll_t pindev_events_poll(struct pindev_events *events, struct file *file,
			    struct poll_table_struct *table);

/* access.c */
int pindev_access_read(struct pindev_request *req);
int pindev_access_write(struct pindev_request *req);

/* account.c */
u32 pindev_account_charge(struct pindev_charge *charge, unsigned long pages);
void pindev_account_uncharge(struct pindev_charge *charge);
u32 pindev_account_judge(unsigned long pages);
unsigned long pindev_account_limit(void);

/* notice.c */
void pindev_notice_pinned(struct pindev_pin *pin);
void pindev_notice_unpinned(struct pindev_pin *pin);
void pindev_notice_refused(struct pindev_pin *pin,
			   const struct pin_refusal *refusal);
void pindev_notice_revoked(struct pindev_pin *pin,
			   const struct pindev_loss *loss);
void pindev_notice_closed(struct pindev_context *ctx);
void pindev_notice_count(u64 *sent, u64 *lost);

/* netlink.c */
int pindev_netlink_init(void);
void pindev_netlink_exit(void);

/* ledger.c */
extern unsigned long pindev_ledger_max_pages;
extern unsigned int pindev_ledger_max_pins;
u64 pindev_ledger_next_id(void);
void pindev_ledger_insert(struct pindev_pin *pin);
void pindev_ledger_remove(struct pindev_pin *pin);
void pindev_ledger_lose(struct pindev_pin *pin);
void pindev_ledger_revoke(u32 cause);
void pindev_ledger_refer(struct pindev_pin *pin, long references);
void pindev_ledger_refuse(u32 reason);
int pindev_ledger_force(u64 id, struct pindev_pin **pin);
bool pindev_ledger_forced(struct pindev_pin *pin);
void pindev_ledger_leak(void);
struct pindev_pin *pindev_ledger_find(u64 id);
struct pindev_pin *pindev_ledger_next(u64 above, u64 last);
int pindev_ledger_insert_context(struct pindev_context *ctx);
void pindev_ledger_remove_context(struct pindev_context *ctx);
struct pindev_context *pindev_ledger_next_context(u64 above, u64 last);
u64 pindev_ledger_last_id(void);
u64 pindev_ledger_last_context(void);
unsigned int pindev_ledger_generation(void);
void pindev_ledger_sum(struct pindev_totals *totals);
bool pindev_ledger_take_pages(unsigned long pages);
void pindev_ledger_give_pages(unsigned long pages);
unsigned long pindev_ledger_pages(void);
struct pindev_user *pindev_ledger_get_user(kuid_t uid);
void pindev_ledger_put_user(struct pindev_user *user);
int pindev_ledger_enter(struct pindev_user *opener, struct pindev_turn *turn);
void pindev_ledger_leave(struct pindev_turn *turn);
void pindev_ledger_init(void);

#endif /* PINDEV_H */
