// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * consumer [-l LIMIT] [-s SECONDS] CALL MEMORY LENGTH [DEVICE]: one registration of the
 * kernel's own, of the whole of a mapping, for writing; prints the errno's name, or ok, and
 * the address.
 *
 * CALL is io_uring, xdp, udmabuf, rdma, vfio (with /dev/vfio/GROUP) or iommufd (with
 * /dev/vfio/devices/NAME).  MEMORY is anon, hole (nothing is mapped from the middle on),
 * stuck (nobody answers its page faults), or a file, mapped shared, or private if
 * ",private" follows; of FILE+FILE, shared, the second is mapped from the middle on.
 * With -l RLIMIT_MEMLOCK is LIMIT bytes, and there is no CAP_IPC_LOCK.  With -s it stays for
 * so many seconds.
 *
 * consumer programs: how many BPF programs that trace there are in the kernel.
 * consumer entries: how many calls their maps say are on their way.
 */
#include <errno.h>
#include <fcntl.h>
#include <infiniband/verbs.h>
#include <liburing.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_xdp.h>
#include <linux/udmabuf.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "passthrough.h"

/* 4096, 64K, 4M, 2G */
static size_t size(const char *text)
{
	static const char letters[] = "KMG";
	char *end;
	size_t bytes = strtoull(text, &end, 0);
	const char *letter = *end ? strchr(letters, *end) : NULL;

	return letter ? bytes << (10 * (letter - letters + 1)) : bytes;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int io_uring_registers(void *addr, size_t length)
{
	struct iovec range = { .iov_base = addr, .iov_len = length };
	struct io_uring ring;
	int ret = io_uring_queue_init(4, &ring, 0);

	errno = -ret;
	if (ret)
		die("io_uring");
	ret = io_uring_register_buffers(&ring, &range, 1);
	io_uring_queue_exit(&ring);
	return -ret;
}

static int xdp_registers(void *addr, size_t length)
{
	struct xdp_umem_reg frames = {
		.addr = (uintptr_t)addr,
		.len = length,
		.chunk_size = 4096,
	};
	int fd = socket(AF_XDP, SOCK_RAW, 0);

	if (fd < 0)
		die("AF_XDP");
	return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &frames, sizeof(frames)) ? errno : 0;
}

static int rdma_registers(void *addr, size_t length)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct ibv_context *context = devices && *devices ? ibv_open_device(*devices) : NULL;
	struct ibv_pd *pd = context ? ibv_alloc_pd(context) : NULL;

	if (!pd)
		die("RDMA");
	errno = 0;
	return ibv_reg_mr(pd, addr, length, IBV_ACCESS_LOCAL_WRITE) ? 0 : errno;
}

static int vfio_registers(void *addr, size_t length, const char *group)
{
	struct passthrough at;
	int err = vfio_open(&at, group);

	errno = -err;
	if (err)
		die("VFIO");
	return -vfio_map(&at, addr, length);
}

static int iommufd_registers(void *addr, size_t length, const char *device)
{
	struct passthrough at;
	int err = iommufd_open(&at, device);

	errno = -err;
	if (err)
		die("iommufd");
	return -iommufd_map(&at, addr, length);
}

