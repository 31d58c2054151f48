// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own measurement of pinning, gup_test, in the slow and in the fast way; see
 * peer.h. It pins into one array and keeps no books, so no pinner does less. It measures
 * itself, in microseconds: what takes less than some hundred cannot be told.
 *
 * The ABI is that of mm/gup_test.h, which is no header that is installed.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "peer.h"

struct gup_test {
	uint64_t pin_us;
	uint64_t unpin_us;
	uint64_t addr;
	uint64_t bytes;
	uint32_t pages_per_call;
	uint32_t flags;
	uint32_t test_flags;
	uint32_t which_pages[8];
};

#define FAST		_IOWR('g', 2, struct gup_test)
#define LONGTERM	_IOWR('g', 3, struct gup_test)
#define FOLL_WRITE	(1 << 0)
#define FOLL_LONGTERM	(1 << 8)

#define PAGES_PER_CALL	512
#define LEAST_BYTES	(2UL << 20)
#define TICKS_PER_US	1000

static int device;

static const char *open_device(void)
{
	device = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);
	return device < 0 ? "the kernel has no gup_test" : NULL;
}

static void close_device(void)
{
	close(device);
}

static bool takes(const struct memory *memory)
{
	return memory->bytes >= LEAST_BYTES;
}

static struct took measure(const struct memory *memory, unsigned long command, uint32_t flags)
{
	struct gup_test test = {
		.addr = (uintptr_t)memory->addr,
		.bytes = memory->bytes,
		.pages_per_call = PAGES_PER_CALL,
		.flags = flags,
	};

	if (ioctl(device, command, &test) || test.bytes != memory->bytes)
		die("gup_test pinned %llu bytes", (unsigned long long)test.bytes);
	return (struct took) { test.pin_us * TICKS_PER_US, test.unpin_us * TICKS_PER_US };
}

static struct took measure_slow(const struct memory *memory)
{
	return measure(memory, LONGTERM, FOLL_WRITE);
}

static struct took measure_fast(const struct memory *memory)
{
	return measure(memory, FAST, FOLL_WRITE | FOLL_LONGTERM);
}

const struct peer peer_gup = {
	.name = "gup",
	.open = open_device,
	.close = close_device,
	.takes = takes,
	.measure = measure_slow,
};

const struct peer peer_gup_fast = {
	.name = "gup-fast",
	.open = open_device,
	.close = close_device,
	.takes = takes,
	.measure = measure_fast,
};
