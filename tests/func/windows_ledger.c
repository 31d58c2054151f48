// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The windows in which an administrator who takes a pin away meets its owner, held open
 * by delay points.  Needs a module that was built with them.
 */
#include "delay.h"
#include "held.h"
#include "leased.h"
#include "ledger_client.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES	8

/* Revoked, with whoever is to release the pages held up right before. */
static void force_and_hold(uint64_t id)
{
	unsigned long hits = delay_hits("forced");

	delay_hold("forced", 0);
	ck_assert_int_eq(ledger_force(id), 0);
	delay_await("forced", hits + 1);
}

/* Time for whoever does not wait, and should. */
static void let_others_run(void)
{
	int i;

	for (i = 0; i < 10000; i++)
		sched_yield();
}

static bool is_in_context(uint64_t id)
{
	struct pin_query queried;

	return query(id, &queried) == 0;
}

/* Between the mark and the release the pin is revoked, and its pages are held. */
START_TEST(held_pages)
{
	struct counters before, held;
	struct pin_query queried;
	struct ledger_pin told;
	uint64_t id, done;
	char byte;

	ledger_connect();
	before = counters_read();
	id = expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
	force_and_hold(id);
	held = counters_read();
	ck_assert_uint_eq(held.pinned, before.pinned + PAGES);
	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_uint_eq(queried.state, PIN_STATE_REVOKED);
	ck_assert_uint_eq(queried.pages, 0);
	ck_assert_uint_eq(queried.charged_pages, PAGES);
	ck_assert_int_eq(pin_read(id, 0, &byte, 1, &done), -ESTALE);
	ck_assert_int_eq(pin_write(id, 0, &byte, 1, &done), -ESTALE);
	ck_assert_int_eq(ledger_force(id), -ESTALE);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	ck_assert_uint_eq(told.u64[PIN_NL_A_PIN_REFERENCES], PAGES);
	ck_assert_uint_eq(told.u64[PIN_NL_A_PIN_CHARGED_PAGES], PAGES);
	delay_release("forced");
	ck_assert_int_eq(unpin(id), 0);
	counters_expect(&before, "after UNPIN");
}
END_TEST

static void *run_unpin(void *data)
{
	struct held *held = data;

	held->err = call(PIN_IOC_UNPIN, held->arg);
	held->done = true;
	return NULL;
}

static void *run_close(void *data)
{
	struct held *held = data;

	held->err = close(*(int *)held->arg);
	held->done = true;
	return NULL;
}

/* Who unpins is told so when the pages are free, not before. */
START_TEST(unpin_waits)
{
	struct pin_unpin arg = { .size = sizeof(arg) };
	struct held held = { .arg = &arg };
	struct counters before;
	struct ledger_pin told;

	ledger_connect();
	before = counters_read();
	arg.id = expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
	force_and_hold(arg.id);
	ck_assert_int_eq(pthread_create(&held.thread, NULL, run_unpin, &held), 0);
	while (is_in_context(arg.id))
		sched_yield();
	let_others_run();
	ck_assert(!held.done);
	delay_release("forced");
	pthread_join(held.thread, NULL);
	ck_assert_int_eq(held.err, 0);
	counters_expect(&before, "after UNPIN");
	ck_assert_int_eq(ledger_get(arg.id, &told), -ENOENT);
}
END_TEST

START_TEST(close_waits)
{
	int first = pin_fd, fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	struct held held = { .arg = &fd };
	struct counters before = counters_read();
	uint64_t id;

	ledger_connect();
	pin_fd = fd;
	id = expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
	pin_fd = first;
	force_and_hold(id);
	ck_assert_int_eq(pthread_create(&held.thread, NULL, run_close, &held), 0);
	let_others_run();
	ck_assert(!held.done);
	delay_release("forced");
	pthread_join(held.thread, NULL);
	counters_expect(&before, "after close");
}
END_TEST

