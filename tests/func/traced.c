// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinctl trace says of the kernel's own registrations, beside what the driver says of
 * the same memory: every kind of the verdict matrix, for writing, with each consumer that
 * the machine has.
 *
 * A reason that trace gives is the driver's.  Where it gives none, the driver's is among
 * those that it can be, and that is so of a fifth of the answers at most.  A consumer can
 * have a rule of its own, and older kernels pin what the newest, and so the driver,
 * refuses.  It needs pinctl beside the program, and prints what it found.
 */
#include "consumers.h"
#include "harness.h"
#include "memory.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWERS_MAX	512
#define LINE_MAX_BYTES	8192

enum verdict { UNKNOWN, AGREES, CANDIDATE, OWN_RULE, LENIENT, DIFFERS, VERDICTS };

static const char *const verdict_names[VERDICTS] = {
	[UNKNOWN] = "not-asked",
	[AGREES] = "agrees",
	[CANDIDATE] = "candidate",
	[OWN_RULE] = "own-rule",
	[LENIENT] = "lenient",
	[DIFFERS] = "DIFFERS",
};

/* One registration of one kind of memory, in the words of both. */
struct answer {
	const struct memory_kind *kind;
	const struct consumer *consumer;
	char driver[32];
	char traced[64];
	enum verdict verdict;
};

/* Shared with the processes of the tests. */
static struct answer *answers;
static size_t answer_count;
static int lines;
static pid_t tracer, owner;

static void end_tracer(void)
{
	char rest[4096];
	int status;

	if (getpid() != owner)
		return;
	kill(tracer, SIGTERM);
	/* It may have more to tell than a pipe holds, and is not over before. */
	while (read(lines, rest, sizeof(rest)) > 0)
		;
	if (waitpid(tracer, &status, 0) != tracer || status) {
		fprintf(stderr, "pinctl trace has ended with status %#x\n", status);
		_exit(1);
	}
}

/* Follows this process, and with it the tests, which it starts. */
static void start_tracer(void)
{
	char pid[16], byte = 0;
	int ends[2];

	owner = getpid();
	snprintf(pid, sizeof(pid), "%d", owner);
	if (pipe(ends))
		abort();
	tracer = fork();
	if (!tracer) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		execl("/root/pinctl", "pinctl", "trace", "-J", "--all", "-p", pid, NULL);
		_exit(127);
	}
	close(ends[1]);
	lines = ends[0];
	atexit(end_tracer);
	/* The first line says that it watches. */
	while (read(lines, &byte, 1) == 1 && byte != '\n')
		;
	if (byte != '\n')
		abort();
}

/* By single bytes: what is left belongs to the next test's process. */
static void read_line(char line[LINE_MAX_BYTES])
{
	struct pollfd ready = { .fd = lines, .events = POLLIN };
	size_t length = 0;
	char byte = 0;

	while (byte != '\n' && length < LINE_MAX_BYTES - 1) {
		ck_assert_msg(poll(&ready, 1, 60000) == 1, "no line from pinctl trace");
		ck_assert_int_eq(read(lines, &byte, 1), 1);
		line[length++] = byte;
	}
	line[length] = '\0';
}

/* The string member, or "" where it is null. */
static void member(const char *line, const char *name, char *value, size_t size)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(line, key);
	snprintf(value, size, "%.*s", at ? (int)strcspn(at + strlen(key), "\"") : 0,
		 at ? at + strlen(key) : "");
}

/* The line about a registration of @addr. */
static void find_line(const char *consumer, const void *addr, char line[LINE_MAX_BYTES])
{
	char from[32], who[32], expected[32];

	snprintf(expected, sizeof(expected), "0x%llx", (unsigned long long)(uintptr_t)addr);
	do {
		read_line(line);
		member(line, "start", from, sizeof(from));
		member(line, "for", who, sizeof(who));
	} while (strcmp(from, expected) || strcmp(who, consumer));
}

static bool may_be(const char *line, const char *reason)
{
	const char *list = strstr(line, "\"candidates\":[");
	const char *end = list ? strchr(list, ']') : NULL;
	char quoted[64];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\"", reason);
	at = list ? strstr(list, quoted) : NULL;
	return at && at < end;
}

