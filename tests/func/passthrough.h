/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passthrough: memory mapped for a device that is handed to user space, by VFIO's type 1
 * or by iommufd, which pin it.  Everything here gives 0 or -errno.
 */
#ifndef PIN_TEST_PASSTHROUGH_H
#define PIN_TEST_PASSTHROUGH_H

#include <stddef.h>

/* What is closed is unmapped and unpinned. */
struct passthrough {
	int space;
	int device;
	/* iommufd's number of the address space */
	unsigned int id;
};

/* @group: /dev/vfio/NUMBER */
int vfio_open(struct passthrough *at, const char *group);
/* For reading and writing by the device. */
int vfio_map(const struct passthrough *at, void *addr, size_t length);
/* What was mapped last. */
int vfio_unmap(const struct passthrough *at, size_t length);

/* @device: /dev/vfio/devices/NAME, of Linux 6.6 and later */
int iommufd_open(struct passthrough *at, const char *device);
int iommufd_map(const struct passthrough *at, void *addr, size_t length);
int iommufd_unmap(const struct passthrough *at, size_t length);

void passthrough_close(struct passthrough *at);

#endif /* PIN_TEST_PASSTHROUGH_H */
