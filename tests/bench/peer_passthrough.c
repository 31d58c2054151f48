// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings for a device that is handed to user space: VFIO's type 1, and iommufd; see
 * peer.h. One device serves both, one after the other. The IOMMU's table is a large part
 * of what they cost.
 */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "passthrough.h"
#include "peer.h"

static struct passthrough at;

/* A variable tells whether there is a device; if there is one, it has to work. */
static const char *open_by(int (*open)(struct passthrough *at, const char *path),
			   const char *variable, const char *absent)
{
	const char *path = getenv(variable);
	int err;

	if (!path)
		return absent;
	err = open(&at, path);
	if (err) {
		errno = -err;
		die("%s", path);
	}
	return NULL;
}

static const char *open_vfio(void)
{
	return open_by(vfio_open, "PIN_TEST_VFIO_GROUP", "no device for VFIO");
}

static const char *open_iommufd(void)
{
	return open_by(iommufd_open, "PIN_TEST_VFIO_DEVICE", "the kernel has no iommufd");
}

static void close_both(void)
{
	passthrough_close(&at);
}

static void expect_done(int err, const char *what)
{
	if (!err)
		return;
	errno = -err;
	die("%s", what);
}

static void map_vfio(const struct memory *memory)
{
	expect_done(vfio_map(&at, memory->addr, memory->bytes), "VFIO_IOMMU_MAP_DMA");
}

static void unmap_vfio(const struct memory *memory)
{
	expect_done(vfio_unmap(&at, memory->bytes), "VFIO_IOMMU_UNMAP_DMA");
}

static void map_iommufd(const struct memory *memory)
{
	expect_done(iommufd_map(&at, memory->addr, memory->bytes), "IOMMU_IOAS_MAP");
}

static void unmap_iommufd(const struct memory *memory)
{
	expect_done(iommufd_unmap(&at, memory->bytes), "IOMMU_IOAS_UNMAP");
}

const struct peer peer_vfio = {
	.name = "vfio",
	.open = open_vfio,
	.close = close_both,
	.pin = map_vfio,
	.unpin = unmap_vfio,
};

const struct peer peer_iommufd = {
	.name = "iommufd",
	.open = open_iommufd,
	.close = close_both,
	.pin = map_iommufd,
	.unpin = unmap_iommufd,
};
