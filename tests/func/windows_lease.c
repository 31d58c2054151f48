// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The windows in which a lease meets whoever takes it back, held open by delay points,
 * and all of them at once for a while.  Needs a module that was built with them.
 */
#include "delay.h"
#include "leased.h"
#include "missing.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGES	64
#define BATTLE_PAGES	16
#define BATCHES	3
#define BATCH_PAGES	512	/* the driver's */
#define LEASE	(PIN_F_WRITE | PIN_F_LEASE)
#define STUCK_S	60
#define LONGEST_S	900	/* of a battle that is not decided */
#define REST_US	500000	/* the longest that a PIN is taken to last */
#define PATIENCE_US	5000000	/* how long one that succeeds is waited for */
#define TELL_S	60	/* between two words on how it goes */
#define FORGOTTEN_US	30000000	/* of a truncate that somebody will have to wake */

/* Where the C library is older than the kernel. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

/* --- one at a time */

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

/* --- all at once */

/* Outcomes that the driver counts, as its delay points. */
static const char *const points[] = { "lease_retry", "lease_lost", "lease_settled" };

#define POINTS	(sizeof(points) / sizeof(*points))

struct battle {
	struct leased leased;
	const char *dir;
	unsigned long start;
	unsigned long hits[POINTS];	/* of the points, at the start */
	atomic_ulong pins, refusals, revoked, stale_reads, stale_writes, closed;
	atomic_ulong truncates, punches, discards;
	atomic_ulong truncates_since, punches_since;	/* when the call was made; 0: in none */
	struct counters before;
	unsigned long woken;
	atomic_ullong last_id;
	atomic_ulong pin_us;	/* what the fastest PIN took, its delays included */
};

static unsigned long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000UL + now.tv_nsec / 1000;
}

/*
 * Who disturbs leases leaves time enough for a PIN to succeed now and then: how long that
 * takes differs by a factor of a hundred from machine to machine, and with what else runs
 * there. So it is waited for, but not for ever: nobody else may be pinning.
 */
static void rest(struct battle *battle, unsigned int pins)
{
	unsigned long pin_us = battle->pin_us, succeeded = battle->pins;
	unsigned long until = now_us() + PATIENCE_US;

	/* The first one that succeeds can have met any number of disturbances. */
	if (!pin_us || pin_us > REST_US)
		pin_us = REST_US;
	usleep(pins * pin_us);
	while (!stop && battle->pins == succeeded && now_us() < until)
		usleep(1000);
}

static void fight_pin(struct battle *battle)
{
	unsigned long start = now_us(), took;
	struct pin_query queried;
	struct pin_pin arg;
	int err;

	err = pin_range(battle->leased.addr, battle->leased.length, LEASE, &arg);
	if (err) {
		/* Nothing but what a file and a mapping in motion explain. */
		ck_assert_msg(arg.refusal.reason == PIN_REASON_BEYOND_EOF ||
			      arg.refusal.reason == PIN_REASON_MAPPING_CHANGED ||
			      arg.refusal.reason == PIN_REASON_DEVICE_BUSY ||
			      arg.refusal.reason == PIN_REASON_FAULT_FAILED,
			      "PIN says %s", reason_name(arg.refusal.reason));
		battle->refusals++;
		return;
	}
	/* A refusal can be quick, and says nothing about how long a PIN takes. */
	took = now_us() - start;
	if (!battle->pin_us || took < battle->pin_us)
		battle->pin_us = took;
	battle->pins++;
	battle->last_id = arg.id;
	ck_assert_int_eq(query(arg.id, &queried), 0);
	if (queried.state == PIN_STATE_REVOKED)
		battle->revoked++;
	/* Time for those who read and write through it. */
	usleep(arg.id % 4 * 10000);
	ck_assert_int_eq(unpin(arg.id), 0);
}

/* Was the pin there, and gone before the last byte? */
static bool was_revoked(int err, uint64_t done)
{
	return err == -ESTALE || (!err && done < BATTLE_PAGES * page);
}

