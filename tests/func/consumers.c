// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Consumers: see consumers.h.
 */
#include "consumers.h"
#include "harness.h"
#include "passthrough.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/if_xdp.h>
#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/ib_user_verbs.h>
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

/* One call of the older interface of uverbs, which asks for no library and no ABI of it. */
static int verb(int fd, uint32_t command, void *request, size_t size, size_t answer_size)
{
	struct ib_uverbs_cmd_hdr *header = request;

	header->command = command;
	header->in_words = size / 4;
	header->out_words = answer_size / 4;
	return write(fd, request, size) == (ssize_t)size ? 0 : -errno;
}

/* A protection domain in the only context of @fd. */
static uint32_t open_domain(int fd)
{
	struct ib_uverbs_get_context_resp context;
	struct ib_uverbs_alloc_pd_resp domain;
	struct {
		struct ib_uverbs_cmd_hdr header;
		struct ib_uverbs_get_context get;
	} open = { .get.response = (uintptr_t)&context };
	struct {
		struct ib_uverbs_cmd_hdr header;
		struct ib_uverbs_alloc_pd alloc;
	} alloc = { .alloc.response = (uintptr_t)&domain };

	ck_assert_msg(fd >= 0, "RDMA: %s", strerror(errno));
	ck_assert_int_eq(verb(fd, IB_USER_VERBS_CMD_GET_CONTEXT, &open, sizeof(open),
			      sizeof(context)), 0);
	close(context.async_fd);
	ck_assert_int_eq(verb(fd, IB_USER_VERBS_CMD_ALLOC_PD, &alloc, sizeof(alloc),
			      sizeof(domain)), 0);
	return domain.pd_handle;
}

int rdma_pins(void *addr, size_t length)
{
	struct counters before = counters_read();
	int fd = open(need_env("PIN_TEST_UVERBS"), O_RDWR | O_CLOEXEC), err;
	struct ib_uverbs_reg_mr_resp region;
	struct {
		struct ib_uverbs_cmd_hdr header;
		struct ib_uverbs_reg_mr reg;
	} request = {
		.reg = {
			.response = (uintptr_t)&region,
			.start = (uintptr_t)addr,
			.length = length,
			.hca_va = (uintptr_t)addr,
			.pd_handle = open_domain(fd),
			.access_flags = IB_UVERBS_ACCESS_LOCAL_WRITE,
		},
	};

	err = verb(fd, IB_USER_VERBS_CMD_REG_MR, &request, sizeof(request), sizeof(region));
	close(fd);
	wait_for_counters(&before);
	return err;
}

int vfio_pins(void *addr, size_t length)
{
	struct counters before = counters_read();
	struct passthrough at;
	int err;

	ck_assert_int_eq(vfio_open(&at, need_env("PIN_TEST_VFIO_GROUP")), 0);
	err = vfio_map(&at, addr, length);
	passthrough_close(&at);
	wait_for_counters(&before);
	return err;
}

int iommufd_pins(void *addr, size_t length)
{
	struct counters before = counters_read();
	struct passthrough at;
	int err;

	ck_assert_int_eq(iommufd_open(&at, need_env("PIN_TEST_VFIO_DEVICE")), 0);
	err = iommufd_map(&at, addr, length);
	passthrough_close(&at);
	wait_for_counters(&before);
	return err;
}

const struct consumer consumers[] = {
	{ "io_uring", io_uring_pins, false, NULL },
	{ "xdp", xdp_pins, true, NULL },
	{ "rdma", rdma_pins, false, "PIN_TEST_UVERBS" },
	{ "vfio", vfio_pins, true, "PIN_TEST_VFIO_GROUP" },
	{ "iommufd", iommufd_pins, true, "PIN_TEST_VFIO_DEVICE" },
	{ }
};
