// SPDX-License-Identifier: GPL-2.0-or-later
/* The battle of leases: see battle.h. */
#include "battle.h"
#include "delay.h"
#include "leased.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BATTLE_PAGES	16
#define LONGEST_S	900	/* of a battle that is not decided */
#define REST_US	500000	/* the longest that a PIN is taken to last */
#define PATIENCE_US	5000000	/* how long one that succeeds is waited for */
#define TELL_S	60	/* between two words on how it goes */
#define FORGOTTEN_US	30000000	/* of a truncate that somebody will have to wake */
#define LEASE	(PIN_F_WRITE | PIN_F_LEASE)

static atomic_bool stop;

/* Outcomes that the driver counts, as its delay points. */
static const char *const points[] = { "lease_retry", "lease_lost", "lease_settled" };

#define POINTS	(sizeof(points) / sizeof(*points))

struct battle {
	struct leased leased;
	const char *dir;
	unsigned long start;
	unsigned long hits[POINTS];	/* of the points, at the start */
	atomic_ulong pins, refusals, revoked, stale_reads, stale_writes, closed;
	atomic_ulong truncates, punches, discards;
	atomic_ulong truncates_since, punches_since;	/* when the call was made; 0: in none */
	struct counters before;
	unsigned long woken;
	atomic_ullong last_id;
	atomic_ulong pin_us;	/* what the fastest PIN took, its delays included */
};

static unsigned long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000UL + now.tv_nsec / 1000;
}

/*
 * Who disturbs leases leaves time enough for a PIN to succeed now and then: how long that
 * takes differs by a factor of a hundred from machine to machine, and with what else runs
 * there. So it is waited for, but not for ever: nobody else may be pinning.
 */
static void rest(struct battle *battle, unsigned int pins)
{
	unsigned long pin_us = battle->pin_us, succeeded = battle->pins;
	unsigned long until = now_us() + PATIENCE_US;

	/* The first one that succeeds can have met any number of disturbances. */
	if (!pin_us || pin_us > REST_US)
		pin_us = REST_US;
	usleep(pins * pin_us);
	while (!stop && battle->pins == succeeded && now_us() < until)
		usleep(1000);
}

static void fight_pin(struct battle *battle)
{
	unsigned long start = now_us(), took;
	struct pin_query queried;
	struct pin_pin arg;
	int err;

	err = pin_range(battle->leased.addr, battle->leased.length, LEASE, &arg);
	if (err) {
		/* Nothing but what a file and a mapping in motion explain. */
		ck_assert_msg(arg.refusal.reason == PIN_REASON_BEYOND_EOF ||
			      arg.refusal.reason == PIN_REASON_MAPPING_CHANGED ||
			      arg.refusal.reason == PIN_REASON_DEVICE_BUSY ||
			      arg.refusal.reason == PIN_REASON_FAULT_FAILED,
			      "PIN says %s", reason_name(arg.refusal.reason));
		battle->refusals++;
		return;
	}
	/* A refusal can be quick, and says nothing about how long a PIN takes. */
	took = now_us() - start;
	if (!battle->pin_us || took < battle->pin_us)
		battle->pin_us = took;
	battle->pins++;
	battle->last_id = arg.id;
	ck_assert_int_eq(query(arg.id, &queried), 0);
	if (queried.state == PIN_STATE_REVOKED)
		battle->revoked++;
	/* Time for those who read and write through it. */
	usleep(arg.id % 4 * 10000);
	ck_assert_int_eq(unpin(arg.id), 0);
}

/* Was the pin there, and gone before the last byte? */
static bool was_revoked(int err, uint64_t done)
{
	return err == -ESTALE || (!err && done < BATTLE_PAGES * page);
}

/* Page by page, each held up for a moment: whoever revokes comes in between. */
static void fight_access(struct battle *battle)
{
	static char bytes[BATTLE_PAGES << 12];
	uint64_t done;
	int err;

	err = pin_read(battle->last_id, 0, bytes, sizeof(bytes), &done);
	battle->stale_reads += was_revoked(err, done);
	err = pin_write(battle->last_id, 0, bytes, sizeof(bytes), &done);
	battle->stale_writes += was_revoked(err, done);
	usleep(1000);
}

