// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process with some twenty kinds of mappings, for pinctl to look at.
 *
 * Maps one of each, prints its pid when all are there, and waits to be ended.
 * What a kernel or a machine does not have is said on stderr and left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE	(2UL << 20)

#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif

static void missing(const char *what)
{
	fprintf(stderr, "mappings: no %s: %s\n", what, strerror(errno));
}

/* Map @fd, or say that @what is missing. */
static void map(const char *what, int fd, size_t length, int prot, int flags)
{
	void *addr = fd < 0 ? MAP_FAILED : mmap(NULL, length, prot, flags, fd, 0);

	if (addr == MAP_FAILED)
		missing(what);
	else if (prot & PROT_WRITE && flags & MAP_ANONYMOUS)
		memset(addr, 1, length);
	if (fd >= 0)
		close(fd);
}

static void map_anonymous(const char *what, int prot, int flags)
{
	void *addr = mmap(NULL, SIZE, prot, flags | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		missing(what);
	else if (prot & PROT_WRITE)
		memset(addr, 1, SIZE);
}

static void map_path(const char *path, size_t length, int prot, int flags)
{
	int mode = prot & PROT_WRITE && flags & MAP_SHARED ? O_RDWR : O_RDONLY;

	map(path, open(path, mode | O_CLOEXEC), length, prot, flags);
}

static int memfd(const char *name, unsigned int flags)
{
	int fd = memfd_create(name, MFD_CLOEXEC | flags);

	if (fd >= 0 && ftruncate(fd, SIZE)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int sealed(void)
{
	int fd = memfd("sealed", MFD_ALLOW_SEALING);

	if (fd >= 0)
		fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK);
	return fd;
}

static int secret(void)
{
	int fd = syscall(SYS_memfd_secret, 0);

	if (fd >= 0 && ftruncate(fd, SIZE)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int perf(void)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static void map_dev_mem(void)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	void *addr = fd < 0 ? MAP_FAILED :
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0xa0000);

	if (addr == MAP_FAILED)
		missing("/dev/mem");
}

static void map_huge_anonymous(void)
{
	char *room = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *addr = (char *)(((unsigned long)room + SIZE - 1) & ~(SIZE - 1));

	if (room == MAP_FAILED || madvise(addr, SIZE, MADV_HUGEPAGE))
		missing("transparent huge page");
	else
		memset(addr, 1, SIZE);
}

static void map_memory(void)
{
	const int rw = PROT_READ | PROT_WRITE;

	map_anonymous("anonymous memory", rw, MAP_PRIVATE);
	map_huge_anonymous();
	map_anonymous("hugetlb", rw, MAP_PRIVATE | MAP_HUGETLB);
	map_anonymous("shared anonymous memory", rw, MAP_SHARED);
	map_anonymous("read-only memory", PROT_READ, MAP_PRIVATE);
	map_anonymous("write-only memory", PROT_WRITE, MAP_PRIVATE);
	map_anonymous("execute-only memory", PROT_EXEC, MAP_PRIVATE);
	map_anonymous("inaccessible memory", PROT_NONE, MAP_PRIVATE);
	map("memfd", memfd("buffer", 0), SIZE, rw, MAP_SHARED);
	map("hugetlb memfd", memfd("huge", MFD_HUGETLB), SIZE, rw, MAP_SHARED);
	map("sealed memfd", sealed(), SIZE, PROT_READ, MAP_SHARED);
	map("memfd_secret", secret(), SIZE, rw, MAP_SHARED);
	map("perf ring", perf(), 2 * 4096, rw, MAP_SHARED);
	map_dev_mem();
}

/* TYPE:PATH, with s for shared, p for private and r for shared read-only. */
static int map_argument(const char *argument)
{
	const char *path = argument + 2;

	if (!argument[0] || argument[1] != ':')
		return -1;
	switch (argument[0]) {
	case 's':
		map_path(path, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
		return 0;
	case 'p':
		map_path(path, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
		return 0;
	case 'r':
		map_path(path, SIZE, PROT_READ, MAP_SHARED);
		return 0;
	case 'b':
		map_path(path, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
		return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	int i;

	map_memory();
	for (i = 1; i < argc; i++)
		if (map_argument(argv[i])) {
			fprintf(stderr, "usage: mappings [s|p|r|b:PATH]...\n");
			return 2;
		}
	printf("%d\n", getpid());
	fflush(stdout);
	for (;;)
		pause();
}
