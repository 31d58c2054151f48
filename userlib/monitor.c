// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Monitor: everybody's events, in their order, and where some are missing; a notice is
 * one of them.
 *
 * A gap in the sequence says how many are missing, as soon as another event comes.
 * When the kernel has said that it dropped some (ENOBUFS) and nothing comes after them,
 * the sums say how many there have been: what was sent until then is either in the queue
 * or lost, so the queue is read to its end once more before the rest is called lost.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

/* Numbers by their attribute. */
struct libpin_notice {
	uint32_t type;
	uint64_t lost;
	uint64_t numbers[PIN_NL_A_EVENT_ADMIN_COMM + 1];
	bool has_pin;
	bool has_context;
	bool has_admin;
	bool exiting;
	struct libpin_record pin;
	struct libpin_context_record context;
	char admin_comm[PIN_COMM_LEN + 1];
};

/*
 * @last: sequence of the last event that was told or called lost. @event is told after
 * @loss if @pending. @overrun: some were dropped, @told is up to which number the queue
 * has them if @asked.
 */
struct libpin_monitor {
	struct libpin_wire *wire;
	struct libpin_ledger *ledger;
	uint64_t last;
	uint64_t told;
	bool started;
	bool pending;
	bool overrun;
	bool asked;
	struct libpin_notice event;
	struct libpin_notice loss;
};

/* --- opening */