/* Out of its context, still pinned, and taken away before UNPIN has gone on. */
START_TEST(unpinned_meanwhile)
{
	struct pin_unpin arg = { .size = sizeof(arg) };
	struct counters before;
	struct ledger_event event;
	struct held held;

	ledger_connect();
	before = counters_read();
	arg.id = expect_pinned(map_anon(PAGES * page), PAGES * page, PIN_F_WRITE);
	held_start(&held, PIN_IOC_UNPIN, &arg, "unpin", 0);
	ledger_listen(0);
	ck_assert_int_eq(ledger_force(arg.id), 0);
	ck_assert_int_eq(ledger_hear(&event), 0);
	ck_assert_uint_eq(event.cmd, PIN_NL_CMD_REVOKED);
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	ck_assert_int_eq(held_finish(&held, "unpin"), 0);
	ck_assert_int_eq(ledger_hear(&event), 0);
	ck_assert_uint_eq(event.cmd, PIN_NL_CMD_UNPINNED);
	ck_assert_int_eq(ledger_force(arg.id), -ENOENT);
}
END_TEST

/* A READ that has found its pin does not keep the pages, and does not read them. */
START_TEST(read_meanwhile)
{
	char *memory = map_anon(PAGES * page), byte = 'x';
	struct pin_access arg = {
		.size = sizeof(arg),
		.buffer = (uintptr_t)&byte,
		.length = 1,
	};
	struct counters before;
	struct ledger_event event;
	struct held held;

	ledger_connect();
	before = counters_read();
	arg.id = expect_pinned(memory, PAGES * page, PIN_F_WRITE);
	held_start(&held, PIN_IOC_READ, &arg, "access", 0);
	ledger_listen(0);
	ck_assert_int_eq(ledger_force(arg.id), 0);
	ck_assert_int_eq(ledger_hear(&event), 0);
	ck_assert_uint_eq(event.cmd, PIN_NL_CMD_REVOKED);
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	ck_assert_int_eq(held_finish(&held, "access"), -ESTALE);
	ck_assert_int_eq(byte, 'x');
	ck_assert_int_eq(unpin(arg.id), 0);
}
END_TEST

/* A truncate does not wait for the administrator's work. */
START_TEST(truncate_meanwhile)
{
	struct counters before;
	struct leased leased;

	ledger_connect();
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	before = counters_read();
	leased_pin(&leased);
	force_and_hold(leased.id);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	delay_release("forced");
	expect_event(leased.id);
	/* It was revoked once. */
	expect_no_event();
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

/* Whoever finds a pin in its context, finds it in the ledger. */
START_TEST(known_in_both)
{
	struct ledger_pin told;
	struct leased leased;
	struct pin_pin arg;
	struct held held;
	unsigned long hits;

	ledger_connect();
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	arg = (struct pin_pin) {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE | PIN_F_LEASE,
		.addr = (uintptr_t)leased.addr,
		.length = leased.length,
	};
	/* A lease that is lost before its pin is known, to be held up once more. */
	held_start(&held, PIN_IOC_PIN, &arg, "publish", 0);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	hits = delay_hits("lease_lost");
	delay_hold("lease_lost", 0);
	delay_release("publish");
	delay_await("lease_lost", hits + 1);
	expect_revoked(arg.id);
	ck_assert_int_eq(ledger_get(arg.id, &told), 0);
	ck_assert_int_eq(held_finish(&held, "lease_lost"), 0);
	ck_assert_int_eq(unpin(arg.id), 0);
	leased_close(&leased);
}
END_TEST

Suite *windows_ledger_suite(void)
{
	Suite *suite = suite_create("windows-ledger");
	TCase *tcase = tcase_with_context("windows-ledger");

	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_test(tcase, held_pages);
	tcase_add_test(tcase, unpin_waits);
	tcase_add_test(tcase, close_waits);
	tcase_add_test(tcase, unpinned_meanwhile);
	tcase_add_test(tcase, read_meanwhile);
	tcase_add_loop_test(tcase, truncate_meanwhile, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, known_in_both, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
