// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger over generic netlink: requests and their answers, the family.  The rules
 * stand in <pin/netlink.h>; message.c fills messages in, notice.c sends events.
 *
 * Requests run side by side (parallel_ops), so that none waits for another one's
 * dump.  Nothing of the ledger is held while a message is filled in: a dump takes a
 * reference to the record of one pin at a time, which keeps no page pinned, and goes
 * on from its id.
 *
 * Who asks is decided when a request is sent, from the sender and from whoever opened
 * the socket; that somebody else may read the answers is the sender's business.
 *
 * The family is not of every network namespace (netnsok is not set).  Pins belong to
 * users and memory, not to networks, so there is nothing that a network namespace could
 * be shown a part of; and in one of its own anybody is root, who could then ask for as
 * many dumps and listeners as he likes.  What a container pins it knows from its own
 * descriptors (QUERY, LIST, read(2)), which work everywhere.  A socket belongs to the
 * network namespace in which it was opened: one that is brought along from outside works
 * on, for the same user and with the same rules.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <pin/netlink.h>

#include "genetlink.h"
#include "message.h"

/**
 * struct asker - whoever sent a request
 * @viewer: his namespaces
 * @uid: his pins he may see; INVALID_UID: none
 * @admin: he may see all
 */
struct asker {
	struct pindev_viewer viewer;
	kuid_t uid;
	bool admin;
};

/**
 * struct filter - which pins a dump is about
 * @attrs: bits of the enum pin_nl_a_pin that count
 * @context: id
 * @addr: first byte
 * @addr_last: last byte
 * @mode: enum pin_mode
 * @state: enum pin_state
 * @uid: who pinned
 * @pid: number in the asker's namespace
 * @node: NUMA node
 * @pfn: first page frame
 * @pfn_last: last page frame
 */
struct filter {
	u32 attrs;
	u64 context;
	u64 addr;
	u64 addr_last;
	u32 mode;
	u32 state;
	kuid_t uid;
	u32 pid;
	u32 node;
	u64 pfn;
	u64 pfn_last;
};

/**
 * struct dump - a dump in progress
 * @asker: to whom; holds references to his namespaces
 * @filter: of what
 * @cursor: id of the last one that was looked at
 * @last: id at which it ends
 * @nodes: room for the pages of a pin on each node
 */
struct dump {
	struct asker asker;
	struct filter filter;
	u64 cursor;
	u64 last;
	u64 nodes[];
};

/* --- who asks */

static const struct file *socket_file(const struct sk_buff *skb)
{
	return NETLINK_CB(skb).sk->sk_socket->file;
}

/* Not who only happens to write what somebody else has prepared. */
static kuid_t asking_uid(const struct sk_buff *skb)
{
	kuid_t opener = socket_file(skb)->f_cred->uid;

	return uid_eq(opener, current_uid()) ? opener : INVALID_UID;
}

/* netlink_capable() forgets who opened the socket if the message has an address. */
static bool is_admin(const struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_SYS_ADMIN) &&
	       file_ns_capable(socket_file(skb), &init_user_ns, CAP_SYS_ADMIN);
}

static void asker_init(struct asker *asker, struct sk_buff *skb)
{
	asker->viewer.users = current_user_ns();
	asker->viewer.pids = task_active_pid_ns(current);
	asker->uid = asking_uid(skb);
	asker->admin = is_admin(skb);
}

