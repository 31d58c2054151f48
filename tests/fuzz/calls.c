// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations on contexts: the ioctls, and whatever else a descriptor can be asked for. */
#include "operation.h"

#include "desk.h"
#include "ground.h"
#include "judge.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

long result_of(long result)
{
	return result < 0 ? -errno : result;
}

static void keep(struct player *player, const struct request *request)
{
	const struct pin_pin *arg = &((const union any *)player->desk->request)->pin;
	struct known_pin pin = {
		.id = arg->id,
		.addr = arg->addr,
		.length = arg->length,
		.cookie = arg->cookie,
		.pages = arg->pages,
		.runs = arg->runs,
		.flags = arg->flags,
		.context = request->context,
	};

	world_keep(player, &pin);
}

static long send_request(struct player *player, enum command_index index)
{
	struct request request;
	int err;

	request_make(player, index, &request);
	err = ioctl(request.fd, commands[index].number, request.where) ? errno : 0;
	judge_ioctl(player, &request, err);
	if (!err && index == PIN && request.at_desk)
		keep(player, &request);
	if (!err && index == UNPIN && request.at_desk)
		world_forget(player, ((const union any *)player->desk->request)->unpin.id);
	return -err;
}

static long do_info(struct player *player)
{
	return send_request(player, INFO);
}

static long do_pin(struct player *player)
{
	return send_request(player, PIN);
}

static long do_unpin(struct player *player)
{
	return send_request(player, UNPIN);
}

static long do_check(struct player *player)
{
	return send_request(player, CHECK);
}

static long do_query(struct player *player)
{
	return send_request(player, QUERY);
}

static long do_list(struct player *player)
{
	return send_request(player, LIST);
}

static long do_runs(struct player *player)
{
	return send_request(player, RUNS);
}

static long do_read(struct player *player)
{
	return send_request(player, READ);
}

static long do_write(struct player *player)
{
	return send_request(player, WRITE);
}

/* A number that is none, or one of ours with a size or a direction. */
static long do_other_ioctl(struct player *player)
{
	static const int allowed[] = { EBADF, ENOTTY, 0 };
	uint32_t context, number = stream_byte(&player->in);
	int fd = world_context(player, &context), err;

	if (number < COMMANDS)
		number = _IOC(1 + number % 3, PIN_IOC_MAGIC, number, 64);
	else if (number & 1)
		number = _IO(PIN_IOC_MAGIC, number);
	else
		number = (uint32_t)stream_take(&player->in, 4) | 1U << 31;
	err = ioctl(fd, number, player->desk->request) ? errno : 0;
	if (!err)
		run_fail("ioctl %#x is one", number);
	judge_errno("another ioctl", err, allowed);
	return -err;
}

static void wake(int signal)
{
	(void)signal;
}

/* Somebody else can take what there is, or make the descriptor wait: not for ever. */
static long read_impatiently(int fd, void *to, size_t length)
{
	static const struct itimerspec soon = {
		.it_value.tv_nsec = 10000000, .it_interval.tv_nsec = 10000000,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
		._sigev_un._tid = gettid(),
	};
	struct sigaction action = { .sa_handler = wake };
	timer_t timer;
	long got;

	if (sigaction(SIGALRM, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &soon, NULL))
		run_fail("a timer: %s", strerror(errno));
	got = result_of(read(fd, to, length));
	timer_delete(timer);
	return got;
}

/* Events; mostly where there are some, or the reader waits for nothing. */
static long do_read_events(struct player *player)
{
	static const int allowed[] = { EBADF, EAGAIN, EINVAL, EFAULT, EINTR, 0 };
	uint32_t context;
	int fd = world_context(player, &context);
	uint8_t how = stream_byte(&player->in);
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	void *to = how & 1 ? player->desk->room : player->desk->room + DESK_ROOM - 40;
	size_t length = how < 128 ? DESK_ROOM : how - 128UL;
	long got;

	if (!(fcntl(fd, F_GETFL) & O_NONBLOCK) && poll(&polled, 1, 0) < 1)
		return -EAGAIN;
	got = player->world->others ? read_impatiently(fd, to, length) :
				      result_of(read(fd, to, length));
	judge_errno("read", got < 0 ? -got : 0, allowed);
	return got < 0 ? got : 0;
}

static long do_poll(struct player *player)
{
	uint32_t context;
	struct pollfd polled = {
		.fd = world_context(player, &context),
		.events = stream_byte(&player->in),
	};

	return poll(&polled, 1, 0) < 0 ? -errno : 0;
}

static long do_fdinfo(struct player *player)
{
	uint32_t context;
	char path[64];
	long got;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", world_context(player, &context));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = result_of(read(fd, player->desk->room, DESK_ROOM));
	close(fd);
	return got < 0 ? got : 0;
}

static long do_open(struct player *player)
{
	static const int modes[] = { O_RDWR, O_RDONLY, O_WRONLY, O_RDWR | O_NONBLOCK };
	uint32_t context = stream_choose(&player->in, CONTEXTS);

	return world_open_context(context, modes[stream_choose(&player->in, 4)]) ? 0 : -errno;
}

static long do_close(struct player *player)
{
	uint32_t context;
	int fd = world_context(player, &context);

	/* In place of the one that nearly all is about there is a new one at once. */
	if (!context)
		return world_open_context(0, O_RDWR | O_NONBLOCK) ? 0 : -errno;
	return result_of(close(fd));
}

/* The same context under the number of another one. */
static long do_dup(struct player *player)
{
	uint32_t context, to = stream_choose(&player->in, CONTEXTS);

	return dup2(world_context(player, &context), CONTEXT_FD + to) < 0 ? -errno : 0;
}

static long do_flags(struct player *player)
{
	uint32_t context;
	int fd = world_context(player, &context);

	return result_of(fcntl(fd, F_SETFL, stream_byte(&player->in) & 1 ? O_NONBLOCK : 0));
}

/* What the device has not. */
static long do_strange(struct player *player)
{
	uint32_t context;
	int fd = world_context(player, &context);
	void *room = player->desk->room;

	switch (stream_choose(&player->in, 5)) {
	case 0:
		return write(fd, room, 64) < 0 ? -errno : 0;
	case 1:
		return lseek(fd, 64, SEEK_SET) < 0 ? -errno : 0;
	case 2:
		room = mmap(NULL, DESK_PAGE, PROT_READ, MAP_SHARED, fd, 0);
		return room == MAP_FAILED ? -errno : 0;
	case 3:
		return result_of(fsync(fd));
	default:
		return pread(fd, room, 64, 0) < 0 ? -errno : 0;
	}
}

const struct operation operations_ioctl[] = {
	{ "INFO", 4, do_info, true },
	{ "PIN", 44, do_pin, true },
	{ "UNPIN", 20, do_unpin, true },
	{ "CHECK", 20, do_check, true },
	{ "QUERY", 16, do_query, true },
	{ "LIST", 10, do_list, true },
	{ "RUNS", 14, do_runs, true },
	{ "READ", 14, do_read, true },
	{ "WRITE", 14, do_write, true },
	{ "other-ioctl", 2, do_other_ioctl, true },
	{ }
};

const struct operation operations_descriptor[] = {
	{ "read", 4, do_read_events, true },
	{ "poll", 3, do_poll, true },
	{ "fdinfo", 2, do_fdinfo, true },
	{ "open", 3, do_open, true },
	{ "close", 2, do_close, true },
	{ "dup", 1, do_dup, true },
	{ "flags", 1, do_flags, true },
	{ "strange", 2, do_strange, true },
	{ }
};
