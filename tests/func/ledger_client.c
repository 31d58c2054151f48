// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client of the ledger; see ledger_client.h.  Messages are made and parsed by
 * libnl-genl-3, but received here, because libnl 3.7 knows no extended
 * acknowledgment.
 */
#include "ledger_client.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

__thread struct ledger_said ledger_said;

static __thread struct nl_sock *sock;
static __thread int family;
/* The array of the dump before is used again. */
static __thread struct ledger_pins kept;

int ledger_try_connect(void)
{
	int on = 1;

	/* Not closed: it is the parent's as well. */
	sock = nl_socket_alloc();
	ck_assert_ptr_nonnull(sock);
	ck_assert_int_eq(genl_connect(sock), 0);
	ck_assert_int_eq(setsockopt(nl_socket_get_fd(sock), SOL_NETLINK,
				    NETLINK_EXT_ACK, &on, sizeof(on)), 0);
	family = genl_ctrl_resolve(sock, PIN_NL_FAMILY);
	return family < 0 ? family : 0;
}

void ledger_disconnect(void)
{
	nl_socket_free(sock);
	sock = NULL;
	free(kept.array);
	kept = (struct ledger_pins) { };
}

void ledger_connect(void)
{
	ck_assert_int_eq(ledger_try_connect(), 0);
}

struct nl_sock *ledger_socket(void)
{
	return sock;
}

void ledger_use(struct nl_sock *before)
{
	sock = before;
}

int ledger_family(void)
{
	return family;
}

struct nl_msg *ledger_request(uint8_t cmd, int flags)
{
	struct nl_msg *request = nlmsg_alloc();

	ck_assert_ptr_nonnull(request);
	ck_assert_ptr_nonnull(genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ,
					  family, 0, NLM_F_REQUEST | flags, cmd,
					  PIN_NL_VERSION));
	return request;
}

/* NLMSG_ERROR, and NLMSG_DONE where kernels put the words of a dump's end. */
static void note_error(struct nlmsghdr *message)
{
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1] = { NULL };
	struct nlmsgerr *error = nlmsg_data(message);
	size_t skip = sizeof(*error);

	ledger_said.err = error->error;
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* The request is repeated, unless it was cut. */
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
	ck_assert_int_eq(nla_parse(attrs, NLMSGERR_ATTR_MAX,
				   (void *)((char *)error + skip),
				   nlmsg_datalen(message) - skip, NULL), 0);
	if (attrs[NLMSGERR_ATTR_MSG])
		nla_strlcpy(ledger_said.message, attrs[NLMSGERR_ATTR_MSG],
			    sizeof(ledger_said.message));
	if (attrs[NLMSGERR_ATTR_OFFS])
		ledger_said.offset = nla_get_u32(attrs[NLMSGERR_ATTR_OFFS]);
	ledger_said.missing = attrs[NLMSGERR_ATTR_MISS_TYPE];
}

void ledger_send(struct nl_msg *request)
{
	memset(&ledger_said, 0, sizeof(ledger_said));
	ck_assert_int_ge(nl_send_auto(sock, request), 0);
	nlmsg_free(request);
}

bool ledger_has_words(bool dump)
{
	return ledger_said.message[0] || (dump && kernel_before(6, 2));
}

bool ledger_receive(void (*each)(struct nlmsghdr *message, void *data), void *data)
{
	struct sockaddr_nl from;
	unsigned char *buffer;
	struct nlmsghdr *message;
	bool end = false;
	int left;

	left = nl_recv(sock, &from, &buffer, NULL);
	ck_assert_msg(left > 0, "nl_recv: %s", nl_geterror(left));
	for (message = (void *)buffer; nlmsg_ok(message, left);
	     message = nlmsg_next(message, &left)) {
		switch (message->nlmsg_type) {
		case NLMSG_ERROR:
			note_error(message);
			end = true;
			break;
		case NLMSG_DONE:
			ledger_said.err = *(int *)nlmsg_data(message);
			end = true;
			break;
		default:
			ck_assert(message->nlmsg_type == family ||
				  message->nlmsg_type == GENL_ID_CTRL);
			ck_assert_msg(each, "an answer to what has none");
			each(message, data);
		}
	}
	free(buffer);
	return end;
}

int ledger_ask(struct nl_msg *request,
	       void (*each)(struct nlmsghdr *message, void *data), void *data)
{
	ledger_send(request);
	while (!ledger_receive(each, data))
		;
	return ledger_said.err;
}

