// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinctl trace costs who is not refused: registering a buffer with io_uring, and
 * giving it back, without trace, while it watches, and after it has ended.
 *
 * Time is instructions, the least of some rounds; see clock.h.
 *
 * usage: bench-trace PINCTL
 * Exits 1 if trace costs something when it has ended, 0 without a figure on a kernel that
 * cannot be traced.
 */
#include "clock.h"
#include "figure.h"

#include <liburing.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS		200
#define PAGE		4096UL
#define DIFFERS		1.01	/* the allocator's lists are not as they were */

static const size_t page_counts[] = { 1, 64, 1024 };

#define SIZES	(sizeof(page_counts) / sizeof(*page_counts))

struct figures {
	uint64_t least[SIZES];
};

static uint64_t measure_size(struct io_uring *ring, char *memory, size_t pages)
{
	struct iovec range = { .iov_base = memory, .iov_len = pages * PAGE };
	uint64_t least = UINT64_MAX, start, took;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		start = clock_now();
		if (io_uring_register_buffers(ring, &range, 1))
			die("io_uring_register_buffers");
		took = clock_now() - start;
		if (io_uring_unregister_buffers(ring))
			die("io_uring_unregister_buffers");
		if (took < least)
			least = took;
	}
	return least;
}

static struct figures measure(struct io_uring *ring, char *memory)
{
	struct figures figures;
	size_t i;

	for (i = 0; i < SIZES; i++)
		figures.least[i] = measure_size(ring, memory, page_counts[i]);
	return figures;
}

/* It watches once its first line says so; 0 if it cannot, which is another document. */
static pid_t start_trace(const char *pinctl)
{
	char line[256];
	FILE *lines;
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		die("pipe");
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		execl(pinctl, "pinctl", "trace", "-J", NULL);
		_exit(127);
	}
	close(ends[1]);
	lines = fdopen(ends[0], "r");
	if (!lines)
		die("fdopen");
	if (fgets(line, sizeof(line), lines) && strstr(line, "\"ready\""))
		return pid;
	waitpid(pid, NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	size_t length = page_counts[SIZES - 1] * PAGE, i;
	struct figures before, during, after;
	struct io_uring ring;
	int status = 0;
	char *memory;
	pid_t pid;

	if (argc != 2 || io_uring_queue_init(4, &ring, 0))
		die("bench-trace");
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, length, MADV_NOHUGEPAGE))
		die("mmap");
	before = measure(&ring, memory);
	pid = start_trace(argv[1]);
	if (!pid) {
		puts("trace: not on this kernel");
		return 0;
	}
	during = measure(&ring, memory);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	after = measure(&ring, memory);
	for (i = 0; i < SIZES; i++) {
		figure_tell(before.least[i], "uring/untraced/pages-%zu", page_counts[i]);
		figure_tell(during.least[i], "pin/traced/pages-%zu", page_counts[i]);
		printf("io_uring registers %4zu pages: %llu, traced %llu (+%llu), then %llu\n",
		       page_counts[i], (unsigned long long)before.least[i],
		       (unsigned long long)during.least[i],
		       (unsigned long long)(during.least[i] - before.least[i]),
		       (unsigned long long)after.least[i]);
		if ((double)after.least[i] > DIFFERS * (double)before.least[i])
			status = 1;
	}
	return status;
}
