// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everybody's events: what is told of each, in which order, to whom, and what a listener
 * that does not read loses and learns.
 */
#include "leased.h"
#include "ledger_client.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534
#define MANY	10000
/* Events that do not fit into the buffer of a listener that never reads. */
#define FLOOD	2000

#define OF(event, name)		((event)->u64[PIN_NL_A_EVENT_##name])
#define PIN_OF(event, name)	((event)->pin.u64[PIN_NL_A_PIN_##name])
#define TOTAL(totals, name)	((totals)->u64[PIN_NL_A_TOTALS_##name])

static uint64_t sequence;

/* The next event, which is of that kind and comes right after the last one. */
static void hear(struct ledger_event *event, uint8_t cmd)
{
	ck_assert_int_eq(ledger_hear(event), 0);
	ck_assert_uint_eq(event->cmd, cmd);
	ck_assert(!sequence || OF(event, SEQUENCE) == sequence + 1);
	sequence = OF(event, SEQUENCE);
}

static void hear_of(struct ledger_event *event, uint8_t cmd, uint64_t id)
{
	hear(event, cmd);
	ck_assert(event->has[PIN_NL_A_EVENT_PIN]);
	ck_assert_uint_eq(PIN_OF(event, ID), id);
}

START_TEST(test_pinned)
{
	char *memory = map_anon(3 * page);
	struct ledger_event event;
	struct ledger_pin told;
	uint64_t id;
	int attr;

	ledger_connect();
	ledger_listen(0);
	id = expect_pinned(memory + 1, 2 * page, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	hear_of(&event, PIN_NL_CMD_PINNED, id);
	for (attr = PIN_NL_A_PIN_ID; attr <= PIN_NL_A_PIN_START_TIME; attr++) {
		if (attr == PIN_NL_A_PIN_NODE)
			continue;
		ck_assert_msg(event.pin.has[attr], "no attribute %d", attr);
		ck_assert_uint_eq(event.pin.u64[attr], told.u64[attr]);
	}
	ck_assert(ledger_is_quiet());
	ck_assert_int_eq(unpin(id), 0);
	hear_of(&event, PIN_NL_CMD_UNPINNED, id);
	ck_assert_uint_eq(PIN_OF(&event, REFERENCES), 0);
	ck_assert_uint_eq(PIN_OF(&event, CHARGED_PAGES), 0);
	ck_assert_uint_eq(PIN_OF(&event, COOKIE), told.u64[PIN_NL_A_PIN_COOKIE]);
	ck_assert(ledger_is_quiet());
}
END_TEST

START_TEST(test_refused)
{
	char *memory = map_anon(2 * page);
	struct ledger_event event;

	ledger_connect();
	ck_assert_int_eq(munmap(memory + page, page), 0);
	ledger_listen(0);
	expect_refused(memory, 2 * page, PIN_F_WRITE, PIN_REASON_HOLE, memory + page,
		       BY_MAPPING);
	hear(&event, PIN_NL_CMD_REFUSED);
	ck_assert_uint_eq(OF(&event, REASON), PIN_REASON_HOLE);
	ck_assert_uint_eq(OF(&event, ERROR), EFAULT);
	ck_assert_uint_eq(OF(&event, ADDR), (uintptr_t)memory + page);
	ck_assert_uint_eq(PIN_OF(&event, ADDR), (uintptr_t)memory);
	ck_assert_uint_eq(PIN_OF(&event, LENGTH), 2 * page);
	ck_assert_uint_eq(PIN_OF(&event, FLAGS), PIN_F_WRITE);
	ck_assert_uint_eq(PIN_OF(&event, STATE), PIN_STATE_NONE);
	ck_assert_uint_eq(PIN_OF(&event, PAGES), 0);
	ck_assert_uint_eq(PIN_OF(&event, REFERENCES), 0);
	ck_assert_uint_eq(PIN_OF(&event, PID), getpid());
	ck_assert(ledger_is_quiet());
}
END_TEST

/* What a limit refuses is not charged to anybody, and not said to be. */
START_TEST(test_refused_by_limit)
{
	const struct rlimit limit = { page, page };
	char *memory = map_anon(2 * page);
	struct ledger_event event;
	struct pin_pin arg;

	ledger_connect();
	ledger_listen(0);
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	/* No more exempt. */
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(pin_range(memory, 2 * page, PIN_F_WRITE, &arg), -ENOMEM);
	ck_assert_int_eq(seteuid(0), 0);
	hear(&event, PIN_NL_CMD_REFUSED);
	ck_assert_uint_eq(OF(&event, REASON), PIN_REASON_MEMLOCK_LIMIT);
	ck_assert(event.pin.has[PIN_NL_A_PIN_USER_CHARGED_PAGES]);
	ck_assert_uint_eq(PIN_OF(&event, CHARGED_PAGES), 0);
	ck_assert_uint_eq(PIN_OF(&event, USER_CHARGED_PAGES), 0);
	ck_assert(ledger_is_quiet());
}
END_TEST

START_TEST(test_revoked)
{
	struct ledger_event event;
	struct leased leased;

	ledger_connect();
	ledger_listen(0);
	leased_open(&leased, dax_dirs[_i], 4 * page);
	leased_pin(&leased);
	hear_of(&event, PIN_NL_CMD_PINNED, leased.id);
	ck_assert_uint_eq(PIN_OF(&event, MODE), PIN_MODE_LEASE);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	hear_of(&event, PIN_NL_CMD_REVOKED, leased.id);
	ck_assert_uint_eq(OF(&event, CAUSE), PIN_CAUSE_FILE);
	ck_assert_uint_eq(OF(&event, ADDR), (uintptr_t)leased.addr);
	ck_assert_uint_eq(OF(&event, LENGTH), leased.length);
	ck_assert(!event.has[PIN_NL_A_EVENT_ADMIN_PID]);
	ck_assert_uint_eq(PIN_OF(&event, STATE), PIN_STATE_REVOKED);
	ck_assert_uint_eq(PIN_OF(&event, REFERENCES), 0);
	ck_assert_uint_eq(PIN_OF(&event, CHARGED_PAGES), 0);
	ck_assert_int_eq(unpin(leased.id), 0);
	hear_of(&event, PIN_NL_CMD_UNPINNED, leased.id);
	leased_close(&leased);
}
END_TEST

/* A process that ends with pins, and one that closes with pins. */
static int leak(void *arg)
{
	int fd = open("/dev/pin", O_RDWR | O_CLOEXEC), i;
	char *memory = map_anon(3 * page);

	for (i = 0; i < 3; i++) {
		struct pin_pin pin = {
			.size = sizeof(pin),
			.addr = (uintptr_t)memory + i * page,
			.length = page,
		};

		if (ioctl(fd, PIN_IOC_PIN, &pin))
			return 1;
	}
	if (*(bool *)arg)
		close(fd);
	return 0;
}

START_TEST(test_leak)
{
	struct ledger_totals before, after;
	struct ledger_event event;
	uint64_t context, pid;
	bool closes = _i;
	int i;

	ledger_connect();
	ledger_listen(0);
	ck_assert_int_eq(ledger_totals(&before), 0);
	ck_assert_int_eq(in_child(leak, &closes), 0);
	for (i = 0; i < 3; i++)
		hear(&event, PIN_NL_CMD_PINNED);
	context = PIN_OF(&event, CONTEXT);
	pid = PIN_OF(&event, PID);
	hear(&event, PIN_NL_CMD_CLOSED);
	ck_assert_uint_eq(event.context[PIN_NL_A_CONTEXT_ID], context);
	ck_assert_uint_eq(event.context[PIN_NL_A_CONTEXT_PINS], 3);
	ck_assert_uint_eq(event.context[PIN_NL_A_CONTEXT_PAGES], 3);
	ck_assert_uint_eq(event.context[PIN_NL_A_CONTEXT_PID], pid);
	ck_assert(event.has[PIN_NL_A_EVENT_EXITING] == !closes);
	for (i = 0; i < 3; i++)
		hear(&event, PIN_NL_CMD_UNPINNED);
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&after, LEAKS), TOTAL(&before, LEAKS) + 1);
	ck_assert(ledger_is_quiet());
}
END_TEST

