// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger: requests, dumps and sums, with a kernel that answers what it should, what a
 * newer one could, and what none may.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <string.h>

#include "fake_wire.h"
#include "suites.h"

#define BIG(attribute) ((1ULL << 40) + PIN_NL_A_##attribute)
#define SMALL(attribute) (1000U + PIN_NL_A_##attribute)

static struct libpin_ledger *open_ledger(wire_handler handler)
{
	struct libpin_ledger *ledger;

	wire_reset(handler);
	ck_assert_int_eq(libpin_ledger_open(&ledger), 0);
	return ledger;
}

static uint8_t cmd_of(struct nlmsghdr *request)
{
	return ((struct genlmsghdr *)nlmsg_data(request))->cmd;
}

static uint64_t id_of(struct nlmsghdr *request)
{
	struct nlattr *attr = nlmsg_find_attr(request, GENL_HDRLEN, PIN_NL_A_PIN_ID);

	ck_assert_ptr_nonnull(attr);
	return nla_get_u64(attr);
}

static struct nl_msg *pin_message(struct nlmsghdr *request, uint64_t id, uint16_t flags)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY,
					      PIN_NL_CMD_PIN_GET, flags);

	wire_put_pin(message, id);
	return message;
}

static void check_record(const struct libpin_record *record, uint64_t id)
{
	ck_assert_uint_eq(libpin_record_id(record), id);
	ck_assert_uint_eq(libpin_record_context(record), BIG(PIN_CONTEXT));
	ck_assert_uint_eq(libpin_record_address(record), BIG(PIN_ADDR));
	ck_assert_uint_eq(libpin_record_length(record), BIG(PIN_LENGTH));
	ck_assert_uint_eq(libpin_record_flags(record), SMALL(PIN_FLAGS));
	ck_assert_uint_eq(libpin_record_mode(record), SMALL(PIN_MODE));
	ck_assert_uint_eq(libpin_record_state(record), SMALL(PIN_STATE));
	ck_assert_uint_eq(libpin_record_cookie(record), BIG(PIN_COOKIE));
	ck_assert_uint_eq(libpin_record_pages(record), BIG(PIN_PAGES));
	ck_assert_uint_eq(libpin_record_references(record), BIG(PIN_REFERENCES));
	ck_assert_uint_eq(libpin_record_runs(record), BIG(PIN_RUNS));
	ck_assert_uint_eq(libpin_record_charged_pages(record), BIG(PIN_CHARGED_PAGES));
	ck_assert_uint_eq(libpin_record_user_charged_pages(record),
			  BIG(PIN_USER_CHARGED_PAGES));
	ck_assert_uint_eq(libpin_record_uid(record), SMALL(PIN_UID));
	ck_assert_int_eq(libpin_record_pid(record), SMALL(PIN_PID));
	ck_assert_int_eq(libpin_record_ns_pid(record), SMALL(PIN_NS_PID));
	ck_assert_uint_eq(libpin_record_pid_ns(record), SMALL(PIN_PID_NS));
	ck_assert_uint_eq(libpin_record_cgroup(record), BIG(PIN_CGROUP));
	ck_assert_uint_eq(libpin_record_start_time_ns(record), BIG(PIN_START_TIME));
	ck_assert_str_eq(libpin_record_comm(record), "holder");
	ck_assert_uint_eq(libpin_record_node_count(record), 2);
	ck_assert_uint_eq(libpin_record_node(record, 0), 3);
	ck_assert_uint_eq(libpin_record_node_pages(record, 0), 30);
	ck_assert_uint_eq(libpin_record_node(record, 1), 5);
	ck_assert_uint_eq(libpin_record_node_pages(record, 1), 50);
	ck_assert_uint_eq(libpin_record_node(record, 2), 0);
	ck_assert_uint_eq(libpin_record_node_pages(record, 2), 0);
}

/* --- one pin */

static void answer_pin(int index, struct nlmsghdr *request)
{
	ck_assert_int_eq(cmd_of(request), PIN_NL_CMD_PIN_GET);
	ck_assert_int_eq(request->nlmsg_type, FAKE_FAMILY);
	wire_queue(index, pin_message(request, id_of(request), 0));
	wire_queue_ack(index, request, 0, NULL);
}

START_TEST(test_get)
{
	struct libpin_ledger *ledger = open_ledger(answer_pin);
	struct libpin_record *record;

	ck_assert_int_eq(libpin_ledger_get(ledger, 42, &record), 0);
	check_record(record, 42);
	ck_assert_ptr_null(libpin_ledger_words(ledger));
	libpin_record_free(record);
	libpin_ledger_close(ledger);
}
END_TEST

