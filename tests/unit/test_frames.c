// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page frames: joined.
 */
#include "frames.h"
#include "pinctl.h"
#include "suites.h"

#define PARTS_MAX 4

/* What ends with a part of no page frames. */
static const struct {
	struct frames parts[PARTS_MAX + 1];
	struct frames joined[PARTS_MAX + 1];
} joins[] = {
	{ { { 5, 1 } }, { { 5, 1 } } },
	{ { { 20, 5 }, { 10, 5 } }, { { 10, 5 }, { 20, 5 } } },
	{ { { 10, 10 }, { 20, 5 } }, { { 10, 15 } } },
	{ { { 10, 10 }, { 15, 10 } }, { { 10, 15 } } },
	{ { { 10, 10 }, { 21, 5 } }, { { 10, 10 }, { 21, 5 } } },
	{ { { 10, 10 }, { 10, 10 } }, { { 10, 10 } } },
	/* One lies within another, as the zones of two nodes may. */
	{ { { 100, 10 }, { 102, 2 } }, { { 100, 10 } } },
	{ { { 100, 10 }, { 108, 2 } }, { { 100, 10 } } },
	{ { { 100, 2 }, { 100, 10 } }, { { 100, 10 } } },
	{ { { 105, 1 }, { 102, 2 }, { 120, 1 }, { 100, 10 } }, { { 100, 10 }, { 120, 1 } } },
	{ { { 100, 10 }, { 102, 2 }, { 109, 4 }, { 113, 1 } }, { { 100, 14 } } },
};

static size_t count_parts(const struct frames *parts)
{
	size_t count = 0;

	while (parts[count].count)
		count++;
	return count;
}

START_TEST(test_join)
{
	struct frames parts[PARTS_MAX];
	size_t count = count_parts(joins[_i].parts), i;

	for (i = 0; i < count; i++)
		parts[i] = joins[_i].parts[i];
	count = frames_join(parts, count);
	ck_assert_uint_eq(count, count_parts(joins[_i].joined));
	for (i = 0; i < count; i++) {
		ck_assert_uint_eq(parts[i].first, joins[_i].joined[i].first);
		ck_assert_uint_eq(parts[i].count, joins[_i].joined[i].count);
	}
}
END_TEST

Suite *suite_frames(void)
{
	Suite *suite = suite_create("frames");
	TCase *frames = tcase_create("frames");

	tcase_add_loop_test(frames, test_join, 0, ARRAY_SIZE(joins));
	suite_add_tcase(suite, frames);
	return suite;
}
