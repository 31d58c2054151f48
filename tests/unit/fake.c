// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fake: see fake.h.
 */
#include <check.h>
#include <errno.h>
#include <stdarg.h>

#include "fake.h"

static fake_handler current;

int __wrap_ioctl(int fd, unsigned long command, ...);

int __wrap_ioctl(int fd, unsigned long command, ...)
{
	va_list arguments;
	void *argument;
	int ret;

	(void)fd;
	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	ret = current ? current(command, argument) : 0;
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

void fake_set(fake_handler handler)
{
	current = handler;
}

struct libpin_context *fake_context(fake_handler handler)
{
	struct libpin_context *ctx;

	fake_set(NULL);
	ck_assert_int_eq(libpin_context_open(&ctx, "/dev/null", 1), 0);
	fake_set(handler);
	return ctx;
}
