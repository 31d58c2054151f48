// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports: collected in kernel memory while mmap_lock is held, copied to the
 * caller after it is released.  Answers CHECK, which is nothing but reports.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "delay.h"
#include "pindev.h"

/* Bounds the memory of one request. */
#define REPORTS_MAX	1024

/* Size of the first version of the record. */
#define REPORT_MIN_SIZE	offsetofend(struct pin_report, dev_minor)

/**
 * pindev_reports_init() - make room
 * @reports: initialised, to be freed with pindev_reports_free()
 * @capacity: of the caller's array; may be 0
 * @record_size: of the caller's records
 *
 * Return: 0, -EINVAL for a record size that is too small, -ENOMEM.
 */
int pindev_reports_init(struct pindev_reports *reports, u32 capacity,
			u32 record_size)
{
	*reports = (struct pindev_reports) { };
	if (!capacity)
		return 0;
	if (record_size < REPORT_MIN_SIZE || record_size > PAGE_SIZE)
		return -EINVAL;
	reports->capacity = min_t(u32, capacity, REPORTS_MAX);
	reports->array = kvmalloc_array(reports->capacity,
					sizeof(*reports->array),
					GFP_KERNEL_ACCOUNT);
	return reports->array ? 0 : -ENOMEM;
}

/* Add a report; dropped if there is no room. */
void pindev_reports_add(struct pindev_reports *reports,
			const struct pin_report *report)
{
	if (reports->count < reports->capacity)
		reports->array[reports->count++] = *report;
}

/* Give the report that covers a refused page the page's reason. */
void pindev_reports_blame(struct pindev_reports *reports,
			  const struct pin_refusal *refusal)
{
	struct pin_report *report;
	u32 i;

	for (i = 0; i < reports->count; i++) {
		report = &reports->array[i];
		if (report->reason || refusal->addr < report->start ||
		    refusal->addr >= report->end)
			continue;
		report->reason = refusal->reason;
		report->error = refusal->error;
		report->flags &= ~PIN_REPORT_TRY;
		report->flags |= PIN_REPORT_PAGE;
		return;
	}
}

/**
 * pindev_reports_copy() - copy all reports to the caller
 * @reports: the reports
 * @uaddr: the caller's array
 * @record_size: of the caller's records
 *
 * Return: 0 or -EFAULT.
 */
int pindev_reports_copy(const struct pindev_reports *reports, u64 uaddr,
			u32 record_size)
{
	return pindev_request_copy(uaddr, record_size, reports->array,
				   sizeof(*reports->array), reports->count);
}

void pindev_reports_free(struct pindev_reports *reports)
{
	kvfree(reports->array);
	reports->array = NULL;
}

#define CHECK_FLAGS	(PIN_CHECK_WRITE | PIN_CHECK_REFUSED | \
			 PIN_CHECK_MAPPED | PIN_CHECK_LIMITS | PIN_CHECK_LEASE)

static int check_validate(const struct pin_check *arg,
			  struct pindev_range *range, struct pindev_range *left)
{
	int err;

	if (arg->flags & ~CHECK_FLAGS || arg->__reserved)
		return -EINVAL;
	if (arg->flags & PIN_CHECK_LEASE && !(arg->flags & PIN_CHECK_WRITE))
		return -EINVAL;
	err = pindev_range_init(range, arg->addr, arg->length);
	if (err)
		return err;
	*left = *range;
	if (arg->cursor) {
		if (arg->cursor < left->start || arg->cursor > left->end ||
		    !PAGE_ALIGNED(arg->cursor))
			return -EINVAL;
		left->start = arg->cursor;
	}
	return arg->reports_capacity ? 0 : -EMSGSIZE;
}

/*
 * Without memory of its own (a kernel thread, a process that has ended) there is no
 * mm to ask for its namespace.  That it has none is told only to who could inspect
 * it otherwise; to the others it is a process like any.
 */
static int no_memory_error(struct task_struct *task)
{
	bool may;

	rcu_read_lock();
	may = ns_capable(__task_cred(task)->user_ns, CAP_SYS_PTRACE);
	rcu_read_unlock();
	return may ? -ESRCH : -EPERM;
}

/*
 * The address space of another process, with mm_users held.  It takes what ptrace(2)
 * takes, as far as a module can ask: CAP_SYS_PTRACE over the process's user
 * namespace.  ptrace_may_access() is not exported, so no security module is asked,
 * and the same user is not enough.
 */
static int inspect_mm(struct task_struct *task, u32 flags, struct mm_struct **mm)
{
	int err;

	do {
		*mm = get_task_mm(task);
		if (!*mm)
			return no_memory_error(task);
		if (*mm == current->mm)
			return 0;
		pindev_delay(PINDEV_DELAY_INSPECT);
		err = pindev_may_inspect(task, *mm);
		/* Limits are those of the caller. */
		if (!err && flags & PIN_CHECK_LIMITS)
			err = -EOPNOTSUPP;
		if (err)
			mmput(*mm);
	} while (err == -EAGAIN);
	return err;
}

/* The address space to judge, with mm_users held. */
static int check_get_mm(const struct pin_check *arg, struct mm_struct **mm)
{
	struct task_struct *task;
	int err;

	if (!arg->pid) {
		*mm = current->mm;
		mmget(*mm);
		return 0;
	}
	rcu_read_lock();
	task = pid_task(find_vpid(arg->pid), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return -ESRCH;
	err = inspect_mm(task, arg->flags, mm);
	put_task_struct(task);
	return err;
}

/* Limits come last, in the order in which PIN meets them. */
static void check_limits(struct pindev_context *ctx, unsigned long start,
			 unsigned long charge_pages, struct pin_refusal *refusal)
{
	u32 reason = PIN_REASON_CONTEXT_CAP;

	if (!pindev_context_full(ctx))
		reason = pindev_account_judge(charge_pages);
	if (reason)
		pindev_refuse(refusal, reason, start);
}

/* PIN_IOC_CHECK */
int pindev_report_check(struct pindev_request *req)
{
	struct pin_check *arg = &req->arg.check;
	struct pin_refusal refusal = { };
	struct pindev_segment last;
	struct pindev_reports reports;
	struct pindev_range range, left;
	unsigned long charge_pages;
	struct mm_struct *mm;
	int err;

	err = check_validate(arg, &range, &left);
	if (!err)
		err = pindev_reports_init(&reports, arg->reports_capacity,
					  arg->report_size);
	if (err)
		return err;
	err = check_get_mm(arg, &mm);
	if (err)
		goto out_free;

	err = pindev_classify_charge(mm, &range, 0, &charge_pages, NULL);
	if (!err)
		err = pindev_classify_range(mm, &left, arg->flags, &reports,
					    false, &refusal, &last);
	mmput(mm);
	if (err >= 0)
		err = pindev_reports_copy(&reports, arg->reports,
					  arg->report_size);
	if (err)
		goto out_free;

	if (arg->flags & PIN_CHECK_LIMITS && left.start == left.end &&
	    !refusal.reason)
		check_limits(req->ctx, range.start, charge_pages, &refusal);
	arg->next = left.start;
	arg->refusal = refusal;
	arg->charge_pages = charge_pages;
	arg->reports_count = reports.count;
out_free:
	pindev_reports_free(&reports);
	return err;
}
