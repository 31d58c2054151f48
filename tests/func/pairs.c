// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The race matrix: every two actors (arena.h), and each with itself, at once for a while,
 * on memory that a third one keeps pinning.  Whatever they meet, each call ends with what
 * it may end with, and with the context everything is given back; the rest is for the
 * kernel's own checks.
 *
 * PIN_TEST_PAIR_MS says how many milliseconds a pair has; PIN_TEST_PAIRS, as "NAME NAME" or
 * "NAME", which pairs there are.
 */
#include "arena.h"
#include "ledger_client.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAIR_MS_DEFAULT	30
#define ACTORS_MOST	64
/* However slow the kernel is, each acts so often while the others do. */
#define ACTS_LEAST	2
#define WAIT_MOST_MS	20000

static const struct actor keeper = { .name = "keeper", .act = actor_keep };

/* What all of them have done, over all the tests: in shared memory. */
struct tally {
	uint64_t pairs;
	uint64_t done[ACTORS_MOST];
	uint64_t refused[ACTORS_MOST];
};

static struct tally *tally;

static unsigned int count_actors(void)
{
	return actors_driver_count + actors_memory_count + actors_system_count;
}

static const struct actor *actor(unsigned int i)
{
	if (i < actors_driver_count)
		return &actors_driver[i];
	i -= actors_driver_count;
	if (i < actors_memory_count)
		return &actors_memory[i];
	return &actors_system[i - actors_memory_count];
}

/* An actor in its thread. */
struct playing {
	const struct actor *actor;
	struct player player;
	pthread_barrier_t *all_are_ready;
	pthread_t thread;
	unsigned int done, refused;
};

static void *play(void *arg)
{
	struct playing *playing = arg;
	struct player *player = &playing->player;

	if (playing->actor->begin)
		playing->actor->begin(player);
	pthread_barrier_wait(playing->all_are_ready);
	do {
		if (playing->actor->act(player)) {
			__atomic_add_fetch(&playing->done, 1, __ATOMIC_RELAXED);
		} else {
			__atomic_add_fetch(&playing->refused, 1, __ATOMIC_RELAXED);
			/* There will be something to do when others have run. */
			usleep(50);
		}
	} while (!__atomic_load_n(&player->arena->stop, __ATOMIC_RELAXED));
	if (playing->actor->end)
		playing->actor->end(player);
	return NULL;
}

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

static bool all_have_acted(struct playing *playing)
{
	int i;

	for (i = 0; i < ARENA_ACTORS; i++)
		if (__atomic_load_n(&playing[i].done, __ATOMIC_RELAXED) +
		    __atomic_load_n(&playing[i].refused, __ATOMIC_RELAXED) < ACTS_LEAST)
			return false;
	return true;
}

static void let_play(struct playing *playing)
{
	unsigned int ms;

	usleep(pair_ms() * 1000);
	for (ms = 0; !all_have_acted(playing); ms++) {
		ck_assert_msg(ms < WAIT_MOST_MS, "%s or %s does not get on",
			      playing[1].actor->name, playing[2].actor->name);
		usleep(1000);
	}
}

static void play_all(struct playing *playing, struct arena *arena)
{
	pthread_barrier_t all_are_ready;
	int i;

	/* There are pins when they begin. */
	for (i = 0; i < ARENA_SLOTS; i++)
		actor_pin(&playing[0].player);
	pthread_barrier_init(&all_are_ready, NULL, ARENA_ACTORS + 1);
	for (i = 0; i < ARENA_ACTORS; i++) {
		playing[i].all_are_ready = &all_are_ready;
		ck_assert_int_eq(pthread_create(&playing[i].thread, NULL, play,
						&playing[i]), 0);
	}
	pthread_barrier_wait(&all_are_ready);
	let_play(playing);
	__atomic_store_n(&arena->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARENA_ACTORS; i++)
		ck_assert_int_eq(pthread_join(playing[i].thread, NULL), 0);
	pthread_barrier_destroy(&all_are_ready);
	__atomic_store_n(&arena->stop, false, __ATOMIC_RELAXED);
	memset(arena->ids, 0, sizeof(arena->ids));
}

static void play_pair(struct arena *arena, unsigned int first, unsigned int second)
{
	struct playing playing[ARENA_ACTORS] = {
		{ .actor = &keeper }, { .actor = actor(first) }, { .actor = actor(second) },
	};
	struct counters before = counters_read();
	unsigned int i;
	int own = pin_fd;
	char pair[64];

	/* What a failure or a hang is to be known by. */
	snprintf(pair, sizeof(pair), "%s %s", actor(first)->name, actor(second)->name);
	fprintf(stderr, "%s\n", pair);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	ck_assert_msg(pin_fd >= 0, "/dev/pin: %s", strerror(errno));
	tally->pairs++;
	for (i = 0; i < ARENA_ACTORS; i++)
		playing[i].player = (struct player) {
			.arena = arena,
			/* Neighbouring seeds begin alike. */
			.seed = (tally->pairs * ARENA_ACTORS + i) * 2654435761U,
			.number = i,
		};
	play_all(playing, arena);
	close(pin_fd);
	pin_fd = own;
	counters_expect(&before, pair);
	tally->done[first] += playing[1].done;
	tally->refused[first] += playing[1].refused;
	tally->done[second] += playing[2].done;
	tally->refused[second] += playing[2].refused;
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
		if (is_wanted(actor(_i)->name, actor(other)->name) &&
		    !is_for_a_long_run(_i, other))
			play_pair(arena, _i, other);
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

	for (i = 0; i < count_actors(); i++)
		printf("note: %s: did %llu, refused %llu\n", actor(i)->name,
		       (unsigned long long)tally->done[i],
		       (unsigned long long)tally->refused[i]);
	fflush(stdout);
	ck_assert_msg(tally->pairs, "no pair has the name %s", getenv("PIN_TEST_PAIRS"));
	if (getenv("PIN_TEST_PAIRS"))
		return;
	for (i = 0; i < count_actors(); i++)
		ck_assert_msg(tally->done[i] || (actor(i)->waits && pair_ms() < 1000),
			      "%s did nothing", actor(i)->name);
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
	tcase_set_timeout(tcase, 600 + count_actors() * pair_ms() / 500);
	tcase_add_loop_test(tcase, pairs_of_one, 0, count_actors());
	tcase_add_test(tcase, all_had_a_part);
	suite_add_tcase(suite, tcase);
	return suite;
}
