// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of a context: a socket that keeps records apart is in place of the device, and
 * read(2), which is wrapped by the linker, gives as many as fit, as the device does.
 */
#include <errno.h>
#include <fcntl.h>
#include <libpin.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fake.h"
#include "nomem.h"
#include "suites.h"

/* The end that the module has, and the other one. */
static int module_fd = -1, stream_fd = -1;

ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length);

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
	ssize_t next;
	size_t done = 0;

	if (fd != stream_fd)
		return __real_read(fd, bytes, length);
	for (;;) {
		next = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
		if (next < 0)
			return done ? (ssize_t)done : -1;
		if ((size_t)next > length - done)
			break;
		done += (size_t)recv(fd, (char *)bytes + done, (size_t)next, 0);
	}
	errno = EINVAL;
	return done ? (ssize_t)done : -1;
}

static struct libpin_context *open_stream(void)
{
	struct libpin_context *ctx;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	module_fd = fds[0];
	fake_set(NULL);
	stream_fd = fds[1];
	ck_assert_int_eq(libpin_context_from_fd(&ctx, stream_fd), 0);
	return ctx;
}

static void close_stream(struct libpin_context *ctx)
{
	libpin_context_close(ctx);
	stream_fd = -1;
	close(module_fd);
}

/* A record of @length bytes that says it has @size; what is behind the known is noise. */
static void happens(uint32_t size, size_t length)
{
	unsigned char bytes[4 * sizeof(struct pin_event)];
	struct pin_event raw = {
		.size = size,
		.type = PIN_EVENT_REVOKED,
		.sequence = 11,
		.id = 12,
		.cookie = 13,
		.addr = 14,
		.length = 15,
		.time_ns = 16,
		.cause = PIN_CAUSE_FILE,
		.lost = 17,
	};

	memset(bytes, 0xa5, sizeof(bytes));
	memcpy(bytes, &raw, sizeof(raw));
	ck_assert_int_eq(write(module_fd, bytes, length), (ssize_t)length);
}

static void expect_event(struct libpin_context *ctx)
{
	struct libpin_event *event;

	ck_assert_int_eq(libpin_event_read(ctx, &event), 0);
	ck_assert_uint_eq(libpin_event_type(event), PIN_EVENT_REVOKED);
	ck_assert_uint_eq(libpin_event_sequence(event), 11);
	ck_assert_uint_eq(libpin_event_id(event), 12);
	ck_assert_uint_eq(libpin_event_cookie(event), 13);
	ck_assert_uint_eq(libpin_event_address(event), 14);
	ck_assert_uint_eq(libpin_event_length(event), 15);
	ck_assert_uint_eq(libpin_event_time_ns(event), 16);
	ck_assert_uint_eq(libpin_event_cause(event), PIN_CAUSE_FILE);
	ck_assert_uint_eq(libpin_event_lost(event), 17);
	libpin_event_free(event);
}

START_TEST(test_event)
{
	struct libpin_context *ctx = open_stream();
	struct libpin_event *event = (void *)1;

	ck_assert_int_eq(libpin_event_wait(ctx, 0), -ETIMEDOUT);
	ck_assert_int_eq(libpin_event_read(ctx, &event), -EAGAIN);
	ck_assert_ptr_null(event);
	happens(sizeof(struct pin_event), sizeof(struct pin_event));
	ck_assert_int_eq(libpin_event_wait(ctx, -1), 0);
	expect_event(ctx);
	ck_assert_int_eq(libpin_event_wait(ctx, 0), -ETIMEDOUT);
	close_stream(ctx);
}
END_TEST

/* What the module has handed out is gone from it. */
START_TEST(test_one_at_a_time)
{
	struct libpin_context *ctx = open_stream();
	struct libpin_event *event;
	int i;

	for (i = 0; i < 3; i++)
		happens(sizeof(struct pin_event), sizeof(struct pin_event));
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(libpin_event_wait(ctx, 0), 0);
		expect_event(ctx);
	}
	ck_assert_int_eq(libpin_event_read(ctx, &event), -EAGAIN);
	close_stream(ctx);
}
END_TEST

/* A newer module tells more in a record. */
START_TEST(test_newer_module)
{
	struct libpin_context *ctx = open_stream();

	happens(sizeof(struct pin_event) + 8, sizeof(struct pin_event) + 8);
	expect_event(ctx);
	close_stream(ctx);
}
END_TEST

