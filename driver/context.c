// SPDX-License-Identifier: GPL-2.0-only
/*
 * One open file: its table of pins, and the commands that only look something
 * up in it.
 *
 * A pin counts against the cap before it is published in the table, and until then
 * no lookup finds it, so that a guessed id cannot touch a pin in the making.
 * Whoever takes a pin out of the table, under its lock, owns the table's reference.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/nodemask.h>
#include <linux/pfn.h>
#include <linux/pid_namespace.h>
#include <linux/sched/user.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "delay.h"
#include "pindev.h"
#include "trace.h"

/* Bounds the memory and the work of one LIST or RUNS. */
#define RECORDS_MAX	4096

/* Size of the first version of the record. */
#define RUN_MIN_SIZE	offsetofend(struct pin_run, flags)

struct pindev_context *pindev_context_create(void)
{
	struct pindev_context *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return NULL;
	ctx->user = pindev_ledger_get_user(current_uid());
	if (!ctx->user)
		goto err_free;
	refcount_set(&ctx->refs, 1);
	pindev_table_init(&ctx->pins);
	pindev_events_init(&ctx->events);
	pindev_owner_init(&ctx->owner);
	if (pindev_ledger_insert_context(ctx))
		goto err_owner;
	return ctx;

err_owner:
	pindev_owner_free(&ctx->owner);
	pindev_ledger_put_user(ctx->user);
err_free:
	kfree(ctx);
	return NULL;
}

void pindev_context_put(struct pindev_context *ctx)
{
	if (!refcount_dec_and_test(&ctx->refs))
		return;
	pindev_ledger_remove_context(ctx);
	pindev_owner_free(&ctx->owner);
	pindev_ledger_put_user(ctx->user);
	pindev_events_destroy(&ctx->events);
	kfree(ctx);
}

/* Drop a pin that was taken out of the table. */
static void drop_pin(struct pindev_pin *pin)
{
	pindev_leases_retire(pin);
	pindev_delay(PINDEV_DELAY_UNPIN);
	refcount_inc(&pin->records);
	/*
	 * Who has unpinned finds the pages free when they were released by force; a READ or
	 * WRITE that is under way holds the others until it has copied.
	 */
	if (!pindev_pin_put(pin))
		pindev_revocation_wait(pin);
	pindev_record_put(pin);
}

static struct pindev_pin *pin_of(struct pindev_entry *entry)
{
	return entry ? container_of(entry, struct pindev_pin, in_context) : NULL;
}

/* Take the first pin out of the table. */
static struct pindev_pin *take_first(struct pindev_context *ctx)
{
	struct pindev_pin *pin;

	spin_lock(&ctx->pins.lock);
	pin = pin_of(pindev_table_after(&ctx->pins, 0));
	if (pin)
		pindev_table_erase(&ctx->pins, &pin->in_context);
	spin_unlock(&ctx->pins.lock);
	return pin;
}

/* No ioctl runs any more: the last reference to the file is gone. */
void pindev_context_close(struct pindev_context *ctx)
{
	struct pindev_pin *pin;

	if (atomic_read(&ctx->count)) {
		pindev_ledger_leak();
		pindev_notice_closed(ctx);
	}
	while ((pin = take_first(ctx))) {
		atomic_dec(&ctx->count);
		drop_pin(pin);
		cond_resched();
	}
	pindev_context_put(ctx);
}

/* Count one more pin against the cap: true, then publish or cancel follows. */
bool pindev_context_reserve(struct pindev_context *ctx)
{
	if (atomic_inc_return(&ctx->count) <= READ_ONCE(pindev_ledger_max_pins))
		return true;
	pindev_context_cancel(ctx);
	return false;
}

void pindev_context_cancel(struct pindev_context *ctx)
{
	atomic_dec(&ctx->count);
}

/*
 * Let others find the pin; the caller's reference becomes the table's.  Whoever
 * finds it, or hears of its revocation, finds it complete.
 */
