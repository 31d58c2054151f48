// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Wire: see wire.h.  What comes from anybody but the kernel is not looked at; what
 * the kernel sends is checked for its length before anything is read from it.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

static int wire_error(int nl_error)
{
	switch (abs(nl_error)) {
	case 0:
		return 0;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EPROTONOSUPPORT;
	default:
		return -EIO;
	}
}

int libpin_wire_resolve(struct nl_sock *sock, const char *group)
{
	int ret;

	errno = 0;
	ret = group ? genl_ctrl_resolve_grp(sock, PIN_NL_FAMILY, group) :
		      genl_ctrl_resolve(sock, PIN_NL_FAMILY);
	/* Without memory to ask, libnl 3.7 says that there is no such name; malloc() tells. */
	if (ret == -NLE_OBJ_NOTFOUND && errno == ENOMEM)
		ret = -NLE_NOMEM;
	return ret < 0 ? wire_error(ret) : ret;
}

/* Words for what fails; a request is not sent back along with them. */
static void set_options(struct libpin_wire *wire)
{
	int on = 1;

	setsockopt(nl_socket_get_fd(wire->sock), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	setsockopt(nl_socket_get_fd(wire->sock), SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on));
}

int libpin_wire_open(struct libpin_wire **wire)
{
	struct libpin_wire *new = calloc(1, sizeof(*new));
	int ret;

	*wire = NULL;
	if (!new)
		return -ENOMEM;
	new->sock = nl_socket_alloc();
	if (!new->sock) {
		free(new);
		return -ENOMEM;
	}
	ret = wire_error(genl_connect(new->sock));
	if (!ret)
		ret = libpin_wire_resolve(new->sock, NULL);
	if (ret < 0) {
		libpin_wire_close(new);
		return ret;
	}
	new->family = ret;
	set_options(new);
	*wire = new;
	return 0;
}

void libpin_wire_close(struct libpin_wire *wire)
{
	if (!wire)
		return;
	nl_socket_free(wire->sock);
	free(wire);
}

struct nl_msg *libpin_wire_request(const struct libpin_wire *wire, uint8_t cmd, int flags)
{
	struct nl_msg *request = nlmsg_alloc();

	if (request && !genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, wire->family, 0,
				    NLM_F_REQUEST | flags, cmd, PIN_NL_VERSION)) {
		nlmsg_free(request);
		return NULL;
	}
	return request;
}

int libpin_wire_send(struct libpin_wire *wire, struct nl_msg *request)
{
	struct nlmsghdr *header = nlmsg_hdr(request);
	ssize_t sent;

	nl_complete_msg(wire->sock, request);
	wire->sequence = header->nlmsg_seq;
	wire->left = 0;
	wire->words[0] = '\0';
	do {
		sent = send(nl_socket_get_fd(wire->sock), header, header->nlmsg_len, 0);
	} while (sent < 0 && errno == EINTR);
	nlmsg_free(request);
	return sent < 0 ? -errno : 0;
}

/* The next datagram of the kernel. */
static int receive(struct libpin_wire *wire, int flags)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_length = sizeof(from);
	ssize_t got;

	do {
		got = recvfrom(nl_socket_get_fd(wire->sock), wire->buffer,
			       sizeof(wire->buffer), flags | MSG_TRUNC,
			       (struct sockaddr *)&from, &from_length);
		if (got < 0 && errno != EINTR)
			return -errno;
	} while (got < 0 || from.nl_pid);
	if (!got || (size_t)got > sizeof(wire->buffer))
		return -EPROTO;
	wire->next = (struct nlmsghdr *)wire->buffer;
	wire->left = (int)got;
	return 0;
}

int libpin_wire_hear(struct libpin_wire *wire, struct nlmsghdr **message)
{
	int ret;

	while (!nlmsg_ok(wire->next, wire->left)) {
		ret = receive(wire, MSG_DONTWAIT);
		if (ret)
			return ret;
	}
	*message = wire->next;
	wire->next = nlmsg_next(wire->next, &wire->left);
	return 1;
}

/* The words behind the first @skip bytes of a message that says how it ended. */
static void note_words(struct libpin_wire *wire, struct nlmsghdr *message, size_t skip)
{
	struct nlattr *attr;
	int left;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    (size_t)nlmsg_datalen(message) < skip)
		return;
	attr = (struct nlattr *)((char *)nlmsg_data(message) + skip);
	left = nlmsg_datalen(message) - (int)skip;
	for (; nla_ok(attr, left); attr = nla_next(attr, &left))
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			libpin_attr_text(attr, wire->words, sizeof(wire->words));
}

/* An error or an acknowledgment: the request was repeated up to its header. */
static int answer_error(struct libpin_wire *wire, struct nlmsghdr *message)
{
	struct nlmsgerr *error = nlmsg_data(message);
	size_t skip = sizeof(*error);

	if ((size_t)nlmsg_datalen(message) < sizeof(*error) || error->error > 0)
		return -EPROTO;
	if (!(message->nlmsg_flags & NLM_F_CAPPED) &&
	    error->msg.nlmsg_len >= sizeof(error->msg))
		skip += NLMSG_ALIGN((size_t)error->msg.nlmsg_len) - sizeof(error->msg);
	note_words(wire, message, skip);
	return error->error;
}

/* The end of a dump. */
static int answer_done(struct libpin_wire *wire, struct nlmsghdr *message)
{
	int error;

	if ((size_t)nlmsg_datalen(message) < sizeof(error))
		return 0;
	memcpy(&error, nlmsg_data(message), sizeof(error));
	if (error > 0)
		return -EPROTO;
	note_words(wire, message, sizeof(error));
	return error;
}

int libpin_wire_answer(struct libpin_wire *wire, struct nlmsghdr **message)
{
	int ret;

	for (;;) {
		while (!nlmsg_ok(wire->next, wire->left)) {
			ret = receive(wire, 0);
			if (ret)
				return ret;
		}
		*message = wire->next;
		wire->next = nlmsg_next(wire->next, &wire->left);
		if ((*message)->nlmsg_seq != wire->sequence)
			continue;
		if ((*message)->nlmsg_type == NLMSG_ERROR)
			return answer_error(wire, *message);
		if ((*message)->nlmsg_type == NLMSG_DONE)
			return answer_done(wire, *message);
		if ((*message)->nlmsg_type == wire->family)
			return genlmsg_valid_hdr(*message, 0) ? 1 : -EPROTO;
	}
}
