// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LD_PRELOAD: stops pinctl when it has pinned and is about to ask about the pin, until
 * somebody continues it.
 */
#include <signal.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <pin/ioctl.h>

int ioctl(int fd, unsigned long command, ...);

int ioctl(int fd, unsigned long command, ...)
{
	static int asked;
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	/* How much there is to tell is asked first, and then all of it. */
	if (command == PIN_IOC_QUERY && !asked++)
		raise(SIGSTOP);
	return (int)syscall(SYS_ioctl, fd, command, argument);
}