static void fight_truncate(struct battle *battle)
{
	battle->truncates_since = now_us();
	ck_assert_int_eq(ftruncate(battle->leased.fd, page), 0);
	ck_assert_int_eq(ftruncate(battle->leased.fd, battle->leased.length), 0);
	battle->truncates_since = 0;
	battle->truncates++;
	rest(battle, 4);
}

static void fight_punch(struct battle *battle)
{
	battle->punches_since = now_us();
	ck_assert_int_eq(fallocate(battle->leased.fd, FALLOC_FL_PUNCH_HOLE |
				   FALLOC_FL_KEEP_SIZE, 4 * page, 8 * page), 0);
	battle->punches_since = 0;
	battle->punches++;
	rest(battle, 3);
}

static void fight_discard(struct battle *battle)
{
	ck_assert_int_eq(madvise(battle->leased.addr + 2 * page, 4 * page,
				 MADV_DONTNEED), 0);
	battle->discards++;
	rest(battle, 5);
}

/*
 * A context of one's own, closed with whatever state its leases are in; every other
 * time they are lost right before, and a worker has just begun.
 */
static void fight_close(struct battle *battle)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = LEASE,
		.addr = (uintptr_t)battle->leased.addr,
		.length = battle->leased.length,
	};
	int fd = open("/dev/pin", O_RDWR | O_CLOEXEC), i;

	ck_assert_int_ge(fd, 0);
	for (i = 0; i < 3; i++)
		ioctl(fd, PIN_IOC_PIN, &arg);
	if (battle->closed % 2)
		ck_assert_int_eq(madvise(battle->leased.addr, page, MADV_DONTNEED), 0);
	close(fd);
	battle->closed++;
}

/*
 * What a truncate has taken is behind the end of the file, where a process gets SIGBUS
 * and the kernel, which faults in on its behalf, EFAULT.
 */
static void fight_fault(struct battle *battle)
{
	size_t i;

	for (i = 0; i < battle->leased.length; i += page)
		madvise(battle->leased.addr + i, page, MADV_POPULATE_WRITE);
	rest(battle, 1);
}

struct fighter {
	struct battle *battle;
	void (*fight)(struct battle *battle);
};

static void *run_fighter(void *data)
{
	struct fighter *fighter = data;

	while (!stop)
		fighter->fight(fighter->battle);
	return NULL;
}

/* How often each outcome must have happened; the long run asks for more. */
static unsigned long wanted(void)
{
	const char *set = getenv("PIN_TEST_OUTCOMES");

	return set ? strtoul(set, NULL, 10) : 1;
}

/* And how long the battle lasts at least. */
static unsigned int seconds(void)
{
	const char *set = getenv("PIN_TEST_SECONDS");

	return set ? strtoul(set, NULL, 10) : 5;
}

/* How often callers have come to a point of @points since the start. */
static unsigned long hits_since(const struct battle *battle, size_t point)
{
	return delay_hits(points[point]) - battle->hits[point];
}

static bool is_decided(const struct battle *battle)
{
	size_t i;

	for (i = 0; i < POINTS; i++)
		if (hits_since(battle, i) < wanted())
			return false;
	return battle->revoked >= wanted() && battle->stale_reads >= wanted() &&
	       battle->stale_writes >= wanted() && battle->closed >= wanted();
}

/* What it has come to so far. */
static void tell(const struct battle *battle)
{
	printf("%s, %lu s: %lu truncates, %lu punches, %lu discards, %lu pins, %lu refusals, "
	       "%lu races lost, %lu revoked during PIN, %lu soon after, %lu reads and "
	       "%lu writes revoked, %lu contexts closed, %lu during revocation\n",
	       battle->dir, (now_us() - battle->start) / 1000000, battle->truncates,
	       battle->punches, battle->discards, battle->pins, battle->refusals,
	       hits_since(battle, 0), hits_since(battle, 1), battle->revoked,
	       battle->stale_reads, battle->stale_writes, battle->closed,
	       hits_since(battle, 2));
	fflush(stdout);
}

static bool is_long_ago(unsigned long since)
{
	return since && now_us() - since > FORGOTTEN_US;
}

