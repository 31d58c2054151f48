// SPDX-License-Identifier: GPL-2.0-or-later
/* See clock.h. */
#include "clock.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HANG	60

double clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

double clock_allowed(double seconds)
{
	const char *clock = getenv("PIN_TEST_CLOCK");

	if (!clock || strcmp(clock, "instructions"))
		return HANG;
	return access("/sys/kernel/debug/kmemleak", F_OK) ? seconds : 5 * seconds;
}
