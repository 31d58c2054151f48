// SPDX-License-Identifier: GPL-2.0-or-later
/* See holder.h. */
#include "holder.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STUCK_S		60	/* nothing here takes a second */

void holder_start(struct holder *holder, const char *dir_variable, size_t length,
		  bool lease)
{
	int pipes[2], status;

	ck_assert_int_eq(pipe(pipes), 0);
	holder->pid = fork_child();
	if (!holder->pid) {
		leased_open(&holder->leased, dir_variable, length);
		touch(holder->leased.addr, length);
		if (lease)
			leased_pin(&holder->leased);
		ck_assert_int_eq(write(pipes[1], &holder->leased,
				       sizeof(holder->leased)),
				 sizeof(holder->leased));
		ck_assert_int_eq(write(pipes[1], holder->leased.path,
				       strlen(holder->leased.path) + 1),
				 (ssize_t)strlen(holder->leased.path) + 1);
		raise(SIGSTOP);
		_exit(0);
	}
	close(pipes[1]);
	ck_assert_int_eq(waitpid(holder->pid, &status, WUNTRACED), holder->pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(read(pipes[0], &holder->leased, sizeof(holder->leased)),
			 sizeof(holder->leased));
	holder->leased.path = calloc(1, PATH_MAX);
	ck_assert_int_gt(read(pipes[0], (char *)holder->leased.path, PATH_MAX - 1), 0);
	close(pipes[0]);
}

void holder_kill(struct holder *holder)
{
	ck_assert_int_eq(kill(holder->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(holder->pid, NULL, 0), holder->pid);
}

static long elapsed_us(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000000 +
	       (now.tv_nsec - start->tv_nsec) / 1000;
}

long run_beside(const char *name, int (*run)(const char *path), const char *path,
		int error)
{
	struct timespec start;
	long took = -1;
	int pipes[2], status, err;
	pid_t pid;

	ck_assert_int_eq(pipe(pipes), 0);
	pid = fork_child();
	if (!pid) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		err = run(path);
		took = elapsed_us(&start);
		_exit(write(pipes[1], &took, sizeof(took)) == sizeof(took) ? err : 255);
	}
	close(pipes[1]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		ck_assert_msg(elapsed_us(&start) < STUCK_S * 1000000L,
			      "%s waits for the lease", name);
		usleep(1000);
	}
	ck_assert(WIFEXITED(status));
	ck_assert_msg(WEXITSTATUS(status) == error, "%s: %s", name,
		      strerror(WEXITSTATUS(status)));
	ck_assert_int_eq(read(pipes[0], &took, sizeof(took)), sizeof(took));
	close(pipes[0]);
	return took;
}
