// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grammar of targets.
 */
#include <errno.h>

#include "pinctl.h"
#include "suites.h"
#include "target.h"

static const struct good {
	const char *text;
	struct target target;
} good[] = {
	{ "self", { .type = TARGET_PROCESS } },
	{ "4242", { .type = TARGET_PROCESS, .pid = 4242 } },
	{ "4242:0x1000+4K", { .type = TARGET_PROCESS, .pid = 4242, .start = 0x1000,
			      .length = 4096 } },
	{ "self:7f00-7fff", { .type = TARGET_PROCESS, .start = 0x7f00, .length = 0xff } },
	{ "1:7f3a40000000+1p", { .type = TARGET_PROCESS, .pid = 1, .start = 0x7f3a40000000,
				 .length = 4096 } },
	{ "self:0+0xfffffffffffff000", { .type = TARGET_PROCESS,
					 .length = 0xfffffffffffff000 } },
	{ "file:/a", { .type = TARGET_FILE, .path = "/a" } },
	{ "file:a b@4K+2M", { .type = TARGET_FILE, .path = "a b", .start = 4096,
			      .length = 2 << 20 } },
	{ "file:/a@b", { .type = TARGET_FILE, .path = "/a@b" } },
	{ "file:/a@1+2x", { .type = TARGET_FILE, .path = "/a@1+2x" } },
	{ "file:/a@1@2+3", { .type = TARGET_FILE, .path = "/a@1", .start = 2, .length = 3 } },
	{ "file:self", { .type = TARGET_FILE, .path = "self" } },
	{ "new:anon,64M", { .type = TARGET_NEW, .length = 64 << 20 } },
	{ "new:shmem,1p", { .type = TARGET_NEW, .memory = TARGET_NEW_SHMEM, .length = 4096 } },
	{ "new:memfd,thp,8M", { .type = TARGET_NEW, .memory = TARGET_NEW_MEMFD, .thp = true,
				.length = 8 << 20 } },
	{ "new:anon,4M,hugetlb=2M", { .type = TARGET_NEW, .length = 4 << 20,
				      .huge_size = 2 << 20 } },
};

START_TEST(test_good)
{
	const struct target *wanted = &good[_i].target;
	const char *problem = NULL;
	struct target target;

	ck_assert_int_eq(target_parse(good[_i].text, &target, &problem), 0);
	ck_assert_int_eq(target.type, wanted->type);
	ck_assert_int_eq(target.pid, wanted->pid);
	ck_assert_uint_eq(target.start, wanted->start);
	ck_assert_uint_eq(target.length, wanted->length);
	ck_assert_pstr_eq(target.path, wanted->path);
	ck_assert_int_eq(target.memory, wanted->memory);
	ck_assert_uint_eq(target.huge_size, wanted->huge_size);
	ck_assert_int_eq(target.thp, wanted->thp);
	target_release(&target);
}
END_TEST

static const char *const bad[] = {
	"", "sel", "selfish", "0", "-1", "12x", "99999999999999999999", "2147483648", "4242:",
	"4242:1000", "4242:1000+", "4242:1000+0", "4242:1000+-1", "4242:2000-1000",
	"4242:1000-1000", "4242:xyz+1", "4242:ffffffffffffffff+2", "4242:1000+ffK",
	"self:0+0xffffffffffffffff", "self:1000-ffffffffffffffff",
	"4242:10000000000000000+1", "self:1000-2000x", "file:", "file:@1+2", "file:/a@0+0",
	"file:/a@0x7fffffffffffffff+1", "new:", "new:anon", "new:anon,", "new:anon,0",
	"new:file,1M", "new:anon,64MB", "new:anon,1M,thp,hugetlb=2M", "new:anon,1M,hugetlb=3M",
	"new:anon,1M,hugetlb=0", "new:anon,1M,hugetlb", "new:anon,1M,fast", "nwe:anon,1M",
};

START_TEST(test_bad)
{
	const char *problem = NULL;
	struct target target;

	ck_assert_int_eq(target_parse(bad[_i], &target, &problem), -EINVAL);
	ck_assert_ptr_nonnull(problem);
	target_release(&target);
}
END_TEST

Suite *suite_target(void)
{
	Suite *suite = suite_create("target");
	TCase *grammar = tcase_create("grammar");

	tcase_add_loop_test(grammar, test_good, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(grammar, test_bad, 0, ARRAY_SIZE(bad));
	suite_add_tcase(suite, grammar);
	return suite;
}
