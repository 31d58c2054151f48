// SPDX-License-Identifier: GPL-2.0-or-later
/* The clock of the benchmarks; see clock.h. */
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

uint64_t clock_cost;
uint64_t clock_ticks_cost;

void die(const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(": %s\n", strerror(err));
	exit(2);
}

uint64_t clock_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

uint64_t clock_ticks(void)
{
	return __rdtsc();
}

void run_before_all_others(bool yes)
{
	struct sched_param param = { .sched_priority = yes ? 50 : 0 };

	if (sched_setscheduler(0, yes ? SCHED_FIFO : SCHED_OTHER, &param))
		die("sched_setscheduler");
}

static uint64_t measure_cost(uint64_t (*now)(void))
{
	uint64_t least = UINT64_MAX;
	int i;

	for (i = 0; i < 1000; i++) {
		uint64_t start = now(), took = now() - start;

		if (took < least)
			least = took;
	}
	return least;
}

static void read_clock_name(char *name, size_t size)
{
	const char *path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		die("%s", path);
	length = read(fd, name, size - 1);
	if (length < 0)
		die("%s", path);
	close(fd);
	name[length] = 0;
	name[strcspn(name, "\n")] = 0;
}

/*
 * What a figure stands for has to be told by the clock. A kernel takes some seconds from
 * its start to find out how fast that runs.
 */
void clock_check(void)
{
	char name[16];
	int tries;

	read_clock_name(name, sizeof(name));
	for (tries = 100; tries && !strcmp(name, "tsc-early"); tries--) {
		usleep(100000);
		read_clock_name(name, sizeof(name));
	}
	if (strcmp(name, "tsc")) {
		printf("the clock is %s, which does not count instructions\n", name);
		exit(2);
	}
	clock_cost = measure_cost(clock_now);
	clock_ticks_cost = measure_cost(clock_ticks);
}
