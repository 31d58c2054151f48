// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A struct that changes while the call works on it. Three views of one rule, that
 * every input is fetched once:
 *
 * - A watchpoint on each byte counts the kernel's own accesses to it. This needs no
 *   luck: a second fetch anywhere is a count of two.
 * - The call is held up by userfaultfd, in its struct or in its array, while what it
 *   has fetched is rewritten; the answer is that to the request as it was.
 * - Another thread flips each word of the struct all the time. Where processors are
 *   emulated one at a time this hits between two instructions of a call but rarely;
 *   on others it is a race. Whatever the call saw, nothing stays pinned.
 */
#include "commands.h"
#include "missing.h"

#include <fcntl.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- each byte is fetched once */

/* Counts the kernel's reads and writes of one byte by this thread. */
static int watch(const void *byte)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_RW,
		.bp_addr = (uintptr_t)byte,
		.bp_len = HW_BREAKPOINT_LEN_1,
		.exclude_user = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	ck_assert_msg(fd >= 0, "watchpoint: %s", strerror(errno));
	return fd;
}

static uint64_t watched(int fd)
{
	uint64_t count;

	ck_assert_int_eq(read(fd, &count, sizeof(count)), sizeof(count));
	close(fd);
	return count;
}

/* Accesses to byte @at of the struct during one call that succeeds. */
static uint64_t count_accesses(const struct command *command, size_t at)
{
	static struct sheet sheet;
	uint64_t count;
	int fd, err;

	command_prepare(command, &sheet);
	fd = watch(&sheet.arg.bytes[at]);
	/* Nothing but this call may come between. */
	err = call(command->number, &sheet.arg);
	count = watched(fd);
	ck_assert_int_eq(err, 0);
	command->expect(&sheet.arg);
	command->undo(&sheet.arg);
	return count;
}

START_TEST(inputs_are_fetched_once)
{
	const struct command *command = &commands[_i];
	uint64_t count;
	size_t at;

	for (at = 0; at < command->out; at++) {
		/* The size says how much there is to fetch, so it comes first. */
		uint64_t expected = at < sizeof(uint32_t) ? 2 : 1;

		count = count_accesses(command, at);
		ck_assert_msg(count == expected, "%s: byte %zu is fetched %llu times",
			      command->name, at, (unsigned long long)count);
	}
}
END_TEST

/* Does the watchpoint count at all? pipe(2) knows what the kernel has to do. */
START_TEST(watchpoint_counts)
{
	static char bytes[16];
	int ends[2], fd, i;

	ck_assert_int_eq(pipe(ends), 0);
	fd = watch(&bytes[5]);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
	ck_assert_uint_eq(watched(fd), 3);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* --- the struct is rewritten while the call waits */

/**
 * struct trap - a page that is not there until a thread has rewritten some bytes
 * @fd: of userfaultfd
 * @addr: the page
 * @content: what it will hold, a page
 * @victim: what is rewritten once somebody waits for the page
 * @bytes: how many
 * @value: what each of them becomes
 * @hits: how often somebody waited
 * @thread: it
 */
struct trap {
	int fd;
	unsigned char *addr;
	unsigned char *content;
	unsigned char *victim;
	size_t bytes;
	unsigned char value;
	int hits;
	pthread_t thread;
};

static void *spring(void *arg)
{
	struct trap *trap = arg;
	struct uffd_msg message;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)trap->addr,
		.src = (uintptr_t)trap->content,
		.len = page,
	};

	if (read(trap->fd, &message, sizeof(message)) != sizeof(message))
		return NULL;
	memset(trap->victim, trap->value, trap->bytes);
	trap->hits++;
	ioctl(trap->fd, UFFDIO_COPY, &copy);
	return NULL;
}

/* Makes the page, and one before it that is there. */
static void trap_set(struct trap *trap)
{
	trap->content = map_anon(page);
	trap->addr = map_anon(2 * page) + page;
	trap->fd = missing_watch(trap->addr, page);
	ck_assert_int_eq(pthread_create(&trap->thread, NULL, spring, trap), 0);
}

