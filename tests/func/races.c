// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens while something else does: mappings replaced under a PIN, pins
 * released by another thread, user memory that takes for ever to come.
 */
#include "harness.h"
#include "missing.h"
#include "races_stuck.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	32
#define HUGE	(2UL << 20)

struct racer {
	pthread_t thread;
	atomic_bool *stop;
	char *addr;
	unsigned long done;
};

/* Pins that all racers together are to release. */
#define RELEASES	400

/* What all racers together have made and released. */
static atomic_ulong pins_made, pins_released;

static void *race_unpin(void *data)
{
	struct racer *racer = data;
	uint64_t id = 0;

	/* Guesses ids in the making and releases what it hits. */
	while (pins_released < RELEASES) {
		struct pin_pin arg;

		if (!pin_range(racer->addr, PAGES * page, PIN_F_WRITE, &arg)) {
			pins_made++;
			id = arg.id;
		}
		for (; id && unpin(id + 1) != -ENOENT; id++)
			pins_released++;
		if (!unpin(id))
			pins_released++;
	}
	return NULL;
}

/* Threads pin and release each other's pins: each is released exactly once. */
START_TEST(release)
{
	struct racer racers[4];
	int i;

	for (i = 0; i < 4; i++) {
		racers[i] = (struct racer) { .addr = map_anon(PAGES * page) };
		ck_assert_int_eq(pthread_create(&racers[i].thread, NULL,
						race_unpin, &racers[i]), 0);
	}
	for (i = 0; i < 4; i++)
		pthread_join(racers[i].thread, NULL);
	ck_assert_uint_eq(info().context_pins, pins_made - pins_released);
}
END_TEST