static uint64_t number_of(struct nlattr *attr)
{
	switch (nla_len(attr)) {
	case sizeof(uint32_t):
		return nla_get_u32(attr);
	case sizeof(uint64_t):
		return nla_get_u64(attr);
	default:
		ck_abort_msg("attribute %d has %d bytes", nla_type(attr), nla_len(attr));
		return 0;
	}
}

static void add_node(struct ledger_pin *pin, struct nlattr *nest)
{
	struct nlattr *attrs[PIN_NL_A_NODE_PAGES + 1];

	ck_assert_int_eq(nla_parse_nested(attrs, PIN_NL_A_NODE_PAGES, nest, NULL), 0);
	ck_assert(attrs[PIN_NL_A_NODE_ID] && attrs[PIN_NL_A_NODE_PAGES]);
	pin->nodes_pages += nla_get_u64(attrs[PIN_NL_A_NODE_PAGES]);
}

static void parse_pin_attrs(struct nlattr *attr, int left, struct ledger_pin *pin)
{
	memset(pin, 0, sizeof(*pin));
	for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		ck_assert_int_le(type, PIN_NL_A_PIN_PFN_COUNT);
		ck_assert(type == PIN_NL_A_PIN_NODE || !pin->has[type]);
		pin->has[type] = true;
		if (type == PIN_NL_A_PIN_NODE)
			add_node(pin, attr);
		else if (type == PIN_NL_A_PIN_COMM)
			nla_strlcpy(pin->comm, attr, sizeof(pin->comm));
		else
			pin->u64[type] = number_of(attr);
	}
}

void ledger_parse_pin(struct nlmsghdr *message, struct ledger_pin *pin)
{
	struct genlmsghdr *header = nlmsg_data(message);

	parse_pin_attrs(genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0), pin);
}

static void keep_one(struct nlmsghdr *message, void *data)
{
	ledger_parse_pin(message, data);
}

int ledger_get(uint64_t id, struct ledger_pin *pin)
{
	struct nl_msg *request = ledger_request(PIN_NL_CMD_PIN_GET, 0);

	ck_assert_int_eq(nla_put_u64(request, PIN_NL_A_PIN_ID, id), 0);
	memset(pin, POISON, sizeof(*pin));
	return ledger_ask(request, keep_one, pin);
}

static void keep_all(struct nlmsghdr *message, void *data)
{
	struct ledger_pins *pins = data;

	if (pins->count == pins->capacity) {
		pins->capacity = pins->capacity ? 2 * pins->capacity : 64;
		pins->array = realloc(pins->array,
				      pins->capacity * sizeof(*pins->array));
		ck_assert_ptr_nonnull(pins->array);
	}
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		pins->interrupted = true;
	ledger_parse_pin(message, &pins->array[pins->count++]);
}

int ledger_dump(struct nl_msg *request, struct ledger_pins *pins)
{
	if (!request)
		request = ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP);
	kept.count = 0;
	kept.interrupted = false;
	ledger_ask(request, keep_all, &kept);
	*pins = kept;
	return ledger_said.err;
}

const struct ledger_pin *ledger_among(const struct ledger_pins *pins, uint64_t id)
{
	const struct ledger_pin *found = NULL;
	size_t i;

	for (i = 0; i < pins->count; i++) {
		if (pins->array[i].u64[PIN_NL_A_PIN_ID] != id)
			continue;
		ck_assert_msg(!found, "pin %llu is told twice", (unsigned long long)id);
		found = &pins->array[i];
	}
	return found;
}

/* A nest of a number of the enum and a count, both sets with the same numbers. */
static void add_count(uint64_t *counts, uint32_t size, struct nlattr *nest)
{
	struct nlattr *attrs[PIN_NL_A_REFUSAL_COUNT + 1];
	uint32_t which;

	ck_assert_int_eq(nla_parse_nested(attrs, PIN_NL_A_REFUSAL_COUNT, nest, NULL), 0);
	ck_assert(attrs[PIN_NL_A_REFUSAL_REASON] && attrs[PIN_NL_A_REFUSAL_COUNT]);
	which = nla_get_u32(attrs[PIN_NL_A_REFUSAL_REASON]);
	ck_assert_uint_lt(which, size);
	ck_assert_uint_gt(which, 0);
	counts[which] = nla_get_u64(attrs[PIN_NL_A_REFUSAL_COUNT]);
}

static void keep_totals(struct nlmsghdr *message, void *data)
{
	struct genlmsghdr *header = nlmsg_data(message);
	struct nlattr *attr = genlmsg_attrdata(header, 0);
	struct ledger_totals *totals = data;
	int left = genlmsg_attrlen(header, 0);

	for (; nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		ck_assert_int_le(type, PIN_NL_A_TOTALS_LEAKS);
		if (type == PIN_NL_A_TOTALS_REFUSAL)
			add_count(totals->refusals, REASONS, attr);
		else if (type == PIN_NL_A_TOTALS_REVOCATION)
			add_count(totals->revocations, PIN_CAUSE_ADMIN + 1, attr);
		else
			totals->u64[type] = number_of(attr);
	}
}