static int need_admin(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (is_admin(skb))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

static bool may_see(const struct asker *asker, const struct pindev_pin *pin)
{
	return asker->admin || uid_eq(pin->owner.uid, asker->uid);
}

/* --- filters */

static bool is_set(const struct filter *filter, int attr)
{
	return filter->attrs & BIT(attr);
}

static bool holds_node(const struct pindev_pin *pin, u32 node)
{
	struct pindev_cursor at;

	for (pindev_runs_first(&pin->runs, &at); at.chunk;
	     pindev_runs_next(&pin->runs, &at)) {
		if (pindev_run_node(&at.run) == node)
			return true;
		cond_resched();
	}
	return false;
}

static bool holds_pfn(const struct pindev_pin *pin, u64 first, u64 last)
{
	struct pindev_cursor at;
	u64 pfn;

	for (pindev_runs_first(&pin->runs, &at); at.chunk;
	     pindev_runs_next(&pin->runs, &at)) {
		pfn = pindev_run_pfn(&at.run);
		if (pfn <= last && pfn + at.run.pages - 1 >= first)
			return true;
		cond_resched();
	}
	return false;
}

static bool holds_pages(const struct pindev_pin *pin)
{
	return atomic64_read(&pin->references);
}

static bool overlaps(const struct pindev_pin *pin, u64 first, u64 last)
{
	return pin->addr <= last && pin->addr + pin->length - 1 >= first;
}

static bool matches_owner(const struct dump *dump, const struct pindev_pin *pin)
{
	const struct filter *filter = &dump->filter;

	if (is_set(filter, PIN_NL_A_PIN_CONTEXT) &&
	    pin->ctx->id != filter->context)
		return false;
	if (is_set(filter, PIN_NL_A_PIN_UID) &&
	    !uid_eq(pin->owner.uid, filter->uid))
		return false;
	return !is_set(filter, PIN_NL_A_PIN_PID) ||
	       pid_nr_ns(pin->owner.tgid, dump->asker.viewer.pids) ==
			filter->pid;
}

/* What is cheap to tell comes first. */
static bool matches(const struct dump *dump, const struct pindev_pin *pin,
		    const struct pin_query *told)
{
	const struct filter *filter = &dump->filter;

	if (!may_see(&dump->asker, pin) || !matches_owner(dump, pin))
		return false;
	if (is_set(filter, PIN_NL_A_PIN_MODE) && told->mode != filter->mode)
		return false;
	if (is_set(filter, PIN_NL_A_PIN_STATE) && told->state != filter->state)
		return false;
	if (is_set(filter, PIN_NL_A_PIN_ADDR) &&
	    !overlaps(pin, filter->addr, filter->addr_last))
		return false;
	if (is_set(filter, PIN_NL_A_PIN_NODE_ID) &&
	    !(holds_pages(pin) && holds_node(pin, filter->node)))
		return false;
	return !is_set(filter, PIN_NL_A_PIN_PFN) ||
	       (holds_pages(pin) &&
		holds_pfn(pin, filter->pfn, filter->pfn_last));
}

static u32 present(struct nlattr **attrs)
{
	u32 bits = 0;
	int i;

	for (i = 1; i <= PIN_NL_A_PIN_PFN_COUNT; i++)
		if (attrs[i])
			bits |= BIT(i);
	return bits;
}

/* A first value and how many; @last becomes the last one. */
static int parse_range(struct nlattr **attrs, int first_attr, int count_attr,
		       u64 *first, u64 *last, struct netlink_ext_ack *extack)
{
	u64 count;

	if (!attrs[first_attr] && !attrs[count_attr])
		return 0;
	if (!attrs[first_attr] || !attrs[count_attr]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[first_attr] ?: attrs[count_attr],
				    "a range takes both its start and its length");
		return -EINVAL;
	}
	*first = nla_get_u64(attrs[first_attr]);
	count = nla_get_u64(attrs[count_attr]);
	if (!count) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[count_attr],
				    "the range is empty");
		return -EINVAL;
	}
	if (check_add_overflow(*first, count - 1, last)) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[count_attr],
				    "the range wraps around");
		return -EOVERFLOW;
	}
	return 0;
}

static int parse_ranges(struct filter *filter, struct nlattr **attrs,
			struct netlink_ext_ack *extack)
{
	int err = parse_range(attrs, PIN_NL_A_PIN_ADDR, PIN_NL_A_PIN_LENGTH,
			      &filter->addr, &filter->addr_last, extack);

	return err ?: parse_range(attrs, PIN_NL_A_PIN_PFN,
				  PIN_NL_A_PIN_PFN_COUNT, &filter->pfn,
				  &filter->pfn_last, extack);
}

