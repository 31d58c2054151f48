// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dump of very many pins while others pin and unpin: no pin that was there all the
 * time is missing or told twice.
 *
 * PIN_TEST_LEDGER_PINS says how many.  Threads change what they can; and between two
 * parts of the dump, that is between two calls of recvmsg(2), the test itself unpins a
 * pin that the dump has yet to tell and makes another, so that the dump is interrupted
 * for certain, on one processor too.
 */
#include "ledger_client.h"

#include <fcntl.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PINS_DEFAULT		100000
#define PINS_OF_CONTEXT		100
#define THREADS			2
/* Of every so many pins one is taken away while the dump is on. */
#define VICTIMS			50
/* Beyond what the kernel has filled in already, which is as much as a socket holds. */
#define AHEAD			1000
/* Pages that all the pins share; each counts 1024 in its page's reference count. */
#define PAGES			512

/* What the dump told of an id; and whether it was taken away meanwhile. */
static unsigned char *seen, *gone;
static uint64_t first_id, end_id;

static int *contexts;
static unsigned int context_count;
static char *memory;

static uint64_t pin_page_of(int fd, size_t index)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)(memory + index % PAGES * page),
		.length = page,
	};

	ck_assert_msg(!ioctl(fd, PIN_IOC_PIN, &arg), "PIN: %s, %s", strerror(errno),
		      reason_name(arg.refusal.reason));
	return arg.id;
}

static int unpin_of(int fd, uint64_t id)
{
	struct pin_unpin arg = { .size = sizeof(arg), .id = id };

	return ioctl(fd, PIN_IOC_UNPIN, &arg) ? -errno : 0;
}

static unsigned long wanted_pins(void)
{
	const char *value = getenv("PIN_TEST_LEDGER_PINS");

	return value ? strtoul(value, NULL, 0) : ledger_scaled(PINS_DEFAULT);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static uint64_t slab_bytes(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %llu kB", &kib) == 1)
			break;
	ck_assert_uint_ne(kib, 0);
	fclose(file);
	return kib * 1024;
}

static void open_contexts(unsigned long pins)
{
	uint64_t before = slab_bytes();
	struct rlimit files;
	unsigned int i;

	context_count = pins / PINS_OF_CONTEXT;
	files.rlim_cur = context_count + 64;
	files.rlim_max = files.rlim_cur;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	contexts = calloc(context_count, sizeof(*contexts));
	for (i = 0; i < context_count; i++) {
		contexts[i] = open("/dev/pin", O_RDWR | O_CLOEXEC);
		ck_assert_msg(contexts[i] >= 0, "/dev/pin: %s", strerror(errno));
	}
	printf("note: %llu bytes of kernel memory a context\n",
	       (unsigned long long)((slab_bytes() - before) / context_count));
}

/* Ids as they come: the pin number i belongs to the context i % context_count. */
static void make_pins(unsigned long pins)
{
	uint64_t before = slab_bytes(), started = now_ns(), id;
	unsigned long i;

	memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	touch(memory, PAGES * page);
	for (i = 0; i < pins; i++) {
		id = pin_page_of(contexts[i % context_count], i);
		ck_assert(!i || id == end_id);
		if (!i)
			first_id = id;
		end_id = id + 1;
	}
	printf("note: %lu pins in %u contexts: %llu ns and %llu bytes of kernel memory a pin\n",
	       pins, context_count, (unsigned long long)((now_ns() - started) / pins),
	       (unsigned long long)((slab_bytes() - before) / pins));
}

static bool stop;
static unsigned long churned;

static void *churn(void *arg)
{
	size_t index = (size_t)arg;
	int fd = contexts[index];
	uint64_t id;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		id = pin_page_of(fd, index);
		ck_assert_int_eq(unpin_of(fd, id), 0);
		__atomic_add_fetch(&churned, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static uint64_t told_last;
static unsigned int told_others;
static bool told_interrupted;

static void tell(struct nlmsghdr *message, void *data)
{
	struct ledger_pin told;
	uint64_t id;

	ledger_parse_pin(message, &told);
	id = told.u64[PIN_NL_A_PIN_ID];
	ck_assert_msg(id > told_last, "%llu is told after %llu", (unsigned long long)id,
		      (unsigned long long)told_last);
	told_last = id;
	told_interrupted |= message->nlmsg_flags & NLM_F_DUMP_INTR;
	if (id >= first_id && id < end_id)
		seen[id - first_id]++;
	else
		told_others++;
}

/* The next victim that the dump has not come to yet, and a pin in its place. */
static void take_victim(uint64_t *next)
{
	unsigned long index;
	int fd;

	while (*next < told_last + AHEAD)
		*next += VICTIMS;
	if (*next >= end_id)
		return;
	index = *next - first_id;
	fd = contexts[index % context_count];
	ck_assert_int_eq(unpin_of(fd, *next), 0);
	pin_page_of(fd, index);
	gone[index] = true;
	*next += VICTIMS;
}

static void dump_with_victims(unsigned long pins)
{
	uint64_t next = first_id + VICTIMS / 2, started = now_ns();
	unsigned int parts = 0;

	ledger_send(ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP));
	while (!ledger_receive(tell, NULL)) {
		parts++;
		take_victim(&next);
	}
	ck_assert_int_eq(ledger_said.err, 0);
	printf("note: dump of %lu pins in %u parts, %lu pins made meanwhile: %llu ns a pin\n",
	       pins, parts, churned, (unsigned long long)((now_ns() - started) / pins));
	ck_assert_uint_gt(parts, pins / 1000);
}

static void expect_complete(unsigned long pins)
{
	unsigned long i, untold = 0;

	for (i = 0; i < pins; i++) {
		ck_assert_msg(seen[i] == 1 || (gone[i] && !seen[i]),
			      "pin %lu of %lu is told %u times", i, pins, seen[i]);
		untold += !seen[i];
	}
	ck_assert_msg(untold, "no pin was taken away before it was told");
	ck_assert_msg(told_interrupted, "nothing says that others did something");
	/* It ended with what there was when it began, of each thread one pin at most. */
	ck_assert_uint_le(told_others, THREADS);
}

START_TEST(test_dump_under_churn)
{
	unsigned long pins = wanted_pins();
	pthread_t threads[THREADS];
	size_t i;

	ledger_connect();
	seen = calloc(pins, 1);
	gone = calloc(pins, 1);
	open_contexts(pins);
	make_pins(pins);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)i), 0);
	while (!__atomic_load_n(&churned, __ATOMIC_RELAXED))
		sched_yield();
	dump_with_victims(pins);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	expect_complete(pins);
	for (i = 0; i < context_count; i++)
		close(contexts[i]);
}
END_TEST

