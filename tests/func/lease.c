// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be leased and what a lease is: the verdicts, the pages, the events.  That
 * nobody who takes it back ever waits is revoke.c's.
 */
#include "leased.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES	64
#define LEASE	(PIN_F_WRITE | PIN_F_LEASE)

static void expect_lease_refused(void *addr, size_t length, uint32_t reason,
				 void *bad_addr)
{
	struct counters before = counters_read();
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(addr, length, LEASE, &arg), -reason_errno(reason));
	ck_assert_msg(arg.refusal.reason == reason, "PIN says %s, not %s",
		      reason_name(arg.refusal.reason), reason_name(reason));
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)bad_addr);
	ck_assert_uint_eq(arg.id, 0);
	counters_expect(&before, "after a refused lease");
}

START_TEST(lease_is_a_pin)
{
	struct counters before = counters_read();
	char out[PAGES], in[] = "through the pin";
	struct leased leased;
	uint64_t done;
	size_t i;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	for (i = 0; i < PAGES; i++)
		leased.addr[i * page] = i;
	leased_pin(&leased);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + PAGES);
	expect_live(leased.id);

	for (i = 0; i < PAGES; i++) {
		ck_assert_int_eq(pin_read(leased.id, i * page, &out[i], 1, &done), 0);
		ck_assert_int_eq(out[i], i);
	}
	ck_assert_int_eq(pin_write(leased.id, 3 * page - 4, in, sizeof(in), &done), 0);
	ck_assert_uint_eq(done, sizeof(in));
	ck_assert_str_eq(leased.addr + 3 * page - 4, in);

	ck_assert_int_eq(unpin(leased.id), 0);
	expect_no_event();
	leased_close(&leased);
	counters_expect(&before, "after a lease");
}
END_TEST

START_TEST(verdicts)
{
	static struct check_result checked;
	struct leased leased;
	struct pin_pin arg;
	char *room;

	leased_open(&leased, dax_dirs[_i], PAGES * page);

	/* Not for reading: EINVAL, a malformed request. */
	ck_assert_int_eq(pin_range(leased.addr, page, PIN_F_LEASE, &arg), -EINVAL);
	ck_assert_uint_eq(arg.refusal.reason, 0);

	/* CHECK says that a lease would work, and judges one. */
	check_range(leased.addr, page, PIN_CHECK_WRITE, &checked);
	ck_assert_uint_eq(checked.refusal.reason, PIN_REASON_FSDAX);
	ck_assert(checked.reports[0].flags & PIN_REPORT_LEASE);
	check_range(leased.addr, page, 0, &checked);
	ck_assert(checked.reports[0].flags & PIN_REPORT_LEASE);
	check_range(leased.addr, page, PIN_CHECK_WRITE | PIN_CHECK_LEASE, &checked);
	ck_assert_uint_eq(checked.refusal.reason, 0);
	ck_assert_uint_eq(checked.reports[0].kind, PIN_KIND_FSDAX);
	ck_assert(!(checked.reports[0].flags & PIN_REPORT_LEASE));

	/* Private, read-only, not there. */
	room = map_file(leased.path, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	check_range(room, page, PIN_CHECK_WRITE, &checked);
	ck_assert(!(checked.reports[0].flags & PIN_REPORT_LEASE));
	expect_lease_refused(room, PAGES * page, PIN_REASON_LEASE_PRIVATE, room);
	munmap(room, PAGES * page);
	expect_lease_refused(room, PAGES * page, PIN_REASON_HOLE, room);

	room = map_file(leased.path, PAGES * page, PROT_READ, MAP_SHARED);
	expect_lease_refused(room, PAGES * page, PIN_REASON_NOT_WRITABLE, room);
	munmap(room, PAGES * page);

	/* The file ends before the mapping does. */
	ck_assert_int_eq(ftruncate(leased.fd, 5 * page), 0);
	expect_lease_refused(leased.addr, PAGES * page, PIN_REASON_BEYOND_EOF,
			     leased.addr + 5 * page);
	ck_assert_int_eq(munmap(leased.addr + 3 * page, page), 0);
	expect_lease_refused(leased.addr, 5 * page, PIN_REASON_HOLE,
			     leased.addr + 3 * page);
	leased_close(&leased);
}
END_TEST

/* A lease on memory that needs none is a longterm pin, and QUERY says so. */
START_TEST(needless)
{
	struct pin_query queried;
	struct pin_pin arg;
	char *addr = map_anon(PAGES * page);

	ck_assert_int_eq(pin_range(addr, PAGES * page, LEASE, &arg), 0);
	ck_assert_int_eq(query(arg.id, &queried), 0);
	ck_assert_uint_eq(queried.mode, PIN_MODE_LONGTERM);
	ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	ck_assert_uint_eq(queried.pin_flags, LEASE);
	munmap(addr, PAGES * page);
	expect_live(arg.id);
	ck_assert_int_eq(unpin(arg.id), 0);
	expect_no_event();
}
END_TEST

/* Blocks that are not there yet come with the lease, also where zeros were read. */
START_TEST(file_hole)
{
	struct leased leased;
	size_t i;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	ck_assert_int_eq(fallocate(leased.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   0, PAGES * page), 0);
	leased_pin(&leased);
	expect_live(leased.id);
	ck_assert_int_eq(unpin(leased.id), 0);

	ck_assert_int_eq(fallocate(leased.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   0, PAGES * page), 0);
	for (i = 0; i < PAGES; i += 2)
		ck_assert_int_eq(leased.addr[i * page], 0);
	leased_pin(&leased);
	expect_live(leased.id);
	expect_no_event();
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

static uint64_t pfn_of(const char *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &entry, 8, (uintptr_t)addr / page * 8), 8);
	close(fd);
	return entry & ((1ULL << 55) - 1);
}

