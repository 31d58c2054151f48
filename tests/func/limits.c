// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Limits that nobody gets around: RLIMIT_MEMLOCK to the page, whatever else
 * charges the same user, and the reference count of a single page.
 */
#include "harness.h"
#include "missing.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define USER	20100	/* nobody else's in these tests */

/* From here on a user without a capability, with this limit. */
static void become_user(rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ck_assert_int_eq(setgid(USER), 0);
	ck_assert_int_eq(setuid(USER), 0);
	ck_assert_uint_eq(info().user_charged_pages, 0);
}

static void expect_over_limit(char *addr, size_t pages)
{
	struct pin_info before = info();
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(addr, pages * page, PIN_F_WRITE, &arg), -ENOMEM);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_MEMLOCK_LIMIT);
	ck_assert_uint_eq(arg.refusal.error, ENOMEM);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)addr);
	ck_assert_uint_eq(arg.id, 0);
	ck_assert_uint_eq(info().user_charged_pages, before.user_charged_pages);
	ck_assert_uint_eq(info().system_pinned_pages, before.system_pinned_pages);
	ck_assert_uint_eq(info().mm_pinned_pages, before.mm_pinned_pages);
}

static void expect_pages(char *addr, size_t pages)
{
	struct pin_info before = info();
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(addr, pages * page, PIN_F_WRITE, &arg), 0);
	ck_assert_uint_eq(info().user_charged_pages,
			  before.user_charged_pages + pages);
	ck_assert_int_eq(unpin(arg.id), 0);
	ck_assert_uint_eq(info().user_charged_pages, before.user_charged_pages);
}

/* Limits in bytes; what is less than a page of one does not count. */
static const rlim_t limits[] = {
	0, 4095, 4096, 64 << 10, (64 << 10) + 4095, 8 << 20, (8 << 20) - 1,
};

/* At the limit it is pinned and one page over it is not, at once or in pieces. */
static int exactly(void *data)
{
	const rlim_t bytes = *(const rlim_t *)data;
	const size_t pages = bytes / page, pieces = 16;
	char *addr = map_anon((pages + 1) * page);
	struct pin_pin arg;
	size_t done, step;

	become_user(bytes);
	ck_assert_uint_eq(info().user_limit_pages, pages);
	expect_over_limit(addr, pages + 1);
	if (pages)
		expect_pages(addr, pages);

	for (done = 0; done < pages; done += step) {
		step = pages / pieces;
		if (!step || step > pages - done)
			step = pages - done;
		expect_over_limit(addr, pages - done + 1);
		ck_assert_int_eq(pin_range(addr + done * page, step * page, 0,
					   &arg), 0);
		ck_assert_uint_eq(info().user_charged_pages, done + step);
	}
	expect_over_limit(addr, 1);
	expect_over_limit(addr, pages + 1);
	return 0;
}

START_TEST(limit_to_the_page)
{
	ck_assert_int_eq(in_child(exactly, (void *)&limits[_i]), 0);
}
END_TEST

/* Without a limit there is none; it is counted all the same. */
static int unlimited(void *unused)
{
	const size_t pages = 16384;
	char *addr = map_anon(pages * page);

	become_user(RLIM_INFINITY);
	ck_assert_uint_eq(info().user_limit_pages, PIN_ALL_PAGES);
	expect_pages(addr, pages);
	return 0;
}

START_TEST(no_limit)
{
	ck_assert_int_eq(in_child(unlimited, NULL), 0);
}
END_TEST

#define LIMIT	64	/* pages */
#define CHILDREN	8

/* Pin page after page in a context of its own; tell how many; stay. */
static void greedy_child(char *addr, int context, int tell)
{
	struct pin_pin arg;
	unsigned int pins = 0;

	pin_fd = context;
	while (!pin_range(addr, page, PIN_F_WRITE, &arg))
		pins++;
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_MEMLOCK_LIMIT);
	ck_assert_int_eq(write(tell, &pins, sizeof(pins)), sizeof(pins));
	for (;;)
		pause();
}

static int greedy_family(void *unused)
{
	char *addr = map_anon(page);
	unsigned int pins, sum = 0;
	int contexts[CHILDREN], told[2], i;
	pid_t pids[CHILDREN];

	ck_assert_int_eq(pipe(told), 0);
	for (i = 0; i < CHILDREN; i++)
		contexts[i] = open("/dev/pin", O_RDWR | O_CLOEXEC);
	become_user(LIMIT * page);
	for (i = 0; i < CHILDREN; i++) {
		pids[i] = fork_child();
		if (!pids[i])
			greedy_child(addr, contexts[i], told[1]);
		close(contexts[i]);
	}
	for (i = 0; i < CHILDREN; i++) {
		ck_assert_int_eq(read(told[0], &pins, sizeof(pins)), sizeof(pins));
		sum += pins;
	}
	ck_assert_uint_eq(sum, LIMIT);
	ck_assert_uint_eq(info().user_charged_pages, LIMIT);
	for (i = 0; i < CHILDREN; i++) {
		ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
	}
	ck_assert_uint_eq(info().user_charged_pages, 0);
	return 0;
}

