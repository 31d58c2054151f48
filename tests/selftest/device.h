/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The long-term part of the interface of the kernel's gup_test device, as old and
 * new kernels have it (mm/gup_test.h, Linux 6.12).
 */
#ifndef PIN_TEST_DEVICE_H
#define PIN_TEST_DEVICE_H

#include <stdint.h>
#include <sys/ioctl.h>

#define DEVICE	"/sys/kernel/debug/gup_test"

struct longterm_start {
	uint64_t addr;
	uint64_t size;
	uint32_t flags;
};

#define START_WRITE	1
#define START_FAST	2

#define LONGTERM_START	_IOW('g', 7, struct longterm_start)
#define LONGTERM_STOP	_IO('g', 8)
#define LONGTERM_READ	_IOW('g', 9, uint64_t)

#endif /* PIN_TEST_DEVICE_H */
