// SPDX-License-Identifier: GPL-2.0-or-later
/* Registered buffers of io_uring; see peer.h. On 6.12 one has 1 GiB at most. */
#include <errno.h>
#include <liburing.h>
#include <sys/uio.h>

#include "clock.h"
#include "peer.h"

static struct io_uring ring;

static const char *open_ring(void)
{
	return io_uring_queue_init(4, &ring, 0) ? "no io_uring" : NULL;
}

static void close_ring(void)
{
	io_uring_queue_exit(&ring);
}

static void pin(const struct memory *memory)
{
	struct part parts[PEER_PARTS];
	struct iovec ranges[PEER_PARTS];
	unsigned int count = peer_divide(memory, parts), i;
	int err;

	for (i = 0; i < count; i++)
		ranges[i] = (struct iovec) { parts[i].addr, parts[i].bytes };
	err = io_uring_register_buffers(&ring, ranges, count);
	if (err) {
		errno = -err;
		die("io_uring_register_buffers of %zu bytes", memory->bytes);
	}
}

static void unpin(const struct memory *memory)
{
	int err = io_uring_unregister_buffers(&ring);

	(void)memory;
	if (err) {
		errno = -err;
		die("io_uring_unregister_buffers");
	}
}

const struct peer peer_uring = {
	.name = "uring",
	.open = open_ring,
	.close = close_ring,
	.pin = pin,
	.unpin = unpin,
};