/* Processes that race for the last pages get the limit together, not each. */
START_TEST(fork_does_not_multiply)
{
	ck_assert_int_eq(in_child(greedy_family, NULL), 0);
}
END_TEST

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static int root_of_a_namespace(void *unused)
{
	char *addr = map_anon((LIMIT + 1) * page);
	struct rlimit more = {
		.rlim_cur = 2 * LIMIT * page, .rlim_max = 2 * LIMIT * page,
	};
	struct pin_pin arg;
	char map[32];

	become_user(LIMIT * page);
	ck_assert_int_eq(pin_range(addr, page, PIN_F_WRITE, &arg), 0);
	/* Else /proc/self belongs to root since the change of user. */
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
	snprintf(map, sizeof(map), "0 %d 1", USER);
	write_file("/proc/self/uid_map", map);
	ck_assert_uint_eq(getuid(), 0);

	/* The same user and the same limit as outside, which he cannot raise. */
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &more), -1);
	ck_assert_uint_eq(info().user_limit_pages, LIMIT);
	ck_assert_uint_eq(info().user_charged_pages, 1);
	expect_over_limit(addr, LIMIT);
	ck_assert_int_eq(unpin(arg.id), 0);
	expect_pages(addr, LIMIT);
	expect_over_limit(addr, LIMIT + 1);
	return 0;
}

START_TEST(namespace_root_is_held_to_it)
{
	ck_assert_int_eq(in_child(root_of_a_namespace, NULL), 0);
}
END_TEST

static int ring_register(struct io_uring *ring, char *addr, size_t pages)
{
	struct iovec range = { .iov_base = addr, .iov_len = pages * page };

	return io_uring_register_buffers(ring, &range, 1);
}

static void ring_create(struct io_uring *ring)
{
	ck_assert_int_eq(io_uring_queue_init(4, ring, 0), 0);
}

/* What io_uring has registered leaves so much less to pin, and the reverse. */
static int share_with_io_uring(void *unused)
{
	char *addr = map_anon((LIMIT + 1) * page);
	struct io_uring ring;
	struct pin_pin arg;
	size_t mine, rings;

	become_user(LIMIT * page);
	ring_create(&ring);
	/* Some kernels charge the ring itself. */
	rings = info().user_charged_pages;
	ck_assert_uint_lt(rings, LIMIT / 2);
	mine = LIMIT / 2 - rings;

	ck_assert_int_eq(ring_register(&ring, addr, LIMIT / 2), 0);
	ck_assert_uint_eq(info().user_charged_pages, rings + LIMIT / 2);
	expect_over_limit(addr, mine + 1);
	ck_assert_int_eq(pin_range(addr, mine * page, PIN_F_WRITE, &arg), 0);
	ck_assert_uint_eq(info().user_charged_pages, LIMIT);
	ck_assert_int_eq(io_uring_unregister_buffers(&ring), 0);
	ck_assert_uint_eq(info().user_charged_pages, LIMIT - LIMIT / 2);

	ck_assert_int_eq(ring_register(&ring, addr, LIMIT / 2 + 1), -ENOMEM);
	ck_assert_int_eq(ring_register(&ring, addr, LIMIT / 2), 0);
	ck_assert_int_eq(unpin(arg.id), 0);
	ck_assert_uint_eq(info().user_charged_pages, rings + LIMIT / 2);
	ck_assert_int_eq(io_uring_unregister_buffers(&ring), 0);
	ck_assert_uint_eq(info().user_charged_pages, rings);
	expect_pages(addr, LIMIT - rings);
	io_uring_queue_exit(&ring);
	return 0;
}

START_TEST(shared_with_io_uring)
{
	ck_assert_int_eq(in_child(share_with_io_uring, NULL), 0);
}
END_TEST

struct rival {
	pthread_t thread;
	char *addr;
	struct io_uring *ring;	/* NULL: /dev/pin */
	atomic_bool *stop;
	unsigned int got;
	unsigned int refused;
};

static int rival_takes(struct rival *rival, size_t pages, uint64_t *id)
{
	struct pin_pin arg;
	int err;

	if (rival->ring)
		return ring_register(rival->ring, rival->addr, pages);
	err = pin_range(rival->addr, pages * page, PIN_F_WRITE, &arg);
	*id = arg.id;
	return err;
}

