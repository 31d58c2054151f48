// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measurement: see measurement.h.
 */
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "measurement.h"

#define TURN_NS		1000000
#define CALLS_MAX	1000
/* What the first calls leave behind is there then: dirty pages, the kernel's caches. */
#define WARM_UP		2
/* How long a call takes is told by the shortest of these: anything can hold one up. */
#define TRIALS		5
#define CLOCK_READS	1001

/* Sums over the calls of a turn. */
struct turn {
	uint64_t pin;
	uint64_t unpin;
};

/* Of a clock that nobody sets right meanwhile. */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t measurement_clock_cost(void)
{
	struct series series = { 0 };
	struct quartiles quartiles;
	uint64_t start;
	int i;

	for (i = 0; i < CLOCK_READS; i++) {
		start = now_ns();
		series_add(&series, now_ns() - start);
	}
	quartiles = series_quartiles(&series);
	series_release(&series);
	return quartiles.median;
}

static uint64_t without(uint64_t time, uint64_t cost)
{
	return time > cost ? time - cost : 0;
}

/* 0 or -errno of the call that failed. */
static int take_turn(struct pinners *pinners, enum pinner pinner, const struct buffer *buffer,
		     uint64_t calls, struct turn *turn)
{
	uint64_t start, pinned, end;
	int ret;

	*turn = (struct turn){ 0 };
	while (calls--) {
		start = now_ns();
		ret = pinner_pin(pinners, pinner, buffer);
		pinned = now_ns();
		if (ret)
			return ret;
		ret = pinner_unpin(pinners, pinner);
		end = now_ns();
		if (ret)
			return ret;
		turn->pin += pinned - start;
		turn->unpin += end - pinned;
	}
	return 0;
}

static void fail(struct measurement *measurement, const struct pinners *pinners,
		 enum pinner pinner, int error)
{
	struct timing *timing = &measurement->by[pinner];

	series_release(&timing->pin);
	series_release(&timing->unpin);
	timing->error = error;
	timing->reason = pinner == PINNER_DEVICE ? pinners->reason : PIN_REASON_NONE;
}

/* The time of a call in *@ns.  0 or -errno. */
static int try_calls(struct pinners *pinners, enum pinner pinner, const struct buffer *buffer,
		     uint64_t *ns)
{
	struct turn turn;
	int i, ret;

	*ns = UINT64_MAX;
	for (i = 0; i < WARM_UP + TRIALS; i++) {
		ret = take_turn(pinners, pinner, buffer, 1, &turn);
		if (ret)
			return ret;
		if (i >= WARM_UP && turn.pin + turn.unpin < *ns)
			*ns = turn.pin + turn.unpin;
	}
	return 0;
}

/* Finds out who can, and how many calls the slowest of them makes in a turn. */
static void warm_up(struct measurement *measurement, struct pinners *pinners,
		    const struct buffer *buffer)
{
	uint64_t slowest = 1, ns = 0;
	int who, ret;

	for (who = 0; who < PINNERS; who++) {
		ret = pinner_is_there(pinners, who) ? try_calls(pinners, who, buffer, &ns) :
						      pinners->error;
		if (ret)
			fail(measurement, pinners, who, ret);
		else if (ns > slowest)
			slowest = ns;
	}
	measurement->runs = pinners->runs;
	measurement->calls = TURN_NS / slowest + 1;
	if (measurement->calls > CALLS_MAX)
		measurement->calls = CALLS_MAX;
}

static void take_and_keep(struct measurement *measurement, struct pinners *pinners,
			  enum pinner pinner, const struct buffer *buffer)
{
	uint64_t calls = measurement->calls, cost = measurement->clock_ns;
	struct timing *timing = &measurement->by[pinner];
	struct turn turn;
	int ret;

	if (timing->error)
		return;
	ret = take_turn(pinners, pinner, buffer, calls, &turn);
	if (ret) {
		fail(measurement, pinners, pinner, ret);
		return;
	}
	series_add(&timing->pin, without(turn.pin / calls, cost));
	series_add(&timing->unpin, without(turn.unpin / calls, cost));
}

/* How often somebody else got the processor though pinctl did not wait for anything. */
static long preemptions(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_SELF, &usage) ? 0 : usage.ru_nivcsw;
}

static void go_rounds(struct measurement *measurement, struct pinners *pinners,
		      const struct buffer *buffer)
{
	uint64_t round;
	long before;
	int turn;

	for (round = 0; round < measurement->rounds; round++) {
		before = preemptions();
		for (turn = 0; turn < PINNERS; turn++)
			take_and_keep(measurement, pinners, (turn + round) % PINNERS, buffer);
		measurement->disturbed += preemptions() != before;
	}
}

/* On the processor where pinctl is; whether that succeeded. */
static bool stay(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return false;
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

int measurement_make(struct measurement *measurement, struct pinners *pinners)
{
	bool stays = false;
	struct buffer buffer;
	cpu_set_t set;
	int ret;

	if (!sched_getaffinity(0, sizeof(set), &set))
		stays = stay();
	ret = buffer_make(&buffer, measurement->kind, measurement->length);
	if (!ret) {
		warm_up(measurement, pinners, &buffer);
		go_rounds(measurement, pinners, &buffer);
		buffer_release(&buffer);
	}
	measurement->wandered = !stays;
	if (stays)
		sched_setaffinity(0, sizeof(set), &set);
	return ret;
}

void measurement_release(struct measurement *measurement)
{
	int who;

	for (who = 0; who < PINNERS; who++) {
		series_release(&measurement->by[who].pin);
		series_release(&measurement->by[who].unpin);
	}
}
