// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The windows in which a lease meets whoever takes it back, held open by delay points.
 * Needs a module that was built with them.
 */
#include "battle.h"
#include "delay.h"
#include "leased.h"
#include "missing.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	64
#define BATCHES	3
#define BATCH_PAGES	512	/* the driver's */
#define LEASE	(PIN_F_WRITE | PIN_F_LEASE)
#define STUCK_S	60

/* Where the C library is older than the kernel. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

/* A call in a thread: PIN, UNPIN or READ. */
struct held {
	pthread_t thread;
	const struct leased *leased;
	int err;
	uint64_t id;
	uint64_t done;
	struct pin_refusal refusal;
	atomic_bool over;
};

static void *run_pin(void *data)
{
	struct held *held = data;
	struct pin_pin arg;

	held->err = pin_range(held->leased->addr, held->leased->length, LEASE, &arg);
	held->id = arg.id;
	held->refusal = arg.refusal;
	held->over = true;
	return NULL;
}

static void *run_unpin(void *data)
{
	struct held *held = data;

	held->err = unpin(held->leased->id);
	held->over = true;
	return NULL;
}

static void *run_read(void *data)
{
	struct held *held = data;
	char byte;

	held->err = pin_read(held->leased->id, 0, &byte, 1, &held->done);
	held->over = true;
	return NULL;
}

static void held_start(struct held *held, const struct leased *leased,
		       void *(*run)(void *), const char *point, unsigned long nth)
{
	unsigned long hits = delay_hits(point);

	*held = (struct held) { .leased = leased };
	delay_hold(point, nth);
	ck_assert_int_eq(pthread_create(&held->thread, NULL, run, held), 0);
	delay_await(point, hits + (nth ?: 1));
	ck_assert(!held->over);
}

static void held_finish(struct held *held, const char *point)
{
	delay_release(point);
	pthread_join(held->thread, NULL);
}

/* A truncate to nothing in another process. */
static pid_t truncate_start(const struct leased *leased)
{
	pid_t pid = fork_child();

	if (!pid)
		_exit(truncate(leased->path, 0) ? errno : 0);
	return pid;
}

static bool is_over(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) == 0)
		return false;
	ck_assert_int_eq(status, 0);
	return true;
}

