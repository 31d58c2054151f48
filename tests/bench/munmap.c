// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What leases cost: munmap of memory that has none, and of memory that has some, with
 * few and with many held elsewhere in the process; and how long it takes to take one
 * back. Owns what is measured and how; guest.sh prepares the machine.
 *
 * Time is instructions, see clock.h.
 *
 * usage: bench-munmap MODULE DIR...
 * Loads MODULE after the first figures. Each DIR is on a filesystem with DAX; leases are
 * held on the first. Exits 1 if what is not hit pays for what is held.
 */
#include "clock.h"
#include "figure.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <pin/ioctl.h>

#define PAGES		64
#define ROUNDS		30
#define HIT_ROUNDS	10
#define HIT_MOST	1000
#define OTHERS_TIME	500000000
#define SLOWER		1.10	/* the tree of notifiers is deeper with more of them */

static const unsigned int held_counts[] = { 0, 1, 1000, 100000 };
static const unsigned int hit_counts[] = { 1, 10, 100, HIT_MOST };
static const unsigned int truncated_pages[] = { 1, 64, 512, 4096 };

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))
#define HELD		COUNT(held_counts)
#define HELD_MOST	(held_counts[HELD - 1])

/* What an operation works on, and how it is measured. */
struct bench {
	const char *dir;
	int file;
	char *room;		/* what is mapped next is mapped here */
	size_t length;
	unsigned int leases;	/* of what is mapped, one page each */
	uint64_t ids[HIT_MOST];
};

struct operation {
	void (*prepare)(struct bench *bench);
	void (*run)(struct bench *bench);
	void (*finish)(struct bench *bench);
};

static size_t page;
static int pin_fd = -1;

/* --- measuring */

static uint64_t measure_once(const struct operation *operation, struct bench *bench)
{
	uint64_t start, took;

	operation->prepare(bench);
	run_before_all_others(true);
	start = clock_now();
	operation->run(bench);
	took = clock_now() - start;
	run_before_all_others(false);
	if (operation->finish)
		operation->finish(bench);
	return took - clock_cost;
}

static uint64_t measure(const struct operation *operation, struct bench *bench,
			unsigned int rounds)
{
	uint64_t least = UINT64_MAX;

	while (rounds--) {
		uint64_t took = measure_once(operation, bench);

		if (took < least)
			least = took;
	}
	return least;
}

/* What interrupts and others take while this program has work. */
static uint64_t measure_others(void)
{
	uint64_t start = clock_now(), last = start, taken = 0, at;

	while (last - start < OTHERS_TIME) {
		at = clock_now();
		if (at - last > 2 * clock_cost + 100)
			taken += at - last;
		last = at;
	}
	return taken;
}

/* --- leases */

static uint64_t lease(const char *addr, size_t length)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE | PIN_F_LEASE,
		.addr = (uintptr_t)addr,
		.length = length,
	};

	if (ioctl(pin_fd, PIN_IOC_PIN, &arg))
		die("PIN, reason %u", arg.refusal.reason);
	return arg.id;
}

static void unpin(uint64_t id)
{
	struct pin_unpin arg = { .size = sizeof(arg), .id = id };

	if (ioctl(pin_fd, PIN_IOC_UNPIN, &arg))
		die("UNPIN");
}

/* A queue that is full has to forget an event for each new one. */
static void read_events(void)
{
	struct pin_event event;

	while (read(pin_fd, &event, sizeof(event)) > 0)
		;
}

static int make_file(const char *dir, size_t length)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		die("%s", path);
	unlink(path);
	/* Written, so that mapping a page has nothing to allocate. */
	if (fallocate(fd, 0, 0, length))
		die("fallocate of %zu bytes in %s", length, dir);
	return fd;
}

static char *map(char *room, int fd, off_t offset, size_t length)
{
	char *addr = mmap(room, length, PROT_READ | PROT_WRITE,
			  MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED),
			  fd, offset);
	size_t i;

	if (addr == MAP_FAILED)
		die("mmap");
	for (i = 0; i < length; i += page)
		addr[i] = 1;
	return addr;
}

/* --- operations */

static void map_anonymous(struct bench *bench)
{
	map(bench->room, -1, 0, bench->length);
}

static void map_shared(struct bench *bench)
{
	map(bench->room, bench->file, 0, bench->length);
}

static void map_leased(struct bench *bench)
{
	unsigned int i;

	map_shared(bench);
	for (i = 0; i < bench->leases; i++)
		bench->ids[i] = lease(bench->room + i * page, page);
}