/* Who has unpinned everything has not leaked. */
START_TEST(test_clean_close)
{
	struct ledger_totals before, after;
	struct ledger_event event;
	uint64_t id;

	ledger_connect();
	ledger_listen(0);
	ck_assert_int_eq(ledger_totals(&before), 0);
	id = expect_pinned(map_anon(page), page, 0);
	ck_assert_int_eq(unpin(id), 0);
	close(pin_fd);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	hear_of(&event, PIN_NL_CMD_PINNED, id);
	hear_of(&event, PIN_NL_CMD_UNPINNED, id);
	ck_assert(ledger_is_quiet());
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&after, LEAKS), TOTAL(&before, LEAKS));
}
END_TEST

/* Each of very many, in order, to a listener that reads now and then. */
START_TEST(test_order)
{
	unsigned long many = ledger_scaled(MANY), i;
	char *memory = map_anon(page);
	struct ledger_event event;
	uint64_t heard = 0;
	struct pin_pin arg;

	ledger_connect();
	ledger_listen(4 << 20);
	for (i = 0; i < many; i++) {
		ck_assert_int_eq(pin_range(memory, page, 0, &arg), 0);
		ck_assert_int_eq(unpin(arg.id), 0);
		if (i % 500 != 499)
			continue;
		while (!ledger_is_quiet()) {
			hear(&event, heard % 2 ? PIN_NL_CMD_UNPINNED : PIN_NL_CMD_PINNED);
			heard++;
		}
	}
	ck_assert_uint_eq(heard, 2 * many);
}
END_TEST

