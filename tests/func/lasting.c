// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long a lease lasts: it goes with the mapping, the address space and the process
 * that it was made in, and with nothing less than that.
 */
#include "leased.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	64

/* Where the C library is older than the kernel. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static void expect_cause(uint64_t id, uint32_t cause)
{
	expect_revoked(id);
	ck_assert_uint_eq(expect_event(id).cause, cause);
	expect_no_event();
	ck_assert_int_eq(unpin(id), 0);
}

/* --- what takes a lease away */

START_TEST(unmapped)
{
	struct counters before = counters_read();
	struct pin_event event;
	struct leased leased;
	char *moved;

	/* One page of it is enough. */
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	ck_assert_int_eq(munmap(leased.addr + 9 * page, page), 0);
	ck_assert_uint_eq(counters_read().pinned, before.pinned);
	expect_revoked(leased.id);
	event = expect_event(leased.id);
	ck_assert_uint_eq(event.cause, PIN_CAUSE_UNMAP);
	ck_assert_uint_eq(event.addr, (uintptr_t)leased.addr + 9 * page);
	ck_assert_uint_eq(event.length, page);
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);

	/* Something else in its place. */
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	ck_assert_ptr_ne(mmap(leased.addr, PAGES * page, PROT_READ, MAP_FIXED |
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MAP_FAILED);
	expect_cause(leased.id, PIN_CAUSE_UNMAP);
	leased_close(&leased);

	/* Moved: the pages are the same, but nobody would hear of their end. */
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	moved = mmap(NULL, PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(moved, MAP_FAILED);
	ck_assert_ptr_eq(mremap(leased.addr, PAGES * page, PAGES * page,
				MREMAP_MAYMOVE | MREMAP_FIXED, moved), moved);
	expect_cause(leased.id, PIN_CAUSE_UNMAP);
	leased.addr = moved;
	leased_pin(&leased);
	expect_live(leased.id);
	/* Shorter, beyond what is leased; then less than that. */
	ck_assert_int_eq(unpin(leased.id), 0);
	leased.length = (PAGES - 8) * page;
	leased_pin(&leased);
	ck_assert_ptr_eq(mremap(moved, PAGES * page, (PAGES - 4) * page, 0), moved);
	expect_live(leased.id);
	ck_assert_ptr_eq(mremap(moved, (PAGES - 4) * page, 4 * page, 0), moved);
	expect_cause(leased.id, PIN_CAUSE_UNMAP);
	leased_close(&leased);
}
END_TEST

/* The kernel sends the same for a truncate, so it cannot be told apart. */
START_TEST(discarded)
{
	struct leased leased;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	ck_assert_int_eq(madvise(leased.addr + page, page, MADV_DONTNEED), 0);
	expect_cause(leased.id, PIN_CAUSE_FILE);
	leased_close(&leased);
}
END_TEST

/* A child that leases, tells the id and ends as told. */
static uint64_t leased_by_child(struct leased *leased, pid_t *child)
{
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	*child = fork_child();
	if (!*child) {
		leased_pin(leased);
		if (write(pipes[1], &leased->id, sizeof(leased->id)) < 0)
			_exit(1);
		pause();
		_exit(1);
	}
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &leased->id, sizeof(leased->id)),
			 sizeof(leased->id));
	close(pipes[0]);
	return leased->id;
}

/* The context lives on in its parent, which hears of it. */
START_TEST(killed)
{
	struct leased leased;
	pid_t child;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_by_child(&leased, &child);
	expect_live(leased.id);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	expect_cause(leased.id, PIN_CAUSE_EXIT);
	leased_close(&leased);
}
END_TEST

START_TEST(executed)
{
	struct leased leased;
	int pipes[2], status;
	char byte;
	pid_t child;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	child = fork_child();
	if (!child) {
		leased_pin(&leased);
		if (write(pipes[1], &leased.id, sizeof(leased.id)) < 0)
			_exit(1);
		execl("/bin/busybox", "busybox", "sleep", "100", (char *)NULL);
		_exit(1);
	}
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &leased.id, sizeof(leased.id)),
			 sizeof(leased.id));
	/* The pipe's other end is closed by the exec. */
	ck_assert_int_eq(read(pipes[0], &byte, 1), 0);
	close(pipes[0]);
	expect_cause(leased.id, PIN_CAUSE_EXIT);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	leased_close(&leased);
}
END_TEST

