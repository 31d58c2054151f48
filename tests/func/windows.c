// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens in the narrow time between two steps of a call, held open by a delay
 * point.  Needs a module that was built with them.
 */
#include "delay.h"
#include "harness.h"
#include "held.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES	8

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

Suite *windows_suite(void)
{
	Suite *suite = suite_create("windows");
	TCase *tcase = tcase_with_context("windows");

	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_test(tcase, steps_of_pin);
	tcase_add_test(tcase, steps_of_unpin);
	tcase_add_test(tcase, unpin_beside_a_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
