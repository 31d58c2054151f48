// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations on processes: children, what a process may, and how much. */
#include "operation.h"

#include "ground.h"
#include "players.h"
#include "process.h"
#include "run.h"

#include "../func/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pin/ioctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_BYTES	48

/* A number of it is root's no more when it is this one's. */
#define STRANGER	65534

static _Atomic int32_t *take_place(struct world *world)
{
	int i;

	for (i = 0; i < CHILDREN; i++) {
		int32_t none = 0;

		if (atomic_compare_exchange_strong(&world->children[i], &none, -1))
			return &world->children[i];
	}
	return NULL;
}

/* As a program that another one has started: with the descriptors, and nothing else. */
static void become_another(void)
{
	uint32_t context;

	for (context = 0; context < CONTEXTS; context++)
		fcntl(CONTEXT_FD + context, F_SETFD, 0);
	execl("/proc/self/exe", "pin-fuzz", PROCESS_AFTER_EXEC, NULL);
}

static _Noreturn void act_as_child(struct player *player, struct stream in, uint8_t how)
{
	player->in = in;
	player_is_child(player);
	player_act(player);
	if ((how & 15) == 15)
		become_another();
	_exit(0);
}

static long do_fork(struct player *player)
{
	uint8_t how = stream_byte(&player->in);
	struct stream in = stream_cut(&player->in, how % CHILD_BYTES);
	_Atomic int32_t *place;
	pid_t pid;

	/* No children of children, and not many: each takes as long as hundreds of calls. */
	if (player->number >= PLAYERS || how & 0x40)
		return -EAGAIN;
	place = take_place(player->world);
	if (!place)
		return -EAGAIN;
	player->world->uncertain = true;
	pid = fork();
	if (!pid)
		act_as_child(player, in, how);
	if (pid < 0) {
		*place = 0;
		return -errno;
	}
	*place = pid;
	player->world->others++;
	return 0;
}

static long do_kill(struct player *player)
{
	unsigned int which = stream_choose(&player->in, CHILDREN), i;
	int pid = 0;

	for (i = 0; i < CHILDREN && pid <= 0; i++)
		pid = player->world->children[(which + i) % CHILDREN];
	if (pid <= 0 || player->number >= PLAYERS)
		return -ESRCH;
	return result_of(kill(pid, stream_byte(&player->in) & 1 ? SIGKILL : SIGTERM));
}

static void take_capabilities(uint32_t effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		run_fail("capget: %s", strerror(errno));
	data[0].effective = data[0].permitted & effective;
	if (syscall(SYS_capset, &header, data))
		run_fail("capset: %s", strerror(errno));
}

/* Of this thread alone, as the C library's would not be. */
static long become(unsigned int uid)
{
	return syscall(SYS_setresuid, uid, uid, 0) ? -errno : 0;
}

static long do_become(struct player *player)
{
	return become(stream_byte(&player->in) & 1 ? STRANGER : 0);
}

static long do_drop(struct player *player)
{
	static const int which[] = {
		CAP_IPC_LOCK, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_RESOURCE,
	};
	uint8_t how = stream_byte(&player->in);

	take_capabilities(how < 64 ? ~0U : ~(1U << which[how % 4]));
	return 0;
}

static long do_limit(struct player *player)
{
	static const rlim_t limits[] = { 0, 4096, 65536, 8UL << 20, RLIM_INFINITY };
	struct rlimit limit = { limits[stream_choose(&player->in, 5)], RLIM_INFINITY };

	return result_of(setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* A parameter of the module, and what it was at first. */
static struct parameter {
	const char *path;
	unsigned long was;
} parameters[] = {
	{ "/sys/module/pin/parameters/max_pages", 0 },
	{ "/sys/module/pin/parameters/max_pins", 0 },
};

#define PARAMETERS	(sizeof(parameters) / sizeof(*parameters))

static long set_parameter(const struct parameter *parameter, unsigned long value)
{
	int fd = open(parameter->path, O_WRONLY | O_CLOEXEC), length;
	char text[32];
	long err;

	if (fd < 0)
		return -errno;
	length = snprintf(text, sizeof(text), "%lu", value);
	err = write(fd, text, length) == length ? 0 : -errno;
	close(fd);
	return err;
}

void process_open(void)
{
	size_t i;

	for (i = 0; i < PARAMETERS; i++) {
		FILE *file = fopen(parameters[i].path, "re");

		if (!file || fscanf(file, "%lu", &parameters[i].was) != 1)
			run_fail("%s: %s", parameters[i].path, strerror(errno));
		fclose(file);
	}
}

static long do_parameter(struct player *player)
{
	static const unsigned long values[] = { 0, 1, 8, 100 };
	const struct parameter *parameter = &parameters[stream_choose(&player->in, PARAMETERS)];
	uint8_t which = stream_byte(&player->in);

	player->world->parameters_changed = true;
	return set_parameter(parameter, which & 1 ? parameter->was : values[(which >> 1) % 4]);
}

void process_restore_module(struct world *world)
{
	size_t i;

	if (!world->parameters_changed)
		return;
	for (i = 0; i < PARAMETERS; i++)
		if (set_parameter(&parameters[i], parameters[i].was))
			run_fail("%s: %s", parameters[i].path, strerror(errno));
}

/* A context in a message that nobody has received; whoever holds both ends closes them. */
static long do_send(struct player *player)
{
	uint32_t context;
	int fd = world_context(player, &context), pair[2];
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	long err;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -errno;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	err = sendmsg(pair[0], &message, 0) < 0 ? -errno : 0;
	close(pair[0]);
	close(pair[1]);
	return err;
}

uint64_t process_charged_to_stranger(void)
{
	uint64_t charged;

	if (become(STRANGER))
		run_fail("setresuid: %s", strerror(errno));
	charged = info().user_charged_pages;
	if (become(0))
		run_fail("setresuid: %s", strerror(errno));
	return charged;
}

void process_restore(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (become(0))
		run_fail("setresuid: %s", strerror(errno));
	take_capabilities(~0U);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

int process_after_exec(void)
{
	uint32_t context;

	for (context = 0; context < CONTEXTS; context++) {
		struct pin_info info = { .size = sizeof(info) };

		if (ioctl(CONTEXT_FD + context, PIN_IOC_INFO, &info) && errno != EBADF)
			return 1;
	}
	return 0;
}

const struct operation operations_process[] = {
	{ "fork", 1, do_fork, false },
	{ "kill", 1, do_kill, false },
	{ "become", 2, do_become, false },
	{ "drop", 2, do_drop, false },
	{ "limit", 2, do_limit, false },
	{ "parameter", 1, do_parameter, false },
	{ "send", 1, do_send, false },
	{ }
};
