// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whoever needs the blocks of a leased file gets them without waiting for the
 * holder of the lease: each thing that a filesystem can be asked, by the owner and by
 * another process while the owner is stopped, on each DAX filesystem.
 *
 * The time from call to return is printed next to that of the same call on the same
 * file, mapped and touched, without a lease; nothing is asserted of it but that it
 * ends.
 */
#include "holder.h"
#include "memory.h"
#include "mounted.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES		64

/* --- what a filesystem can be asked; all return 0 or an errno */

static int on_file(const char *path, int flags, int (*change)(int fd))
{
	int fd = open(path, O_RDWR | O_CLOEXEC | flags);
	int err = 0;

	if (fd < 0)
		return errno;
	if (change(fd))
		err = errno;
	close(fd);
	return err;
}

static int do_shrink(int fd)
{
	return ftruncate(fd, 3 * sysconf(_SC_PAGESIZE));
}

static int do_extend(int fd)
{
	return ftruncate(fd, 2 * PAGES * sysconf(_SC_PAGESIZE));
}

static int do_same_size(int fd)
{
	return ftruncate(fd, PAGES * sysconf(_SC_PAGESIZE));
}

static int do_fallocate(int fd, int mode)
{
	return fallocate(fd, mode, 4 * sysconf(_SC_PAGESIZE),
			 8 * sysconf(_SC_PAGESIZE));
}