static void *rival_runs(void *data)
{
	struct rival *rival = data;
	uint64_t id = 0;
	int err;

	while (!*rival->stop) {
		err = rival_takes(rival, LIMIT / 2 + 1, &id);
		if (err) {
			ck_assert_int_eq(err, -ENOMEM);
			rival->refused++;
			sched_yield();
			continue;
		}
		rival->got++;
		usleep(1000);
		if (rival->ring)
			ck_assert_int_eq(io_uring_unregister_buffers(rival->ring), 0);
		else
			ck_assert_int_eq(unpin(id), 0);
		usleep(500);
	}
	return NULL;
}

/* Each takes more than half: never both, and one of them whenever there is room. */
static int race_io_uring(void *unused)
{
	char *addr = map_anon(LIMIT * page);
	atomic_bool stop = false;
	struct io_uring ring;
	struct rival rivals[2] = {
		{ .addr = addr, .stop = &stop, .ring = &ring },
		{ .addr = addr, .stop = &stop },
	};
	int i, rounds;

	become_user(LIMIT * page);
	ring_create(&ring);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&rivals[i].thread, NULL, rival_runs,
						&rivals[i]), 0);
	for (rounds = 0; rounds < 3000; rounds++) {
		ck_assert_uint_le(info().user_charged_pages, LIMIT);
		usleep(500);
	}
	stop = true;
	for (i = 0; i < 2; i++) {
		pthread_join(rivals[i].thread, NULL);
		ck_assert_msg(rivals[i].got > 10 && rivals[i].refused > 10,
			      "no race: rival %d got %u, was refused %u", i,
			      rivals[i].got, rivals[i].refused);
	}
	io_uring_queue_exit(&ring);
	return 0;
}

START_TEST(race_with_io_uring)
{
	ck_assert_int_eq(in_child(race_io_uring, NULL), 0);
}
END_TEST

static void write_parameter(const char *name, unsigned long long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/module/pin/parameters/%s", name);
	snprintf(text, sizeof(text), "%llu", value);
	write_file(path, text);
}

#define BEFORE	3

/*
 * One page at many addresses; each pin counts 1024 in its reference count. Before the
 * first there are BEFORE others of the same mapping.
 */
static char *map_copies(size_t count)
{
	int fd = memfd_create("copies", MFD_CLOEXEC);
	char *addr = map_anon((BEFORE + count + 1) * page);
	size_t i;

	ck_assert_int_eq(ftruncate(fd, (BEFORE + 1) * page), 0);
	ck_assert_ptr_ne(mmap(addr, (BEFORE + 1) * page, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	addr += BEFORE * page;
	for (i = 1; i < count; i++)
		ck_assert_ptr_ne(mmap(addr + i * page, page, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_FIXED, fd, BEFORE * page), MAP_FAILED);
	close(fd);
	touch(addr - BEFORE * page, (BEFORE + count) * page);
	return addr;
}

/* The driver's guard, in pins of a small page. */
#define GUARD_PINS	((1 << 30) / 1024)

/* Two million pins of one page: refused half way, and no overflow, no WARN. */
START_TEST(two_million_pins)
{
	const size_t count = 2048;
	char *addr = map_copies(count);
	unsigned long long cap = info().system_cap_pages;
	struct pin_pin arg;
	size_t pins;
	int err = 0;

	write_parameter("max_pages", 4000000);
	for (pins = 0; !err && pins < 2000000; pins += count)
		err = pin_range(addr, count * page, PIN_F_WRITE, &arg);
	ck_assert_int_eq(err, -ENOMEM);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_REFCOUNT);
	ck_assert_uint_eq(arg.id, 0);
	ck_assert_uint_gt(pins, GUARD_PINS - 2 * count);
	ck_assert_uint_le(pins - count, GUARD_PINS);
	/* One by one to the last, and then not even behind pages that have few. */
	for (err = 0; !err && pins <= 2000000; pins++)
		err = pin_range(addr, page, PIN_F_WRITE, &arg);
	ck_assert_int_eq(err, -ENOMEM);
	ck_assert_int_eq(pin_range(addr - BEFORE * page, (BEFORE + 1) * page, PIN_F_WRITE,
				   &arg), -ENOMEM);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_REFCOUNT);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)addr);
	/* For reading neither; other pages do not suffer. */
	ck_assert_int_eq(pin_range(addr, count * page, 0, &arg), -ENOMEM);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_REFCOUNT);
	expect_pinned(map_anon(page), page, PIN_F_WRITE);
	write_parameter("max_pages", cap);
}
END_TEST

