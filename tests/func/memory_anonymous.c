// SPDX-License-Identifier: GPL-2.0-or-later
/* Anonymous memory in every state, what protections make of it, and nothing. */
#include "memory.h"

#include "harness.h"
#include "pageproof.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGES	8

/* Advice that the C library's headers may not know yet. */
#define ADVICE_GUARD_INSTALL	102

#ifndef UFFD_FEATURE_PAGEFAULT_FLAG_WP
#define UFFD_FEATURE_PAGEFAULT_FLAG_WP	(1 << 0)
#endif

static char *place_touched(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);

	touch(place, PAGES * page);
	return place;
}

static void make_anonymous(struct memory *memory)
{
	memory_prove_flag(place_touched(memory), PAGES * page, PAGEFLAG_ANON);
}

static void make_never_touched(struct memory *memory)
{
	ck_assert(!is_present(memory_place_anonymous(memory, PAGES * page)));
}

static void make_partly_populated(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);
	int i;

	for (i = 0; i < PAGES; i += 2) {
		touch(place + i * page, page);
		ck_assert(is_present(place + i * page));
		ck_assert(!is_present(place + (i + 1) * page));
	}
}

static char *place_huge(struct memory *memory)
{
	char *place = memory_place(memory, MEMORY_HUGE, MEMORY_HUGE);

	memory_map(place, MEMORY_HUGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_int_eq(madvise(place, MEMORY_HUGE, MADV_HUGEPAGE), 0);
	return place;
}

static void make_thp(struct memory *memory)
{
	char *place = place_huge(memory);

	touch(place, page);
	memory_prove_flag(place, MEMORY_HUGE, PAGEFLAG_THP);
}

static void make_zero_page(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);

	memory_read(place, PAGES * page);
	memory_prove_flag(place, PAGES * page, PAGEFLAG_ZERO_PAGE);
	ck_assert_uint_eq(pfn_at(place), pfn_at(place + page));
}

static void make_huge_zero_page(struct memory *memory)
{
	char *place = place_huge(memory);

	memory_read(place, page);
	memory_prove_flag(place, MEMORY_HUGE, PAGEFLAG_ZERO_PAGE);
	ck_assert_uint_eq(pfn_at(place) + 1, pfn_at(place + page));
}

static bool is_merged(const char *place)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (!(page_flags_at(place + i * page) & PAGEFLAG_KSM))
			return false;
	return true;
}

static void make_ksm(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);
	int tries;

	memset(place, 0x5a, PAGES * page);
	ck_assert_int_eq(madvise(place, PAGES * page, MADV_MERGEABLE), 0);
	ck_assert_int_eq(kernel_write("/sys/kernel/mm/ksm/sleep_millisecs", "10"), 0);
	ck_assert_int_eq(kernel_write("/sys/kernel/mm/ksm/run", "1"), 0);
	for (tries = 0; tries < 1000 && !is_merged(place); tries++)
		usleep(50000);
	ck_assert_int_eq(kernel_write("/sys/kernel/mm/ksm/run", "0"), 0);
	ck_assert_msg(is_merged(place), "KSM does not merge");
}

static bool is_swapped_out(const char *place)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (!(pagemap_at(place + i * page) & PAGEMAP_SWAPPED))
			return false;
	return true;
}

/*
 * New pages wait in a batch of the processor that they were touched on, and
 * MADV_PAGEOUT empties only that of the processor it is called on.
 */
static void stay_on_processor(void)
{
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(sched_getcpu(), &processors);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(processors), &processors), 0);
}

/*
 * Whenever memory is short the kernel swaps out what nobody asks for, a file in memory
 * say; a swap device that is full of that takes nothing else.
 */
static void empty_swap(void)
{
	const char *device = getenv("PIN_TEST_SWAP");

	ck_assert_ptr_nonnull(device);
	ck_assert_msg(!swapoff(device), "swapoff: %s", strerror(errno));
	ck_assert_msg(!swapon(device, 0), "swapon: %s", strerror(errno));
}

