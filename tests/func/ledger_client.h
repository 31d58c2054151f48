/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the ledger for the suites: sends one request and takes in every answer,
 * with the errno and the words of the extended acknowledgment.  Each thread has a
 * connection of its own, or none.
 */
#ifndef PIN_TEST_LEDGER_CLIENT_H
#define PIN_TEST_LEDGER_CLIENT_H

#include "harness.h"

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <pin/netlink.h>

/* A pin as the ledger tells it. */
struct ledger_pin {
	uint64_t u64[PIN_NL_A_PIN_PFN_COUNT + 1];	/* by enum pin_nl_a_pin */
	bool has[PIN_NL_A_PIN_PFN_COUNT + 1];
	char comm[PIN_COMM_LEN];
	uint64_t nodes_pages;		/* of all nodes */
};

struct ledger_pins {
	struct ledger_pin *array;
	size_t count;
	size_t capacity;
	bool interrupted;		/* NLM_F_DUMP_INTR was seen */
};

struct ledger_totals {
	uint64_t u64[PIN_NL_A_TOTALS_LEAKS + 1];
	uint64_t refusals[REASONS];
	uint64_t revocations[PIN_CAUSE_ADMIN + 1];
};

/* What the last call of this thread was answered. */
struct ledger_said {
	int err;			/* 0 or -errno */
	char message[256];
	bool missing;			/* it names an attribute that is missing */
	uint32_t offset;		/* of the bad attribute in the message, or 0 */
};

extern __thread struct ledger_said ledger_said;

/*
 * The last answer was an error with words, or without where Linux has no room for them:
 * 6.1 has none in what refuses a dump before it begins (cb->extack is not set).
 */
bool ledger_has_words(bool dump);

/* Connects the calling process; again after fork() or with another user's rights. */
void ledger_connect(void);
/* The same, if the family can be found; -errno of libnl otherwise. */
int ledger_try_connect(void);
void ledger_disconnect(void);
struct nl_sock *ledger_socket(void);
/* Back to one that was connected before. */
void ledger_use(struct nl_sock *before);
int ledger_family(void);

/* A request, to be given to ledger_ask(); attributes are added by nla_put_*(). */
struct nl_msg *ledger_request(uint8_t cmd, int flags);
/* Sends, frees, and calls @each for every message until the end; 0 or -errno. */
int ledger_ask(struct nl_msg *request,
	       void (*each)(struct nlmsghdr *message, void *data), void *data);
/* Receives what there is and calls @each; true when the end was among it. */
bool ledger_receive(void (*each)(struct nlmsghdr *message, void *data), void *data);
void ledger_send(struct nl_msg *request);

void ledger_parse_pin(struct nlmsghdr *message, struct ledger_pin *pin);
int ledger_get(uint64_t id, struct ledger_pin *pin);
/* All pins that match the attributes already in @request, which may be NULL. */
int ledger_dump(struct nl_msg *request, struct ledger_pins *pins);
const struct ledger_pin *ledger_among(const struct ledger_pins *pins, uint64_t id);
int ledger_totals(struct ledger_totals *totals);
/* Takes a pin away; its pages and its charge are given back soon after. */
int ledger_force(uint64_t id);

/* An event as the ledger tells it. */
struct ledger_event {
	uint8_t cmd;
	uint64_t u64[PIN_NL_A_EVENT_ADMIN_COMM + 1];	/* by enum pin_nl_a_event */
	bool has[PIN_NL_A_EVENT_ADMIN_COMM + 1];
	struct ledger_pin pin;
	uint64_t context[PIN_NL_A_CONTEXT_START_TIME + 1];
};

/* That many; a tenth on a kernel that checks so much that it would take minutes. */
unsigned long ledger_scaled(unsigned long count);

/* The number of the group of everybody's events. */
int ledger_group(void);
/* Listens on a socket of its own; @buffer: its SO_RCVBUFFORCE, 0: as it is. */
void ledger_listen(int buffer);
/* The next event, waited for: 0, or -ENOBUFS if some were lost. */
int ledger_hear(struct ledger_event *event);
/* Is there none now? */
bool ledger_is_quiet(void);
void ledger_stop_listening(void);

#endif /* PIN_TEST_LEDGER_CLIENT_H */
