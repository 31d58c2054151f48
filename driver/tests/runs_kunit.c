// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit for runs.c: which pages share a run, and finding a run again.
 *
 * runs.c is included and not linked, because an object cannot belong to two
 * modules.
 */
#include <kunit/test.h>

#include "../runs.c"

static struct pindev_run ram(unsigned long pfn, u32 pages)
{
	return pindev_run(pfn, pages, 1, PINDEV_RUN_RAM);
}

/* Add a run as the driver does. */
static void add(struct kunit *test, struct pindev_runs *runs,
		struct pindev_run run)
{
	if (!pindev_runs_extend(runs, &run))
		KUNIT_ASSERT_EQ(test, pindev_runs_append(runs, &run), 0);
}

static void consecutive_pages_share_a_run(struct kunit *test)
{
	struct pindev_runs runs;
	unsigned long pfn;

	pindev_runs_init(&runs);
	for (pfn = 1000; pfn < 2000; pfn++)
		add(test, &runs, ram(pfn, 1));
	KUNIT_EXPECT_EQ(test, runs.count, 1ULL);
	KUNIT_EXPECT_EQ(test, runs.pages, 1000ULL);
	pindev_runs_free(&runs);
	KUNIT_EXPECT_EQ(test, runs.count, 0ULL);
}

/* Each pair must not merge: a run claims every page between its ends. */
static void other_pages_do_not(struct kunit *test)
{
	struct pindev_run first = ram(1000, 4), second;
	static const struct {
		unsigned long pfn;
		u16 node;
		u16 type;
	} cases[] = {
		{ 1003, 1, PINDEV_RUN_RAM },		/* the last page again */
		{ 1000, 1, PINDEV_RUN_RAM },		/* the first page again */
		{ 999, 1, PINDEV_RUN_RAM },		/* descending */
		{ 1005, 1, PINDEV_RUN_RAM },		/* a gap */
		{ 1004, 2, PINDEV_RUN_RAM },		/* another node */
		{ 1004, 1, PINDEV_RUN_DEVICE },		/* device memory */
		{ 1004, 1, PINDEV_RUN_HUGETLB },	/* a huge page */
		{ 0, 1, PINDEV_RUN_RAM },
		{ BIT(PINDEV_PFN_BITS) - 1, 1, PINDEV_RUN_RAM },
	};
	struct pindev_runs runs;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pindev_runs_init(&runs);
		add(test, &runs, first);
		second = pindev_run(cases[i].pfn, 1, cases[i].node,
				    cases[i].type);
		KUNIT_EXPECT_FALSE_MSG(test, pindev_runs_extend(&runs, &second),
				       "case %d", i);
		KUNIT_EXPECT_EQ(test, runs.pages, 4ULL);
		pindev_runs_free(&runs);
	}
}

/* A huge page is held by one pin, so not even the next huge page joins it. */
static void huge_pages_stay_alone(struct kunit *test)
{
	struct pindev_run first = pindev_run(512, 512, 1, PINDEV_RUN_HUGETLB);
	struct pindev_run second = pindev_run(1024, 512, 1, PINDEV_RUN_HUGETLB);
	struct pindev_runs runs;

	pindev_runs_init(&runs);
	add(test, &runs, first);
	KUNIT_EXPECT_FALSE(test, pindev_runs_extend(&runs, &second));
	pindev_runs_free(&runs);
}

static void length_does_not_wrap(struct kunit *test)
{
	struct pindev_run first = ram(0, U32_MAX), second = ram(U32_MAX, 1);
	struct pindev_runs runs;

	pindev_runs_init(&runs);
	add(test, &runs, first);
	KUNIT_EXPECT_FALSE(test, pindev_runs_extend(&runs, &second));
	add(test, &runs, second);
	KUNIT_EXPECT_EQ(test, runs.pages, (u64)U32_MAX + 1);
	pindev_runs_free(&runs);
}

/* Of one word and of two, in no regular order. */
static u32 pages_of(u32 i)
{
	return i % 7 == 3 || i % 5 == 1 ? BIT(PINDEV_PAGES_BITS) - 1 + i % 3 : 1 + i % 7;
}

