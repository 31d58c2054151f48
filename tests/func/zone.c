// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long-term pins on a machine with ZONE_MOVABLE: they leave the zone, and mappings
 * of huge pages that come and go while they are pinned never get as far as the
 * kernel's WARN about them on 6.1, which would be the machine's end here.
 */
#include "harness.h"
#include "memory.h"
#include "pageproof.h"

#include <pthread.h>
#include <stdatomic.h>
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
	tcase_add_test(tcase, new_memory_is_outside);
	tcase_add_test(tcase, hugetlb_comes_and_goes);
	suite_add_tcase(suite, tcase);
	return suite;
}
