// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Passthrough: see passthrough.h.
 */
#include "passthrough.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define IOVA	(UINT64_C(1) << 32)

int vfio_open(struct passthrough *at, const char *group)
{
	int err = 0;

	at->space = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	at->device = at->space < 0 ? -1 : open(group, O_RDWR | O_CLOEXEC);
	if (at->device < 0 || ioctl(at->device, VFIO_GROUP_SET_CONTAINER, &at->space) ||
	    ioctl(at->space, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
		err = -errno;
		passthrough_close(at);
	}
	return err;
}

int vfio_map(const struct passthrough *at, void *addr, size_t length)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)addr,
		.iova = IOVA,
		.size = length,
	};

	return ioctl(at->space, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

void passthrough_close(struct passthrough *at)
{
	if (at->device >= 0)
		close(at->device);
	if (at->space >= 0)
		close(at->space);
}
