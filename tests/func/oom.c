// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A control group runs out of memory while a process in it holds pins, or makes one: the
 * process is killed, and with it everything that it has pinned is free again. Pins do not
 * keep the OOM killer from getting what it wants.
 *
 * How long that takes is measured from the kill that the kernel counts to an empty group,
 * see clock.h; so this suite has a machine of its own.
 *
 * PIN_TEST_OOMS says how many are killed.
 */
#include "clock.h"
#include "harness.h"
#include "memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each kind in each way, with a second thread and without. */
#define OOMS_DEFAULT	18
#define GROUPS		"/sys/fs/cgroup"
#define GROUP		GROUPS "/pin-oom"
#define LIMIT		(48UL << 20)
#define HELD		(24UL << 20)
/* What an empty group may still be charged: page tables, stacks, what is freed in batches. */
#define LEFT		(4UL << 20)
#define HUGE		(2UL << 20)

/* --- the victim, a process that asserts nothing */

static void join_group(void)
{
	if (kernel_write(GROUP "/cgroup.procs", "0"))
		_exit(1);
}

/* False if it is refused: the group has no memory for it, and the end is near. */
static bool pin_in(int fd, char *addr, size_t length)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = length,
	};

	return !ioctl(fd, PIN_IOC_PIN, &arg);
}

static char *map(size_t length, int flags, int fd)
{
	char *addr = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (addr == MAP_FAILED)
		_exit(1);
	return addr;
}

static char *map_small(size_t length)
{
	char *addr = map(length, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(addr, length, MADV_NOHUGEPAGE);
	return addr;
}

static char *map_huge(size_t length)
{
	char *addr = map(length + HUGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	addr = (char *)(((uintptr_t)addr + HUGE - 1) & -HUGE);
	madvise(addr, length, MADV_HUGEPAGE);
	return addr;
}

static char *map_memfd(size_t length)
{
	int fd = memfd_create("oom", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, length))
		_exit(1);
	return map(length, MAP_SHARED, fd);
}

static char *(*const kinds[])(size_t length) = { map_small, map_huge, map_memfd };

#define KINDS	(sizeof(kinds) / sizeof(*kinds))

static int context;

/* By the process itself, with pins. */
static void run_out_by_touching(char *(*map_kind)(size_t length))
{
	touch(map_kind(2 * LIMIT), 2 * LIMIT);
}

/* In the middle of PIN. */
static void run_out_by_pinning(char *(*map_kind)(size_t length))
{
	pin_in(context, map_kind(2 * LIMIT), 2 * LIMIT);
}

/* By the driver's own memory, which is charged as well: there are never enough pins. */
static void run_out_by_many(char *(*map_kind)(size_t length))
{
	struct rlimit files = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };
	char *addr = map_kind(HUGE);
	int fd;

	if (setrlimit(RLIMIT_NOFILE, &files))
		_exit(1);
	do {
		fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
		pin_in(fd, addr, page);
	} while (fd >= 0);
	_exit(1);
}

static void (*const ways[])(char *(*map_kind)(size_t length)) = {
	run_out_by_touching, run_out_by_pinning, run_out_by_many,
};

#define WAYS	(sizeof(ways) / sizeof(*ways))

static void *pin_over_and_over(void *addr)
{
	for (;;)
		pin_in(context, addr, page);
	return NULL;
}

static void live(unsigned int round)
{
	char *(*map_kind)(size_t length) = kinds[round % KINDS];
	char *held;
	pthread_t thread;

	join_group();
	context = open("/dev/pin", O_RDWR | O_CLOEXEC);
	held = map_kind(HELD);
	/* For this one there is memory. */
	if (!pin_in(context, held, HELD))
		_exit(1);
	/* Somebody is at it while the other one dies. */
	if (round % 2 && pthread_create(&thread, NULL, pin_over_and_over, held))
		_exit(1);
	ways[round / KINDS % WAYS](map_kind);
	pause();
}

/* --- the group */

static uint64_t group_kills(void)
{
	FILE *file = fopen(GROUP "/memory.events", "re");
	unsigned long long count = 0;
	char key[32];

	ck_assert_ptr_nonnull(file);
	while (fscanf(file, "%31s %llu", key, &count) == 2 && strcmp(key, "oom_kill"))
		;
	fclose(file);
	return count;
}

static void make_group(void)
{
	char limit[32];

	ck_assert_int_eq(kernel_write(GROUPS "/cgroup.subtree_control", "+memory"), 0);
	ck_assert(!mkdir(GROUP, 0755) || errno == EEXIST);
	snprintf(limit, sizeof(limit), "%lu", LIMIT);
	ck_assert_int_eq(kernel_write(GROUP "/memory.max", limit), 0);
	ck_assert_int_eq(kernel_write(GROUP "/memory.oom.group", "1"), 0);
	/* Where there is swap, nothing is to go there instead. */
	kernel_write(GROUP "/memory.swap.max", "0");
}

/* Until the kernel counts another kill; or the process has ended, by that or otherwise. */
static void await_kill(uint64_t before, pid_t pid)
{
	siginfo_t ended = { .si_pid = 0 };

	while (group_kills() == before && !ended.si_pid) {
		usleep(1000);
		ck_assert_int_eq(waitid(P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
	}
}

static void await_memory(double since)
{
	while (kernel_read(GROUP "/memory.current") > (long)LEFT) {
		ck_assert_msg(clock_seconds() - since < 120, "the memory does not come back");
		usleep(1000);
	}
}

/* From the kill to an empty group. */
static double run_out(unsigned int round)
{
	uint64_t kills_before = group_kills();
	double killed;
	int status;
	pid_t pid;

	pid = fork_child();
	if (!pid)
		live(round);
	await_kill(kills_before, pid);
	killed = clock_seconds();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %#x", status);
	await_memory(killed);
	return clock_seconds() - killed;
}

static unsigned int ooms(void)
{
	const char *set = getenv("PIN_TEST_OOMS");

	return set ? strtoul(set, NULL, 10) : OOMS_DEFAULT;
}

START_TEST(memory_comes_back)
{
	struct counters before = counters_read();
	double took, sum = 0, longest = 0;
	unsigned int i;

	make_group();
	for (i = 0; i < ooms(); i++) {
		took = run_out(i);
		counters_expect(&before, "after the OOM killer");
		ck_assert_msg(took < clock_allowed(2), "round %u: %.3f s", i, took);
		sum += took;
		if (took > longest)
			longest = took;
	}
	printf("note: %u times out of memory; back after %.1f ms on average, %.1f ms at most\n", i,
	       sum / i * 1000, longest * 1000);
	fflush(stdout);
	ck_assert_int_eq(rmdir(GROUP), 0);
}
END_TEST

Suite *oom_suite(void)
{
	Suite *suite = suite_create("oom");
	TCase *tcase = tcase_with_context("oom");

	tcase_set_timeout(tcase, 7200);
	tcase_add_test(tcase, memory_comes_back);
	suite_add_tcase(suite, tcase);
	return suite;
}
