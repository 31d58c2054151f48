// SPDX-License-Identifier: GPL-2.0-only
/*
 * What messages of the ledger say of pins, contexts and sums: the attributes of
 * <pin/netlink.h>.  Holds nothing and decides nothing; who calls has a reference to the
 * record of the pin, or to the context.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/pid_namespace.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>
#include <pin/netlink.h>

#include "message.h"

static int put_node(struct sk_buff *skb, u32 node, u64 pages)
{
	struct nlattr *nest = nla_nest_start(skb, PIN_NL_A_PIN_NODE);

	if (!nest || nla_put_u32(skb, PIN_NL_A_NODE_ID, node) ||
	    nla_put_u64_64bit(skb, PIN_NL_A_NODE_PAGES, pages,
			      PIN_NL_A_NODE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_nodes(struct sk_buff *skb, const struct pindev_pin *pin,
		     u64 *nodes)
{
	u32 node;

	memset(nodes, 0, nr_node_ids * sizeof(*nodes));
	pindev_runs_nodes(&pin->runs, nodes, nr_node_ids);
	for (node = 0; node < nr_node_ids; node++)
		if (nodes[node] && put_node(skb, node, nodes[node]))
			return -EMSGSIZE;
	return 0;
}

static int put_pin_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, PIN_NL_A_PIN_PAD);
}

static int put_pages(struct sk_buff *skb, const struct pindev_pin *pin,
		     const struct pin_query *told)
{
	u64 user_pages = READ_ONCE(pin->released) ? 0 : pin->charge.user_pages;

	return put_pin_u64(skb, PIN_NL_A_PIN_PAGES, told->pages) ||
	       put_pin_u64(skb, PIN_NL_A_PIN_REFERENCES,
			   atomic64_read(&pin->references)) ||
	       put_pin_u64(skb, PIN_NL_A_PIN_RUNS, told->runs) ||
	       put_pin_u64(skb, PIN_NL_A_PIN_CHARGED_PAGES,
			   told->charged_pages) ||
	       put_pin_u64(skb, PIN_NL_A_PIN_USER_CHARGED_PAGES, user_pages);
}

static int put_pin_owner(struct sk_buff *skb, const struct pindev_owner *owner,
			 const struct pin_query *told)
{
	struct pid_namespace *own = ns_of_pid(owner->tgid);

	return nla_put_u32(skb, PIN_NL_A_PIN_UID, told->uid) ||
	       nla_put_u32(skb, PIN_NL_A_PIN_PID, told->pid) ||
	       nla_put_u32(skb, PIN_NL_A_PIN_NS_PID,
			   pid_nr_ns(owner->tgid, own)) ||
	       nla_put_u32(skb, PIN_NL_A_PIN_PID_NS, own->ns.inum) ||
	       put_pin_u64(skb, PIN_NL_A_PIN_CGROUP, owner->cgroup) ||
	       nla_put_string(skb, PIN_NL_A_PIN_COMM, told->comm) ||
	       put_pin_u64(skb, PIN_NL_A_PIN_START_TIME, told->start_time_ns);
}

/* What is told of a pin, but for its nodes: 0 or -EMSGSIZE. */
int pindev_message_put_pin(struct sk_buff *skb, const struct pindev_pin *pin,
			   const struct pin_query *told)
{
	if (put_pin_u64(skb, PIN_NL_A_PIN_ID, pin->id) ||
	    put_pin_u64(skb, PIN_NL_A_PIN_CONTEXT, pin->ctx->id) ||
	    put_pin_u64(skb, PIN_NL_A_PIN_ADDR, told->addr) ||
	    put_pin_u64(skb, PIN_NL_A_PIN_LENGTH, told->length) ||
	    nla_put_u32(skb, PIN_NL_A_PIN_FLAGS, told->pin_flags) ||
	    nla_put_u32(skb, PIN_NL_A_PIN_MODE, told->mode) ||
	    nla_put_u32(skb, PIN_NL_A_PIN_STATE, told->state) ||
	    put_pin_u64(skb, PIN_NL_A_PIN_COOKIE, told->cookie) ||
	    put_pages(skb, pin, told) ||
	    put_pin_owner(skb, &pin->owner, told))
		return -EMSGSIZE;
	return 0;
}

/* All that is told of a pin; @nodes: room for nr_node_ids of them. */
int pindev_message_fill_pin(struct sk_buff *skb, const struct pindev_pin *pin,
			    const struct pin_query *told, u64 *nodes)
{
	int err = pindev_message_put_pin(skb, pin, told);

	if (err || told->state != PIN_STATE_LIVE)
		return err;
	return put_nodes(skb, pin, nodes);
}

static int put_context_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, PIN_NL_A_CONTEXT_PAD);
}