static void make_swapped_out(struct memory *memory)
{
	char *place;
	int tries;

	empty_swap();
	stay_on_processor();
	place = place_touched(memory);
	for (tries = 0; tries < 100 && !is_swapped_out(place); tries++) {
		ck_assert_int_eq(madvise(place, PAGES * page, MADV_PAGEOUT), 0);
		usleep(10000);
	}
	ck_assert_msg(is_swapped_out(place), "nothing is swapped out");
}

/* Two processes share the pages until one of them writes. */
static void make_shared_by_fork(struct memory *memory)
{
	char *place = place_touched(memory);
	pid_t pid = fork_child();

	if (!pid)
		for (;;)
			pause();
	memory->child = pid;
	ck_assert_uint_eq(page_mappings_at(place), 2);
}

static void make_stack(struct memory *memory)
{
	memory_is(memory, (void *)((uintptr_t)__builtin_frame_address(0) & -page),
		  page);
	memory_prove_flag(memory->addr, page, PAGEFLAG_ANON);
}

static void make_prot_none(struct memory *memory)
{
	ck_assert_int_eq(mprotect(place_touched(memory), PAGES * page, PROT_NONE), 0);
}

static void make_read_only(struct memory *memory)
{
	ck_assert_int_eq(mprotect(place_touched(memory), PAGES * page, PROT_READ), 0);
}

static void make_write_only(struct memory *memory)
{
	ck_assert_int_eq(mprotect(place_touched(memory), PAGES * page, PROT_WRITE), 0);
}

static void make_execute_only(struct memory *memory)
{
	ck_assert_int_eq(mprotect(place_touched(memory), PAGES * page, PROT_EXEC), 0);
}

static void protect_by_key(char *place, int rights)
{
	int key = pkey_alloc(0, rights);

	ck_assert_msg(key > 0, "pkey_alloc: %s", strerror(errno));
	ck_assert_int_eq(pkey_mprotect(place, PAGES * page, PROT_READ | PROT_WRITE,
				       key), 0);
	ck_assert_int_eq(pkey_get(key), rights);
}

static void make_pkey_no_access(struct memory *memory)
{
	protect_by_key(place_touched(memory), PKEY_DISABLE_ACCESS);
}

static void make_pkey_no_write(struct memory *memory)
{
	protect_by_key(place_touched(memory), PKEY_DISABLE_WRITE);
}

/* What a read shows is still not the process's own. */
static void make_pkey_no_write_zero_page(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);

	memory_read(place, PAGES * page);
	memory_prove_flag(place, PAGES * page, PAGEFLAG_ZERO_PAGE);
	protect_by_key(place, PKEY_DISABLE_WRITE);
}

/* A userfaultfd over the pages at @place. */
static void register_userfault(struct memory *memory, char *place, uint64_t mode)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)place, .len = PAGES * page },
		.mode = mode,
	};
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = mode == UFFDIO_REGISTER_MODE_WP ?
			    UFFD_FEATURE_PAGEFAULT_FLAG_WP : 0,
	};

	memory->uffd = memory_owns(memory, syscall(SYS_userfaultfd,
						   O_CLOEXEC | O_NONBLOCK),
				   "userfaultfd");
	ck_assert_int_eq(ioctl(memory->uffd, UFFDIO_API, &api), 0);
	ck_assert_int_eq(ioctl(memory->uffd, UFFDIO_REGISTER, &range), 0);
}

static void fill_missing(int uffd, uint64_t addr)
{
	struct uffdio_zeropage fill = {
		.range = { .start = addr, .len = page },
	};

	/* The page may have come meanwhile. */
	ck_assert(!ioctl(uffd, UFFDIO_ZEROPAGE, &fill) || errno == EEXIST);
}

