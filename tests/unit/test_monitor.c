// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The monitor: events in order, what is lost, and events that make no sense.  Socket 0
 * listens, socket 1 asks for the sums.
 */
#include <errno.h>
#include <string.h>

#include "fake_wire.h"
#include "suites.h"

#define LISTENS 0

/* What the sums say was sent last; < 0: asking fails with it. */
static long long sent;

/* Happens while the sums are asked, once. */
static void (*meanwhile)(void);

static void answer_sums(int index, struct nlmsghdr *request)
{
	struct nl_msg *message;

	ck_assert_int_eq(index, 1);
	if (sent < 0) {
		wire_queue_ack(index, request, (int)sent, NULL);
		return;
	}
	message = wire_message(request->nlmsg_seq, FAKE_FAMILY, PIN_NL_CMD_TOTALS_GET, 0);
	nla_put_u64(message, PIN_NL_A_TOTALS_EVENTS, (uint64_t)sent);
	wire_queue(index, message);
	wire_queue_ack(index, request, 0, NULL);
	if (meanwhile) {
		meanwhile();
		meanwhile = NULL;
	}
}

static struct libpin_monitor *open_monitor(long long last)
{
	struct libpin_monitor *monitor;

	wire_reset(answer_sums);
	sent = last;
	ck_assert_int_eq(libpin_monitor_open(&monitor, 1 << 20), 0);
	return monitor;
}

static struct nl_msg *event_message(uint8_t cmd, uint64_t sequence)
{
	struct nl_msg *message = wire_message(0, FAKE_FAMILY, cmd, 0);
	struct nlattr *nest;

	nla_put_u64(message, PIN_NL_A_EVENT_SEQUENCE, sequence);
	nla_put_u64(message, PIN_NL_A_EVENT_TIME, 1000 + sequence);
	nest = nla_nest_start(message, cmd == PIN_NL_CMD_CLOSED ? PIN_NL_A_EVENT_CONTEXT :
								  PIN_NL_A_EVENT_PIN);
	if (cmd == PIN_NL_CMD_CLOSED)
		wire_put_context(message, 70 + sequence);
	else
		wire_put_pin(message, 70 + sequence);
	nla_nest_end(message, nest);
	return message;
}

static void happens(uint8_t cmd, uint64_t sequence)
{
	wire_queue(LISTENS, event_message(cmd, sequence));
}

static const struct libpin_notice *next(struct libpin_monitor *monitor)
{
	const struct libpin_notice *notice;

	ck_assert_int_eq(libpin_monitor_next(monitor, 0, &notice), 0);
	ck_assert_ptr_nonnull(notice);
	return notice;
}

static void expect(struct libpin_monitor *monitor, uint32_t type, uint64_t sequence)
{
	const struct libpin_notice *notice = next(monitor);

	ck_assert_uint_eq(libpin_notice_type(notice), type);
	ck_assert_uint_eq(libpin_notice_sequence(notice), sequence);
	ck_assert_uint_eq(libpin_notice_lost(notice), 0);
	ck_assert_uint_eq(libpin_notice_time_ns(notice), 1000 + sequence);
}

static void expect_lost(struct libpin_monitor *monitor, uint64_t lost, uint64_t last)
{
	const struct libpin_notice *notice = next(monitor);

	ck_assert_uint_eq(libpin_notice_type(notice), LIBPIN_NOTICE_LOST);
	ck_assert_uint_eq(libpin_notice_lost(notice), lost);
	ck_assert_uint_eq(libpin_notice_sequence(notice), last);
	ck_assert_ptr_null(libpin_notice_pin(notice));
	ck_assert_ptr_null(libpin_notice_context(notice));
}

static void expect_quiet(struct libpin_monitor *monitor)
{
	const struct libpin_notice *notice = (void *)1;

	ck_assert_int_eq(libpin_monitor_next(monitor, 0, &notice), -ETIMEDOUT);
	ck_assert_ptr_null(notice);
}

START_TEST(test_in_order)
{
	struct libpin_monitor *monitor = open_monitor(4);

	happens(PIN_NL_CMD_PINNED, 5);
	happens(PIN_NL_CMD_UNPINNED, 6);
	happens(PIN_NL_CMD_REFUSED, 7);
	happens(PIN_NL_CMD_REVOKED, 8);
	happens(PIN_NL_CMD_CLOSED, 9);
	happens(99, 10);
	expect(monitor, LIBPIN_NOTICE_PINNED, 5);
	expect(monitor, LIBPIN_NOTICE_UNPINNED, 6);
	expect(monitor, LIBPIN_NOTICE_REFUSED, 7);
	expect(monitor, LIBPIN_NOTICE_REVOKED, 8);
	expect(monitor, LIBPIN_NOTICE_CLOSED, 9);
	/* Of a newer module. */
	expect(monitor, LIBPIN_NOTICE_NONE, 10);
	ck_assert_uint_eq(wire_polls(), 0);
	expect_quiet(monitor);
	ck_assert_uint_eq(wire_polls(), 1);
	libpin_monitor_close(monitor);
}
END_TEST

