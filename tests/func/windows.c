// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens in the narrow time between two steps of a call, held open by a delay
 * point.  Needs a module that was built with them.
 */
#include "delay.h"
#include "harness.h"
#include "held.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	8
#define BATCHES_PAGES	(2 * 512 + 1)	/* of the driver's batches more than one */

static struct pin_pin pin_arg(void *addr, size_t length, uint32_t flags)
{
	return (struct pin_pin) {
		.size = sizeof(struct pin_pin),
		.flags = flags,
		.addr = (uintptr_t)addr,
		.length = length,
	};
}

/*
 * Each step of a PIN by itself, and what the counters say in between: charged
 * before anything is pinned, pinned before anybody can find it.
 */
START_TEST(steps_of_pin)
{
	struct counters before = counters_read();
	struct pin_pin arg = pin_arg(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
	struct held held;

	held_start(&held, PIN_IOC_PIN, &arg, "judged", 0);
	ck_assert_uint_eq(counters_read().system, before.system + PAGES);
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	ck_assert_int_eq(held_finish(&held, "judged"), 0);
	ck_assert_int_eq(unpin(arg.id), 0);

	held_start(&held, PIN_IOC_PIN, &arg, "pinned", 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	ck_assert_int_eq(held_finish(&held, "pinned"), 0);
	ck_assert_int_eq(unpin(arg.id), 0);

	arg.id = 0;
	held_start(&held, PIN_IOC_PIN, &arg, "publish", 0);
	/* The caller's memory has the id already; nobody finds it yet. */
	ck_assert_uint_ne(arg.id, 0);
	ck_assert_int_eq(unpin(arg.id), -ENOENT);
	ck_assert_int_eq(held_finish(&held, "publish"), 0);
	ck_assert_int_eq(unpin(arg.id), 0);
	counters_expect(&before, "after the pins");
}
END_TEST

/* The id of a PIN that fails is no other pin's, though some were made meanwhile. */
START_TEST(ids_are_used_once)
{
	char *addr = map_anon(PAGES * page), *others = map_anon(page);
	struct pin_pin arg = pin_arg(addr, PAGES * page, PIN_F_WRITE);
	uint64_t during, after;
	struct held held;

	held_start(&held, PIN_IOC_PIN, &arg, "judged", 1);
	during = expect_pinned(others, page, PIN_F_WRITE);
	munmap(addr, PAGES * page);
	ck_assert_int_eq(held_finish(&held, "judged"), -EFAULT);
	after = expect_pinned(others, page, PIN_F_WRITE);
	ck_assert_uint_gt(after, during);
	ck_assert_int_eq(unpin(during), 0);
	ck_assert_int_eq(unpin(during), -ENOENT);
	ck_assert_int_eq(unpin(after), 0);
}
END_TEST

/* Nobody finds what UNPIN has taken, though its pages are still pinned. */
START_TEST(steps_of_unpin)
{
	struct counters before = counters_read();
	struct pin_unpin arg = {
		.size = sizeof(arg),
		.id = expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE),
	};
	struct held held;

	held_start(&held, PIN_IOC_UNPIN, &arg, "unpin", 0);
	ck_assert_int_eq(unpin(arg.id), -ENOENT);
	ck_assert_uint_eq(counters_read().context, before.context);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	ck_assert_int_eq(held_finish(&held, "unpin"), 0);
	counters_expect(&before, "after UNPIN");
}
END_TEST

/* A page that READ is about to read stays pinned, though UNPIN has returned. */
START_TEST(unpin_beside_a_read)
{
	struct counters before = counters_read();
	unsigned char *addr = map_anon(PAGES * page), *buffer = map_anon(PAGES * page);
	struct pin_access arg = {
		.size = sizeof(arg),
		.buffer = (uintptr_t)buffer,
		.length = PAGES * page,
	};
	struct held held;

	memset(addr, 0x5C, PAGES * page);
	arg.id = expect_pinned(addr, PAGES * page, PIN_F_WRITE);
	held_start(&held, PIN_IOC_READ, &arg, "access", 3);
	ck_assert_int_eq(unpin(arg.id), 0);
	munmap(addr, PAGES * page);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	ck_assert_int_eq(held_finish(&held, "access"), 0);
	ck_assert_uint_eq(arg.done, PAGES * page);
	ck_assert_uint_eq(buffer[0], 0x5C);
	ck_assert_uint_eq(buffer[PAGES * page - 1], 0x5C);
	counters_expect(&before, "after READ");
}
END_TEST

/* A mapping that an exec does away with, and a new image has not. */
static char *map_marker(void)
{
	int fd = memfd_create("marker", MFD_CLOEXEC);
	char *addr;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PAGES * page), 0);
	addr = mmap(NULL, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	close(fd);
	return addr;
}

/*
 * A process in a user namespace of its own, whose memory is still that of the initial
 * one: until a byte comes, then it executes another program. @fd is this end.
 */
