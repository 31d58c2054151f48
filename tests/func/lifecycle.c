// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module comes and goes while others use it: whoever has a context, or is in the
 * middle of a dump, keeps it; whoever comes when it is not there is told so; and with the
 * last of them it can go at once.
 *
 * PIN_TEST_LOADS says how often it is loaded. More than 1024 times, and the numbers that
 * netlink gives to families come round.
 */
#include "harness.h"
#include "leased.h"
#include "ledger_client.h"
#include "lifecycle_users.h"
#include "module.h"
#include "usage.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOADS_DEFAULT	40
#define PAGES		8
/* More than fit into one part of a dump. */
#define MANY_PINS	1000
/* However busy the others are, there is a moment in which none is at it. */
#define TRIES_MOST	100000

static int module_fd;

static void open_context(void)
{
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_msg(pin_fd >= 0, "/dev/pin: %s", strerror(errno));
}

static void close_context(void)
{
	close(pin_fd);
	pin_fd = -1;
}

/* Of everything that a fixture compares with a context, by one that is closed again. */
static struct counters look_at_counters(void)
{
	struct counters counters;
	int own = pin_fd;

	open_context();
	counters = counters_read();
	close_context();
	pin_fd = own;
	return counters;
}

static void expect_counters(const struct counters *before, const char *when)
{
	open_context();
	counters_expect(before, when);
	close_context();
}

/* --- who keeps it */

static void hold_context(void)
{
	open_context();
}

static void hold_pin(void)
{
	open_context();
	expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
}

static struct leased leased;

static void hold_lease(void)
{
	open_context();
	leased_open(&leased, "PIN_TEST_XFSDAX", PAGES * page);
	leased_pin(&leased);
}

static void let_go_lease(void)
{
	close_context();
	leased_close(&leased);
}

/* It is the other events that are left to be read, and the pin to be unpinned. */
static void hold_revoked(void)
{
	hold_lease();
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	expect_revoked(leased.id);
}

static pid_t child;

/* A child's copy of the descriptor. */
static void hold_in_child(void)
{
	open_context();
	child = fork_child();
	if (!child) {
		pause();
		_exit(0);
	}
	close_context();
}

static void let_go_child(void)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

static int ends[2];

/* Sent, and received by nobody. */
static void hold_in_flight(void)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);

	hold_pin();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &pin_fd, sizeof(int));
	ck_assert_int_eq(sendmsg(ends[0], &message, 0), 1);
	close_context();
}

static void let_go_in_flight(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void ignore(struct nlmsghdr *message, void *data)
{
}

/* Somebody has read a part of a dump, and there is no context any more. */
static void hold_by_dump(void)
{
	char *addr = map_anon(page);
	struct pin_pin arg;
	int i;

	open_context();
	for (i = 0; i < MANY_PINS; i++)
		ck_assert_int_eq(pin_range(addr, page, 0, &arg), 0);
	ledger_connect();
	ledger_send(ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP));
	ck_assert(!ledger_receive(ignore, NULL));
	close_context();
}

static void let_go_dump(void)
{
	while (!ledger_receive(ignore, NULL))
		;
	ledger_disconnect();
}

static const struct {
	const char *name;
	void (*hold)(void);
	void (*let_go)(void);
} holders[] = {
	{ "a context", hold_context, close_context },
	{ "a pin", hold_pin, close_context },
	{ "a lease", hold_lease, let_go_lease },
	{ "a revoked lease", hold_revoked, let_go_lease },
	{ "a child", hold_in_child, let_go_child },
	{ "a message", hold_in_flight, let_go_in_flight },
	{ "a dump", hold_by_dump, let_go_dump },
};

#define HOLDERS	(sizeof(holders) / sizeof(*holders))

/* Refused for as long as somebody has it, at once afterwards no more. */
START_TEST(kept_by_its_users)
{
	struct counters before = look_at_counters();
	int err, i;

	holders[_i].hold();
	for (i = 0; i < 3; i++) {
		err = module_unload();
		ck_assert_msg(err == -EWOULDBLOCK, "with %s: %s", holders[_i].name,
			      err ? strerror(-err) : "unloaded");
	}
	/* Who comes now is not sent away. */
	look_at_counters();
	holders[_i].let_go();
	err = module_unload();
	ck_assert_msg(!err, "without %s: %s", holders[_i].name, strerror(-err));
	module_expect_gone(holders[_i].name);
	ck_assert_int_eq(module_load(module_fd), 0);
	expect_counters(&before, holders[_i].name);
}
END_TEST

/* --- while others use it */

static unsigned int loads(void)
{
	const char *set = getenv("PIN_TEST_LOADS");

	if (set)
		return strtoul(set, NULL, 10);
	return access("/sys/kernel/debug/kmemleak", F_OK) ? LOADS_DEFAULT : LOADS_DEFAULT / 3;
}

/* How often it was refused until there was a moment. */
static unsigned int unload_in_a_moment(void)
{
	unsigned int refused = 0;
	int err;

	while ((err = module_unload())) {
		ck_assert_msg(err == -EWOULDBLOCK, "unload: %s", strerror(-err));
		ck_assert_uint_lt(++refused, TRIES_MOST);
		usleep(200);
	}
	return refused;
}

static void await_use(void)
{
	uint64_t before = users_done();
	int ms;

	for (ms = 0; users_done() == before; ms++) {
		ck_assert_msg(ms < 20000, "nobody uses the module any more");
		usleep(1000);
	}
}

START_TEST(comes_and_goes)
{
	struct counters before = look_at_counters();
	unsigned int i, refused = 0;
	struct usage now, then;

	users_start();
	for (i = 0; i < loads(); i++) {
		await_use();
		refused += unload_in_a_moment();
		ck_assert_int_eq(module_load(module_fd), 0);
		/* The first ones leave behind what is allocated once. */
		if (i == loads() / 4)
			then = usage_read();
	}
	now = usage_read();
	users_stop();
	printf("note: loaded %u times, %u times refused to go; %lld bytes more of slab\n", i,
	       refused, (long long)(now.of[USAGE_SLAB] - then.of[USAGE_SLAB]));
	fflush(stdout);
	ck_assert_uint_gt(refused, 0);
	expect_counters(&before, "at the end");
}
END_TEST

static void setup(void)
{
	page = sysconf(_SC_PAGESIZE);
	module_fd = module_open();
}

/* Whatever became of the test, there is a module for the next. */
static void teardown(void)
{
	module_load(module_fd);
	close(module_fd);
}

Suite *lifecycle_suite(void)
{
	Suite *suite = suite_create("lifecycle");
	TCase *tcase = tcase_create("lifecycle");

	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 7200);
	tcase_add_loop_test(tcase, kept_by_its_users, 0, HOLDERS);
	tcase_add_test(tcase, comes_and_goes);
	suite_add_tcase(suite, tcase);
	return suite;
}
