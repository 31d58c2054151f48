// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does the cost grow as it has to, and no faster? Three things are made larger, decade
 * by decade: the pages of a pin, the mappings of a range, the pins that are held.
 *
 * Time is instructions, the least of some rounds; see clock.h. Fields are separated by
 * tabs:
 *
 *	pages		pages, PIN, UNPIN
 *	mappings	mappings, PIN, UNPIN, CHECK
 *	held		contexts, pins held in all, then of one more page: PIN, UNPIN, QUERY
 *	ok, FAILED	what was compared, the figure, what it may be
 *
 * usage: bench-scale
 * The module is loaded, for MOST_PAGES pages in all and MOST_HELD pins in a context.
 * Exits 1 if something grows faster than it may.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pin/ioctl.h>

#include "clock.h"
#include "device.h"
#include "memory.h"

#define PAGE		4096UL
#define MIB		(1UL << 20)
#define FILE_BYTES	(256 * MIB)
#define MOST_PAGES	1000000UL
#define MOST_MAPPINGS	10000UL
#define MOST_HELD	100000UL
#define CONTEXTS	1000
#define HELD_EACH	100
#define SHARED_PAGES	512	/* each pin counts 1024 in its page's reference count */
#define REPORTS		256

/* Pages and mappings beyond which what a call costs by itself no longer counts. */
#define MANY_PAGES	10000
#define MANY_MAPPINGS	500

/*
 * A page costs the same whatever their number: only what interrupts a long call differs.
 * A mapping is looked up in a tree that gets a level per factor 10 or so. A pin stands in
 * two binary trees, of its context and of the system, each a level higher with each
 * doubling: from one pin to 100,000 it is 17 levels, of some ten instructions for each tree,
 * on top of the thousand or so of a call. What went through all pins, or through all of a
 * context, would be slower by more than a hundred times.
 */
#define MORE_A_PAGE	1.10
#define MORE_A_MAPPING	1.15
#define MORE_A_PIN	1.50

struct cost {
	uint64_t pin;
	uint64_t unpin;
	uint64_t query;		/* CHECK, of mappings */
};

static const struct cost dearest = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
static struct pin_report reports[REPORTS];
static int failed;

static void lessen(uint64_t *least, uint64_t took)
{
	if (took < *least)
		*least = took;
}

static void expect_at_most(const char *what, double figure, double most)
{
	bool ok = figure <= most;

	printf("%s\t%s\t%.3f\t%.2f\n", ok ? "ok" : "FAILED", what, figure, most);
	failed += !ok;
}

/* Decades and halves: 1, 5, 10, 50, ... */
static unsigned long next_step(unsigned long count)
{
	unsigned long decade = 1;

	while (decade * 10 <= count)
		decade *= 10;
	return count == decade ? 5 * decade : 10 * decade;
}

static void measure_pin(int fd, const char *addr, size_t bytes, struct cost *least)
{
	uint64_t start, pinned, end, id;

	run_before_all_others(true);
	start = clock_ticks();
	id = device_pin(fd, addr, bytes);
	pinned = clock_ticks();
	device_unpin(fd, id);
	end = clock_ticks();
	run_before_all_others(false);
	lessen(&least->pin, pinned - start - clock_ticks_cost);
	lessen(&least->unpin, end - pinned - clock_ticks_cost);
}

/* --- the pages of a pin */

/* What one page costs, at most and at least, where many are pinned. */
struct spread {
	double least;
	double most;
};

static void widen(struct spread *spread, double each)
{
	if (!spread->least || each < spread->least)
		spread->least = each;
	if (each > spread->most)
		spread->most = each;
}

static void bench_pages(void)
{
	struct spread pin = { }, unpin = { };
	struct memory memory;
	unsigned long pages;
	int fd = device_open(), i;

	/* No two pages are neighbours, so that all parts of it are alike. */
	memory_map_repeated(&memory, memory_touch_scattered, FILE_BYTES, 16 * FILE_BYTES);
	for (pages = 1; pages <= MOST_PAGES; pages = next_step(pages)) {
		struct cost least = dearest;

		for (i = 0; i < (pages < MANY_PAGES ? 20 : 3); i++)
			measure_pin(fd, memory.addr, pages * PAGE, &least);
		printf("pages\t%lu\t%llu\t%llu\n", pages, (unsigned long long)least.pin,
		       (unsigned long long)least.unpin);
		if (pages < MANY_PAGES)
			continue;
		widen(&pin, (double)least.pin / pages);
		widen(&unpin, (double)least.unpin / pages);
	}
	memory_unmap(&memory);
	close(fd);
	expect_at_most("PIN of a page among many", pin.most / pin.least, MORE_A_PAGE);
	expect_at_most("UNPIN of a page among many", unpin.most / unpin.least, MORE_A_PAGE);
}

/* --- the mappings of a range */

/* One page of a file again and again, which are mappings that cannot be merged. */
static char *map_one_page(unsigned long count)
{
	char *addr = mmap(NULL, count * PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = memfd_create("scale", MFD_CLOEXEC);
	unsigned long i;

	if (addr == MAP_FAILED || fd < 0 || ftruncate(fd, PAGE))
		die("a page");
	for (i = 0; i < count; i++)
		if (mmap(addr + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) == MAP_FAILED)
			die("a page again");
	close(fd);
	return addr;
}

/* All of a range, each mapping told. */
static uint64_t measure_check(int fd, const char *addr, size_t bytes, unsigned long mappings)
{
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = PIN_CHECK_WRITE,
		.report_size = sizeof(*reports),
		.addr = (uintptr_t)addr,
		.length = bytes,
		.reports = (uintptr_t)reports,
		.reports_capacity = REPORTS,
	};
	unsigned long told = 0;
	uint64_t start, took;

	run_before_all_others(true);
	start = clock_ticks();
	for (; arg.cursor != arg.addr + bytes; arg.cursor = arg.next) {
		if (ioctl(fd, PIN_IOC_CHECK, &arg))
			die("CHECK");
		told += arg.reports_count;
	}
	took = clock_ticks() - start - clock_ticks_cost;
	run_before_all_others(false);
	if (told != mappings) {
		printf("CHECK told of %lu mappings of %lu\n", told, mappings);
		exit(2);
	}
	return took;
}