static int put_context_owner(struct sk_buff *skb,
			     const struct pindev_owner *owner,
			     const struct pindev_viewer *viewer)
{
	struct pid_namespace *own = ns_of_pid(owner->tgid);

	return nla_put_u32(skb, PIN_NL_A_CONTEXT_UID,
			   from_kuid_munged(viewer->users, owner->uid)) ||
	       nla_put_u32(skb, PIN_NL_A_CONTEXT_PID,
			   pid_nr_ns(owner->tgid, viewer->pids)) ||
	       nla_put_u32(skb, PIN_NL_A_CONTEXT_NS_PID,
			   pid_nr_ns(owner->tgid, own)) ||
	       nla_put_u32(skb, PIN_NL_A_CONTEXT_PID_NS, own->ns.inum) ||
	       put_context_u64(skb, PIN_NL_A_CONTEXT_CGROUP, owner->cgroup) ||
	       nla_put_string(skb, PIN_NL_A_CONTEXT_COMM, owner->comm) ||
	       put_context_u64(skb, PIN_NL_A_CONTEXT_START_TIME,
			       owner->start_time_ns);
}

int pindev_message_fill_context(struct sk_buff *skb, struct pindev_context *ctx,
				const struct pindev_viewer *viewer)
{
	if (put_context_u64(skb, PIN_NL_A_CONTEXT_ID, ctx->id) ||
	    put_context_u64(skb, PIN_NL_A_CONTEXT_PINS,
			    atomic_read(&ctx->count)) ||
	    put_context_u64(skb, PIN_NL_A_CONTEXT_PAGES,
			    atomic64_read(&ctx->pages)) ||
	    put_context_u64(skb, PIN_NL_A_CONTEXT_CHARGED_PAGES,
			    atomic64_read(&ctx->charged_pages)) ||
	    put_context_owner(skb, &ctx->owner, viewer))
		return -EMSGSIZE;
	return 0;
}

static int put_total(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, PIN_NL_A_TOTALS_PAD);
}

static int put_refusal(struct sk_buff *skb, u32 reason, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, PIN_NL_A_TOTALS_REFUSAL);

	if (!nest || nla_put_u32(skb, PIN_NL_A_REFUSAL_REASON, reason) ||
	    nla_put_u64_64bit(skb, PIN_NL_A_REFUSAL_COUNT, count,
			      PIN_NL_A_REFUSAL_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_revocation(struct sk_buff *skb, u32 cause, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, PIN_NL_A_TOTALS_REVOCATION);

	if (!nest || nla_put_u32(skb, PIN_NL_A_REVOCATION_CAUSE, cause) ||
	    nla_put_u64_64bit(skb, PIN_NL_A_REVOCATION_COUNT, count,
			      PIN_NL_A_REVOCATION_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_counts(struct sk_buff *skb, const struct pindev_totals *totals)
{
	u32 i;

	for (i = 1; i < PINDEV_REASONS; i++)
		if (totals->refusals[i] &&
		    put_refusal(skb, i, totals->refusals[i]))
			return -EMSGSIZE;
	for (i = 1; i < PINDEV_CAUSES; i++)
		if (totals->revocations[i] &&
		    put_revocation(skb, i, totals->revocations[i]))
			return -EMSGSIZE;
	return 0;
}

int pindev_message_fill_totals(struct sk_buff *skb, const struct pindev_totals *totals)
{
	if (put_total(skb, PIN_NL_A_TOTALS_CONTEXTS, totals->contexts) ||
	    put_total(skb, PIN_NL_A_TOTALS_LONGTERM_PINS,
		      totals->pins[PIN_MODE_LONGTERM]) ||
	    put_total(skb, PIN_NL_A_TOTALS_LONGTERM_PAGES,
		      totals->pages[PIN_MODE_LONGTERM]) ||
	    put_total(skb, PIN_NL_A_TOTALS_LEASE_PINS,
		      totals->pins[PIN_MODE_LEASE]) ||
	    put_total(skb, PIN_NL_A_TOTALS_LEASE_PAGES,
		      totals->pages[PIN_MODE_LEASE]) ||
	    put_total(skb, PIN_NL_A_TOTALS_REFERENCES, totals->references) ||
	    put_total(skb, PIN_NL_A_TOTALS_CHARGED_PAGES,
		      pindev_ledger_pages()) ||
	    put_total(skb, PIN_NL_A_TOTALS_CAP_PAGES,
		      READ_ONCE(pindev_ledger_max_pages)) ||
	    put_total(skb, PIN_NL_A_TOTALS_CAP_PINS,
		      READ_ONCE(pindev_ledger_max_pins)) ||
	    put_total(skb, PIN_NL_A_TOTALS_EVENTS, totals->events) ||
	    put_total(skb, PIN_NL_A_TOTALS_EVENTS_LOST,
		      totals->events_lost) ||
	    put_total(skb, PIN_NL_A_TOTALS_LEAKS, totals->leaks))
		return -EMSGSIZE;
	return put_counts(skb, totals);
}

/* Bytes of a message about a pin with pages on every node. */
size_t pindev_message_pin_size(void)
{
	return (PIN_NL_A_PIN_PFN_COUNT + 1) * nla_total_size_64bit(sizeof(u64)) +
	       nla_total_size(PIN_COMM_LEN) +
	       nr_node_ids * nla_total_size(nla_total_size(sizeof(u32)) +
					    nla_total_size_64bit(sizeof(u64)));
}
