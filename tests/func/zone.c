// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long-term pins on a machine with ZONE_MOVABLE: they leave the zone, which can be taken
 * away block by block then, and mappings of huge pages that come and go while they are
 * pinned never get as far as the kernel's WARN about them on 6.1, which would be the
 * machine's end here.
 */
#include "copy.h"
#include "harness.h"
#include "memory.h"
#include "pageproof.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES	64
#define POOL	"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

START_TEST(pins_leave_the_zone)
{
	char *addr = map_anon(PAGES * page);
	uint64_t id;
	int i;

	touch(addr, PAGES * page);
	for (i = 0; i < PAGES; i++)
		ck_assert(is_in_zone_movable(addr + i * page));
	memset(addr, 0x33, PAGES * page);
	id = expect_pinned(addr, PAGES * page, 0);
	for (i = 0; i < PAGES; i++) {
		ck_assert(!is_in_zone_movable(addr + i * page));
		ck_assert_int_eq(addr[i * page], 0x33);
	}
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/*
 * Read pins get a copy of a file's pages where a later write would make one anyway: the
 * copy has to lie elsewhere, too.
 */
START_TEST(read_pins_of_private_files_leave_it)
{
	int fd = memfd_create("zone", MFD_CLOEXEC), i;
	char *addr;
	uint64_t id;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PAGES * page), 0);
	addr = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	for (i = 0; i < PAGES; i++) {
		ck_assert_int_eq(__atomic_load_n(addr + i * page, __ATOMIC_RELAXED), 0);
		ck_assert(is_in_zone_movable(addr + i * page));
	}
	id = expect_pinned(addr, PAGES * page, 0);
	for (i = 0; i < PAGES; i++)
		ck_assert(!is_in_zone_movable(addr + i * page));
	ck_assert_int_eq(unpin(id), 0);
	/* As if never touched, and now read: pages of the file. */
	ck_assert_int_eq(madvise(addr, PAGES * page, MADV_DONTNEED), 0);
	id = expect_pinned(addr, PAGES * page, 0);
	for (i = 0; i < PAGES; i++)
		ck_assert(!is_in_zone_movable(addr + i * page));
	ck_assert_int_eq(unpin(id), 0);
	close(fd);
}
END_TEST

/* Memory that a pin itself brings in never lies there. */
START_TEST(new_memory_is_outside)
{
	char *addr = map_anon(PAGES * page);
	uint64_t id = expect_pinned(addr, PAGES * page, PIN_F_WRITE);
	int i;

	for (i = 0; i < PAGES; i++)
		ck_assert(!is_in_zone_movable(addr + i * page));
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* --- blocks that go offline */

#define BLOCKS	"/sys/devices/system/memory"
#define LENGTH	(16UL << 20)
#define KPAGEFLAGS_RESERVED	(1ULL << 32)

static bool is_block_movable(const char *block)
{
	char path[320], zones[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), BLOCKS "/%s/valid_zones", block);
	file = fopen(path, "re");
	if (!file)
		return false;
	ck_assert_int_eq(fscanf(file, "%63s", zones), 1);
	fclose(file);
	return !strcmp(zones, "Movable");
}

static size_t pages_of_block(void)
{
	FILE *file = fopen(BLOCKS "/block_size_bytes", "re");
	unsigned long long bytes;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%llx", &bytes), 1);
	fclose(file);
	return bytes / page;
}

/* One with memory that the kernel gave away while it booted, before there were zones. */
static bool is_block_reserved(const char *block)
{
	size_t pages = pages_of_block(), i;
	uint64_t first = strtoull(block + strlen("memory"), NULL, 10) * pages;
	uint64_t *flags = calloc(pages, sizeof(*flags));
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	ck_assert(flags && fd >= 0);
	got = pread(fd, flags, pages * sizeof(*flags), first * sizeof(*flags));
	ck_assert_int_gt(got, 0);
	for (i = 0; i < got / sizeof(*flags) && !(flags[i] & KPAGEFLAGS_RESERVED); i++)
		;
	close(fd);
	free(flags);
	return i < got / sizeof(*flags);
}

/*
 * Somebody may have a page of it for a moment, of the page cache say. False: there is a hole
 * in it, as at the end of memory, and no kernel takes such a block offline.
 */
static bool take_offline(const char *block)
{
	char path[320];
	int fd, tries, err = -1;

	snprintf(path, sizeof(path), BLOCKS "/%s/state", block);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	for (tries = 0; err < 0 && tries < 3; tries++)
		err = write(fd, "offline", strlen("offline"));
	ck_assert_msg(err > 0 || errno == EINVAL, "%s: %s", block, strerror(errno));
	close(fd);
	return err > 0;
}

static void put_back(const char *block)
{
	char path[320];

	snprintf(path, sizeof(path), BLOCKS "/%s/state", block);
	ck_assert_int_eq(kernel_write(path, "online_movable"), 0);
}

