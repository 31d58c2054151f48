// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Actors of the race matrix (arena.h) who are processes, or the administrator.
 *
 * A child was forked while other threads ran, so it only makes system calls.
 */
#include "arena.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY	65534

/* Of a child: a pin of the context @fd, whose id is left to the others. */
static bool child_pins(struct player *player, int fd)
{
	struct pin_unpin old = { .size = sizeof(old) };
	uint64_t id = arena_pin(player, fd);

	if (!id || fd != pin_fd)
		return id;
	old.id = arena_put(player, id);
	if (old.id)
		ioctl(fd, PIN_IOC_UNPIN, &old);
	return true;
}

/* What the child chooses the next one does not choose again: that is for the parent to see to. */
static pid_t fork_player(struct player *player)
{
	pid_t child;

	arena_choose(player, 2);
	child = fork();
	if (child < 0)
		ck_abort_msg("fork: %s", strerror(errno));
	return child;
}

/* Runs it in a child, whatever happens to that; true if it ended with 0. */
static bool in_some_child(struct player *player, bool (*run)(struct player *player))
{
	pid_t child = fork_player(player);
	int status;

	if (!child)
		_exit(!run(player));
	if (waitpid(child, &status, 0) != child)
		ck_abort_msg("waitpid: %s", strerror(errno));
	return !status;
}

/* Copies on write while the parent has pins. */
static bool write_all(struct player *player)
{
	const struct area *area = player->arena->areas;
	int i, written = 0;

	for (i = 0; i < AREAS; i++)
		written += !madvise(area[i].addr, area[i].length, MADV_POPULATE_WRITE);
	return written;
}

static bool fork_one(struct player *player)
{
	return in_some_child(player, write_all);
}

/* The context is the parent's as well: its pin outlives the child, a lease does not. */
static bool pin_and_exit(struct player *player)
{
	return child_pins(player, pin_fd);
}

static bool exit_one(struct player *player)
{
	return in_some_child(player, pin_and_exit);
}

static bool pin_and_exec(struct player *player)
{
	int fd = open("/dev/pin", O_RDWR | (arena_choose(player, 2) ? O_CLOEXEC : 0));

	child_pins(player, fd);
	child_pins(player, pin_fd);
	execl("/bin/busybox", "busybox", "true", (char *)NULL);
	return false;
}

static bool exec_one(struct player *player)
{
	return in_some_child(player, pin_and_exec);
}

static bool kill_one(struct player *player)
{
	struct timespec soon = { .tv_nsec = arena_choose(player, 3000000) };
	pid_t child = fork_player(player);
	int status;

	if (!child) {
		int fd = open("/dev/pin", O_RDWR | O_CLOEXEC);

		for (;;)
			child_pins(player, arena_choose(player, 2) ? fd : pin_fd);
	}
	nanosleep(&soon, NULL);
	if (kill(child, SIGKILL) || waitpid(child, &status, 0) != child)
		ck_abort_msg("kill: %s", strerror(errno));
	return WIFSIGNALED(status);
}

/* Another user's pin in the same context: whoever unpins it, it is his charge. */
static bool pin_as_nobody(struct player *player)
{
	struct rlimit limit = {
		.rlim_cur = arena_choose(player, 32) * page,
		.rlim_max = 32 * page,
	};

	return !setrlimit(RLIMIT_MEMLOCK, &limit) && !setgid(NOBODY) && !setuid(NOBODY) &&
	       child_pins(player, pin_fd);
}

static bool other_user(struct player *player)
{
	return in_some_child(player, pin_as_nobody);
}

static void limit_to(rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		ck_abort_msg("setrlimit: %s", strerror(errno));
}

/* The limit is that of the process, the exemption from it of the thread. */
static void give_up_exemption(struct player *player)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		ck_abort_msg("capget: %s", strerror(errno));
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	if (syscall(SYS_capset, &header, data))
		ck_abort_msg("capset: %s", strerror(errno));
}

static bool pin_within_limit(struct player *player)
{
	static const rlim_t pages[] = { 0, 8, 64, 4096 };

	limit_to(pages[arena_choose(player, 4)] * page);
	return actor_pin(player);
}

static void lift_limit(struct player *player)
{
	limit_to(RLIM_INFINITY);
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ck_abort_msg("%s: %s", path, strerror(errno));
	close(fd);
}

static bool compact(struct player *player)
{
	write_to("/proc/sys/vm/compact_memory", "1");
	return true;
}

static bool drop_caches(struct player *player)
{
	write_to("/proc/sys/vm/drop_caches", "1");
	return true;
}

static void start_merging(struct player *player)
{
	write_to("/sys/kernel/mm/ksm/run", "1");
}

/* What has been merged is taken apart again. */
static void stop_merging(struct player *player)
{
	write_to("/sys/kernel/mm/ksm/run", "2");
	write_to("/sys/kernel/mm/ksm/run", "0");
}

static bool pace_merging(struct player *player)
{
	write_to("/sys/kernel/mm/ksm/sleep_millisecs", arena_choose(player, 2) ? "0" : "20");
	return true;
}

/* The contexts keep it where it is. */
static bool unload(struct player *player)
{
	if (!syscall(SYS_delete_module, "pin", O_NONBLOCK))
		ck_abort_msg("the module went away under an open context");
	if (errno != EWOULDBLOCK && errno != EBUSY)
		ck_abort_msg("delete_module: %s", strerror(errno));
	return true;
}

const struct actor actors_system[] = {
	{ .name = "fork", .act = fork_one },
	{ .name = "exit", .act = exit_one },
	{ .name = "exec", .act = exec_one },
	{ .name = "kill", .act = kill_one },
	{ .name = "other-user", .act = other_user },
	{ .name = "limit", .act = pin_within_limit,
	  .begin = give_up_exemption, .end = lift_limit },
	{ .name = "compact", .act = compact },
	{ .name = "drop-caches", .act = drop_caches },
	{ .name = "ksm", .act = pace_merging,
	  .begin = start_merging, .end = stop_merging },
	{ .name = "unload", .act = unload },
};

const unsigned int actors_system_count = sizeof(actors_system) / sizeof(actors_system[0]);