static int parse_uid(struct filter *filter, struct nlattr *attr,
		     struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	filter->uid = make_kuid(current_user_ns(), nla_get_u32(attr));
	if (uid_valid(filter->uid))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "no such user in the caller's user namespace");
	return -EINVAL;
}

static u32 get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static int parse_filter(struct dump *dump, struct nlattr **attrs,
			struct netlink_ext_ack *extack)
{
	struct filter *filter = &dump->filter;
	int err;

	if (attrs[PIN_NL_A_PIN_ID]) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[PIN_NL_A_PIN_ID],
				    "a dump is not about one id");
		return -EINVAL;
	}
	/* Where a pin's pages are would be found out by trying. */
	if (attrs[PIN_NL_A_PIN_PFN] && !dump->asker.admin) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[PIN_NL_A_PIN_PFN],
				    "page frames take CAP_SYS_ADMIN");
		return -EPERM;
	}
	err = parse_uid(filter, attrs[PIN_NL_A_PIN_UID], extack);
	if (!err)
		err = parse_ranges(filter, attrs, extack);
	if (err)
		return err;
	filter->attrs = present(attrs);
	if (attrs[PIN_NL_A_PIN_CONTEXT])
		filter->context = nla_get_u64(attrs[PIN_NL_A_PIN_CONTEXT]);
	filter->mode = get_u32(attrs[PIN_NL_A_PIN_MODE]);
	filter->state = get_u32(attrs[PIN_NL_A_PIN_STATE]);
	filter->pid = get_u32(attrs[PIN_NL_A_PIN_PID]);
	filter->node = get_u32(attrs[PIN_NL_A_PIN_NODE_ID]);
	return 0;
}

/* --- one answer */

static int reply_pin(struct genl_info *info, struct pindev_pin *pin,
		     const struct pin_query *told)
{
	u64 *nodes = kcalloc(nr_node_ids, sizeof(*nodes), GFP_KERNEL_ACCOUNT);
	struct sk_buff *skb = genlmsg_new(pindev_message_pin_size(), GFP_KERNEL);
	void *header;
	int err = -ENOMEM;

	if (!nodes || !skb)
		goto err_free;
	err = -EMSGSIZE;
	header = genlmsg_put_reply(skb, info, &pindev_family, 0, PIN_NL_CMD_PIN_GET);
	if (!header)
		goto err_free;
	err = pindev_message_fill_pin(skb, pin, told, nodes);
	if (err)
		goto err_free;
	genlmsg_end(skb, header);
	kfree(nodes);
	return genlmsg_reply(skb, info);

err_free:
	nlmsg_free(skb);
	kfree(nodes);
	return err;
}

/* A request about one pin: its id and nothing else. */
static int parse_id(struct genl_info *info)
{
	int attr;

	for (attr = 1; attr <= PIN_NL_A_PIN_PFN_COUNT; attr++) {
		if (attr == PIN_NL_A_PIN_ID || !info->attrs[attr])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "only a dump takes this attribute");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, PIN_NL_A_PIN_ID)) {
		NL_SET_ERR_MSG(info->extack, "the pin's id is missing");
		return -EINVAL;
	}
	return 0;
}

/* The pin that a request is about, if the asker may see it; or an error. */
static struct pindev_pin *find_pin(const struct asker *asker,
				   struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PIN_NL_A_PIN_ID];
	struct pindev_pin *pin;

	pin = pindev_ledger_find(nla_get_u64(attr));
	if (pin && may_see(asker, pin))
		return pin;
	if (pin)
		pindev_record_put(pin);
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such pin");
	return ERR_PTR(-ENOENT);
}