static void answer_no(int index, struct nlmsghdr *request)
{
	wire_queue_ack(index, request, -ENOENT, "no such pin");
}

START_TEST(test_no_such_pin)
{
	struct libpin_ledger *ledger = open_ledger(answer_no);
	struct libpin_record *record = (void *)1;

	ck_assert_int_eq(libpin_ledger_get(ledger, 42, &record), -ENOENT);
	ck_assert_ptr_null(record);
	ck_assert_str_eq(libpin_ledger_words(ledger), "no such pin");
	ck_assert_int_eq(libpin_ledger_release(ledger, 42), -ENOENT);
	wire_reset(answer_pin);
	libpin_ledger_close(ledger);
}
END_TEST

static void answer_release(int index, struct nlmsghdr *request)
{
	ck_assert_int_eq(cmd_of(request), PIN_NL_CMD_PIN_RELEASE);
	ck_assert_uint_eq(id_of(request), 43);
	wire_queue_ack(index, request, 0, NULL);
}

START_TEST(test_release)
{
	struct libpin_ledger *ledger = open_ledger(answer_release);

	ck_assert_int_eq(libpin_ledger_release(ledger, 43), 0);
	ck_assert_ptr_null(libpin_ledger_words(ledger));
	ck_assert_uint_eq(wire_left(0), 0);
	libpin_ledger_close(ledger);
}
END_TEST

/* A request that is repeated in full stands before the words. */
static void answer_uncapped(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = nlmsg_alloc();
	int error = -EPERM;

	nlmsg_put(message, 1, request->nlmsg_seq, NLMSG_ERROR, 0, NLM_F_ACK_TLVS);
	nlmsg_append(message, &error, sizeof(error), 0);
	nlmsg_append(message, request, request->nlmsg_len, NLMSG_ALIGNTO);
	nla_put_string(message, NLMSGERR_ATTR_MSG, "not yours");
	wire_queue(index, message);
}

START_TEST(test_words_behind_request)
{
	struct libpin_ledger *ledger = open_ledger(answer_uncapped);

	ck_assert_int_eq(libpin_ledger_release(ledger, 1), -EPERM);
	ck_assert_str_eq(libpin_ledger_words(ledger), "not yours");
	libpin_ledger_close(ledger);
}
END_TEST

/* Another pin; none, but done; a number above 0 for an errno. */
static void answer_other(int index, struct nlmsghdr *request)
{
	wire_queue(index, pin_message(request, id_of(request) + 1, 0));
	wire_queue_ack(index, request, 0, NULL);
}

static void answer_nothing(int index, struct nlmsghdr *request)
{
	wire_queue_ack(index, request, 0, NULL);
}

static void answer_positive(int index, struct nlmsghdr *request)
{
	wire_queue_ack(index, request, 5, NULL);
}

static void answer_short_error(int index, struct nlmsghdr *request)
{
	struct nlmsghdr header = *request;

	header.nlmsg_len = sizeof(header);
	header.nlmsg_type = NLMSG_ERROR;
	wire_queue_bytes(index, &header, sizeof(header));
}

static void answer_no_genl(int index, struct nlmsghdr *request)
{
	struct nlmsghdr header = *request;

	header.nlmsg_len = sizeof(header);
	wire_queue_bytes(index, &header, sizeof(header));
}

static void answer_long_number(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = pin_message(request, id_of(request), 0);

	nla_put(message, PIN_NL_A_PIN_COOKIE, 16, "0123456789abcdef");
	wire_queue(index, message);
	wire_queue_ack(index, request, 0, NULL);
}

static void answer_too_much(int index, struct nlmsghdr *request)
{
	wire_queue_error(index, EINTR);
	wire_queue_ack(index, request, 5, NULL);
}

static void answer_empty(int index, struct nlmsghdr *request)
{
	(void)request;
	wire_queue_bytes(index, "", 0);
}

static const wire_handler senseless[] = {
	answer_other, answer_nothing, answer_positive, answer_short_error, answer_no_genl,
	answer_long_number, answer_too_much, answer_empty,
};

START_TEST(test_senseless)
{
	struct libpin_ledger *ledger = open_ledger(senseless[_i]);
	struct libpin_record *record = (void *)1;

	ck_assert_int_eq(libpin_ledger_get(ledger, 42, &record), -EPROTO);
	ck_assert_ptr_null(record);
	libpin_ledger_close(ledger);
}
END_TEST

