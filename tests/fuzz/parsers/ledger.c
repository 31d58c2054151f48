// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel sends, or something in its place: answers of the ledger and events, put
 * together of bytes and given to libpin by the fake of the unit tests.
 */
#include "entry.h"

#include <check.h>
#include <libpin_ledger.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../unit/fake_wire.h"

#define MESSAGES_MAX	16
#define PAYLOAD_MAX	1024

static const uint8_t *bytes;
static size_t left;

/* The fake asserts as libcheck does, which tells a test runner; here there is none. */
void _mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void _ck_assert_failed(const char *file, int line, const char *expression, const char *message,
		       ...)
{
	fprintf(stderr, "%s:%d: %s %s\n", file, line, expression ? expression : "",
		message ? message : "");
	abort();
}

static uint8_t next_byte(void)
{
	if (!left)
		return 0;
	left--;
	return *bytes++;
}

/* Mostly of the ledger; also an error, an end, and what is none of them. */
static uint16_t next_type(void)
{
	static const uint16_t types[] = { NLMSG_ERROR, NLMSG_DONE, NLMSG_NOOP, NLMSG_OVERRUN };
	uint8_t which = next_byte();

	return which < 0xc0 ? FAKE_FAMILY : which < 0xf0 ? types[which % 4] : which;
}

static void queue_message(int index, uint32_t sequence)
{
	struct {
		struct nlmsghdr header;
		struct genlmsghdr genl;
		uint8_t payload[PAYLOAD_MAX];
	} message = {
		.header = {
			.nlmsg_type = next_type(), .nlmsg_flags = next_byte(),
			.nlmsg_seq = sequence,
		},
		.genl = { .cmd = next_byte(), .version = 1 },
	};
	size_t payload = next_byte() * 4;
	uint8_t lie = next_byte();

	if (payload > left)
		payload = left;
	memcpy(message.payload, bytes, payload);
	bytes += payload;
	left -= payload;
	message.header.nlmsg_len = sizeof(message.header) + sizeof(message.genl) + payload;
	/* It can say that it is longer or shorter than it is. */
	if (lie >= 0xf0)
		message.header.nlmsg_len += (lie & 15) - 8;
	wire_queue_bytes(index, &message,
			 sizeof(message.header) + sizeof(message.genl) + payload);
}

static void answer(int index, struct nlmsghdr *request)
{
	unsigned int count;

	for (count = 0; left && count < MESSAGES_MAX; count++)
		queue_message(index, request->nlmsg_seq);
}

static void look_at_pin(const struct libpin_record *pin)
{
	size_t i;

	for (i = 0; i <= libpin_record_node_count(pin); i++) {
		libpin_record_node(pin, i);
		libpin_record_node_pages(pin, i);
	}
	if (strlen(libpin_record_comm(pin)) > 16)
		__builtin_trap();
}

static void get_one(struct libpin_ledger *ledger)
{
	struct libpin_record *pin = NULL;

	if (libpin_ledger_get(ledger, 1, &pin))
		return;
	look_at_pin(pin);
	libpin_record_free(pin);
}

static void dump_pins(struct libpin_ledger *ledger)
{
	const struct libpin_record *pin;
	struct libpin_dump *dump;

	if (libpin_dump_pins(ledger, NULL, &dump))
		return;
	while (libpin_dump_next_pin(dump, &pin) == 1)
		look_at_pin(pin);
	libpin_dump_is_interrupted(dump);
	libpin_dump_free(dump);
}

static void dump_contexts(struct libpin_ledger *ledger)
{
	const struct libpin_context_record *context;
	struct libpin_dump *dump;

	if (libpin_dump_contexts(ledger, &dump))
		return;
	while (libpin_dump_next_context(dump, &context) == 1)
		if (strlen(libpin_context_record_comm(context)) > 16)
			__builtin_trap();
	libpin_dump_free(dump);
}

static void sum_up(struct libpin_ledger *ledger)
{
	struct libpin_totals *totals;
	uint32_t i;

	if (libpin_totals_get(ledger, &totals))
		return;
	for (i = 0; i < 40; i++) {
		libpin_totals_refusals(totals, i);
		libpin_totals_revocations(totals, i);
		libpin_totals_pins(totals, i);
	}
	libpin_totals_free(totals);
}

static void listen_to_it(void)
{
	const struct libpin_notice *notice;
	struct nlmsghdr none = { };
	struct libpin_monitor *monitor;
	unsigned int i;

	if (libpin_monitor_open(&monitor, 0))
		return;
	answer(0, &none);
	for (i = 0; i < 2 * MESSAGES_MAX; i++)
		if (libpin_monitor_next(monitor, 0, &notice) == 1) {
			if (libpin_notice_pin(notice))
				look_at_pin(libpin_notice_pin(notice));
			libpin_notice_context(notice);
			libpin_notice_admin_comm(notice);
			libpin_notice_type_name(libpin_notice_type(notice));
		}
	libpin_monitor_close(monitor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const asks[])(struct libpin_ledger *ledger) = {
		get_one, dump_pins, dump_contexts, sum_up,
	};
	struct libpin_ledger *ledger;
	uint8_t what;

	bytes = data;
	left = size;
	what = next_byte();
	wire_reset(answer);
	if (what % 5 == 4) {
		listen_to_it();
	} else if (!libpin_ledger_open(&ledger)) {
		asks[what % 5](ledger);
		libpin_ledger_words(ledger);
		libpin_ledger_close(ledger);
	}
	return 0;
}