/* PIN_NL_CMD_PIN_GET */
static int get_pin(struct sk_buff *skb, struct genl_info *info)
{
	struct pin_query told;
	struct pindev_pin *pin;
	struct asker asker;
	int err;

	err = parse_id(info);
	if (err)
		return err;
	asker_init(&asker, skb);
	pin = find_pin(&asker, info);
	if (IS_ERR(pin))
		return PTR_ERR(pin);
	pindev_pin_describe(pin, &asker.viewer, &told);
	err = reply_pin(info, pin, &told);
	pindev_record_put(pin);
	return err;
}

/* PIN_NL_CMD_PIN_RELEASE */
static int release_pin(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PIN_NL_A_PIN_ID];
	int err = need_admin(skb, info->extack);

	if (!err)
		err = parse_id(info);
	if (err)
		return err;
	err = pindev_revocation_force(nla_get_u64(attr));
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such pin");
	if (err == -ESTALE)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "the pin has been revoked already");
	return err;
}

/* PIN_NL_CMD_TOTALS_GET */
static int get_totals(struct sk_buff *request, struct genl_info *info)
{
	struct pindev_totals totals;
	struct sk_buff *skb;
	void *header;
	int err;

	err = need_admin(request, info->extack);
	if (err)
		return err;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	header = genlmsg_put_reply(skb, info, &pindev_family, 0, PIN_NL_CMD_TOTALS_GET);
	pindev_ledger_sum(&totals);
	err = header ? pindev_message_fill_totals(skb, &totals) : -EMSGSIZE;
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

/* --- dumps */

static struct dump *dump_of(struct netlink_callback *cb)
{
	return (struct dump *)cb->args[0];
}

static int dump_start(struct netlink_callback *cb, u64 last)
{
	struct dump *dump = kzalloc(struct_size(dump, nodes, nr_node_ids),
				    GFP_KERNEL_ACCOUNT);

	if (!dump)
		return -ENOMEM;
	asker_init(&dump->asker, cb->skb);
	get_user_ns(dump->asker.viewer.users);
	get_pid_ns(dump->asker.viewer.pids);
	dump->last = last;
	cb->args[0] = (long)dump;
	return 0;
}

static int dump_done(struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);

	put_pid_ns(dump->asker.viewer.pids);
	put_user_ns(dump->asker.viewer.users);
	kfree(dump);
	return 0;
}

static int dump_pins_start(struct netlink_callback *cb)
{
	int err = dump_start(cb, pindev_ledger_last_id());

	if (err)
		return err;
	err = parse_filter(dump_of(cb), pindev_dump_attrs(cb), cb->extack);
	if (err)
		dump_done(cb);
	return err;
}

static int dump_contexts_start(struct netlink_callback *cb)
{
	int err = need_admin(cb->skb, cb->extack);

	return err ?: dump_start(cb, pindev_ledger_last_context());
}

/* A message of the dump; NULL: no room. */
static void *begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, &pindev_family, NLM_F_MULTI,
				   cmd);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

static int dump_pin(struct sk_buff *skb, struct netlink_callback *cb,
		    struct pindev_pin *pin)
{
	struct dump *dump = dump_of(cb);
	struct pin_query told;
	void *header;
	int err;

	pindev_pin_describe(pin, &dump->asker.viewer, &told);
	if (!matches(dump, pin, &told))
		return 0;
	header = begin(skb, cb, PIN_NL_CMD_PIN_GET);
	if (!header)
		return -EMSGSIZE;
	err = pindev_message_fill_pin(skb, pin, &told, dump->nodes);
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
}

/* Generations begin anew with 0, which means none to netlink. */
static void note_generation(struct netlink_callback *cb)
{
	cb->seq = pindev_ledger_generation() ?: 1;
}

/*
 * What one call of a dump answers: bytes if there are any, so that there is another
 * call, which begins with the entry that had no room.
 */