/* What happened while the monitor was being opened is told, and is no loss. */
START_TEST(test_begins_in_the_middle)
{
	struct libpin_monitor *monitor = open_monitor(6);

	happens(PIN_NL_CMD_PINNED, 5);
	happens(PIN_NL_CMD_PINNED, 6);
	happens(PIN_NL_CMD_PINNED, 7);
	expect(monitor, LIBPIN_NOTICE_PINNED, 5);
	expect(monitor, LIBPIN_NOTICE_PINNED, 6);
	expect(monitor, LIBPIN_NOTICE_PINNED, 7);
	libpin_monitor_close(monitor);
	monitor = open_monitor(6);
	happens(PIN_NL_CMD_PINNED, 9);
	expect_lost(monitor, 2, 8);
	expect(monitor, LIBPIN_NOTICE_PINNED, 9);
	libpin_monitor_close(monitor);
}
END_TEST

START_TEST(test_gap)
{
	struct libpin_monitor *monitor = open_monitor(0);

	happens(PIN_NL_CMD_PINNED, 1);
	wire_queue_error(LISTENS, ENOBUFS);
	happens(PIN_NL_CMD_PINNED, 2);
	happens(PIN_NL_CMD_UNPINNED, 100);
	sent = 100;
	expect(monitor, LIBPIN_NOTICE_PINNED, 1);
	expect(monitor, LIBPIN_NOTICE_PINNED, 2);
	expect_lost(monitor, 97, 99);
	expect(monitor, LIBPIN_NOTICE_UNPINNED, 100);
	/* Told once. */
	expect_quiet(monitor);
	libpin_monitor_close(monitor);
}
END_TEST

/* Nothing comes after what was lost. */
START_TEST(test_lost_at_the_end)
{
	struct libpin_monitor *monitor = open_monitor(0);

	happens(PIN_NL_CMD_PINNED, 1);
	wire_queue_error(LISTENS, ENOBUFS);
	sent = 21;
	expect(monitor, LIBPIN_NOTICE_PINNED, 1);
	expect_lost(monitor, 20, 21);
	expect_quiet(monitor);
	happens(PIN_NL_CMD_PINNED, 22);
	expect(monitor, LIBPIN_NOTICE_PINNED, 22);
	wire_queue_error(LISTENS, ENOBUFS);
	sent = -ENOENT;
	expect_lost(monitor, 0, 22);
	expect_quiet(monitor);
	libpin_monitor_close(monitor);
}
END_TEST

static void loses_more(void)
{
	happens(PIN_NL_CMD_PINNED, 22);
	wire_queue_error(LISTENS, ENOBUFS);
	sent = 40;
}

/* More is lost when the sums have been asked and the queue is not empty yet. */
START_TEST(test_lost_again)
{
	struct libpin_monitor *monitor = open_monitor(0);

	happens(PIN_NL_CMD_PINNED, 1);
	wire_queue_error(LISTENS, ENOBUFS);
	sent = 21;
	meanwhile = loses_more;
	expect(monitor, LIBPIN_NOTICE_PINNED, 1);
	expect_lost(monitor, 20, 21);
	expect(monitor, LIBPIN_NOTICE_PINNED, 22);
	expect_lost(monitor, 18, 40);
	expect_quiet(monitor);
	libpin_monitor_close(monitor);
}
END_TEST

START_TEST(test_fails)
{
	struct libpin_monitor *monitor = (void *)1;
	const struct libpin_notice *notice;

	wire_reset(answer_sums);
	sent = -EPERM;
	ck_assert_int_eq(libpin_monitor_open(&monitor, 0), -EPERM);
	ck_assert_ptr_null(monitor);
	monitor = open_monitor(0);
	wire_queue_error(LISTENS, ENETDOWN);
	ck_assert_int_eq(libpin_monitor_next(monitor, -1, &notice), -ENETDOWN);
	happens(PIN_NL_CMD_PINNED, 1);
	expect(monitor, LIBPIN_NOTICE_PINNED, 1);
	libpin_monitor_close(monitor);
}
END_TEST

