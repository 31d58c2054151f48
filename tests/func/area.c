// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long-term pins on a machine with an area of CMA: memory that lies in it leaves it when it
 * is pinned, so that a driver gets all of the area while the pins last.
 */
#include "copy.h"
#include "harness.h"
#include "memory.h"
#include "pageproof.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define AREAS		"/sys/kernel/debug/cma"
/* What lies in it at first, and fits in beside it once it is taken. */
#define ROOM		(64UL << 20)
#define LENGTH		(8UL << 20)
#define STRIDE		(64UL << 10)

/* The only one there is. */
static const char *area_path(const char *name)
{
	static char path[512];
	DIR *dir = opendir(AREAS);
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	*path = 0;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(path, sizeof(path), AREAS "/%s/%s", entry->d_name, name);
	closedir(dir);
	ck_assert(*path);
	return path;
}

/* Of every so many pages one is looked at: that takes several system calls. */
static size_t count_in_cma(const char *addr, size_t length)
{
	size_t i, count = 0;

	for (i = 0; i < length; i += STRIDE)
		count += is_in_cma(addr + i);
	return count;
}

/* As a driver does it; the file of debugfs gives it back in the same pieces. */
static void take_area(long pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pages);
	ck_assert_int_eq(kernel_write(area_path("alloc"), text), 0);
	ck_assert_int_ge(kernel_read(area_path("used")), pages);
}

static void give_area_back(long pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pages);
	ck_assert_int_eq(kernel_write(area_path("free"), text), 0);
}

START_TEST(taken_beside_pins)
{
	char *room = map_anon(ROOM), *addr, *bytes = malloc(LENGTH);
	long left = kernel_read(area_path("count")) - kernel_read(area_path("used"));
	size_t in_cma = 0;
	uint64_t id;

	ck_assert_ptr_nonnull(bytes);
	memset(room, 0x55, ROOM);
	/* A part of it that is all there. */
	for (addr = room; addr + LENGTH <= room + ROOM; addr += LENGTH) {
		in_cma = count_in_cma(addr, LENGTH);
		if (in_cma == LENGTH / STRIDE)
			break;
	}
	ck_assert_msg(in_cma == LENGTH / STRIDE, "no memory lies in CMA");
	id = expect_pinned(addr, LENGTH, PIN_F_WRITE);
	ck_assert_uint_eq(count_in_cma(addr, LENGTH), 0);
	take_area(left);
	expect_read(id, 0, bytes, LENGTH);
	ck_assert(!memcmp(bytes, room, LENGTH) && !memcmp(bytes, addr, LENGTH));
	/* What was not pinned has moved away as well. */
	ck_assert_uint_eq(count_in_cma(room, ROOM), 0);
	give_area_back(left);
	ck_assert_int_eq(unpin(id), 0);
	printf("note: %ld pages of CMA were taken beside %lu that had lain there\n", left,
	       LENGTH / page);
	fflush(stdout);
	free(bytes);
	munmap(room, ROOM);
}
END_TEST

Suite *area_suite(void)
{
	Suite *suite = suite_create("area");
	TCase *tcase = tcase_with_context("area");

	tcase_add_test(tcase, taken_beside_pins);
	suite_add_tcase(suite, tcase);
	return suite;
}
