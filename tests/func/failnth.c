// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever the driver is asked for, any allocation and any copy from or to the user
 * may fail: the n-th, for n = 1, 2, ... until the call makes fewer than that. Then the
 * call succeeds, or says why not in one of few ways, has changed nothing, and the
 * descriptor goes on working. What releases must not fail at all.
 *
 * Memory is made anew for each call: what a call leaves behind, page tables, nodes of
 * a tree, the next one would not have to allocate, and the sweep would pass over it.
 * The kernel's own caches are filled when they are empty, which a sweep can stumble
 * over, so it is made more than once: PIN_TEST_FAILNTH says how often.
 */
#include "commands.h"
#include "failnth_load.h"
#include "faults.h"
#include "leased.h"
#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define READ_WRITE	(PROT_READ | PROT_WRITE)
#define LEASE		(PIN_F_WRITE | PIN_F_LEASE)

/* So many runs are several chunks of the driver's. */
#define MANY_PAGES	601

/* Coprime to MANY_PAGES. */
#define MANY_STRIDE	7

#define LEASE_PAGES	8
#define ACCESS_PAGES	3
#define EVENTS		2

/* A sweep that goes on for longer does not end. */
#define FAULTS_MAX	2000

/* Contexts to a node of the ledger's tree. */
#define NODE_CONTEXTS	64

/* Times that each sweep is made, unless told otherwise. */
#define PASSES	2

/**
 * struct scenario - a call that is swept
 * @name: for messages
 * @number: of the ioctl, or 0
 * @act: the call, if it is no ioctl; 0 or -errno
 * @make: what the call needs
 * @expect: looks at the answer and undoes what the call has done
 * @flags: of the ioctl
 * @expected: the answer if nothing fails
 * @allowed: the errnos that a fault may lead to
 * @partial: a call that fails may have done something
 * @once: a process makes it differently the first time
 * @times: makes one call of so many differently, whichever that is
 */
struct scenario {
	const char *name;
	unsigned int number;
	int (*act)(void);
	void (*make)(const struct scenario *scenario);
	void (*expect)(const struct scenario *scenario, int err);
	uint32_t flags;
	int expected;
	int allowed[3];
	bool partial;
	bool once;
	unsigned int times;
};

/* What the call at hand is about; faulty: something has failed in it. */
static struct {
	struct memory memory;
	struct leased leased[EVENTS];
	unsigned int leases;
	union any request;
	uint64_t id;
	int fd;
	bool faulty;
	struct pin_event events[EVENTS];
	ssize_t bytes;
} stage;

/* For arrays of all kinds. */
static _Alignas(4096) unsigned char room[ACCESS_PAGES * 4096];

/* --- memory */

static void make_anon(void)
{
	memory_place_anonymous(&stage.memory, ACCESS_PAGES * page);
}

/* Pages whose neighbours come from elsewhere. */
static void make_many(void)
{
	char *place = memory_place_anonymous(&stage.memory, MANY_PAGES * page);
	unsigned int i;

	for (i = 0; i < MANY_PAGES; i++)
		place[i * MANY_STRIDE % MANY_PAGES * page] = 1;
}

