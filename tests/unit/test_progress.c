// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress, with a terminal and without one as stderr.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "suites.h"

#define GIB (UINT64_C(1) << 30)

/* Half of it is done as soon as the work has begun. */
static uint64_t measure(void)
{
	static int calls;

	return calls++ ? 7 * GIB + GIB / 2 : 7 * GIB;
}

/* Reads from @fd until @wanted has been seen; the runner ends a test that hangs. */
static void read_until(int fd, const char *wanted)
{
	char seen[4096] = "";
	size_t length = 0;
	ssize_t got;

	while (!strstr(seen, wanted)) {
		ck_assert_uint_lt(length, sizeof(seen) - 1);
		got = read(fd, seen + length, sizeof(seen) - 1 - length);
		ck_assert_int_gt(got, 0);
		length += (size_t)got;
		seen[length] = '\0';
	}
}

START_TEST(test_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, kept = dup(STDERR_FILENO);
	struct progress *progress;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	dup2(slave, STDERR_FILENO);
	progress = progress_start("pinning", GIB, measure);
	read_until(master, "\r\033[Kpinning 512M of 1G, ");
	read_until(master, " s left");
	progress_stop(progress);
	read_until(master, "\r\033[K");
	dup2(kept, STDERR_FILENO);
	ck_assert_ptr_nonnull(progress);
}
END_TEST

START_TEST(test_no_terminal)
{
	struct timespec rest = { .tv_sec = 1, .tv_nsec = 600000000 };
	int ends[2], kept = dup(STDERR_FILENO);
	struct progress *progress;
	char byte;

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	progress = progress_start("pinning", GIB, measure);
	nanosleep(&rest, NULL);
	progress_stop(progress);
	dup2(kept, STDERR_FILENO);
	ck_assert_ptr_null(progress);
	/* The end at once: nothing has been written. */
	ck_assert_int_eq(read(ends[0], &byte, 1), 0);
}
END_TEST

START_TEST(test_resident)
{
	size_t size = 64 << 20, i;
	uint64_t before = progress_resident();
	/* Written to through a pipe, or the compiler sees that nobody reads it. */
	char *memory = malloc(size);
	int ends[2];

	ck_assert_ptr_nonnull(memory);
	ck_assert_int_eq(pipe(ends), 0);
	for (i = 0; i < size; i += 4096) {
		ck_assert_int_eq(write(ends[1], "x", 1), 1);
		ck_assert_int_eq(read(ends[0], memory + i, 1), 1);
	}
	ck_assert_uint_gt(before, 0);
	ck_assert_uint_gt(progress_resident(), before + size / 2);
	free(memory);
}
END_TEST

Suite *suite_progress(void)
{
	Suite *suite = suite_create("progress");
	TCase *progress = tcase_create("progress");

	tcase_set_timeout(progress, 60);
	tcase_add_test(progress, test_terminal);
	tcase_add_test(progress, test_no_terminal);
	tcase_add_test(progress, test_resident);
	suite_add_tcase(suite, progress);
	return suite;
}
