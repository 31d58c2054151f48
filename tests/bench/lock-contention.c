// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Do two who pin different memory wait for each other? Two threads with one context, with
 * one each, two processes and two users pin and unpin, each on a processor of its own, while
 * the kernel counts how often each class of locks is taken, waited for, and held how long.
 *
 * The rule: of the time that both worked, no more than WAITED_MOST may have been spent on
 * waiting for any one lock of the module, and no lock of it may have been held for more than
 * HELD_MOST of it: who held one for all of a PIN would come to a half of each. The longest
 * time does not count, which is the emulator's, see lock_stat.h. Locks that put to sleep,
 * semaphores among them, are told by voluntary context switches: at most one in
 * SLEEPS_MOST operations.
 *
 * Under TCG one processor runs at a time, and a lock is waited for only if its holder was
 * interrupted: there, hold times say more than waits. That waits are seen at all is proved
 * by two threads that map and unmap memory in one address space.
 *
 * Fields are separated by tabs:
 *
 *	pair		who, PINs and UNPINs, microseconds each, sleeps
 *	lock		who, "ours" or "kernel", class, taken for a PIN and UNPIN, contentions,
 *			microseconds waited, the longest time, held, the longest time; of the
 *			kernel's those waited for longest
 *	ok, FAILED	what was compared, the figure, what it may be
 *
 * usage: bench-lock-contention
 * The module is loaded, the kernel has lock statistics and was started with
 * no_hash_pointers. Exits 1 if the rule is broken.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "device.h"
#include "lock_stat.h"

#define PAGE		4096UL
#define RANGE		(64 * PAGE)
#define ROUNDS		1000
#define MOST_LOCKS	2000
#define KERNELS_TOLD	3
#define WAITED_MOST	0.05
#define HELD_MOST	0.05
#define SLEEPS_MOST	100
#define OTHER_USER	1000

enum pair { ONE_CONTEXT, TWO_CONTEXTS, TWO_PROCESSES, TWO_USERS, MAPPERS, PAIRS };

static const char *const pair_names[PAIRS] = {
	"threads, one context", "threads, a context each", "processes", "users",
	"threads that map memory",
};

/**
 * struct worker - one of the two
 * @device: its context
 * @addr: its memory
 * @maps: it maps and unmaps it instead of pinning
 * @cpu: where it runs
 * @uid: as whom
 * @sleeps: out: how often it slept
 * @busy_us: out: how long it worked
 */
struct worker {
	int device;
	char *addr;
	bool maps;
	int cpu;
	uid_t uid;
	long sleeps;
	double busy_us;
};

/* In memory that processes share. */
static struct shared {
	struct worker workers[2];
	atomic_int ready;
	atomic_bool go;
} *shared;

static struct lock_use uses[MOST_LOCKS];
static int failed;

static void expect_at_most(const char *what, const char *who, double figure, double most)
{
	bool ok = figure <= most;

	printf("%s\t%s, %s\t%.4f\t%.4f\n", ok ? "ok" : "FAILED", who, what, figure, most);
	failed += !ok;
}

static void *map(void *addr, int flags)
{
	addr = mmap(addr, RANGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | flags, -1, 0);
	if (addr == MAP_FAILED)
		die("memory");
	return addr;
}

/* --- one of the two */

static long count_sleeps(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_THREAD, &usage))
		die("getrusage");
	return usage.ru_nvcsw;
}

static void settle(const struct worker *worker)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(worker->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("a processor of its own");
	if (worker->uid && setuid(worker->uid))
		die("another user");
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint64_t began;
	int i;

	settle(worker);
	atomic_fetch_add(&shared->ready, 1);
	while (!shared->go)
		sched_yield();
	worker->sleeps = count_sleeps();
	began = clock_now();
	for (i = 0; i < ROUNDS; i++) {
		if (worker->maps)
			map(worker->addr, MAP_FIXED);
		else
			device_unpin(worker->device,
				     device_pin(worker->device, worker->addr, RANGE));
	}
	worker->busy_us = (clock_now() - began) / 1000.0;
	worker->sleeps = count_sleeps() - worker->sleeps;
	return NULL;
}

/* --- both */