/* What a newer module adds, a comm without an end, an answer to somebody else. */
static void answer_newer(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq - 1, FAKE_FAMILY,
					      PIN_NL_CMD_PIN_GET, 0);

	wire_queue(index, message);
	wire_queue_foreign(index, pin_message(request, 666, 0));
	message = pin_message(request, id_of(request), 0);
	nla_put_string(message, PIN_NL_A_PIN_PFN_COUNT + 5, "new");
	nla_put(message, PIN_NL_A_PIN_COMM, 40, "0123456789012345678901234567890123456789");
	wire_queue(index, message);
	wire_append(index, wire_message(request->nlmsg_seq, FAKE_FAMILY + 1, 1, 0));
	wire_queue_ack(index, request, 0, NULL);
}

START_TEST(test_newer_module)
{
	struct libpin_ledger *ledger = open_ledger(answer_newer);
	struct libpin_record *record;

	ck_assert_int_eq(libpin_ledger_get(ledger, 42, &record), 0);
	ck_assert_uint_eq(libpin_record_id(record), 42);
	ck_assert_str_eq(libpin_record_comm(record), "0123456789012345");
	libpin_record_free(record);
	libpin_ledger_close(ledger);
}
END_TEST

/* --- hostile: each byte another, each length shorter */

static struct {
	size_t at;
	int value;
	size_t cut;
} harm;

static void answer_harmed(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = pin_message(request, id_of(request), 0);
	unsigned char bytes[2048];
	size_t length = nlmsg_hdr(message)->nlmsg_len;

	ck_assert_uint_le(length, sizeof(bytes));
	memcpy(bytes, nlmsg_hdr(message), length);
	nlmsg_free(message);
	if (harm.at < length)
		bytes[harm.at] = (unsigned char)harm.value;
	harm.at = harm.at < length ? harm.at + 1 : 0;
	wire_queue_bytes(index, bytes, harm.cut && harm.cut < length ? harm.cut : length);
	if (harm.cut >= length)
		harm.cut = 0;
	wire_queue_ack(index, request, 0, NULL);
}

/* Whatever comes: an answer or an error, and nothing is read that is not there. */
static int survives(struct libpin_ledger *ledger)
{
	struct libpin_record *record = (void *)1;
	int ret = libpin_ledger_get(ledger, 42, &record);

	ck_assert_int_le(ret, 0);
	ck_assert_int_eq(!ret, !!record);
	libpin_record_free(record);
	return ret;
}

START_TEST(test_hostile_bytes)
{
	static const int values[] = { 0, 1, 4, 0x7f, 0xff };
	struct libpin_ledger *ledger;
	unsigned int failures = 0;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		harm.at = 0;
		harm.cut = 0;
		harm.value = values[i];
		do {
			ledger = open_ledger(answer_harmed);
			failures += survives(ledger) != 0;
			libpin_ledger_close(ledger);
		} while (harm.at);
	}
	ck_assert_uint_gt(failures, 100);
}
END_TEST

START_TEST(test_hostile_lengths)
{
	struct libpin_ledger *ledger;
	size_t cut = 0;

	harm.at = 100000;
	do {
		harm.cut = ++cut;
		ledger = open_ledger(answer_harmed);
		/* A message that is not there in full does not count. */
		ck_assert_int_eq(survives(ledger), harm.cut ? -EPROTO : 0);
		libpin_ledger_close(ledger);
		harm.at = 100000;
	} while (harm.cut);
	ck_assert_uint_gt(cut, 200);
}
END_TEST

/* --- dumps */

static unsigned int dump_requests;

/* Three pins in two datagrams, the second of which was interrupted. */
static void answer_dump(int index, struct nlmsghdr *request)
{
	ck_assert_int_eq(cmd_of(request), PIN_NL_CMD_PIN_GET);
	ck_assert_int_eq(request->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
	dump_requests++;
	wire_queue(index, pin_message(request, 7, NLM_F_MULTI));
	wire_append(index, pin_message(request, 8, NLM_F_MULTI));
	wire_queue(index, pin_message(request, 9, NLM_F_MULTI | NLM_F_DUMP_INTR));
	wire_queue_done(index, request, 0, NLM_F_MULTI, NULL);
}

START_TEST(test_dump)
{
	struct libpin_ledger *ledger = open_ledger(answer_dump);
	const struct libpin_context_record *context;
	const struct libpin_record *record;
	struct libpin_dump *dump;
	uint64_t id;

	dump_requests = 0;
	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), 0);
	for (id = 7; id <= 9; id++) {
		ck_assert_int_eq(libpin_dump_is_interrupted(dump), 0);
		ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
		check_record(record, id);
	}
	ck_assert_int_ne(libpin_dump_is_interrupted(dump), 0);
	ck_assert_int_eq(libpin_dump_next_context(dump, &context), -EINVAL);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	ck_assert_ptr_null(record);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	ck_assert_ptr_null(record);
	ck_assert_uint_eq(dump_requests, 1);
	libpin_dump_free(dump);
	libpin_ledger_close(ledger);
}
END_TEST