void pindev_context_publish(struct pindev_context *ctx, struct pindev_pin *pin)
{
	bool lost;

	atomic64_add(pin->runs.pages, &ctx->pages);
	atomic64_add(pin->charge.pages, &ctx->charged_pages);
	pin->published = true;
	/* Once it is in the context somebody can unpin it. */
	pindev_ledger_insert(pin);
	trace_pin(pin);
	pindev_notice_pinned(pin);

	spin_lock(&ctx->pins.lock);
	pindev_table_insert(&ctx->pins, &pin->in_context);
	pindev_leases_publish(pin);
	lost = pindev_pin_is_revoked(pin);
	spin_unlock(&ctx->pins.lock);
	if (lost)
		pindev_delay(PINDEV_DELAY_LEASE_LOST);
}

/* Would one more pin exceed the cap? */
bool pindev_context_full(struct pindev_context *ctx)
{
	return atomic_read(&ctx->count) >= READ_ONCE(pindev_ledger_max_pins);
}

/* The pin with a reference for the caller, or NULL. */
struct pindev_pin *pindev_context_get(struct pindev_context *ctx, u64 id)
{
	struct pindev_pin *pin;

	spin_lock(&ctx->pins.lock);
	pin = pin_of(pindev_table_find(&ctx->pins, id));
	if (pin)
		refcount_inc(&pin->refs);
	spin_unlock(&ctx->pins.lock);
	return pin;
}

static struct pindev_pin *take_pin(struct pindev_context *ctx, u64 id)
{
	struct pindev_pin *pin;

	spin_lock(&ctx->pins.lock);
	pin = pin_of(pindev_table_find(&ctx->pins, id));
	if (pin)
		pindev_table_erase(&ctx->pins, &pin->in_context);
	spin_unlock(&ctx->pins.lock);
	return pin;
}

/* PIN_IOC_INFO */
int pindev_context_info(struct pindev_request *req)
{
	struct pin_info *arg = &req->arg.info;
	unsigned long limit = pindev_account_limit();

	if (arg->flags)
		return -EINVAL;
	arg->features = PIN_FEATURE_LONGTERM | PIN_FEATURE_CHECK |
			PIN_FEATURE_CHECK_LIMITS | PIN_FEATURE_CHECK_OTHER |
			PIN_FEATURE_LIST | PIN_FEATURE_RUNS |
			PIN_FEATURE_ACCESS | PIN_FEATURE_LEASE |
			PIN_FEATURE_LEDGER;
	arg->abi_version = PIN_ABI_VERSION;
	arg->page_size = PAGE_SIZE;
	arg->system_cap_pages = READ_ONCE(pindev_ledger_max_pages);
	arg->system_pinned_pages = pindev_ledger_pages();
	arg->context_cap_pins = READ_ONCE(pindev_ledger_max_pins);
	arg->context_pins = atomic_read(&req->ctx->count);
	arg->user_limit_pages = limit == ULONG_MAX ? PIN_ALL_PAGES : limit;
	arg->user_charged_pages = atomic_long_read(&current_user()->locked_vm);
	arg->mm_pinned_pages = atomic64_read(&current->mm->pinned_vm);
	return 0;
}

/* PIN_IOC_UNPIN */
int pindev_context_unpin(struct pindev_request *req)
{
	struct pindev_pin *pin;

	if (req->arg.unpin.flags)
		return -EINVAL;
	pin = take_pin(req->ctx, req->arg.unpin.id);
	if (!pin)
		return -ENOENT;
	atomic_dec(&req->ctx->count);
	drop_pin(pin);
	return 0;
}

/* Lines of /proc/PID/fdinfo/FD. */
void pindev_context_show(struct pindev_context *ctx, struct seq_file *out)
{
	seq_printf(out, "pins:\t%d\n", atomic_read(&ctx->count));
	seq_printf(out, "pinned-pages:\t%lld\n", atomic64_read(&ctx->pages));
	seq_printf(out, "charged-pages:\t%lld\n",
		   atomic64_read(&ctx->charged_pages));
}