/* How many events there are until the listener learns that some are missing. */
static unsigned int hear_until_lost(void)
{
	struct ledger_event event;
	unsigned int heard = 0;
	int err;

	while (!(err = ledger_hear(&event)))
		heard++;
	ck_assert_int_eq(err, -ENOBUFS);
	return heard;
}

START_TEST(test_flood)
{
	char *memory = map_anon(page);
	struct ledger_totals before, after;
	struct ledger_event event;
	struct ledger_pins pins;
	uint64_t last = 0, lost = 0, id;
	struct pin_pin arg;
	int i;

	ledger_connect();
	ledger_listen(65536);
	ck_assert_int_eq(ledger_totals(&before), 0);
	for (i = 0; i < FLOOD; i++) {
		ck_assert_int_eq(pin_range(memory, page, 0, &arg), 0);
		ck_assert_int_eq(unpin(arg.id), 0);
	}
	id = expect_pinned(memory, page, 0);
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&after, EVENTS) - TOTAL(&before, EVENTS), 2 * FLOOD + 1);
	ck_assert_uint_gt(TOTAL(&after, EVENTS_LOST), TOTAL(&before, EVENTS_LOST));

	/* ENOBUFS comes first, then what there was room for. */
	ck_assert_uint_eq(hear_until_lost(), 0);
	while (!ledger_is_quiet()) {
		ck_assert_int_eq(ledger_hear(&event), 0);
		if (last)
			lost += OF(&event, SEQUENCE) - last - 1;
		last = OF(&event, SEQUENCE);
	}
	lost += TOTAL(&after, EVENTS) - last;
	ck_assert_uint_gt(lost, 0);
	ck_assert_uint_eq(lost, TOTAL(&after, EVENTS_LOST) - TOTAL(&before, EVENTS_LOST));
	/* What he has missed a dump tells him, and from then on events come again. */
	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_ptr_nonnull(ledger_among(&pins, id));
	ck_assert_int_eq(unpin(id), 0);
	sequence = TOTAL(&after, EVENTS);
	hear_of(&event, PIN_NL_CMD_UNPINNED, id);
}
END_TEST