/* Given up in the middle, after the ledger itself. */
START_TEST(test_dump_outlives_ledger)
{
	struct libpin_ledger *ledger = open_ledger(answer_dump);
	const struct libpin_record *record;
	struct libpin_dump *dump;

	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), 0);
	libpin_ledger_close(ledger);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	check_record(record, 7);
	libpin_dump_free(dump);
}
END_TEST

/* The ledger's own socket is 0. */
static void answer_not_permitted(int index, struct nlmsghdr *request)
{
	if (!index) {
		wire_queue_ack(index, request, -ENOENT, "no such pin");
		return;
	}
	wire_queue_done(index, request, -EPERM, NLM_F_MULTI, "page frames take CAP_SYS_ADMIN");
}

static void answer_breaks(int index, struct nlmsghdr *request)
{
	wire_queue(index, pin_message(request, 7, NLM_F_MULTI));
	wire_queue(index, pin_message(request, 0, NLM_F_MULTI));
	wire_queue(index, pin_message(request, 9, NLM_F_MULTI));
}

/* A kernel that does not say how a dump ended, and one that says nonsense. */
static void answer_mere_end(int index, struct nlmsghdr *request)
{
	struct nlmsghdr header = *request;

	wire_queue(index, pin_message(request, 7, NLM_F_MULTI));
	header.nlmsg_len = NLMSG_HDRLEN;
	header.nlmsg_type = NLMSG_DONE;
	wire_queue_bytes(index, &header, sizeof(header));
}

static void answer_positive_end(int index, struct nlmsghdr *request)
{
	wire_queue_done(index, request, 5, NLM_F_MULTI, NULL);
}

START_TEST(test_dump_ends)
{
	struct libpin_ledger *ledger = open_ledger(answer_mere_end);
	const struct libpin_record *record;
	struct libpin_dump *dump;

	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), 0);
	ck_assert_int_eq(libpin_dump_next_pin(dump, NULL), -EINVAL);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	check_record(record, 7);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	ck_assert_ptr_null(record);
	libpin_dump_free(dump);
	libpin_ledger_close(ledger);
	ledger = open_ledger(answer_positive_end);
	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), -EPROTO);
	ck_assert_ptr_null(dump);
	libpin_ledger_close(ledger);
}
END_TEST

START_TEST(test_dump_fails)
{
	struct libpin_ledger *ledger = open_ledger(answer_not_permitted);
	const struct libpin_record *record;
	struct libpin_record *one;
	struct libpin_dump *dump;

	ck_assert_int_eq(libpin_ledger_get(ledger, 5, &one), -ENOENT);
	ck_assert_str_eq(libpin_ledger_words(ledger), "no such pin");
	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), -EPERM);
	ck_assert_ptr_null(dump);
	ck_assert_str_eq(libpin_ledger_words(ledger), "page frames take CAP_SYS_ADMIN");
	libpin_ledger_close(ledger);
	ledger = open_ledger(answer_breaks);
	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), 0);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), -EPROTO);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	ck_assert_ptr_null(record);
	libpin_dump_free(dump);
	libpin_ledger_close(ledger);
}
END_TEST

/* Every filter with its attribute and nothing else. */
static void answer_filtered(int index, struct nlmsghdr *request)
{
	static const struct {
		int attribute;
		uint64_t value;
	} want[] = {
		{ PIN_NL_A_PIN_CONTEXT, 1ULL << 33 }, { PIN_NL_A_PIN_ADDR, 0x7f0000000000 },
		{ PIN_NL_A_PIN_LENGTH, 1ULL << 34 }, { PIN_NL_A_PIN_MODE, PIN_MODE_LEASE },
		{ PIN_NL_A_PIN_STATE, PIN_STATE_LIVE }, { PIN_NL_A_PIN_UID, 1234 },
		{ PIN_NL_A_PIN_PID, 99 }, { PIN_NL_A_PIN_NODE_ID, 1 },
		{ PIN_NL_A_PIN_PFN, 1ULL << 35 }, { PIN_NL_A_PIN_PFN_COUNT, 32768 },
	};
	struct nlattr *attr = genlmsg_attrdata(nlmsg_data(request), 0);
	int left = genlmsg_attrlen(nlmsg_data(request), 0);
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert(nla_ok(attr, left));
		ck_assert_int_eq(nla_type(attr), want[i].attribute);
		ck_assert_uint_eq(nla_len(attr) == 8 ? nla_get_u64(attr) : nla_get_u32(attr),
				  want[i].value);
		attr = nla_next(attr, &left);
	}
	ck_assert_int_eq(left, 0);
	wire_queue_done(index, request, 0, NLM_F_MULTI, NULL);
}

