// SPDX-License-Identifier: GPL-2.0-or-later
/* See run.h.  Assertions of what the suites lend (harness.h, memory.h) end here, too. */
#include "run.h"

#include "../func/harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* More than any message, and than a case in hexadecimal. */
#define LINE_ROOM	(2 * INPUT_MAX + 512)

struct run *run;
int progress_fd = STDOUT_FILENO;
bool tracing;

void run_open(void)
{
	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED) {
		perror("pin-fuzz");
		_exit(2);
	}
	run->keeper = getpid();
}

static _Noreturn void fail_with(const char *format, va_list args)
{
	if (!atomic_exchange(&run->failed, true))
		vsnprintf(run->why, sizeof(run->why), format, args);
	if (getpid() == run->keeper) {
		printf("FAILED: %s\n0 passed, 1 failed, 0 skipped\n", run->why);
		exit(1);
	}
	_exit(3);
}

void run_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_with(format, args);
}

void run_say(const char *format, ...)
{
	static __thread char line[LINE_ROOM];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	/* One write: lines of several processes are not mixed. */
	if (write(progress_fd, line, length) != length)
		_exit(2);
}

/* In place of libcheck's, which tells a test runner. */
void _ck_assert_failed(const char *file, int line, const char *expression, const char *message, ...)
{
	char told[256] = "";
	va_list args;

	if (message) {
		va_start(args, message);
		vsnprintf(told, sizeof(told), message, args);
		va_end(args);
	}
	run_fail("%s:%d: %s %s", file, line, expression ? expression : "", told);
}

void _mark_point(const char *file, int line)
{
}
