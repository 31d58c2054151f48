// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pinners: see pinner.h.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pinner.h"
#include "uring.h"

const char *pinner_name(enum pinner pinner)
{
	return pinner == PINNER_DEVICE ? "/dev/pin" : "io_uring";
}

int pinners_open(struct pinners *pinners)
{
	int ret;

	*pinners = (struct pinners){ .ring = -1 };
	ret = libpin_context_open(&pinners->ctx, NULL, true);
	if (ret)
		return ret;
	pinners->device = libpin_context_fd(pinners->ctx);
	pinners->ring = uring_open();
	if (pinners->ring < 0) {
		pinners->error = pinners->ring;
		pinners->why = uring_obstacle(-pinners->error, &pinners->fix);
	}
	return 0;
}

void pinners_close(struct pinners *pinners)
{
	if (pinners->ring >= 0)
		close(pinners->ring);
	libpin_context_close(pinners->ctx);
}

bool pinner_is_there(const struct pinners *pinners, enum pinner pinner)
{
	return pinner == PINNER_DEVICE || pinners->ring >= 0;
}

/* For writing, as io_uring always does. */
static int device_pin(struct pinners *pinners, const struct buffer *buffer)
{
	struct pin_pin request = {
		.size = sizeof(request),
		.flags = PIN_F_WRITE,
		.addr = buffer->address,
		.length = buffer->length,
	};
	int ret = ioctl(pinners->device, PIN_IOC_PIN, &request) ? -errno : 0;

	pinners->id = request.id;
	pinners->runs = request.runs;
	pinners->reason = request.refusal.reason;
	return ret;
}

static int device_unpin(struct pinners *pinners)
{
	struct pin_unpin request = { .size = sizeof(request), .id = pinners->id };

	return ioctl(pinners->device, PIN_IOC_UNPIN, &request) ? -errno : 0;
}

int pinner_pin(struct pinners *pinners, enum pinner pinner, const struct buffer *buffer)
{
	return pinner == PINNER_DEVICE ? device_pin(pinners, buffer) :
	       uring_register(pinners->ring, buffer->address, buffer->length);
}

int pinner_unpin(struct pinners *pinners, enum pinner pinner)
{
	return pinner == PINNER_DEVICE ? device_unpin(pinners) : uring_unregister(pinners->ring);
}
