// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An administrator takes pins away: of every mode and kind, from owners who do whatever
 * they like meanwhile.  The pages are free, the owner knows, the event tells who did it.
 */
#include "leased.h"
#include "ledger_client.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOBODY	65534
#define HUGE	(2UL << 20)
#define ROUNDS	300
#define RACERS	3

#define OF(event, name)		((event)->u64[PIN_NL_A_EVENT_##name])
#define PIN_OF(event, name)	((event)->pin.u64[PIN_NL_A_PIN_##name])

/* The event comes when what the pin held has been given back. */
static void expect_release_told(uint64_t id, uint64_t addr, uint64_t length)
{
	struct ledger_event event;

	do
		ck_assert_int_eq(ledger_hear(&event), 0);
	while (event.cmd != PIN_NL_CMD_REVOKED);
	ck_assert_uint_eq(PIN_OF(&event, ID), id);
	ck_assert_uint_eq(PIN_OF(&event, STATE), PIN_STATE_REVOKED);
	ck_assert_uint_eq(PIN_OF(&event, REFERENCES), 0);
	ck_assert_uint_eq(PIN_OF(&event, CHARGED_PAGES), 0);
	ck_assert_uint_eq(OF(&event, CAUSE), PIN_CAUSE_ADMIN);
	ck_assert_uint_eq(OF(&event, ADDR), addr);
	ck_assert_uint_eq(OF(&event, LENGTH), length);
	ck_assert_uint_eq(OF(&event, ADMIN_UID), 0);
	ck_assert_uint_eq(OF(&event, ADMIN_PID), getpid());
	ck_assert(event.has[PIN_NL_A_EVENT_ADMIN_COMM]);
}

/* Nothing is pinned or charged any more, though the pin is still in its context. */
static void expect_free(const struct counters *before)
{
	struct counters now = counters_read();

	ck_assert_uint_eq(now.context, before->context + 1);
	now.context = before->context;
	ck_assert_int_eq(memcmp(&now, before, sizeof(now)), 0);
}

static void expect_owner_told(uint64_t id, const void *addr, size_t length)
{
	struct pin_event event = expect_event(id);

	ck_assert_uint_eq(event.cause, PIN_CAUSE_ADMIN);
	ck_assert_uint_eq(event.addr, (uintptr_t)addr);
	ck_assert_uint_eq(event.length, length);
	expect_no_event();
}

/* The whole course, of a pin that was just made. */
static void expect_forced(uint64_t id, void *addr, size_t length, uint32_t mode,
			  const struct counters *before)
{
	struct ledger_totals totals;
	struct ledger_pin told;
	uint64_t forced;

	ck_assert_int_eq(ledger_totals(&totals), 0);
	forced = totals.revocations[PIN_CAUSE_ADMIN];
	ck_assert_int_eq(ledger_force(id), 0);
	expect_owner_told(id, addr, length);
	expect_release_told(id, (uintptr_t)addr, length);
	expect_revoked_of(id, mode);
	expect_free(before);
	ck_assert_int_eq(ledger_totals(&totals), 0);
	ck_assert_uint_eq(totals.revocations[PIN_CAUSE_ADMIN], forced + 1);

	ck_assert_int_eq(ledger_force(id), -ESTALE);
	ck_assert_str_ne(ledger_said.message, "");
	ck_assert_int_eq(ledger_get(id, &told), 0);
	ck_assert_uint_eq(told.u64[PIN_NL_A_PIN_STATE], PIN_STATE_REVOKED);
	ck_assert_uint_eq(told.u64[PIN_NL_A_PIN_MODE], mode);
	ck_assert_int_eq(unpin(id), 0);
	ck_assert_int_eq(ledger_get(id, &told), -ENOENT);
	ck_assert_int_eq(ledger_force(id), -ENOENT);
	counters_expect(before, "after the pin was forced and unpinned");
}

static void *map_devdax(size_t length)
{
	return map_file(need_env("PIN_TEST_DEVDAX"), length, PROT_READ | PROT_WRITE,
			MAP_SHARED);
}

static void *map_private_huge(size_t length)
{
	return map_hugetlb(length, MAP_PRIVATE);
}

