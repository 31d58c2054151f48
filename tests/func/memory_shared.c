// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory in files that are in no filesystem's way: shmem, memfd, secretmem, hugetlb. */
#include "memory.h"

#include "harness.h"
#include "pageproof.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PAGES	8

#define HUGE_PAGES	"/sys/kernel/mm/hugepages/hugepages-2048kB/"

/* The C library and the headers may be older than the kernel. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif
#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC		0x5345434d
#endif

static void prove_filesystem(int fd, long magic)
{
	struct statfs stat;

	ck_assert_int_eq(fstatfs(fd, &stat), 0);
	ck_assert_msg((long)stat.f_type == magic, "filesystem %#lx, not %#lx",
		      (long)stat.f_type, magic);
}

static int new_memfd(struct memory *memory, unsigned int flags, size_t length)
{
	int fd = memory_owns(memory, memfd_create("matrix", MFD_CLOEXEC | flags),
			     "memfd_create");

	ck_assert_int_eq(ftruncate(fd, length), 0);
	return fd;
}

static void make_shared_anonymous(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);

	memory_map(place, PAGES * page, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	touch(place, page);
	ck_assert(!(page_flags_at(place) & PAGEFLAG_ANON));
}

static void make_sysv_shm(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int id = shmget(IPC_PRIVATE, PAGES * page, IPC_CREAT | 0600);

	ck_assert_msg(id >= 0, "shmget: %s", strerror(errno));
	ck_assert_ptr_eq(shmat(id, place, SHM_REMAP), place);
	ck_assert_int_eq(shmctl(id, IPC_RMID, NULL), 0);
	touch(place, PAGES * page);
}

static void map_memfd(struct memory *memory, int flags)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_memfd(memory, 0, PAGES * page);

	prove_filesystem(fd, TMPFS_MAGIC);
	memory_map(place, PAGES * page, PROT_READ | PROT_WRITE, flags, fd, 0);
	memory_read(place, PAGES * page);
	ck_assert(!(page_flags_at(place) & PAGEFLAG_ANON));
}

static void make_memfd(struct memory *memory)
{
	map_memfd(memory, MAP_SHARED);
}

/* The fourth page. */
static void make_memfd_hwpoison(struct memory *memory)
{
	map_memfd(memory, MAP_SHARED);
	memory_poison(memory->addr + (MEMORY_LEAD + 3) * page);
}

static void make_memfd_private(struct memory *memory)
{
	map_memfd(memory, MAP_PRIVATE);
}

static void make_memfd_sealed(struct memory *memory)
{
	const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_memfd(memory, MFD_ALLOW_SEALING, PAGES * page);

	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS), seals);
	memory_map(place, PAGES * page, PROT_READ, MAP_SHARED, fd, 0);
}

/* The file ends after the second page. */
static void make_memfd_past_end(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = new_memfd(memory, 0, page + 1);

	memory_map(place, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void make_secretmem(struct memory *memory)
{
	char *place = memory_place(memory, PAGES * page, page);
	int fd = memory_owns(memory, syscall(SYS_memfd_secret, O_CLOEXEC),
			     "memfd_secret");

	ck_assert_int_eq(ftruncate(fd, PAGES * page), 0);
	prove_filesystem(fd, SECRETMEM_MAGIC);
	memory_map(place, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(place, PAGES * page);
}

static char *place_hugetlb(struct memory *memory, int flags)
{
	char *place = memory_place(memory, 2 * MEMORY_HUGE, MEMORY_HUGE);

	memory_map(place, 2 * MEMORY_HUGE, PROT_READ | PROT_WRITE,
		   MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);
	return place;
}

static void make_hugetlb(struct memory *memory)
{
	char *place = place_hugetlb(memory, MAP_PRIVATE);

	touch(place, 2 * MEMORY_HUGE);
	memory_prove_flag(place, 2 * MEMORY_HUGE, PAGEFLAG_HUGETLB);
}

static void make_hugetlb_shared(struct memory *memory)
{
	char *place = place_hugetlb(memory, MAP_SHARED);

	touch(place, 2 * MEMORY_HUGE);
	memory_prove_flag(place, 2 * MEMORY_HUGE, PAGEFLAG_HUGETLB);
}

/* The second huge page. */
static void make_hugetlb_hwpoison(struct memory *memory)
{
	char *place = place_hugetlb(memory, MAP_PRIVATE);

	touch(place, 2 * MEMORY_HUGE);
	memory_poison(place + MEMORY_HUGE);
}

/* Huge pages that nobody has and nobody is promised. */
static long huge_pages_left(void)
{
	return kernel_read(HUGE_PAGES "free_hugepages") -
	       kernel_read(HUGE_PAGES "resv_hugepages");
}

static void make_hugetlb_pool_full(struct memory *memory)
{
	char *place = place_hugetlb(memory, MAP_PRIVATE | MAP_NORESERVE);

	ck_assert_int_ge(huge_pages_left(), 4);
	ck_assert(!is_present(place));
}

static void make_hugetlb_pool_empty(struct memory *memory)
{
	char *place = place_hugetlb(memory, MAP_PRIVATE | MAP_NORESERVE);
	int fd;

	/* A file that may grow this far is promised the pages. */
	fd = memory_owns(memory, memfd_create("all", MFD_CLOEXEC | MFD_HUGETLB),
			 "memfd_create");
	touch(place, MEMORY_HUGE);
	ck_assert_ptr_ne(mmap(NULL, huge_pages_left() * MEMORY_HUGE,
			      PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	ck_assert_int_eq(huge_pages_left(), 0);
	ck_assert(is_present(place));
	ck_assert(!is_present(place + MEMORY_HUGE));
}

/* The process may not write, and what it sees is the file's page. */
static void make_hugetlb_read_only_file(struct memory *memory)
{
	char *place = memory_place(memory, MEMORY_HUGE, MEMORY_HUGE);
	int fd = new_memfd(memory, MFD_HUGETLB, MEMORY_HUGE);

	memory_map(place, MEMORY_HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	touch(place, page);
	memory_map(place, MEMORY_HUGE, PROT_READ, MAP_PRIVATE, fd, 0);
	memory_read(place, page);
	memory_prove_flag(place, MEMORY_HUGE, PAGEFLAG_HUGETLB);
	ck_assert(!(page_flags_at(place) & PAGEFLAG_ANON));
}

const struct memory_kind memory_shared[] = {
	{ "shared-anonymous", make_shared_anonymous },
	{ "sysv-shm", make_sysv_shm },
	{ "memfd", make_memfd },
	{ "memfd-private", make_memfd_private },
	{ "memfd-hwpoison", make_memfd_hwpoison },
	{ "memfd-sealed", make_memfd_sealed },
	{ "memfd-past-end", make_memfd_past_end },
	{ "secretmem", make_secretmem },
	{ "hugetlb", make_hugetlb },
	{ "hugetlb-shared", make_hugetlb_shared },
	{ "hugetlb-pool-full", make_hugetlb_pool_full },
	{ "hugetlb-pool-empty", make_hugetlb_pool_empty },
	{ "hugetlb-read-only-file", make_hugetlb_read_only_file },
	{ "hugetlb-hwpoison", make_hugetlb_hwpoison },
	{ }
};
