// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is written through leases and then synced is there after a loss of power. Runs in
 * the machine that tests/func/powercut switches off in the middle of it: "write" tells
 * what fsync(2) has acknowledged and goes on until then, "verify" looks for all of that
 * on the next boot.
 *
 * The files grow out of nothing: the blocks are allocated by the pin itself, so that what
 * has to last is the filesystem's own notes as well. A file is written whole, synced,
 * written again through the same lease, which the first sync has write-protected, and
 * synced again; then once more, which nobody acknowledges.
 *
 * PIN_TEST_BOOT counts boots; PIN_TEST_ACKNOWLEDGED names the file with what was told.
 */
#include "copy.h"
#include "leased.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES		32
#define LENGTH		(PAGES * page)
#define SYNCED		2	/* generations of a file, and one that is not */

/* What a file is told apart by; its generation and page make it a word. */
struct name {
	unsigned int fs, boot, number;
};

static uint64_t word_of(const struct name *name, unsigned int index,
			unsigned int generation)
{
	return 0x50ULL << 56 | (uint64_t)name->fs << 52 | (uint64_t)name->boot << 44 |
	       (uint64_t)name->number << 28 | (uint64_t)index << 16 | generation;
}

static void path_of(const struct name *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/cut-%u-%u", need_env(dax_dirs[name->fs]),
		 name->boot, name->number);
}

static void write_generation(const struct name *name, uint64_t id,
			     unsigned int generation)
{
	uint64_t *words = malloc(page);
	unsigned int i;
	size_t j;

	for (i = 0; i < PAGES; i++) {
		for (j = 0; j < page / sizeof(*words); j++)
			words[j] = word_of(name, i, generation);
		expect_written(id, i * page, words, page);
	}
	free(words);
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
}

static void write_file(const struct name *name)
{
	char path[PATH_MAX], *addr;
	unsigned int generation;
	struct pin_pin arg;
	int fd;

	path_of(name, path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(ftruncate(fd, LENGTH), 0);
	addr = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	ck_assert_int_eq(pin_range(addr, LENGTH, PIN_F_WRITE | PIN_F_LEASE, &arg), 0);
	for (generation = 1; generation <= SYNCED; generation++) {
		write_generation(name, arg.id, generation);
		ck_assert_int_eq(fsync(fd), 0);
		sync_dir(need_env(dax_dirs[name->fs]));
		printf("acknowledged %u %u %u %u\n", name->fs, name->boot, name->number,
		       generation);
		fflush(stdout);
	}
	write_generation(name, arg.id, generation);
	ck_assert_int_eq(unpin(arg.id), 0);
	munmap(addr, LENGTH);
	close(fd);
}

START_TEST(write_until_cut)
{
	struct name name = { .boot = strtoul(need_env("PIN_TEST_BOOT"), NULL, 10) };

	for (;; name.number++)
		for (name.fs = 0; name.fs < DAX_DIRS; name.fs++)
			write_file(&name);
}
END_TEST

/* Every page of the file is of this generation or a later one. */
static void verify_file(const struct name *name, unsigned int generation)
{
	uint64_t *words = malloc(page), first;
	char path[PATH_MAX];
	unsigned int i;
	size_t j;
	int fd;

	path_of(name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	for (i = 0; i < PAGES; i++) {
		ck_assert_int_eq(pread(fd, words, page, i * page), page);
		first = word_of(name, i, generation);
		for (j = 0; j < page / sizeof(*words); j++)
			/* An assertion is a system call, for each word too many. */
			if (words[j] < first ||
			    words[j] > word_of(name, i, SYNCED + 1))
				ck_abort_msg("%s, page %u: %#llx, not %#llx", path, i,
					     (unsigned long long)words[j],
					     (unsigned long long)first);
	}
	close(fd);
	free(words);
}

START_TEST(verify)
{
	FILE *told = fopen(need_env("PIN_TEST_ACKNOWLEDGED"), "re");
	unsigned int generation, files[DAX_DIRS] = { 0 }, fs;
	struct name name;

	ck_assert_ptr_nonnull(told);
	while (fscanf(told, "acknowledged %u %u %u %u\n", &name.fs, &name.boot,
		      &name.number, &generation) == 4) {
		verify_file(&name, generation);
		files[name.fs]++;
	}
	ck_assert(feof(told));
	fclose(told);
	for (fs = 0; fs < DAX_DIRS; fs++) {
		printf("note: %s: %u times acknowledged, and there\n", dax_dirs[fs],
		       files[fs]);
		ck_assert_uint_gt(files[fs], SYNCED);
	}
}
END_TEST

Suite *powercut_suite(void)
{
	Suite *suite = suite_create("powercut");
	TCase *tcase = tcase_with_context("verify");

	tcase_add_test(tcase, verify);
	suite_add_tcase(suite, tcase);
	tcase = tcase_with_context("write");
	tcase_set_timeout(tcase, 0);
	tcase_add_test(tcase, write_until_cut);
	suite_add_tcase(suite, tcase);
	return suite;
}
