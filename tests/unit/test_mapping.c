// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of /proc/PID/maps, and the snapshot of our own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"
#include "suites.h"

static const struct good {
	const char *line;
	uint64_t start;
	uint64_t end;
	uint32_t flags;
	uint64_t inode;
	const char *path;
} good[] = {
	{ "7f1000000000-7f1000002000 rw-p 00000000 00:00 0 \n", 0x7f1000000000, 0x7f1000002000,
	  PIN_REPORT_READ | PIN_REPORT_WRITE, 0, NULL },
	{ "00400000-00401000 r-xs 00003000 fe:01 42      /tmp/a b (deleted)\n", 0x400000, 0x401000,
	  PIN_REPORT_READ | PIN_REPORT_EXEC | PIN_REPORT_SHARED, 42, "/tmp/a b (deleted)" },
	{ "00400000-00401000 ---p 00000000 00:00 0       [stack]", 0x400000, 0x401000, 0, 0,
	  "[stack]" },
	{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
	  0xffffffffff600000, 0xffffffffff601000, PIN_REPORT_EXEC, 0, "[vsyscall]" },
	{ "00400000-00401000 r--p 00000000 fe:01 42 /tmp/\xff\\012x\n", 0x400000, 0x401000,
	  PIN_REPORT_READ, 42, "/tmp/\xff\\012x" },
};

START_TEST(test_good_line)
{
	const struct good *row = &good[_i];
	struct libpin_mapping mapping;

	ck_assert_int_eq(libpin_mapping_parse(row->line, &mapping), 0);
	ck_assert_uint_eq(mapping.start, row->start);
	ck_assert_uint_eq(mapping.end, row->end);
	ck_assert_uint_eq(mapping.flags, row->flags);
	ck_assert_uint_eq(mapping.inode, row->inode);
	ck_assert_pstr_eq(mapping.path, row->path);
	free(mapping.path);
}
END_TEST

static const char *const bad[] = {
	"", "\n", "x", "00400000", "00400000-00401000", "00400000-00401000 r--p",
	"00400000-00401000 r--p 0 fe:01", "00401000-00400000 r--p 0 fe:01 42 /x\n",
	"00400000-00400000 r--p 0 fe:01 42 /x\n", "00400000-00401000 r-- 0 fe:01 42 /x\n",
};

START_TEST(test_bad_line)
{
	struct libpin_mapping mapping;

	ck_assert_int_eq(libpin_mapping_parse(bad[_i], &mapping), -EINVAL);
	ck_assert_ptr_null(mapping.path);
}
END_TEST

START_TEST(test_self)
{
	const struct libpin_mapping *mapping;
	struct libpin_maps *maps;
	uint64_t last = 0;
	size_t i;

	ck_assert_int_eq(libpin_maps_read(0, &maps), 0);
	ck_assert_uint_gt(libpin_maps_count(maps), 4);
	for (i = 0; i < libpin_maps_count(maps); i++) {
		mapping = libpin_maps_get(maps, i);
		ck_assert_uint_ge(libpin_mapping_start(mapping), last);
		last = libpin_mapping_end(mapping);
		ck_assert_ptr_eq(libpin_maps_find(maps, libpin_mapping_start(mapping)), mapping);
		ck_assert_ptr_eq(libpin_maps_find(maps, last - 1), mapping);
	}
	mapping = libpin_maps_find(maps, (uintptr_t)&i);
	ck_assert_uint_eq(libpin_mapping_flags(mapping) & PIN_REPORT_WRITE, PIN_REPORT_WRITE);
	/* Of the program's file it maps more than its beginning. */
	mapping = libpin_maps_find(maps, (uintptr_t)&suite_mapping);
	ck_assert_uint_ne(libpin_mapping_file_offset(mapping), 0);
	ck_assert_ptr_null(libpin_maps_find(maps, 0));
	ck_assert_ptr_null(libpin_maps_find(maps, UINT64_MAX));
	ck_assert_ptr_null(libpin_maps_get(maps, i));
	libpin_maps_free(maps);
}
END_TEST

START_TEST(test_errors)
{
	struct libpin_maps *maps = (void *)1;

	ck_assert_int_eq(libpin_maps_read(0, NULL), -EINVAL);
	ck_assert_int_eq(libpin_maps_read(-1, &maps), -EINVAL);
	ck_assert_ptr_null(maps);
	ck_assert_int_eq(libpin_maps_read(0x7fffffff, &maps), -ESRCH);
	libpin_maps_free(NULL);
	ck_assert_uint_eq(libpin_maps_count(NULL), 0);
	ck_assert_ptr_null(libpin_maps_find(NULL, 0));
	ck_assert_ptr_null(libpin_mapping_path(NULL));
	ck_assert_uint_eq(libpin_mapping_file_offset(NULL), 0);
}
END_TEST

Suite *suite_mapping(void)
{
	Suite *suite = suite_create("mapping");
	TCase *lines = tcase_create("lines"), *maps = tcase_create("maps");

	tcase_add_loop_test(lines, test_good_line, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(lines, test_bad_line, 0, ARRAY_SIZE(bad));
	tcase_add_test(maps, test_self);
	tcase_add_test(maps, test_errors);
	suite_add_tcase(suite, lines);
	suite_add_tcase(suite, maps);
	return suite;
}