static void unmap(struct bench *bench)
{
	munmap(bench->room, bench->length);
}

static void unpin_all(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->leases; i++)
		unpin(bench->ids[i]);
	read_events();
}

static void make_truncated(struct bench *bench)
{
	bench->file = make_file(bench->dir, bench->length);
	map_shared(bench);
	if (bench->leases)
		bench->ids[0] = lease(bench->room, bench->length);
}

static void truncate_all(struct bench *bench)
{
	if (ftruncate(bench->file, 0))
		die("ftruncate");
}

static void drop_truncated(struct bench *bench)
{
	unpin_all(bench);
	unmap(bench);
	close(bench->file);
}

static void lease_one(struct bench *bench)
{
	bench->ids[0] = lease(bench->room, page);
}

static void unpin_one(struct bench *bench)
{
	unpin(bench->ids[0]);
}

static const struct operation unmap_anonymous = { map_anonymous, unmap, NULL };
static const struct operation unmap_shared = { map_shared, unmap, NULL };
static const struct operation unmap_leased = { map_leased, unmap, unpin_all };
static const struct operation truncated = { make_truncated, truncate_all, drop_truncated };
static const struct operation pinned = { map_shared, lease_one, unpin_all };
static const struct operation unpinned = { map_leased, unpin_one, unmap };

/* --- tables */

static unsigned int failures;

/* Complains if @now costs more than @then, which it should not. */
static void expect_same(const char *what, uint64_t now_takes, uint64_t then)
{
	if (now_takes <= then * SLOWER)
		return;
	printf("FAILED: %s: %llu instructions in place of %llu\n", what,
	       (unsigned long long)now_takes, (unsigned long long)then);
	failures++;
}

/* The figures that there are for each number of leases held elsewhere. */
enum row { ANONYMOUS, SHARED, HIT, PIN = HIT + COUNT(hit_counts), UNPIN, OTHERS, ROWS };

static uint64_t unloaded[ROWS], table[HELD][ROWS];

static void measure_missed(struct bench *bench, uint64_t *column)
{
	bench->length = PAGES * page;
	bench->leases = 0;
	column[ANONYMOUS] = measure(&unmap_anonymous, bench, ROUNDS);
	column[SHARED] = measure(&unmap_shared, bench, ROUNDS);
	column[OTHERS] = measure_others();
}

static void measure_held(struct bench *bench, uint64_t *column)
{
	size_t i;

	measure_missed(bench, column);
	for (i = 0; i < COUNT(hit_counts); i++) {
		bench->leases = hit_counts[i];
		bench->length = (bench->leases < PAGES ? PAGES : bench->leases) * page;
		column[HIT + i] = measure(&unmap_leased, bench, HIT_ROUNDS);
	}
	bench->leases = 1;
	bench->length = PAGES * page;
	column[PIN] = measure(&pinned, bench, ROUNDS);
	column[UNPIN] = measure(&unpinned, bench, ROUNDS);
}

static void print_row(const char *name, enum row row, bool without)
{
	size_t i;

	if (without)
		printf("%-34s %11llu", name, (unsigned long long)unloaded[row]);
	else
		printf("%-34s %11s", name, "-");
	for (i = 0; i < HELD; i++)
		printf(" %11llu", (unsigned long long)table[i][row]);
	putchar('\n');
}

static void print_table(void)
{
	char name[64];
	size_t i;

	printf("%-34s %11s", "instructions, by leases held", "no module");
	for (i = 0; i < HELD; i++)
		printf(" %11u", held_counts[i]);
	putchar('\n');
	print_row("munmap, 64 anonymous pages", ANONYMOUS, true);
	print_row("munmap, 64 pages of a DAX file", SHARED, true);
	for (i = 0; i < COUNT(hit_counts); i++) {
		snprintf(name, sizeof(name), "munmap that hits %u leases", hit_counts[i]);
		print_row(name, HIT + i, false);
	}
	print_row("PIN of a lease of one page", PIN, false);
	print_row("UNPIN of it", UNPIN, false);
	print_row("all others, in 500,000,000", OTHERS, true);
}

/*
 * The row's figure for each number of leases. What hits none is the kernel's own, whose
 * figures there are without the module, too.
 */
static void tell_row(enum row row, bool without, const char *name)
{
	const char *whose = without ? "kernel" : "pin";
	size_t i;

	if (without)
		figure_tell(unloaded[row], "%s/%s/no-module", whose, name);
	for (i = 0; i < HELD; i++)
		figure_tell(table[i][row], "%s/%s/held-%u", whose, name, held_counts[i]);
}

