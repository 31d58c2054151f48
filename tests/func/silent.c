// SPDX-License-Identifier: GPL-2.0-or-later
/* See silent.h. */
#include "silent.h"

#include "harness.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINOR	31
#define HELD	8

/* --- the server */

struct server {
	int fuse, asked, answer;
	unsigned int errors;			/* reads that are still to fail */
	struct fuse_in_header held[HELD];	/* reads without an answer */
	unsigned int held_count;
};

static void reply(const struct server *server, const struct fuse_in_header *in, int err,
		  void *body, size_t length)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + length,
		.error = err,
		.unique = in->unique,
	};
	struct iovec parts[] = { { &out, sizeof(out) }, { body, length } };

	/* Whoever asked may be gone. */
	if (writev(server->fuse, parts, 2) < 0 && errno != ENOENT)
		_exit(1);
}

/*
 * Pages are read ahead, and asynchronously, as with every server: where FUSE itself waits for
 * an answer, not even a kill ends that.
 */
static void reply_init(const struct server *server, const struct fuse_in_header *in)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = MINOR,
		.flags = FUSE_ASYNC_READ,
		.max_readahead = 1 << 16,
		.max_write = 4096,
	};

	reply(server, in, 0, &out, sizeof(out));
}

/* The mount is the file, without a directory around it. */
static void reply_attr(const struct server *server, const struct fuse_in_header *in)
{
	struct fuse_attr_out out = {
		.attr_valid = 1000,
		.attr = { .ino = 1, .mode = S_IFREG | 0666, .nlink = 1, .size = page },
	};

	reply(server, in, 0, &out, sizeof(out));
}

static void reply_open(const struct server *server, const struct fuse_in_header *in)
{
	struct fuse_open_out out = { .fh = 0 };

	reply(server, in, 0, &out, sizeof(out));
}

static void hold(struct server *server, const struct fuse_in_header *in)
{
	if (server->errors) {
		server->errors--;
		reply(server, in, -EIO, NULL, 0);
		return;
	}
	if (server->held_count == HELD)
		_exit(1);
	server->held[server->held_count++] = *in;
	if (write(server->asked, "", 1) != 1)
		_exit(1);
}

static void serve(struct server *server, const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_INIT:
		reply_init(server, in);
		break;
	case FUSE_GETATTR:
		reply_attr(server, in);
		break;
	case FUSE_OPEN:
		reply_open(server, in);
		break;
	case FUSE_READ:
		hold(server, in);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		reply(server, in, 0, NULL, 0);
		break;
	default:
		reply(server, in, -EOPNOTSUPP, NULL, 0);
	}
}

static void answer_all(struct server *server)
{
	char *zeros = calloc(1, page);

	while (server->held_count)
		reply(server, &server->held[--server->held_count], 0, zeros, page);
	free(zeros);
}

/* Until it is unmounted. */
static void run_server(struct server *server)
{
	static char request[FUSE_MIN_READ_BUFFER * 2];
	struct pollfd polled[] = {
		{ .fd = server->fuse, .events = POLLIN },
		{ .fd = server->answer, .events = POLLIN },
	};
	ssize_t got;

	while (poll(polled, 2, -1) > 0) {
		if (polled[1].fd >= 0 && polled[1].revents)
			polled[1].fd = -1;
		if (polled[0].revents) {
			got = read(server->fuse, request, sizeof(request));
			if (got < 0 && errno == ENODEV)
				_exit(0);
			if (got > 0)
				serve(server, (struct fuse_in_header *)request);
		}
		if (polled[1].fd < 0)
			answer_all(server);
	}
	_exit(1);
}

/* --- the file */

static void start_server(struct silent *silent, int fuse, unsigned int errors)
{
	struct server server = { .fuse = fuse, .errors = errors };
	int asked[2], answer[2];

	ck_assert_int_eq(pipe2(asked, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(answer, O_CLOEXEC), 0);
	silent->server = fork_child();
	if (!silent->server) {
		close(answer[1]);
		close(asked[0]);
		/* A context that it inherited would be kept open. */
		close(pin_fd);
		server.asked = asked[1];
		server.answer = answer[0];
		run_server(&server);
	}
	close(asked[1]);
	close(answer[0]);
	silent->asked = asked[0];
	silent->answer = answer[1];
}

static void mount_file(struct silent *silent, int fuse)
{
	char options[64];
	int fd;

	snprintf(silent->path, sizeof(silent->path), "/tmp/silent-%d", getpid());
	fd = open(silent->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	snprintf(options, sizeof(options), "fd=%d,rootmode=100000,user_id=0,group_id=0", fuse);
	ck_assert_msg(!mount("silent", silent->path, "fuse", MS_NOSUID | MS_NODEV, options),
		      "mount: %s", strerror(errno));
}

void silent_open(struct silent *silent, unsigned int errors)
{
	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct stat attributes;

	ck_assert_msg(fuse >= 0, "/dev/fuse: %s", strerror(errno));
	start_server(silent, fuse, errors);
	mount_file(silent, fuse);
	close(fuse);
	/* FUSE asks for the size of its root when somebody wants to know it. */
	ck_assert_int_eq(stat(silent->path, &attributes), 0);
	ck_assert_int_eq(attributes.st_size, page);
	silent->addr = map_file(silent->path, page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

bool silent_is_asked(const struct silent *silent)
{
	struct pollfd asked = { .fd = silent->asked, .events = POLLIN };

	return poll(&asked, 1, 0) == 1;
}

void silent_await(struct silent *silent)
{
	char byte;

	ck_assert_int_eq(read(silent->asked, &byte, 1), 1);
}

void silent_answer(struct silent *silent)
{
	close(silent->answer);
	silent->answer = -1;
}

void silent_close(struct silent *silent)
{
	int status;

	if (silent->answer >= 0)
		silent_answer(silent);
	ck_assert_int_eq(munmap(silent->addr, page), 0);
	ck_assert_int_eq(umount(silent->path), 0);
	ck_assert_int_eq(waitpid(silent->server, &status, 0), silent->server);
	ck_assert_int_eq(status, 0);
	close(silent->asked);
	ck_assert_int_eq(unlink(silent->path), 0);
}
