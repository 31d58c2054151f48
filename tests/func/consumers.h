/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own long-term pinners, asked to pin a range for writing, and to let go.
 */
#ifndef PIN_TEST_CONSUMERS_H
#define PIN_TEST_CONSUMERS_H

#include <stddef.h>

/* 0 or -errno of registering the range as a buffer of io_uring. */
int io_uring_pins(void *addr, size_t length);

/* 0 or -errno of registering the range as frames of AF_XDP. */
int xdp_pins(void *addr, size_t length);

#endif /* PIN_TEST_CONSUMERS_H */
