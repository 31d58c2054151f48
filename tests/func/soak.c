// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything at once for a long time: pairs of actors (arena.h) drawn by lot, beside pins
 * and leases that are there from the first moment to the last. In between, with nothing
 * else going on, it is looked at what the kernel uses, and what is pinned; what rises then
 * is a leak (trend.h).
 *
 * PIN_TEST_SOAK_SECONDS says how long.
 */
#include "copy.h"
#include "leased.h"
#include "ledger_client.h"
#include "play.h"
#include "record.h"
#include "trend.h"
#include "usage.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_DEFAULT	15
#define SAMPLES_MOST	400
#define SAMPLES_WANTED	120
#define PAIR_MS		60
#define RESIDENTS	8
#define PAGES		64

/*
 * What two looks differ by, with nothing leaked: slabs that the processors keep at hand, the
 * lists of pages of theirs, and where it is, KASAN's quarantine. Objects in use hardly
 * differ at all: the smallest one, leaked once each pair, is above that after a thousand.
 */
static const double noise[USAGES] = {
	[USAGE_MEMORY] = 8 << 20,
	[USAGE_SLAB] = 1 << 20,
	[USAGE_OBJECTS] = 64 << 10,
	[USAGE_VMALLOC] = 256 << 10,
	[USAGE_STACKS] = 256 << 10,
};

/* --- those who stay */

struct resident {
	int fd;
	char *addr;
	uint64_t id;
	struct leased leased;
};

static struct resident residents[RESIDENTS];

/* Every other one has a lease. */
static void settle(struct resident *resident, unsigned int number)
{
	int own = pin_fd;

	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(pin_fd, 0);
	resident->fd = pin_fd;
	if (number % 2) {
		leased_open(&resident->leased, dax_dirs[number / 2 % 2], PAGES * page);
		leased_pin(&resident->leased);
		resident->addr = resident->leased.addr;
		resident->id = resident->leased.id;
	} else {
		resident->addr = map_anon(PAGES * page);
		resident->id = expect_pinned(resident->addr, PAGES * page, PIN_F_WRITE);
	}
	memset(resident->addr, number + 1, PAGES * page);
	pin_fd = own;
}

/* Still live, and with the same bytes in it as the memory has. */
static void expect_settled(const struct resident *resident, unsigned int number)
{
	char *bytes = malloc(PAGES * page);
	int own = pin_fd;

	ck_assert_ptr_nonnull(bytes);
	pin_fd = resident->fd;
	expect_live(resident->id);
	expect_read(resident->id, 0, bytes, PAGES * page);
	ck_assert_int_eq(bytes[0], number + 1);
	ck_assert(!memcmp(bytes, resident->addr, PAGES * page));
	pin_fd = own;
	free(bytes);
}

static void leave(struct resident *resident, unsigned int number)
{
	close(resident->fd);
	if (number % 2)
		leased_close(&resident->leased);
	else
		munmap(resident->addr, PAGES * page);
}

/* --- what goes on beside them */

/* Shared with the process that plays. */
struct work {
	unsigned int seed;
	uint64_t pairs, acts;
};

/* A process of its own, so that its end is part of it. */
static int play_for(void *data)
{
	struct work *work = data;
	struct arena *arena = arena_open();
	unsigned int i, actors = actor_count(), seed = work->seed;
	struct played played;

	for (i = 0; i < 8; i++) {
		const struct actor *first = actor_at(rand_r(&seed) % actors);
		const struct actor *second = actor_at(rand_r(&seed) % actors);

		played = play_pair(arena, first, second, PAIR_MS, seed);
		work->pairs++;
		work->acts += played.done[0] + played.done[1];
	}
	arena_close(arena);
	return 0;
}

/* --- how it goes */

static struct usage samples[SAMPLES_MOST];
static unsigned int sample_count;

static unsigned int wanted_seconds(void)
{
	const char *set = getenv("PIN_TEST_SOAK_SECONDS");

	return set ? strtoul(set, NULL, 10) : SECONDS_DEFAULT;
}

static void play_until(struct work *work, time_t end)
{
	off_t mark;

	do {
		work->seed += 1000003;
		mark = record_mark();
		ck_assert_int_eq(in_child(play_for, work), 0);
		record_forget(mark);
	} while (time(NULL) < end);
}

/* Nothing is pinned or charged but what the residents have, and that is as it was. */
static void take_sample(const struct counters *settled)
{
	unsigned int i;

	counters_expect(settled, "in between");
	for (i = 0; i < RESIDENTS; i++)
		expect_settled(&residents[i], i);
	ck_assert_uint_lt(sample_count, SAMPLES_MOST);
	samples[sample_count++] = usage_read();
}