/* Has a truncate or a punch begun long ago, and not come back? */
static bool is_forgotten(const struct battle *battle)
{
	return is_long_ago(battle->truncates_since) || is_long_ago(battle->punches_since);
}

/*
 * On Linux 7.2 a mapping holds a page as well. A truncate finds one that somebody holds
 * for a moment (another madvise() that unmaps it, say), sleeps until nobody does, and the
 * page is faulted in again meanwhile: then nobody wakes it until the page is unmapped. Which
 * is what it is, and no lease, if nothing is pinned and unmapping helps.
 */
static void wake_forgotten(struct battle *battle)
{
	unsigned long until = now_us() + FORGOTTEN_US;
	struct counters now = counters_read();

	ck_assert_msg(!kernel_before(6, 15), "a truncate never comes back");
	ck_assert_uint_eq(now.pinned, battle->before.pinned);
	ck_assert_uint_eq(now.system, battle->before.system);
	/* Who waits behind it for the file can be forgotten the same way. */
	while (is_forgotten(battle) && now_us() < until) {
		ck_assert_int_eq(madvise(battle->leased.addr, battle->leased.length,
					 MADV_DONTNEED), 0);
		usleep(PATIENCE_US / 5);
	}
	ck_assert_msg(!is_forgotten(battle), "a truncate waits for what nobody has");
	battle->woken++;
}

/* Until it has lasted long enough and is decided, or never will be. */
static bool watch(struct battle *battle)
{
	unsigned long took, told = 0;
	bool decided;

	do {
		usleep(100000);
		if (is_forgotten(battle))
			wake_forgotten(battle);
		decided = is_decided(battle);
		took = (now_us() - battle->start) / 1000000;
		if (took >= told + TELL_S) {
			tell(battle);
			told = took;
		}
	} while (took < seconds() || (!decided && took < LONGEST_S));
	return decided;
}

START_TEST(all_at_once)
{
	static void (*const fights[])(struct battle *battle) = {
		fight_pin, fight_pin, fight_access, fight_truncate, fight_punch,
		fight_discard, fight_close, fight_fault,
	};
	enum { FIGHTERS = sizeof(fights) / sizeof(*fights) };
	unsigned long events = 0;
	static struct battle battle;
	struct fighter fighters[FIGHTERS];
	pthread_t threads[FIGHTERS];
	struct pin_event event;
	bool decided;
	size_t i;

	for (i = 0; i < POINTS; i++)
		battle.hits[i] = delay_hits(points[i]);
	battle.start = now_us();
	battle.dir = dax_dirs[_i];
	battle.before = counters_read();
	leased_open(&battle.leased, dax_dirs[_i], BATTLE_PAGES * page);
	/* One emulated CPU hardly ever switches by itself inside the windows. */
	delay_hold_ms("lease_pinned", 2);
	delay_hold_ms("publish", 20);
	delay_hold_ms("access", 2);
	delay_hold_ms("unpin", 2);
	stop = false;
	for (i = 0; i < FIGHTERS; i++) {
		fighters[i] = (struct fighter) { &battle, fights[i] };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_fighter,
						&fighters[i]), 0);
	}
	decided = watch(&battle);
	stop = true;
	for (i = 0; i < FIGHTERS; i++)
		pthread_join(threads[i], NULL);
	delay_release_all();

	ck_assert_int_eq(fcntl(pin_fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	while (read(pin_fd, &event, sizeof(event)) > 0)
		events += 1 + event.lost;
	tell(&battle);
	printf("%lu events, %lu truncates that waited for a mapping\n", events, battle.woken);
	fflush(stdout);
	ck_assert_uint_ge(events, battle.revoked);
	/* Each outcome happened, or the battle proves nothing. */
	ck_assert(decided);
	leased_close(&battle.leased);
}
END_TEST

TCase *battle_tcase(void)
{
	TCase *tcase = tcase_with_context("battle");

	tcase_set_timeout(tcase, 3600);
	tcase_add_checked_fixture(tcase, delay_release_all, NULL);
	tcase_add_loop_test(tcase, all_at_once, 0, DAX_DIRS);
	return tcase;
}