/* It was stepped on, and what it was to rewrite is rewritten. */
static void trap_end(struct trap *trap)
{
	ck_assert_int_eq(pthread_join(trap->thread, NULL), 0);
	ck_assert_int_eq(trap->hits, 1);
	ck_assert_uint_eq(differs_at(trap->victim, 0, trap->bytes, trap->value), trap->bytes);
	close(trap->fd);
	munmap(trap->addr - page, 2 * page);
	munmap(trap->content, page);
}

/* The answer that was given is the one to what was asked. */
static void expect_answer(const struct command *command, struct sheet *sheet,
			  const void *answered)
{
	memcpy(sheet->arg.bytes, answered, command->size);
	memcpy(sheet->arg.bytes, sheet->sent.bytes, command->out);
	command->expect(&sheet->arg);
	command->undo(&sheet->arg);
}

static const unsigned char rewrites[] = { 0, 0xff, 0x80 };

#define REWRITES	((int)sizeof(rewrites))

/* Size and flags are rewritten while the call waits for what follows them. */
static void rewrite_head(const struct command *command, unsigned char value)
{
	const size_t head = 2 * sizeof(uint32_t);
	struct trap trap = { .bytes = head, .value = value };
	static struct sheet sheet;

	command_prepare(command, &sheet);
	sheet.sent = sheet.arg;
	trap_set(&trap);
	trap.victim = trap.addr - head;
	memcpy(trap.victim, sheet.arg.bytes, head);
	memcpy(trap.content, sheet.arg.bytes + head, command->size - head);
	ck_assert_int_eq(call(command->number, trap.victim), 0);
	expect_answer(command, &sheet, trap.victim);
	trap_end(&trap);
}

START_TEST(head_rewritten_during_the_call)
{
	rewrite_head(&commands[_i / REWRITES], rewrites[_i % REWRITES]);
}
END_TEST

/* All inputs are rewritten while the call waits for its array. */
static void rewrite_inputs(const struct command *command, unsigned char value)
{
	static struct sheet sheet;
	struct trap trap = {
		.victim = sheet.arg.bytes,
		.bytes = command->out,
		.value = value,
	};

	command_prepare(command, &sheet);
	trap_set(&trap);
	field_set(command, &sheet.arg, command->array, sizeof(uint64_t),
		  (uintptr_t)trap.addr);
	sheet.sent = sheet.arg;
	ck_assert_int_eq(call(command->number, &sheet.arg), 0);
	trap_end(&trap);
	expect_answer(command, &sheet, sheet.arg.bytes);
}

static const enum command_index with_array[] = {
	PIN, CHECK, QUERY, LIST, RUNS, READ, WRITE
};

#define WITH_ARRAY	((int)(sizeof(with_array) / sizeof(*with_array)))

START_TEST(inputs_rewritten_during_the_call)
{
	rewrite_inputs(&commands[with_array[_i / REWRITES]], rewrites[_i % REWRITES]);
}
END_TEST

/* --- another thread flips */

/* What one thread makes of @word until it is told to stop. */
struct flipper {
	uint32_t *word;
	uint32_t values[2];
	bool stop;
	unsigned long flips;
	pthread_t thread;
};