static pid_t start_unshared(int *fd)
{
	int ends[2];
	char byte = 0;
	pid_t pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork_child();
	if (!pid) {
		close(ends[0]);
		if (unshare(CLONE_NEWUSER) || write(ends[1], &byte, 1) != 1 ||
		    read(ends[1], &byte, 1) != 1)
			_exit(1);
		execl("/bin/sleep", "sleep", "600", NULL);
		_exit(1);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	*fd = ends[0];
	return pid;
}

/* Its other end has been closed by the exec. */
static void await_exec(int fd)
{
	char byte = 0;

	ck_assert_int_eq(write(fd, &byte, 1), 1);
	ck_assert_int_eq(read(fd, &byte, 1), 0);
}

enum { SEEN_NOTHING, SEEN_OTHERS, SEEN_MARKER, SEEN_ERROR };

/* What somebody sees of a process who has all capabilities, but in its namespace only. */
static int look_from_inside(pid_t pid, const char *marker)
{
	static struct pin_report reports[512];
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = PIN_CHECK_MAPPED,
		.pid = pid,
		.length = 1ULL << 47,
		.reports = (uintptr_t)reports,
		.reports_capacity = sizeof(reports) / sizeof(*reports),
		.report_size = sizeof(*reports),
	};
	char path[64];
	unsigned int i;
	int ns, err;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWUSER))
		return SEEN_ERROR;
	err = call(PIN_IOC_CHECK, &arg);
	if (err)
		return err == -EPERM ? SEEN_NOTHING : SEEN_ERROR;
	for (i = 0; i < arg.reports_count; i++)
		if (reports[i].start == (uintptr_t)marker)
			return SEEN_MARKER;
	return SEEN_OTHERS;
}

static int seen_by(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Who may look at the new image of a process has not seen the one before. */
START_TEST(exec_beside_a_check)
{
	char *marker = map_marker();
	unsigned long hits = delay_hits("inspect");
	pid_t target, looker;
	int fd;

	target = start_unshared(&fd);
	looker = fork_child();
	if (!looker)
		_exit(look_from_inside(target, marker));
	ck_assert_int_eq(seen_by(looker), SEEN_NOTHING);

	delay_hold("inspect", 0);
	looker = fork_child();
	if (!looker)
		_exit(look_from_inside(target, marker));
	delay_await("inspect", hits + 2);
	await_exec(fd);
	delay_release("inspect");
	/* Before 7.2 the namespace is that of the memory, which was not his. */
	ck_assert_int_eq(seen_by(looker), kernel_before(7, 2) ? SEEN_NOTHING : SEEN_OTHERS);
	kill(target, SIGKILL);
	ck_assert_int_eq(waitpid(target, NULL, 0), target);
	munmap(marker, PAGES * page);
	close(fd);
}
END_TEST

static const char *const points[] = {
	"judged", "pinned", "publish", "unpin", "access",
};

#define POINTS	(sizeof(points) / sizeof(*points))

/* In a context of its own, comes to every point. */
static void go_everywhere(void)
{
	char *addr = map_anon(BATCHES_PAGES * page), *buffer = map_anon(page);
	struct pin_access access = {
		.size = sizeof(access), .buffer = (uintptr_t)buffer, .length = page,
	};
	struct pin_pin arg;

	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	pin_range(addr, BATCHES_PAGES * page, PIN_F_WRITE, &arg);
	access.id = arg.id;
	call(PIN_IOC_READ, &access);
	unpin(arg.id);
	_exit(0);
}

/* Killed at any of the points: gone at once, and nothing left. */
START_TEST(killed)
{
	struct counters before = counters_read();
	unsigned long hits = delay_hits(points[_i]);
	int status;
	pid_t pid;

	delay_hold(points[_i], 0);
	pid = fork_child();
	if (!pid)
		go_everywhere();
	delay_await(points[_i], hits + 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	delay_release(points[_i]);
	counters_expect(&before, "after the kill");
}
END_TEST

/* The driver's bounds on how many PINs run at once. */
#define RUN_OF_USER	16
#define RUN_OF_ALL	1024
#define USER		20500

struct runner {
	pthread_t thread;
	char *addr;
	uid_t uid;
	int err;
};

/* The kernel's own setresuid() is that of a thread. */
static void *pin_as_user(void *data)
{
	struct runner *runner = data;
	struct pin_pin arg;

	if (runner->uid &&
	    syscall(SYS_setresuid, runner->uid, runner->uid, runner->uid))
		runner->err = -errno;
	else
		runner->err = pin_range(runner->addr, page, 0, &arg);
	return NULL;
}

static void run(struct runner *runner, char *addr, uid_t uid)
{
	pthread_attr_t small;

	*runner = (struct runner) { .addr = addr, .uid = uid };
	ck_assert_int_eq(pthread_attr_init(&small), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&small, 64 << 10), 0);
	ck_assert_int_eq(pthread_create(&runner->thread, &small, pin_as_user,
					runner), 0);
	pthread_attr_destroy(&small);
}

static void expect_nobody_comes(unsigned long hits)
{
	usleep(500000);
	ck_assert_uint_eq(delay_hits("judged"), hits);
}

/* Waits for a turn until it is killed. */
static pid_t start_waiter(char *addr, uid_t uid)
{
	pid_t pid = fork_child();
	struct pin_pin arg;

	if (!pid) {
		ck_assert_int_eq(setuid(uid), 0);
		pin_range(addr, page, 0, &arg);
		_exit(0);
	}
	return pid;
}

static void kill_waiter(pid_t pid)
{
	int status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

/*
 * So many PINs of one user run at once and no more, so many of all users, and an
 * administrator's all the same.  Who waits has charged nothing and can be killed; in
 * the end everybody has had his turn.
 */
START_TEST(turns)
{
	const unsigned int count = RUN_OF_ALL + 3;
	unsigned long long charged = info().system_pinned_pages;
	struct runner *runners = calloc(count, sizeof(*runners));
	unsigned long hits = delay_hits("judged");
	char *addr = map_anon(page);
	unsigned int i;
	pid_t pid;

	delay_hold("judged", 0);
	for (i = 0; i <= RUN_OF_USER; i++)
		run(&runners[i], addr, USER);
	delay_await("judged", hits + RUN_OF_USER);
	expect_nobody_comes(hits + RUN_OF_USER);

	/* One more each time a user has his number; the first is over it already. */
	for (; i <= RUN_OF_ALL; i++)
		run(&runners[i], addr, USER + (i - 1) / RUN_OF_USER);
	delay_await("judged", hits + RUN_OF_ALL);
	run(&runners[i++], addr, USER + RUN_OF_ALL);
	pid = start_waiter(addr, USER + RUN_OF_ALL + 1);
	expect_nobody_comes(hits + RUN_OF_ALL);
	kill_waiter(pid);
	ck_assert_uint_eq(info().system_pinned_pages, charged + RUN_OF_ALL);
	run(&runners[i], addr, 0);
	delay_await("judged", hits + RUN_OF_ALL + 1);

	delay_release("judged");
	for (i = 0; i < count; i++) {
		pthread_join(runners[i].thread, NULL);
		ck_assert_int_eq(runners[i].err, 0);
	}
	ck_assert_uint_eq(delay_hits("judged"), hits + count);
	free(runners);
}
END_TEST

static void ignore(int signal)
{
	(void)signal;
}

/* A signal that does not kill ends no wait: the turn comes. */
static void disturb(const struct runner *runner)
{
	struct sigaction action = { .sa_handler = ignore };
	int i;

	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_kill(runner->thread, SIGUSR1), 0);
		usleep(50000);
	}
}