static void bench_mappings(void)
{
	struct spread pin = { }, unpin = { }, check = { };
	char *addr = map_one_page(MOST_MAPPINGS);
	int fd = device_open(), i;
	unsigned long count;

	for (count = 1; count <= MOST_MAPPINGS; count = next_step(count)) {
		struct cost least = dearest;

		for (i = 0; i < 10; i++) {
			measure_pin(fd, addr, count * PAGE, &least);
			lessen(&least.query, measure_check(fd, addr, count * PAGE, count));
		}
		printf("mappings\t%lu\t%llu\t%llu\t%llu\n", count, (unsigned long long)least.pin,
		       (unsigned long long)least.unpin, (unsigned long long)least.query);
		if (count < MANY_MAPPINGS)
			continue;
		widen(&pin, (double)least.pin / count);
		widen(&unpin, (double)least.unpin / count);
		widen(&check, (double)least.query / count);
	}
	munmap(addr, MOST_MAPPINGS * PAGE);
	close(fd);
	expect_at_most("PIN of a mapping among many", pin.most / pin.least, MORE_A_MAPPING);
	expect_at_most("UNPIN of a mapping among many", unpin.most / unpin.least, MORE_A_MAPPING);
	expect_at_most("CHECK of a mapping among many", check.most / check.least, MORE_A_MAPPING);
}

/* --- the pins that are held */

static uint64_t measure_query(int fd, uint64_t id)
{
	struct pin_query arg = { .size = sizeof(arg), .id = id };
	uint64_t start, took;

	run_before_all_others(true);
	start = clock_ticks();
	if (ioctl(fd, PIN_IOC_QUERY, &arg))
		die("QUERY");
	took = clock_ticks() - start - clock_ticks_cost;
	run_before_all_others(false);
	return took;
}

/* Rounds enough for some not to need a new node of a table. */
static struct cost measure_one_more(int fd, const char *addr, uint64_t held)
{
	struct cost least = dearest;
	int i;

	for (i = 0; i < 200; i++) {
		measure_pin(fd, addr, PAGE, &least);
		lessen(&least.query, measure_query(fd, held));
	}
	return least;
}

static void tell_held(unsigned long contexts, unsigned long held, struct cost cost)
{
	printf("held\t%lu\t%lu\t%llu\t%llu\t%llu\n", contexts, held,
	       (unsigned long long)cost.pin, (unsigned long long)cost.unpin,
	       (unsigned long long)cost.query);
}

static void compare_held(const char *pin, const char *unpin, const char *query,
			 struct cost first, struct cost last)
{
	expect_at_most(pin, (double)last.pin / first.pin, MORE_A_PIN);
	expect_at_most(unpin, (double)last.unpin / first.unpin, MORE_A_PIN);
	expect_at_most(query, (double)last.query / first.query, MORE_A_PIN);
}

/* What it costs while one is held is compared with by those who hold many. */
static struct cost bench_one_context(const char *addr)
{
	unsigned long count, held = 0;
	struct cost first = { }, last = { };
	int fd = device_open();
	uint64_t id = 0;

	for (count = 1; count <= MOST_HELD; count = next_step(count)) {
		for (; held < count; held++)
			id = device_pin(fd, addr + held % SHARED_PAGES * PAGE, PAGE);
		last = measure_one_more(fd, addr, id);
		if (count == 1)
			first = last;
		tell_held(1, held, last);
	}
	close(fd);
	compare_held("PIN, 100,000 held in a context", "UNPIN, 100,000 held in a context",
		     "QUERY, 100,000 held in a context", first, last);
	return first;
}

static void bench_contexts(const char *addr, struct cost first)
{
	static int fds[CONTEXTS];
	struct cost last;
	uint64_t id = 0;
	int i, j;

	for (i = 0; i < CONTEXTS; i++) {
		fds[i] = device_open();
		for (j = 0; j < HELD_EACH; j++)
			id = device_pin(fds[i], addr + j * PAGE, PAGE);
	}
	last = measure_one_more(fds[CONTEXTS - 1], addr, id);
	tell_held(CONTEXTS, (unsigned long)CONTEXTS * HELD_EACH, last);
	for (i = 0; i < CONTEXTS; i++)
		close(fds[i]);
	compare_held("PIN, 100 held in each of 1,000", "UNPIN, 100 held in each of 1,000",
		     "QUERY, 100 held in each of 1,000", first, last);
}

static void bench_held(void)
{
	struct rlimit files = { CONTEXTS + 50, CONTEXTS + 50 };
	char *addr = mmap(NULL, SHARED_PAGES * PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (addr == MAP_FAILED || setrlimit(RLIMIT_NOFILE, &files))
		die("pages to hold");
	bench_contexts(addr, bench_one_context(addr));
	munmap(addr, SHARED_PAGES * PAGE);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (mlockall(MCL_CURRENT))
		die("mlockall");
	clock_check();
	/* First, while the ids are low. */
	bench_held();
	bench_mappings();
	bench_pages();
	return failed != 0;
}
