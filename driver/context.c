// SPDX-License-Identifier: GPL-2.0-only
/*
 * One open file: its table of pins, and the commands that only look something
 * up in it.
 *
 * A slot of the table is reserved before its pin is published: a reserved slot
 * counts against the cap, but no lookup finds it, so that a guessed id cannot
 * touch a pin in the making.  Whoever takes a pin out of the table, under its
 * lock, owns the table's reference.
 */
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/nodemask.h>
#include <linux/pid_namespace.h>
#include <linux/sched/user.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pindev.h"

struct pindev_context *pindev_context_create(void)
{
	struct pindev_context *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (ctx)
		xa_init_flags(&ctx->pins, XA_FLAGS_ACCOUNT);
	return ctx;
}

/* No ioctl runs any more: the last reference to the file is gone. */
void pindev_context_destroy(struct pindev_context *ctx)
{
	struct pindev_pin *pin;
	unsigned long id;

	xa_for_each(&ctx->pins, id, pin) {
		xa_erase(&ctx->pins, id);
		pindev_pin_put(pin);
	}
	xa_destroy(&ctx->pins);
	kfree(ctx);
}

/**
 * pindev_context_reserve() - make room for a pin
 * @ctx: the context
 * @id: the pin's id
 * @refusal: filled in on failure
 * @addr: for the refusal
 *
 * Return: 0; to be followed by publish or cancel.  Otherwise a refusal.
 */
int pindev_context_reserve(struct pindev_context *ctx, u64 id,
			   struct pin_refusal *refusal, u64 addr)
{
	u32 reason = PIN_REASON_CONTEXT_CAP;

	if (atomic_inc_return(&ctx->count) > READ_ONCE(pindev_ledger_max_pins))
		goto err_count;
	reason = PIN_REASON_NO_MEMORY;
	if (xa_reserve(&ctx->pins, id, GFP_KERNEL_ACCOUNT))
		goto err_count;
	return 0;

err_count:
	atomic_dec(&ctx->count);
	return pindev_refuse(refusal, reason, addr);
}

void pindev_context_cancel(struct pindev_context *ctx, u64 id)
{
	xa_release(&ctx->pins, id);
	atomic_dec(&ctx->count);
}

/* Let others find the pin; the caller's reference becomes the table's. */
void pindev_context_publish(struct pindev_context *ctx, struct pindev_pin *pin)
{
	/* The slot exists, so nothing is allocated and nothing can fail. */
	xa_store(&ctx->pins, pin->id, pin, GFP_KERNEL);
}

/* Would one more pin exceed the cap? */
bool pindev_context_full(struct pindev_context *ctx)
{
	return atomic_read(&ctx->count) >= READ_ONCE(pindev_ledger_max_pins);
}

static struct pindev_pin *get_pin(struct pindev_context *ctx, u64 id)
{
	struct pindev_pin *pin;

	xa_lock(&ctx->pins);
	pin = xa_load(&ctx->pins, id);
	if (pin)
		refcount_inc(&pin->refs);
	xa_unlock(&ctx->pins);
	return pin;
}

static struct pindev_pin *take_pin(struct pindev_context *ctx, u64 id)
{
	struct pindev_pin *pin;

	xa_lock(&ctx->pins);
	/* Not __xa_erase() at once: that would take a reserved slot away. */
	pin = xa_load(&ctx->pins, id);
	if (pin)
		__xa_erase(&ctx->pins, id);
	xa_unlock(&ctx->pins);
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
			PIN_FEATURE_CHECK_LIMITS | PIN_FEATURE_CHECK_OTHER;
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
	pindev_pin_put(pin);
	return 0;
}

static int copy_nodes(const struct pindev_pin *pin, const struct pin_query *arg)
{
	u64 *nodes;
	int err = 0;

	if (!arg->nodes_capacity)
		return 0;
	if (arg->nodes_capacity < nr_node_ids)
		return -EMSGSIZE;
	nodes = kcalloc(nr_node_ids, sizeof(*nodes), GFP_KERNEL);
	if (!nodes)
		return -ENOMEM;
	pindev_runs_nodes(&pin->runs, nodes, nr_node_ids);
	if (copy_to_user(u64_to_user_ptr(arg->nodes), nodes,
			 nr_node_ids * sizeof(*nodes)))
		err = -EFAULT;
	kfree(nodes);
	return err;
}

static void describe_pin(const struct pindev_pin *pin, struct pin_query *arg)
{
	arg->pin_flags = pin->flags;
	arg->addr = pin->addr;
	arg->length = pin->length;
	arg->cookie = pin->cookie;
	arg->mode = PIN_MODE_LONGTERM;
	arg->state = PIN_STATE_LIVE;
	arg->pages = pin->runs.pages;
	arg->runs = pin->runs.count;
	arg->charged_pages = pin->charge.pages;
	arg->start_time_ns = pin->start_time_ns;
	arg->uid = from_kuid_munged(current_user_ns(), pin->uid);
	arg->pid = pid_vnr(pin->tgid);
	memcpy(arg->comm, pin->comm, sizeof(arg->comm));
}

/* PIN_IOC_QUERY */
int pindev_context_query(struct pindev_request *req)
{
	struct pin_query *arg = &req->arg.query;
	struct pindev_pin *pin;
	int err;

	if (arg->flags || arg->__reserved)
		return -EINVAL;
	pin = get_pin(req->ctx, arg->id);
	if (!pin)
		return -ENOENT;
	err = copy_nodes(pin, arg);
	/* Told even when the array is too small for it. */
	if (!err || err == -EMSGSIZE)
		arg->nodes_count = nr_node_ids;
	if (!err)
		describe_pin(pin, arg);
	pindev_pin_put(pin);
	return err;
}
