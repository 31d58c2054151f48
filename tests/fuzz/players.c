// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See players.h.  The threads are made once and wait between cases; making them for each
 * would take longer than the case does.
 */
#include "players.h"

#include "cover.h"
#include "desk.h"
#include "ground.h"
#include "operation.h"
#include "process.h"
#include "run.h"
#include "talk.h"

#include "../func/harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct operation *const groups[] = {
	operations_ioctl, operations_descriptor, operations_ledger, operations_memory,
	operations_process,
};

#define GROUPS	(sizeof(groups) / sizeof(*groups))

static const struct operation *operations[OPERATIONS_MAX];
static unsigned int operation_count;
/* By a case's byte, each as often as its weight says. */
static uint8_t chosen[256];

static struct world *world;
static struct desk desks[PLAYERS];
static struct cover covers[PLAYERS];
static struct player players[PLAYERS];
static unsigned int playing;
static pthread_barrier_t barrier;
/* What there is without any case. */
static struct counters at_rest;
static struct pin_info at_rest_info;
static uint64_t at_rest_stranger;

const struct operation *operation_at(unsigned int number)
{
	return number < operation_count ? operations[number] : NULL;
}

void players_prepare(void)
{
	const struct operation *operation;
	unsigned int i, byte = 0, left;

	for (i = 0; i < GROUPS; i++)
		for (operation = groups[i]; operation->name; operation++) {
			for (left = operation->weight; left && byte < 256; left--)
				chosen[byte++] = operation_count;
			operations[operation_count++] = operation;
			if (left)
				run_fail("operations weigh more than 256");
		}
	if (byte < 256)
		run_fail("operations weigh %u, not 256", byte);
}

static void count(unsigned int number, long result)
{
	unsigned int outcome = result < 0 ? -result : 0;

	if (outcome >= OUTCOMES)
		run_fail("%s: errno %u", operations[number]->name, outcome);
	run->counts[number][outcome]++;
	if (operations[number]->driver)
		run->calls++;
}

void player_act(struct player *player)
{
	while (!stream_is_dry(&player->in) && !run->failed) {
		unsigned int number = chosen[stream_byte(&player->in)];
		long result = operations[number]->run(player);

		cover_mark(player->cover);
		if (tracing)
			run_say("%u %s: %s", player->number, operations[number]->name,
				result < 0 ? strerror(-result) : "done");
		count(number, result);
	}
}

void player_is_child(struct player *player)
{
	player->number = PLAYERS;
	player->cover = NULL;
	/* Its netlink messages would be read by whoever comes first. */
	talk_end(player);
}

static void act(struct player *player)
{
	cover_clear(player->cover);
	player_act(player);
	process_restore();
	talk_end(player);
}

static void *wait_and_act(void *data)
{
	struct player *player = data;

	cover_start(player->cover);
	while (1) {
		pthread_barrier_wait(&barrier);
		if (player->number < playing)
			act(player);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

void players_open(void)
{
	unsigned int i;
	pthread_t thread;

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (world == MAP_FAILED)
		run_fail("the world: %s", strerror(errno));
	pthread_barrier_init(&barrier, NULL, PLAYERS);
	for (i = 0; i < PLAYERS; i++) {
		desk_open(&desks[i], i);
		players[i] = (struct player) {
			.world = world, .desk = &desks[i], .cover = &covers[i], .number = i,
			.ledger = -1, .listener = -1,
		};
		if (i && pthread_create(&thread, NULL, wait_and_act, &players[i]))
			run_fail("a thread: %s", strerror(errno));
	}
	cover_start(&covers[0]);
	at_rest = counters_read();
	at_rest_info = info();
	at_rest_stranger = process_charged_to_stranger();
}

/* Each gets a piece of the bytes; the first byte says how many there are. */
static void deal(const struct input *input)
{
	struct stream in = { .bytes = input->bytes, .length = input->length };
	uint8_t how = stream_byte(&in);
	size_t piece;
	unsigned int i;

	playing = how < 160 ? 1 : how < 224 ? 2 : 3;
	piece = (in.length - in.at) / playing;
	for (i = 0; i < playing; i++) {
		players[i].in = stream_cut(&in, i + 1 < playing ? piece : in.length);
		players[i].serial = i << 24;
	}
	world->others = playing - 1;
}

/* What is given back by a worker, after a forced release, may take a moment. */
static bool is_at_rest(void)
{
	struct pin_info now = info();

	return now.system_pinned_pages == at_rest_info.system_pinned_pages &&
	       now.user_charged_pages == at_rest_info.user_charged_pages &&
	       now.mm_pinned_pages == at_rest_info.mm_pinned_pages &&
	       process_charged_to_stranger() == at_rest_stranger;
}

static void expect_rest(void)
{
	const unsigned int most = 10000;
	struct pin_info now;
	unsigned int i;

	for (i = 0; i < most; i++) {
		if (is_at_rest())
			return;
		usleep(i < 100 ? 100 : 1000);
	}
	now = info();
	run_fail("pages left: %llu (were %llu), root's %llu (%llu), mm's %llu (%llu), others' %llu",
		 now.system_pinned_pages, at_rest_info.system_pinned_pages,
		 now.user_charged_pages, at_rest_info.user_charged_pages, now.mm_pinned_pages,
		 at_rest_info.mm_pinned_pages,
		 (unsigned long long)process_charged_to_stranger());
}

void players_expect_rest(void)
{
	counters_expect(&at_rest, "after cases");
}

void players_run(const struct input *input)
{
	ground_reset();
	world_open(world);
	deal(input);
	if (playing > 1) {
		pthread_barrier_wait(&barrier);
		act(&players[0]);
		pthread_barrier_wait(&barrier);
	} else {
		act(&players[0]);
	}
	process_restore_module(world);
	world_close(world);
	expect_rest();
}

unsigned int players_gather(void)
{
	unsigned int found = 0, i;

	for (i = 0; i < playing; i++)
		found += cover_gather(&covers[i]);
	return found;
}