static void *race_remap(void *data)
{
	struct racer *racer = data;
	const size_t length = 1500 * page;
	int fd = memfd_create("race", MFD_CLOEXEC);

	ck_assert_int_eq(ftruncate(fd, length), 0);
	while (!*racer->stop) {
		mmap(racer->addr, length, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		usleep(2000);
		mmap(racer->addr, length, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_FIXED, fd, 0);
		usleep(2000);
		munmap(racer->addr + length - page, page);
		racer->done++;
	}
	close(fd);
	return NULL;
}

static bool may_be_refused_for(uint32_t reason)
{
	return reason == PIN_REASON_HOLE || reason == PIN_REASON_MAPPING_CHANGED ||
	       reason == PIN_REASON_FAULT_FAILED;
}

/* Mappings are replaced while they are pinned: pinned or refused, never between. */
START_TEST(remap)
{
	struct counters before = counters_read();
	atomic_bool stop = false;
	struct racer racer = { .stop = &stop, .addr = map_anon(1500 * page) };
	unsigned int pinned = 0, refused = 0, rounds;
	struct pin_pin arg;

	ck_assert_int_eq(pthread_create(&racer.thread, NULL, race_remap, &racer), 0);
	for (rounds = 0; rounds < 20000 && (pinned < 20 || refused < 20); rounds++) {
		if (!pin_range(racer.addr, 1500 * page, PIN_F_WRITE, &arg)) {
			pinned++;
			ck_assert_uint_eq(arg.pages, 1500);
			ck_assert_int_eq(unpin(arg.id), 0);
		} else {
			refused++;
			ck_assert_msg(may_be_refused_for(arg.refusal.reason), "%s",
				      reason_name(arg.refusal.reason));
		}
		usleep(500);
	}
	stop = true;
	pthread_join(racer.thread, NULL);
	counters_expect(&before, "after the race");
	ck_assert_msg(pinned >= 20 && refused >= 20,
		      "no race: %u pinned, %u refused, %lu times mapped anew",
		      pinned, refused, racer.done);
}
END_TEST

/* Maps something over the last two megabytes while the rest is being pinned. */
struct replacer {
	pthread_t thread;
	char *tail;
	const char *path;	/* NULL: hugetlb */
};

static void *replace_tail(void *data)
{
	struct replacer *replacer = data;
	int fd = -1, flags = MAP_FIXED;

	usleep(20000);
	if (replacer->path) {
		fd = open(replacer->path, O_RDWR | O_CLOEXEC);
		flags |= MAP_SHARED;
	} else {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	}
	ck_assert_ptr_eq(mmap(replacer->tail, HUGE, PROT_READ | PROT_WRITE, flags,
			      fd, 0), replacer->tail);
	touch(replacer->tail, HUGE);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/*
 * The range was judged as anonymous memory.  What comes in its place and may not
 * be pinned, or not at this charge, is not pinned on any kernel.
 */
static void replaced_midway(const char *path, uint32_t reason_now)
{
	const size_t length = 192UL << 20;
	char *room = map_anon(length + 2 * HUGE), *end;
	struct replacer replacer = { .path = path };
	struct pin_pin arg;
	int err;

	replacer.tail = (char *)(((uintptr_t)room + length) & ~(HUGE - 1));
	/* One page of the hugetlb page is in the range. */
	end = replacer.tail + page;
	ck_assert_int_eq(pthread_create(&replacer.thread, NULL, replace_tail,
					&replacer), 0);
	err = pin_range(room, end - room, PIN_F_WRITE, &arg);
	pthread_join(replacer.thread, NULL);
	ck_assert_msg(err == -EFAULT, "PIN: %s", err ? strerror(-err) : "pinned");
	ck_assert_msg(arg.refusal.reason == PIN_REASON_MAPPING_CHANGED ||
		      arg.refusal.reason == reason_now, "%s",
		      reason_name(arg.refusal.reason));
	munmap(room, length + 2 * HUGE);
}

START_TEST(replaced_by_hugetlb)
{
	replaced_midway(NULL, PIN_REASON_MAPPING_CHANGED);
}
END_TEST

START_TEST(replaced_by_shared_file)
{
	const char *path = make_file("PIN_TEST_EXT4", HUGE);

	replaced_midway(path, PIN_REASON_FILE_DIRTY_TRACKING);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static void ignore_signal(int signal)
{
}

/* 0: refused with the reason userfault; otherwise this does not come back. */
static int pin_stuck_memory(void *addr)
{
	struct pin_pin arg;
	int err;

	signal(SIGUSR1, ignore_signal);
	missing_watch(addr, HUGE);
	err = pin_range(addr, page, PIN_F_WRITE, &arg);
	return err == -EFAULT && arg.refusal.reason == PIN_REASON_USERFAULT ? 0 : 1;
}

static void expect_waiting(pid_t pid)
{
	int status;

	usleep(300000);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
}

/*
 * A missing page that only a userfaultfd handler can fill: refused where GUP may
 * not wait for it, otherwise waited for, until a fatal signal and no other.
 */
static void userfault(void *addr)
{
	struct counters before = counters_read();
	int status;
	pid_t pid;

	if (kernel_before(6, 5)) {
		ck_assert_int_eq(in_child(pin_stuck_memory, addr), 0);
		return;
	}
	pid = fork_child();
	if (!pid)
		_exit(pin_stuck_memory(addr));
	expect_waiting(pid);
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	expect_waiting(pid);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFSIGNALED(status), 1);
	counters_expect(&before, "after the kill");
}

START_TEST(userfault_anonymous)
{
	userfault(map_anon(HUGE));
}
END_TEST

START_TEST(userfault_hugetlb)
{
	void *addr = map_hugetlb(HUGE, MAP_PRIVATE);

	userfault(addr);
	munmap(addr, HUGE);
}
END_TEST

/* One that nobody fills is refused everywhere. */
START_TEST(userfault_without_handler)
{
	void *addr = map_anon(page);
	int fd = missing_refuse(addr, page);

	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_USERFAULT, addr, BY_TRYING);
	expect_refused(addr, page, 0, PIN_REASON_USERFAULT, addr, BY_TRYING);
	close(fd);
	munmap(addr, page);
}
END_TEST

struct stuck_query {
	pthread_t thread;
	uint64_t id;
	uint64_t *nodes;
	atomic_bool done;
};

static void *query_into_stuck_memory(void *data)
{
	struct stuck_query *stuck = data;
	struct pin_query arg = {
		.size = sizeof(arg),
		.id = stuck->id,
		.nodes = (uintptr_t)stuck->nodes,
		.nodes_capacity = page / sizeof(uint64_t),
	};

	ck_assert_int_eq(call(PIN_IOC_QUERY, &arg), 0);
	stuck->done = true;
	return NULL;
}

/* A query whose answer cannot be copied yet does not keep pages pinned. */
START_TEST(unpin_beside_a_stuck_query)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);
	struct stuck_query stuck = {
		.id = expect_pinned(addr, PAGES * page, PIN_F_WRITE),
		.nodes = (void *)map_anon(HUGE),
	};
	int fd = missing_watch(stuck.nodes, HUGE);

	ck_assert_int_eq(pthread_create(&stuck.thread, NULL,
					query_into_stuck_memory, &stuck), 0);
	usleep(300000);
	ck_assert(!stuck.done);
	ck_assert_int_eq(unpin(stuck.id), 0);
	counters_expect(&before, "after UNPIN beside a stuck QUERY");
	close(fd);
	pthread_join(stuck.thread, NULL);
	ck_assert(stuck.done);
}
END_TEST

Suite *races_suite(void)
{
	Suite *suite = suite_create("races");
	TCase *tcase = tcase_with_context("races"), *stuck = tcase_with_context("stuck");

	tcase_add_test(tcase, release);
	tcase_add_test(tcase, remap);
	tcase_add_test(tcase, replaced_by_hugetlb);
	tcase_add_test(tcase, replaced_by_shared_file);
	tcase_add_test(tcase, userfault_anonymous);
	tcase_add_test(tcase, userfault_hugetlb);
	tcase_add_test(tcase, userfault_without_handler);
	tcase_add_test(tcase, unpin_beside_a_stuck_query);
	suite_add_tcase(suite, tcase);
	add_stuck_tests(stuck);
	suite_add_tcase(suite, stuck);
	return suite;
}