START_TEST(test_filter)
{
	struct libpin_ledger *ledger = open_ledger(answer_filtered);
	const struct libpin_record *record;
	struct libpin_filter *filter;
	struct libpin_dump *dump;

	ck_assert_int_eq(libpin_filter_new(&filter), 0);
	ck_assert_int_eq(libpin_filter_set_pfns(filter, 1, 0), -EINVAL);
	ck_assert_int_eq(libpin_filter_set_range(filter, 1, 0), -EINVAL);
	ck_assert_int_eq(libpin_filter_set_range(filter, 2, UINT64_MAX), -EOVERFLOW);
	ck_assert_int_eq(libpin_filter_set_range(filter, 1, UINT64_MAX), 0);
	ck_assert_int_eq(libpin_filter_set_pfns(filter, 1ULL << 35, 32768), 0);
	ck_assert_int_eq(libpin_filter_set_node(filter, 1), 0);
	ck_assert_int_eq(libpin_filter_set_pid(filter, 99), 0);
	ck_assert_int_eq(libpin_filter_set_uid(filter, 1234), 0);
	ck_assert_int_eq(libpin_filter_set_state(filter, PIN_STATE_LIVE), 0);
	ck_assert_int_eq(libpin_filter_set_mode(filter, PIN_MODE_LEASE), 0);
	ck_assert_int_eq(libpin_filter_set_range(filter, 0x7f0000000000, 1ULL << 34), 0);
	ck_assert_int_eq(libpin_filter_set_context(filter, 1ULL << 33), 0);
	ck_assert_int_eq(libpin_dump_pins(ledger, filter, &dump), 0);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &record), 0);
	ck_assert_ptr_null(record);
	libpin_dump_free(dump);
	libpin_filter_free(filter);
	libpin_ledger_close(ledger);
}
END_TEST

static void answer_contexts(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY,
					      PIN_NL_CMD_CONTEXT_GET, NLM_F_MULTI);

	ck_assert_int_eq(cmd_of(request), PIN_NL_CMD_CONTEXT_GET);
	wire_put_context(message, 17);
	wire_queue(index, message);
	wire_queue_done(index, request, 0, NLM_F_MULTI | NLM_F_DUMP_INTR, NULL);
}

START_TEST(test_contexts)
{
	struct libpin_ledger *ledger = open_ledger(answer_contexts);
	const struct libpin_context_record *record;
	const struct libpin_record *pin;
	struct libpin_dump *dump;

	ck_assert_int_eq(libpin_dump_contexts(ledger, &dump), 0);
	ck_assert_int_eq(libpin_dump_next_pin(dump, &pin), -EINVAL);
	ck_assert_int_eq(libpin_dump_next_context(dump, &record), 0);
	ck_assert_uint_eq(libpin_context_record_id(record), 17);
	ck_assert_uint_eq(libpin_context_record_pins(record), BIG(CONTEXT_PINS));
	ck_assert_uint_eq(libpin_context_record_pages(record), BIG(CONTEXT_PAGES));
	ck_assert_uint_eq(libpin_context_record_charged_pages(record),
			  BIG(CONTEXT_CHARGED_PAGES));
	ck_assert_uint_eq(libpin_context_record_uid(record), SMALL(CONTEXT_UID));
	ck_assert_int_eq(libpin_context_record_pid(record), SMALL(CONTEXT_PID));
	ck_assert_int_eq(libpin_context_record_ns_pid(record), SMALL(CONTEXT_NS_PID));
	ck_assert_uint_eq(libpin_context_record_pid_ns(record), SMALL(CONTEXT_PID_NS));
	ck_assert_uint_eq(libpin_context_record_cgroup(record), BIG(CONTEXT_CGROUP));
	ck_assert_uint_eq(libpin_context_record_start_time_ns(record),
			  BIG(CONTEXT_START_TIME));
	ck_assert_str_eq(libpin_context_record_comm(record), "opener");
	ck_assert_int_eq(libpin_dump_is_interrupted(dump), 0);
	ck_assert_int_eq(libpin_dump_next_context(dump, &record), 0);
	ck_assert_ptr_null(record);
	ck_assert_int_ne(libpin_dump_is_interrupted(dump), 0);
	libpin_dump_free(dump);
	libpin_ledger_close(ledger);
}
END_TEST

