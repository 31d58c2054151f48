/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wire: one netlink socket to the ledger, requests that go out over it and the messages
 * that come in; and the objects that are made of such messages.
 *
 * libnl is used to resolve the family and to put messages together and take them apart.
 * What comes in is received here: libnl 3.7 knows no extended acknowledgment, and gives
 * one error for no memory and for events that were lost.
 *
 * That the ledger is in libpin itself makes libnl-genl a dependency of everybody who only
 * pins. libibverbs, which most of those have, depends on it already, and whoever links
 * the archive gets only what he uses.
 */
#ifndef _LIBPIN_WIRE_H
#define _LIBPIN_WIRE_H

#include <libpin_ledger.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "private.h"

/* More than any answer of the module has: a pin on 1024 nodes takes 29 KiB. */
#define WIRE_BUFFER	65536

/*
 * @next and @left: what is still to be looked at of the last datagram. @sequence is that
 * of the last request: what answers another one is skipped.
 */
struct libpin_wire {
	struct nl_sock *sock;
	int family;
	uint32_t sequence;
	struct nlmsghdr *next;
	int left;
	char words[256];
	uint64_t buffer[WIRE_BUFFER / sizeof(uint64_t)];
};

struct libpin_ledger {
	struct libpin_wire *wire;
};

/* Room for @capacity of them; @count are there. */
struct record_nodes {
	struct record_node {
		uint32_t node;
		uint64_t pages;
	} *array;
	size_t count;
	size_t capacity;
};

/* Numbers by their attribute; what was not told is 0. */
struct libpin_record {
	uint64_t numbers[PIN_NL_A_PIN_PFN_COUNT + 1];
	char comm[PIN_COMM_LEN + 1];
	struct record_nodes nodes;
};

struct libpin_context_record {
	uint64_t numbers[PIN_NL_A_CONTEXT_START_TIME + 1];
	char comm[PIN_COMM_LEN + 1];
};

/* wire.c */
int libpin_wire_open(struct libpin_wire **wire);
void libpin_wire_close(struct libpin_wire *wire);
/* The number of the family, or of its group if @group is not NULL; -errno. */
int libpin_wire_resolve(struct nl_sock *sock, const char *group);
/* A request; the caller frees it with nlmsg_free(). NULL: no memory. */
struct nl_msg *libpin_wire_request(const struct libpin_wire *wire, uint8_t cmd, int flags);
/* Sends @request and frees it. */
int libpin_wire_send(struct libpin_wire *wire, struct nl_msg *request);
/* 1 and the next message of the answer; 0 at its end; -errno. */
int libpin_wire_answer(struct libpin_wire *wire, struct nlmsghdr **message);
/* 1 and the next message of whatever kind; -EAGAIN: none is there; -errno. */
int libpin_wire_hear(struct libpin_wire *wire, struct nlmsghdr **message);

/* record.c */
int libpin_attr_number(struct nlattr *attr, uint64_t *number);
void libpin_attr_text(struct nlattr *attr, char *text, size_t size);
int libpin_record_parse(struct nlattr *attr, int left, struct libpin_record *record);
void libpin_record_clear(struct libpin_record *record);
int libpin_context_record_parse(struct nlattr *attr, int left,
				struct libpin_context_record *record);

#endif /* _LIBPIN_WIRE_H */