/* The kernel's choice, of a process that has little else. */
START_TEST(out_of_memory)
{
	const char *group = "/sys/fs/cgroup/pin-oom";
	char path[128], id[32];
	struct leased leased;
	int status, fd;
	pid_t child;

	fd = open("/sys/fs/cgroup/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "+memory", 7), 7);
	close(fd);
	ck_assert_int_eq(mkdir(group, 0755) && errno != EEXIST, 0);
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_by_child(&leased, &child);

	snprintf(path, sizeof(path), "%s/memory.max", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "16M", 3), 3);
	close(fd);
	snprintf(path, sizeof(path), "%s/memory.oom.group", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "1", 1), 1);
	close(fd);
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(id, sizeof(id), "%d", child);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, id, strlen(id)), (ssize_t)strlen(id));

	/* Somebody else in the group asks for too much; all of it is killed. */
	status = fork_child();
	if (!status) {
		if (write(fd, "0", 1) == 1)
			touch(map_anon(64 << 20), 64 << 20);
		_exit(0);
	}
	close(fd);
	waitpid(status, NULL, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	expect_cause(leased.id, PIN_CAUSE_EXIT);
	leased_close(&leased);
	ck_assert_int_eq(rmdir(group), 0);
}
END_TEST

/* The parent's lease is the parent's, whoever of the two ends first. */
START_TEST(forked)
{
	struct leased leased;
	pid_t child;
	int status;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	child = fork_child();
	if (!child) {
		touch(leased.addr, PAGES * page);
		munmap(leased.addr, PAGES * page);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	expect_live(leased.id);
	expect_no_event();
	ck_assert_int_eq(unpin(leased.id), 0);

	/* The child leases; its parent, with the same mapping, outlives it. */
	leased_by_child(&leased, &child);
	expect_live(leased.id);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	expect_cause(leased.id, PIN_CAUSE_EXIT);
	touch(leased.addr, PAGES * page);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	leased_close(&leased);
}
END_TEST

static void send_fd(int socket_fd, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 }, byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(socket_fd, &message, 0), 1);
}