START_TEST(test_waiting_fails)
{
	struct libpin_monitor *monitor = open_monitor(0);
	const struct libpin_notice *notice = (void *)1;

	wire_fail_poll(EINTR);
	ck_assert_int_eq(libpin_monitor_next(monitor, -1, &notice), -EINTR);
	ck_assert_ptr_null(notice);
	happens(PIN_NL_CMD_PINNED, 1);
	expect(monitor, LIBPIN_NOTICE_PINNED, 1);
	libpin_monitor_close(monitor);
}
END_TEST

/* A module without events, and a user who may have no large buffer. */
START_TEST(test_joining)
{
	struct libpin_monitor *monitor = (void *)1;

	wire_reset(answer_sums);
	wire_fail_group(NLE_OBJ_NOTFOUND);
	ck_assert_int_eq(libpin_monitor_open(&monitor, 0), -ENOENT);
	ck_assert_ptr_null(monitor);
	wire_reset(answer_sums);
	wire_refuse_force();
	sent = 0;
	ck_assert_int_eq(libpin_monitor_open(&monitor, 1 << 20), 0);
	ck_assert_int_eq(wire_buffer(), 1 << 20);
	libpin_monitor_close(monitor);
	wire_reset(answer_sums);
	wire_refuse_force();
	ck_assert_int_eq(libpin_monitor_open(&monitor, SIZE_MAX), 0);
	ck_assert_int_eq(wire_buffer(), INT32_MAX);
	libpin_monitor_close(monitor);
}
END_TEST

/* An event that makes no sense is missing in the sequence. */
START_TEST(test_senseless)
{
	struct libpin_monitor *monitor = open_monitor(0);
	const struct libpin_notice *notice;
	struct nl_msg *message = wire_message(0, FAKE_FAMILY, PIN_NL_CMD_PINNED, 0);

	nla_put_u64(message, PIN_NL_A_EVENT_SEQUENCE, 1);
	wire_queue(LISTENS, message);
	wire_queue_foreign(LISTENS, event_message(PIN_NL_CMD_PINNED, 77));
	wire_queue(LISTENS, wire_message(0, FAKE_FAMILY + 1, PIN_NL_CMD_PINNED, 0));
	wire_queue_bytes(LISTENS, &(struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = FAKE_FAMILY }, NLMSG_HDRLEN);
	happens(PIN_NL_CMD_PINNED, 2);
	ck_assert_int_eq(libpin_monitor_next(monitor, 0, &notice), -EPROTO);
	ck_assert_ptr_null(notice);
	/* Not even a header of the family's own. */
	ck_assert_int_eq(libpin_monitor_next(monitor, 0, &notice), -EPROTO);
	ck_assert_ptr_null(notice);
	expect_lost(monitor, 1, 1);
	expect(monitor, LIBPIN_NOTICE_PINNED, 2);
	libpin_monitor_close(monitor);
}
END_TEST

START_TEST(test_attributes)
{
	struct libpin_monitor *monitor = open_monitor(0);
	const struct libpin_notice *notice;
	struct nl_msg *message = event_message(PIN_NL_CMD_REVOKED, 1);

	nla_put_u32(message, PIN_NL_A_EVENT_REASON, PIN_REASON_FSDAX);
	nla_put_u32(message, PIN_NL_A_EVENT_ERROR, EOPNOTSUPP);
	nla_put_u64(message, PIN_NL_A_EVENT_ADDR, 1ULL << 40);
	nla_put_u64(message, PIN_NL_A_EVENT_LENGTH, 1ULL << 41);
	nla_put_u32(message, PIN_NL_A_EVENT_CAUSE, PIN_CAUSE_ADMIN);
	nla_put_u32(message, PIN_NL_A_EVENT_ADMIN_UID, 5);
	nla_put_u32(message, PIN_NL_A_EVENT_ADMIN_PID, 6);
	nla_put_string(message, PIN_NL_A_EVENT_ADMIN_COMM, "root");
	wire_queue(LISTENS, message);
	notice = next(monitor);
	ck_assert_uint_eq(libpin_notice_reason(notice), PIN_REASON_FSDAX);
	ck_assert_int_eq(libpin_notice_error(notice), EOPNOTSUPP);
	ck_assert_uint_eq(libpin_notice_address(notice), 1ULL << 40);
	ck_assert_uint_eq(libpin_notice_length(notice), 1ULL << 41);
	ck_assert_uint_eq(libpin_notice_cause(notice), PIN_CAUSE_ADMIN);
	ck_assert_uint_eq(libpin_notice_admin_uid(notice), 5);
	ck_assert_int_eq(libpin_notice_admin_pid(notice), 6);
	ck_assert_str_eq(libpin_notice_admin_comm(notice), "root");
	ck_assert_uint_eq(libpin_record_id(libpin_notice_pin(notice)), 71);
	ck_assert_ptr_null(libpin_notice_context(notice));
	ck_assert(!libpin_notice_is_exiting(notice));
	message = event_message(PIN_NL_CMD_CLOSED, 2);
	nla_put_flag(message, PIN_NL_A_EVENT_EXITING);
	wire_queue(LISTENS, message);
	notice = next(monitor);
	ck_assert(libpin_notice_is_exiting(notice));
	ck_assert_uint_eq(libpin_context_record_id(libpin_notice_context(notice)), 72);
	/* Nothing of the event before. */
	ck_assert_ptr_null(libpin_notice_pin(notice));
	ck_assert_ptr_null(libpin_notice_admin_comm(notice));
	ck_assert_uint_eq(libpin_notice_cause(notice), 0);
	libpin_monitor_close(monitor);
}
END_TEST

