// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The race matrix: every two actors (arena.h), and each with itself, at once for a while,
 * on memory that a third one keeps pinning.  Whatever they meet, each call ends with what
 * it may end with, and with the context everything is given back; the rest is for the
 * kernel's own checks.
 *
 * If the module has delay points, half of the time of a pair whoever comes to one is held up
 * for a moment, so that the other one meets him there.  To which of them few come in a long
 * run, the pair that came most often plays again.
 *
 * PIN_TEST_PAIR_MS says how many milliseconds a pair has; PIN_TEST_PAIRS, as "NAME NAME" or
 * "NAME", which pairs there are.
 */
#include "delay.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAIR_MS_DEFAULT	30
#define ACTORS_MOST	64
#define POINTS_MOST	32
#define MOMENT_MS	10
/* How often each delay point is reached at least, in a long run. */
#define HITS_LEAST	100
/* And how long it is tried, for each point. */
#define AGAIN_S		500

/* What all of them have done, over all the tests: in shared memory. */
struct tally {
	uint64_t plays;
	uint64_t done[ACTORS_MOST];
	uint64_t refused[ACTORS_MOST];
	/* Who came to each delay point while he was held up there. */
	uint64_t hits[POINTS_MOST];
	uint64_t before[POINTS_MOST];
	/* The pair that came there most often in one play, and the one that plays. */
	struct pair {
		unsigned int first;
		unsigned int second;
		uint64_t hits;
	} best[POINTS_MOST], now;
};

static struct tally *tally;

static unsigned int pair_ms(void)
{
	const char *set = getenv("PIN_TEST_PAIR_MS");

	return set ? strtoul(set, NULL, 10) : PAIR_MS_DEFAULT;
}

static bool is_wanted(const char *a, const char *b)
{
	const char *wanted = getenv("PIN_TEST_PAIRS");
	char one[32] = "", other[32] = "";

	if (!wanted)
		return true;
	if (sscanf(wanted, "%31s %31s", one, other) == 2)
		return (!strcmp(a, one) && !strcmp(b, other)) ||
		       (!strcmp(b, one) && !strcmp(a, other));
	return !strcmp(a, one) || !strcmp(b, one);
}

static void play_and_count(struct arena *arena, unsigned int first, unsigned int second,
			   unsigned int ms)
{
	struct played played = play_pair(arena, actor_at(first), actor_at(second), ms,
					 ++tally->plays * ARENA_ACTORS);

	tally->done[first] += played.done[0];
	tally->refused[first] += played.refused[0];
	tally->done[second] += played.done[1];
	tally->refused[second] += played.refused[1];
}

static void open_window(const char *point, unsigned int i)
{
	ck_assert_uint_lt(i, POINTS_MOST);
	tally->before[i] = delay_hits(point);
	delay_hold_ms(point, MOMENT_MS);
}

static void close_window(const char *point, unsigned int i)
{
	uint64_t hits;

	delay_release(point);
	hits = delay_hits(point) - tally->before[i];
	tally->hits[i] += hits;
	if (hits > tally->best[i].hits) {
		tally->best[i] = tally->now;
		tally->best[i].hits = hits;
	}
}

static void play_with_windows(struct arena *arena, unsigned int first, unsigned int second)
{
	tally->now = (struct pair) { .first = first, .second = second };
	delay_for_each(open_window);
	play_and_count(arena, first, second, pair_ms() / 2);
	delay_for_each(close_window);
}

static void play(struct arena *arena, unsigned int first, unsigned int second)
{
	if (!delay_points_exist()) {
		play_and_count(arena, first, second, pair_ms());
		return;
	}
	play_and_count(arena, first, second, pair_ms() / 2);
	play_with_windows(arena, first, second);
}

/*
 * On a kernel that checks so much that all would take minutes a short run has a third of
 * them, with each actor among them.
 */
static bool is_for_a_long_run(unsigned int first, unsigned int second)
{
	return (first + second) % 3 && pair_ms() < 1000 && !getenv("PIN_TEST_PAIRS") &&
	       !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* An actor with each of those before him in the list, and with himself. */
START_TEST(pairs_of_one)
{
	struct arena *arena = arena_open();
	int other;

	for (other = 0; other <= _i; other++)
		if (is_wanted(actor_at(_i)->name, actor_at(other)->name) &&
		    !is_for_a_long_run(_i, other))
			play(arena, _i, other);
	arena_close(arena);
}
END_TEST

/*
 * Nobody was there for nothing; but in a short time those may be who wait for what the
 * others do.
 */
START_TEST(all_had_a_part)
{
	unsigned int i;

	for (i = 0; i < actor_count(); i++)
		printf("note: %s: did %llu, refused %llu\n", actor_at(i)->name,
		       (unsigned long long)tally->done[i],
		       (unsigned long long)tally->refused[i]);
	fflush(stdout);
	ck_assert_msg(tally->plays, "no pair has the name %s", getenv("PIN_TEST_PAIRS"));
	if (getenv("PIN_TEST_PAIRS"))
		return;
	for (i = 0; i < actor_count(); i++)
		ck_assert_msg(tally->done[i] || (actor_at(i)->waits && pair_ms() < 1000),
			      "%s did nothing", actor_at(i)->name);
}
END_TEST

static void tell_hits(const char *point, unsigned int i)
{
	printf("note: delay point %s: held up %llu\n", point,
	       (unsigned long long)tally->hits[i]);
}

static bool all_have_played_long(void)
{
	return pair_ms() >= 1000 && !getenv("PIN_TEST_PAIRS");
}

static void play_again(const char *point, unsigned int i)
{
	const struct pair best = tally->best[i];
	time_t end = time(NULL) + AGAIN_S;
	struct arena *arena;
	unsigned int plays = 0;

	if (!best.hits || tally->hits[i] >= HITS_LEAST)
		return;
	arena = arena_open();
	for (; tally->hits[i] < HITS_LEAST && time(NULL) < end; plays++)
		play_with_windows(arena, best.first, best.second);
	arena_close(arena);
	printf("note: delay point %s: %s and %s played %u times more\n", point,
	       actor_at(best.first)->name, actor_at(best.second)->name, plays);
	fflush(stdout);
}

START_TEST(rare_windows_open_again)
{
	if (all_have_played_long())
		delay_for_each(play_again);
}
END_TEST

static void expect_hits(const char *point, unsigned int i)
{
	ck_assert_msg(tally->hits[i] >= HITS_LEAST, "few came to %s", point);
}

/* If there are delay points. */
START_TEST(all_windows_were_open)
{
	delay_for_each(tell_hits);
	fflush(stdout);
	if (all_have_played_long())
		delay_for_each(expect_hits);
}
END_TEST

Suite *pairs_suite(void)
{
	Suite *suite = suite_create("pairs");
	TCase *tcase = tcase_with_context("pairs");

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		abort();
	/* Some actors take a second for an act on a debug kernel. */
	tcase_set_timeout(tcase, 4 * AGAIN_S + actor_count() * pair_ms() / 500);
	tcase_add_loop_test(tcase, pairs_of_one, 0, actor_count());
	tcase_add_test(tcase, rare_windows_open_again);
	tcase_add_test(tcase, all_had_a_part);
	tcase_add_test(tcase, all_windows_were_open);
	suite_add_tcase(suite, tcase);
	return suite;
}
