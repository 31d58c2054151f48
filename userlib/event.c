// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event: something that happened to a pin of a context, as read(2) tells it; immutable.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "private.h"

struct libpin_event {
	struct pin_event raw;
};

/*
 * The first event, waiting for it as the descriptor is set to; 0 or -errno. A module
 * that knows more sends longer records: there is room for one, but never for two, so
 * that poll(2) on the descriptor tells of all that have not been handed out.
 */
static int event_receive(struct libpin_context *ctx, struct pin_event *raw)
{
	union {
		struct pin_event event;
		unsigned char bytes[2 * sizeof(struct pin_event) - 1];
	} record;
	/* The union has padding, with which two would fit. */
	ssize_t got = read(libpin_context_fd(ctx), &record, sizeof(record.bytes));

	if (got < 0)
		return -errno;
	if ((size_t)got < sizeof(*raw) || record.event.size != (size_t)got)
		return -EPROTO;
	*raw = record.event;
	return 0;
}

LIBPIN_API int libpin_event_wait(struct libpin_context *ctx, int timeout_ms)
{
	struct pollfd descriptor = { .events = POLLIN };
	int ready;

	if (!ctx)
		return -EINVAL;
	descriptor.fd = libpin_context_fd(ctx);
	ready = poll(&descriptor, 1, timeout_ms);
	if (ready < 0)
		return -errno;
	if (!ready)
		return -ETIMEDOUT;
	return descriptor.revents & POLLIN ? 0 : -EBADF;
}

LIBPIN_API int libpin_event_read(struct libpin_context *ctx, struct libpin_event **event)
{
	struct libpin_event *new;
	int ret;

	if (!event)
		return -EINVAL;
	*event = NULL;
	if (!ctx)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	ret = event_receive(ctx, &new->raw);
	if (ret) {
		free(new);
		return ret;
	}
	*event = new;
	return 0;
}

LIBPIN_API void libpin_event_free(struct libpin_event *event)
{
	free(event);
}

LIBPIN_API uint32_t libpin_event_type(const struct libpin_event *event)
{
	return event ? event->raw.type : PIN_EVENT_NONE;
}

LIBPIN_API uint64_t libpin_event_sequence(const struct libpin_event *event)
{
	return event ? event->raw.sequence : 0;
}

LIBPIN_API uint64_t libpin_event_id(const struct libpin_event *event)
{
	return event ? event->raw.id : 0;
}

LIBPIN_API uint64_t libpin_event_cookie(const struct libpin_event *event)
{
	return event ? event->raw.cookie : 0;
}

LIBPIN_API uint64_t libpin_event_address(const struct libpin_event *event)
{
	return event ? event->raw.addr : 0;
}

LIBPIN_API uint64_t libpin_event_length(const struct libpin_event *event)
{
	return event ? event->raw.length : 0;
}

LIBPIN_API uint64_t libpin_event_time_ns(const struct libpin_event *event)
{
	return event ? event->raw.time_ns : 0;
}

LIBPIN_API uint32_t libpin_event_cause(const struct libpin_event *event)
{
	return event ? event->raw.cause : PIN_CAUSE_NONE;
}

LIBPIN_API uint32_t libpin_event_lost(const struct libpin_event *event)
{
	return event ? event->raw.lost : 0;
}

LIBPIN_API const char *libpin_cause_name(uint32_t cause)
{
	static const char *const names[] = {
		[PIN_CAUSE_FILE] = "file",
		[PIN_CAUSE_UNMAP] = "unmap",
		[PIN_CAUSE_EXIT] = "exit",
		[PIN_CAUSE_DEVICE] = "device",
		[PIN_CAUSE_ADMIN] = "admin",
	};

	return cause < ARRAY_SIZE(names) ? names[cause] : NULL;
}
