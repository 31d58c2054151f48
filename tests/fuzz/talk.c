// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations on the ledger: requests that are made byte by byte, sound ones and others,
 * with as many answers read as the case says.
 */
#include "operation.h"

#include "desk.h"
#include "ground.h"
#include "judge.h"
#include "run.h"
#include "talk.h"

#include "../func/ledger_client.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pin/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM		1024

static int family, group;

void talk_open(void)
{
	ledger_connect();
	family = ledger_family();
	group = ledger_group();
	ledger_disconnect();
}

/* A message as it grows. */
struct letter {
	union {
		struct nlmsghdr header;
		uint8_t bytes[ROOM];
	};
	size_t length;
};

static void add(struct letter *letter, const void *data, size_t bytes)
{
	size_t padded = NLMSG_ALIGN(bytes);

	if (letter->length + padded > ROOM)
		return;
	memset(letter->bytes + letter->length, 0, padded);
	memcpy(letter->bytes + letter->length, data, bytes);
	letter->length += padded;
}

static void add_attribute(struct letter *letter, uint16_t type, uint64_t value, uint16_t bytes)
{
	uint8_t raw[NLA_HDRLEN + sizeof(value)] = { };
	struct nlattr header = { .nla_len = NLA_HDRLEN + bytes, .nla_type = type };

	memcpy(raw, &header, sizeof(header));
	memcpy(raw + NLA_HDRLEN, &value, sizeof(value));
	add(letter, raw, NLA_HDRLEN + (bytes < sizeof(value) ? bytes : sizeof(value)));
}

static void begin(struct player *player, struct letter *letter, uint8_t cmd, int flags)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = PIN_NL_VERSION };

	letter->header = (struct nlmsghdr) {
		.nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++player->serial,
	};
	letter->length = NLMSG_HDRLEN;
	add(letter, &genl, sizeof(genl));
}

static int sock_of(int *sock)
{
	if (*sock < 0)
		*sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			       NETLINK_GENERIC);
	return *sock;
}

/* The error that the answers end with, 0, or -EAGAIN if there is no end yet. */
static long hear(struct player *player, unsigned int messages)
{
	static const int allowed[] = {
		EINVAL, EPERM, ENOENT, ESTALE, EOPNOTSUPP, ERANGE, EOVERFLOW, EBUSY, EMSGSIZE,
		EINTR, ENOMEM, 0,
	};
	uint8_t *room = player->desk->room;

	while (messages--) {
		long got = recv(player->ledger, room, DESK_ROOM, MSG_DONTWAIT);
		struct nlmsghdr *header = (struct nlmsghdr *)room;
		int err;

		if (got < 0)
			return -errno;
		for (; NLMSG_OK(header, got); header = NLMSG_NEXT(header, got)) {
			if (header->nlmsg_type != NLMSG_ERROR && header->nlmsg_type != NLMSG_DONE)
				continue;
			memcpy(&err, NLMSG_DATA(header), sizeof(err));
			judge_errno("the ledger", -err, allowed);
			return err;
		}
	}
	return -EAGAIN;
}

static long post(struct player *player, struct letter *letter)
{
	uint8_t how = stream_byte(&player->in);

	letter->header.nlmsg_len = letter->length;
	if (how >= 0xf0)
		letter->header.nlmsg_len -= how & 7;
	if (sock_of(&player->ledger) < 0 ||
	    send(player->ledger, letter->bytes, letter->length, 0) < 0)
		return -errno;
	/* Some do not hear it to its end. */
	return hear(player, how < 0xd0 ? 64 : how & 1);
}

