// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hold, with a socket in the context's place: like the device it gives whole records.
 */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"
#include "hold.h"
#include "suites.h"

#define ID 7

static struct libpin_context *ctx;
static int sender;
static sigset_t mask;

static int answer(unsigned long command, void *argument)
{
	(void)command;
	(void)argument;
	return 0;
}

static void setup(void)
{
	int pair[2];

	sigprocmask(SIG_BLOCK, NULL, &mask);
	ctx = fake_context(answer);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	ck_assert_int_ge(dup2(pair[0], libpin_context_fd(ctx)), 0);
	close(pair[0]);
	sender = pair[1];
}

static void teardown(void)
{
	libpin_context_close(ctx);
	close(sender);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void send_event(uint32_t type, uint64_t id, uint32_t lost)
{
	struct pin_event event = {
		.size = sizeof(event),
		.type = type,
		.id = id,
		.addr = 0x1000 * id,
		.length = 0x2000,
		.time_ns = 99,
		.cause = PIN_CAUSE_DEVICE,
		.lost = lost,
	};

	ck_assert_int_eq(write(sender, &event, sizeof(event)), sizeof(event));
}

/* Others are passed over, but what was lost before them is lost all the same. */
START_TEST(test_revoked)
{
	struct revocation revocation = { .cause = 77 };

	send_event(PIN_EVENT_REVOKED, ID + 1, 2);
	send_event(PIN_EVENT_REVOKED + 100, ID, 3);
	send_event(PIN_EVENT_REVOKED, ID, 4);
	ck_assert_int_eq(hold_wait(ctx, -1), 0);
	ck_assert_int_eq(hold_revocation(ctx, ID, &revocation), 0);
	ck_assert(revocation.revoked);
	ck_assert_uint_eq(revocation.address, 0x1000 * ID);
	ck_assert_uint_eq(revocation.length, 0x2000);
	ck_assert_uint_eq(revocation.time_ns, 99);
	ck_assert_uint_eq(revocation.cause, PIN_CAUSE_DEVICE);
	ck_assert_uint_eq(revocation.lost, 9);
}
END_TEST

START_TEST(test_not_revoked)
{
	struct revocation revocation = { .revoked = true };

	ck_assert_int_eq(hold_wait(ctx, 0), 0);
	ck_assert_int_eq(hold_revocation(ctx, ID, &revocation), 0);
	ck_assert(!revocation.revoked);
	send_event(PIN_EVENT_REVOKED, ID + 1, 0);
	ck_assert_int_eq(hold_revocation(ctx, ID, &revocation), 0);
	ck_assert(!revocation.revoked);
}
END_TEST

START_TEST(test_broken_module)
{
	struct revocation revocation = { .revoked = true };

	ck_assert_int_eq(write(sender, "x", 1), 1);
	ck_assert_int_eq(hold_revocation(ctx, ID, &revocation), -EPROTO);
	ck_assert(!revocation.revoked);
}
END_TEST

/* One that came before there was anybody to wait, and that a shell has had ignored. */
START_TEST(test_signal)
{
	int number = _i ? SIGTERM : SIGINT;

	signal(number, SIG_IGN);
	hold_begin();
	raise(number);
	ck_assert_int_eq(hold_wait(_i ? ctx : NULL, -1), 0);
}
END_TEST

/* A signal ends it, even where there is something to read. */
START_TEST(test_poll)
{
	ck_assert_int_eq(hold_poll(libpin_context_fd(ctx), 0), 0);
	ck_assert_int_eq(hold_poll(libpin_context_fd(ctx), 10), 0);
	send_event(PIN_EVENT_REVOKED, ID, 0);
	ck_assert_int_eq(hold_poll(libpin_context_fd(ctx), -1), 1);
	hold_begin();
	raise(SIGTERM);
	ck_assert_int_eq(hold_poll(libpin_context_fd(ctx), -1), -EINTR);
	/* It is still there, for whoever waits. */
	ck_assert_int_eq(hold_wait(NULL, -1), 0);
}
END_TEST

Suite *suite_hold(void)
{
	Suite *suite = suite_create("hold");
	TCase *tcase = tcase_create("hold");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_revoked);
	tcase_add_test(tcase, test_not_revoked);
	tcase_add_test(tcase, test_broken_module);
	tcase_add_loop_test(tcase, test_signal, 0, 2);
	tcase_add_test(tcase, test_poll);
	suite_add_tcase(suite, tcase);
	return suite;
}