/* Each byte of an event another, each length shorter. */
START_TEST(test_hostile)
{
	static const int values[] = { 0, 1, 4, 0x7f, 0xff };
	const struct libpin_notice *notice;
	unsigned char bytes[2048];
	struct libpin_monitor *monitor;
	struct nl_msg *message;
	size_t i, at, length;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (at = 0, length = 1; at < 2 * length; at++) {
			message = event_message(at % 2 ? PIN_NL_CMD_CLOSED : PIN_NL_CMD_PINNED,
						1);
			length = nlmsg_hdr(message)->nlmsg_len;
			memcpy(bytes, nlmsg_hdr(message), length);
			nlmsg_free(message);
			monitor = open_monitor(0);
			if (at < length)
				bytes[at] = (unsigned char)values[i];
			wire_queue_bytes(LISTENS, bytes, at < length ? length : at - length + 1);
			ck_assert_int_le(libpin_monitor_next(monitor, 0, &notice), 0);
			libpin_monitor_close(monitor);
		}
	}
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(libpin_notice_type_name(LIBPIN_NOTICE_PINNED), "pinned");
	ck_assert_str_eq(libpin_notice_type_name(LIBPIN_NOTICE_LOST), "lost");
	ck_assert_ptr_null(libpin_notice_type_name(LIBPIN_NOTICE_NONE));
	ck_assert_ptr_null(libpin_notice_type_name(1000));
}
END_TEST

START_TEST(test_null)
{
	struct libpin_monitor *monitor = open_monitor(0);
	const struct libpin_notice *notice = (void *)1;

	ck_assert_int_eq(libpin_monitor_open(NULL, 0), -EINVAL);
	ck_assert_int_eq(libpin_monitor_next(NULL, 0, &notice), -EINVAL);
	ck_assert_ptr_null(notice);
	ck_assert_int_eq(libpin_monitor_next(monitor, 0, NULL), -EINVAL);
	ck_assert_int_eq(libpin_monitor_fd(NULL), -EINVAL);
	ck_assert_int_ge(libpin_monitor_fd(monitor), 0);
	ck_assert_uint_eq(libpin_notice_type(NULL), LIBPIN_NOTICE_NONE);
	ck_assert_uint_eq(libpin_notice_lost(NULL), 0);
	ck_assert_ptr_null(libpin_notice_pin(NULL));
	ck_assert_ptr_null(libpin_notice_context(NULL));
	ck_assert_ptr_null(libpin_notice_admin_comm(NULL));
	ck_assert_int_eq(libpin_notice_is_exiting(NULL), 0);
	ck_assert_uint_eq(libpin_notice_sequence(NULL), 0);
	libpin_monitor_close(NULL);
	libpin_monitor_close(monitor);
}
END_TEST

Suite *suite_monitor(void)
{
	Suite *suite = suite_create("monitor");
	TCase *tcase = tcase_create("monitor");

	tcase_add_test(tcase, test_in_order);
	tcase_add_test(tcase, test_begins_in_the_middle);
	tcase_add_test(tcase, test_gap);
	tcase_add_test(tcase, test_lost_at_the_end);
	tcase_add_test(tcase, test_lost_again);
	tcase_add_test(tcase, test_fails);
	tcase_add_test(tcase, test_waiting_fails);
	tcase_add_test(tcase, test_joining);
	tcase_add_test(tcase, test_senseless);
	tcase_add_test(tcase, test_attributes);
	tcase_add_test(tcase, test_hostile);
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_null);
	suite_add_tcase(suite, tcase);
	return suite;
}
