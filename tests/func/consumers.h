/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own long-term pinners, asked to pin a range for writing, and to let go.
 * Each returns 0 or -errno of the registration; without its devices the test fails.
 */
#ifndef PIN_TEST_CONSUMERS_H
#define PIN_TEST_CONSUMERS_H

#include <stdbool.h>
#include <stddef.h>

/* A buffer of io_uring. */
int io_uring_pins(void *addr, size_t length);

/* Frames of AF_XDP. */
int xdp_pins(void *addr, size_t length);

/* A memory region of $PIN_TEST_UVERBS. */
int rdma_pins(void *addr, size_t length);

/* A mapping of VFIO's type 1 for $PIN_TEST_VFIO_GROUP, /dev/vfio/GROUP. */
int vfio_pins(void *addr, size_t length);

/* A mapping of iommufd for $PIN_TEST_VFIO_DEVICE, /dev/vfio/devices/DEVICE. */
int iommufd_pins(void *addr, size_t length);

/*
 * By the names that libpin has for them, the last without one.  @whole_pages: what is not
 * is refused before any page is looked at.  @needs: the variable without which there is
 * no such consumer here, or NULL.
 */
struct consumer {
	const char *name;
	int (*pins)(void *addr, size_t length);
	bool whole_pages;
	const char *needs;
};

extern const struct consumer consumers[];

#endif /* PIN_TEST_CONSUMERS_H */