/* Many chunks: next and seek agree with the order in which runs were added. */
static void cursors_find_every_run(struct kunit *test)
{
	const u32 count = 3000;
	struct pindev_cursor walk, seek;
	struct pindev_runs runs;
	u64 page = 0;
	u32 i;

	pindev_runs_init(&runs);
	pindev_runs_first(&runs, &walk);
	KUNIT_EXPECT_NULL(test, walk.chunk);
	for (i = 0; i < count; i++)
		add(test, &runs, ram(10000ul * i, pages_of(i)));
	pindev_runs_seal(&runs);
	KUNIT_ASSERT_EQ(test, runs.count, (u64)count);

	pindev_runs_first(&runs, &walk);
	for (i = 0; i < count; i++) {
		pindev_runs_seek(&runs, i, &seek);
		KUNIT_ASSERT_PTR_EQ(test, seek.chunk, walk.chunk);
		KUNIT_ASSERT_EQ(test, seek.word, walk.word);
		KUNIT_ASSERT_EQ(test, seek.page, page);
		KUNIT_ASSERT_EQ(test, walk.page, page);
		KUNIT_ASSERT_EQ(test, pindev_run_pfn(&walk.run), 10000ul * i);
		KUNIT_ASSERT_EQ(test, walk.run.pages, pages_of(i));
		page += walk.run.pages;
		pindev_runs_next(&runs, &walk);
	}
	KUNIT_EXPECT_NULL(test, walk.chunk);
	KUNIT_EXPECT_EQ(test, walk.page, runs.pages);
	pindev_runs_seek(&runs, count, &seek);
	KUNIT_EXPECT_NULL(test, seek.chunk);
	pindev_runs_free(&runs);
}

static void nodes_add_up(struct kunit *test)
{
	struct pindev_run far = pindev_run(5000, 3, 2, PINDEV_RUN_RAM);
	struct pindev_run beyond = pindev_run(7000, 5, 3, PINDEV_RUN_RAM);
	struct pindev_runs runs;
	u64 nodes[3] = { };

	pindev_runs_init(&runs);
	add(test, &runs, ram(1, 7));
	add(test, &runs, far);
	add(test, &runs, ram(100, 1));
	add(test, &runs, beyond);
	pindev_runs_seal(&runs);
	pindev_runs_nodes(&runs, nodes, 3);
	KUNIT_EXPECT_EQ(test, nodes[0], 0ULL);
	KUNIT_EXPECT_EQ(test, nodes[1], 8ULL);
	KUNIT_EXPECT_EQ(test, nodes[2], 3ULL);
	pindev_runs_free(&runs);
}

/* The runs of one stretch behind those of another, as a pin with leases has them. */
static void joined_runs_count_on(struct kunit *test)
{
	struct pindev_runs runs, behind;
	struct pindev_cursor at;
	unsigned long pfn;
	u64 number;

	pindev_runs_init(&runs);
	pindev_runs_init(&behind);
	for (pfn = 0; pfn < 10; pfn++)
		add(test, &runs, ram(1000 + 10 * pfn, 2));
	for (pfn = 0; pfn < 500; pfn++)
		add(test, &behind, ram(9000 + 10 * pfn, 3));
	pindev_runs_join(&runs, &behind);
	KUNIT_EXPECT_EQ(test, behind.count, 0ULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&behind.chunks));
	KUNIT_EXPECT_EQ(test, runs.count, 510ULL);
	KUNIT_EXPECT_EQ(test, runs.pages, 20ULL + 1500ULL);
	for (number = 0; number < runs.count; number++) {
		pindev_runs_seek(&runs, number, &at);
		KUNIT_ASSERT_NOT_NULL(test, at.chunk);
		KUNIT_EXPECT_EQ(test, at.page,
				number < 10 ? 2 * number : 20 + 3 * (number - 10));
		KUNIT_EXPECT_EQ(test, pindev_run_pfn(&at.run),
				number < 10 ? 1000 + 10 * (unsigned long)number :
				9000 + 10 * ((unsigned long)number - 10));
	}
	/* Joining nothing changes nothing. */
	pindev_runs_join(&runs, &behind);
	KUNIT_EXPECT_EQ(test, runs.count, 510ULL);
	pindev_runs_free(&runs);
}

