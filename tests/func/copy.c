// SPDX-License-Identifier: GPL-2.0-or-later
#include "copy.h"

#include "harness.h"

static int copy(unsigned int number, uint64_t id, uint64_t offset, const void *buffer,
		uint64_t length, uint64_t *done)
{
	struct pin_access arg = {
		.size = sizeof(arg),
		.id = id,
		.offset = offset,
		.buffer = (uintptr_t)buffer,
		.length = length,
		.done = POISON,
	};
	int err = call(number, &arg);

	*done = arg.done;
	return err;
}

int pin_read(uint64_t id, uint64_t offset, void *buffer, uint64_t length,
	     uint64_t *done)
{
	return copy(PIN_IOC_READ, id, offset, buffer, length, done);
}

int pin_write(uint64_t id, uint64_t offset, const void *buffer, uint64_t length,
	      uint64_t *done)
{
	return copy(PIN_IOC_WRITE, id, offset, buffer, length, done);
}

void expect_read(uint64_t id, uint64_t offset, void *buffer, size_t length)
{
	uint64_t done;

	ck_assert_int_eq(pin_read(id, offset, buffer, length, &done), 0);
	ck_assert_uint_eq(done, length);
}

void expect_written(uint64_t id, uint64_t offset, const void *buffer, size_t length)
{
	uint64_t done;

	ck_assert_int_eq(pin_write(id, offset, buffer, length, &done), 0);
	ck_assert_uint_eq(done, length);
}