static void *flip(void *arg)
{
	struct flipper *flipper = arg;

	while (!__atomic_load_n(&flipper->stop, __ATOMIC_RELAXED)) {
		uint32_t value = __atomic_load_n(&flipper->values[flipper->flips % 2],
						 __ATOMIC_RELAXED);

		__atomic_store_n(flipper->word, value, __ATOMIC_RELAXED);
		__atomic_add_fetch(&flipper->flips, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The thread is at it, with the values that it has by now. */
static void wait_for_flips(struct flipper *flipper)
{
	unsigned long seen = __atomic_load_n(&flipper->flips, __ATOMIC_RELAXED);

	/* Sleeping lets the other processor run, where there is one at a time. */
	while (__atomic_load_n(&flipper->flips, __ATOMIC_RELAXED) < seen + 2)
		usleep(20);
}

/* Errnos of a malformed or forbidden request; those of a refusal among them. */
static bool is_lawful(int err)
{
	static const int lawful[] = {
		0, -EINVAL, -E2BIG, -EOVERFLOW, -EOPNOTSUPP, -ENOENT, -EPERM, -ESRCH,
		-EMSGSIZE, -EFAULT, -ENOMEM,
	};
	size_t i;

	for (i = 0; i < sizeof(lawful) / sizeof(*lawful); i++)
		if (err == lawful[i])
			return true;
	return false;
}

/* Some calls with the word at @at flipped by @mask; counts both kinds of end. */
static void flip_word(const struct command *command, size_t at, uint32_t mask,
		      unsigned int ends[2])
{
	static struct sheet sheet;
	struct flipper flipper = { .word = (uint32_t *)(sheet.arg.bytes + at) };
	int round, err;

	command_prepare(command, &sheet);
	flipper.values[0] = *flipper.word;
	flipper.values[1] = *flipper.word ^ mask;
	ck_assert_int_eq(pthread_create(&flipper.thread, NULL, flip, &flipper), 0);
	for (round = 0; round < 10; round++) {
		command_prepare(command, &sheet);
		sheet.sent = sheet.arg;
		memcpy(&flipper.values[0], sheet.sent.bytes + at, sizeof(uint32_t));
		__atomic_store_n(&flipper.values[1], flipper.values[0] ^ mask,
				 __ATOMIC_RELAXED);
		wait_for_flips(&flipper);
		err = call(command->number, &sheet.arg);
		ck_assert_msg(is_lawful(err), "%s, word at %zu: %s", command->name, at,
			      strerror(-err));
		ends[!!err]++;
		if (err)
			continue;
		if (command->number == PIN_IOC_UNPIN)
			command->expect(&sheet.sent);
		else
			command->undo(&sheet.arg);
	}
	__atomic_store_n(&flipper.stop, true, __ATOMIC_RELAXED);
	ck_assert_int_eq(pthread_join(flipper.thread, NULL), 0);
}

START_TEST(struct_flipped_by_another_thread)
{
	/* None of them makes a pointer into memory of ours that is in use. */
	static const uint32_t masks[] = { 1, 2, 0x80000000 };
	const struct command *command = &commands[_i];
	unsigned int ends[2] = { 0, 0 };
	struct pin_info now;
	size_t at, i;

	for (at = 0; at < command->out; at += sizeof(uint32_t))
		for (i = 0; i < sizeof(masks) / sizeof(*masks); i++)
			flip_word(command, at, masks[i], ends);
	/* Otherwise the thread did not flip between calls, let alone within. */
	ck_assert_uint_gt(ends[0], 0);
	ck_assert_uint_gt(ends[1], 0);
	now = info();
	ck_assert_uint_le(now.context_pins, 1);
	fprintf(stderr, "%s: %u calls succeeded, %u did not\n", command->name, ends[0],
		ends[1]);
}
END_TEST

Suite *flips_suite(void)
{
	Suite *suite = suite_create("flips");
	TCase *tcase = tcase_with_context("flips");

	tcase_add_test(tcase, watchpoint_counts);
	tcase_add_loop_test(tcase, inputs_are_fetched_once, 0, COMMANDS);
	tcase_add_loop_test(tcase, head_rewritten_during_the_call, 0, COMMANDS * REWRITES);
	tcase_add_loop_test(tcase, inputs_rewritten_during_the_call, 0,
			    WITH_ARRAY * REWRITES);
	tcase_add_loop_test(tcase, struct_flipped_by_another_thread, 0, COMMANDS);
	suite_add_tcase(suite, tcase);
	return suite;
}
