// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that is killed is gone at once, whatever call of its threads that
 * interrupts, and nothing of it stays pinned or charged.
 *
 * How long it takes is measured from kill() to waitpid(), see clock.h; so this suite has a
 * machine of its own.
 *
 * PIN_TEST_KILLS says how many are killed.
 */
#include "clock.h"
#include "harness.h"
#include "leased.h"
#include "usage.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define USER	20300
#define KILLS_DEFAULT	500
/*
 * What is free differs by so much from one look to the next; KASAN keeps back what has been
 * freed last, at most one part in 32 of all there is.
 */
#define NOISE		(16UL << 20)
#define NOISE_OF_KASAN	(80UL << 20)
#define THREADS	3
#define IDS	8

/* What a thread of the victim works with. */
struct worker {
	unsigned int seed;
	uint64_t ids[IDS];
	char *buffer;
	size_t buffer_length;
	uint64_t own_id;
};

/* Kinds of memory that a victim pins; made before, so that there is time to kill. */
struct memory {
	char *addr;
	size_t length;
};

enum { ANON, THP, HUGETLB, MEMFD, DAX, KINDS };
static struct memory memories[KINDS];
static struct leased dax_file;

static unsigned int choose(struct worker *worker, unsigned int count)
{
	return rand_r(&worker->seed) % count;
}

static uint64_t some_id(struct worker *worker)
{
	return worker->ids[choose(worker, IDS)];
}

static const uint32_t pin_flags[] = { 0, PIN_F_WRITE, PIN_F_WRITE | PIN_F_LEASE };

static void do_pin(struct worker *worker)
{
	const struct memory *memory = &memories[choose(worker, KINDS)];
	size_t offset = choose(worker, memory->length);
	struct pin_pin arg;

	if (!pin_range(memory->addr + offset,
		       1 + choose(worker, memory->length - offset),
		       pin_flags[choose(worker, 3)], &arg))
		worker->ids[choose(worker, IDS)] = arg.id;
}

/* A lease, for the kernel to take away. */
static void do_lease(struct worker *worker)
{
	size_t offset = choose(worker, dax_file.length);
	struct pin_pin arg;

	if (!pin_range(dax_file.addr + offset, 1 + choose(worker, dax_file.length - offset),
		       PIN_F_WRITE | PIN_F_LEASE, &arg))
		worker->ids[choose(worker, IDS)] = arg.id;
}

/* Takes what is leased of the second half of the file. */
static void do_truncate(struct worker *worker)
{
	if (ftruncate(dax_file.fd, dax_file.length / 2) ||
	    ftruncate(dax_file.fd, dax_file.length))
		_exit(1);
}

/* Another context, with what somebody has pinned in it. */
static void do_close(struct worker *worker)
{
	const struct memory *memory = &memories[choose(worker, KINDS)];
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE | PIN_F_LEASE,
		.addr = (uintptr_t)memory->addr,
		.length = memory->length,
	};
	int i, fd = open("/dev/pin", O_RDWR | O_CLOEXEC);

	for (i = 0; i < 4; i++)
		ioctl(fd, PIN_IOC_PIN, &arg);
	close(fd);
}

/* Memory that GUP has to make first. */
static void do_pin_untouched(struct worker *worker)
{
	size_t length = (1 + choose(worker, 2000)) * page;
	char *addr = map_anon(length);
	struct pin_pin arg;

	if (!pin_range(addr, length, PIN_F_WRITE, &arg))
		worker->ids[choose(worker, IDS)] = arg.id;
	munmap(addr, length);
}

static void do_unpin(struct worker *worker)
{
	unpin(some_id(worker));
}

static void do_check(struct worker *worker)
{
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = PIN_CHECK_WRITE | PIN_CHECK_LIMITS,
		.length = 1ULL << 47,
		.reports = (uintptr_t)worker->buffer,
		.reports_capacity = 1000,
		.report_size = sizeof(struct pin_report),
	};

	call(PIN_IOC_CHECK, &arg);
}

static void do_query(struct worker *worker)
{
	struct pin_query arg = {
		.size = sizeof(arg),
		.id = some_id(worker),
		.nodes = (uintptr_t)worker->buffer,
		.nodes_capacity = 1024,
	};

	call(PIN_IOC_QUERY, &arg);
}

