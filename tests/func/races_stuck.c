// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call that waits for a page which never comes, of a userfaultfd or of FUSE, keeps nobody
 * else waiting: not the other calls on its context, not other contexts, not the ledger,
 * not the end of either, and not whoever kills it.  What would keep them waiting is a hang
 * here, which the runner ends.
 */
#include "races_stuck.h"

#include "clock.h"
#include "harness.h"
#ifndef PIN_TEST_WITHOUT_NETLINK
#include "ledger_client.h"
#endif
#include "missing.h"
#include "silent.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	16
#define OTHER	20400	/* another user */

/* A call that waits; the page that it waits for. */
struct stuck {
	pthread_t thread;
	int context;
	unsigned int number;
	union {
		struct pin_info info;
		struct pin_pin pin;
		struct pin_check check;
		struct pin_query query;
		struct pin_list list;
		struct pin_runs runs;
		struct pin_access access;
	} arg;
	void *where;		/* the struct that is passed */
	uint64_t id;		/* of a pin of PAGES pages at @pinned */
	char *pinned;
	char *page;
	const struct way *way;
	int handler;		/* of the userfaultfd */
	struct silent silent;
	int err;
	atomic_bool done;
};

static void info_itself(struct stuck *stuck)
{
	stuck->number = PIN_IOC_INFO;
	stuck->where = stuck->page;
}

static void pin_itself(struct stuck *stuck)
{
	stuck->number = PIN_IOC_PIN;
	stuck->where = stuck->page;
}

static void pin_memory(struct stuck *stuck)
{
	stuck->number = PIN_IOC_PIN;
	stuck->arg.pin = (struct pin_pin) {
		.size = sizeof(stuck->arg.pin),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)stuck->page,
		.length = page,
	};
}

/* Pinned already, and waits to say so. */
static void pin_reports(struct stuck *stuck)
{
	pin_memory(stuck);
	stuck->arg.pin.addr = (uintptr_t)stuck->pinned;
	stuck->arg.pin.reports = (uintptr_t)stuck->page;
	stuck->arg.pin.reports_capacity = 8;
	stuck->arg.pin.report_size = sizeof(struct pin_report);
}

static void check_reports(struct stuck *stuck)
{
	stuck->number = PIN_IOC_CHECK;
	stuck->arg.check = (struct pin_check) {
		.size = sizeof(stuck->arg.check),
		.addr = (uintptr_t)stuck->pinned,
		.length = page,
		.reports = (uintptr_t)stuck->page,
		.reports_capacity = 8,
		.report_size = sizeof(struct pin_report),
	};
}

static void query_nodes(struct stuck *stuck)
{
	stuck->number = PIN_IOC_QUERY;
	stuck->arg.query = (struct pin_query) {
		.size = sizeof(stuck->arg.query),
		.id = stuck->id,
		.nodes = (uintptr_t)stuck->page,
		.nodes_capacity = page / sizeof(uint64_t),
	};
}

static void list_ids(struct stuck *stuck)
{
	stuck->number = PIN_IOC_LIST;
	stuck->arg.list = (struct pin_list) {
		.size = sizeof(stuck->arg.list),
		.ids = (uintptr_t)stuck->page,
		.ids_capacity = 8,
	};
}

static void runs_array(struct stuck *stuck)
{
	stuck->number = PIN_IOC_RUNS;
	stuck->arg.runs = (struct pin_runs) {
		.size = sizeof(stuck->arg.runs),
		.id = stuck->id,
		.runs = (uintptr_t)stuck->page,
		.runs_capacity = 8,
		.run_size = sizeof(struct pin_run),
	};
}

static void access_buffer(struct stuck *stuck)
{
	stuck->arg.access = (struct pin_access) {
		.size = sizeof(stuck->arg.access),
		.id = stuck->id,
		.buffer = (uintptr_t)stuck->page,
		.length = page,
	};
}

static void read_buffer(struct stuck *stuck)
{
	stuck->number = PIN_IOC_READ;
	access_buffer(stuck);
}

static void write_buffer(struct stuck *stuck)
{
	stuck->number = PIN_IOC_WRITE;
	access_buffer(stuck);
}

static void (*const calls[])(struct stuck *stuck) = {
	info_itself, pin_itself, pin_memory, pin_reports, check_reports,
	query_nodes, list_ids, runs_array, read_buffer, write_buffer,
};

#define CALLS	(sizeof(calls) / sizeof(*calls))

static void *make_call(void *data)
{
	struct stuck *stuck = data;

	stuck->err = ioctl(stuck->context, stuck->number, stuck->where) ? -errno : 0;
	stuck->done = true;
	return NULL;
}

/* --- how the page does not come */

static void make_missing(struct stuck *stuck)
{
	stuck->page = map_anon(page);
}

/* In the process whose page it is. */
static void watch_missing(struct stuck *stuck)
{
	stuck->handler = missing_watch(stuck->page, page);
}