static void expect_over(pid_t pid, const char *what)
{
	int tries;

	for (tries = 0; tries < STUCK_S * 100; tries++) {
		if (is_over(pid))
			return;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	ck_abort_msg("a truncate waits for %s", what);
}

/*
 * Between GUP and the runs nobody could give the pages back, so a truncate is kept
 * out; it goes on when they are published, and takes them.
 */
START_TEST(truncate_before_publish)
{
	struct counters before = counters_read();
	struct leased leased;
	struct held held;
	pid_t truncating;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	held_start(&held, &leased, run_pin, "lease_pinned", 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	truncating = truncate_start(&leased);
	usleep(300000);
	ck_assert(!is_over(truncating));
	held_finish(&held, "lease_pinned");
	expect_over(truncating, "a lease that is published");
	/* It took them from a pin that is made, or from one that looked once more. */
	if (held.err) {
		ck_assert_int_eq(held.err, -EFAULT);
		ck_assert_uint_eq(held.refusal.reason, PIN_REASON_BEYOND_EOF);
	} else {
		expect_revoked(held.id);
		ck_assert_int_eq(unpin(held.id), 0);
	}
	leased_close(&leased);
	counters_expect(&before, "after the truncate");
}
END_TEST

/* munmap and MADV_DONTNEED are not kept out: the batch is seen to be stale. */
START_TEST(unmapped_before_publish)
{
	struct counters before = counters_read();
	unsigned long retries = delay_hits("lease_retry");
	struct leased leased;
	struct held held;
	pid_t truncating;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	held_start(&held, &leased, run_pin, "lease_pinned", 1);
	ck_assert_int_eq(madvise(leased.addr, page, MADV_DONTNEED), 0);
	held_finish(&held, "lease_pinned");
	ck_assert_int_eq(held.err, 0);
	ck_assert_uint_eq(delay_hits("lease_retry"), retries + 1);
	expect_live(held.id);
	expect_no_event();
	ck_assert_int_eq(unpin(held.id), 0);

	held_start(&held, &leased, run_pin, "lease_pinned", 1);
	ck_assert_int_eq(munmap(leased.addr, leased.length), 0);
	held_finish(&held, "lease_pinned");
	ck_assert_int_eq(held.err, -EFAULT);
	ck_assert_uint_eq(held.refusal.reason, PIN_REASON_MAPPING_CHANGED);
	counters_expect(&before, "after a mapping that went");
	truncating = truncate_start(&leased);
	expect_over(truncating, "nothing");
	leased_close(&leased);
}
END_TEST

/* Whichever batch is stale: those before it are given back, and pinned once more. */
START_TEST(any_batch_is_stale)
{
	const unsigned int nth = _i % BATCHES + 1;
	struct counters before = counters_read();
	unsigned long hits = delay_hits("lease_pinned");
	unsigned long retries = delay_hits("lease_retry");
	struct pin_query queried;
	struct leased leased;
	struct held held;

	leased_open(&leased, dax_dirs[_i / BATCHES], BATCHES * BATCH_PAGES * page);
	held_start(&held, &leased, run_pin, "lease_pinned", nth);
	ck_assert_int_eq(madvise(leased.addr, page, MADV_DONTNEED), 0);
	held_finish(&held, "lease_pinned");
	ck_assert_int_eq(held.err, 0);
	ck_assert_uint_eq(delay_hits("lease_retry"), retries + 1);
	ck_assert_uint_ge(delay_hits("lease_pinned"), hits + nth + BATCHES);
	expect_live(held.id);
	ck_assert_int_eq(query(held.id, &queried), 0);
	ck_assert_uint_eq(queried.pages, BATCHES * BATCH_PAGES);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + queried.pages);
	ck_assert_int_eq(unpin(held.id), 0);
	leased_close(&leased);
	counters_expect(&before, "after batches were pinned twice");
}
END_TEST

/* UNPIN has taken the pin, and has not unpinned anything yet. */
START_TEST(truncate_before_unpin)
{
	struct counters before = counters_read();
	struct leased leased;
	struct held held;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	held_start(&held, &leased, run_unpin, "unpin", 0);
	expect_over(truncate_start(&leased), "UNPIN");
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	ck_assert(!held.over);
	held_finish(&held, "unpin");
	ck_assert_int_eq(held.err, 0);
	expect_no_event();
	leased_close(&leased);
	counters_expect(&before, "after UNPIN");
}
END_TEST

/* Begins to wait for the page number @index, which lies in a pipe until that is read. */
static pid_t truncate_for_a_pipe(const struct leased *leased, size_t index, int *pipes)
{
	struct iovec page_of_file = { leased->addr + index * page, page };
	pid_t truncating;

	touch(leased->addr, leased->length);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(vmsplice(pipes[1], &page_of_file, 1, 0), (ssize_t)page);
	truncating = truncate_start(leased);
	usleep(300000);
	ck_assert(!is_over(truncating));
	return truncating;
}

/*
 * A truncate waits for somebody else's page, with the file locked: a lease is not
 * had, and does not wait for ever either.
 */
START_TEST(truncate_already_waits)
{
	struct counters before = counters_read();
	struct leased leased;
	struct pin_pin arg;
	int pipes[2];
	pid_t truncating;
	char *buffer = malloc(page);

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	truncating = truncate_for_a_pipe(&leased, 0, pipes);

	ck_assert_int_eq(pin_range(leased.addr, leased.length, LEASE, &arg), -EBUSY);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_DEVICE_BUSY);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)leased.addr);
	ck_assert_uint_eq(arg.id, 0);
	ck_assert(!is_over(truncating));
	counters_expect(&before, "after a lease that was not had");

	ck_assert_int_eq(read(pipes[0], buffer, page), (ssize_t)page);
	expect_over(truncating, "a page that was let go");
	leased_close(&leased);
	free(buffer);
}
END_TEST

/*
 * The same, and the page is touched meanwhile: now Linux 7.2 waits until it is unmapped, and
 * that is not up to a lease.
 */
