// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fake wire: see fake_wire.h.
 */
#include <check.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fake_wire.h"
#include "nomem.h"

#define SOCKETS 4
#define DATAGRAMS 64
#define FIRST_FD 100

struct datagram {
	unsigned char bytes[8192];
	size_t length;
	uint32_t from;
	int error;
};

static struct wire {
	struct nl_sock *sock;
	struct datagram datagrams[DATAGRAMS];
	size_t first, count;
} wires[SOCKETS];

/* libcheck's assertions allocate: none where memory may run out. */
static wire_handler current;
static int connect_error, send_error, poll_error, group_error;
static int force_refused, buffer;
static unsigned int polls;

int __wrap_genl_connect(struct nl_sock *sock);
int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name);
int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sock, const char *name, const char *group);
int __wrap_nl_socket_get_fd(const struct nl_sock *sock);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags,
			struct sockaddr *from, socklen_t *from_length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
ssize_t __real_send(int fd, const void *bytes, size_t length, int flags);
ssize_t __real_recvfrom(int fd, void *bytes, size_t length, int flags,
			struct sockaddr *from, socklen_t *from_length);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t length);

void wire_reset(wire_handler handler)
{
	memset(wires, 0, sizeof(wires));
	current = handler;
	connect_error = 0;
	send_error = 0;
	poll_error = 0;
	group_error = 0;
	force_refused = 0;
	buffer = 0;
	polls = 0;
}

void wire_fail_connect(int nl_error)
{
	connect_error = nl_error;
}

void wire_fail_send(int error)
{
	send_error = error;
}

void wire_fail_poll(int error)
{
	poll_error = error;
}

void wire_fail_group(int nl_error)
{
	group_error = nl_error;
}

void wire_refuse_force(void)
{
	force_refused = 1;
}

int wire_buffer(void)
{
	return buffer;
}

/* An error that is to come once: it is in errno, and -1. */
static int fails_once(int *error)
{
	if (!*error)
		return 0;
	errno = *error;
	*error = 0;
	return -1;
}

/* A socket that was freed may come again with the same address, and is a new one. */
int __wrap_genl_connect(struct nl_sock *sock)
{
	int i;

	if (connect_error)
		return -connect_error;
	for (i = 0; i < SOCKETS && wires[i].sock && wires[i].sock != sock; i++)
		;
	if (i == SOCKETS)
		ck_abort_msg("more sockets than expected");
	wires[i].sock = sock;
	return 0;
}

/* As libnl looks for a name: it needs memory, and without it there is no such name. */
static int looks_for(const char *name, const char *there)
{
	char *copy = strdup(name);
	int found = copy && !strcmp(copy, there);

	free(copy);
	return found;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sock, const char *name)
{
	(void)sock;
	return looks_for(name, "pin") ? FAKE_FAMILY : -NLE_OBJ_NOTFOUND;
}

int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sock, const char *name, const char *group)
{
	(void)sock;
	if (group_error)
		return -group_error;
	return looks_for(name, "pin") && !strcmp(group, "events") ? 7 : -NLE_OBJ_NOTFOUND;
}

int __wrap_nl_socket_get_fd(const struct nl_sock *sock)
{
	int i;

	for (i = 0; i < SOCKETS; i++)
		if (wires[i].sock == sock)
			return FIRST_FD + i;
	ck_abort_msg("a socket that was not connected");
}

static int is_fake(int fd)
{
	return fd >= FIRST_FD && fd < FIRST_FD + SOCKETS;
}

ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
	if (!is_fake(fd))
		return __real_send(fd, bytes, length, flags);
	if (fails_once(&send_error))
		return -1;
	nomem_stop();
	current(fd - FIRST_FD, (struct nlmsghdr *)bytes);
	nomem_go_on();
	return (ssize_t)length;
}

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t length, int flags,
			struct sockaddr *from, socklen_t *from_length)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	struct datagram *datagram;
	struct wire *wire;

	if (!is_fake(fd))
		return __real_recvfrom(fd, bytes, length, flags, from, from_length);
	wire = &wires[fd - FIRST_FD];
	if (wire->first == wire->count) {
		/* Who waits for what nobody sends would wait for ever. */
		errno = flags & MSG_DONTWAIT ? EAGAIN : ECONNABORTED;
		return -1;
	}
	datagram = &wire->datagrams[wire->first++];
	if (datagram->error) {
		errno = datagram->error;
		return -1;
	}
	address.nl_pid = datagram->from;
	memcpy(from, &address, sizeof(address));
	memcpy(bytes, datagram->bytes, datagram->length < length ? datagram->length : length);
	return (ssize_t)datagram->length;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	if (!is_fake(fd))
		return __real_setsockopt(fd, level, name, value, length);
	if (level != SOL_SOCKET)
		return 0;
	if (name == SO_RCVBUFFORCE && force_refused) {
		errno = EPERM;
		return -1;
	}
	if (name == SO_RCVBUF)
		buffer = *(const int *)value;
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (!is_fake(fds->fd))
		return __real_poll(fds, count, timeout);
	polls++;
	if (fails_once(&poll_error))
		return -1;
	return wires[fds->fd - FIRST_FD].first != wires[fds->fd - FIRST_FD].count;
}

unsigned int wire_polls(void)
{
	return polls;
}

size_t wire_left(int index)
{
	return wires[index].count - wires[index].first;
}

static struct datagram *new_datagram(int index)
{
	struct wire *wire = &wires[index];

