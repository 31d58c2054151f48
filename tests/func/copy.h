/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READ and WRITE: bytes out of a pin and into it. */
#ifndef PIN_TEST_COPY_H
#define PIN_TEST_COPY_H

#include <stddef.h>
#include <stdint.h>

/* 0 or -errno; @done as told. */
int pin_read(uint64_t id, uint64_t offset, void *buffer, uint64_t length,
	     uint64_t *done);
int pin_write(uint64_t id, uint64_t offset, const void *buffer, uint64_t length,
	      uint64_t *done);

/* The same, where all bytes are expected to be done. */
void expect_read(uint64_t id, uint64_t offset, void *buffer, size_t length);
void expect_written(uint64_t id, uint64_t offset, const void *buffer, size_t length);

#endif /* PIN_TEST_COPY_H */
