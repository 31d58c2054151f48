// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Context: one open of /dev/pin.  Owns the descriptor, and is the only place
 * that talks to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"

#define DEVICE_PATH "/dev/pin"

/*
 * Nothing is retried: only a fatal signal makes a command return EINTR.  No
 * command of this device returns a positive value, so one that does comes from
 * another driver that happens to know the number.
 */
int libpin_ioctl(const struct libpin_context *ctx, unsigned long command, void *argument)
{
	int ret = ioctl(ctx->fd, command, argument);

	if (ret < 0)
		return -errno;
	return ret ? -EPROTO : 0;
}

LIBPIN_API const char *libpin_version(void)
{
	return LIBPIN_VERSION;
}

LIBPIN_API int libpin_context_open(struct libpin_context **ctx, const char *path, int writable)
{
	int fd, ret;

	if (!ctx)
		return -EINVAL;
	*ctx = NULL;
	fd = open(path ? path : DEVICE_PATH, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = libpin_context_from_fd(ctx, fd);
	if (ret)
		close(fd);
	return ret;
}

LIBPIN_API int libpin_context_from_fd(struct libpin_context **ctx, int fd)
{
	struct pin_info info = { .size = sizeof(info) };
	struct libpin_context *new;
	int ret;

	if (!ctx)
		return -EINVAL;
	*ctx = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = fd;
	/* The cheapest command shows whether it is our device at all. */
	ret = libpin_ioctl(new, PIN_IOC_INFO, &info);
	if (ret)
		free(new);
	else
		*ctx = new;
	return ret;
}

LIBPIN_API void libpin_context_close(struct libpin_context *ctx)
{
	if (!ctx)
		return;
	close(ctx->fd);
	free(ctx);
}

LIBPIN_API int libpin_context_fd(const struct libpin_context *ctx)
{
	return ctx ? ctx->fd : -EINVAL;
}
