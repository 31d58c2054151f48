// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the bytes go that are written through leases while the filesystem takes blocks
 * away and gives them to other files.
 *
 * A filesystem is filled up, so that what one file gives back is what another gets. One
 * thread shrinks, punches, removes and makes files anew; others write through leases that
 * they take again and again, go on writing through those that they have lost, and read.
 * Every eight bytes say which file they are for, where in it, and since when: a file's
 * generation is odd while it is being changed and even after that. At the end each block
 * of each file has only what was written for it since it is its, nothing is where no file
 * is meant to have written, and the filesystem's own checker finds nothing.
 *
 * PIN_TEST_CHANGES: how many changes, of each filesystem.
 */
#include "copy.h"
#include "extents.h"
#include "leased.h"
#include "mounted.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES		6
#define PAGES		48
#define LENGTH		(PAGES * page)
#define WRITERS		2
/* What the rest of the filesystem is filled up to. */
#define ROOM		(6L << 20)
/* How often a lease is written through all over. */
#define PASSES		4
/* WRITEs to a file before it is changed. */
#define BETWEEN		10
/* PINs in a row that may be refused although no file is being changed. */
#define REFUSED		1000

/* What eight bytes say; @run tells this run of the test from those before. */
#define WORD_RUN	48
#define WORD_FILE	36
#define WORD_PAGE	24
#define FILE_MASK	0xfff
#define PAGE_MASK	0xfff
#define GENERATION_MASK	0xffffff

/* In place of a file: written through leases that are lost. */
#define NO_FILE		0xfff

/**
 * struct slot - a file, and the ones that were there before it
 * @path: its name
 * @number: counts the files of all slots; changes while @generation is odd
 * @generation: odd while it is being changed
 * @since: for each page, the generation before which nothing in it was written
 * @written: WRITEs through leases
 * @fd: the changer's
 */
struct slot {
	char path[PATH_MAX];
	_Atomic unsigned int number;
	_Atomic unsigned int generation;
	_Atomic unsigned int since[PAGES];
	_Atomic unsigned int written;
	int fd;
};

struct writer {
	pthread_t thread;
	unsigned int index;
	_Atomic unsigned int written;
	_Atomic unsigned int lost;
	_Atomic unsigned int refused;
	_Atomic unsigned int reason;	/* of the last refusal */
};

static struct slot slots[FILES];
static struct writer writers[WRITERS];
/* The one that is changed next; most of the time writers are with it. */
static struct slot *_Atomic next;
static unsigned int numbers;
static uint64_t run_word;
static _Atomic bool stop;

static uint64_t word_of(unsigned int number, unsigned int index, unsigned int generation)
{
	return run_word << WORD_RUN | (uint64_t)number << WORD_FILE |
	       (uint64_t)index << WORD_PAGE | generation;
}

static void fill_page(uint64_t *words, uint64_t word)
{
	size_t i;

	for (i = 0; i < page / sizeof(*words); i++)
		words[i] = word;
}

/* --- writers; what they find wrong ends the test */