int ledger_totals(struct ledger_totals *totals)
{
	memset(totals, 0, sizeof(*totals));
	return ledger_ask(ledger_request(PIN_NL_CMD_TOTALS_GET, 0), keep_totals, totals);
}

int ledger_force(uint64_t id)
{
	struct nl_msg *request = ledger_request(PIN_NL_CMD_PIN_RELEASE, 0);

	ck_assert_int_eq(nla_put_u64(request, PIN_NL_A_PIN_ID, id), 0);
	return ledger_ask(request, NULL, NULL);
}

unsigned long ledger_scaled(unsigned long count)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) ? count : count / 10;
}

/* --- events */

static __thread int listener = -1;

int ledger_group(void)
{
	struct nl_sock *fresh = nl_socket_alloc();
	int group;

	/* libnl would miss the answers that were taken in here. */
	ck_assert_ptr_nonnull(fresh);
	ck_assert_int_eq(genl_connect(fresh), 0);
	group = genl_ctrl_resolve_grp(fresh, PIN_NL_FAMILY, PIN_NL_GROUP_EVENTS);
	ck_assert_msg(group > 0, "group: %s", nl_geterror(group));
	nl_socket_free(fresh);
	return group;
}

void ledger_listen(int buffer)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = ledger_group();

	listener = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	ck_assert_int_ge(listener, 0);
	/* A socket without a number of its own hears nothing. */
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&any, sizeof(any)), 0);
	if (buffer)
		ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_RCVBUFFORCE, &buffer,
					    sizeof(buffer)), 0);
	ck_assert_msg(!setsockopt(listener, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)), "join: %s", strerror(errno));
}

void ledger_stop_listening(void)
{
	close(listener);
	listener = -1;
}

static void parse_event_context(struct nlattr *nest, struct ledger_event *event)
{
	struct nlattr *attrs[PIN_NL_A_CONTEXT_START_TIME + 1];
	int i;

	ck_assert_int_eq(nla_parse_nested(attrs, PIN_NL_A_CONTEXT_START_TIME, nest, NULL), 0);
	for (i = PIN_NL_A_CONTEXT_ID; i <= PIN_NL_A_CONTEXT_START_TIME; i++) {
		ck_assert_msg(attrs[i], "no attribute %d of a context", i);
		if (i != PIN_NL_A_CONTEXT_COMM)
			event->context[i] = number_of(attrs[i]);
	}
}

static void parse_event_attr(struct nlattr *attr, struct ledger_event *event)
{
	int type = nla_type(attr);

	ck_assert_int_le(type, PIN_NL_A_EVENT_ADMIN_COMM);
	ck_assert(!event->has[type]);
	event->has[type] = true;
	switch (type) {
	case PIN_NL_A_EVENT_PIN:
		parse_pin_attrs(nla_data(attr), nla_len(attr), &event->pin);
		break;
	case PIN_NL_A_EVENT_CONTEXT:
		parse_event_context(attr, event);
		break;
	case PIN_NL_A_EVENT_EXITING:
	case PIN_NL_A_EVENT_ADMIN_COMM:
		break;
	default:
		event->u64[type] = number_of(attr);
	}
}

int ledger_hear(struct ledger_event *event)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	union {
		struct nlmsghdr header;
		char bytes[16384];
	} message;
	struct genlmsghdr *header;
	struct nlattr *attr;
	ssize_t length;
	int left;

	ck_assert_msg(poll(&ready, 1, 60000) == 1, "no event");
	length = recv(listener, &message, sizeof(message), 0);
	if (length < 0)
		return -errno;
	ck_assert(nlmsg_ok(&message.header, length));
	ck_assert_int_eq(message.header.nlmsg_type, family);
	memset(event, 0, sizeof(*event));
	header = nlmsg_data(&message.header);
	event->cmd = header->cmd;
	attr = genlmsg_attrdata(header, 0);
	for (left = genlmsg_attrlen(header, 0); nla_ok(attr, left);
	     attr = nla_next(attr, &left))
		parse_event_attr(attr, event);
	ck_assert(event->has[PIN_NL_A_EVENT_SEQUENCE] && event->has[PIN_NL_A_EVENT_TIME]);
	return 0;
}

bool ledger_is_quiet(void)
{
	char byte;

	return recv(listener, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}