static int receive_fd(int socket_fd)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	ck_assert_int_eq(recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* A context that only the receiver holds any more still tells him. */
START_TEST(passed_on)
{
	int sockets[2], own = pin_fd;
	struct leased leased;
	uint64_t id;
	pid_t child;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	child = fork_child();
	if (!child) {
		pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
		leased_pin(&leased);
		send_fd(sockets[1], pin_fd);
		if (write(sockets[1], &leased.id, sizeof(leased.id)) < 0)
			_exit(1);
		pause();
		_exit(1);
	}
	close(sockets[1]);
	pin_fd = receive_fd(sockets[0]);
	ck_assert_int_eq(read(sockets[0], &id, sizeof(id)), sizeof(id));
	close(sockets[0]);
	expect_live(id);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	expect_cause(id, PIN_CAUSE_EXIT);
	close(pin_fd);
	pin_fd = own;
	leased_close(&leased);
}
END_TEST

/* Closing the context releases leases, the revoked ones too. */
START_TEST(closed)
{
	struct counters before = counters_read();
	int own = pin_fd, i;
	struct leased leased;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(pin_fd, 0);
	for (i = 0; i < 3; i++)
		leased_pin(&leased);
	ck_assert_int_eq(munmap(leased.addr, page), 0);
	expect_revoked(leased.id);
	leased.addr += page;
	leased.length -= page;
	for (i = 0; i < 3; i++)
		leased_pin(&leased);
	close(pin_fd);
	pin_fd = own;
	counters_expect(&before, "after close");
	expect_no_event();
	leased_close(&leased);
}
END_TEST

static void take_truncate(struct leased *leased)
{
	ck_assert_int_eq(ftruncate(leased->fd, 0), 0);
	ck_assert_int_eq(ftruncate(leased->fd, leased->length), 0);
}

static void take_punch(struct leased *leased)
{
	ck_assert_int_eq(fallocate(leased->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   3 * page, 2 * page), 0);
}

static void take_discard(struct leased *leased)
{
	ck_assert_int_eq(madvise(leased->addr + 5 * page, page, MADV_DONTNEED), 0);
}

static void take_unmap(struct leased *leased)
{
	ck_assert_int_eq(munmap(leased->addr, page), 0);
	ck_assert_ptr_eq(mmap(leased->addr, leased->length, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, leased->fd, 0), leased->addr);
}

static void take_move(struct leased *leased)
{
	char *there = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(there, MAP_FAILED);
	ck_assert_ptr_eq(mremap(leased->addr + page, page, page,
				MREMAP_MAYMOVE | MREMAP_FIXED, there), there);
	ck_assert_ptr_eq(mremap(there, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
				leased->addr + page), leased->addr + page);
}

static const struct taking {
	void (*run)(struct leased *leased);
	uint32_t cause;
} takings[] = {
	{ take_truncate, PIN_CAUSE_FILE },
	{ take_punch, PIN_CAUSE_FILE },
	{ take_discard, PIN_CAUSE_FILE },
	{ take_unmap, PIN_CAUSE_UNMAP },
	{ take_move, PIN_CAUSE_UNMAP },
};

#define TAKINGS	((int)(sizeof(takings) / sizeof(*takings)))
/* A test may not last 36 minutes: libcheck has an int for its microseconds. */
#define PARTS	5

static unsigned int takes(void)
{
	const char *set = getenv("PIN_TEST_TAKES");

	return set ? strtoul(set, NULL, 10) : 50;
}

/* Again and again: none is missed, and each is told of once. */
START_TEST(taken_each_time)
{
	const struct taking *by = &takings[_i / DAX_DIRS % TAKINGS];
	struct counters before = counters_read();
	struct pin_query queried;
	struct pin_event event;
	struct leased leased;
	unsigned int i;

	leased_open(&leased, dax_dirs[_i % DAX_DIRS], PAGES * page);
	for (i = 0; i < takes() / PARTS; i++) {
		leased_pin(&leased);
		by->run(&leased);
		ck_assert_int_eq(query(leased.id, &queried), 0);
		ck_assert_uint_eq(queried.state, PIN_STATE_REVOKED);
		event = expect_event(leased.id);
		ck_assert_uint_eq(event.cause, by->cause);
		ck_assert_uint_eq(event.lost, 0);
		ck_assert_int_eq(unpin(leased.id), 0);
	}
	expect_no_event();
	leased_close(&leased);
	counters_expect(&before, "after all were taken");
}
END_TEST

/* --- what does not */

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_msg(write(fd, text, strlen(text)) == (ssize_t)strlen(text),
		      "%s: %s", path, strerror(errno));
	close(fd);
}

static void by_fsync(const struct leased *leased)
{
	ck_assert_int_eq(fsync(leased->fd), 0);
}

static void by_msync(const struct leased *leased)
{
	ck_assert_int_eq(msync(leased->addr, leased->length, MS_SYNC), 0);
}

static void by_mprotect(const struct leased *leased)
{
	ck_assert_int_eq(mprotect(leased->addr, leased->length, PROT_READ), 0);
	ck_assert_int_eq(mprotect(leased->addr, leased->length,
				  PROT_READ | PROT_WRITE), 0);
}

static void by_writing(const struct leased *leased)
{
	touch(leased->addr, leased->length);
}

static void by_write_call(const struct leased *leased)
{
	ck_assert_int_eq(pwrite(leased->fd, "x", 1, 5), 1);
}

