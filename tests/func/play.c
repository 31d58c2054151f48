// SPDX-License-Identifier: GPL-2.0-or-later
/* See play.h. */
#include "play.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* However slow the kernel is, each acts so often while the others do. */
#define ACTS_LEAST	2
#define WAIT_MOST_S	60

static const struct actor keeper = { .name = "keeper", .act = actor_keep };

unsigned int actor_count(void)
{
	return actors_driver_count + actors_memory_count + actors_system_count;
}

const struct actor *actor_at(unsigned int i)
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

static bool all_have_acted(struct playing *playing)
{
	int i;

	for (i = 0; i < ARENA_ACTORS; i++)
		if (__atomic_load_n(&playing[i].done, __ATOMIC_RELAXED) +
		    __atomic_load_n(&playing[i].refused, __ATOMIC_RELAXED) < ACTS_LEAST)
			return false;
	return true;
}

/* Where in the kernel each thread of this process is. */
static void tell_stacks(void)
{
	char path[64], stack[2048];
	struct dirent *entry;
	DIR *tasks = opendir("/proc/self/task");
	ssize_t got;
	int fd;

	while (tasks && (entry = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/self/task/%.10s/stack", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		got = fd < 0 ? 0 : read(fd, stack, sizeof(stack));
		if (got > 0)
			fprintf(stderr, "%s:\n%.*s", path, (int)got, stack);
		if (fd >= 0)
			close(fd);
	}
	if (tasks)
		closedir(tasks);
}

static void fail_stuck(const struct playing *playing, const char *how)
{
	tell_stacks();
	ck_abort_msg("%s (did %u, refused %u) or %s (%u, %u) %s", playing[1].actor->name,
		     playing[1].done, playing[1].refused, playing[2].actor->name,
		     playing[2].done, playing[2].refused, how);
}

static void let_play(struct playing *playing, unsigned int ms)
{
	usleep(ms * 1000);
	for (ms = 0; !all_have_acted(playing); ms++) {
		if (ms == WAIT_MOST_S * 1000)
			fail_stuck(playing, "does not get on");
		usleep(1000);
	}
}

static void await_end(struct playing *playing, int i)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MOST_S;
	if (pthread_timedjoin_np(playing[i].thread, NULL, &until))
		fail_stuck(playing, "does not end");
}

static void play_all(struct playing *playing, struct arena *arena, unsigned int ms)
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
	let_play(playing, ms);
	__atomic_store_n(&arena->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARENA_ACTORS; i++)
		await_end(playing, i);
	pthread_barrier_destroy(&all_are_ready);
	__atomic_store_n(&arena->stop, false, __ATOMIC_RELAXED);
	memset(arena->ids, 0, sizeof(arena->ids));
}

struct played play_pair(struct arena *arena, const struct actor *first,
			const struct actor *second, unsigned int ms, unsigned int seed)
{
	struct playing playing[ARENA_ACTORS] = {
		{ .actor = &keeper }, { .actor = first }, { .actor = second },
	};
	struct counters before = counters_read();
	unsigned int i;
	int own = pin_fd;
	char pair[64];

	/* What a failure or a hang is to be known by. */
	snprintf(pair, sizeof(pair), "%s %s", first->name, second->name);
	fprintf(stderr, "%s\n", pair);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	ck_assert_msg(pin_fd >= 0, "/dev/pin: %s", strerror(errno));
	for (i = 0; i < ARENA_ACTORS; i++)
		playing[i].player = (struct player) {
			.arena = arena,
			/* Neighbouring seeds begin alike. */
			.seed = (seed + i) * 2654435761U,
			.number = i,
		};
	play_all(playing, arena, ms);
	close(pin_fd);
	pin_fd = own;
	counters_expect(&before, pair);
	return (struct played) {
		.done = { playing[1].done, playing[2].done },
		.refused = { playing[1].refused, playing[2].refused },
	};
}