static void make_thp(void)
{
	char *place = memory_place(&stage.memory, MEMORY_HUGE, MEMORY_HUGE);

	memory_map(place, MEMORY_HUGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_int_eq(madvise(place, MEMORY_HUGE, MADV_HUGEPAGE), 0);
}

static void make_hugetlb(void)
{
	memory_map(memory_place(&stage.memory, 2 * MEMORY_HUGE, MEMORY_HUGE),
		   2 * MEMORY_HUGE, READ_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
}

static void map_memfd(char *place)
{
	int fd = memory_owns(&stage.memory, memfd_create("failnth", MFD_CLOEXEC), "memfd");

	ck_assert_int_eq(ftruncate(fd, ACCESS_PAGES * page), 0);
	memory_map(place, ACCESS_PAGES * page, READ_WRITE, MAP_SHARED, fd, 0);
}

static void make_memfd(void)
{
	map_memfd(memory_place(&stage.memory, ACCESS_PAGES * page, page));
}

static int own_file(const char *dir_variable, size_t length)
{
	const char *path = make_file(dir_variable, length);
	int fd = memory_owns(&stage.memory, open(path, O_RDWR | O_CLOEXEC), path);

	ck_assert_int_eq(unlink(path), 0);
	return fd;
}

static void make_file_private(void)
{
	memory_map(memory_place(&stage.memory, ACCESS_PAGES * page, page),
		   ACCESS_PAGES * page, READ_WRITE, MAP_PRIVATE,
		   own_file("PIN_TEST_EXT4", ACCESS_PAGES * page), 0);
}

static void make_devdax(void)
{
	const char *path = need_env("PIN_TEST_DEVDAX");

	memory_map(memory_place(&stage.memory, MEMORY_HUGE, MEMORY_HUGE), MEMORY_HUGE,
		   READ_WRITE, MAP_SHARED,
		   memory_owns(&stage.memory, open(path, O_RDWR | O_CLOEXEC), path), 0);
}

static void map_dax(char *place, const char *dir_variable)
{
	size_t length = LEASE_PAGES * page;

	memory_map(place, length, READ_WRITE, MAP_SHARED,
		   own_file(dir_variable, length), 0);
}

static void make_ext4dax(void)
{
	map_dax(memory_place(&stage.memory, LEASE_PAGES * page, page), dax_dirs[0]);
}

static void make_xfsdax(void)
{
	map_dax(memory_place(&stage.memory, LEASE_PAGES * page, page), dax_dirs[1]);
}

/* anonymous | DAX | memfd | DAX: both filesystems, pages for the long term between. */
static void make_two_leases(void)
{
	char *place = memory_place(&stage.memory,
				   (2 * LEASE_PAGES + ACCESS_PAGES) * page, page);

	map_dax(place, dax_dirs[0]);
	map_memfd(place + LEASE_PAGES * page);
	map_dax(place + (LEASE_PAGES + ACCESS_PAGES) * page, dax_dirs[1]);
}

/* anonymous | memfd | file, private | hugetlb */
static void make_mixed(void)
{
	size_t small = ACCESS_PAGES * page;
	char *place = memory_place(&stage.memory, MEMORY_HUGE * 2, MEMORY_HUGE);

	memory_map(place, MEMORY_HUGE, READ_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	place += MEMORY_HUGE;
	map_memfd(place);
	memory_map(place + small, small, READ_WRITE, MAP_PRIVATE,
		   own_file("PIN_TEST_EXT4", small), 0);
	stage.memory.length = place + 2 * small - stage.memory.addr;
}

/* The same, and filesystem DAX at the end. */
static void make_bad_end(void)
{
	make_mixed();
	map_dax(stage.memory.addr + stage.memory.length, dax_dirs[0]);
	stage.memory.length += LEASE_PAGES * page;
}

/* --- PIN */

#define REPORTS	8

static void ask_pin(const struct scenario *scenario)
{
	struct pin_pin *arg = &stage.request.pin;

	*arg = (struct pin_pin) {
		.size = sizeof(*arg),
		.flags = scenario->flags,
		.addr = (uintptr_t)stage.memory.addr,
		.length = stage.memory.length,
		.cookie = 77,
	};
	memset(&arg->id, POISON, sizeof(*arg) - offsetof(struct pin_pin, id));
}

static void ask_reports(void)
{
	stage.request.pin.reports = (uintptr_t)room;
	stage.request.pin.reports_capacity = REPORTS;
	stage.request.pin.report_size = sizeof(struct pin_report);
}

#define PIN_MAKER(what)							\
static void pin_##what(const struct scenario *scenario)			\
{									\
	make_##what();							\
	ask_pin(scenario);						\
}
PIN_MAKER(anon)
PIN_MAKER(many)
PIN_MAKER(thp)
PIN_MAKER(hugetlb)
PIN_MAKER(memfd)
PIN_MAKER(file_private)
PIN_MAKER(devdax)
PIN_MAKER(ext4dax)
PIN_MAKER(xfsdax)
PIN_MAKER(two_leases)

static void pin_reports(const struct scenario *scenario)
{
	make_mixed();
	ask_pin(scenario);
	ask_reports();
}

static void pin_refused(const struct scenario *scenario)
{
	make_bad_end();
	ask_pin(scenario);
	ask_reports();
}

static void expect_pin_done(void)
{
	const struct pin_pin *arg = &stage.request.pin;
	struct pin_query queried;

	ck_assert_uint_eq(arg->refusal.reason, 0);
	ck_assert_uint_eq(arg->pages, stage.memory.length / page);
	ck_assert_int_eq(query(arg->id, &queried), 0);
	ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	ck_assert_uint_eq(queried.pages, arg->pages);
	ck_assert_int_eq(unpin(arg->id), 0);
}

/* Does the reason tell of what has failed, or of what the call is to be refused for? */
static void expect_reason(const struct scenario *scenario, int err)
{
	const struct pin_refusal *refusal = &stage.request.pin.refusal;

	const uint32_t reason = err == scenario->expected ? PIN_REASON_FSDAX :
							    PIN_REASON_NO_MEMORY;

	ck_assert_msg(refusal->reason == reason, "%s: %s", strerror(-err),
		      reason_name(refusal->reason));
	ck_assert_int_eq(refusal->error, -err);
	ck_assert_uint_ge(refusal->addr, stage.request.pin.addr);
	ck_assert_uint_lt(refusal->addr,
			  stage.request.pin.addr + stage.request.pin.length);
}

static void expect_pin(const struct scenario *scenario, int err)
{
	const struct pin_pin *arg = &stage.request.pin;
	const size_t outputs = sizeof(*arg) - offsetof(struct pin_pin, id);
	const unsigned char *bytes = (const void *)&arg->id;

	if (!err) {
		expect_pin_done();
		return;
	}
	if (err != -EFAULT) {
		expect_reason(scenario, err);
		ck_assert_uint_eq(arg->id, 0);
		return;
	}
	/* Nothing could be read, or nothing be answered. */
	ck_assert_msg(differs_at(bytes, 0, outputs, 0) == outputs ||
		      differs_at(bytes, 0, outputs, POISON) == outputs,
		      "a bad pointer, and %s", reason_name(arg->refusal.reason));
}

static void expect_many(const struct scenario *scenario, int err)
{
	/* Else the sweep is not about chunks. */
	if (!err)
		ck_assert_uint_gt(stage.request.pin.runs, MANY_PAGES / 2);
	expect_pin(scenario, err);
}

/* --- what asks */

static void info_make(const struct scenario *scenario)
{
	stage.request.info.size = sizeof(stage.request.info);
}

static void ask_check(const struct scenario *scenario)
{
	struct pin_check *arg = &stage.request.check;

	*arg = (struct pin_check) {
		.size = sizeof(*arg),
		.flags = scenario->flags,
		.report_size = sizeof(struct pin_report),
		.addr = (uintptr_t)stage.memory.addr,
		.length = stage.memory.length,
		.reports = (uintptr_t)room,
		.reports_capacity = REPORTS,
	};
}

static void check_self(const struct scenario *scenario)
{
	make_bad_end();
	ask_check(scenario);
}

static void check_other(const struct scenario *scenario)
{
	pid_t pid;

	make_bad_end();
	pid = fork_child();
	if (!pid)
		for (;;)
			pause();
	stage.memory.child = pid;
	ask_check(scenario);
	stage.request.check.pid = pid;
}

static void check_lease(const struct scenario *scenario)
{
	make_two_leases();
	ask_check(scenario);
}

static void expect_check(const struct scenario *scenario, int err)
{
	const struct pin_check *arg = &stage.request.check;

	if (err)
		return;
	ck_assert_uint_ge(arg->reports_count, 4);
	ck_assert_uint_eq(arg->next, arg->addr + arg->length);
	if (scenario->flags & PIN_CHECK_LEASE)
		ck_assert_uint_eq(arg->refusal.reason, 0);
	else
		ck_assert_uint_eq(arg->refusal.reason, PIN_REASON_FSDAX);
}

static void make_pin(uint32_t flags)
{
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(stage.memory.addr, stage.memory.length, flags, &arg), 0);
	stage.id = arg.id;
}

static void query_make(const struct scenario *scenario)
{
	make_anon();
	make_pin(PIN_F_WRITE);
	stage.request.query = (struct pin_query) {
		.size = sizeof(stage.request.query),
		.id = stage.id,
		.nodes = (uintptr_t)room,
		.nodes_capacity = sizeof(room) / sizeof(uint64_t),
	};
}

static void list_make(const struct scenario *scenario)
{
	make_anon();
	make_pin(PIN_F_WRITE);
	stage.request.list = (struct pin_list) {
		.size = sizeof(stage.request.list),
		.cursor = stage.id - 1,
		.ids = (uintptr_t)room,
		.ids_capacity = 1,
	};
}

static void runs_make(const struct scenario *scenario)
{
	make_many();
	make_pin(PIN_F_WRITE);
	stage.request.runs = (struct pin_runs) {
		.size = sizeof(stage.request.runs),
		.id = stage.id,
		.runs = (uintptr_t)room,
		.runs_capacity = 16,
		.run_size = sizeof(struct pin_run),
	};
}

static void expect_kept(const struct scenario *scenario, int err)
{
	ck_assert_int_eq(unpin(stage.id), 0);
}

static void ask_access(void)
{
	stage.request.access = (struct pin_access) {
		.size = sizeof(stage.request.access),
		.id = stage.id,
		.buffer = (uintptr_t)room,
		.length = ACCESS_PAGES * page,
		.done = POISON,
	};
}

static void access_longterm(const struct scenario *scenario)
{
	make_anon();
	make_pin(PIN_F_WRITE);
	ask_access();
}

static void access_lease(const struct scenario *scenario)
{
	make_two_leases();
	make_pin(LEASE);
	ask_access();
}

/* As with read(2), what was done counts more than why it was not more. */
static void expect_access(const struct scenario *scenario, int err)
{
	struct pin_access *arg = &stage.request.access;

	if (!err) {
		ck_assert(arg->done);
		if (!stage.faulty)
			ck_assert_uint_eq(arg->done, arg->length);
		ck_assert_int_eq(memcmp(room, stage.memory.addr, arg->done), 0);
	}
	ck_assert_int_eq(call(scenario->number, arg), 0);
	ck_assert_uint_eq(arg->done, arg->length);
	ck_assert_int_eq(memcmp(room, stage.memory.addr, arg->length), 0);
	ck_assert_int_eq(unpin(stage.id), 0);
}

/* --- what releases */

static void make_lease(const char *dir_variable)
{
	struct leased *leased = &stage.leased[stage.leases++];

	leased_open(leased, dir_variable, LEASE_PAGES * page);
	leased_pin(leased);
	stage.id = leased->id;
}

static void take_back(const struct leased *leased)
{
	ck_assert_int_eq(ftruncate(leased->fd, 0), 0);
	expect_revoked(leased->id);
}

static void ask_unpin(void)
{
	stage.request.unpin = (struct pin_unpin) {
		.size = sizeof(stage.request.unpin),
		.id = stage.id,
	};
}

static void unpin_longterm(const struct scenario *scenario)
{
	make_many();
	make_pin(PIN_F_WRITE);
	ask_unpin();
}

static void unpin_lease(const struct scenario *scenario)
{
	make_two_leases();
	make_pin(LEASE);
	ask_unpin();
}

static void unpin_revoked(const struct scenario *scenario)
{
	make_lease(dax_dirs[0]);
	take_back(&stage.leased[0]);
	expect_event(stage.id);
	ask_unpin();
}

/* Only the request can be unreadable. */
static void expect_unpin(const struct scenario *scenario, int err)
{
	struct pin_query gone;

	if (err)
		ck_assert_int_eq(call(PIN_IOC_UNPIN, &stage.request), 0);
	ck_assert_int_eq(query(stage.id, &gone), -ENOENT);
}

static int act_open(void)
{
	stage.fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	return stage.fd < 0 ? -errno : 0;
}

static void make_nothing(const struct scenario *scenario)
{
}

static void expect_open(const struct scenario *scenario, int err)
{
	if (!err)
		ck_assert_int_eq(close(stage.fd), 0);
}

/* A context of its own, with pins of all kinds and an event. */
static void close_make(const struct scenario *scenario)
{
	int fixture = pin_fd;

	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(pin_fd, 0);
	stage.fd = pin_fd;
	make_many();
	make_pin(PIN_F_WRITE);
	make_lease(dax_dirs[0]);
	make_lease(dax_dirs[1]);
	take_back(&stage.leased[1]);
	pin_fd = fixture;
}

static int act_close(void)
{
	return close(stage.fd) ? -errno : 0;
}

static void expect_nothing(const struct scenario *scenario, int err)
{
}

/* --- what revokes, and what tells of it */

static void lease_ext4(const struct scenario *scenario)
{
	make_lease(dax_dirs[0]);
}

static void lease_xfs(const struct scenario *scenario)
{
	make_lease(dax_dirs[1]);
}

static int act_truncate(void)
{
	return ftruncate(stage.leased[0].fd, 0) ? -errno : 0;
}

/* In the middle, so that what is left is two mappings. */
static int act_munmap(void)
{
	struct leased *leased = &stage.leased[0];

	return munmap(leased->addr + 2 * page, 2 * page) ? -errno : 0;
}

/* Whoever could not take the pages back tries again. */
static void expect_revocation(const struct scenario *scenario, int err)
{
	if (err)
		ck_assert_int_eq(scenario->act(), 0);
	expect_revoked(stage.id);
	expect_event(stage.id);
	expect_no_event();
	ck_assert_int_eq(unpin(stage.id), 0);
}

static void read_make(const struct scenario *scenario)
{
	unsigned int i;

	for (i = 0; i < EVENTS; i++) {
		make_lease(dax_dirs[i]);
		take_back(&stage.leased[i]);
	}
}

static int act_read(void)
{
	stage.bytes = read(pin_fd, stage.events, sizeof(stage.events));
	return stage.bytes < 0 ? -errno : 0;
}

/* An event that could not be told is told to the next reader, in its turn. */
static void expect_events(const struct scenario *scenario, int err)
{
	unsigned int i, told = err ? 0 : stage.bytes / sizeof(*stage.events);

	if (!err) {
		ck_assert_int_eq(stage.bytes % sizeof(*stage.events), 0);
		ck_assert_uint_gt(told, 0);
	}
	for (i = 0; i < EVENTS; i++) {
		if (i < told)
			ck_assert_uint_eq(stage.events[i].id, stage.leased[i].id);
		else
			ck_assert_uint_eq(expect_event(stage.leased[i].id).lost, 0);
		ck_assert_int_eq(unpin(stage.leased[i].id), 0);
	}
	expect_no_event();
}

/* --- the sweep */

#define NO_MEMORY_OR_FAULT	{ ENOMEM, EFAULT }
#define PINS(_name, _make, _flags)					\
	{ .name = _name, .number = PIN_IOC_PIN, .make = _make,		\
	  .expect = expect_pin, .flags = _flags, .allowed = NO_MEMORY_OR_FAULT }
#define ASKS(_name, _number, _make, _expect, _flags)			\
	{ .name = _name, .number = _number, .make = _make, .expect = _expect, \
	  .flags = _flags, .allowed = NO_MEMORY_OR_FAULT }
#define UNPINS(_name, _make)						\
	{ .name = _name, .number = PIN_IOC_UNPIN, .make = _make,	\
	  .expect = expect_unpin, .allowed = { EFAULT } }

static const struct scenario scenarios[] = {
	{ .name = "open", .act = act_open, .make = make_nothing, .expect = expect_open,
	  .allowed = NO_MEMORY_OR_FAULT, .times = NODE_CONTEXTS },
	{ .name = "close", .act = act_close, .make = close_make, .expect = expect_nothing },
	{ .name = "INFO", .number = PIN_IOC_INFO, .make = info_make,
	  .expect = expect_nothing, .allowed = { EFAULT } },

	PINS("PIN small", pin_anon, PIN_F_WRITE),
	PINS("PIN for reading", pin_anon, 0),
	{ .name = "PIN many runs", .number = PIN_IOC_PIN, .make = pin_many,
	  .expect = expect_many, .flags = PIN_F_WRITE, .allowed = NO_MEMORY_OR_FAULT },
	PINS("PIN huge page", pin_thp, PIN_F_WRITE),
	PINS("PIN hugetlb", pin_hugetlb, PIN_F_WRITE),
	PINS("PIN hugetlb for reading", pin_hugetlb, 0),
	PINS("PIN memfd", pin_memfd, PIN_F_WRITE),
	PINS("PIN private file", pin_file_private, PIN_F_WRITE),
	PINS("PIN device-dax", pin_devdax, PIN_F_WRITE),
	PINS("PIN with reports", pin_reports, PIN_F_WRITE),
	{ .name = "PIN refused", .number = PIN_IOC_PIN, .make = pin_refused,
	  .expect = expect_pin, .flags = PIN_F_WRITE, .expected = -EOPNOTSUPP,
	  .allowed = NO_MEMORY_OR_FAULT },
	PINS("PIN lease ext4", pin_ext4dax, LEASE),
	PINS("PIN lease xfs", pin_xfsdax, LEASE),
	PINS("PIN two leases", pin_two_leases, LEASE),
	{ .name = "PIN first lease", .number = PIN_IOC_PIN, .make = pin_two_leases,
	  .expect = expect_pin, .flags = LEASE, .allowed = NO_MEMORY_OR_FAULT,
	  .once = true },

	ASKS("CHECK", PIN_IOC_CHECK, check_self, expect_check,
	     PIN_CHECK_WRITE | PIN_CHECK_LIMITS),
	ASKS("CHECK another", PIN_IOC_CHECK, check_other, expect_check, PIN_CHECK_WRITE),
	ASKS("CHECK lease", PIN_IOC_CHECK, check_lease, expect_check,
	     PIN_CHECK_WRITE | PIN_CHECK_LEASE),
	ASKS("QUERY", PIN_IOC_QUERY, query_make, expect_kept, 0),
	ASKS("LIST", PIN_IOC_LIST, list_make, expect_kept, 0),
	ASKS("RUNS", PIN_IOC_RUNS, runs_make, expect_kept, 0),
	ASKS("READ", PIN_IOC_READ, access_longterm, expect_access, 0),
	ASKS("READ lease", PIN_IOC_READ, access_lease, expect_access, 0),
	ASKS("WRITE", PIN_IOC_WRITE, access_longterm, expect_access, 0),
	ASKS("WRITE lease", PIN_IOC_WRITE, access_lease, expect_access, 0),

	UNPINS("UNPIN", unpin_longterm),
	UNPINS("UNPIN lease", unpin_lease),
	UNPINS("UNPIN revoked", unpin_revoked),
	{ .name = "read", .act = act_read, .make = read_make, .expect = expect_events,
	  .allowed = { EFAULT } },
	{ .name = "truncate ext4", .act = act_truncate, .make = lease_ext4,
	  .expect = expect_revocation, .allowed = { ENOMEM }, .partial = true },
	{ .name = "truncate xfs", .act = act_truncate, .make = lease_xfs,
	  .expect = expect_revocation, .allowed = { ENOMEM }, .partial = true },
	{ .name = "munmap", .act = act_munmap, .make = lease_ext4,
	  .expect = expect_revocation, .allowed = { ENOMEM }, .partial = true },
};

#define SCENARIOS	(sizeof(scenarios) / sizeof(*scenarios))

static void free_stage(void)
{
	memory_free(&stage.memory);
	while (stage.leases)
		leased_close(&stage.leased[--stage.leases]);
}

static void expect_allowed(const struct scenario *scenario, int err, unsigned int nth)
{
	bool allowed = err == scenario->expected;
	size_t i;

	for (i = 0; stage.faulty && scenario->allowed[i]; i++)
		allowed |= err == -scenario->allowed[i];
	ck_assert_msg(allowed, "%s, fault %u: %s", scenario->name, nth, strerror(-err));
}

static void expect_usable(void)
{
	static char *resident;
	struct pin_pin arg;

	if (!resident) {
		resident = map_anon(page);
		touch(resident, page);
	}
	ck_assert_int_eq(pin_range(resident, page, PIN_F_WRITE, &arg), 0);
	ck_assert_int_eq(unpin(arg.id), 0);
}

/* One call with the @nth fault, or with none; false: it was not reached. */
static bool attempt(const struct scenario *scenario, unsigned int nth)
{
	struct counters before = counters_read(), held;
	char what[64];
	int err;

	snprintf(what, sizeof(what), "%s, fault %u", scenario->name, nth);
	memset(&stage, 0, sizeof(stage));
	stage.memory.uffd = -1;
	memset(room, POISON, sizeof(room));
	scenario->make(scenario);
	held = counters_read();

	faults_arm(nth);
	err = scenario->number ? call(scenario->number, &stage.request) : scenario->act();
	stage.faulty = faults_disarm() && nth;

	expect_allowed(scenario, err, nth);
	if (err && !scenario->partial)
		counters_expect(&held, what);
	scenario->expect(scenario, err);
	free_stage();
	counters_expect(&before, what);
	expect_usable();
	return stage.faulty || !nth;
}

struct turn {
	const struct scenario *scenario;
	unsigned int nth;
};

#define IT_WAS_THE_LAST	2

static int run_turn(void *data)
{
	struct turn *turn = data;

	faults_open();
	return attempt(turn->scenario, turn->nth) ? 0 : IT_WAS_THE_LAST;
}

/* In a process of its own, where the call has not been made before. */
static bool attempt_once(const struct scenario *scenario, unsigned int nth)
{
	struct turn turn = { .scenario = scenario, .nth = nth };
	int status = in_child(run_turn, &turn);

	ck_assert_msg(!status || status == IT_WAS_THE_LAST, "%s, fault %u: %d",
		      scenario->name, nth, status);
	return !status;
}

static unsigned int passes(void)
{
	const char *value = getenv("PIN_TEST_FAILNTH");

	return value ? atoi(value) : PASSES;
}

/* From no fault to the first that is not reached; how many there were. */
static unsigned int sweep_once(const struct scenario *scenario)
{
	bool (*try)(const struct scenario *scenario, unsigned int nth) =
		scenario->once ? attempt_once : attempt;
	unsigned int nth = 0, i;
	bool more;

	do {
		more = try(scenario, nth);
		for (i = 1; nth && i < scenario->times; i++)
			more |= try(scenario, nth);
		nth++;
		ck_assert_msg(nth < FAULTS_MAX, "%s: no end", scenario->name);
	} while (more);
	return nth - 2;
}

START_TEST(sweep)
{
	unsigned int i, faults = 0;

	faults_setup();
	faults_open();
	for (i = 0; i < passes(); i++)
		faults += sweep_once(&scenarios[_i]);
	printf("note: %s: %u faults\n", scenarios[_i].name, faults);
	fflush(stdout);
}
END_TEST

Suite *failnth_suite(void)
{
	Suite *suite = suite_create("failnth");
	TCase *tcase = tcase_with_context("calls");

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, sweep, 0, SCENARIOS);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, failnth_load());
	return suite;
}