static void expect_bytes(uint64_t id, const char *addr, char byte)
{
	char *bytes = malloc(LENGTH);
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	expect_read(id, 0, bytes, LENGTH);
	for (i = 0; i < LENGTH && bytes[i] == byte; i++)
		;
	ck_assert_uint_eq(i, LENGTH);
	ck_assert(!memcmp(bytes, addr, LENGTH));
	free(bytes);
}

/* Memory that was of the zone until it was pinned keeps none of its blocks. */
START_TEST(blocks_go_offline)
{
	char *addr = map_anon(LENGTH), *beside = map_anon(2 * LENGTH);
	DIR *dir = opendir(BLOCKS);
	struct dirent *entry;
	unsigned int blocks = 0;
	uint64_t id;

	ck_assert_ptr_nonnull(dir);
	memset(addr, 0x44, LENGTH);
	/* Not pinned: moves to another block each time. */
	touch(beside, 2 * LENGTH);
	ck_assert(is_in_zone_movable(addr) && is_in_zone_movable(beside));
	id = expect_pinned(addr, LENGTH, PIN_F_WRITE);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "memory", 6) || !is_block_movable(entry->d_name) ||
		    is_block_reserved(entry->d_name) || !take_offline(entry->d_name))
			continue;
		expect_bytes(id, addr, 0x44);
		put_back(entry->d_name);
		blocks++;
	}
	closedir(dir);
	printf("note: %u blocks of ZONE_MOVABLE were offline while memory was pinned\n", blocks);
	fflush(stdout);
	ck_assert_uint_gt(blocks, 0);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* --- mappings that are replaced */

struct replacer {
	pthread_t thread;
	atomic_bool stop;
	atomic_ulong done;
	char *addr;
};

static void map_there(char *addr, int flags)
{
	ck_assert_ptr_eq(mmap(addr, MEMORY_HUGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0),
			 addr);
	touch(addr, page);
}

static void *replace(void *data)
{
	struct replacer *replacer = data;

	while (!replacer->stop) {
		map_there(replacer->addr, MAP_HUGETLB);
		usleep(500);
		map_there(replacer->addr, 0);
		usleep(500);
		replacer->done++;
	}
	return NULL;
}

static bool may_be_refused_for(uint32_t reason)
{
	return reason == PIN_REASON_HOLE || reason == PIN_REASON_MAPPING_CHANGED ||
	       reason == PIN_REASON_HUGETLB_EMPTY ||
	       reason == PIN_REASON_FAULT_FAILED ||
	       reason == PIN_REASON_MIGRATE_FAILED;
}

/*
 * Small pages before, and at the end now a huge page of ZONE_MOVABLE, now small ones.
 * Whatever PIN says, nothing stays pinned and the kernel has nothing to warn about.
 */
START_TEST(hugetlb_comes_and_goes)
{
	const size_t lead = MEMORY_HUGE;
	char *room = map_anon(3 * MEMORY_HUGE);
	struct replacer replacer = {
		.addr = (char *)(((uintptr_t)room + 2 * MEMORY_HUGE - 1) &
				 -MEMORY_HUGE),
	};
	struct counters before = counters_read();
	/* Later kernels move the huge page and have no reason to refuse. */
	const unsigned int wanted = kernel_before(6, 5) ? 30 : 0;
	unsigned int pinned = 0, refused = 0, rounds;
	struct pin_pin arg;

	ck_assert_int_eq(kernel_write(POOL, "0"), 0);
	ck_assert_int_eq(kernel_write(POOL, "4"), 0);
	map_there(replacer.addr, MAP_HUGETLB);
	ck_assert(is_in_zone_movable(replacer.addr));
	ck_assert_int_eq(pthread_create(&replacer.thread, NULL, replace, &replacer),
			 0);
	for (rounds = 0; rounds < 20000 && (pinned < 30 || refused < wanted ||
					    replacer.done < 100); rounds++) {
		if (!pin_range(replacer.addr - lead / 2, lead, rounds % 2 ?
			       PIN_F_WRITE : 0, &arg)) {
			pinned++;
			ck_assert_int_eq(unpin(arg.id), 0);
		} else {
			refused++;
			ck_assert_msg(may_be_refused_for(arg.refusal.reason), "%s",
				      reason_name(arg.refusal.reason));
		}
	}
	replacer.stop = true;
	pthread_join(replacer.thread, NULL);
	munmap(room, 3 * MEMORY_HUGE);
	counters_expect(&before, "after the race");
	ck_assert_msg(pinned >= 30 && refused >= wanted,
		      "no race: %u pinned, %u refused, %lu times replaced", pinned,
		      refused, replacer.done);
}
END_TEST

Suite *zone_suite(void)
{
	Suite *suite = suite_create("zone");
	TCase *tcase = tcase_with_context("zone");

	tcase_add_test(tcase, pins_leave_the_zone);
	tcase_add_test(tcase, read_pins_of_private_files_leave_it);
	tcase_add_test(tcase, new_memory_is_outside);
	tcase_add_test(tcase, blocks_go_offline);
	tcase_add_test(tcase, hugetlb_comes_and_goes);
	suite_add_tcase(suite, tcase);
	return suite;
}