/* The id of the first pin above @id, and whether it is listed; 0: there is none. */
static u64 next_id(struct pindev_context *ctx, u64 id, u32 flags, bool *listed)
{
	struct pindev_pin *pin;

	spin_lock(&ctx->pins.lock);
	pin = pin_of(pindev_table_after(&ctx->pins, id));
	id = pin ? pin->id : 0;
	*listed = pin && (!(flags & PIN_LIST_REVOKED) || pindev_pin_is_revoked(pin));
	spin_unlock(&ctx->pins.lock);
	return id;
}

/* Ids, in rising order, that lie above @cursor; sets the cursor to go on from. */
static u32 collect_ids(struct pindev_context *ctx, u64 cursor, u32 flags,
		       u64 *ids, u32 capacity, u64 *next)
{
	u64 id = cursor;
	u32 count = 0;
	bool listed;

	*next = 0;
	while ((id = next_id(ctx, id, flags, &listed))) {
		cond_resched();
		if (!listed)
			continue;
		if (count == capacity) {
			*next = ids[count - 1];
			break;
		}
		ids[count++] = id;
	}
	return count;
}

/* PIN_IOC_LIST */
int pindev_context_list(struct pindev_request *req)
{
	struct pin_list *arg = &req->arg.list;
	u32 capacity = min_t(u32, arg->ids_capacity, RECORDS_MAX);
	u32 count;
	u64 *ids, next;
	int err = 0;

	if (arg->flags & ~PIN_LIST_REVOKED || arg->__reserved)
		return -EINVAL;
	if (!capacity)
		return -EMSGSIZE;
	ids = kvmalloc_array(capacity, sizeof(*ids), GFP_KERNEL_ACCOUNT);
	if (!ids)
		return -ENOMEM;
	count = collect_ids(req->ctx, arg->cursor, arg->flags, ids, capacity,
			    &next);
	if (copy_to_user(u64_to_user_ptr(arg->ids), ids, count * sizeof(*ids))) {
		err = -EFAULT;
	} else {
		arg->next = next;
		arg->total = atomic_read(&req->ctx->count);
		arg->ids_count = count;
	}
	kvfree(ids);
	return err;
}

static u32 collect_runs(const struct pindev_pin *pin, u64 cursor,
			struct pin_run *runs, u32 capacity)
{
	/* Physical addresses help attacks on the memory itself. */
	bool withhold = !capable(CAP_SYS_ADMIN);
	struct pindev_cursor at;
	u32 count = 0;

	pindev_runs_seek(&pin->runs, cursor, &at);
	while (at.chunk && count < capacity) {
		runs[count++] = (struct pin_run) {
			.offset = at.page << PAGE_SHIFT,
			.length = (u64)at.run.pages << PAGE_SHIFT,
			.phys = withhold ? 0 : PFN_PHYS(pindev_run_pfn(&at.run)),
			.node = pindev_run_node(&at.run),
			.flags = withhold ? PIN_RUN_PHYS_WITHHELD : 0,
		};
		pindev_runs_next(&pin->runs, &at);
	}
	return count;
}

static int validate_runs(const struct pin_runs *arg)
{
	if (arg->flags || arg->run_size < RUN_MIN_SIZE ||
	    arg->run_size > PAGE_SIZE)
		return -EINVAL;
	return arg->runs_capacity ? 0 : -EMSGSIZE;
}