static void do_list(struct worker *worker)
{
	struct pin_list arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)worker->buffer,
		.ids_capacity = 4096,
	};

	call(PIN_IOC_LIST, &arg);
}

static void do_runs(struct worker *worker)
{
	struct pin_runs arg = {
		.size = sizeof(arg),
		.id = some_id(worker),
		.runs = (uintptr_t)worker->buffer,
		.runs_capacity = 4096,
		.run_size = sizeof(struct pin_run),
	};

	call(PIN_IOC_RUNS, &arg);
}

/* A pin that nobody else unpins, or it would rarely be there long enough. */
static void do_access(struct worker *worker)
{
	struct pin_access arg = {
		.size = sizeof(arg),
		.id = worker->own_id,
		.buffer = (uintptr_t)worker->buffer,
		.length = worker->buffer_length,
	};

	call(choose(worker, 2) ? PIN_IOC_READ : PIN_IOC_WRITE, &arg);
}

static void do_info(struct worker *worker)
{
	struct pin_info arg = { .size = sizeof(arg) };

	call(PIN_IOC_INFO, &arg);
}

static const struct {
	const char *name;
	void (*make)(struct worker *worker);
	bool is_long;
} calls[] = {
	{ "PIN", do_pin, true },
	{ "PIN of new memory", do_pin_untouched, true },
	{ "PIN of a lease", do_lease, true },
	{ "truncate", do_truncate, true },
	{ "close", do_close, true },
	{ "UNPIN", do_unpin, false },
	{ "CHECK", do_check, false },
	{ "QUERY", do_query, false },
	{ "LIST", do_list, false },
	{ "RUNS", do_runs, false },
	{ "READ or WRITE", do_access, true },
	{ "INFO", do_info, false },
};

#define CALLS	(sizeof(calls) / sizeof(*calls))

/* The call that each thread of the victim is in, from 1; shared with it. */
static unsigned char *doing;

static void work(unsigned int seed, unsigned int number)
{
	struct worker worker = { .seed = seed * THREADS + number };
	struct pin_pin arg;
	unsigned int i;

	worker.buffer_length = 1 << 20;
	worker.buffer = map_anon(worker.buffer_length);
	if (pin_range(map_anon(worker.buffer_length), worker.buffer_length, PIN_F_WRITE, &arg))
		_exit(1);
	worker.own_id = arg.id;
	for (;;) {
		i = choose(&worker, CALLS);
		doing[number] = i + 1;
		calls[i].make(&worker);
		doing[number] = 0;
	}
}

struct helper {
	pthread_t thread;
	unsigned int seed;
	unsigned int number;
};

static void *help(void *data)
{
	struct helper *helper = data;

	work(helper->seed, helper->number);
	return NULL;
}

/* Begins to work, says so, and never ends by itself. */
static void live(unsigned int seed, int tell)
{
	struct rlimit limit = { .rlim_cur = 64 << 20, .rlim_max = 64 << 20 };
	struct helper helpers[THREADS];
	unsigned int i;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setuid(USER))
		_exit(1);
	for (i = 1; i < THREADS; i++) {
		helpers[i] = (struct helper) { .seed = seed, .number = i };
		if (pthread_create(&helpers[i].thread, NULL, help, &helpers[i]))
			_exit(1);
	}
	if (write(tell, "", 1) != 1)
		_exit(1);
	work(seed, 0);
}

/* Kill a victim @delay_us after it began; how long until it was gone. */
static double kill_one(unsigned int seed, useconds_t delay_us)
{
	int status, ready[2], own = pin_fd;
	double started;
	pid_t pid;
	char byte;

	/* A context of its own, which ends with it. */
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(pin_fd, 0);
	ck_assert_int_eq(pipe(ready), 0);
	memset(doing, 0, THREADS);
	pid = fork_child();
	if (!pid)
		live(seed, ready[1]);
	close(pin_fd);
	pin_fd = own;
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);

	usleep(delay_us);
	started = clock_seconds();
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	return clock_seconds() - started;
}