/* Without anybody who pins, nothing is flagged. */
START_TEST(test_quiet)
{
	struct ledger_pins pins;
	unsigned int i;

	ledger_connect();
	memory = map_anon(PAGES * page);
	for (i = 0; i < 1000; i++)
		pin_page_of(pin_fd, i);
	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_uint_eq(pins.count, 1000);
	ck_assert(!pins.interrupted);
}
END_TEST

static void pin_one(uint64_t id)
{
	pin_page_of(pin_fd, 0);
}

static void unpin_one(uint64_t id)
{
	ck_assert_int_eq(unpin(id), 0);
}

static void force_one(uint64_t id)
{
	/* The dump has the socket. */
	ledger_connect();
	ck_assert_int_eq(ledger_force(id), 0);
}

static void (*const changes[])(uint64_t id) = { pin_one, unpin_one, force_one };

#define CHANGES	(sizeof(changes) / sizeof(*changes))

/* Each change by itself is told by what is dumped after it, and by nothing before. */
START_TEST(test_flagged)
{
	struct nl_sock *dumping;
	unsigned int i;
	uint64_t id;

	ledger_connect();
	memory = map_anon(PAGES * page);
	id = expect_pinned(memory, page, PIN_F_WRITE);
	for (i = 0; i < 1000; i++)
		pin_page_of(pin_fd, i);
	ledger_send(ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP));
	ck_assert(!ledger_receive(tell, NULL));
	ck_assert(!told_interrupted);
	dumping = ledger_socket();
	changes[_i](id);
	ledger_use(dumping);
	while (!ledger_receive(tell, NULL))
		;
	ck_assert(told_interrupted);
}
END_TEST

/* A dump that nobody goes on reading holds nothing. */
START_TEST(test_abandoned)
{
	uint64_t id;
	unsigned int i;

	ledger_connect();
	memory = map_anon(PAGES * page);
	id = expect_pinned(memory, page, PIN_F_WRITE);
	for (i = 0; i < 1000; i++)
		pin_page_of(pin_fd, i);
	told_last = 0;
	seen = calloc(1001, 1);
	ledger_send(ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP));
	ck_assert(!ledger_receive(tell, NULL));
	ck_assert_int_eq(unpin(id), 0);
	/* The fixture closes the context, and counts. */
}
END_TEST

Suite *ledger_churn_suite(void)
{
	Suite *suite = suite_create("ledger-churn");
	TCase *tcase = tcase_with_context("ledger-churn");

	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, test_quiet);
	tcase_add_loop_test(tcase, test_flagged, 0, CHANGES);
	tcase_add_test(tcase, test_abandoned);
	tcase_add_test(tcase, test_dump_under_churn);
	suite_add_tcase(suite, tcase);
	return suite;
}