static void *map_shmem(size_t length)
{
	void *addr = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);

	ck_assert_ptr_ne(addr, MAP_FAILED);
	return addr;
}

static const struct {
	void *(*map)(size_t length);
	size_t length;
} kinds[] = {
	{ map_anon, 65536 },
	{ map_shmem, 65536 },
	{ map_private_huge, 2 * HUGE },
	{ map_devdax, 2 * HUGE },
};

#define KINDS	(sizeof(kinds) / sizeof(*kinds))

START_TEST(test_longterm)
{
	size_t length = kinds[_i].length;
	char *memory = kinds[_i].map(length);
	struct counters before;
	uint64_t id;

	ledger_connect();
	ledger_listen(0);
	before = counters_read();
	id = expect_pinned(memory, length, PIN_F_WRITE);
	expect_forced(id, memory, length, PIN_MODE_LONGTERM, &before);
	munmap(memory, length);
}
END_TEST

START_TEST(test_lease)
{
	struct counters before;
	struct leased leased;

	ledger_connect();
	ledger_listen(0);
	leased_open(&leased, dax_dirs[_i], 16 * page);
	before = counters_read();
	leased_pin(&leased);
	expect_forced(leased.id, leased.addr, leased.length, PIN_MODE_LEASE, &before);
	/* Nothing holds the file. */
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	leased_close(&leased);
}
END_TEST

/* Anonymous memory in front of a file of a DAX filesystem, in one pin. */
START_TEST(test_mixed)
{
	struct counters before;
	struct leased leased;
	struct pin_pin arg;
	char *both;

	ledger_connect();
	ledger_listen(0);
	leased_open(&leased, dax_dirs[_i], 4 * page);
	both = map_anon(8 * page);
	ck_assert_ptr_eq(mremap(leased.addr, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
				both + 4 * page), both + 4 * page);
	leased.addr = both + 4 * page;
	before = counters_read();
	ck_assert_int_eq(pin_range(both, 8 * page, PIN_F_WRITE | PIN_F_LEASE, &arg), 0);
	expect_forced(arg.id, both, 8 * page, PIN_MODE_LEASE, &before);
	leased_close(&leased);
}
END_TEST

