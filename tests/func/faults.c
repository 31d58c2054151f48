// SPDX-License-Identifier: GPL-2.0-or-later
/* See faults.h. */
#include "faults.h"

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The deepest that the kernel looks. */
#define DEPTH	"32"

static const char *const injectors[] = {
	"failslab", "fail_page_alloc", "fail_usercopy",
};

#define INJECTORS	(sizeof(injectors) / sizeof(*injectors))

static int nth_fd = -1;

static void set(const char *injector, const char *what, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", injector, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

void faults_setup(void)
{
	size_t i;

	for (i = 0; i < INJECTORS; i++)
		set(injectors[i], "verbose", "0");
	set("failslab", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
}

/* Where a function begins, and where the one after it does. */
static void find_function(const char *function, uint64_t *start, uint64_t *end)
{
	unsigned long long at;
	char line[512], name[256];
	FILE *file = fopen("/proc/kallsyms", "re");

	ck_assert_ptr_nonnull(file);
	*start = 0;
	*end = UINT64_MAX;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %255s", &at, name) == 2 &&
		    !strcmp(name, function))
			*start = at;
	ck_assert_msg(*start, "the kernel has no %s", function);
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		at = strtoull(line, NULL, 16);
		if (at > *start && at < *end)
			*end = at;
	}
	fclose(file);
}

void faults_below(const char *function)
{
	uint64_t start = 0, end = UINT64_MAX;
	char value[32];
	size_t i;

	if (function)
		find_function(function, &start, &end);
	for (i = 0; i < INJECTORS; i++) {
		set(injectors[i], "stacktrace-depth", DEPTH);
		snprintf(value, sizeof(value), "%#llx", (unsigned long long)start);
		set(injectors[i], "require-start", value);
		snprintf(value, sizeof(value), "%#llx", (unsigned long long)end);
		set(injectors[i], "require-end", value);
	}
}

void faults_open(void)
{
	if (nth_fd >= 0)
		close(nth_fd);
	nth_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	ck_assert_msg(nth_fd >= 0, "fail-nth: %s", strerror(errno));
}

static bool set_nth(unsigned int nth)
{
	char value[16];
	int length = snprintf(value, sizeof(value), "%u", nth);

	return pwrite(nth_fd, value, length, 0) == length;
}

void faults_arm(unsigned int nth)
{
	/* An assertion of libcheck is a write(2), which would count. */
	if (!set_nth(nth))
		abort();
}

/*
 * Reading and writing the number copy, too, so the fault may happen only here: then
 * the call has had none.
 */
bool faults_disarm(void)
{
	char value[16] = "";
	bool left = pread(nth_fd, value, sizeof(value) - 1, 0) < 0 || atoi(value);

	if (!set_nth(0))
		ck_assert(set_nth(0));
	return !left;
}
