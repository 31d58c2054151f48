// SPDX-License-Identifier: GPL-2.0-or-later
/* /dev/pin as one of those who pin; see peer.h. Bare ioctls, as the others have. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <pin/ioctl.h>

#include "clock.h"
#include "peer.h"

static int device;
static uint64_t id;

static const char *open_device(void)
{
	device = open("/dev/pin", O_RDWR | O_CLOEXEC);
	return device < 0 ? "no /dev/pin" : NULL;
}

static void close_device(void)
{
	close(device);
}

static void pin(const struct memory *memory)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)memory->addr,
		.length = memory->bytes,
	};

	if (ioctl(device, PIN_IOC_PIN, &arg))
		die("PIN, reason %u", arg.refusal.reason);
	id = arg.id;
}

static void unpin(const struct memory *memory)
{
	struct pin_unpin arg = { .size = sizeof(arg), .id = id };

	(void)memory;
	if (ioctl(device, PIN_IOC_UNPIN, &arg))
		die("UNPIN");
}

const struct peer peer_pin = {
	.name = "pin",
	.open = open_device,
	.close = close_device,
	.pin = pin,
	.unpin = unpin,
	.several = true,
};
