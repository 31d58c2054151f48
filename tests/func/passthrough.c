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

/*
 * The ABI of iommufd and of VFIO's devices, of which Debian 12 has no header: as of
 * include/uapi/linux/iommufd.h and vfio.h of Linux 6.6.
 */
#define IOMMU_IOAS_ALLOC		_IO(';', 0x81)
#define IOMMU_IOAS_MAP			_IO(';', 0x85)
#define IOMMU_IOAS_UNMAP		_IO(';', 0x86)
#define BIND_IOMMUFD			_IO(VFIO_TYPE, VFIO_BASE + 18)
#define ATTACH_IOMMUFD_PT		_IO(VFIO_TYPE, VFIO_BASE + 19)
#define IOMMU_IOAS_MAP_FIXED_IOVA	(1 << 0)
#define IOMMU_IOAS_MAP_WRITEABLE	(1 << 1)
#define IOMMU_IOAS_MAP_READABLE		(1 << 2)

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

int vfio_unmap(const struct passthrough *at, size_t length)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = IOVA,
		.size = length,
	};

	return ioctl(at->space, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

static int attach(struct passthrough *at)
{
	struct { uint32_t size, flags, id; } alloc = { .size = sizeof(alloc) };
	struct { uint32_t argsz, flags; int32_t iommufd; uint32_t device; } bind = {
		.argsz = sizeof(bind),
		.iommufd = at->space,
	};
	struct { uint32_t argsz, flags, id; } space = { .argsz = sizeof(space) };

	if (ioctl(at->device, BIND_IOMMUFD, &bind) || ioctl(at->space, IOMMU_IOAS_ALLOC, &alloc))
		return -errno;
	at->id = alloc.id;
	space.id = alloc.id;
	return ioctl(at->device, ATTACH_IOMMUFD_PT, &space) ? -errno : 0;
}

int iommufd_open(struct passthrough *at, const char *device)
{
	int err;

	at->space = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	at->device = at->space < 0 ? -1 : open(device, O_RDWR | O_CLOEXEC);
	err = at->device < 0 ? -errno : attach(at);
	if (err)
		passthrough_close(at);
	return err;
}

int iommufd_map(const struct passthrough *at, void *addr, size_t length)
{
	struct {
		uint32_t size, flags, id, reserved;
		uint64_t addr, length, iova;
	} map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_READABLE,
		.id = at->id,
		.addr = (uintptr_t)addr,
		.length = length,
		.iova = IOVA,
	};

	return ioctl(at->space, IOMMU_IOAS_MAP, &map) ? -errno : 0;
}

int iommufd_unmap(const struct passthrough *at, size_t length)
{
	struct {
		uint32_t size, id;
		uint64_t iova, length;
	} unmap = {
		.size = sizeof(unmap),
		.id = at->id,
		.iova = IOVA,
		.length = length,
	};

	return ioctl(at->space, IOMMU_IOAS_UNMAP, &unmap) ? -errno : 0;
}

void passthrough_close(struct passthrough *at)
{
	if (at->device >= 0)
		close(at->device);
	if (at->space >= 0)
		close(at->space);
}