static void answer_broken_context(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY,
					      PIN_NL_CMD_CONTEXT_GET, NLM_F_MULTI);

	nla_put(message, PIN_NL_A_CONTEXT_PINS, 16, "0123456789abcdef");
	wire_queue(index, message);
	wire_queue_done(index, request, 0, NLM_F_MULTI, NULL);
}

START_TEST(test_broken_context)
{
	struct libpin_ledger *ledger = open_ledger(answer_broken_context);
	const struct libpin_context_record *record = (void *)1;
	struct libpin_dump *dump;

	ck_assert_int_eq(libpin_dump_contexts(ledger, &dump), 0);
	ck_assert_int_eq(libpin_dump_next_context(dump, &record), -EPROTO);
	ck_assert_ptr_null(record);
	ck_assert_int_eq(libpin_dump_next_context(dump, &record), 0);
	ck_assert_ptr_null(record);
	libpin_dump_free(dump);
	libpin_ledger_close(ledger);
}
END_TEST

/* --- sending */

/* A signal is no failure; all else is told by whoever sends. */
START_TEST(test_sending_fails)
{
	struct libpin_ledger *ledger = open_ledger(answer_pin);
	struct libpin_record *record;
	struct libpin_totals *totals;
	struct libpin_dump *dump;

	wire_fail_send(EINTR);
	ck_assert_int_eq(libpin_ledger_get(ledger, 42, &record), 0);
	libpin_record_free(record);
	wire_fail_send(ENOBUFS);
	ck_assert_int_eq(libpin_ledger_get(ledger, 42, &record), -ENOBUFS);
	ck_assert_ptr_null(record);
	wire_fail_send(ENOBUFS);
	ck_assert_int_eq(libpin_ledger_release(ledger, 42), -ENOBUFS);
	wire_fail_send(ENOBUFS);
	ck_assert_int_eq(libpin_totals_get(ledger, &totals), -ENOBUFS);
	ck_assert_ptr_null(totals);
	wire_fail_send(ENOBUFS);
	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, &dump), -ENOBUFS);
	ck_assert_ptr_null(dump);
	libpin_ledger_close(ledger);
}
END_TEST

/* --- totals */

static void put_count(struct nl_msg *message, int attribute, uint32_t which, uint64_t count)
{
	struct nlattr *nest = nla_nest_start(message, attribute);

	nla_put_u32(message, PIN_NL_A_REFUSAL_REASON, which);
	nla_put_u64(message, PIN_NL_A_REFUSAL_COUNT, count);
	nla_nest_end(message, nest);
}

static void answer_totals(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY,
					      PIN_NL_CMD_TOTALS_GET, 0);
	int attribute;

	ck_assert_int_eq(cmd_of(request), PIN_NL_CMD_TOTALS_GET);
	for (attribute = PIN_NL_A_TOTALS_CONTEXTS; attribute <= PIN_NL_A_TOTALS_LEAKS;
	     attribute++)
		if (attribute != PIN_NL_A_TOTALS_REFUSAL &&
		    attribute != PIN_NL_A_TOTALS_REVOCATION)
			nla_put_u64(message, attribute, (1ULL << 40) + (uint64_t)attribute);
	put_count(message, PIN_NL_A_TOTALS_REFUSAL, PIN_REASON_FSDAX, 11);
	put_count(message, PIN_NL_A_TOTALS_REFUSAL, 100000, 12);
	put_count(message, PIN_NL_A_TOTALS_REVOCATION, PIN_CAUSE_ADMIN, 13);
	wire_queue(index, message);
	wire_queue_ack(index, request, 0, NULL);
}

