// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/pin as a benchmark uses it; see device.h. */
#include "device.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include <pin/ioctl.h>

#include "clock.h"

int device_open(void)
{
	int fd = open("/dev/pin", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/pin");
	return fd;
}

uint64_t device_pin(int fd, const char *addr, size_t bytes)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = bytes,
	};

	if (ioctl(fd, PIN_IOC_PIN, &arg))
		die("PIN, reason %u", arg.refusal.reason);
	return arg.id;
}

void device_unpin(int fd, uint64_t id)
{
	struct pin_unpin arg = { .size = sizeof(arg), .id = id };

	if (ioctl(fd, PIN_IOC_UNPIN, &arg))
		die("UNPIN");
}