static struct trend trend_of_kind(enum usage_kind kind)
{
	double series[SAMPLES_MOST];
	unsigned int i;

	for (i = 0; i < sample_count; i++)
		series[i] = samples[i].of[kind];
	return trend_of(series, sample_count);
}

static bool tell_trend(enum usage_kind kind)
{
	struct trend trend = trend_of_kind(kind);
	bool grows = trend_grows(&trend, noise[kind]);

	printf("note: %s: %llu kB at first, %llu in the middle, %llu at last; since the middle %s",
	       usage_names[kind], (unsigned long long)samples[0].of[kind] / 1024,
	       (unsigned long long)samples[sample_count / 2].of[kind] / 1024,
	       (unsigned long long)samples[sample_count - 1].of[kind] / 1024,
	       grows ? "GROWS" : "flat");
	printf(": %+.0f kB, sure by %.1f\n", trend.rise / 1024, trend.sureness);
	return grows;
}

static void expect_flat(void)
{
	unsigned int kind, growing = 0;

	for (kind = 0; kind < USAGES; kind++)
		growing += tell_trend(kind);
	fflush(stdout);
	ck_assert_msg(!growing, "%u of %u figures grow", growing, USAGES);
}

START_TEST(soak)
{
	struct work *work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	time_t started = time(NULL), now;
	struct counters settled;
	unsigned int i;

	ck_assert_ptr_ne(work, MAP_FAILED);
	for (i = 0; i < RESIDENTS; i++)
		settle(&residents[i], i);
	settled = counters_read();
	do {
		now = time(NULL);
		play_until(work, now + wanted_seconds() / SAMPLES_WANTED);
		take_sample(&settled);
	} while (now - started < wanted_seconds() || sample_count < 8);
	printf("note: %llu pairs of actors, %llu acts, %u looks\n",
	       (unsigned long long)work->pairs, (unsigned long long)work->acts, sample_count);
	expect_flat();
	for (i = 0; i < RESIDENTS; i++)
		leave(&residents[i], i);
}
END_TEST

/* --- the judge is judged first */

#define FIGURES	120

/* Up and down by at most one half, the same each time. */
static double chance(unsigned int *seed)
{
	return rand_r(seed) % 10001 / 10000.0 - 0.5;
}

enum shape {
	STILL, SWINGING, SAWTOOTH, FALLING, WARMING, ONE_STEP_EARLY, OUTLIERS, TINY,
	LEAKING, HIDDEN, STAIRS, LATE, SHAPES
};

/* In units of what is noise. */
static double figure_of(enum shape shape, unsigned int i, unsigned int *seed)
{
	double some = 0.5 * chance(seed), of = (double)i / FIGURES;

	switch (shape) {
	case STILL:
		return 100;
	case SAWTOOTH:
		return 100 + i % 10 + some;
	case FALLING:
		return 100 - 5 * of + some;
	case WARMING:
		return 100 - 50 * exp2(-i / 5.0) + some;
	case ONE_STEP_EARLY:
		return 100 + 20 * (i > FIGURES / 3) + some;
	case OUTLIERS:
		return 100 + 500 * (i % 37 == 36) + some;
	case TINY:
		return 100 + 0.5 * of;
	case LEAKING:
		return 100 + 4 * of + some;
	case HIDDEN:
		return 100 + 20 * of + i % 10 + some;
	case STAIRS:
		return 100 + 2 * (i / 20) + some;
	case LATE:
		return 100 + 8 * (of > 0.6 ? of - 0.6 : 0) + some;
	default:
		return 100 + 4 * some;
	}
}

START_TEST(trends)
{
	double series[FIGURES];
	struct trend trend;
	unsigned int i, seed;

	for (seed = 1; seed <= 20; seed++) {
		unsigned int luck = seed * 2654435761U;

		for (i = 0; i < FIGURES; i++)
			series[i] = figure_of(_i, i, &luck);
		trend = trend_of(series, FIGURES);
		ck_assert_msg(trend_grows(&trend, 1) == (_i >= LEAKING),
			      "shape %d, seed %u: %.2f more, sure by %.1f", _i, seed,
			      trend.rise, trend.sureness);
	}
}
END_TEST

Suite *soak_suite(void)
{
	Suite *suite = suite_create("soak");
	TCase *judge = tcase_create("judge"), *tcase = tcase_with_context("soak");

	tcase_add_loop_test(judge, trends, 0, SHAPES);
	suite_add_tcase(suite, judge);
	tcase_set_timeout(tcase, 600 + 2 * wanted_seconds());
	tcase_add_test(tcase, soak);
	suite_add_tcase(suite, tcase);
	return suite;
}