/* Page by page, each held up for a moment: whoever revokes comes in between. */
static void fight_access(struct battle *battle)
{
	static char bytes[BATTLE_PAGES << 12];
	uint64_t done;
	int err;

	err = pin_read(battle->last_id, 0, bytes, sizeof(bytes), &done);
	battle->stale_reads += was_revoked(err, done);
	err = pin_write(battle->last_id, 0, bytes, sizeof(bytes), &done);
	battle->stale_writes += was_revoked(err, done);
	usleep(1000);
}

static void fight_truncate(struct battle *battle)
{
	battle->truncates_since = now_us();
	ck_assert_int_eq(ftruncate(battle->leased.fd, page), 0);
	ck_assert_int_eq(ftruncate(battle->leased.fd, battle->leased.length), 0);
	battle->truncates_since = 0;
	battle->truncates++;
	rest(battle, 4);
}

static void fight_punch(struct battle *battle)
{
	battle->punches_since = now_us();
	ck_assert_int_eq(fallocate(battle->leased.fd, FALLOC_FL_PUNCH_HOLE |
				   FALLOC_FL_KEEP_SIZE, 4 * page, 8 * page), 0);
	battle->punches_since = 0;
	battle->punches++;
	rest(battle, 3);
}

static void fight_discard(struct battle *battle)
{
	ck_assert_int_eq(madvise(battle->leased.addr + 2 * page, 4 * page,
				 MADV_DONTNEED), 0);
	battle->discards++;
	rest(battle, 5);
}

/*
 * A context of one's own, closed with whatever state its leases are in; every other
 * time they are lost right before, and a worker has just begun.
 */
static void fight_close(struct battle *battle)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = LEASE,
		.addr = (uintptr_t)battle->leased.addr,
		.length = battle->leased.length,
	};
	int fd = open("/dev/pin", O_RDWR | O_CLOEXEC), i;

	ck_assert_int_ge(fd, 0);
	for (i = 0; i < 3; i++)
		ioctl(fd, PIN_IOC_PIN, &arg);
	if (battle->closed % 2)
		ck_assert_int_eq(madvise(battle->leased.addr, page, MADV_DONTNEED), 0);
	close(fd);
	battle->closed++;
}

/*
 * What a truncate has taken is behind the end of the file, where a process gets SIGBUS
 * and the kernel, which faults in on its behalf, EFAULT.
 */
static void fight_fault(struct battle *battle)
{
	size_t i;

	for (i = 0; i < battle->leased.length; i += page)
		madvise(battle->leased.addr + i, page, MADV_POPULATE_WRITE);
	rest(battle, 1);
}

struct fighter {
	struct battle *battle;
	void (*fight)(struct battle *battle);
};

static void *run_fighter(void *data)
{
	struct fighter *fighter = data;

	while (!stop)
		fighter->fight(fighter->battle);
	return NULL;
}

/* How often each outcome must have happened; the long run asks for more. */
static unsigned long wanted(void)
{
	const char *set = getenv("PIN_TEST_OUTCOMES");

	return set ? strtoul(set, NULL, 10) : 1;
}

/* And how long the battle lasts at least. */
static unsigned int seconds(void)
{
	const char *set = getenv("PIN_TEST_SECONDS");

	return set ? strtoul(set, NULL, 10) : 5;
}

/* How often callers have come to a point of @points since the start. */
static unsigned long hits_since(const struct battle *battle, size_t point)
{
	return delay_hits(points[point]) - battle->hits[point];
}

static bool is_decided(const struct battle *battle)
{
	size_t i;

	for (i = 0; i < POINTS; i++)
		if (hits_since(battle, i) < wanted())
			return false;
	return battle->revoked >= wanted() && battle->stale_reads >= wanted() &&
	       battle->stale_writes >= wanted() && battle->closed >= wanted();
}

/* What it has come to so far. */
static void tell(const struct battle *battle)
{
	printf("%s, %lu s: %lu truncates, %lu punches, %lu discards, %lu pins, %lu refusals, "
	       "%lu races lost, %lu revoked during PIN, %lu soon after, %lu reads and "
	       "%lu writes revoked, %lu contexts closed, %lu during revocation\n",
	       battle->dir, (now_us() - battle->start) / 1000000, battle->truncates,
	       battle->punches, battle->discards, battle->pins, battle->refusals,
	       hits_since(battle, 0), hits_since(battle, 1), battle->revoked,
	       battle->stale_reads, battle->stale_writes, battle->closed,
	       hits_since(battle, 2));
	fflush(stdout);
}

