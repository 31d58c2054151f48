// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call but ioctl(2) on a context, and every buffer that read(2) can be given:
 * what the device does not offer fails as a user expects, and nothing is written.
 *
 * read(2) and poll(2) deliver the events of leases; where the module has none, they
 * are calls like the others. Here no event ever comes.
 */
#include "commands.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static unsigned char *room;
static int pipe_out, pipe_in;

/* The result, or -errno. */
static long done(long result)
{
	return result < 0 ? -errno : result;
}

static long try_write(void)
{
	return done(write(pin_fd, room, page));
}

static long try_write_nothing(void)
{
	return done(write(pin_fd, room, 0));
}

static long try_pread(void)
{
	return done(pread(pin_fd, room, page, 0));
}

static long try_pwrite(void)
{
	return done(pwrite(pin_fd, room, page, 0));
}

static long try_readv(void)
{
	struct iovec parts[] = { { room, page }, { room + page, page } };

	return done(readv(pin_fd, parts, 2));
}

static long try_writev(void)
{
	struct iovec parts[] = { { room, page }, { room + page, page } };

	return done(writev(pin_fd, parts, 2));
}

static long try_lseek(void)
{
	return done(lseek(pin_fd, 0, SEEK_END));
}

static long try_mmap(int protection, int flags, off_t offset)
{
	void *addr = mmap(NULL, page, protection, flags, pin_fd, offset);

	return addr == MAP_FAILED ? -errno : 0;
}

