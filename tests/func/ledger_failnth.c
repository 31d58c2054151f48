// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger's operations with faults, as failnth.c has the calls: the n-th allocation and
 * the n-th copy from or to the user fails, in the request, in the answer and in each part of
 * a dump, until there are fewer. Then the asker is told the truth or an error; nothing is
 * lost, a pin that was to be taken away is gone or as it was, and the next asker is answered.
 */
#include "faults.h"
#include "ledger_client.h"

#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than one part of a dump. */
#define PINS		100
#define ROOM		16384
#define FAULTS_MAX	2000

/**
 * struct operation - a request that is swept
 * @name: for messages
 * @flags: NLM_F_DUMP, or none
 * @about_pin: it names one
 * @answers: messages with an answer, at least; an acknowledgment is none
 */
static const struct operation {
	const char *name;
	uint8_t cmd;
	int flags;
	bool about_pin;
	unsigned int answers;
} operations[] = {
	{ "a pin", PIN_NL_CMD_PIN_GET, 0, true, 1 },
	{ "all pins", PIN_NL_CMD_PIN_GET, NLM_F_DUMP, false, PINS },
	{ "all contexts", PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP, false, 1 },
	{ "totals", PIN_NL_CMD_TOTALS_GET, 0, false, 1 },
	{ "release", PIN_NL_CMD_PIN_RELEASE, 0, true, 0 },
};

#define OPERATIONS	(sizeof(operations) / sizeof(*operations))

/* What one request was answered. */
struct answer {
	unsigned int messages;
	bool over;		/* an acknowledgment, an error, or the end of a dump */
	int err;		/* told there, or by a call that failed: -errno */
};

static char room[ROOM];

static void take_in(struct answer *answer, ssize_t got)
{
	struct nlmsghdr *message = (struct nlmsghdr *)room;
	int left = got;

	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
			answer->over = true;
			answer->err = *(int *)nlmsg_data(message);
		} else {
			answer->messages++;
		}
	}
}

/* Between arming and disarming: calls of the kernel, and nothing that allocates. */
static void exchange(int fd, const struct nlmsghdr *request, struct answer *answer)
{
	ssize_t got;

	if (send(fd, request, request->nlmsg_len, 0) < 0) {
		answer->err = -errno;
		return;
	}
	while (!answer->over) {
		got = recv(fd, room, sizeof(room), MSG_DONTWAIT);
		if (got < 0) {
			answer->err = -errno;
			return;
		}
		take_in(answer, got);
	}
}

/* With the @nth fault, or with none; tells whether one has happened. */
static bool ask(const struct operation *operation, uint64_t id, unsigned int nth,
		struct answer *answer)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *request = ledger_request(operation->cmd, operation->flags | NLM_F_ACK);
	bool faulty;

	memset(answer, 0, sizeof(*answer));
	ck_assert_int_eq(genl_connect(sock), 0);
	if (operation->about_pin)
		ck_assert_int_eq(nla_put_u64(request, PIN_NL_A_PIN_ID, id), 0);
	nl_complete_msg(sock, request);
	if (nth)
		faults_arm(nth);
	exchange(nl_socket_get_fd(sock), nlmsg_hdr(request), answer);
	faulty = nth && faults_disarm();
	nlmsg_free(request);
	nl_socket_free(sock);
	return faulty;
}

static void expect_whole(const struct operation *operation, const struct answer *answer)
{
	ck_assert_msg(!answer->err && answer->over, "%s: %s", operation->name,
		      strerror(-answer->err));
	ck_assert_uint_ge(answer->messages, operation->answers);
}

/* Linux tells who asks that there was no memory for the answer by ENOBUFS, or by none. */
static void expect_allowed(const struct operation *operation, const struct answer *answer,
			   unsigned int nth)
{
	static const int allowed[] = { ENOMEM, ENOBUFS, EFAULT, EAGAIN };
	size_t i;

	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		if (answer->err == -allowed[i])
			return;
	ck_assert_msg(!answer->err, "%s, fault %u: %s", operation->name, nth,
		      strerror(-answer->err));
	expect_whole(operation, answer);
}

/* The pin is as it was, unless it was to be taken away: then it is gone if that was told. */
static void expect_all_or_nothing(const struct operation *operation,
				  const struct answer *answer, uint64_t id)
{
	struct pin_query queried;

	ck_assert_int_eq(query(id, &queried), 0);
	if (operation->cmd != PIN_NL_CMD_PIN_RELEASE)
		ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	else if (!answer->err)
		ck_assert_uint_eq(queried.state, PIN_STATE_REVOKED);
	ck_assert_int_eq(unpin(id), 0);
}

static bool attempt(const struct operation *operation, unsigned int nth, char *memory)
{
	struct counters before = counters_read();
	uint64_t id = expect_pinned(memory, page, PIN_F_WRITE);
	struct answer answer;
	bool faulty = ask(operation, id, nth, &answer);

	if (faulty)
		expect_allowed(operation, &answer, nth);
	else
		expect_whole(operation, &answer);
	expect_all_or_nothing(operation, &answer, id);
	counters_expect(&before, operation->name);
	/* And the next one is answered. */
	id = expect_pinned(memory, page, PIN_F_WRITE);
	ask(operation, id, 0, &answer);
	expect_whole(operation, &answer);
	ck_assert_int_eq(unpin(id), 0);
	return faulty || !nth;
}

START_TEST(sweep)
{
	const struct operation *operation = &operations[_i];
	char *memory = map_anon(page);
	unsigned int i, nth = 0;

	faults_setup();
	faults_open();
	ledger_connect();
	for (i = 0; i < PINS; i++)
		expect_pinned(memory, page, 0);
	while (attempt(operation, nth, memory)) {
		nth++;
		ck_assert_msg(nth < FAULTS_MAX, "%s: no end", operation->name);
	}
	printf("note: %s: %u faults\n", operation->name, nth - 1);
	fflush(stdout);
}
END_TEST

Suite *ledger_failnth_suite(void)
{
	Suite *suite = suite_create("ledger-failnth");
	TCase *tcase = tcase_with_context("ledger-failnth");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, sweep, 0, OPERATIONS);
	suite_add_tcase(suite, tcase);
	return suite;
}