/* Sixteen of a user are stuck; what he has can be released, and he can be killed. */
START_TEST(waiting_for_a_turn)
{
	struct runner runners[RUN_OF_USER + 1];
	unsigned long hits;
	char *addr = map_anon(page);
	uint64_t id = expect_pinned(addr, page, 0);
	pid_t pid;
	int i;

	hits = delay_hits("judged");
	delay_hold("judged", 0);
	for (i = 0; i < RUN_OF_USER; i++)
		run(&runners[i], addr, USER);
	delay_await("judged", hits + RUN_OF_USER);
	run(&runners[RUN_OF_USER], addr, USER);
	pid = start_waiter(addr, USER);
	expect_nobody_comes(hits + RUN_OF_USER);
	disturb(&runners[RUN_OF_USER]);
	ck_assert_int_eq(unpin(id), 0);
	kill_waiter(pid);

	delay_release("judged");
	for (i = 0; i <= RUN_OF_USER; i++) {
		pthread_join(runners[i].thread, NULL);
		ck_assert_int_eq(runners[i].err, 0);
	}
}
END_TEST

Suite *windows_suite(void)
{
	Suite *suite = suite_create("windows");
	TCase *tcase = tcase_with_context("windows");

	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_test(tcase, steps_of_pin);
	tcase_add_test(tcase, ids_are_used_once);
	tcase_add_test(tcase, steps_of_unpin);
	tcase_add_test(tcase, unpin_beside_a_read);
	tcase_add_test(tcase, exec_beside_a_check);
	tcase_add_loop_test(tcase, killed, 0, POINTS);
	tcase_add_test(tcase, waiting_for_a_turn);
	suite_add_tcase(suite, tcase);
	/* A thousand threads take their time on a debug kernel. */
	tcase = tcase_with_context("turns");
	tcase_set_timeout(tcase, 900);
	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_test(tcase, turns);
	suite_add_tcase(suite, tcase);
	return suite;
}