/* A run that counts as longer than it is: what is pinned and not yet added. */
static void follows_what_has_grown(struct kunit *test)
{
	struct pindev_run next = ram(1010, 1);
	struct pindev_runs runs;

	pindev_runs_init(&runs);
	KUNIT_EXPECT_FALSE(test, pindev_runs_follows(&runs, &next, 0));
	add(test, &runs, ram(1000, 8));
	KUNIT_EXPECT_FALSE(test, pindev_runs_follows(&runs, &next, 0));
	KUNIT_EXPECT_TRUE(test, pindev_runs_follows(&runs, &next, 2));
	pindev_runs_grow(&runs, 2);
	KUNIT_EXPECT_TRUE(test, pindev_runs_follows(&runs, &next, 0));
	KUNIT_EXPECT_EQ(test, runs.pages, 10ULL);
	pindev_runs_free(&runs);
}

/* What is told apart stays apart when it is packed, at the ends of each field. */
static void packing_loses_nothing(struct kunit *test)
{
	static const unsigned long pfns[] = { 0, 1, BIT(PINDEV_PFN_BITS) - 1 };
	static const u32 lengths[] = {
		1, BIT(PINDEV_PAGES_BITS) - 1, BIT(PINDEV_PAGES_BITS), U32_MAX,
	};
	static const enum pindev_run_type types[] = {
		PINDEV_RUN_RAM, PINDEV_RUN_DEVICE, PINDEV_RUN_HUGETLB,
		PINDEV_RUN_LEASE,
	};
	struct pindev_run run, seen;
	u64 words[PINDEV_RUN_WORDS];
	u16 node;
	int i;

	for (i = 0; i < 3 * 4 * 4 * 2; i++) {
		node = i / 48 ? BIT(NODES_SHIFT) - 1 : 0;
		run = pindev_run(pfns[i % 3], lengths[i / 3 % 4], node,
				 types[i / 12 % 4]);
		memset(words, 0xff, sizeof(words));
		memset(&seen, 0xff, sizeof(seen));
		pindev_run_pack(&run, words);
		pindev_run_unpack(words, &seen);
		KUNIT_EXPECT_EQ(test, pindev_run_pfn(&seen), pfns[i % 3]);
		KUNIT_EXPECT_EQ(test, seen.pages, lengths[i / 3 % 4]);
		KUNIT_EXPECT_EQ(test, pindev_run_type(&seen), types[i / 12 % 4]);
		KUNIT_EXPECT_EQ(test, pindev_run_node(&seen), node);
		if (pindev_run_words(&run) == 1)
			KUNIT_EXPECT_EQ(test, words[1], U64_MAX);
	}
}

/* Pages as the driver adds most of them, one by one. */
static void add_pages_of(struct kunit *test, struct pindev_runs *runs,
			 unsigned long pfn, u32 pages)
{
	struct pindev_tail tail;
	u32 i = 0;

	while (i < pages) {
		u32 from = i;

		if (pindev_tail_open(&tail, runs, pages)) {
			while (i < pages &&
			       pindev_tail_add(&tail, pindev_place(pfn + i, 1,
								   PINDEV_RUN_RAM)))
				i++;
			pindev_tail_close(&tail, runs, i - from);
		}
		if (i < pages)
			add(test, runs, ram(pfn + i++, 1));
	}
}