/* All runs of a pin against the page tables of the memory that it pins. */
static void expect_runs_true(uint64_t id, const char *addr, size_t pages)
{
	struct pin_run runs[512];
	struct pin_runs arg = {
		.size = sizeof(arg),
		.id = id,
		.runs = (uintptr_t)runs,
		.runs_capacity = 512,
		.run_size = sizeof(runs[0]),
	};
	size_t at = 0, i, j;

	ck_assert_int_eq(call(PIN_IOC_RUNS, &arg), 0);
	ck_assert_uint_eq(arg.next, arg.total);
	for (i = 0; i < arg.runs_count; i++) {
		ck_assert_uint_eq(runs[i].offset, at * page);
		for (j = 0; j < runs[i].length / page; j++, at++)
			ck_assert_uint_eq(runs[i].phys / page + j,
					  pfn_of(addr + at * page));
	}
	ck_assert_uint_eq(at, pages);
}

/* anon, leased, shmem, leased, anon: one pin; losing one file loses all of it. */
START_TEST(mixed)
{
	const size_t part = 8 * page;
	struct counters before = counters_read();
	int fd = memfd_create("mixed", MFD_CLOEXEC);
	char *addr = map_anon(5 * part), seen[5];
	struct leased files[2];
	struct pin_query queried;
	struct pin_event event;
	struct pin_pin arg;
	uint64_t done;
	size_t i;

	for (i = 0; i < 2; i++) {
		leased_open(&files[i], dax_dirs[(_i + i) % DAX_DIRS], part);
		ck_assert_ptr_ne(mmap(addr + (2 * i + 1) * part, part,
				      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				      files[i].fd, 0), MAP_FAILED);
	}
	ck_assert_int_eq(ftruncate(fd, part), 0);
	ck_assert_ptr_ne(mmap(addr + 2 * part, part, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	touch(addr, 5 * part);
	for (i = 0; i < 5; i++)
		addr[i * part + 2 * page] = 'a' + i;

	ck_assert_int_eq(pin_range(addr, 5 * part, LEASE, &arg), 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + 5 * part / page);
	expect_live(arg.id);
	expect_runs_true(arg.id, addr, 5 * part / page);
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(pin_read(arg.id, i * part + 2 * page, &seen[i], 1,
					  &done), 0);
		ck_assert_int_eq(seen[i], 'a' + (int)i);
	}

	ck_assert_int_eq(ftruncate(files[1].fd, 0), 0);
	expect_revoked(arg.id);
	event = expect_event(arg.id);
	ck_assert_uint_eq(event.cause, PIN_CAUSE_FILE);
	ck_assert_uint_eq(event.addr, (uintptr_t)addr + 3 * part);
	ck_assert_uint_eq(event.length, part);
	ck_assert_int_eq(query(arg.id, &queried), 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	ck_assert_uint_eq(counters_read().system, before.system);
	ck_assert_int_eq(unpin(arg.id), 0);
	for (i = 0; i < 2; i++)
		leased_close(&files[i]);
	close(fd);
}
END_TEST

/* A lease that is refused in its last segment leaves nothing of the others. */
/* The lease is the first of several mappings. */
START_TEST(leased_first)
{
	const size_t part = 2 * page;
	char *addr = map_anon(2 * part);
	struct leased leased;
	struct pin_pin arg;

	leased_open(&leased, dax_dirs[_i], part);
	ck_assert_ptr_ne(mmap(addr, part, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			      leased.fd, 0), MAP_FAILED);
	ck_assert_int_eq(pin_range(addr, 2 * part, LEASE, &arg), 0);
	expect_live(arg.id);
	expect_runs_true(arg.id, addr, 2 * part / page);
	ck_assert_int_eq(unpin(arg.id), 0);
	leased_close(&leased);
}
END_TEST

/* So long that it is pinned in several goes, each of which makes its only run longer. */
START_TEST(longer_than_a_batch)
{
	const size_t length = 8UL << 20;
	struct counters before = counters_read();
	struct leased leased;
	struct pin_query queried;

	leased_open(&leased, dax_dirs[_i], length);
	leased_pin(&leased);
	ck_assert_uint_eq(counters_read().pinned, before.pinned + length / page);
	ck_assert_int_eq(query(leased.id, &queried), 0);
	ck_assert_uint_eq(queried.pages, length / page);
	expect_runs_true(leased.id, leased.addr, length / page);
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
	counters_expect(&before, "after a long lease");
}
END_TEST

START_TEST(all_or_nothing)
{
	const size_t part = 8 * page;
	struct leased leased;
	char *addr = map_anon(3 * part);

	leased_open(&leased, dax_dirs[_i], part);
	ck_assert_ptr_ne(mmap(addr + part, part, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, leased.fd, 0), MAP_FAILED);
	ck_assert_ptr_ne(mmap(addr + 2 * part, part, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, leased.fd, 4 * page), MAP_FAILED);
	expect_lease_refused(addr, 3 * part, PIN_REASON_BEYOND_EOF,
			     addr + 2 * part + 4 * page);
	leased_close(&leased);
}
END_TEST

START_TEST(event_record)
{
	struct pollfd poll_fd = { .fd = pin_fd, .events = POLLIN };
	struct pin_event event, events[3];
	struct leased leased;
	uint64_t ids[3];
	void *read_only = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);
	char byte;
	int i;

	ck_assert_int_eq(fcntl(pin_fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	ck_assert_int_eq(read(pin_fd, &event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(poll(&poll_fd, 1, 0), 0);

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	for (i = 0; i < 3; i++) {
		leased_pin(&leased);
		ids[i] = leased.id;
		ck_assert_int_eq(munmap(leased.addr + i * page, page), 0);
		expect_revoked(leased.id);
		ck_assert_ptr_ne(mmap(leased.addr + i * page, page,
				      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				      leased.fd, i * page), MAP_FAILED);
	}
	ck_assert_int_eq(poll(&poll_fd, 1, 0), 1);
	ck_assert_int_eq(poll_fd.revents, POLLIN);

	/* What cannot be delivered is not lost. */
	ck_assert_int_eq(read(pin_fd, &byte, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(read(pin_fd, &event, sizeof(event) - 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(read(pin_fd, read_only, sizeof(event)), -1);
	ck_assert_int_eq(errno, EFAULT);

	event = expect_event(ids[0]);
	ck_assert_uint_eq(event.cookie, 0x600DC00C1EULL);
	ck_assert_uint_eq(event.sequence, 1);
	ck_assert_uint_eq(event.cause, PIN_CAUSE_UNMAP);
	ck_assert_uint_eq(event.addr, (uintptr_t)leased.addr);
	ck_assert_uint_eq(event.length, page);
	ck_assert_uint_eq(event.lost, 0);
	/* Whole records, as many as there are. */
	memset(events, POISON, sizeof(events));
	ck_assert_int_eq(read(pin_fd, events, sizeof(events) - 1), 2 * sizeof(event));
	for (i = 1; i < 3; i++) {
		ck_assert_uint_eq(events[i - 1].id, ids[i]);
		ck_assert_uint_eq(events[i - 1].sequence, i + 1);
		ck_assert_uint_eq(events[i - 1].addr, (uintptr_t)leased.addr + i * page);
		ck_assert_uint_ge(events[i - 1].time_ns, event.time_ns);
	}
	ck_assert_int_eq(read(pin_fd, &event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(unpin(ids[i]), 0);
	leased_close(&leased);
}
END_TEST

/* Nobody reads: the newest 4096 stay, and the first of them says what is missing. */
START_TEST(events_lost)
{
	const unsigned int kept = 4096, made = kept + 3;
	struct pin_event event;
	struct leased leased;
	unsigned int i;

	leased_open(&leased, dax_dirs[_i], page);
	for (i = 0; i < made; i++) {
		leased_pin(&leased);
		ck_assert_int_eq(ftruncate(leased.fd, page), 0);
		ck_assert_int_eq(unpin(leased.id), 0);
	}
	for (i = 0; i < kept; i++) {
		ck_assert_int_eq(read(pin_fd, &event, sizeof(event)), sizeof(event));
		ck_assert_uint_eq(event.sequence, made - kept + 1 + i);
		ck_assert_uint_eq(event.lost, i ? 0 : made - kept);
	}
	expect_no_event();
	leased_close(&leased);
}
END_TEST

Suite *lease_suite(void)
{
	Suite *suite = suite_create("lease");
	TCase *tcase = tcase_with_context("lease");

	tcase_add_loop_test(tcase, lease_is_a_pin, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, verdicts, 0, DAX_DIRS);
	tcase_add_test(tcase, needless);
	tcase_add_loop_test(tcase, file_hole, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, mixed, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, leased_first, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, longer_than_a_batch, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, all_or_nothing, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, event_record, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, events_lost, 0, 1);
	suite_add_tcase(suite, tcase);
	return suite;
}