static void await_missing(struct stuck *stuck)
{
	struct uffd_msg message;

	ck_assert_int_eq(read(stuck->handler, &message, sizeof(message)),
			 sizeof(message));
	ck_assert_int_eq(message.event, UFFD_EVENT_PAGEFAULT);
}

/* Without a handler it is an ordinary page, of zeros. */
static void answer_missing(struct stuck *stuck)
{
	close(stuck->handler);
}

static void free_missing(struct stuck *stuck)
{
	munmap(stuck->page, page);
}

static void make_silent(struct stuck *stuck)
{
	silent_open(&stuck->silent, 0);
	stuck->page = stuck->silent.addr;
}

static void watch_silent(struct stuck *stuck)
{
}

static void await_silent(struct stuck *stuck)
{
	silent_await(&stuck->silent);
}

static void answer_silent(struct stuck *stuck)
{
	silent_answer(&stuck->silent);
}

static void free_silent(struct stuck *stuck)
{
	silent_close(&stuck->silent);
}

static const struct way {
	void (*make)(struct stuck *stuck);
	void (*watch)(struct stuck *stuck);
	/* Returns when somebody waits. */
	void (*await)(struct stuck *stuck);
	void (*answer)(struct stuck *stuck);
	void (*free)(struct stuck *stuck);
} ways[] = {
	{ make_missing, watch_missing, await_missing, answer_missing, free_missing },
	{ make_silent, watch_silent, await_silent, answer_silent, free_silent },
};

#define WAYS	(sizeof(ways) / sizeof(*ways))

/* Returns when the call waits for the page. */
static void get_stuck(struct stuck *stuck)
{
	stuck->way->watch(stuck);
	ck_assert_int_eq(pthread_create(&stuck->thread, NULL, make_call, stuck), 0);
	stuck->way->await(stuck);
	ck_assert(!stuck->done);
}

static void read_whole(const char *path)
{
	char buffer[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	do {
		got = read(fd, buffer, sizeof(buffer));
		ck_assert_int_ge(got, 0);
	} while (got);
	close(fd);
}

static void read_fdinfo(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pin_fd);
	read_whole(path);
}

/* Every call, on pin_fd. */
static void every_call(void)
{
	char *addr = map_anon(PAGES * page), *buffer = map_anon(PAGES * page);
	uint64_t id = expect_pinned(addr, PAGES * page, PIN_F_WRITE);
	struct pin_access access = {
		.size = sizeof(access),
		.id = id,
		.buffer = (uintptr_t)buffer,
		.length = PAGES * page,
	};
	struct pin_list list = {
		.size = sizeof(list),
		.ids = (uintptr_t)buffer,
		.ids_capacity = 16,
	};
	struct pin_runs runs = {
		.size = sizeof(runs),
		.id = id,
		.runs = (uintptr_t)buffer,
		.runs_capacity = 16,
		.run_size = sizeof(struct pin_run),
	};

	ck_assert_int_eq(call(PIN_IOC_READ, &access), 0);
	ck_assert_int_eq(call(PIN_IOC_WRITE, &access), 0);
	ck_assert_int_eq(call(PIN_IOC_LIST, &list), 0);
	ck_assert_int_eq(call(PIN_IOC_RUNS, &runs), 0);
	ck_assert_uint_gt(info().context_pins, 0);
	read_fdinfo();
	ck_assert_int_eq(unpin(id), 0);
	munmap(addr, PAGES * page);
	munmap(buffer, PAGES * page);
}

/* Another user, in a process of his own, on this context and on his own. */
static int another_user(void *unused)
{
	int own = open("/dev/pin", O_RDWR | O_CLOEXEC);

	(void)unused;
	ck_assert_int_eq(setuid(OTHER), 0);
	every_call();
	pin_fd = own;
	every_call();
	expect_pinned(map_anon(page), page, 0);
	close(own);
	return 0;
}

#ifndef PIN_TEST_WITHOUT_NETLINK
/* The pin that the stuck call is about is told as well. */
static void ask_ledger(uint64_t id)
{
	struct ledger_totals totals;
	struct ledger_pins pins;

	ledger_connect();
	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_ptr_nonnull(ledger_among(&pins, id));
	ck_assert_int_eq(ledger_totals(&totals), 0);
	ledger_disconnect();
}
#else
static void ask_ledger(uint64_t id)
{
}
#endif

static void expect_nobody_waits(const struct stuck *stuck)
{
	int same = pin_fd;

	every_call();
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	every_call();
	/* Left for close to release. */
	expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
	close(pin_fd);
	pin_fd = same;
	ck_assert_int_eq(in_child(another_user, NULL), 0);
	ask_ledger(stuck->id);
	/* Nobody has mmap_lock for good. */
	munmap(map_anon(page), page);
	read_whole("/proc/self/maps");
	/* The pin that the stuck call is about can be released. */
	ck_assert_int_eq(unpin(stuck->id), 0);
	ck_assert(!stuck->done);
}