static int join(struct libpin_monitor *monitor, size_t buffer)
{
	struct nl_sock *sock = monitor->wire->sock;
	int size = buffer > INT32_MAX ? INT32_MAX : (int)buffer;
	int fd = nl_socket_get_fd(sock);
	int group;

	if (size && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	group = libpin_wire_resolve(sock, PIN_NL_GROUP_EVENTS);
	if (group < 0)
		return group;
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ?
	       -errno : 0;
}

/* The sequence of the last event that was sent. */
static int ask_last(struct libpin_monitor *monitor, uint64_t *last)
{
	struct libpin_totals *totals;
	int ret = libpin_totals_get(monitor->ledger, &totals);

	if (!ret)
		*last = libpin_totals_events(totals);
	libpin_totals_free(totals);
	return ret;
}

LIBPIN_API int libpin_monitor_open(struct libpin_monitor **monitor, size_t buffer)
{
	struct libpin_monitor *new;
	int ret;

	if (!monitor)
		return -EINVAL;
	*monitor = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	ret = libpin_wire_open(&new->wire);
	if (!ret)
		ret = libpin_ledger_open(&new->ledger);
	if (!ret)
		ret = join(new, buffer);
	if (!ret)
		ret = ask_last(new, &new->last);
	if (ret)
		libpin_monitor_close(new);
	else
		*monitor = new;
	return ret;
}

LIBPIN_API void libpin_monitor_close(struct libpin_monitor *monitor)
{
	if (!monitor)
		return;
	libpin_wire_close(monitor->wire);
	libpin_ledger_close(monitor->ledger);
	free(monitor->event.pin.nodes.array);
	free(monitor);
}

LIBPIN_API int libpin_monitor_fd(const struct libpin_monitor *monitor)
{
	return monitor ? nl_socket_get_fd(monitor->wire->sock) : -EINVAL;
}

/* --- decoding */

static uint32_t type_of(uint8_t cmd)
{
	switch (cmd) {
	case PIN_NL_CMD_PINNED:
		return LIBPIN_NOTICE_PINNED;
	case PIN_NL_CMD_UNPINNED:
		return LIBPIN_NOTICE_UNPINNED;
	case PIN_NL_CMD_REFUSED:
		return LIBPIN_NOTICE_REFUSED;
	case PIN_NL_CMD_REVOKED:
		return LIBPIN_NOTICE_REVOKED;
	case PIN_NL_CMD_CLOSED:
		return LIBPIN_NOTICE_CLOSED;
	default:
		return LIBPIN_NOTICE_NONE;
	}
}

static int parse_attr(struct nlattr *attr, struct libpin_notice *notice)
{
	int type = nla_type(attr);

	switch (type) {
	case PIN_NL_A_EVENT_PIN:
		notice->has_pin = true;
		return libpin_record_parse(nla_data(attr), nla_len(attr), &notice->pin);
	case PIN_NL_A_EVENT_CONTEXT:
		notice->has_context = true;
		return libpin_context_record_parse(nla_data(attr), nla_len(attr),
						   &notice->context);
	case PIN_NL_A_EVENT_EXITING:
		notice->exiting = true;
		return 0;
	case PIN_NL_A_EVENT_ADMIN_COMM:
		notice->has_admin = true;
		libpin_attr_text(attr, notice->admin_comm, sizeof(notice->admin_comm));
		return 0;
	default:
		if (type <= PIN_NL_A_EVENT_PAD || type >= (int)ARRAY_SIZE(notice->numbers))
			return 0;
		return libpin_attr_number(attr, &notice->numbers[type]);
	}
}

/* Whatever is told of it is there. */
static bool is_whole(const struct libpin_notice *notice)
{
	if (!notice->numbers[PIN_NL_A_EVENT_SEQUENCE])
		return false;
	switch (notice->type) {
	case LIBPIN_NOTICE_NONE:
		return true;
	case LIBPIN_NOTICE_CLOSED:
		return notice->has_context;
	default:
		return notice->has_pin;
	}
}

static int parse_event(struct nlmsghdr *message, struct libpin_notice *notice)
{
	struct record_nodes nodes = notice->pin.nodes;
	struct genlmsghdr *header;
	struct nlattr *attr;
	int left, ret = 0;

	if (!genlmsg_valid_hdr(message, 0))
		return -EPROTO;
	header = nlmsg_data(message);
	memset(notice, 0, sizeof(*notice));
	notice->pin.nodes = nodes;
	notice->type = type_of(header->cmd);
	attr = genlmsg_attrdata(header, 0);
	left = genlmsg_attrlen(header, 0);
	for (; !ret && nla_ok(attr, left); attr = nla_next(attr, &left))
		ret = parse_attr(attr, notice);
	if (!ret && !is_whole(notice))
		ret = -EPROTO;
	return ret;
}

/* --- order */

static const struct libpin_notice *tell_loss(struct libpin_monitor *monitor, uint64_t lost,
					     uint64_t last)
{
	monitor->loss = (struct libpin_notice) { .type = LIBPIN_NOTICE_LOST, .lost = lost };
	monitor->loss.numbers[PIN_NL_A_EVENT_SEQUENCE] = last;
	monitor->last = last;
	return &monitor->loss;
}

static const struct libpin_notice *tell_event(struct libpin_monitor *monitor)
{
	monitor->pending = false;
	monitor->last = monitor->event.numbers[PIN_NL_A_EVENT_SEQUENCE];
	return &monitor->event;
}

/* The event, or first what is missing before it. */
static const struct libpin_notice *in_order(struct libpin_monitor *monitor)
{
	uint64_t sequence = monitor->event.numbers[PIN_NL_A_EVENT_SEQUENCE];

	/* It may have happened before the sums were asked, when the monitor was opened. */
	if (!monitor->started && sequence <= monitor->last)
		monitor->last = sequence - 1;
	monitor->started = true;
	monitor->pending = true;
	if (sequence > monitor->last + 1)
		return tell_loss(monitor, sequence - monitor->last - 1, sequence - 1);
	return tell_event(monitor);
}

/*
 * The queue is empty and events were dropped: NULL to look into it once more, when it is
 * known what was sent, and in the end if none is missing any more.
 */
static const struct libpin_notice *missing(struct libpin_monitor *monitor)
{
	if (!monitor->asked) {
		monitor->asked = true;
		if (!ask_last(monitor, &monitor->told))
			return NULL;
		/* Nobody knows how many. */
		monitor->overrun = false;
		monitor->asked = false;
		return tell_loss(monitor, 0, monitor->last);
	}
	monitor->overrun = false;
	monitor->asked = false;
	if (monitor->told <= monitor->last)
		return NULL;
	return tell_loss(monitor, monitor->told - monitor->last, monitor->told);
}

static int wait_for(struct libpin_monitor *monitor, int timeout_ms)
{
	struct pollfd descriptor = { .fd = libpin_monitor_fd(monitor), .events = POLLIN };
	int ready = poll(&descriptor, 1, timeout_ms);

	if (ready < 0)
		return -errno;
	return ready ? 0 : -ETIMEDOUT;
}

/* 1 and @monitor's event is the next one; -EAGAIN: there is none; -errno. */
static int take_event(struct libpin_monitor *monitor)
{
	struct nlmsghdr *message;
	int ret;

	do {
		ret = libpin_wire_hear(monitor->wire, &message);
		if (ret == -ENOBUFS) {
			monitor->overrun = true;
			/* What was told is from before that. */
			monitor->asked = false;
		} else if (ret < 0) {
			return ret;
		}
	} while (ret < 0 || message->nlmsg_type != monitor->wire->family);
	ret = parse_event(message, &monitor->event);
	return ret ? ret : 1;
}

LIBPIN_API int libpin_monitor_next(struct libpin_monitor *monitor, int timeout_ms,
				   const struct libpin_notice **notice)
{
	int ret = 0;

	if (!notice)
		return -EINVAL;
	*notice = NULL;
	if (!monitor)
		return -EINVAL;
	if (monitor->pending) {
		*notice = tell_event(monitor);
		return 0;
	}
	while (!ret && !*notice) {
		ret = take_event(monitor);
		if (ret > 0) {
			*notice = in_order(monitor);
			return 0;
		}
		if (ret != -EAGAIN)
			return ret;
		ret = 0;
		if (monitor->overrun)
			*notice = missing(monitor);
		else
			ret = wait_for(monitor, timeout_ms);
	}
	return ret;
}

/* --- notice */

LIBPIN_API uint32_t libpin_notice_type(const struct libpin_notice *notice)
{
	return notice ? notice->type : LIBPIN_NOTICE_NONE;
}

LIBPIN_API const char *libpin_notice_type_name(uint32_t type)
{
	static const char *const names[] = {
		[LIBPIN_NOTICE_PINNED] = "pinned",
		[LIBPIN_NOTICE_UNPINNED] = "unpinned",
		[LIBPIN_NOTICE_REFUSED] = "refused",
		[LIBPIN_NOTICE_REVOKED] = "revoked",
		[LIBPIN_NOTICE_CLOSED] = "closed",
		[LIBPIN_NOTICE_LOST] = "lost",
	};

	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

LIBPIN_API uint64_t libpin_notice_lost(const struct libpin_notice *notice)
{
	return notice ? notice->lost : 0;
}

LIBPIN_API const struct libpin_record *libpin_notice_pin(const struct libpin_notice *notice)
{
	return notice && notice->has_pin ? &notice->pin : NULL;
}

LIBPIN_API const struct libpin_context_record *
libpin_notice_context(const struct libpin_notice *notice)
{
	return notice && notice->has_context ? &notice->context : NULL;
}

LIBPIN_API int libpin_notice_is_exiting(const struct libpin_notice *notice)
{
	return notice && notice->exiting;
}

LIBPIN_API const char *libpin_notice_admin_comm(const struct libpin_notice *notice)
{
	return notice && notice->has_admin ? notice->admin_comm : NULL;
}

#define NOTICE_GETTER(type, name, attribute)						\
	LIBPIN_API type libpin_notice_##name(const struct libpin_notice *notice)	\
	{										\
		return notice ? (type)notice->numbers[PIN_NL_A_EVENT_##attribute] : 0;	\
	}

NOTICE_GETTER(uint64_t, sequence, SEQUENCE)
NOTICE_GETTER(uint64_t, time_ns, TIME)
NOTICE_GETTER(uint32_t, reason, REASON)
NOTICE_GETTER(int, error, ERROR)
NOTICE_GETTER(uint64_t, address, ADDR)
NOTICE_GETTER(uint64_t, length, LENGTH)
NOTICE_GETTER(uint32_t, cause, CAUSE)
NOTICE_GETTER(uid_t, admin_uid, ADMIN_UID)
NOTICE_GETTER(pid_t, admin_pid, ADMIN_PID)