#define STUCK	300
#define COPIES	4096
#define PER_USER	16	/* MAX_RUNNING_USER of the driver */

struct stuck {
	pthread_t thread;
	char *addr;
	uid_t uid;
	atomic_uint *finished;
	struct pin_pin arg;
	int err;
};

/* The kernel's own setresuid() is that of a thread. */
static void *pin_as_user(void *data)
{
	struct stuck *stuck = data;

	if (syscall(SYS_setresuid, stuck->uid, stuck->uid, stuck->uid))
		stuck->err = -errno;
	else
		stuck->err = pin_range(stuck->addr, (COPIES + 1) * page,
				       PIN_F_WRITE, &stuck->arg);
	++*stuck->finished;
	return NULL;
}

static void answer_missing(int fd, void *addr)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)addr, .len = page },
	};

	ck_assert_int_eq(ioctl(fd, UFFDIO_ZEROPAGE, &zero), 0);
}

/* Wait until everybody who has not finished has pinned all but his last page. */
static void await_stuck(uint64_t before, const atomic_uint *finished)
{
	uint64_t pinned, wanted;
	int i;

	for (i = 0; i < 6000; i++) {
		wanted = (uint64_t)(STUCK - *finished) * COPIES;
		pinned = counters_read().pinned - before;
		ck_assert_uint_le(pinned, GUARD_PINS);
		if (pinned == wanted)
			return;
		usleep(100000);
	}
	ck_abort_msg("%llu pages are pinned, not %llu", (unsigned long long)pinned,
		     (unsigned long long)wanted);
}

/*
 * 300 PINs of 4096 times the same page, more than its reference count can take,
 * and then of a page that does not come, so that none of them gives anything back:
 * as many are refused as it takes.  Where GUP does not wait for userfaultfd, all
 * are.
 */
START_TEST(guard_against_the_stuck)
{
	char *addr = map_copies(COPIES), *last = addr + COPIES * page;
	unsigned long long cap = info().system_cap_pages;
	struct stuck *stuck = calloc(STUCK, sizeof(*stuck));
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	uint64_t before = counters_read().pinned;
	unsigned int reasons[64] = { 0 };
	atomic_uint finished = 0;
	pthread_attr_t small;
	int i, fd;

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	write_parameter("max_pages", 4000000);
	fd = missing_watch(last, page);
	/* A 32-bit program has no room for 300 stacks of the usual size. */
	ck_assert_int_eq(pthread_attr_init(&small), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&small, 64 << 10), 0);
	for (i = 0; i < STUCK; i++) {
		stuck[i] = (struct stuck) {
			.addr = addr,
			.uid = USER + i / PER_USER,
			.finished = &finished,
		};
		ck_assert_int_eq(pthread_create(&stuck[i].thread, &small, pin_as_user,
						&stuck[i]), 0);
	}
	pthread_attr_destroy(&small);
	await_stuck(before, &finished);
	answer_missing(fd, last);
	for (i = 0; i < STUCK; i++) {
		pthread_join(stuck[i].thread, NULL);
		ck_assert_int_eq(stuck[i].err,
				 -reason_errno(stuck[i].arg.refusal.reason));
		reasons[stuck[i].arg.refusal.reason]++;
	}
	write_parameter("max_pages", cap);
	if (kernel_before(6, 5)) {
		ck_assert_uint_eq(reasons[PIN_REASON_REFCOUNT] +
				  reasons[PIN_REASON_USERFAULT], STUCK);
	} else {
		ck_assert_uint_eq(reasons[0] + reasons[PIN_REASON_REFCOUNT], STUCK);
		ck_assert_uint_gt(reasons[0], 0);
		ck_assert_uint_le(reasons[0], GUARD_PINS / COPIES);
	}
	close(fd);
	free(stuck);
}
END_TEST

Suite *limits_suite(void)
{
	Suite *suite = suite_create("limits");
	TCase *tcase = tcase_with_context("limits");

	tcase_add_loop_test(tcase, limit_to_the_page, 0,
			    sizeof(limits) / sizeof(*limits));
	tcase_add_test(tcase, no_limit);
	tcase_add_test(tcase, fork_does_not_multiply);
	tcase_add_test(tcase, namespace_root_is_held_to_it);
	tcase_add_test(tcase, shared_with_io_uring);
	tcase_add_test(tcase, race_with_io_uring);
	suite_add_tcase(suite, tcase);
	/* A million pins take their time on a debug kernel. */
	tcase = tcase_with_context("guard");
	tcase_set_timeout(tcase, 900);
	tcase_add_test(tcase, two_million_pins);
	tcase_add_test(tcase, guard_against_the_stuck);
	suite_add_tcase(suite, tcase);
	return suite;
}
