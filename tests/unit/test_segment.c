// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments: what a range of them is charged.
 */
#include "pinctl.h"
#include "segment.h"
#include "suites.h"

#define BASE	UINT64_C(4096)
#define HUGE	(UINT64_C(2) << 20)

#define PLAIN(from, to)	{ .start = (from), .end = (to), .kind = PIN_KIND_ANON, .page_size = BASE }
#define HUGETLB(from, to) \
	{ .start = (from), .end = (to), .kind = PIN_KIND_HUGETLB, .page_size = HUGE }

/* What ends with a segment of nothing; @whole with whole huge pages. */
static const struct {
	struct segment segments[4];
	uint64_t bytes;
	uint64_t whole;
} charges[] = {
	{ { PLAIN(BASE, 18 * BASE) }, 17 * BASE, 17 * BASE },
	{ { PLAIN(BASE, 2 * BASE), PLAIN(2 * BASE, 4 * BASE) }, 3 * BASE, 3 * BASE },
	{ { HUGETLB(HUGE, 2 * HUGE) }, HUGE, HUGE },
	{ { HUGETLB(HUGE, HUGE + BASE) }, BASE, HUGE },
	{ { HUGETLB(HUGE + BASE, 3 * HUGE) }, 2 * HUGE - BASE, 2 * HUGE },
	{ { HUGETLB(2 * HUGE - BASE, 2 * HUGE + BASE) }, 2 * BASE, 2 * HUGE },
	{ { HUGETLB(2 * HUGE - BASE, 2 * HUGE), PLAIN(2 * HUGE, 2 * HUGE + BASE) },
	  2 * BASE, HUGE + BASE },
	/* Device-dax has large pages, too, but its mappings are charged by base pages. */
	{ { { .start = HUGE, .end = HUGE + BASE, .kind = PIN_KIND_DEVDAX, .page_size = HUGE } },
	  BASE, BASE },
	{ { { .start = BASE, .end = 3 * BASE, .kind = PIN_KIND_HOLE } }, 2 * BASE, 2 * BASE },
};

START_TEST(test_charge)
{
	const struct segment *segments = charges[_i].segments;
	size_t count = 0;

	while (segments[count].end)
		count++;
	ck_assert_uint_eq(segments_charge(segments, count, false), charges[_i].bytes);
	ck_assert_uint_eq(segments_charge(segments, count, true), charges[_i].whole);
}
END_TEST

Suite *suite_segment(void)
{
	Suite *suite = suite_create("segment");
	TCase *segments = tcase_create("segments");

	tcase_add_loop_test(segments, test_charge, 0, ARRAY_SIZE(charges));
	suite_add_tcase(suite, segments);
	return suite;
}