START_TEST(test_broken_module)
{
	static const struct {
		uint32_t size;
		size_t length;
	} records[] = {
		{ sizeof(struct pin_event) - 1, sizeof(struct pin_event) - 1 },
		{ sizeof(struct pin_event), sizeof(struct pin_event) - 1 },
		{ sizeof(struct pin_event) + 1, sizeof(struct pin_event) },
		{ 0, sizeof(struct pin_event) },
	};
	struct libpin_context *ctx = open_stream();
	struct libpin_event *event = (void *)1;
	size_t i;

	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		happens(records[i].size, records[i].length);
		ck_assert_int_eq(libpin_event_read(ctx, &event), -EPROTO);
		ck_assert_ptr_null(event);
	}
	close_stream(ctx);
}
END_TEST

START_TEST(test_nomem)
{
	struct libpin_context *ctx = open_stream();
	struct libpin_event *event = (void *)1;
	int ret;

	happens(sizeof(struct pin_event), sizeof(struct pin_event));
	nomem_fail(1);
	ret = libpin_event_read(ctx, &event);
	nomem_stop();
	ck_assert_int_eq(ret, -ENOMEM);
	ck_assert_ptr_null(event);
	/* Nothing was taken. */
	expect_event(ctx);
	close_stream(ctx);
}
END_TEST

/* A descriptor that can never be read from: a pipe's end for writing, without a reader. */
START_TEST(test_wrong_descriptor)
{
	struct libpin_context *ctx;
	int fds[2];

	fake_set(NULL);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(libpin_context_from_fd(&ctx, fds[1]), 0);
	close(fds[0]);
	ck_assert_int_eq(libpin_event_wait(ctx, -1), -EBADF);
	libpin_context_close(ctx);
}
END_TEST

static void heard(int signal)
{
	(void)signal;
}

START_TEST(test_interrupted)
{
	static const struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never;
	struct sigaction action = { .sa_handler = heard };
	struct libpin_context *ctx = open_stream();

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	ck_assert_int_eq(libpin_event_wait(ctx, -1), -EINTR);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	close_stream(ctx);
}
END_TEST

START_TEST(test_null)
{
	struct libpin_event *event = (void *)1;

	ck_assert_int_eq(libpin_event_wait(NULL, 0), -EINVAL);
	ck_assert_int_eq(libpin_event_read(NULL, NULL), -EINVAL);
	ck_assert_int_eq(libpin_event_read(NULL, &event), -EINVAL);
	ck_assert_ptr_null(event);
	ck_assert_uint_eq(libpin_event_type(NULL), PIN_EVENT_NONE);
	ck_assert_uint_eq(libpin_event_sequence(NULL), 0);
	ck_assert_uint_eq(libpin_event_id(NULL), 0);
	ck_assert_uint_eq(libpin_event_cookie(NULL), 0);
	ck_assert_uint_eq(libpin_event_address(NULL), 0);
	ck_assert_uint_eq(libpin_event_length(NULL), 0);
	ck_assert_uint_eq(libpin_event_time_ns(NULL), 0);
	ck_assert_uint_eq(libpin_event_cause(NULL), PIN_CAUSE_NONE);
	ck_assert_uint_eq(libpin_event_lost(NULL), 0);
	libpin_event_free(NULL);
}
END_TEST

START_TEST(test_causes)
{
	static const char *const names[] = { NULL, "file", "unmap", "exit", "device", "admin" };
	uint32_t cause;

	ck_assert_uint_eq(PIN_CAUSE_ADMIN + 1, sizeof(names) / sizeof(names[0]));
	ck_assert_ptr_null(libpin_cause_name(PIN_CAUSE_NONE));
	for (cause = 1; cause <= PIN_CAUSE_ADMIN; cause++)
		ck_assert_str_eq(libpin_cause_name(cause), names[cause]);
	ck_assert_ptr_null(libpin_cause_name(cause));
	ck_assert_ptr_null(libpin_cause_name(UINT32_MAX));
}
END_TEST

Suite *suite_event(void)
{
	Suite *suite = suite_create("event");
	TCase *tcase = tcase_create("event");

	tcase_add_test(tcase, test_event);
	tcase_add_test(tcase, test_one_at_a_time);
	tcase_add_test(tcase, test_newer_module);
	tcase_add_test(tcase, test_broken_module);
	tcase_add_test(tcase, test_nomem);
	tcase_add_test(tcase, test_wrong_descriptor);
	tcase_add_test(tcase, test_interrupted);
	tcase_add_test(tcase, test_null);
	tcase_add_test(tcase, test_causes);
	suite_add_tcase(suite, tcase);
	return suite;
}