static void by_fork(const struct leased *leased)
{
	pid_t child = fork_child();

	if (!child) {
		touch(leased->addr, leased->length);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

/* Soft-dirty tracking write-protects everything. */
static void by_soft_dirty(const struct leased *leased)
{
	write_to("/proc/self/clear_refs", "4");
}

static void by_clear_refs(const struct leased *leased)
{
	write_to("/proc/self/clear_refs", "1");
}

static void by_compaction(const struct leased *leased)
{
	write_to("/proc/sys/vm/compact_memory", "1");
}

static void by_drop_caches(const struct leased *leased)
{
	write_to("/proc/sys/vm/drop_caches", "3");
}

static void by_pageout(const struct leased *leased)
{
	/* Not of DAX memory; the kernel may say so. */
	madvise(leased->addr, leased->length, MADV_PAGEOUT);
	madvise(leased->addr, leased->length, MADV_COLD);
}

static void by_mbind(const struct leased *leased)
{
	unsigned long node = 1;

	syscall(SYS_mbind, leased->addr, leased->length, MPOL_BIND, &node, 64UL,
		MPOL_MF_MOVE);
}

/* None of it is for DAX memory; the kernel may say so. */
static void by_merging(const struct leased *leased)
{
	madvise(leased->addr, leased->length, MADV_HUGEPAGE);
	madvise(leased->addr, leased->length, MADV_COLLAPSE);
	madvise(leased->addr, leased->length, MADV_MERGEABLE);
	madvise(leased->addr, leased->length, MADV_UNMERGEABLE);
}

/* A fresh neighbour, and the file mapped somewhere else, and gone again. */
static void by_neighbours(const struct leased *leased)
{
	void *other = mmap(NULL, leased->length, PROT_READ | PROT_WRITE, MAP_SHARED,
			   leased->fd, 0);

	ck_assert_ptr_ne(other, MAP_FAILED);
	touch(other, leased->length);
	ck_assert_int_eq(madvise(other, leased->length, MADV_DONTNEED), 0);
	ck_assert_int_eq(munmap(other, leased->length), 0);
}

static const struct disturbance {
	const char *name;
	void (*run)(const struct leased *leased);
	bool cheap;
} disturbances[] = {
	{ "fsync", by_fsync, false },
	{ "msync", by_msync, false },
	{ "mprotect", by_mprotect, true },
	{ "writing", by_writing, true },
	{ "write(2)", by_write_call, true },
	{ "fork", by_fork, false },
	{ "soft-dirty", by_soft_dirty, false },
	{ "clear_refs", by_clear_refs, false },
	{ "compaction", by_compaction, false },
	{ "drop_caches", by_drop_caches, false },
	{ "pageout", by_pageout, true },
	{ "mbind", by_mbind, true },
	{ "huge pages and KSM", by_merging, true },
	{ "neighbours", by_neighbours, true },
};

#define DISTURBANCES	((int)(sizeof(disturbances) / sizeof(*disturbances)))

/* How many of each; the long run sets more. */
static unsigned int rounds(bool cheap)
{
	const char *set = getenv(cheap ? "PIN_TEST_CHEAP" : "PIN_TEST_DEAR");

	return set ? strtoul(set, NULL, 10) : cheap ? 500 : 5;
}

START_TEST(disturbed)
{
	const struct disturbance *by = &disturbances[_i / DAX_DIRS];
	struct leased leased;
	struct pin_event event;
	unsigned int i;
	uint64_t done;
	char seen;

	leased_open(&leased, dax_dirs[_i % DAX_DIRS], PAGES * page);
	touch(leased.addr, leased.length);
	leased_pin(&leased);
	for (i = 0; i < rounds(by->cheap); i++) {
		by->run(&leased);
		/* The pin and the mapping are still the same memory. */
		leased.addr[7 * page] = i;
		ck_assert_int_eq(pin_read(leased.id, 7 * page, &seen, 1, &done), 0);
		ck_assert_int_eq(seen, (char)i);
	}
	expect_live(leased.id);
	ck_assert_int_eq(fcntl(pin_fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	ck_assert_msg(read(pin_fd, &event, sizeof(event)) == -1,
		      "%s revoked a lease, cause %u", by->name, event.cause);
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

Suite *lasting_suite(void)
{
	Suite *suite = suite_create("lasting");
	TCase *tcase = tcase_with_context("taken");

	tcase_add_loop_test(tcase, unmapped, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, discarded, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, killed, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, executed, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, out_of_memory, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, forked, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, passed_on, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, closed, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	tcase = tcase_with_context("taken-each-time");
	tcase_set_timeout(tcase, 1800);
	tcase_add_loop_test(tcase, taken_each_time, 0, TAKINGS * DAX_DIRS * PARTS);
	suite_add_tcase(suite, tcase);
	tcase = tcase_with_context("disturbed");
	tcase_set_timeout(tcase, 1800);
	tcase_add_loop_test(tcase, disturbed, 0, DISTURBANCES * DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