static int dump_result(const struct sk_buff *skb, int err)
{
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

static int dump_pins(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	struct pindev_pin *pin;
	int err = 0;
	u64 id;

	note_generation(cb);
	while (!err && (pin = pindev_ledger_next(dump->cursor, dump->last))) {
		err = dump_pin(skb, cb, pin);
		id = pin->id;
		pindev_record_put(pin);
		if (err)
			return dump_result(skb, err);
		dump->cursor = id;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err ?: skb->len;
}

static int dump_context(struct sk_buff *skb, struct netlink_callback *cb,
			struct pindev_context *ctx)
{
	void *header = begin(skb, cb, PIN_NL_CMD_CONTEXT_GET);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = pindev_message_fill_context(skb, ctx, &dump_of(cb)->asker.viewer);
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
}

static int dump_contexts(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = dump_of(cb);
	struct pindev_context *ctx;
	int err;
	u64 id;

	note_generation(cb);
	while ((ctx = pindev_ledger_next_context(dump->cursor, dump->last))) {
		err = dump_context(skb, cb, ctx);
		id = ctx->id;
		pindev_context_put(ctx);
		if (err)
			return dump_result(skb, err);
		dump->cursor = id;
	}
	return skb->len;
}

/* --- the family */

static const struct genl_multicast_group groups[] = {
	{ .name = PIN_NL_GROUP_EVENTS, .flags = GENL_MCAST_CAP_SYS_ADMIN },
};

static const struct nla_policy pin_policy[] = {
	[PIN_NL_A_PIN_ID] = { .type = NLA_U64 },
	[PIN_NL_A_PIN_CONTEXT] = { .type = NLA_U64 },
	[PIN_NL_A_PIN_ADDR] = { .type = NLA_U64 },
	[PIN_NL_A_PIN_LENGTH] = { .type = NLA_U64 },
	[PIN_NL_A_PIN_MODE] = NLA_POLICY_RANGE(NLA_U32, PIN_MODE_LONGTERM,
					       PIN_MODE_LEASE),
	[PIN_NL_A_PIN_STATE] = NLA_POLICY_RANGE(NLA_U32, PIN_STATE_LIVE,
						PIN_STATE_REVOKED),
	[PIN_NL_A_PIN_UID] = { .type = NLA_U32 },
	[PIN_NL_A_PIN_PID] = { .type = NLA_U32 },
	[PIN_NL_A_PIN_NODE_ID] = { .type = NLA_U32 },
	[PIN_NL_A_PIN_PFN] = { .type = NLA_U64 },
	[PIN_NL_A_PIN_PFN_COUNT] = { .type = NLA_U64 },
};

/* A command that takes no attribute; NLA_UNSPEC is none that may be there. */
static const struct nla_policy no_policy[] = {
	[1] = { .type = NLA_UNSPEC },
};

static const struct genl_ops operations[] = {
	{
		.cmd = PIN_NL_CMD_PIN_GET,
		.policy = pin_policy,
		.maxattr = ARRAY_SIZE(pin_policy) - 1,
		.doit = get_pin,
		.start = dump_pins_start,
		.dumpit = dump_pins,
		.done = dump_done,
	},
	{
		.cmd = PIN_NL_CMD_CONTEXT_GET,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.start = dump_contexts_start,
		.dumpit = dump_contexts,
		.done = dump_done,
	},
	{
		.cmd = PIN_NL_CMD_TOTALS_GET,
		.policy = no_policy,
		.maxattr = ARRAY_SIZE(no_policy) - 1,
		.doit = get_totals,
	},
	{
		.cmd = PIN_NL_CMD_PIN_RELEASE,
		.policy = pin_policy,
		.maxattr = ARRAY_SIZE(pin_policy) - 1,
		.doit = release_pin,
	},
};

/* Every command is validated strictly, from the first one on. */
struct genl_family pindev_family __ro_after_init = {
	.name = PIN_NL_FAMILY,
	.version = PIN_NL_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = operations,
	.n_ops = ARRAY_SIZE(operations),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.resv_start_op = PIN_NL_CMD_PIN_GET,
};

int __init pindev_netlink_init(void)
{
	return genl_register_family(&pindev_family);
}

void pindev_netlink_exit(void)
{
	genl_unregister_family(&pindev_family);
}

MODULE_ALIAS_GENL_FAMILY(PIN_NL_FAMILY);