static void prepare(enum pair pair)
{
	struct rlimit memory = { RLIM_INFINITY, RLIM_INFINITY };
	int i, device = device_open();

	if (setrlimit(RLIMIT_MEMLOCK, &memory))
		die("the limit");
	shared->ready = 0;
	shared->go = false;
	for (i = 0; i < 2; i++)
		shared->workers[i] = (struct worker) {
			.device = pair == ONE_CONTEXT || !i ? device : device_open(),
			.addr = map(NULL, 0),
			.maps = pair == MAPPERS,
			.cpu = i,
			.uid = pair == TWO_USERS && i ? OTHER_USER : 0,
		};
}

/* Counted is from when both can begin. */
static void go(void)
{
	while (shared->ready < 2)
		usleep(1000);
	lock_stat_start();
	shared->go = true;
}

static void run_threads(void)
{
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, &shared->workers[i]))
			die("a thread");
	go();
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void run_processes(void)
{
	int i, status;

	for (i = 0; i < 2; i++) {
		pid_t child = fork();

		if (child < 0)
			die("a process");
		if (child)
			continue;
		/* Its own memory, which it does not share with its parent. */
		memset(shared->workers[i].addr, i, RANGE);
		work(&shared->workers[i]);
		_exit(0);
	}
	go();
	for (i = 0; i < 2; i++)
		if (wait(&status) < 0 || status)
			die("a process ended with %x", status);
}

static void finish(void)
{
	int i;

	for (i = 0; i < 2; i++)
		munmap(shared->workers[i].addr, RANGE);
	close(shared->workers[0].device);
	if (shared->workers[1].device != shared->workers[0].device)
		close(shared->workers[1].device);
}

/* --- what the locks tell */

static int compare_waits(const void *left, const void *right)
{
	const struct lock_use *a = left, *b = right;

	if (a->ours != b->ours)
		return b->ours - a->ours;
	return a->waited_us < b->waited_us ? 1 : -(a->waited_us > b->waited_us);
}

static void tell_lock(const char *who, const struct lock_use *use)
{
	printf("lock\t%s\t%s\t%s\t%.2f\t%lu\t%.0f\t%.0f\t%.0f\t%.0f\n", who,
	       use->ours ? "ours" : "kernel", use->name, use->acquisitions / (2.0 * ROUNDS),
	       use->contentions, use->waited_us, use->waited_longest_us, use->held_us,
	       use->held_longest_us);
}

static void judge_ours(const char *who, size_t count, double busy_us)
{
	double waited = 0, held = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < count && uses[i].ours; i++) {
		any = true;
		if (uses[i].waited_us > waited)
			waited = uses[i].waited_us;
		if (uses[i].held_us > held)
			held = uses[i].held_us;
	}
	/* A PIN takes the lock of a table at least. */
	if (!any) {
		printf("FAILED\t%s, no lock of the module was taken\n", who);
		failed++;
	}
	expect_at_most("part of the time waited for a lock", who, waited / busy_us, WAITED_MOST);
	expect_at_most("part of the time a lock was held", who, held / busy_us, HELD_MOST);
}

/* Does the kernel count waits at all? */
static void judge_mappers(size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strncmp(uses[i].name, "&mm->mmap_lock", 14) && uses[i].contentions)
			return;
	printf("FAILED\tno wait for mmap_lock was seen\n");
	failed++;
}

static void bench_pair(enum pair pair)
{
	const char *who = pair_names[pair];
	const struct worker *workers = shared->workers;
	double busy_us;
	size_t count, i, told = 0;
	long sleeps;

	prepare(pair);
	if (pair == TWO_PROCESSES || pair == TWO_USERS)
		run_processes();
	else
		run_threads();
	count = lock_stat_stop(uses, MOST_LOCKS);
	qsort(uses, count, sizeof(*uses), compare_waits);
	busy_us = workers[0].busy_us + workers[1].busy_us;
	sleeps = workers[0].sleeps + workers[1].sleeps;
	printf("pair\t%s\t%d\t%.1f\t%ld\n", who, 2 * ROUNDS, busy_us / (2 * ROUNDS), sleeps);
	for (i = 0; i < count; i++)
		if (uses[i].ours || told++ < KERNELS_TOLD)
			tell_lock(who, &uses[i]);
	if (pair == MAPPERS) {
		judge_mappers(count);
	} else {
		judge_ours(who, count, busy_us);
		expect_at_most("sleeps an operation", who, sleeps / (2.0 * ROUNDS),
			       1.0 / SLEEPS_MOST);
	}
	finish();
}

int main(void)
{
	int pair;

	setvbuf(stdout, NULL, _IOLBF, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("shared memory");
	for (pair = 0; pair < PAIRS; pair++)
		bench_pair(pair);
	return failed != 0;
}
