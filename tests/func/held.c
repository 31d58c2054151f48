// SPDX-License-Identifier: GPL-2.0-or-later
/* See held.h. */
#include "held.h"

#include "delay.h"
#include "harness.h"

static void *run_held(void *data)
{
	struct held *held = data;

	held->err = call(held->number, held->arg);
	held->done = true;
	return NULL;
}

void held_start(struct held *held, unsigned int number, void *arg,
		const char *point, unsigned long nth)
{
	unsigned long hits = delay_hits(point);

	*held = (struct held) { .number = number, .arg = arg };
	delay_hold(point, nth);
	ck_assert_int_eq(pthread_create(&held->thread, NULL, run_held, held), 0);
	delay_await(point, hits + (nth ?: 1));
	ck_assert(!held->done);
}

int held_finish(struct held *held, const char *point)
{
	delay_release(point);
	pthread_join(held->thread, NULL);
	return held->err;
}