static long try_mmap_shared(void)
{
	return try_mmap(PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

static long try_mmap_private(void)
{
	return try_mmap(PROT_READ, MAP_PRIVATE, 0);
}

static long try_mmap_far(void)
{
	return try_mmap(PROT_READ, MAP_SHARED, 0x7ffff000);
}

static long try_ftruncate(void)
{
	return done(ftruncate(pin_fd, page));
}

static long try_fallocate(void)
{
	return done(fallocate(pin_fd, 0, 0, page));
}

static long try_fsync(void)
{
	return done(fsync(pin_fd));
}

static long try_splice_out_of(void)
{
	return done(splice(pin_fd, NULL, pipe_in, NULL, page, SPLICE_F_NONBLOCK));
}

static long try_splice_into(void)
{
	ck_assert_int_eq(write(pipe_in, room, 1), 1);
	return done(splice(pipe_out, NULL, pin_fd, NULL, 1, SPLICE_F_NONBLOCK));
}

static long try_sendfile_out_of(void)
{
	return done(sendfile(pipe_in, pin_fd, NULL, page));
}

static long try_copy_file_range(void)
{
	return done(copy_file_range(pin_fd, NULL, pin_fd, NULL, page, 0));
}

static long try_ioctl_fasync(void)
{
	int on = 1;

	return done(ioctl(pin_fd, FIOASYNC, &on));
}

static long try_ioctl_bytes(void)
{
	int bytes = 0;

	return done(ioctl(pin_fd, FIONREAD, &bytes));
}

static long try_direct(void)
{
	return done(fcntl(pin_fd, F_SETFL, O_RDWR | O_DIRECT));
}

static long try_poll(void)
{
	struct pollfd poll_fd = { .fd = pin_fd, .events = ~0 };
	int ready = poll(&poll_fd, 1, 0);

	return ready < 0 ? -errno : poll_fd.revents;
}

static long try_epoll(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	long err = done(epoll_ctl(epoll, EPOLL_CTL_ADD, pin_fd, &event));

	close(epoll);
	return err;
}

/* What poll(2) says of files that never block. */
#define ALWAYS	(POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM)

static const struct attempt {
	const char *name;
	long (*run)(void);
	long expected;
	long with_events;	/* where the module has leases */
} attempts[] = {
	{ "write", try_write, -EINVAL, -EINVAL },
	{ "write of nothing", try_write_nothing, -EINVAL, -EINVAL },
	{ "pread", try_pread, -ESPIPE, -ESPIPE },
	{ "pwrite", try_pwrite, -ESPIPE, -ESPIPE },
	{ "readv", try_readv, -EINVAL, -EAGAIN },
	{ "writev", try_writev, -EINVAL, -EINVAL },
	{ "lseek", try_lseek, -ESPIPE, -ESPIPE },
	{ "mmap, shared", try_mmap_shared, -ENODEV, -ENODEV },
	{ "mmap, private", try_mmap_private, -ENODEV, -ENODEV },
	{ "mmap, far", try_mmap_far, -ENODEV, -ENODEV },
	{ "ftruncate", try_ftruncate, -EINVAL, -EINVAL },
	{ "fallocate", try_fallocate, -ENODEV, -ENODEV },
	{ "fsync", try_fsync, -EINVAL, -EINVAL },
	{ "splice out of", try_splice_out_of, -EINVAL, -EINVAL },
	{ "splice into", try_splice_into, -EINVAL, -EINVAL },
	{ "sendfile out of", try_sendfile_out_of, -EINVAL, -EINVAL },
	{ "copy_file_range", try_copy_file_range, -EINVAL, -EINVAL },
	{ "FIOASYNC", try_ioctl_fasync, -ENOTTY, -ENOTTY },
	{ "FIONREAD", try_ioctl_bytes, -ENOTTY, -ENOTTY },
	{ "O_DIRECT", try_direct, -EINVAL, -EINVAL },
	{ "poll", try_poll, ALWAYS, 0 },
	{ "epoll", try_epoll, -EPERM, 0 },
};

static bool has_events(void)
{
	return info().features & PIN_FEATURE_LEASE;
}

static void prepare(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pipe_out = ends[0];
	pipe_in = ends[1];
	ck_assert_int_eq(fcntl(pin_fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	room = map_anon(2 * page);
	memset(room, POISON, 2 * page);
}

static void expect_untouched(void)
{
	ck_assert_uint_eq(differs_at(room, 0, 2 * page, POISON), 2 * page);
	close(pipe_in);
	close(pipe_out);
}

START_TEST(other_calls)
{
	const struct attempt *attempt = &attempts[_i];
	long expected = has_events() ? attempt->with_events : attempt->expected;
	long result;

	prepare();
	result = attempt->run();
	ck_assert_msg(result == expected, "%s: %ld instead of %ld", attempt->name, result,
		      expected);
	expect_untouched();
}
END_TEST

/* read(2): whether a record fits comes first, then whether there is one. */
static void expect_read(void *buffer, size_t length, bool in_user_space)
{
	long expected = -EINVAL;

	if (has_events()) {
		if (!in_user_space)
			expected = -EFAULT;
		else if (length >= sizeof(struct pin_event))
			expected = -EAGAIN;
	}
	ck_assert_int_eq(done(read(pin_fd, buffer, length)), expected);
}

static const size_t lengths[] = {
	0, 1, sizeof(struct pin_event) - 1, sizeof(struct pin_event),
	sizeof(struct pin_event) + 1, 4096, 0x7fffffff,
};

START_TEST(read_length)
{
	prepare();
	expect_read(room, lengths[_i], true);
	expect_untouched();
}
END_TEST

/* Nobody looks at the buffer as long as there is nothing to put into it. */
START_TEST(read_buffer)
{
	size_t length = lengths[_i];
	unsigned char *gone = map_anon(page);

	prepare();
	munmap(gone, page);
	expect_read(NULL, length, true);
	expect_read(gone, length, true);
	expect_read(room + 1, length, true);
	ck_assert_int_eq(mprotect(room, page, PROT_READ), 0);
	expect_read(room, length, true);
	expect_untouched();
}
END_TEST

/* A 32-bit program has no way to name the kernel's half. */
START_TEST(read_into_kernel)
{
	static const uint64_t pointers[] = {
		0xffff888000000000, 0xffffffff81000000, 0x8000000000000000,
	};
	size_t i, k;

	prepare();
	for (i = 0; i < COUNT(pointers) && sizeof(void *) == 8; i++)
		for (k = 0; k < COUNT(lengths); k++)
			expect_read((void *)(uintptr_t)pointers[i], lengths[k], false);
	expect_untouched();
}
END_TEST

/* A child that has got as far as sleeping in read(2) on the context. */
static pid_t reader(void)
{
	struct pin_event event;
	pid_t pid = fork_child();
	char path[64];
	long call = -1;
	FILE *file;
	int i;

	if (!pid)
		_exit(read(pin_fd, &event, sizeof(event)) != -1);
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (i = 0; i < 1000 && call != SYS_read; i++) {
		sleep_ms(10);
		file = fopen(path, "r");
		ck_assert_ptr_nonnull(file);
		if (fscanf(file, "%ld", &call) != 1)
			call = -1;	/* "running" */
		fclose(file);
	}
	ck_assert_int_eq(call, SYS_read);
	return pid;
}

static bool dies(pid_t pid)
{
	int i, status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	for (i = 0; i < 1000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
		sleep_ms(10);
	}
	return false;
}

/* Who waits for an event keeps nobody else from waiting, or from being killed. */
START_TEST(second_reader)
{
	pid_t first = reader(), second = reader();
	bool dead = dies(second);

	ck_assert(dies(first));
	if (!dead)
		ck_assert_int_eq(waitpid(second, NULL, 0), second);
	ck_assert(dead);
}
END_TEST

Suite *descriptor_suite(void)
{
	Suite *suite = suite_create("descriptor");
	TCase *tcase = tcase_with_context("descriptor");

	tcase_add_loop_test(tcase, other_calls, 0, COUNT(attempts));
	tcase_add_loop_test(tcase, read_length, 0, COUNT(lengths));
	tcase_add_loop_test(tcase, read_buffer, 0, COUNT(lengths));
	tcase_add_test(tcase, read_into_kernel);
	tcase_add_test(tcase, second_reader);
	suite_add_tcase(suite, tcase);
	return suite;
}