/* What is to be stuck: one of the calls, on a page that does not come in one of the ways. */
static void prepare_stuck(struct stuck *stuck, unsigned int number)
{
	*stuck = (struct stuck) {
		.context = pin_fd,
		.pinned = map_anon(PAGES * page),
		.way = &ways[number / CALLS],
	};
	stuck->way->make(stuck);
	stuck->id = expect_pinned(stuck->pinned, PAGES * page, PIN_F_WRITE);
	stuck->where = &stuck->arg;
	calls[number % CALLS](stuck);
}

/* There GUP does not wait for a handler; see the test of the refusal in races.c. */
static bool is_refused(unsigned int number)
{
	return calls[number % CALLS] == pin_memory &&
	       ways[number / CALLS].make == make_missing && kernel_before(6, 5);
}

START_TEST(stuck_call)
{
	struct counters before = counters_read();
	struct stuck stuck;

	if (is_refused(_i))
		return;
	prepare_stuck(&stuck, _i);
	get_stuck(&stuck);
	expect_nobody_waits(&stuck);

	stuck.way->answer(&stuck);
	pthread_join(stuck.thread, NULL);
	ck_assert_int_eq(stuck.err, stuck.where == &stuck.arg ? 0 : -EINVAL);
	if (stuck.number == PIN_IOC_PIN && !stuck.err)
		ck_assert_int_eq(unpin(stuck.arg.pin.id), 0);
	stuck.way->free(&stuck);
	counters_expect(&before, "after all calls");
}
END_TEST

#define ATTEMPTS	4

/*
 * Each attempt to have the page reads it once without mmap_lock. If that fails, the kernel's
 * fault handler, filemap_fault(), reads it with the lock held before it gives up, for
 * whoever touches the page; so only the former is not answered here, of GUP for all pages,
 * of GUP for this one and of who looks for the reason. The very first attempt reads ahead
 * as well.
 */
START_TEST(stuck_after_errors)
{
	struct counters before = counters_read();
	unsigned int errors = 2 * _i + 1;
	struct stuck stuck = {
		.context = pin_fd,
		.pinned = map_anon(PAGES * page),
		.where = &stuck.arg,
	};

	silent_open(&stuck.silent, errors);
	stuck.page = stuck.silent.addr;
	stuck.id = expect_pinned(stuck.pinned, PAGES * page, PIN_F_WRITE);
	pin_memory(&stuck);
	ck_assert_int_eq(pthread_create(&stuck.thread, NULL, make_call, &stuck), 0);
	while (!stuck.done && !silent_is_asked(&stuck.silent))
		usleep(1000);
	if (stuck.done) {
		ck_assert_int_eq(unpin(stuck.id), 0);
	} else {
		expect_nobody_waits(&stuck);
		printf("note: a PIN waits after %u errors\n", errors);
		fflush(stdout);
	}
	silent_answer(&stuck.silent);
	pthread_join(stuck.thread, NULL);
	if (!stuck.err) {
		ck_assert_int_eq(unpin(stuck.arg.pin.id), 0);
	} else {
		ck_assert_int_eq(stuck.err, -EFAULT);
		ck_assert_uint_eq(stuck.arg.pin.refusal.reason, PIN_REASON_FAULT_FAILED);
	}
	silent_close(&stuck.silent);
	counters_expect(&before, "after errors");
}
END_TEST

/* Stuck for good, and says so. */
static void live_stuck(struct stuck *stuck, int tell)
{
	get_stuck(stuck);
	if (write(tell, "", 1) != 1)
		_exit(1);
	pause();
	_exit(1);
}

static void kill_stuck(pid_t pid)
{
	double started = clock_seconds(), took;
	int status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	took = clock_seconds() - started;
	ck_assert(WIFSIGNALED(status));
	ck_assert_msg(took < clock_allowed(1), "gone after %.3f s", took);
}

/* By another process, on the same context, and on one that others have. */
START_TEST(stuck_and_killed)
{
	struct counters before = counters_read();
	struct stuck stuck;
	int ready[2];
	char path[64], byte;
	pid_t pid;

	if (is_refused(_i))
		return;
	prepare_stuck(&stuck, _i);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork_child();
	if (!pid)
		live_stuck(&stuck, ready[1]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, pin_fd);
	read_whole(path);
	expect_nobody_waits(&stuck);
	kill_stuck(pid);
	stuck.way->free(&stuck);
	counters_expect(&before, "after the kill");
	close(ready[0]);
}
END_TEST

void add_stuck_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, stuck_call, 0, CALLS * WAYS);
	tcase_add_loop_test(tcase, stuck_and_killed, 0, CALLS * WAYS);
	tcase_add_loop_test(tcase, stuck_after_errors, 0, ATTEMPTS);
}
