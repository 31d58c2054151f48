// SPDX-License-Identifier: GPL-2.0-or-later
/* What a pin survives, what releases it, and who may release it. */
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	32

START_TEST(close_releases)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);
	int i;

	for (i = 0; i < 100; i++)
		expect_pinned(addr, PAGES * page, PIN_F_WRITE);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + 100 * PAGES);
	ck_assert_uint_eq(counters_read().context, 100);
	/* The fixture closes the context and expects all counters back. */
}
END_TEST

START_TEST(survives_munmap)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);
	uint64_t id = expect_pinned(addr, PAGES * page, PIN_F_WRITE);

	munmap(addr, PAGES * page);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	ck_assert_int_eq(unpin(id), 0);
	counters_expect(&before, "after unpin");
}
END_TEST

static int child_pins(void *addr)
{
	expect_pinned(addr, PAGES * page, PIN_F_WRITE);
	return 0;
}

/* The pinning process is gone; its pin is not, until the context is closed. */
START_TEST(survives_the_process)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);

	ck_assert_int_eq(in_child(child_pins, addr), 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	ck_assert_uint_eq(counters_read().context, 1);
	ck_assert_uint_eq(counters_read().vmpin, 0);
}
END_TEST

static int child_unpins(void *id)
{
	return unpin(*(uint64_t *)id) ? 1 : 0;
}

START_TEST(child_may_release)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);
	uint64_t id = expect_pinned(addr, PAGES * page, PIN_F_WRITE);

	ck_assert_int_eq(in_child(child_unpins, &id), 0);
	counters_expect(&before, "after the child's unpin");
	ck_assert_int_eq(unpin(id), -ENOENT);
}
END_TEST

static int child_closes(void *unused)
{
	(void)unused;
	close(pin_fd);
	return 0;
}

START_TEST(fork_keeps_pins)
{
	char *addr = map_anon(PAGES * page);
	uint64_t id = expect_pinned(addr, PAGES * page, PIN_F_WRITE);
	struct counters before = counters_read();

	ck_assert_int_eq(in_child(child_closes, NULL), 0);
	counters_expect(&before, "after a child closed its descriptor");
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

START_TEST(killed_holder)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);
	int status, ready[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork_child();
	if (!pid) {
		pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
		expect_pinned(addr, PAGES * page, PIN_F_WRITE);
		ck_assert_int_eq(write(ready[1], "", 1), 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	counters_expect(&before, "after the holder was killed");
}
END_TEST

/* Ids are unique in the system and never come again. */
START_TEST(ids)
{
	char *addr = map_anon(page);
	uint64_t last = 0, id;
	int other = open("/dev/pin", O_RDWR | O_CLOEXEC);
	int mine = pin_fd, i;

	for (i = 0; i < 1000; i++) {
		pin_fd = i & 1 ? other : mine;
		id = expect_pinned(addr, page, 0);
		ck_assert_uint_gt(id, last);
		last = id;
		/* Another context does not know it. */
		pin_fd = i & 1 ? mine : other;
		ck_assert_int_eq(unpin(id), -ENOENT);
		pin_fd = i & 1 ? other : mine;
		ck_assert_int_eq(unpin(id), 0);
		ck_assert_int_eq(unpin(id), -ENOENT);
	}
	pin_fd = mine;
	close(other);
}
END_TEST

START_TEST(query_owner)
{
	char *addr = map_anon(page);
	struct pin_query arg;
	uint64_t id;

	ck_assert_int_eq(prctl(PR_SET_NAME, "a name too long for it"), 0);
	id = expect_pinned(addr, page, 0);
	ck_assert_int_eq(query(id, &arg), 0);
	ck_assert_str_eq(arg.comm, "a name too long");
	ck_assert_uint_eq(arg.uid, 0);
	ck_assert_uint_gt(arg.start_time_ns, 0);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* Reports array or struct cannot be written: EFAULT, and no pin is left. */
START_TEST(answer_cannot_be_copied)
{
	struct counters before = counters_read();
	char *addr = map_anon(PAGES * page);
	struct pin_pin arg;

	memset(&arg, 0, sizeof(arg));
	arg.size = sizeof(arg);
	arg.addr = (uintptr_t)addr;
	arg.length = PAGES * page;
	arg.reports = 64;
	arg.reports_capacity = 1;
	arg.report_size = sizeof(struct pin_report);
	ck_assert_int_eq(call(PIN_IOC_PIN, &arg), -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, 0);
	ck_assert_uint_eq(arg.id, 0);
	ck_assert_uint_eq(arg.pages, 0);
	counters_expect(&before, "after EFAULT");
}
END_TEST

/* Write the name of the device-dax device to its driver's bind or unbind file. */
static int device_dax_driver(void *action)
{
	const char *device = strrchr(need_env("PIN_TEST_DEVDAX"), '/') + 1;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/dax/drivers/device_dax/%s",
		 (char *)action);
	file = fopen(path, "we");
	if (!file || fputs(device, file) < 0 || fclose(file))
		return 1;
	return 0;
}

/*
 * Struct pages do not vanish under a pin: removing their device waits until the
 * pin is released, and meanwhile nothing new is pinned.
 */
START_TEST(device_removal_waits)
{
	const size_t huge = 2UL << 20;
	char *addr = map_file(need_env("PIN_TEST_DEVDAX"), 2 * huge,
			      PROT_READ | PROT_WRITE, MAP_SHARED);
	uint64_t id = expect_pinned(addr, 2 * huge, PIN_F_WRITE);
	struct pin_pin arg;
	int status, err;
	pid_t pid;

	pid = fork_child();
	if (!pid)
		_exit(device_dax_driver("unbind"));
	do
		err = pin_range(addr, huge, PIN_F_WRITE, &arg);
	while (!err && !unpin(arg.id));
	ck_assert_int_eq(err, -EBUSY);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_DEVICE_BUSY);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);

	ck_assert_int_eq(unpin(id), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	munmap(addr, 2 * huge);
	ck_assert_int_eq(device_dax_driver("bind"), 0);
	addr = map_file(need_env("PIN_TEST_DEVDAX"), huge, PROT_READ | PROT_WRITE,
			MAP_SHARED);
	ck_assert_int_eq(unpin(expect_pinned(addr, huge, PIN_F_WRITE)), 0);
}
END_TEST

Suite *lifetime_suite(void)
{
	Suite *suite = suite_create("lifetime");
	TCase *tcase = tcase_with_context("lifetime");

	tcase_add_test(tcase, close_releases);
	tcase_add_test(tcase, survives_munmap);
	tcase_add_test(tcase, survives_the_process);
	tcase_add_test(tcase, child_may_release);
	tcase_add_test(tcase, fork_keeps_pins);
	tcase_add_test(tcase, killed_holder);
	tcase_add_test(tcase, ids);
	tcase_add_test(tcase, query_owner);
	tcase_add_test(tcase, answer_cannot_be_copied);
	tcase_add_test(tcase, device_removal_waits);
	suite_add_tcase(suite, tcase);
	return suite;
}