START_TEST(test_totals)
{
	struct libpin_ledger *ledger = open_ledger(answer_totals);
	struct libpin_totals *totals;

	ck_assert_int_eq(libpin_totals_get(ledger, &totals), 0);
	ck_assert_uint_eq(libpin_totals_contexts(totals), BIG(TOTALS_CONTEXTS));
	ck_assert_uint_eq(libpin_totals_pins(totals, PIN_MODE_LONGTERM),
			  BIG(TOTALS_LONGTERM_PINS));
	ck_assert_uint_eq(libpin_totals_pages(totals, PIN_MODE_LONGTERM),
			  BIG(TOTALS_LONGTERM_PAGES));
	ck_assert_uint_eq(libpin_totals_pins(totals, PIN_MODE_LEASE), BIG(TOTALS_LEASE_PINS));
	ck_assert_uint_eq(libpin_totals_pages(totals, PIN_MODE_LEASE), BIG(TOTALS_LEASE_PAGES));
	ck_assert_uint_eq(libpin_totals_pages(totals, 77), 0);
	ck_assert_uint_eq(libpin_totals_references(totals), BIG(TOTALS_REFERENCES));
	ck_assert_uint_eq(libpin_totals_charged_pages(totals), BIG(TOTALS_CHARGED_PAGES));
	ck_assert_uint_eq(libpin_totals_cap_pages(totals), BIG(TOTALS_CAP_PAGES));
	ck_assert_uint_eq(libpin_totals_cap_pins(totals), BIG(TOTALS_CAP_PINS));
	ck_assert_uint_eq(libpin_totals_events(totals), BIG(TOTALS_EVENTS));
	ck_assert_uint_eq(libpin_totals_events_lost(totals), BIG(TOTALS_EVENTS_LOST));
	ck_assert_uint_eq(libpin_totals_leaks(totals), BIG(TOTALS_LEAKS));
	ck_assert_uint_eq(libpin_totals_refusals(totals, PIN_REASON_FSDAX), 11);
	ck_assert_uint_eq(libpin_totals_refusals(totals, PIN_REASON_HOLE), 0);
	ck_assert_uint_eq(libpin_totals_refusals(totals, 100000), 0);
	ck_assert_uint_eq(libpin_totals_revocations(totals, PIN_CAUSE_ADMIN), 13);
	libpin_totals_free(totals);
	wire_reset(answer_nothing);
	libpin_ledger_close(ledger);
	ledger = open_ledger(answer_nothing);
	ck_assert_int_eq(libpin_totals_get(ledger, &totals), -EPROTO);
	ck_assert_ptr_null(totals);
	libpin_ledger_close(ledger);
}
END_TEST

/* What a newer module counts beside, and a count that is no number. */
static void answer_newer_count(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY,
					      PIN_NL_CMD_TOTALS_GET, 0);
	struct nlattr *nest = nla_nest_start(message, PIN_NL_A_TOTALS_REFUSAL);

	nla_put_u64(message, PIN_NL_A_REFUSAL_COUNT + 5, 99);
	nla_put_u32(message, PIN_NL_A_REFUSAL_REASON, PIN_REASON_FSDAX);
	nla_put_u64(message, PIN_NL_A_REFUSAL_COUNT, 11);
	nla_nest_end(message, nest);
	wire_queue(index, message);
	wire_queue_ack(index, request, 0, NULL);
}

static void answer_broken_count(int index, struct nlmsghdr *request)
{
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY,
					      PIN_NL_CMD_TOTALS_GET, 0);
	struct nlattr *nest = nla_nest_start(message, PIN_NL_A_TOTALS_REVOCATION);

	nla_put(message, PIN_NL_A_REVOCATION_COUNT, 16, "0123456789abcdef");
	nla_nest_end(message, nest);
	wire_queue(index, message);
	wire_queue_ack(index, request, 0, NULL);
}

START_TEST(test_counts)
{
	struct libpin_ledger *ledger = open_ledger(answer_newer_count);
	struct libpin_totals *totals;

	ck_assert_int_eq(libpin_totals_get(ledger, &totals), 0);
	ck_assert_uint_eq(libpin_totals_refusals(totals, PIN_REASON_FSDAX), 11);
	libpin_totals_free(totals);
	libpin_ledger_close(ledger);
	ledger = open_ledger(answer_broken_count);
	ck_assert_int_eq(libpin_totals_get(ledger, &totals), -EPROTO);
	ck_assert_ptr_null(totals);
	libpin_ledger_close(ledger);
}
END_TEST

/* --- opening; NULL */