static bool is_long_ago(unsigned long since)
{
	return since && now_us() - since > FORGOTTEN_US;
}

/* Has a truncate or a punch begun long ago, and not come back? */
static bool is_forgotten(const struct battle *battle)
{
	return is_long_ago(battle->truncates_since) || is_long_ago(battle->punches_since);
}

/*
 * On Linux 7.2 a mapping holds a page as well. A truncate finds one that somebody holds
 * for a moment (another madvise() that unmaps it, say), sleeps until nobody does, and the
 * page is faulted in again meanwhile: then nobody wakes it until the page is unmapped. Which
 * is what it is, and no lease, if nothing is pinned and unmapping helps.
 */
static void wake_forgotten(struct battle *battle)
{
	unsigned long until = now_us() + FORGOTTEN_US;
	struct counters now = counters_read();

	ck_assert_msg(!kernel_before(6, 15), "a truncate never comes back");
	ck_assert_uint_eq(now.pinned, battle->before.pinned);
	ck_assert_uint_eq(now.system, battle->before.system);
	/* Who waits behind it for the file can be forgotten the same way. */
	while (is_forgotten(battle) && now_us() < until) {
		ck_assert_int_eq(madvise(battle->leased.addr, battle->leased.length,
					 MADV_DONTNEED), 0);
		usleep(PATIENCE_US / 5);
	}
	ck_assert_msg(!is_forgotten(battle), "a truncate waits for what nobody has");
	battle->woken++;
}

/* Until it has lasted long enough and is decided, or never will be. */
static bool watch(struct battle *battle)
{
	unsigned long took, told = 0;
	bool decided;

	do {
		usleep(100000);
		if (is_forgotten(battle))
			wake_forgotten(battle);
		decided = is_decided(battle);
		took = (now_us() - battle->start) / 1000000;
		if (took >= told + TELL_S) {
			tell(battle);
			told = took;
		}
	} while (took < seconds() || (!decided && took < LONGEST_S));
	return decided;
}

START_TEST(all_at_once)
{
	static void (*const fights[])(struct battle *battle) = {
		fight_pin, fight_pin, fight_access, fight_truncate, fight_punch,
		fight_discard, fight_close, fight_fault,
	};
	enum { FIGHTERS = sizeof(fights) / sizeof(*fights) };
	unsigned long events = 0;
	static struct battle battle;
	struct fighter fighters[FIGHTERS];
	pthread_t threads[FIGHTERS];
	struct pin_event event;
	bool decided;
	size_t i;

	for (i = 0; i < POINTS; i++)
		battle.hits[i] = delay_hits(points[i]);
	battle.start = now_us();
	battle.dir = dax_dirs[_i];
	battle.before = counters_read();
	leased_open(&battle.leased, dax_dirs[_i], BATTLE_PAGES * page);
	/* One emulated CPU hardly ever switches by itself inside the windows. */
	delay_hold_ms("lease_pinned", 2);
	delay_hold_ms("publish", 20);
	delay_hold_ms("access", 2);
	delay_hold_ms("unpin", 2);
	stop = false;
	for (i = 0; i < FIGHTERS; i++) {
		fighters[i] = (struct fighter) { &battle, fights[i] };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_fighter,
						&fighters[i]), 0);
	}
	decided = watch(&battle);
	stop = true;
	for (i = 0; i < FIGHTERS; i++)
		pthread_join(threads[i], NULL);
	delay_release_all();

	ck_assert_int_eq(fcntl(pin_fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	while (read(pin_fd, &event, sizeof(event)) > 0)
		events += 1 + event.lost;
	tell(&battle);
	printf("%lu events, %lu truncates that waited for a mapping\n", events, battle.woken);
	fflush(stdout);
	ck_assert_uint_ge(events, battle.revoked);
	/* Each outcome happened, or the battle proves nothing. */
	ck_assert(decided);
	leased_close(&battle.leased);
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
	tcase = tcase_with_context("battle");
	tcase_set_timeout(tcase, 3600);
	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_loop_test(tcase, all_at_once, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
