// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit for diagnose.c: GUP's errno for one page to its reason, as far as that takes
 * no look at the page.
 *
 * diagnose.c is included for its static functions; see runs_kunit.c. What it calls
 * of classify.c is in classify_kunit.c; a look at the page is none here.
 */
#include <kunit/test.h>
#include <kunit/test-bug.h>

#include "../diagnose.c"

long pindev_probe(const struct pindev_segment *segment, unsigned long addr,
		  unsigned int more)
{
	KUNIT_FAIL(kunit_get_current_test(), "page %lx is looked at", addr);
	return -EFAULT;
}

static void errno_of_a_page(struct kunit *test)
{
	static const struct {
		int err;
		u32 reason;
	} cases[] = {
		{ -EEXIST, PIN_REASON_RAW_PFN },
		{ -EREMOTEIO, PIN_REASON_P2PDMA },
		{ -EBUSY, PIN_REASON_DEVICE_BUSY },
		{ -ENODEV, PIN_REASON_DEVICE_BUSY },
		{ -EHWPOISON, PIN_REASON_HWPOISON },
		/* Not for the long term: nothing has to be moved. */
		{ -ENOMEM, PIN_REASON_NO_MEMORY },
	};
	const struct pindev_segment segment = { .file_end = ULONG_MAX };
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, reason_of(PAGE_SIZE, &segment,
						    cases[i].err),
				    cases[i].reason, "errno %d", cases[i].err);
}

/* The end of the file is known without a look at the page, and comes first. */
static void end_of_the_file(struct kunit *test)
{
	const struct pindev_segment segment = {
		.report = { .kind = PIN_KIND_HUGETLB },
		.file_end = 8 * PAGE_SIZE,
		.userfault = true,
		.guarded = true,
	};

	KUNIT_EXPECT_EQ(test, fault_reason(8 * PAGE_SIZE, &segment),
			PIN_REASON_BEYOND_EOF);
	KUNIT_EXPECT_EQ(test, fault_reason(9 * PAGE_SIZE, &segment),
			PIN_REASON_BEYOND_EOF);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(errno_of_a_page),
	KUNIT_CASE(end_of_the_file),
	{ }
};

static struct kunit_suite suite = {
	.name = "pin-diagnose",
	.test_cases = cases,
};

kunit_test_suite(suite);