/* What narrows a dump, a pin's id, or nothing of the kind. */
static void add_chosen(struct player *player, struct letter *letter)
{
	static const struct {
		uint8_t type;
		uint8_t bytes;
	} known[] = {
		{ PIN_NL_A_PIN_CONTEXT, 8 }, { PIN_NL_A_PIN_MODE, 4 }, { PIN_NL_A_PIN_STATE, 4 },
		{ PIN_NL_A_PIN_UID, 4 }, { PIN_NL_A_PIN_PID, 4 }, { PIN_NL_A_PIN_NODE_ID, 4 },
	};
	struct stream *in = &player->in;
	uint8_t how = stream_byte(in);
	struct range range;

	switch (how & 7) {
	case 0:
		range = ground_range(in);
		add_attribute(letter, PIN_NL_A_PIN_ADDR, range.addr, 8);
		add_attribute(letter, PIN_NL_A_PIN_LENGTH, range.length, 8);
		return;
	case 1:
		add_attribute(letter, PIN_NL_A_PIN_PFN, stream_take(in, 3), 8);
		add_attribute(letter, PIN_NL_A_PIN_PFN_COUNT, stream_take(in, 3), 8);
		return;
	case 2:
		add_attribute(letter, stream_byte(in), stream_take(in, 2), stream_byte(in) % 16);
		return;
	default:
		how = (how >> 3) % (sizeof(known) / sizeof(*known));
		add_attribute(letter, known[how].type, stream_choose(in, 4), known[how].bytes);
	}
}

static long ask_about(struct player *player, uint8_t cmd)
{
	const struct known_pin *pin;
	struct letter letter;
	long err;

	begin(player, &letter, cmd, NLM_F_ACK);
	add_attribute(&letter, PIN_NL_A_PIN_ID, world_id(player, &pin), 8);
	if (stream_byte(&player->in) >= 0xe0)
		add_chosen(player, &letter);
	err = post(player, &letter);
	return err;
}

static long do_get(struct player *player)
{
	return ask_about(player, PIN_NL_CMD_PIN_GET);
}

static long do_release(struct player *player)
{
	player->world->uncertain = true;
	return ask_about(player, PIN_NL_CMD_PIN_RELEASE);
}

static long do_dump(struct player *player)
{
	unsigned int attributes = stream_byte(&player->in) % 4;
	struct letter letter;

	begin(player, &letter, PIN_NL_CMD_PIN_GET, NLM_F_DUMP);
	while (attributes--)
		add_chosen(player, &letter);
	return post(player, &letter);
}

static long do_contexts(struct player *player)
{
	struct letter letter;

	begin(player, &letter, PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP);
	return post(player, &letter);
}

static long do_totals(struct player *player)
{
	struct letter letter;

	begin(player, &letter, PIN_NL_CMD_TOTALS_GET, NLM_F_ACK);
	return post(player, &letter);
}

/* Any command, flags and bytes. */
static long do_rubbish(struct player *player)
{
	struct stream *in = &player->in;
	unsigned int bytes = stream_byte(in) % 64;
	struct letter letter;

	begin(player, &letter, stream_byte(in) % 12, stream_take(in, 2) | NLM_F_ACK);
	while (bytes--) {
		uint32_t word = stream_take(in, 2);

		add(&letter, &word, sizeof(word));
	}
	player->world->uncertain = true;
	return post(player, &letter);
}

static long do_listen(struct player *player)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = sock_of(&player->listener);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return result_of(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				    sizeof(group)));
}

static long do_hear(struct player *player)
{
	if (player->listener < 0)
		return -EBADF;
	return recv(player->listener, player->desk->room, DESK_ROOM, MSG_DONTWAIT) < 0 ?
		       -errno : 0;
}

void talk_end(struct player *player)
{
	if (player->ledger >= 0)
		close(player->ledger);
	if (player->listener >= 0)
		close(player->listener);
	player->ledger = -1;
	player->listener = -1;
}

const struct operation operations_ledger[] = {
	{ "ledger-get", 5, do_get, true },
	{ "ledger-dump", 4, do_dump, true },
	{ "ledger-contexts", 1, do_contexts, true },
	{ "ledger-totals", 2, do_totals, true },
	{ "ledger-release", 3, do_release, true },
	{ "ledger-rubbish", 2, do_rubbish, true },
	{ "listen", 1, do_listen, true },
	{ "hear", 2, do_hear, true },
	{ }
};