/* Revoked by the kernel before. */
START_TEST(test_too_late)
{
	struct leased leased;

	ledger_connect();
	leased_open(&leased, dax_dirs[_i], 4 * page);
	leased_pin(&leased);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	ck_assert_int_eq(ledger_force(leased.id), -ESTALE);
	expect_event(leased.id);
	expect_no_event();
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

static int force_as_user(void *arg)
{
	uint64_t id;

	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	ledger_connect();
	/* One's own as well, and one that there is not. */
	id = expect_pinned(map_anon(page), page, 0);
	ck_assert_int_eq(ledger_force(id), -EPERM);
	ck_assert_str_ne(ledger_said.message, "");
	ck_assert_int_eq(ledger_force(*(uint64_t *)arg), -EPERM);
	ck_assert_int_eq(ledger_force(UINT64_MAX), -EPERM);
	expect_live(id);
	ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
	ledger_connect();
	ck_assert_int_eq(ledger_force(id), -EPERM);
	return unpin(id);
}

START_TEST(test_forbidden)
{
	uint64_t id;

	ledger_connect();
	id = expect_pinned(map_anon(page), page, 0);
	ck_assert_int_eq(in_child(force_as_user, &id), 0);
	expect_live(id);
	expect_no_event();
}
END_TEST

static int pin_and_end(void *arg)
{
	*(uint64_t *)arg = expect_pinned(map_anon(4 * page), 4 * page, PIN_F_WRITE);
	return 0;
}

/* The process is gone, its pin is not: the case that the command is there for. */
START_TEST(test_owner_gone)
{
	uint64_t *id = map_shmem(page);
	struct counters before;

	ledger_connect();
	ledger_listen(0);
	before = counters_read();
	ck_assert_int_eq(in_child(pin_and_end, id), 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + 4);
	ck_assert_int_eq(ledger_force(*id), 0);
	expect_event(*id);
	expect_revoked_of(*id, PIN_MODE_LONGTERM);
	expect_free(&before);
	ck_assert_int_eq(unpin(*id), 0);
}
END_TEST

/* --- against owners who pin, read and unpin, all at once */

struct race {
	char *memory;
	uint32_t flags;
	_Atomic uint64_t id;	/* of the pin that the race is about; 0: none */
	atomic_bool over;
	atomic_ulong stale;	/* reads that met a pin that was taken away */
	atomic_ulong reads;
};

static void *read_always(void *arg)
{
	struct race *race = arg;
	uint64_t done, id;
	char byte;
	int err;

	while (!race->over) {
		id = race->id;
		if (!id) {
			sched_yield();
			continue;
		}
		err = pin_read(id, 0, &byte, 1, &done);
		ck_assert(!err || err == -ESTALE || err == -ENOENT);
		race->stale += err == -ESTALE;
		race->reads += !err;
	}
	return NULL;
}

static void *unpin_always(void *arg)
{
	struct race *race = arg;
	uint64_t id;

	while (!race->over) {
		id = race->id;
		if (!id || random() % 4 == 0 || !atomic_compare_exchange_strong(&race->id, &id, 0))
			sched_yield();
		else
			ck_assert_int_eq(unpin(id), 0);
	}
	return NULL;
}

/*
 * Who unpins while somebody reads leaves the pages to him, and whoever forces the release
 * then is not waited for.
 */
static void await_released(void)
{
	struct ledger_totals totals;
	int tries;

	for (tries = 0; tries < 3000; tries++) {
		ck_assert_int_eq(ledger_totals(&totals), 0);
		if (!totals.u64[PIN_NL_A_TOTALS_REFERENCES])
			return;
		usleep(10000);
	}
	ck_abort_msg("%llu references are left",
		     (unsigned long long)totals.u64[PIN_NL_A_TOTALS_REFERENCES]);
}

/* Each round: a pin is there, three threads go for it, and whoever comes first wins. */
static unsigned long fight(struct race *race, size_t length)
{
	pthread_t threads[RACERS];
	unsigned long forced = 0;
	struct pin_pin arg;
	uint64_t id;
	int i, err;

	for (i = 0; i < RACERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						i ? read_always : unpin_always, race), 0);
	for (i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(pin_range(race->memory, length, race->flags, &arg), 0);
		id = arg.id;
		race->id = id;
		if (i % 3)
			sched_yield();
		err = ledger_force(id);
		ck_assert_msg(!err || err == -ENOENT, "force: %s", strerror(-err));
		forced += !err;
		while (race->id)
			sched_yield();
	}
	race->over = true;
	for (i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	await_released();
	return forced;
}

START_TEST(test_race)
{
	struct race race = { .flags = PIN_F_WRITE };
	unsigned long forced;

	ledger_connect();
	race.memory = map_anon(32 * page);
	forced = fight(&race, 32 * page);
	printf("note: of %d pins %lu were taken away, %lu reads, %lu of a revoked pin\n", ROUNDS,
	       forced, race.reads, race.stale);
	ck_assert_uint_gt(forced, 0);
	/* The fixture counts what is left. */
}
END_TEST

START_TEST(test_race_of_leases)
{
	struct race race = { .flags = PIN_F_WRITE | PIN_F_LEASE };
	struct leased leased;

	ledger_connect();
	leased_open(&leased, dax_dirs[_i], 32 * page);
	race.memory = leased.addr;
	ck_assert_uint_gt(fight(&race, leased.length), 0);
	leased_close(&leased);
}
END_TEST

Suite *ledger_release_suite(void)
{
	Suite *suite = suite_create("ledger-release");
	TCase *tcase = tcase_with_context("ledger-release");

	tcase_add_loop_test(tcase, test_longterm, 0, KINDS);
	tcase_add_loop_test(tcase, test_lease, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, test_mixed, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, test_too_late, 0, DAX_DIRS);
	tcase_add_test(tcase, test_forbidden);
	tcase_add_test(tcase, test_owner_gone);
	tcase_add_test(tcase, test_race);
	tcase_add_loop_test(tcase, test_race_of_leases, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