/* PIN_IOC_RUNS */
int pindev_context_runs(struct pindev_request *req)
{
	struct pin_runs *arg = &req->arg.runs;
	u32 capacity = min_t(u32, arg->runs_capacity, RECORDS_MAX);
	struct pindev_pin *pin;
	struct pin_run *runs;
	u32 count = 0;
	u64 total;
	bool lost;
	int err;

	err = validate_runs(arg);
	if (err)
		return err;
	pin = pindev_context_get(req->ctx, arg->id);
	if (!pin)
		return -ENOENT;
	runs = kvmalloc_array(capacity, sizeof(*runs), GFP_KERNEL_ACCOUNT);
	total = pin->runs.count;
	if (runs)
		count = collect_runs(pin, arg->cursor, runs, capacity);
	lost = pindev_pin_is_revoked(pin);
	/* Copying can take as long as the caller likes; the pin need not. */
	pindev_pin_put(pin);
	if (!runs)
		return -ENOMEM;

	if (lost)
		err = -ESTALE;
	else if (arg->cursor > total)
		err = -EINVAL;
	else
		err = pindev_request_copy(arg->runs, arg->run_size, runs,
					  sizeof(*runs), count);
	kvfree(runs);
	if (err)
		return err;
	arg->next = arg->cursor + count;
	arg->total = total;
	arg->runs_count = count;
	return 0;
}

/**
 * pindev_pin_describe() - what QUERY and the ledger tell of a pin
 * @pin: published; a reference to its record suffices
 * @viewer: to whom
 * @told: its outputs are filled in
 */
void pindev_pin_describe(struct pindev_pin *pin,
			 const struct pindev_viewer *viewer,
			 struct pin_query *told)
{
	bool lost = pindev_pin_is_revoked(pin);

	told->nodes_count = nr_node_ids;
	told->pin_flags = pin->flags;
	told->addr = pin->addr;
	told->length = pin->length;
	told->cookie = pin->cookie;
	told->mode = pin->leases ? PIN_MODE_LEASE : PIN_MODE_LONGTERM;
	told->state = lost ? PIN_STATE_REVOKED : PIN_STATE_LIVE;
	told->pages = lost ? 0 : pin->runs.pages;
	told->runs = lost ? 0 : pin->runs.count;
	told->charged_pages = READ_ONCE(pin->released) ? 0 : pin->charge.pages;
	told->start_time_ns = pin->owner.start_time_ns;
	told->uid = from_kuid_munged(viewer->users, pin->owner.uid);
	told->pid = pid_nr_ns(pin->owner.tgid, viewer->pids);
	memcpy(told->comm, pin->owner.comm, sizeof(told->comm));
}

static int validate_query(struct pin_query *arg)
{
	if (arg->flags || arg->__reserved)
		return -EINVAL;
	if (!arg->nodes_capacity || arg->nodes_capacity >= nr_node_ids)
		return 0;
	arg->nodes_count = nr_node_ids;
	return -EMSGSIZE;
}

static int copy_nodes(const struct pin_query *arg, const u64 *nodes)
{
	if (!arg->nodes_capacity)
		return 0;
	return copy_to_user(u64_to_user_ptr(arg->nodes), nodes,
			    nr_node_ids * sizeof(*nodes)) ? -EFAULT : 0;
}

/* PIN_IOC_QUERY */
int pindev_context_query(struct pindev_request *req)
{
	struct pin_query *arg = &req->arg.query;
	const struct pindev_viewer viewer = {
		.users = current_user_ns(),
		.pids = task_active_pid_ns(current),
	};
	struct pin_query told;
	struct pindev_pin *pin;
	u64 *nodes;
	int err;

	err = validate_query(arg);
	if (err)
		return err;
	pin = pindev_context_get(req->ctx, arg->id);
	if (!pin)
		return -ENOENT;
	told = *arg;
	pindev_pin_describe(pin, &viewer, &told);
	nodes = kcalloc(nr_node_ids, sizeof(*nodes), GFP_KERNEL_ACCOUNT);
	if (nodes && told.state == PIN_STATE_LIVE)
		pindev_runs_nodes(&pin->runs, nodes, nr_node_ids);
	/* Copying can take as long as the caller likes; the pin need not. */
	pindev_pin_put(pin);
	if (!nodes)
		return -ENOMEM;

	err = copy_nodes(arg, nodes);
	kfree(nodes);
	if (!err)
		*arg = told;
	return err;
}
