// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory regions of RDMA, on the device in software, rxe; see peer.h. rxe allocates 16
 * bytes for each page in one piece, which is why a region has 1 GiB at most there.
 */
#include <infiniband/verbs.h>

#include "clock.h"
#include "peer.h"

#define ACCESS	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE)

static struct ibv_context *context;
static struct ibv_pd *domain;
static struct ibv_mr *regions[PEER_PARTS];

static const char *open_device(void)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);

	if (!devices || !*devices)
		return "no RDMA device";
	context = ibv_open_device(*devices);
	ibv_free_device_list(devices);
	domain = context ? ibv_alloc_pd(context) : NULL;
	if (!domain)
		die("a protection domain");
	return NULL;
}

static void close_device(void)
{
	ibv_dealloc_pd(domain);
	ibv_close_device(context);
}

static void pin(const struct memory *memory)
{
	struct part parts[PEER_PARTS];
	unsigned int count = peer_divide(memory, parts), i;

	for (i = 0; i < count; i++) {
		regions[i] = ibv_reg_mr(domain, parts[i].addr, parts[i].bytes, ACCESS);
		if (!regions[i])
			die("ibv_reg_mr of %zu bytes", parts[i].bytes);
	}
}

static void unpin(const struct memory *memory)
{
	struct part parts[PEER_PARTS];
	unsigned int count = peer_divide(memory, parts), i;

	for (i = 0; i < count; i++)
		if (ibv_dereg_mr(regions[i]))
			die("ibv_dereg_mr");
}

const struct peer peer_rdma = {
	.name = "rdma",
	.open = open_device,
	.close = close_device,
	.pin = pin,
	.unpin = unpin,
};
