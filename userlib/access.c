// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Access: bytes out of and into the pages of a pin, as a device sees them.
 */
#include <errno.h>
#include <limits.h>

#include "private.h"

/* One step, as read(2): the bytes done, or a negative errno. */
static ssize_t access_step(struct libpin_context *ctx, unsigned long command, uint64_t id,
			   uint64_t offset, uintptr_t buffer, size_t length)
{
	struct pin_access raw = {
		.size = sizeof(raw),
		.id = id,
		.offset = offset,
		.buffer = buffer,
		.length = length,
	};
	int ret;

	if (!ctx || length > SSIZE_MAX)
		return -EINVAL;
	ret = libpin_ioctl(ctx, command, &raw);
	if (ret)
		return ret;
	return raw.done <= length ? (ssize_t)raw.done : -EPROTO;
}

LIBPIN_API ssize_t libpin_pin_read(struct libpin_context *ctx, uint64_t id, uint64_t offset,
				   void *buffer, size_t length)
{
	return access_step(ctx, PIN_IOC_READ, id, offset, (uintptr_t)buffer, length);
}

LIBPIN_API ssize_t libpin_pin_write(struct libpin_context *ctx, uint64_t id, uint64_t offset,
				    const void *buffer, size_t length)
{
	return access_step(ctx, PIN_IOC_WRITE, id, offset, (uintptr_t)buffer, length);
}