/* Page by page come the same runs as run by run, long ones and chunks' ends included. */
static void pages_one_by_one_make_the_same_runs(struct kunit *test)
{
	const u32 count = 300;
	struct pindev_cursor at;
	struct pindev_runs runs;
	u64 page = 0;
	u32 i;

	pindev_runs_init(&runs);
	for (i = 0; i < count; i++)
		add_pages_of(test, &runs, 10000ul * i, pages_of(i));
	pindev_runs_seal(&runs);
	KUNIT_ASSERT_EQ(test, runs.count, (u64)count);
	pindev_runs_first(&runs, &at);
	for (i = 0; i < count; i++, pindev_runs_next(&runs, &at)) {
		KUNIT_ASSERT_NOT_NULL(test, at.chunk);
		KUNIT_ASSERT_EQ(test, pindev_run_pfn(&at.run), 10000ul * i);
		KUNIT_ASSERT_EQ(test, at.run.pages, pages_of(i));
		KUNIT_ASSERT_EQ(test, at.page, page);
		page += pages_of(i);
	}
	KUNIT_EXPECT_NULL(test, at.chunk);
	KUNIT_EXPECT_EQ(test, runs.pages, page);
	pindev_runs_free(&runs);
}

/* A page that is pinned twice in a row is not one that follows. */
static void a_page_again_is_another_run(struct kunit *test)
{
	struct pindev_runs runs;

	pindev_runs_init(&runs);
	add_pages_of(test, &runs, 1000, 3);
	add_pages_of(test, &runs, 1002, 1);
	add_pages_of(test, &runs, 1002, 2);
	KUNIT_EXPECT_EQ(test, runs.count, 3ULL);
	KUNIT_EXPECT_EQ(test, runs.pages, 6ULL);
	pindev_runs_free(&runs);
}

/* The first chunk belongs to somebody else, who uses it no more when runs are freed. */
static void a_lent_chunk_is_not_freed(struct kunit *test)
{
	struct pindev_run_chunk *lent;
	struct pindev_runs runs;
	u32 i;

	lent = kunit_kzalloc(test, struct_size(lent, words, PINDEV_FIRST_WORDS),
			     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lent);
	pindev_runs_init(&runs);
	pindev_runs_lend(&runs, lent);
	for (i = 0; i < 100; i++)
		add(test, &runs, ram(10 * i, 1));
	KUNIT_EXPECT_PTR_EQ(test, pindev_runs_first_chunk(&runs), lent);
	KUNIT_EXPECT_PTR_NE(test, runs.tail, lent);
	pindev_runs_free(&runs);
}

/* A lease grows in its place while others read it. */
static void a_lease_grows_in_place(struct kunit *test)
{
	struct pindev_run lease = pindev_run(1000, 1, 1, PINDEV_RUN_LEASE);
	struct pindev_cursor at;
	struct pindev_runs runs;

	pindev_runs_init(&runs);
	add(test, &runs, lease);
	pindev_runs_seal(&runs);
	pindev_runs_first(&runs, &at);
	KUNIT_EXPECT_EQ(test, at.run.pages, 1U);
	pindev_runs_grow(&runs, BIT(PINDEV_PAGES_BITS));
	pindev_runs_seal(&runs);
	pindev_cursor_reread(&at);
	KUNIT_EXPECT_EQ(test, at.run.pages, (u32)BIT(PINDEV_PAGES_BITS) + 1);
	KUNIT_EXPECT_FALSE(test, pindev_cursor_step(&at));
	pindev_runs_free(&runs);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(packing_loses_nothing),
	KUNIT_CASE(pages_one_by_one_make_the_same_runs),
	KUNIT_CASE(a_page_again_is_another_run),
	KUNIT_CASE(a_lent_chunk_is_not_freed),
	KUNIT_CASE(a_lease_grows_in_place),
	KUNIT_CASE(consecutive_pages_share_a_run),
	KUNIT_CASE(other_pages_do_not),
	KUNIT_CASE(huge_pages_stay_alone),
	KUNIT_CASE(length_does_not_wrap),
	KUNIT_CASE(cursors_find_every_run),
	KUNIT_CASE(nodes_add_up),
	KUNIT_CASE(joined_runs_count_on),
	KUNIT_CASE(follows_what_has_grown),
	{ }
};

static struct kunit_suite suite = {
	.name = "pin-runs",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests of the pin module");
MODULE_LICENSE("GPL");
