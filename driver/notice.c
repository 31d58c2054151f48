// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everybody's events, as they happen, to the multicast group of the ledger.
 *
 * They are numbered and sent under a mutex, in the order in which they are told, by
 * whoever may sleep and holds no other lock: what a notifier's callback has done is told
 * by the work that it queued.  Sending waits for nobody: a listener without room loses
 * the event, learns so from ENOBUFS, and sees how many from the numbers.
 */
#include <linux/cred.h>
#include <linux/gfp.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <pin/netlink.h>

#include "genetlink.h"
#include "message.h"

/* Bytes of an event, of which a pin is the most. */
#define EVENT_SIZE	1024

/* Of all below. */
static DEFINE_MUTEX(events_lock);
static u64 last_event;
static u64 lost_events;

/**
 * struct notice - an event, before it is a message
 * @cmd: of enum pin_nl_cmd
 * @pin: whose; or NULL
 * @refusal: why it was refused; or NULL
 * @loss: why it was revoked; or NULL
 * @ctx: what was closed; or NULL
 */
struct notice {
	u8 cmd;
	struct pindev_pin *pin;
	const struct pin_refusal *refusal;
	const struct pindev_loss *loss;
	struct pindev_context *ctx;
};

/* One message serves all, so its numbers are those of the initial namespaces. */
static const struct pindev_viewer everybody = {
	.users = &init_user_ns,
	.pids = &init_pid_ns,
};

static int put_event_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, PIN_NL_A_EVENT_PAD);
}

static int put_event_pin(struct sk_buff *skb, const struct notice *notice)
{
	struct nlattr *nest = nla_nest_start(skb, PIN_NL_A_EVENT_PIN);
	struct pin_query told;

	if (!nest)
		return -EMSGSIZE;
	pindev_pin_describe(notice->pin, &everybody, &told);
	if (notice->refusal) {
		told.mode = told.pin_flags & PIN_F_LEASE ? PIN_MODE_LEASE :
							   PIN_MODE_LONGTERM;
		told.state = PIN_STATE_NONE;
		told.pages = 0;
		told.runs = 0;
	}
	if (pindev_message_put_pin(skb, notice->pin, &told))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_event_refusal(struct sk_buff *skb,
			     const struct pin_refusal *refusal)
{
	return nla_put_u32(skb, PIN_NL_A_EVENT_REASON, refusal->reason) ||
	       nla_put_u32(skb, PIN_NL_A_EVENT_ERROR, refusal->error) ||
	       put_event_u64(skb, PIN_NL_A_EVENT_ADDR, refusal->addr);
}

static int put_event_admin(struct sk_buff *skb, const struct pindev_owner *admin)
{
	return nla_put_u32(skb, PIN_NL_A_EVENT_ADMIN_UID,
			   from_kuid_munged(everybody.users, admin->uid)) ||
	       nla_put_u32(skb, PIN_NL_A_EVENT_ADMIN_PID,
			   pid_nr_ns(admin->tgid, everybody.pids)) ||
	       nla_put_string(skb, PIN_NL_A_EVENT_ADMIN_COMM, admin->comm);
}

static int put_event_loss(struct sk_buff *skb, const struct pindev_loss *loss)
{
	return nla_put_u32(skb, PIN_NL_A_EVENT_CAUSE, loss->cause) ||
	       put_event_u64(skb, PIN_NL_A_EVENT_ADDR, loss->addr) ||
	       put_event_u64(skb, PIN_NL_A_EVENT_LENGTH, loss->length) ||
	       (loss->admin && put_event_admin(skb, loss->admin));
}

static int put_event_context(struct sk_buff *skb, struct pindev_context *ctx)
{
	struct nlattr *nest = nla_nest_start(skb, PIN_NL_A_EVENT_CONTEXT);

	if (!nest || pindev_message_fill_context(skb, ctx, &everybody))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return current->flags & PF_EXITING ?
	       nla_put_flag(skb, PIN_NL_A_EVENT_EXITING) : 0;
}

static int fill_event(struct sk_buff *skb, const struct notice *notice)
{
	void *header = genlmsg_put(skb, 0, 0, &pindev_family, 0, notice->cmd);

	if (!header ||
	    put_event_u64(skb, PIN_NL_A_EVENT_SEQUENCE, last_event) ||
	    put_event_u64(skb, PIN_NL_A_EVENT_TIME, ktime_get_real_ns()) ||
	    (notice->pin && put_event_pin(skb, notice)) ||
	    (notice->refusal && put_event_refusal(skb, notice->refusal)) ||
	    (notice->loss && put_event_loss(skb, notice->loss)) ||
	    (notice->ctx && put_event_context(skb, notice->ctx)))
		return -EMSGSIZE;
	genlmsg_end(skb, header);
	return 0;
}

/* Takes over @skb; NULL: there was no memory for one. */
static int send_numbered(struct sk_buff *skb, const struct notice *notice)
{
	lockdep_assert_held(&events_lock);
	last_event++;
	if (!skb)
		return -ENOMEM;
	if (fill_event(skb, notice)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	/* Who may wait also makes way for listeners that are behind. */
	return genlmsg_multicast(&pindev_family, skb, 0, 0, GFP_NOWAIT);
}

static void send_event(const struct notice *notice)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&pindev_family, &init_net, 0))
		return;
	skb = genlmsg_new(EVENT_SIZE, GFP_KERNEL);
	mutex_lock(&events_lock);
	if (send_numbered(skb, notice))
		lost_events++;
	mutex_unlock(&events_lock);
}

void pindev_notice_pinned(struct pindev_pin *pin)
{
	send_event(&(struct notice) { .cmd = PIN_NL_CMD_PINNED, .pin = pin });
}

/* The caller holds a reference to the record. */
void pindev_notice_unpinned(struct pindev_pin *pin)
{
	send_event(&(struct notice) { .cmd = PIN_NL_CMD_UNPINNED, .pin = pin });
}

/* The pin is what the attempt has left, with nothing pinned. */
void pindev_notice_refused(struct pindev_pin *pin,
			   const struct pin_refusal *refusal)
{
	send_event(&(struct notice) {
		.cmd = PIN_NL_CMD_REFUSED,
		.pin = pin,
		.refusal = refusal,
	});
}

void pindev_notice_revoked(struct pindev_pin *pin,
			   const struct pindev_loss *loss)
{
	send_event(&(struct notice) {
		.cmd = PIN_NL_CMD_REVOKED,
		.pin = pin,
		.loss = loss,
	});
}

/* Before its pins are released. */
void pindev_notice_closed(struct pindev_context *ctx)
{
	send_event(&(struct notice) { .cmd = PIN_NL_CMD_CLOSED, .ctx = ctx });
}

/* How many events were sent so far, and how many of them reached nobody. */
void pindev_notice_count(u64 *sent, u64 *lost)
{
	mutex_lock(&events_lock);
	*sent = last_event;
	*lost = lost_events;
	mutex_unlock(&events_lock);
}
