// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device that goes while leases hold its memory. Needs a machine of its own: with a
 * filesystem still mounted on it, the kernel itself fails sooner or later, with or
 * without leases, so nothing may come after this but the end of the machine.
 */
#include "leased.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGES		64
#define LEASES		8

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec + (now.tv_nsec - start->tv_nsec) / 1e9;
}

/*
 * Nobody is sent an event when the device goes; unbinding waits, uninterruptibly, until
 * its pages are let go.
 */
START_TEST(unbound)
{
	const char *dir = need_env(dax_dirs[_i]);
	struct leased leased[LEASES];
	struct timespec start;
	struct pin_event event;
	double took;
	char name[64];
	int fd, i;

	leased_namespace(dir, name, sizeof(name));
	for (i = 0; i < LEASES; i++) {
		leased_open(&leased[i], dax_dirs[_i], PAGES * page);
		leased_pin(&leased[i]);
	}
	fd = open("/sys/bus/nd/drivers/nd_pmem/unbind", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	ck_assert_msg(write(fd, name, strlen(name)) == (ssize_t)strlen(name),
		      "unbind %s: %s", name, strerror(errno));
	took = seconds_since(&start);
	printf("%s: unbound in %.2f s with %d leases\n", dir, took, LEASES);
	fflush(stdout);
	for (i = 0; i < LEASES; i++) {
		event = expect_event(leased[i].id);
		ck_assert_uint_eq(event.cause, PIN_CAUSE_DEVICE);
		expect_revoked(leased[i].id);
		ck_assert_int_eq(unpin(leased[i].id), 0);
	}
	/* A poll every quarter of a second; emulated machines are slow. */
	ck_assert(took < 5);
	close(fd);
}
END_TEST

Suite *removal_suite(void)
{
	Suite *suite = suite_create("removal");
	TCase *tcase = tcase_with_context("removal");

	tcase_add_loop_test(tcase, unbound, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