START_TEST(truncate_waits_for_a_mapping)
{
	struct counters before = counters_read();
	struct leased leased;
	struct pin_pin arg;
	int pipes[2];
	pid_t truncating;
	char *buffer = malloc(page);

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	truncating = truncate_for_a_pipe(&leased, 1, pipes);
	ck_assert_int_eq(madvise(leased.addr + page, page, MADV_POPULATE_WRITE), 0);
	ck_assert_int_eq(read(pipes[0], buffer, page), (ssize_t)page);
	if (!kernel_before(6, 15)) {
		usleep(300000);
		ck_assert(!is_over(truncating));
		ck_assert_int_eq(pin_range(leased.addr, leased.length, LEASE, &arg), -EBUSY);
		ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_DEVICE_BUSY);
		ck_assert(!is_over(truncating));
		counters_expect(&before, "while a truncate waits for a mapping");
		ck_assert_int_eq(madvise(leased.addr, leased.length, MADV_DONTNEED), 0);
	}
	expect_over(truncating, "a page that nobody maps or holds");
	leased_close(&leased);
	counters_expect(&before, "after a truncate that waited for a mapping");
	free(buffer);
}
END_TEST

static void ignore(int signal)
{
	(void)signal;
}

/* A lease of its own context; the first that this memory has. */
static void lease_and_exit(const struct leased *leased)
{
	struct sigaction action = { .sa_handler = ignore };
	struct pin_pin arg;

	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	sigaction(SIGUSR1, &action, NULL);
	_exit(-pin_range(leased->addr, leased->length, LEASE, &arg));
}

static const char *const killed_at[] = { "judged", "lease_pinned" };

#define KILLED_AT	(sizeof(killed_at) / sizeof(*killed_at))