#define expect(condition)						\
do {									\
	if (!(condition)) {						\
		printf("line %d: %s\n", __LINE__, #condition);		\
		fflush(stdout);						\
		abort();						\
	}								\
} while (0)

/* Nothing, or of this page, and from one of these generations. */
static bool is_of(uint64_t word, unsigned int number, unsigned int index,
		  unsigned int since, unsigned int until)
{
	return !word || (word >= word_of(number, index, since) &&
			 word <= word_of(number, index, until));
}

/*
 * Read through a lease: nothing is there from before the page was last given to the
 * file. Since when that is, is asked first: a lease from before then reads nothing any
 * more. A file that was replaced stays as it was.
 */
static int read_page(const struct slot *slot, uint64_t id, unsigned int number,
		     unsigned int index, unsigned int generation, uint64_t *words)
{
	unsigned int since = slot->since[index];
	uint64_t done;
	size_t i;
	int err;

	if (slot->number != number)
		since = 0;
	err = pin_read(id, index * page, words, page, &done);
	for (i = 0; !err && i < page / sizeof(*words); i++)
		expect(is_of(words[i], number, index, since, generation));
	return err;
}

/* A lost lease reaches nothing. */
static void use_lost(uint64_t id, uint64_t *words)
{
	uint64_t done;

	fill_page(words, word_of(NO_FILE, 0, 0));
	expect(pin_write(id, 0, words, page, &done) == -ESTALE && !done);
	expect(pin_read(id, 0, words, page, &done) == -ESTALE && !done);
	expect(words[0] == word_of(NO_FILE, 0, 0));
}

/* Write and read some pages again and again, and so that the lease is lost meanwhile. */
static void use_lease(struct writer *writer, struct slot *slot, uint64_t id,
		      unsigned int number, unsigned int generation, uint64_t *words)
{
	unsigned int i, index;
	uint64_t done;
	int err = 0;

	for (i = 0; !err && i < PASSES * PAGES / WRITERS; i++) {
		/* Each has pages of its own, so that a page has one writer at a time. */
		index = (i * WRITERS + writer->index) % PAGES;
		err = read_page(slot, id, number, index, generation, words);
		fill_page(words, word_of(number, index, generation));
		if (!err)
			err = pin_write(id, index * page, words, page, &done);
		if (err)
			continue;
		writer->written++;
		slot->written++;
	}
	expect(!err || err == -ESTALE);
	if (err) {
		writer->lost++;
		use_lost(id, words);
	}
}

static void unmap_lost(char *addr, uint64_t id, uint64_t *words)
{
	expect(!munmap(addr, LENGTH));
	use_lost(id, words);
}

/*
 * Lease what the slot has now. Whatever of it was there before a change that has ended
 * when the generation is read is lost by then.
 */
static void visit(struct writer *writer, struct slot *slot, uint64_t *words)
{
	unsigned int number = slot->number, generation;
	int fd = open(slot->path, O_RDWR | O_CLOEXEC);
	struct pin_pin arg;
	char *addr;

	/* Between two files. */
	if (fd < 0)
		return;
	addr = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	expect(addr != MAP_FAILED);
	/* It ends early while it is being changed. */
	if (pin_range(addr, LENGTH, PIN_F_WRITE | PIN_F_LEASE, &arg)) {
		writer->reason = arg.refusal.reason;
		writer->refused++;
	} else {
		generation = slot->generation;
		if (!(generation & 1) && slot->number == number)
			use_lease(writer, slot, arg.id, number, generation, words);
		/* Some lose it so, and some by unpinning it first. */
		if (generation & 2)
			unmap_lost(addr, arg.id, words);
		expect(!unpin(arg.id));
		if (generation & 2)
			addr = NULL;
	}
	if (addr)
		munmap(addr, LENGTH);
	close(fd);
}

static void *write_on(void *data)
{
	struct writer *writer = data;
	uint64_t *words = malloc(page);
	unsigned int i = writer->index;

	for (; !stop; i++)
		visit(writer, i % 4 ? next : &slots[i / 4 % FILES], words);
	free(words);
	return NULL;
}

/* --- changes; each returns with its pages [first, end) given back and refilled */

static void refill(struct slot *slot, unsigned int first, unsigned int end)
{
	uint64_t *words = malloc(page);
	unsigned int i;

	for (i = first; i < end; i++) {
		/* The generation that it will have. */
		slot->since[i] = slot->generation + 1;
		/* Some are left as the filesystem gives them: zero. */
		if (i % 5 == 0)
			continue;
		fill_page(words, word_of(slot->number, i, slot->generation + 1));
		ck_assert_int_eq(pwrite(slot->fd, words, page, i * page), page);
	}
	ck_assert_int_eq(ftruncate(slot->fd, LENGTH), 0);
	free(words);
}

static void create(struct slot *slot)
{
	slot->number = numbers++;
	ck_assert_uint_lt(slot->number, NO_FILE);
	slot->fd = open(slot->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_msg(slot->fd >= 0, "%s: %s", slot->path, strerror(errno));
	refill(slot, 0, PAGES);
}

static void truncate_all(struct slot *slot)
{
	ck_assert_int_eq(ftruncate(slot->fd, 0), 0);
	refill(slot, 0, PAGES);
}

static void truncate_half(struct slot *slot)
{
	ck_assert_int_eq(ftruncate(slot->fd, PAGES / 2 * page), 0);
	refill(slot, PAGES / 2, PAGES);
}

static void punch(struct slot *slot)
{
	ck_assert_int_eq(fallocate(slot->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   8 * page, 20 * page), 0);
	refill(slot, 8, 28);
}

static void zero(struct slot *slot)
{
	ck_assert_int_eq(fallocate(slot->fd, FALLOC_FL_ZERO_RANGE, 30 * page, 9 * page),
			 0);
	refill(slot, 30, 39);
}

/* The pages after the range come to lie elsewhere in the file, so all are written. */
static void collapse(struct slot *slot)
{
	ck_assert_int_eq(fallocate(slot->fd, FALLOC_FL_COLLAPSE_RANGE, 0, 16 * page), 0);
	ck_assert_int_eq(ftruncate(slot->fd, 0), 0);
	refill(slot, 0, PAGES);
}

/* Writers may still have the old one mapped and leased, then its blocks stay. */
static void replace(struct slot *slot)
{
	ck_assert_int_eq(unlink(slot->path), 0);
	close(slot->fd);
	create(slot);
}

static void (*const changes[])(struct slot *slot) = {
	truncate_all, replace, punch, truncate_half, zero, replace, collapse,
};

#define CHANGES	(sizeof(changes) / sizeof(*changes))

/* Numbers without a common factor: every change meets every file. */
static void change(unsigned int i)
{
	struct slot *slot = &slots[i % FILES];

	slot->generation++;
	changes[i % CHANGES](slot);
	slot->generation++;
	ck_assert_uint_lt(slot->generation, GENERATION_MASK);
}

static unsigned int refusals(void)
{
	return writers[0].refused + writers[1].refused;
}

/* Until somebody is in the middle of writing to the file that is to be changed. */
static void await_writer(unsigned int i)
{
	struct slot *slot = &slots[i % FILES];
	unsigned int from = slot->written, refused = refusals();

	next = slot;
	while (slot->written - from < BETWEEN) {
		/* Nothing changes while it is waited for. */
		if (refusals() - refused > REFUSED)
			ck_abort_msg("no lease can be had: %s",
				     reason_name(writers[0].reason));
		sched_yield();
	}
}

/* --- what is there at the end */

/* An assertion is a system call, so none is made of each word, here and below. */
static void expect_own(const struct slot *slot)
{
	uint64_t *words = malloc(page);
	unsigned int i;
	size_t j;

	for (i = 0; i < PAGES; i++) {
		ck_assert_int_eq(pread(slot->fd, words, page, i * page), page);
		for (j = 0; j < page / sizeof(*words); j++)
			if (!is_of(words[j], slot->number, i, slot->since[i],
				   slot->generation))
				ck_abort_msg("%s, page %u: %#llx, not %#llx since %u",
					     slot->path, i,
					     (unsigned long long)words[j],
					     (unsigned long long)
					     word_of(slot->number, i, 0),
					     slot->since[i]);
	}
	free(words);
}

/* The device, without a page cache that would tell of what was there before. */
struct scan {
	int fd;
	uint64_t *words;	/* SCAN_BYTES */
	uint64_t untouched;	/* bytes */
};

#define SCAN_BYTES	(1UL << 20)

static void scan_open(struct scan *scan, const char *device)
{
	scan->fd = open(device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ck_assert_msg(scan->fd >= 0, "%s: %s", device, strerror(errno));
	scan->words = aligned_alloc(SCAN_BYTES, SCAN_BYTES);
}

static void scan_close(struct scan *scan)
{
	close(scan->fd);
	free(scan->words);
}

/* The first eight bytes of a page are of this run if any of it are. */
static void expect_untouched(uint64_t physical, uint64_t length, void *data)
{
	struct scan *scan = data;
	uint64_t end = physical + length, at;
	ssize_t got;
	size_t i;

	for (at = physical; at < end; at += got) {
		got = pread(scan->fd, scan->words,
			    end - at < SCAN_BYTES ? end - at : SCAN_BYTES, at);
		ck_assert_int_gt(got, 0);
		for (i = 0; i < got / sizeof(*scan->words); i += page / sizeof(*scan->words))
			if (scan->words[i] >> WORD_RUN == run_word)
				ck_abort_msg("%#llx where nobody was to write",
					     (unsigned long long)scan->words[i]);
	}
	scan->untouched += length;
}

/* Nothing that was written through a lost lease is anywhere on the device. */
static void expect_nothing_lost(struct scan *scan)
{
	uint64_t at = 0;
	ssize_t got;
	size_t i;

	while ((got = pread(scan->fd, scan->words, SCAN_BYTES, at)) > 0) {
		for (i = 0; i < got / sizeof(*scan->words); i += page / sizeof(*scan->words))
			if (scan->words[i] == word_of(NO_FILE, 0, 0))
				ck_abort_msg("written through a lost lease");
		at += got;
	}
	ck_assert_uint_gt(at, scan->untouched);
}

/* --- the test */

/* A file that takes all but ROOM of what the filesystem gives to files. */
static int fill_up(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	off_t length = 0, step = 64L << 20;

	ck_assert_int_ge(fd, 0);
	while (step >= (off_t)page) {
		if (!fallocate(fd, 0, length, step)) {
			length += step;
			continue;
		}
		ck_assert_int_eq(errno, ENOSPC);
		step /= 2;
	}
	ck_assert_int_gt(length, ROOM);
	ck_assert_int_eq(ftruncate(fd, length - ROOM), 0);
	ck_assert_int_eq(fsync(fd), 0);
	return fd;
}

static void start(const char *dir)
{
	unsigned int i;

	run_word = getpid() & 0xffff;
	for (i = 0; i < FILES; i++) {
		snprintf(slots[i].path, PATH_MAX, "%s/slot-%u", dir, i);
		slots[i].generation = 1;
		create(&slots[i]);
		slots[i].generation++;
	}
	next = &slots[0];
	for (i = 0; i < WRITERS; i++) {
		writers[i].index = i;
		ck_assert_int_eq(pthread_create(&writers[i].thread, NULL, write_on,
						&writers[i]), 0);
	}
}

static void finish(unsigned int changed)
{
	unsigned int i, written = 0, lost = 0;

	stop = true;
	for (i = 0; i < WRITERS; i++) {
		ck_assert_int_eq(pthread_join(writers[i].thread, NULL), 0);
		printf("writer %u: %u pages, %u leases lost, %u refused\n", i,
		       writers[i].written, writers[i].lost, writers[i].refused);
		written += writers[i].written;
		lost += writers[i].lost;
	}
	ck_assert_uint_ge(written, changed * BETWEEN);
	ck_assert_uint_gt(lost, 0);
	for (i = 0; i < FILES; i++)
		expect_own(&slots[i]);
}

START_TEST(owners)
{
	const char *dir = need_env(dax_dirs[_i]), *set = getenv("PIN_TEST_CHANGES");
	unsigned int wanted = set ? strtoul(set, NULL, 10) : 2 * CHANGES * FILES, i;
	struct counters before = counters_read();
	struct scan scan = { .untouched = 0 };
	struct mounted mounted;
	char filler[PATH_MAX];
	int fd;

	mounted_find(&mounted, dir);
	snprintf(filler, sizeof(filler), "%s/filler", dir);
	fd = fill_up(filler);
	start(dir);
	for (i = 0; i < wanted; i++) {
		await_writer(i);
		change(i);
		if (i % 50 == 0)
			printf("%s: %u changes, %u pages\n", dir, i, writers[0].written);
		fflush(stdout);
	}
	finish(wanted);
	counters_expect(&before, "after the writers");
	scan_open(&scan, mounted.device);
	extents_each(fd, expect_untouched, &scan);
	ck_assert_uint_gt(scan.untouched, ROOM);
	scan_close(&scan);
	close(fd);
	for (i = 0; i < FILES; i++)
		close(slots[i].fd);

	mounted_unmount(&mounted);
	mounted_check(&mounted);
	scan_open(&scan, mounted.device);
	expect_nothing_lost(&scan);
	scan_close(&scan);
	mounted_mount(&mounted);
	for (i = 0; i < FILES; i++) {
		slots[i].fd = open(slots[i].path, O_RDWR | O_CLOEXEC);
		ck_assert_int_ge(slots[i].fd, 0);
		expect_own(&slots[i]);
		close(slots[i].fd);
		ck_assert_int_eq(unlink(slots[i].path), 0);
	}
	ck_assert_int_eq(unlink(filler), 0);
}
END_TEST

Suite *blocks_suite(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tcase = tcase_with_context("blocks");

	tcase_set_timeout(tcase, 1800);
	tcase_add_loop_test(tcase, owners, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