static void make_memories(void)
{
	int fd = memfd_create("kill", MFD_CLOEXEC);
	int i;

	memories[ANON] = (struct memory) { map_anon(1000 * page), 1000 * page };
	memories[THP] = (struct memory) { map_anon(3 * HUGE), 3 * HUGE };
	madvise(memories[THP].addr, 3 * HUGE, MADV_HUGEPAGE);
	memories[HUGETLB] = (struct memory) { map_hugetlb(2 * HUGE, MAP_SHARED),
					      2 * HUGE };
	ck_assert_int_eq(ftruncate(fd, 500 * page), 0);
	memories[MEMFD] = (struct memory) {
		mmap(NULL, 500 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
		500 * page
	};
	ck_assert_ptr_ne(memories[MEMFD].addr, MAP_FAILED);
	close(fd);
	leased_open(&dax_file, "PIN_TEST_EXT4DAX", 500 * page);
	memories[DAX] = (struct memory) { dax_file.addr, dax_file.length };
	for (i = 0; i < KINDS; i++)
		touch(memories[i].addr, memories[i].length);
}

/*
 * Nothing is proved by kills that interrupted nothing.  Which of the short calls
 * they hit is luck.
 */
static void expect_interrupted(const unsigned int *interrupted)
{
	size_t i;

	printf("note: interrupted");
	for (i = 0; i < CALLS; i++)
		printf("%s %s %u times", i ? "," : "", calls[i].name,
		       interrupted[i + 1]);
	printf("\n");
	fflush(stdout);
	for (i = 0; i < CALLS; i++)
		ck_assert_msg(interrupted[i + 1] || !calls[i].is_long,
			      "%s was never interrupted", calls[i].name);
}

static unsigned int kills(void)
{
	const char *set = getenv("PIN_TEST_KILLS");

	return set ? strtoul(set, NULL, 10) : KILLS_DEFAULT;
}

/* As the user whom all victims were: nothing is left of them to count against the limit. */
static int expect_uncharged(void *unused)
{
	struct rlimit limit = { .rlim_cur = page, .rlim_max = page };

	(void)unused;
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit) || setuid(USER), 0);
	ck_assert_uint_eq(info().user_charged_pages, 0);
	expect_pinned(map_anon(page), page, PIN_F_WRITE);
	return 0;
}

/* Not even a page a kill is missing. */
static void expect_memory_back(const struct usage *before, unsigned int killed)
{
	bool has_kasan = !access("/sys/kernel/debug/kmemleak", F_OK);
	struct usage now = usage_read();
	uint64_t grown = usage_grown(before, &now, USAGE_MEMORY);

	printf("note: %llu kB less free after %u kills\n", (unsigned long long)grown / 1024,
	       killed);
	fflush(stdout);
	ck_assert_uint_le(grown, killed * page + (has_kasan ? NOISE_OF_KASAN : NOISE));
}

START_TEST(at_any_moment)
{
	struct counters before = counters_read();
	double took, sum = 0, longest = 0;
	unsigned int interrupted[CALLS + 1] = { 0 };
	unsigned int i, thread, seed = 1;
	struct usage used;

	make_memories();
	used = usage_read();
	doing = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ck_assert_ptr_ne(doing, MAP_FAILED);
	for (i = 0; i < kills(); i++) {
		took = kill_one(i, rand_r(&seed) % 20000);
		for (thread = 0; thread < THREADS; thread++)
			interrupted[doing[thread]]++;
		ck_assert_msg(took < clock_allowed(1), "round %u: %.3f s", i, took);
		ck_assert_uint_eq(info().system_pinned_pages, before.system);
		if (i % 50 == 0)
			counters_expect(&before, "after a kill");
		sum += took;
		if (took > longest)
			longest = took;
	}
	counters_expect(&before, "after all kills");
	ck_assert_int_eq(in_child(expect_uncharged, NULL), 0);
	expect_memory_back(&used, i);
	printf("note: %u killed; gone after %.1f ms on average, %.1f ms at most\n", i,
	       sum / i * 1000, longest * 1000);
	expect_interrupted(interrupted);
	leased_close(&dax_file);
}
END_TEST

Suite *kill_suite(void)
{
	Suite *suite = suite_create("kill");
	TCase *tcase = tcase_with_context("kill");

	tcase_set_timeout(tcase, 7200);
	tcase_add_test(tcase, at_any_moment);
	suite_add_tcase(suite, tcase);
	return suite;
}