static void tell_table(void)
{
	char name[64];
	size_t i;

	tell_row(ANONYMOUS, true, "munmap/anonymous");
	tell_row(SHARED, true, "munmap/dax");
	for (i = 0; i < COUNT(hit_counts); i++) {
		snprintf(name, sizeof(name), "munmap/leases-%u", hit_counts[i]);
		tell_row(HIT + i, false, name);
	}
	tell_row(PIN, false, "lease/pin");
	tell_row(UNPIN, false, "lease/unpin");
	tell_row(OTHERS, true, "others");
}

static void judge_table(void)
{
	size_t i;

	for (i = 0; i <= SHARED; i++) {
		expect_same("munmap with the module", table[0][i], unloaded[i]);
		/* The first lease makes the kernel look for notifiers at all. */
		expect_same("munmap with leases elsewhere", table[HELD - 1][i], table[1][i]);
	}
	for (i = 0; i < COUNT(hit_counts); i++)
		expect_same("munmap that hits leases", table[HELD - 1][HIT + i],
			    table[0][HIT + i]);
}

/* Half of the leases below what is measured, half above. */
static void hold(unsigned int first, unsigned int end, char *below, char *above, int file)
{
	unsigned int half = HELD_MOST / 2, i;

	for (i = first; i < end; i++) {
		char *addr = i % 2 ? below + i / 2 * page : above + i / 2 * page;

		map(addr, file, (off_t)(i % 2 ? i / 2 : half + i / 2) * page, page);
		lease(addr, page);
	}
}

static void load(const char *module)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "max_pins=200000", 0))
		die("%s", module);
	close(fd);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (pin_fd < 0)
		die("/dev/pin");
}

static void bench_munmap(struct bench *bench, const char *module)
{
	size_t half = HELD_MOST / 2 * page, between = HIT_MOST * page;
	unsigned int held = 0;
	char *below;
	int file;
	size_t i;

	below = mmap(NULL, 2 * half + 3 * between, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (below == MAP_FAILED)
		die("no room");
	/* One hole, whatever is mapped in it: how VMAs are kept depends on those beside. */
	munmap(below + half, 3 * between);
	bench->room = below + half + between;
	bench->file = make_file(bench->dir, between);
	file = make_file(bench->dir, 2 * half);
	measure_missed(bench, unloaded);
	load(module);
	for (i = 0; i < HELD; i++) {
		hold(held, held_counts[i], below, below + half + 3 * between, file);
		held = held_counts[i];
		measure_held(bench, table[i]);
	}
	print_table();
	tell_table();
	judge_table();
	close(file);
	close(bench->file);
	/* The leases go. */
	close(pin_fd);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (pin_fd < 0)
		die("/dev/pin");
	munmap(below, 2 * half + 3 * between);
}

static void bench_truncate(struct bench *bench)
{
	unsigned int most = truncated_pages[COUNT(truncated_pages) - 1];
	uint64_t without, with;
	size_t i;

	bench->room = mmap(NULL, most * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bench->room == MAP_FAILED)
		die("no room");
	printf("\n%-34s %11s %11s %11s %11s\n", "truncate to nothing, in", "pages", "no lease",
	       "leased", "a page more");
	for (i = 0; i < COUNT(truncated_pages); i++) {
		bench->length = truncated_pages[i] * page;
		bench->leases = 0;
		without = measure(&truncated, bench, HIT_ROUNDS);
		bench->leases = 1;
		with = measure(&truncated, bench, HIT_ROUNDS);
		printf("%-34s %11u %11llu %11llu %11.1f\n", bench->dir, truncated_pages[i],
		       (unsigned long long)without, (unsigned long long)with,
		       ((double)with - without) / truncated_pages[i]);
		figure_tell(without, "kernel/truncate%s/pages-%u", bench->dir,
			    truncated_pages[i]);
		figure_tell(with, "pin/truncate%s/pages-%u", bench->dir, truncated_pages[i]);
	}
	munmap(bench->room, most * page);
}

int main(int argc, char **argv)
{
	struct bench bench;
	int i;

	if (argc < 3) {
		fprintf(stderr, "usage: %s MODULE DIR...\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	page = sysconf(_SC_PAGESIZE);
	clock_check();
	bench.dir = argv[2];
	bench_munmap(&bench, argv[1]);
	for (i = 2; i < argc; i++) {
		bench.dir = argv[i];
		bench_truncate(&bench);
	}
	return failures ? 1 : 0;
}