/* Killed before a lease has its notifier, or between two batches: nothing is left. */
START_TEST(killed)
{
	const char *point = killed_at[_i % KILLED_AT];
	struct counters before = counters_read();
	unsigned long hits = delay_hits(point);
	struct leased leased;
	int status;
	pid_t pid;

	leased_open(&leased, dax_dirs[_i / KILLED_AT], BATCHES * BATCH_PAGES * page);
	delay_hold(point, 0);
	pid = fork_child();
	if (!pid)
		lease_and_exit(&leased);
	delay_await(point, hits + 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_eq(delay_hits(point), hits + 1);
	delay_release(point);
	counters_expect(&before, "after the kill");
	expect_over(truncate_start(&leased), "a lease that was never made");
	leased_close(&leased);
}
END_TEST

/* Killed while it waits for a file that a truncate has locked: the truncate goes on waiting. */
START_TEST(killed_behind_a_truncate)
{
	struct counters before = counters_read();
	struct leased leased;
	int pipes[2], status;
	pid_t truncating, pid;
	char *buffer = malloc(page);

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	truncating = truncate_for_a_pipe(&leased, 0, pipes);
	pid = fork_child();
	if (!pid)
		lease_and_exit(&leased);
	/* Alone it would be refused after a second. */
	usleep(300000);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert(!is_over(truncating));
	counters_expect(&before, "after the kill");

	ck_assert_int_eq(read(pipes[0], buffer, page), (ssize_t)page);
	expect_over(truncating, "a page that was let go");
	leased_close(&leased);
	free(buffer);
}
END_TEST

/*
 * The mapping becomes another one while a lease waits for the file, of which a page comes
 * when its handler likes: nobody else waits for that.
 */
START_TEST(replaced_behind_a_truncate)
{
	struct counters before = counters_read();
	struct pollfd fault = { .events = POLLIN };
	struct leased leased;
	struct held held = { .leased = &leased };
	int pipes[2];
	pid_t truncating;
	char *buffer = malloc(page);

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	truncating = truncate_for_a_pipe(&leased, 0, pipes);
	ck_assert_int_eq(pthread_create(&held.thread, NULL, run_pin, &held), 0);
	usleep(300000);
	ck_assert_ptr_eq(mmap(leased.addr, leased.length, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), leased.addr);
	fault.fd = missing_watch(leased.addr, leased.length);
	ck_assert_int_eq(read(pipes[0], buffer, page), (ssize_t)page);
	expect_over(truncating, "a page that was let go");
	ck_assert_int_eq(poll(&fault, 1, STUCK_S * 1000), 1);
	ck_assert(!held.over);

	expect_over(truncate_start(&leased), "a page of somebody else's");
	ck_assert(!held.over);
	ck_assert_int_eq(close(fault.fd), 0);
	pthread_join(held.thread, NULL);
	ck_assert_int_eq(held.err, -EFAULT);
	ck_assert_uint_eq(held.refusal.reason, PIN_REASON_MAPPING_CHANGED);
	leased_close(&leased);
	counters_expect(&before, "after a mapping that was replaced");
	free(buffer);
}
END_TEST

/*
 * A signal that does not kill: mm_take_all_locks(), for the first notifier of all, gives up
 * for it and PIN does not.
 */
START_TEST(signalled_before_the_first)
{
	struct counters before = counters_read();
	unsigned long hits = delay_hits("judged");
	struct leased leased;
	int status;
	pid_t pid;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	delay_hold("judged", 0);
	pid = fork_child();
	if (!pid)
		lease_and_exit(&leased);
	delay_await("judged", hits + 1);
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	delay_release("judged");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	leased_close(&leased);
	counters_expect(&before, "after a lease whose maker has ended");
}
END_TEST

/* All is done but making the pin known: PIN succeeds, with a pin that is revoked. */
START_TEST(truncate_during_publish)
{
	unsigned long lost = delay_hits("lease_lost");
	struct leased leased;
	struct held held;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	held_start(&held, &leased, run_pin, "publish", 0);
	expect_over(truncate_start(&leased), "a PIN that is to be published");
	expect_no_event();
	held_finish(&held, "publish");
	ck_assert_int_eq(held.err, 0);
	expect_revoked(held.id);
	ck_assert_uint_eq(expect_event(held.id).cause, PIN_CAUSE_FILE);
	ck_assert_uint_eq(delay_hits("lease_lost"), lost + 1);
	ck_assert_int_eq(unpin(held.id), 0);
	leased_close(&leased);
}
END_TEST

START_TEST(truncate_during_read)
{
	struct leased leased;
	struct held held;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	held_start(&held, &leased, run_read, "access", 0);
	expect_over(truncate_start(&leased), "READ");
	held_finish(&held, "access");
	ck_assert_int_eq(held.err, -ESTALE);
	ck_assert_uint_eq(held.done, 0);
	expect_revoked(leased.id);
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

/* A mapping that changes all the time: the lease gives up, and says why. */
static atomic_bool stop;

static void *keep_discarding(void *data)
{
	const struct leased *leased = data;

	while (!stop)
		madvise(leased->addr, leased->length, MADV_DONTNEED);
	return NULL;
}

START_TEST(no_livelock)
{
	struct leased leased;
	struct pin_pin arg;
	pthread_t thread;
	int err;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	stop = false;
	ck_assert_int_eq(pthread_create(&thread, NULL, keep_discarding, &leased), 0);
	/*
	 * Each attempt is held up long enough to lose, unless the whole machine stood
	 * still in that time; then the next PIN has to.
	 */
	delay_hold_ms("lease_pinned", 30);
	while (!(err = pin_range(leased.addr, leased.length, LEASE, &arg)))
		ck_assert_int_eq(unpin(arg.id), 0);
	delay_release("lease_pinned");
	stop = true;
	pthread_join(thread, NULL);
	ck_assert_int_eq(err, -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_MAPPING_CHANGED);
	leased_close(&leased);
}
END_TEST

Suite *windows_lease_suite(void)
{
	Suite *suite = suite_create("windows-lease");
	TCase *tcase = tcase_with_context("windows-lease");

	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_loop_test(tcase, truncate_before_publish, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, unmapped_before_publish, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, any_batch_is_stale, 0, DAX_DIRS * BATCHES);
	tcase_add_loop_test(tcase, truncate_before_unpin, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, truncate_already_waits, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, truncate_waits_for_a_mapping, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, killed, 0, DAX_DIRS * KILLED_AT);
	tcase_add_loop_test(tcase, killed_behind_a_truncate, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, replaced_behind_a_truncate, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, signalled_before_the_first, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, truncate_during_publish, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, truncate_during_read, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, no_livelock, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, battle_tcase());
	return suite;
}
