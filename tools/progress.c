// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress: see progress.h.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "pinctl.h"
#include "progress.h"
#include "size.h"

#define NANOSECONDS 1000000000L
/* Between two looks. */
#define STEP_NS (NANOSECONDS / 4)

/* @lock guards @stop; everything else is the thread's own once it runs. */
struct progress {
	const char *verb;
	uint64_t total;
	uint64_t (*measure)(void);
	uint64_t first;
	struct timespec start;
	bool shown;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
};

uint64_t progress_resident(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t value, kilobytes = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %" SCNu64, &value) == 1 ||
		    sscanf(line, "HugetlbPages: %" SCNu64, &value) == 1)
			kilobytes += value;
	fclose(file);
	return kilobytes * 1024;
}

static void show(struct progress *progress)
{
	char done_text[SIZE_TEXT_MAX], total_text[SIZE_TEXT_MAX], rate_text[SIZE_TEXT_MAX];
	uint64_t now_bytes = progress->measure(), done = 0, rate;
	struct timespec now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)(now.tv_sec - progress->start.tv_sec) +
		  (double)(now.tv_nsec - progress->start.tv_nsec) / NANOSECONDS;
	if (seconds < 1)
		return;
	if (now_bytes > progress->first)
		done = now_bytes - progress->first;
	if (done > progress->total)
		done = progress->total;
	rate = (uint64_t)((double)done / seconds);
	fprintf(stderr, "\r\033[K%s %s of %s, %s/s", progress->verb,
		size_to_text(done, done_text), size_to_text(progress->total, total_text),
		size_to_text(rate, rate_text));
	if (rate)
		fprintf(stderr, ", %" PRIu64 " s left", (progress->total - done) / rate);
	fflush(stderr);
	progress->shown = true;
}

static void *run(void *argument)
{
	struct progress *progress = argument;
	struct timespec until;

	pthread_mutex_lock(&progress->lock);
	while (!progress->stop) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += STEP_NS;
		if (until.tv_nsec >= NANOSECONDS) {
			until.tv_nsec -= NANOSECONDS;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&progress->wake, &progress->lock, &until);
		if (!progress->stop)
			show(progress);
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

struct progress *progress_start(const char *verb, uint64_t total, uint64_t (*measure)(void))
{
	struct progress *progress;
	pthread_condattr_t attributes;

	if (!isatty(STDERR_FILENO))
		return NULL;
	progress = calloc(1, sizeof(*progress));
	if (!progress)
		out_of_memory();
	progress->verb = verb;
	progress->total = total;
	progress->measure = measure;
	progress->first = measure();
	clock_gettime(CLOCK_MONOTONIC, &progress->start);
	pthread_mutex_init(&progress->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	/* Without a thread there is no line; the work goes on all the same. */
	if (!pthread_create(&progress->thread, NULL, run, progress))
		return progress;
	free(progress);
	return NULL;
}

void progress_stop(struct progress *progress)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->stop = true;
	pthread_cond_signal(&progress->wake);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	if (progress->shown)
		fputs("\r\033[K", stderr);
	pthread_cond_destroy(&progress->wake);
	pthread_mutex_destroy(&progress->lock);
	free(progress);
}
