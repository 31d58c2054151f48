// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel's own tests do not ask gup_test: mistakes in the request, memory
 * that is refused, and what READ returns. Says it as they do, so that the same
 * comparison holds the preload library, and the driver behind it, to the errnos of
 * the kernel's slow path.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

static int device = -1;
static long page;
static int cases, failed;

static int start(const void *addr, uint64_t size, uint32_t flags)
{
	struct longterm_start args = {
		.addr = (uintptr_t)addr,
		.size = size,
		.flags = flags,
	};

	return ioctl(device, LONGTERM_START, &args) ? -errno : 0;
}

static int stop(void)
{
	return ioctl(device, LONGTERM_STOP) ? -errno : 0;
}

static int read_into(const void *buffer)
{
	uint64_t addr = (uintptr_t)buffer;

	return ioctl(device, LONGTERM_READ, &addr) ? -errno : 0;
}

/* One case; a pin that it left is taken back. */
static void expect(const char *name, int result, int expected)
{
	printf("# [RUN] GUP: %s\n", name);
	printf("%sok %d %s\n", result == expected ? "" : "not ", ++cases,
	       strerrorname_np(-result) ? strerrorname_np(-result) : "unknown");
	failed += result != expected;
	stop();
}

static void *map(size_t length, int protection)
{
	void *addr = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	memset(addr, 0x5a, length);
	mprotect(addr, length, protection);
	return addr;
}

static void ask_about_requests(void)
{
	char *addr = map(2 * page, PROT_READ | PROT_WRITE);

	expect("nothing pinned", stop(), 0);
	expect("unaligned address", start(addr + 8, page, 0), -EINVAL);
	expect("unaligned size", start(addr, page + 8, 0), -EINVAL);
	expect("no size", start(addr, 0, 0), -EINVAL);
	expect("size above LONG_MAX", start(addr, 1ULL << 63, 0), -EINVAL);
	expect("unknown flag", start(addr, page, 4), -EINVAL);
	expect("no struct", ioctl(device, LONGTERM_START, NULL) ? -errno : 0, -EFAULT);
	expect("unknown command", ioctl(device, _IO('g', 99)) ? -errno : 0, -EINVAL);
	start(addr, page, 0);
	expect("second pin", start(addr + page, page, 0), -EINVAL);
	expect("both pages", start(addr, 2 * page, START_WRITE), 0);
	munmap(addr, 2 * page);
}

static void ask_about_memory(void)
{
	char *addr = map(3 * page, PROT_READ | PROT_WRITE);
	int fd;

	munmap(addr + 2 * page, page);
	expect("hole", start(addr + 2 * page, page, 0), -EFAULT);
	expect("hole, fast", start(addr + 2 * page, page, START_FAST), -EFAULT);
	expect("hole at the end", start(addr, 3 * page, START_WRITE), -EFAULT);
	expect("hole at the end, fast", start(addr, 3 * page, START_WRITE | START_FAST),
	       -EFAULT);
	expect("no address", start(NULL, page, 0), -EFAULT);
	mprotect(addr + page, page, PROT_READ);
	expect("read-only, for reading", start(addr, 2 * page, 0), 0);
	expect("read-only, for writing", start(addr, 2 * page, START_WRITE), -EFAULT);
	expect("read-only, for writing, fast",
	       start(addr, 2 * page, START_WRITE | START_FAST), -EFAULT);
	mprotect(addr + page, page, PROT_WRITE);
	expect("write-only, for reading", start(addr, 2 * page, 0), -EFAULT);
	mprotect(addr + page, page, PROT_NONE);
	expect("inaccessible", start(addr, 2 * page, 0), -EFAULT);
	expect("inaccessible, fast", start(addr, 2 * page, START_FAST), -EFAULT);

	fd = syscall(SYS_memfd_secret, 0);
	if (fd < 0 || ftruncate(fd, page)) {
		perror("memfd_secret");
		exit(1);
	}
	addr = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(addr, 1, page);
	expect("secret", start(addr, page, 0), -EFAULT);
	expect("secret, fast", start(addr, page, START_FAST), -EFAULT);
}

static void ask_about_reading(void)
{
	char *addr = map(2 * page, PROT_READ | PROT_WRITE);
	char *buffer = map(2 * page, PROT_READ | PROT_WRITE);
	bool same;

	expect("read of nothing", read_into(buffer), -EINVAL);
	start(addr, 2 * page, 0);
	expect("read into nothing", read_into(NULL), -EFAULT);
	start(addr, 2 * page, 0);
	mprotect(buffer + page, page, PROT_READ);
	expect("read into half of a buffer", read_into(buffer), -EFAULT);
	mprotect(buffer + page, page, PROT_READ | PROT_WRITE);
	start(addr, 2 * page, 0);
	memset(addr, 0x11, page);
	memset(addr + page, 0x22, page);
	same = !read_into(buffer) && !memcmp(addr, buffer, 2 * page);
	expect("read of what was written after the pin", same ? 0 : -EIO, 0);
	start(addr, 2 * page, 0);
	memset(buffer, 0, 2 * page);
	mprotect(addr, 2 * page, PROT_NONE);
	same = !read_into(buffer) && buffer[0] == 0x11 && buffer[2 * page - 1] == 0x22;
	expect("read of what cannot be reached any more", same ? 0 : -EIO, 0);
}

int main(void)
{
	page = sysconf(_SC_PAGESIZE);
	device = open(DEVICE, O_RDWR);
	if (device < 0) {
		perror(DEVICE);
		return 1;
	}
	ask_about_requests();
	ask_about_memory();
	ask_about_reading();
	printf("1..%d\n", cases);
	return failed ? 1 : 0;
}