static void compare(struct answer *answer, int err, const char *line)
{
	bool pinned = !strcmp(answer->driver, "pinned");
	char reason[32], error[16];

	member(line, "reason", reason, sizeof(reason));
	member(line, "errno", error, sizeof(error));
	snprintf(answer->traced, sizeof(answer->traced), "%s %s", err ? error : "pinned",
		 *reason ? reason : "-");
	ck_assert_msg(!err || !strcmp(error, strerrorname_np(-err)), "trace says %s, not %s",
		      error, strerrorname_np(-err));
	if (!err)
		answer->verdict = pinned ? AGREES : LENIENT;
	else if (!strcmp(answer->driver, "file-dirty-tracking") && kernel_before(6, 5))
		answer->verdict = LENIENT;
	else if (!*reason && !strstr(line, "\"rule\":null"))
		answer->verdict = OWN_RULE;
	else if (*reason)
		answer->verdict = strcmp(reason, answer->driver) ? DIFFERS : AGREES;
	else
		answer->verdict = may_be(line, answer->driver) ? CANDIDATE : DIFFERS;
	if (answer->verdict == DIFFERS) {
		printf("note: %s", line);
		fflush(stdout);
	}
}

static void ask_driver(struct answer *answer, const struct memory *memory)
{
	struct pin_pin arg;

	if (pin_range(memory->addr, memory->length, PIN_F_WRITE, &arg)) {
		snprintf(answer->driver, sizeof(answer->driver), "%s",
			 reason_name(arg.refusal.reason));
		return;
	}
	strcpy(answer->driver, "pinned");
	ck_assert_int_eq(unpin(arg.id), 0);
}

static void ask_consumer(struct answer *answer, const struct memory *memory)
{
	static char line[LINE_MAX_BYTES];
	const struct consumer *consumer = answer->consumer;
	int err;

	/* Linux 6.5 and later fill the log with this one, if nobody looks before. */
	if (!strcmp(answer->kind->name, "below-stack"))
		return;
	/*
	 * VFIO takes the pages of a device for reserved ones, and never unpins them
	 * (is_invalid_reserved_pfn(), Linux 6.1 and 6.12).
	 */
	if (!strcmp(consumer->name, "vfio") && !strcmp(answer->kind->name, "devdax"))
		return;
	if (consumer->whole_pages &&
	    ((uintptr_t)memory->addr % page || memory->length % page))
		return;
	err = consumer->pins(memory->addr, memory->length);
	find_line(consumer->name, memory->addr, line);
	compare(answer, err, line);
}

START_TEST(one_answer)
{
	struct answer *answer = &answers[_i];
	struct memory memory;

	memory_make(answer->kind, &memory);
	if (!memory.absent) {
		ask_driver(answer, &memory);
		ask_consumer(answer, &memory);
	}
	memory_free(&memory);
}
END_TEST

START_TEST(they_agree)
{
	unsigned int count[VERDICTS] = { 0 }, asked = 0;
	size_t i;
	int v;

	for (i = 0; i < answer_count; i++) {
		struct answer *answer = &answers[i];

		count[answer->verdict]++;
		if (answer->verdict == UNKNOWN)
			continue;
		asked++;
		printf("note: %-28s %-8s driver %-20s traced %-30s %s\n", answer->kind->name,
		       answer->consumer->name, answer->driver, answer->traced,
		       verdict_names[answer->verdict]);
	}
	for (v = UNKNOWN; v < VERDICTS; v++)
		printf("note: %u %s\n", count[v], verdict_names[v]);
	fflush(stdout);
	ck_assert_uint_gt(count[AGREES], 0);
	ck_assert_uint_eq(count[DIFFERS], 0);
	ck_assert_uint_le(5 * count[CANDIDATE], asked);
}
END_TEST

static void add_answers(const struct memory_kind *kinds)
{
	const struct consumer *consumer;

	for (; kinds->name; kinds++) {
		for (consumer = consumers; consumer->name; consumer++) {
			if (consumer->needs && !getenv(consumer->needs))
				continue;
			if (answer_count == ANSWERS_MAX)
				abort();
			answers[answer_count++] = (struct answer){ .kind = kinds,
								   .consumer = consumer };
		}
	}
}

Suite *traced_suite(void)
{
	Suite *suite = suite_create("traced");
	TCase *each = tcase_with_context("each"), *all = tcase_create("all");

	answers = mmap(NULL, ANSWERS_MAX * sizeof(*answers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answers == MAP_FAILED)
		abort();
	add_answers(memory_anonymous);
	add_answers(memory_shared);
	add_answers(memory_file);
	add_answers(memory_special);
	start_tracer();
	tcase_add_loop_test(each, one_answer, 0, (int)answer_count);
	tcase_add_test(all, they_agree);
	suite_add_tcase(suite, each);
	suite_add_tcase(suite, all);
	return suite;
}