/* A dma-buf of a memfd of one page less than @length. */
static int udmabuf_registers(size_t length)
{
	struct udmabuf_create create = { .size = length };
	int fd = open("/dev/udmabuf", O_RDWR);

	create.memfd = (uint32_t)memfd_create("short", MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate((int)create.memfd, (off_t)length - 4096) ||
	    fcntl((int)create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("udmabuf");
	return ioctl(fd, UDMABUF_CREATE, &create) < 0 ? errno : 0;
}

static void leave_unanswered(void *addr, size_t length)
{
	struct uffdio_register missing = {
		.range = { .start = (uintptr_t)addr, .len = length },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int fd = (int)syscall(SYS_userfaultfd, 0);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &missing))
		die("userfaultfd");
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		die(path);
	return fd;
}

static void *map(char *memory, size_t length)
{
	char *second = strchr(memory, '+'), *comma = strchr(memory, ',');
	int flags = comma ? MAP_PRIVATE : MAP_SHARED, fd = -1;
	void *addr;

	if (comma)
		*comma = '\0';
	if (second)
		*second++ = '\0';
	if (!strcmp(memory, "anon") || !strcmp(memory, "hole") || !strcmp(memory, "stuck"))
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	else
		fd = open_file(memory);
	addr = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (addr == MAP_FAILED)
		die("mmap");
	if (!strcmp(memory, "hole") && munmap((char *)addr + length / 2, length / 2))
		die("munmap");
	if (second && mmap((char *)addr + length / 2, length / 2, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, open_file(second), 0) == MAP_FAILED)
		die("mmap");
	if (!strcmp(memory, "stuck"))
		leave_unanswered(addr, length);
	return addr;
}

static void limit(const char *bytes)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	struct rlimit rlimit;

	rlimit.rlim_cur = strtoull(bytes, NULL, 0);
	rlimit.rlim_max = rlimit.rlim_cur;
	if (setrlimit(RLIMIT_MEMLOCK, &rlimit) || syscall(SYS_capget, &header, data))
		die("limit");
	data[0].effective &= ~(1u << CAP_IPC_LOCK);
	data[0].permitted &= ~(1u << CAP_IPC_LOCK);
	data[0].inheritable &= ~(1u << CAP_IPC_LOCK);
	if (syscall(SYS_capset, &header, data))
		die("capset");
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The next program or map after @id as a descriptor; -1 after the last. */
static int next_object(int next, int open, unsigned int *id)
{
	union bpf_attr attr;
	int fd = -1;

	while (fd < 0) {
		memset(&attr, 0, sizeof(attr));
		attr.start_id = *id;
		if (bpf(next, &attr))
			return -1;
		*id = attr.next_id;
		memset(&attr, 0, sizeof(attr));
		attr.prog_id = *id;
		fd = (int)bpf(open, &attr);
	}
	return fd;
}

static void describe(int fd, void *info, uint32_t size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = size;
	attr.info.info = (uintptr_t)info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		die("BPF_OBJ_GET_INFO_BY_FD");
}

static int count_programs(void)
{
	unsigned int id = 0;
	int count = 0, fd;

	while ((fd = next_object(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, &id)) >= 0) {
		struct bpf_prog_info info = { 0 };

		describe(fd, &info, sizeof(info));
		count += info.type == BPF_PROG_TYPE_TRACING;
		close(fd);
	}
	printf("%d\n", count);
	return 0;
}

static int entries_of(int fd)
{
	uint32_t key, next;
	union bpf_attr attr;
	int count = 0;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.next_key = (uintptr_t)&next;
	while (!bpf(BPF_MAP_GET_NEXT_KEY, &attr)) {
		count++;
		key = next;
		attr.key = (uintptr_t)&key;
	}
	return count;
}

/* Of the maps that trace.bpf.c has by thread. */
static int count_entries(void)
{
	unsigned int id = 0;
	int count = 0, fd;

	while ((fd = next_object(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, &id)) >= 0) {
		struct bpf_map_info info = { 0 };

		describe(fd, &info, sizeof(info));
		if (info.type == BPF_MAP_TYPE_HASH && info.key_size == sizeof(uint32_t) &&
		    (!strcmp(info.name, "calls") || !strcmp(info.name, "lists")))
			count += entries_of(fd);
		close(fd);
	}
	printf("%d\n", count);
	return 0;
}

static int registers(const char *call, void *addr, size_t length, const char *device)
{
	if (!strcmp(call, "io_uring"))
		return io_uring_registers(addr, length);
	if (!strcmp(call, "xdp"))
		return xdp_registers(addr, length);
	if (!strcmp(call, "rdma"))
		return rdma_registers(addr, length);
	if (!strcmp(call, "udmabuf"))
		return udmabuf_registers(length);
	if (!strcmp(call, "iommufd"))
		return iommufd_registers(addr, length, device);
	return vfio_registers(addr, length, device);
}

int main(int argc, char **argv)
{
	unsigned int seconds = 0;
	int error = 0, times = 1;
	size_t length;
	void *addr;

	if (argc == 2 && !strcmp(argv[1], "programs"))
		return count_programs();
	if (argc == 2 && !strcmp(argv[1], "entries"))
		return count_entries();
	for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
		if (argv[1][1] == 'l')
			limit(argv[2]);
		else if (argv[1][1] == 's')
			seconds = strtoul(argv[2], NULL, 10);
		else
			times = atoi(argv[2]);
	}
	if (argc < 4) {
		fputs("usage: consumer [-l LIMIT] [-n TIMES] [-s SECONDS] CALL MEMORY LENGTH "
		      "[DEVICE]\n", stderr);
		return 2;
	}
	length = size(argv[3]);
	addr = map(argv[2], length);
	while (times--)
		error = registers(argv[1], addr, length, argv[4]);
	printf("%s %#lx\n", error ? strerrorname_np(error) : "ok", (unsigned long)addr);
	sleep(seconds);
	return 0;
}