static void make_userfault_missing(struct memory *memory)
{
	char *place = memory_place_anonymous(memory, PAGES * page);

	register_userfault(memory, place, UFFDIO_REGISTER_MODE_MISSING);
	memory->uffd_resolve = fill_missing;
	ck_assert(!is_present(place));
}

static void write_protect(int uffd, uint64_t addr, size_t length, uint64_t mode)
{
	struct uffdio_writeprotect protect = {
		.range = { .start = addr, .len = length },
		.mode = mode,
	};

	ck_assert_msg(!ioctl(uffd, UFFDIO_WRITEPROTECT, &protect), "%s",
		      strerror(errno));
}

static void allow_write(int uffd, uint64_t addr)
{
	write_protect(uffd, addr, page, 0);
}

static void make_userfault_write_protected(struct memory *memory)
{
	char *place = place_touched(memory);

	register_userfault(memory, place, UFFDIO_REGISTER_MODE_WP);
	memory->uffd_resolve = allow_write;
	write_protect(memory->uffd, (uintptr_t)place, PAGES * page,
		      UFFDIO_WRITEPROTECT_MODE_WP);
	ck_assert(pagemap_at(place) & PAGEMAP_UFFD_WP);
}

/* The fourth page. */
static void make_hwpoison(struct memory *memory)
{
	memory_poison(place_touched(memory) + 3 * page);
}

/* The sixth page. */
static void make_guard_page(struct memory *memory)
{
	char *place = place_touched(memory);

	if (madvise(place + 5 * page, page, ADVICE_GUARD_INSTALL)) {
		ck_assert_int_eq(errno, EINVAL);
		memory->absent = true;
		return;
	}
	ck_assert(pagemap_at(place + 5 * page) & PAGEMAP_GUARD);
}

/* The third page. */
static void make_hole(struct memory *memory)
{
	ck_assert_int_eq(munmap(place_touched(memory) + 2 * page, page), 0);
}

static void make_below_stack(struct memory *memory)
{
	unsigned long start = 0, end;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "re");

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[stack]"))
			ck_assert_int_eq(sscanf(line, "%lx-%lx", &start, &end), 2);
	fclose(maps);
	ck_assert_uint_ne(start, 0);
	memory_is(memory, (void *)(start - page), 2 * page);
}

static void make_null(struct memory *memory)
{
	memory_is(memory, NULL, page);
}

static void make_non_canonical(struct memory *memory)
{
	memory_is_at(memory, 0x4000000000000000, 2 * page);
}

static void make_kernel_address(struct memory *memory)
{
	memory_is_at(memory, 0xffff888000000000, 2 * page);
}

static void make_vsyscall(struct memory *memory)
{
	memory_is_at(memory, 0xffffffffff600000, page);
}

const struct memory_kind memory_anonymous[] = {
	{ "anonymous", make_anonymous },
	{ "never-touched", make_never_touched },
	{ "partly-populated", make_partly_populated },
	{ "thp", make_thp },
	{ "zero-page", make_zero_page },
	{ "huge-zero-page", make_huge_zero_page },
	{ "ksm", make_ksm },
	{ "swapped-out", make_swapped_out },
	{ "shared-by-fork", make_shared_by_fork },
	{ "stack", make_stack },
	{ "prot-none", make_prot_none },
	{ "read-only", make_read_only },
	{ "write-only", make_write_only },
	{ "execute-only", make_execute_only },
	{ "pkey-no-access", make_pkey_no_access },
	{ "pkey-no-write", make_pkey_no_write },
	{ "pkey-no-write-zero-page", make_pkey_no_write_zero_page },
	{ "userfault-missing", make_userfault_missing },
	{ "userfault-protected", make_userfault_write_protected },
	{ "hwpoison", make_hwpoison },
	{ "guard-page", make_guard_page },
	{ "hole", make_hole },
	{ "below-stack", make_below_stack },
	{ "null", make_null },
	{ "non-canonical", make_non_canonical },
	{ "kernel-address", make_kernel_address },
	{ "vsyscall", make_vsyscall },
	{ }
};
