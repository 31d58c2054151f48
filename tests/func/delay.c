// SPDX-License-Identifier: GPL-2.0-or-later
/* See delay.h. */
#include "delay.h"

#include "harness.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Longer than any test; one who is held up for ever would be the runner's. */
#define LONG_MS	600000

/* Times 20 ms: long enough for an emulated machine that others use, too. */
#define AWAIT_STEPS	1500

static FILE *open_parameter(const char *point, const char *what, const char *mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/pin/parameters/delay_%s_%s",
		 point, what);
	file = fopen(path, mode);
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	return file;
}

static void set_parameter(const char *point, const char *what, unsigned long value)
{
	FILE *file = open_parameter(point, what, "we");

	fprintf(file, "%lu", value);
	ck_assert_int_eq(fclose(file), 0);
}

void delay_hold(const char *point, unsigned long nth)
{
	set_parameter(point, "nth", nth ? delay_hits(point) + nth : 0);
	set_parameter(point, "ms", LONG_MS);
}

void delay_hold_ms(const char *point, unsigned long ms)
{
	set_parameter(point, "nth", 0);
	set_parameter(point, "ms", ms);
}

void delay_release(const char *point)
{
	set_parameter(point, "ms", 0);
	set_parameter(point, "nth", 0);
}

bool delay_points_exist(void)
{
	return !access("/sys/module/pin/parameters/delay_judged_ms", F_OK);
}

void delay_for_each(void (*visit)(const char *point, unsigned int i))
{
	static const char before[] = "/sys/module/pin/parameters/delay_", after[] = "_ms";
	char point[32];
	glob_t found;
	size_t i;

	if (!delay_points_exist())
		return;
	ck_assert_int_eq(glob("/sys/module/pin/parameters/delay_*_ms", 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		snprintf(point, sizeof(point), "%.*s",
			 (int)(strlen(found.gl_pathv[i]) - strlen(before) - strlen(after)),
			 found.gl_pathv[i] + strlen(before));
		visit(point, i);
	}
	globfree(&found);
}

static void release(const char *point, unsigned int i)
{
	delay_release(point);
}

void delay_release_all(void)
{
	delay_for_each(release);
}

unsigned long delay_hits(const char *point)
{
	FILE *file = open_parameter(point, "hits", "re");
	unsigned long hits;

	ck_assert_int_eq(fscanf(file, "%lu", &hits), 1);
	fclose(file);
	return hits;
}

void delay_await(const char *point, unsigned long hits)
{
	int i;

	for (i = 0; i < AWAIT_STEPS && delay_hits(point) < hits; i++)
		usleep(20000);
	ck_assert_msg(i < AWAIT_STEPS, "nobody came to the point %s", point);
}