START_TEST(test_open_fails)
{
	static const struct {
		int nl_error;
		int error;
	} cases[] = {
		{ NLE_OBJ_NOTFOUND, -ENOENT }, { NLE_NOMEM, -ENOMEM }, { NLE_PERM, -EPERM },
		{ NLE_AF_NOSUPPORT, -EPROTONOSUPPORT }, { NLE_FAILURE, -EIO },
	};
	struct libpin_ledger *ledger = (void *)1;
	struct libpin_monitor *monitor = (void *)1;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wire_reset(answer_nothing);
		wire_fail_connect(cases[i].nl_error);
		ck_assert_int_eq(libpin_ledger_open(&ledger), cases[i].error);
		ck_assert_ptr_null(ledger);
		ck_assert_int_eq(libpin_monitor_open(&monitor, 0), cases[i].error);
		ck_assert_ptr_null(monitor);
	}
}
END_TEST

START_TEST(test_null)
{
	struct libpin_ledger *ledger = open_ledger(answer_nothing);
	struct libpin_record *record = (void *)1;
	struct libpin_totals *totals = (void *)1;
	struct libpin_dump *dump = (void *)1;

	ck_assert_int_eq(libpin_ledger_open(NULL), -EINVAL);
	ck_assert_int_eq(libpin_ledger_get(NULL, 1, &record), -EINVAL);
	ck_assert_ptr_null(record);
	ck_assert_int_eq(libpin_ledger_get(ledger, 1, NULL), -EINVAL);
	ck_assert_int_eq(libpin_ledger_release(NULL, 1), -EINVAL);
	ck_assert_ptr_null(libpin_ledger_words(NULL));
	ck_assert_int_eq(libpin_totals_get(NULL, &totals), -EINVAL);
	ck_assert_ptr_null(totals);
	ck_assert_int_eq(libpin_totals_get(ledger, NULL), -EINVAL);
	ck_assert_int_eq(libpin_dump_pins(NULL, NULL, &dump), -EINVAL);
	ck_assert_ptr_null(dump);
	ck_assert_int_eq(libpin_dump_pins(ledger, NULL, NULL), -EINVAL);
	ck_assert_int_eq(libpin_dump_contexts(NULL, &dump), -EINVAL);
	ck_assert_int_eq(libpin_dump_next_pin(NULL, (void *)&record), -EINVAL);
	ck_assert_int_eq(libpin_dump_next_context(NULL, NULL), -EINVAL);
	ck_assert_int_eq(libpin_dump_is_interrupted(NULL), 0);
	ck_assert_int_eq(libpin_filter_new(NULL), -EINVAL);
	ck_assert_int_eq(libpin_filter_set_uid(NULL, 0), -EINVAL);
	ck_assert_int_eq(libpin_filter_set_range(NULL, 0, 1), -EINVAL);
	ck_assert_uint_eq(libpin_record_id(NULL), 0);
	ck_assert_uint_eq(libpin_record_node_count(NULL), 0);
	ck_assert_ptr_null(libpin_record_comm(NULL));
	ck_assert_uint_eq(libpin_context_record_pins(NULL), 0);
	ck_assert_ptr_null(libpin_context_record_comm(NULL));
	ck_assert_uint_eq(libpin_totals_leaks(NULL), 0);
	ck_assert_uint_eq(libpin_totals_pins(NULL, PIN_MODE_LEASE), 0);
	ck_assert_uint_eq(libpin_totals_refusals(NULL, 1), 0);
	libpin_dump_free(NULL);
	libpin_filter_free(NULL);
	libpin_record_free(NULL);
	libpin_totals_free(NULL);
	libpin_ledger_close(NULL);
	libpin_ledger_close(ledger);
}
END_TEST

Suite *suite_ledger(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = tcase_create("ledger");

	tcase_add_test(tcase, test_get);
	tcase_add_test(tcase, test_no_such_pin);
	tcase_add_test(tcase, test_release);
	tcase_add_test(tcase, test_words_behind_request);
	tcase_add_loop_test(tcase, test_senseless, 0,
			    (int)(sizeof(senseless) / sizeof(senseless[0])));
	tcase_add_test(tcase, test_newer_module);
	tcase_add_test(tcase, test_hostile_bytes);
	tcase_add_test(tcase, test_hostile_lengths);
	tcase_add_test(tcase, test_dump);
	tcase_add_test(tcase, test_dump_outlives_ledger);
	tcase_add_test(tcase, test_dump_ends);
	tcase_add_test(tcase, test_dump_fails);
	tcase_add_test(tcase, test_filter);
	tcase_add_test(tcase, test_contexts);
	tcase_add_test(tcase, test_broken_context);
	tcase_add_test(tcase, test_sending_fails);
	tcase_add_test(tcase, test_totals);
	tcase_add_test(tcase, test_counts);
	tcase_add_test(tcase, test_open_fails);
	tcase_add_test(tcase, test_null);
	suite_add_tcase(suite, tcase);
	return suite;
}
