/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fake wire: a kernel that answers the ledger's requests as a test wants it, in place of
 * netlink sockets.  Sockets are told apart by the order in which they were connected.
 */
#ifndef _TESTS_UNIT_FAKE_WIRE_H
#define _TESTS_UNIT_FAKE_WIRE_H

#include <libpin_ledger.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#define FAKE_FAMILY 28

/* Gets each request that is sent over socket @index, and queues the answers. */
typedef void (*wire_handler)(int index, struct nlmsghdr *request);

/* Forgets all sockets and what is queued. */
void wire_reset(wire_handler handler);
/* The errno of connecting, of libnl; 0: it succeeds. */
void wire_fail_connect(int nl_error);

/* Sending fails once with @error; so do poll(2), and looking for the group of events. */
void wire_fail_send(int error);
void wire_fail_poll(int error);
void wire_fail_group(int nl_error);
/* Nobody may have a larger buffer than the system's limit. */
void wire_refuse_force(void);
/* What the buffer was set to, within the limit. */
int wire_buffer(void);

/* A message of the family: the caller puts attributes in, then queues it. */
struct nl_msg *wire_message(uint32_t sequence, uint16_t type, uint8_t cmd, uint16_t flags);
/* As a datagram of its own; frees the message. */
void wire_queue(int index, struct nl_msg *message);
/* Behind the message queued last, in the same datagram. */
void wire_append(int index, struct nl_msg *message);
/* Any bytes. */
void wire_queue_bytes(int index, const void *bytes, size_t length);
/* From somebody else than the kernel. */
void wire_queue_foreign(int index, struct nl_msg *message);
/* Receiving fails once with @error. */
void wire_queue_error(int index, int error);
/* How a request ended: 0 or -errno, with words or NULL. */
void wire_queue_ack(int index, struct nlmsghdr *request, int error, const char *words);
/* The end of a dump. */
void wire_queue_done(int index, struct nlmsghdr *request, int error, uint16_t flags,
		     const char *words);
/* What is not received yet, and how often poll(2) was called. */
size_t wire_left(int index);
unsigned int wire_polls(void);

/* The attributes that make a pin whole, with two nodes. */
void wire_put_pin(struct nl_msg *message, uint64_t id);
void wire_put_context(struct nl_msg *message, uint64_t id);

#endif /* _TESTS_UNIT_FAKE_WIRE_H */
