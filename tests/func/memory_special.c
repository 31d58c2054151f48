// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings that drivers and the kernel itself make. */
#include "memory.h"

#include "harness.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_WRITE	(PROT_READ | PROT_WRITE)

/* What the kernel calls a mapping of this process in /proc/self/smaps. */
static bool has_vm_flag(const char *addr, const char *flag)
{
	unsigned long start, end;
	char line[512], wanted[8];
	bool here = false;
	bool found = false;
	FILE *smaps = fopen("/proc/self/smaps", "re");

	ck_assert_ptr_nonnull(smaps);
	snprintf(wanted, sizeof(wanted), " %s ", flag);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (here && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, wanted);
	}
	fclose(smaps);
	return found;
}

static void make_dev_mem(struct memory *memory)
{
	char *place = memory_place(memory, page, page);

	/* The VGA frame buffer: a hole in RAM on every PC. */
	memory_map(place, page, READ_WRITE, MAP_SHARED,
		   memory_owns(memory, open("/dev/mem", O_RDWR | O_CLOEXEC),
			       "/dev/mem"), 0xa0000);
	ck_assert(has_vm_flag(place, "io"));
}

static void make_pci_bar(struct memory *memory)
{
	const char *path = need_env("PIN_TEST_PCI_BAR");
	char *place = memory_place(memory, page, page);

	memory_map(place, page, READ_WRITE, MAP_SHARED,
		   memory_owns(memory, open(path, O_RDWR | O_CLOEXEC), path), 0);
	/* The identification of the edu device. */
	ck_assert_uint_eq(__atomic_load_n((uint32_t *)place, __ATOMIC_RELAXED),
			  0x010000ed);
}

/* Newer kernels map it nowhere but where they choose. */
static void make_io_uring(struct memory *memory)
{
	struct io_uring_params params = { };
	int fd = memory_owns(memory, syscall(SYS_io_uring_setup, 8, &params),
			     "io_uring_setup");
	char *ring = mmap(NULL, page, READ_WRITE, MAP_SHARED | MAP_POPULATE, fd,
			  IORING_OFF_SQ_RING);

	ck_assert_msg(ring != MAP_FAILED, "mmap: %s", strerror(errno));
	memory->room = ring;
	memory->room_length = page;
	memory_is(memory, ring, page);
	ck_assert_uint_eq(*(uint32_t *)(ring + params.sq_off.ring_entries),
			  params.sq_entries);
}

static void make_perf(struct memory *memory)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.size = sizeof(attr),
	};
	char *place = memory_place(memory, 3 * page, page);
	int fd = memory_owns(memory, syscall(SYS_perf_event_open, &attr, 0, -1, -1,
					     PERF_FLAG_FD_CLOEXEC),
			     "perf_event_open");

	memory_map(place, 3 * page, READ_WRITE, MAP_SHARED, fd, 0);
	memory_read(place, 3 * page);
	ck_assert_uint_eq(((struct perf_event_mmap_page *)place)->data_size, 2 * page);
}

static void find_mapping(struct memory *memory, const char *name)
{
	unsigned long start, end;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "re");

	ck_assert_ptr_nonnull(maps);
	while (!memory->length && fgets(line, sizeof(line), maps))
		if (strstr(line, name)) {
			ck_assert_int_eq(sscanf(line, "%lx-%lx", &start, &end), 2);
			memory_is(memory, (void *)start, end - start);
		}
	fclose(maps);
	ck_assert_msg(memory->length, "no %s", name);
}

static void make_vdso(struct memory *memory)
{
	find_mapping(memory, "[vdso]");
	ck_assert_int_eq(memcmp(memory->addr, "\177ELF", 4), 0);
}

static void make_vvar(struct memory *memory)
{
	find_mapping(memory, "[vvar]");
}

static void make_udmabuf(struct memory *memory)
{
	struct udmabuf_create create = { .size = page };
	char *place = memory_place(memory, page, page);
	int fd, device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	if (device < 0) {
		ck_assert_int_eq(errno, ENOENT);
		memory->absent = true;
		return;
	}
	memory_owns(memory, device, "/dev/udmabuf");
	fd = memory_owns(memory, memfd_create("udmabuf", MFD_CLOEXEC |
					      MFD_ALLOW_SEALING), "memfd_create");
	ck_assert_int_eq(ftruncate(fd, page), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	create.memfd = fd;
	fd = memory_owns(memory, ioctl(device, UDMABUF_CREATE, &create),
			 "UDMABUF_CREATE");
	memory_map(place, page, READ_WRITE, MAP_SHARED, fd, 0);
	touch(place, page);
	ck_assert(has_vm_flag(place, "pf"));
}

/* What pin_testmem.ko maps at an offset of its device, which is a page number. */
static char *map_testmem(struct memory *memory, unsigned int number)
{
	char *place = memory_place(memory, 2 * page, page);

	memory_map(place, 2 * page, READ_WRITE, MAP_SHARED,
		   memory_owns(memory, open("/dev/pin-testmem", O_RDWR | O_CLOEXEC),
			       "/dev/pin-testmem"), number * page);
	return place;
}

static void make_pfn_mapping(struct memory *memory)
{
	char *place = map_testmem(memory, 0);

	ck_assert(has_vm_flag(place, "pf"));
	ck_assert(!has_vm_flag(place, "io"));
}

static void make_raw_pfn(struct memory *memory)
{
	char *place = map_testmem(memory, 1);

	ck_assert(has_vm_flag(place, "mm"));
	ck_assert(!has_vm_flag(place, "pf"));
}

static void make_failing_fault(struct memory *memory)
{
	char *place = map_testmem(memory, 2);
	int fd = memory_owns(memory, open("/dev/zero", O_RDONLY | O_CLOEXEC),
			     "/dev/zero");

	/* The kernel's own access to it fails, too. */
	ck_assert_int_eq(read(fd, place, 1), -1);
	ck_assert_int_eq(errno, EFAULT);
}

static void make_out_of_memory(struct memory *memory)
{
	map_testmem(memory, 3);
}

const struct memory_kind memory_special[] = {
	{ "dev-mem", make_dev_mem },
	{ "pci-bar", make_pci_bar },
	{ "io-uring", make_io_uring },
	{ "perf", make_perf },
	{ "vdso", make_vdso },
	{ "vvar", make_vvar },
	{ "udmabuf", make_udmabuf },
	{ "pfn-mapping", make_pfn_mapping },
	{ "raw-pfn", make_raw_pfn },
	{ "failing-fault", make_failing_fault },
	{ "out-of-memory", make_out_of_memory },
	{ }
};
