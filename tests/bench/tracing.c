// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own tracers; see tracing.h. */
#include "tracing.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define TRACING	"/sys/kernel/tracing/"

static char worst[16384];

static void set_to(const char *name, const char *value, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die("'%s' to %s", value, path);
	close(fd);
}

static void set(const char *name, const char *value)
{
	set_to(name, value, O_TRUNC);
}

static void get(const char *name, char *value, size_t size)
{
	char path[128];
	ssize_t got;
	size_t at = 0;
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s", path);
	do {
		got = read(fd, value + at, size - 1 - at);
		at += got > 0 ? got : 0;
	} while (got > 0);
	value[at] = 0;
	close(fd);
}

bool tracing_has(const char *tracer)
{
	char have[256], *name;

	if (access(TRACING "available_tracers", R_OK))
		return false;
	get("available_tracers", have, sizeof(have));
	for (name = strtok(have, " \n"); name; name = strtok(NULL, " \n"))
		if (!strcmp(name, tracer))
			return true;
	return false;
}

/* --- the longest stretch */

/* Without the functions in between, of which each would make it longer. */
void tracing_watch(const char *tracer)
{
	set("tracing_on", "0");
	set("options/function-trace", "0");
	set("current_tracer", tracer);
	set("tracing_max_latency", "0");
	set("tracing_on", "1");
}

/* The rest of the line after the words. */
static void find(const char *words, char *rest, size_t size)
{
	const char *at = strstr(worst, words);

	snprintf(rest, size, "?");
	if (!at)
		return;
	at += strlen(words);
	at += strspn(at, " ");
	snprintf(rest, size, "%.*s", (int)strcspn(at, " \n"), at);
}

struct stretch tracing_longest(void)
{
	struct stretch stretch;
	char us[32];

	set("tracing_on", "0");
	get("tracing_max_latency", us, sizeof(us));
	get("trace", worst, sizeof(worst));
	set("current_tracer", "nop");
	stretch.ns = strtoull(us, NULL, 10) * 1000;
	find("| task:", stretch.task, sizeof(stretch.task));
	find("=> started at:", stretch.from, sizeof(stretch.from));
	find("=> ended at:", stretch.to, sizeof(stretch.to));
	return stretch;
}

void tracing_print(void)
{
	const char *line = worst;
	size_t length;

	for (; *line; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		if (line[0] != '#')
			printf("\t%.*s\n", (int)length, line);
	}
}

/* --- the course of a pin */

/* The processor's own counter, an instruction a tick, tells when. */
void tracing_follow(pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	set("tracing_on", "0");
	set("current_tracer", "nop");
	set("buffer_size_kb", "16384");
	set("trace_clock", "x86-tsc");
	set("set_ftrace_pid", number);
	set("set_ftrace_filter", "pin_user_pages*");
	set_to("set_ftrace_filter", "unpin_*:stacktrace:1", O_APPEND);
	set("events/signal/signal_generate/enable", "1");
	set("options/function-trace", "1");
	set("current_tracer", "function");
	set("trace", "");
	set("tracing_on", "1");
}

/* A line is "TASK-PID [CPU] FLAGS TIME: WHAT"; the time, or 0. */
static uint64_t parse_line(char *line, char **what)
{
	char *at = strchr(line, ']');
	uint64_t time;

	if (line[0] == '#' || !at)
		return 0;
	at += 1 + strspn(at + 1, " ");
	at += strcspn(at, " ");
	time = strtoull(at, &at, 10);
	if (strncmp(at, ": ", 2))
		return 0;
	*what = at + 2;
	return time;
}

static void add_line(struct course *course, char *line)
{
	char *what;
	uint64_t time = parse_line(line, &what);

	if (!time)
		return;
	if (!strncmp(what, "signal_generate: sig=9 ", 23))
		course->kill = time;
	else if (!strncmp(what, "<stack trace>", 13) && !course->release)
		course->release = time;
	else if (!strncmp(what, "pin_user_pages", 14) && course->kill)
		course->calls_after++;
	else if (!strncmp(what, "pin_user_pages", 14))
		course->calls++;
}

struct course tracing_course(void)
{
	struct course course = { };
	FILE *trace;
	char line[512];

	set("tracing_on", "0");
	trace = fopen(TRACING "trace", "re");
	if (!trace)
		die("the trace");
	while (fgets(line, sizeof(line), trace))
		add_line(&course, line);
	fclose(trace);
	set("current_tracer", "nop");
	set("events/signal/signal_generate/enable", "0");
	set_to("set_ftrace_filter", "!unpin_*:stacktrace:0", O_APPEND);
	set("set_ftrace_pid", " ");
	set("set_ftrace_filter", " ");
	set("trace_clock", "local");
	return course;
}