	if (wire->first == wire->count) {
		wire->first = 0;
		wire->count = 0;
	}
	ck_assert_uint_lt(wire->count, DATAGRAMS);
	memset(&wire->datagrams[wire->count], 0, sizeof(wire->datagrams[0]));
	return &wire->datagrams[wire->count++];
}

static void add_bytes(struct datagram *datagram, const void *bytes, size_t length)
{
	ck_assert_uint_le(datagram->length + length, sizeof(datagram->bytes));
	memcpy(datagram->bytes + datagram->length, bytes, length);
	datagram->length += length;
}

void wire_queue_bytes(int index, const void *bytes, size_t length)
{
	add_bytes(new_datagram(index), bytes, length);
}

void wire_queue_error(int index, int error)
{
	new_datagram(index)->error = error;
}

struct nl_msg *wire_message(uint32_t sequence, uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nl_msg *message = nlmsg_alloc();

	ck_assert_ptr_nonnull(message);
	ck_assert_ptr_nonnull(genlmsg_put(message, 1, sequence, type, 0, flags, cmd,
					  PIN_NL_VERSION));
	return message;
}

void wire_queue(int index, struct nl_msg *message)
{
	add_bytes(new_datagram(index), nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len);
	nlmsg_free(message);
}

void wire_append(int index, struct nl_msg *message)
{
	struct wire *wire = &wires[index];
	struct datagram *datagram = &wire->datagrams[wire->count - 1];

	datagram->length = NLMSG_ALIGN(datagram->length);
	add_bytes(datagram, nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len);
	nlmsg_free(message);
}

void wire_queue_foreign(int index, struct nl_msg *message)
{
	wire_queue(index, message);
	wires[index].datagrams[wires[index].count - 1].from = 4711;
}

static struct nl_msg *ending(struct nlmsghdr *request, int type, int flags, const void *payload,
			     size_t length, const char *words)
{
	struct nl_msg *message = nlmsg_alloc();

	ck_assert_ptr_nonnull(message);
	ck_assert_ptr_nonnull(nlmsg_put(message, 1, request->nlmsg_seq, type, 0,
					flags | (words ? NLM_F_ACK_TLVS : 0)));
	ck_assert_int_eq(nlmsg_append(message, (void *)payload, length, NLMSG_ALIGNTO), 0);
	if (words)
		ck_assert_int_eq(nla_put_string(message, NLMSGERR_ATTR_MSG, words), 0);
	return message;
}

void wire_queue_ack(int index, struct nlmsghdr *request, int error, const char *words)
{
	struct nlmsgerr payload = { .error = error, .msg = *request };

	wire_queue(index, ending(request, NLMSG_ERROR, NLM_F_CAPPED, &payload, sizeof(payload),
				 words));
}

void wire_queue_done(int index, struct nlmsghdr *request, int error, uint16_t flags,
		     const char *words)
{
	wire_queue(index, ending(request, NLMSG_DONE, flags, &error, sizeof(error), words));
}

static void put_node(struct nl_msg *message, uint32_t node, uint64_t pages)
{
	struct nlattr *nest = nla_nest_start(message, PIN_NL_A_PIN_NODE);

	nla_put_u32(message, PIN_NL_A_NODE_ID, node);
	nla_put_u64(message, PIN_NL_A_NODE_PAGES, pages);
	nla_nest_end(message, nest);
}

void wire_put_pin(struct nl_msg *message, uint64_t id)
{
	int attribute;

	nla_put_u64(message, PIN_NL_A_PIN_ID, id);
	for (attribute = PIN_NL_A_PIN_CONTEXT; attribute <= PIN_NL_A_PIN_START_TIME;
	     attribute++) {
		switch (attribute) {
		case PIN_NL_A_PIN_FLAGS:
		case PIN_NL_A_PIN_MODE:
		case PIN_NL_A_PIN_STATE:
		case PIN_NL_A_PIN_UID:
		case PIN_NL_A_PIN_PID:
		case PIN_NL_A_PIN_NS_PID:
		case PIN_NL_A_PIN_PID_NS:
			nla_put_u32(message, attribute, 1000U + (uint32_t)attribute);
			break;
		case PIN_NL_A_PIN_COMM:
			nla_put_string(message, attribute, "holder");
			break;
		case PIN_NL_A_PIN_NODE:
			put_node(message, 3, 30);
			put_node(message, 5, 50);
			break;
		default:
			nla_put_u64(message, attribute, (1ULL << 40) + (uint64_t)attribute);
		}
	}
}

void wire_put_context(struct nl_msg *message, uint64_t id)
{
	int attribute;

	nla_put_u64(message, PIN_NL_A_CONTEXT_ID, id);
	for (attribute = PIN_NL_A_CONTEXT_PINS; attribute <= PIN_NL_A_CONTEXT_START_TIME;
	     attribute++) {
		switch (attribute) {
		case PIN_NL_A_CONTEXT_UID:
		case PIN_NL_A_CONTEXT_PID:
		case PIN_NL_A_CONTEXT_NS_PID:
		case PIN_NL_A_CONTEXT_PID_NS:
			nla_put_u32(message, attribute, 1000U + (uint32_t)attribute);
			break;
		case PIN_NL_A_CONTEXT_COMM:
			nla_put_string(message, attribute, "opener");
			break;
		default:
			nla_put_u64(message, attribute, (1ULL << 40) + (uint64_t)attribute);
		}
	}
}
