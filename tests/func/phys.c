// SPDX-License-Identifier: GPL-2.0-or-later
/* See phys.h. */
#include "phys.h"

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGEMAP_PFN	0x007fffffffffffffULL
#define PAGEMAP_PRESENT	0x8000000000000000ULL
#define KPAGEFLAGS_THP	0x0000000000400000ULL

static void read_entries(const char *path, uint64_t index, uint64_t *entries,
			 size_t count)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(pread(fd, entries, count * sizeof(*entries),
			       index * sizeof(*entries)),
			 (ssize_t)(count * sizeof(*entries)));
	close(fd);
}

void phys_of_process(pid_t pid, const void *addr, uint64_t *phys, size_t pages)
{
	char path[64];
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	read_entries(path, (uintptr_t)addr / page, phys, pages);
	for (i = 0; i < pages; i++) {
		if (!(phys[i] & PAGEMAP_PRESENT)) {
			phys[i] = 0;
			continue;
		}
		ck_assert_msg(phys[i] & PAGEMAP_PFN,
			      "pagemap shows no addresses: not root?");
		phys[i] = (phys[i] & PAGEMAP_PFN) * page;
	}
}

void phys_of_range(const void *addr, uint64_t *phys, size_t pages)
{
	phys_of_process(getpid(), addr, phys, pages);
}

uint64_t phys_of(const void *addr)
{
	uint64_t phys;

	phys_of_range(addr, &phys, 1);
	return phys;
}

bool phys_is_thp(const void *addr)
{
	uint64_t phys = phys_of(addr), flags;

	if (!phys)
		return false;
	read_entries("/proc/kpageflags", phys / page, &flags, 1);
	return flags & KPAGEFLAGS_THP;
}

int ask_runs(uint64_t id, uint64_t cursor, struct pin_run *runs,
	     uint32_t capacity, struct pin_runs *arg)
{
	*arg = (struct pin_runs) {
		.size = sizeof(*arg),
		.id = id,
		.cursor = cursor,
		.runs = (uintptr_t)runs,
		.runs_capacity = capacity,
		.run_size = sizeof(*runs),
	};
	return call(PIN_IOC_RUNS, arg);
}

void phys_of_pin(uint64_t id, uint64_t *phys, size_t pages)
{
	struct pin_run runs[7];
	struct pin_runs arg = { .next = 0 };
	uint64_t inside;
	size_t at = 0, i;

	do {
		ck_assert_int_eq(ask_runs(id, arg.next, runs, 7, &arg), 0);
		ck_assert_uint_gt(arg.runs_count, 0);
		for (i = 0; i < arg.runs_count; i++) {
			ck_assert_uint_eq(runs[i].flags, 0);
			ck_assert_uint_eq(runs[i].offset, at * page);
			ck_assert_uint_le(runs[i].length, (pages - at) * page);
			for (inside = 0; inside < runs[i].length; inside += page)
				phys[at++] = runs[i].phys + inside;
		}
	} while (arg.next != arg.total);
	ck_assert_uint_eq(at, pages);
}

void expect_true_runs(uint64_t id, const void *addr, size_t length)
{
	const char *start = (const char *)((uintptr_t)addr & ~(page - 1));
	const char *end = (const char *)addr + length;
	size_t pages = (end - start + page - 1) / page, i;
	uint64_t *phys = calloc(pages, sizeof(*phys));
	uint64_t *mapped = calloc(pages, sizeof(*mapped));

	phys_of_pin(id, phys, pages);
	phys_of_range(start, mapped, pages);
	for (i = 0; i < pages; i++)
		ck_assert_msg(phys[i] == mapped[i],
			      "page %zu of %zu: the pin has %#llx, mapped is %#llx",
			      i, pages, (unsigned long long)phys[i],
			      (unsigned long long)mapped[i]);
	free(phys);
	free(mapped);
}
