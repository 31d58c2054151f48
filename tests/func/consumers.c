// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Consumers: see consumers.h.
 */
#include "consumers.h"
#include "harness.h"

#include <errno.h>
#include <liburing.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int io_uring_pins(void *addr, size_t length)
{
	struct iovec range = { .iov_base = addr, .iov_len = length };
	struct io_uring ring;
	int err;

	ck_assert_int_eq(io_uring_queue_init(4, &ring, 0), 0);
	err = io_uring_register_buffers(&ring, &range, 1);
	/* Leaving it to the end of the ring would unpin some time later. */
	if (!err)
		ck_assert_int_eq(io_uring_unregister_buffers(&ring), 0);
	io_uring_queue_exit(&ring);
	return err;
}

/* Wait for pages that a kernel thread unpins. */
static void wait_for_counters(const struct counters *before)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		if (counters_read().pinned == before->pinned &&
		    counters_read().charged == before->charged)
			return;
		usleep(50000);
	}
	counters_expect(before, "after a consumer");
}

int xdp_pins(void *addr, size_t length)
{
	struct counters before = counters_read();
	struct xdp_umem_reg frames = {
		.addr = (uintptr_t)addr,
		.len = length,
		.chunk_size = 4096,
	};
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	int err;

	ck_assert_msg(fd >= 0, "AF_XDP: %s", strerror(errno));
	err = setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &frames, sizeof(frames)) ?
	      -errno : 0;
	close(fd);
	wait_for_counters(&before);
	return err;
}
