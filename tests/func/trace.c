// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoints pin:pin, pin:unpin, pin:refuse and pin:revoke, as whoever reads the
 * trace sees them, and as perf and bpftrace read their formats.
 */
#include "leased.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRACING	"/tmp/tracing"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void trace_start(void)
{
	mkdir(TRACING, 0755);
	ck_assert_msg(!mount("tracefs", TRACING, "tracefs", 0, NULL), "tracefs: %s",
		      strerror(errno));
	write_file(TRACING "/trace", "\n");
	write_file(TRACING "/events/pin/enable", "1");
}

static void trace_stop(void)
{
	write_file(TRACING "/events/pin/enable", "0");
	ck_assert_int_eq(umount(TRACING), 0);
}

/* What the only line of the event says after its name; static. */
static const char *traced(const char *event)
{
	static char found[512];
	FILE *file = fopen(TRACING "/trace", "re");
	char line[512], key[32];
	unsigned int lines = 0;
	const char *at;

	ck_assert_ptr_nonnull(file);
	snprintf(key, sizeof(key), " %s: ", event);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, key);
		if (!at)
			continue;
		lines++;
		snprintf(found, sizeof(found), "%s", at + strlen(key));
		found[strcspn(found, "\n")] = '\0';
	}
	fclose(file);
	ck_assert_msg(lines == 1, "%u lines of %s", lines, event);
	return found;
}

/* A line of "name=value" has this one. */
static void expect_word(const char *line, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void expect_word(const char *line, const char *name, const char *format, ...)
{
	char value[64], word[128], padded[520];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	snprintf(word, sizeof(word), " %s=%s ", name, value);
	snprintf(padded, sizeof(padded), " %s ", line);
	ck_assert_msg(strstr(padded, word), "no%sin: %s", word, line);
}

START_TEST(pins)
{
	char *memory = map_anon(2 * page);
	const char *line;
	uint64_t id;

	trace_start();
	id = expect_pinned(memory, 2 * page, PIN_F_WRITE);
	ck_assert_int_eq(unpin(id), 0);
	line = traced("pin");
	expect_word(line, "id", "%llu", (unsigned long long)id);
	expect_word(line, "pid", "%d", getpid());
	expect_word(line, "uid", "0");
	expect_word(line, "addr", "%#llx", (unsigned long long)(uintptr_t)memory);
	expect_word(line, "length", "%zu", 2 * page);
	expect_word(line, "pages", "2");
	expect_word(line, "charged", "2");
	expect_word(line, "mode", "longterm");
	expect_word(line, "access", "write");
	expect_word(line, "cookie", "%#llx", 0x600DC00C1EULL);
	line = traced("unpin");
	expect_word(line, "id", "%llu", (unsigned long long)id);
	trace_stop();
}
END_TEST

static int pin_for_parent(void *id)
{
	*(uint64_t *)id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	return 0;
}

/* A pin is told as its owner's, whoever takes it away. */
START_TEST(pins_of_others)
{
	uint64_t *id = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	struct pin_query queried;

	ck_assert_ptr_ne(id, MAP_FAILED);
	ck_assert_int_eq(in_child(pin_for_parent, id), 0);
	ck_assert_int_eq(query(*id, &queried), 0);
	ck_assert_uint_ne(queried.pid, getpid());
	trace_start();
	ck_assert_int_eq(unpin(*id), 0);
	expect_word(traced("unpin"), "pid", "%u", queried.pid);
	trace_stop();
	munmap(id, page);
}
END_TEST

START_TEST(refusals)
{
	char *memory = map_anon(2 * page);
	const char *line;

	ck_assert_int_eq(munmap(memory + page, page), 0);
	trace_start();
	expect_refused(memory, 2 * page, PIN_F_WRITE, PIN_REASON_HOLE, memory + page,
		       BY_MAPPING);
	line = traced("refuse");
	expect_word(line, "reason", "hole");
	expect_word(line, "error", "%d", EFAULT);
	expect_word(line, "at", "%#llx", (unsigned long long)(uintptr_t)memory + page);
	expect_word(line, "length", "%zu", 2 * page);
	expect_word(line, "pid", "%d", getpid());
	trace_stop();
}
END_TEST

START_TEST(revocations)
{
	struct leased leased;
	const char *line;

	leased_open(&leased, dax_dirs[_i], 4 * page);
	trace_start();
	leased_pin(&leased);
	expect_word(traced("pin"), "mode", "lease");
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	line = traced("revoke");
	expect_word(line, "id", "%llu", (unsigned long long)leased.id);
	expect_word(line, "cause", "file");
	expect_word(line, "length", "%zu", leased.length);
	trace_stop();
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

/* Every field that the line prints has a name and a size, and enums have numbers. */
START_TEST(formats)
{
	static const char *const events[] = { "pin", "unpin", "refuse", "revoke" };
	char path[128], text[8192];
	FILE *file;
	size_t i;

	trace_start();
	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		snprintf(path, sizeof(path), TRACING "/events/pin/%s/format", events[i]);
		file = fopen(path, "re");
		ck_assert_msg(file, "%s: %s", path, strerror(errno));
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
		ck_assert_ptr_nonnull(strstr(text, "field:u64 context;"));
		ck_assert_ptr_nonnull(strstr(text, "print fmt:"));
		ck_assert_msg(!strstr(text, "PIN_"), "%s has a name that no tool knows: %s",
			      events[i], strstr(text, "PIN_"));
	}
	trace_stop();
}
END_TEST

Suite *trace_suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *tcase = tcase_with_context("trace");

	tcase_add_test(tcase, pins);
	tcase_add_test(tcase, pins_of_others);
	tcase_add_test(tcase, refusals);
	tcase_add_loop_test(tcase, revocations, 0, DAX_DIRS);
	tcase_add_test(tcase, formats);
	suite_add_tcase(suite, tcase);
	return suite;
}