/* Nobody listens: nothing is counted. */
START_TEST(test_nobody_listens)
{
	struct ledger_totals before, after;

	ledger_connect();
	ck_assert_int_eq(ledger_totals(&before), 0);
	ck_assert_int_eq(unpin(expect_pinned(map_anon(page), page, 0)), 0);
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&before, EVENTS), TOTAL(&after, EVENTS));
	ck_assert_uint_eq(TOTAL(&before, EVENTS_LOST), TOTAL(&after, EVENTS_LOST));
}
END_TEST

static int join(int group)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ?
	       -errno : fd;
}

static int join_as_user(void *arg)
{
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	ck_assert_int_eq(join(*(int *)arg), -EPERM);
	/* Nor as root of a user namespace of his own. */
	ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
	ck_assert_int_eq(join(*(int *)arg), -EPERM);
	return 0;
}

START_TEST(test_may_not_join)
{
	int group;

	ledger_connect();
	group = ledger_group();
	ck_assert_int_eq(in_child(join_as_user, &group), 0);
}
END_TEST

/* In a network namespace of his own anybody may join numbers, and hears nothing. */
static int join_elsewhere(void *arg)
{
	int *pipes = arg, group = pipes[4], fd;
	char byte = 0;

	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	ck_assert_int_eq(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	fd = join(group);
	ck_assert_int_eq(write(pipes[1], &byte, 1), 1);
	ck_assert_int_eq(read(pipes[2], &byte, 1), 1);
	if (fd < 0)
		return fd == -EPERM ? 0 : 1;
	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN ? 0 : 2;
}

START_TEST(test_other_network)
{
	struct ledger_event event;
	int pipes[5], status;
	uint64_t id;
	char byte;
	pid_t pid;

	ledger_connect();
	ck_assert_int_eq(pipe(pipes) | pipe(pipes + 2), 0);
	pipes[4] = ledger_group();
	pid = fork_child();
	if (!pid)
		_exit(join_elsewhere(pipes));
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	/* There is an event: a listener here hears it. */
	ledger_listen(0);
	id = expect_pinned(map_anon(page), page, 0);
	hear_of(&event, PIN_NL_CMD_PINNED, id);
	ck_assert_int_eq(write(pipes[3], &byte, 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/*
 * One message is for all, so its numbers are those of the initial namespaces; a listener
 * in another pid namespace knows the processes of his own by the other two.
 */
static int listen_inside(void *arg)
{
	struct ledger_event event;
	struct stat status;
	uint64_t id;

	ledger_connect();
	ledger_listen(0);
	id = expect_pinned(map_anon(page), page, 0);
	hear_of(&event, PIN_NL_CMD_PINNED, id);
	ck_assert_int_eq(stat("/proc/self/ns/pid", &status), 0);
	ck_assert_uint_eq(PIN_OF(&event, PID_NS), status.st_ino);
	ck_assert_uint_eq(PIN_OF(&event, NS_PID), getpid());
	ck_assert_uint_eq(PIN_OF(&event, NS_PID), 1);
	ck_assert_uint_gt(PIN_OF(&event, PID), 1);
	return unpin(id);
}

static int enter_pid_namespace(void *arg)
{
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	return in_child(listen_inside, arg);
}

START_TEST(test_pid_namespace)
{
	ck_assert_int_eq(in_child(enter_pid_namespace, NULL), 0);
}
END_TEST

Suite *ledger_events_suite(void)
{
	Suite *suite = suite_create("ledger-events");
	TCase *tcase = tcase_with_context("ledger-events");

	tcase_add_test(tcase, test_pinned);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_refused_by_limit);
	tcase_add_loop_test(tcase, test_revoked, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, test_leak, 0, 2);
	tcase_add_test(tcase, test_clean_close);
	tcase_add_test(tcase, test_order);
	tcase_add_test(tcase, test_flood);
	tcase_add_test(tcase, test_nobody_listens);
	tcase_add_test(tcase, test_may_not_join);
	tcase_add_test(tcase, test_other_network);
	tcase_add_test(tcase, test_pid_namespace);
	suite_add_tcase(suite, tcase);
	return suite;
}