static int do_punch(int fd)
{
	return do_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

static int do_zero(int fd)
{
	return do_fallocate(fd, FALLOC_FL_ZERO_RANGE);
}

static int do_collapse(int fd)
{
	return do_fallocate(fd, FALLOC_FL_COLLAPSE_RANGE);
}

static int do_insert(int fd)
{
	return do_fallocate(fd, FALLOC_FL_INSERT_RANGE);
}

static int do_nothing(int fd)
{
	(void)fd;
	return 0;
}

static int do_fsync(int fd)
{
	return fsync(fd);
}

static int do_freeze(int fd)
{
	return ioctl(fd, FIFREEZE, 0) ?: ioctl(fd, FITHAW, 0);
}

static int shrink(const char *path) { return on_file(path, 0, do_shrink); }
static int extend(const char *path) { return on_file(path, 0, do_extend); }
static int same_size(const char *path) { return on_file(path, 0, do_same_size); }
static int punch(const char *path) { return on_file(path, 0, do_punch); }
static int zero(const char *path) { return on_file(path, 0, do_zero); }
static int collapse(const char *path) { return on_file(path, 0, do_collapse); }
static int insert(const char *path) { return on_file(path, 0, do_insert); }
static int reopen(const char *path) { return on_file(path, O_TRUNC, do_nothing); }
static int sync_file(const char *path) { return on_file(path, 0, do_fsync); }
static int freeze(const char *path) { return on_file(path, 0, do_freeze); }

static int remove_file(const char *path)
{
	return unlink(path) ? errno : 0;
}

/* The mount point is the directory of the file. */
static void mount_point(const char *path, char *dir)
{
	snprintf(dir, PATH_MAX, "%s", path);
	*strrchr(dir, '/') = 0;
}

/* Filesystems refuse to change it while it matters, in words of their own. */
static int remount(const char *path)
{
	char dir[PATH_MAX];

	mount_point(path, dir);
	mount("none", dir, NULL, MS_REMOUNT, "dax=never");
	return mount("none", dir, NULL, MS_REMOUNT, "dax=always") ? errno : 0;
}

static const struct op {
	const char *name;
	int (*run)(const char *path);
	bool revokes;
} ops[] = {
	{ "truncate, shrinking", shrink, true },
	{ "truncate, extending", extend, true },
	{ "truncate, same size", same_size, true },
	{ "punch hole", punch, true },
	{ "zero range", zero, true },
	{ "collapse range", collapse, true },
	{ "insert range", insert, true },
	{ "open with O_TRUNC", reopen, true },
	{ "fsync", sync_file, false },
	{ "freeze and thaw", freeze, false },
	{ "remount without DAX", remount, false },
	{ "unlink", remove_file, false },
};

#define OPS	((int)(sizeof(ops) / sizeof(*ops)))

/* --- what comes of it */

static void expect_effect(const struct op *op, const struct leased *leased)
{
	struct pin_event event;

	if (!op->revokes) {
		expect_live(leased->id);
		expect_no_event();
		return;
	}
	expect_revoked(leased->id);
	event = expect_event(leased->id);
	ck_assert_uint_eq(event.cause, PIN_CAUSE_FILE);
	ck_assert_uint_ge(event.addr, (uintptr_t)leased->addr);
	ck_assert_uint_le(event.addr + event.length,
			  (uintptr_t)leased->addr + leased->length);
	ck_assert_uint_gt(event.length, 0);
	expect_no_event();
}

START_TEST(by_another)
{
	const struct op *op = &ops[_i / DAX_DIRS];
	const char *dir = dax_dirs[_i % DAX_DIRS];
	struct counters before = counters_read();
	struct holder holder, plain;
	long with, without;

	holder_start(&holder, dir, PAGES * page, true);
	with = run_beside(op->name, op->run, holder.leased.path, 0);
	expect_effect(op, &holder.leased);
	holder_kill(&holder);
	if (!op->revokes) {
		expect_revoked(holder.leased.id);
		ck_assert_uint_eq(expect_event(holder.leased.id).cause,
				  PIN_CAUSE_EXIT);
	}
	ck_assert_int_eq(unpin(holder.leased.id), 0);
	counters_expect(&before, op->name);
	unlink(holder.leased.path);

	holder_start(&plain, dir, PAGES * page, false);
	without = run_beside(op->name, op->run, plain.leased.path, 0);
	holder_kill(&plain);
	unlink(plain.leased.path);
	printf("%-20s %-16s %6ld us with a lease, %6ld us without\n", op->name,
	       dir, with, without);
}
END_TEST

START_TEST(by_the_owner)
{
	const struct op *op = &ops[_i / DAX_DIRS];
	struct leased leased;

	leased_open(&leased, dax_dirs[_i % DAX_DIRS], PAGES * page);
	leased_pin(&leased);
	ck_assert_int_eq(op->run(leased.path), 0);
	expect_effect(op, &leased);
	leased_close(&leased);
	expect_revoked(leased.id);
	ck_assert_int_eq(unpin(leased.id), 0);
}
END_TEST

/* Two leases of two processes, and one of a process twice: all are taken back. */
START_TEST(every_holder)
{
	struct leased leased, again;
	struct pin_pin arg;
	uint64_t first;
	pid_t child;
	int status;

	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	first = leased.id;
	leased_pin(&leased);
	child = fork_child();
	if (!child) {
		if (pin_range(leased.addr, PAGES * page, PIN_F_WRITE | PIN_F_LEASE, &arg))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert(WIFSTOPPED(status));
	again = leased;
	again.id = leased.id + 1;
	expect_live(first);
	expect_live(leased.id);
	expect_live(again.id);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	expect_revoked(first);
	expect_revoked(leased.id);
	expect_revoked(again.id);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	leased_close(&leased);
}
END_TEST

/*
 * What is freed by a truncate belongs to others: nothing that is done with the old
 * pin reaches it, and it does not come back when the file grows again.
 */
START_TEST(freed_blocks_are_left_alone)
{
	const size_t length = PAGES * page;
	struct leased leased, other;
	char buffer[256];
	uint64_t done;
	size_t i;

	leased_open(&leased, dax_dirs[_i], length);
	memset(leased.addr, 'o', length);
	leased_pin(&leased);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);

	/* Somebody else gets the blocks; then the file gets blocks again. */
	leased_open(&other, dax_dirs[_i], length);
	memset(other.addr, 'n', length);
	ck_assert_int_eq(ftruncate(leased.fd, length), 0);
	memset(leased.addr, 'g', length);

	memset(buffer, '!', sizeof(buffer));
	for (i = 0; i < length; i += page / 2) {
		ck_assert_int_eq(pin_write(leased.id, i, buffer, sizeof(buffer), &done),
				 -ESTALE);
		ck_assert_int_eq(pin_read(leased.id, i, buffer, sizeof(buffer), &done),
				 -ESTALE);
		ck_assert_int_eq(buffer[0], '!');
	}
	/* An assertion is a system call, for each byte too many. */
	for (i = 0; i < length; i++)
		if (other.addr[i] != 'n' || leased.addr[i] != 'g')
			ck_abort_msg("byte %zu: %c and %c", i, other.addr[i],
				     leased.addr[i]);
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
	leased_close(&other);
}
END_TEST

static unsigned long free_blocks(const char *dir)
{
	struct statvfs stat;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(syncfs(fd), 0);
	ck_assert_int_eq(fstatvfs(fd, &stat), 0);
	close(fd);
	return stat.f_bfree;
}

/* The last reference goes with the mapping, and the blocks with it. */
START_TEST(unlinked)
{
	const char *dir = need_env(dax_dirs[_i]);
	unsigned long before, after = 0;
	struct leased leased;
	int tries;

	before = free_blocks(dir);
	leased_open(&leased, dax_dirs[_i], PAGES * page);
	leased_pin(&leased);
	ck_assert_int_eq(unlink(leased.path), 0);
	ck_assert_int_eq(close(leased.fd), 0);
	expect_live(leased.id);
	ck_assert_uint_lt(free_blocks(dir), before);
	ck_assert_int_eq(munmap(leased.addr, leased.length), 0);
	expect_revoked(leased.id);
	/* XFS frees the blocks of an unlinked file behind one's back. */
	for (tries = 0; tries < 500 && after < before; tries++) {
		usleep(10000);
		after = free_blocks(dir);
	}
	ck_assert_uint_ge(after, before);
	ck_assert_int_eq(unpin(leased.id), 0);
}
END_TEST

/* A filesystem is busy while the file is mapped, and not a moment longer. */
START_TEST(unmount)
{
	const char *dir = need_env(dax_dirs[_i]);
	struct mounted mounted;
	struct leased leased;
	int tries;

	mounted_find(&mounted, dir);
	for (tries = 0; tries < 20; tries++) {
		leased_open(&leased, dax_dirs[_i], PAGES * page);
		leased_pin(&leased);
		close(leased.fd);
		ck_assert_int_eq(umount(dir), -1);
		ck_assert_int_eq(errno, EBUSY);
		ck_assert_int_eq(munmap(leased.addr, leased.length), 0);
		mounted_unmount(&mounted);
		mounted_mount(&mounted);
		expect_revoked(leased.id);
		ck_assert_int_eq(unlink(leased.path), 0);
	}
}
END_TEST

static const char *const huge_kinds[DAX_DIRS] = {
	[DAX_EXT4] = "ext4dax-huge",
	[DAX_XFS] = "xfsdax-huge",
};

static void make_huge(struct memory *memory, const char *name)
{
	const struct memory_kind *kind = memory_file;

	while (strcmp(kind->name, name))
		kind++;
	memory_make(kind, memory);
}

/*
 * A huge page maps more than what is leased. To protect it as a whole moves nothing; to
 * protect a part of it, even another, splits the mapping, which unmaps all of it first.
 */
START_TEST(huge_page_is_split)
{
	struct counters before = counters_read();
	struct memory memory;
	struct pin_event event;
	struct pin_pin arg;
	char *middle;

	make_huge(&memory, huge_kinds[_i]);
	middle = memory.addr + memory.length / 2;
	ck_assert_int_eq(pin_range(memory.addr, memory.length / 2,
				   PIN_F_WRITE | PIN_F_LEASE, &arg), 0);
	ck_assert_int_eq(mprotect(memory.addr, memory.length, PROT_READ), 0);
	ck_assert_int_eq(mprotect(memory.addr, memory.length, PROT_READ | PROT_WRITE), 0);
	expect_live(arg.id);
	expect_no_event();

	ck_assert_int_eq(mprotect(middle, memory.length / 2, PROT_READ), 0);
	expect_revoked(arg.id);
	event = expect_event(arg.id);
	ck_assert_uint_eq(event.cause, PIN_CAUSE_FILE);
	ck_assert_int_eq(unpin(arg.id), 0);
	/* It is mapped by small pages now. */
	ck_assert_int_eq(pin_range(memory.addr, memory.length / 2,
				   PIN_F_WRITE | PIN_F_LEASE, &arg), 0);
	ck_assert_int_eq(mprotect(middle, page, PROT_NONE), 0);
	expect_live(arg.id);
	expect_no_event();
	ck_assert_int_eq(unpin(arg.id), 0);
	memory_free(&memory);
	counters_expect(&before, "after a huge page was split");
}
END_TEST

Suite *revoke_suite(void)
{
	Suite *suite = suite_create("revoke");
	TCase *tcase = tcase_with_context("revoke");

	tcase_add_loop_test(tcase, by_another, 0, OPS * DAX_DIRS);
	tcase_add_loop_test(tcase, by_the_owner, 0, OPS * DAX_DIRS);
	tcase_add_loop_test(tcase, every_holder, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, freed_blocks_are_left_alone, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, unlinked, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, huge_page_is_split, 0, DAX_DIRS);
	tcase_add_loop_test(tcase, unmount, 0, DAX_DIRS);
	suite_add_tcase(suite, tcase);
	return suite;
}
