/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/pin as a benchmark uses it: bare ioctls that end the program if they fail, so
 * that nothing but the driver is measured.
 */
#ifndef PIN_BENCH_DEVICE_H
#define PIN_BENCH_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* A context of its own. */
int device_open(void);
/* For write; the pin's id. */
uint64_t device_pin(int fd, const char *addr, size_t bytes);
void device_unpin(int fd, uint64_t id);

#endif /* PIN_BENCH_DEVICE_H */
