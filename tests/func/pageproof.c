// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel itself says about a page; see pageproof.h. */
#include "pageproof.h"

#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PFN_MASK	((1ULL << 55) - 1)

/* The 64-bit word number @index of a file of them. */
static uint64_t word_of(const char *path, uint64_t index)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t word;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(pread(fd, &word, 8, index * 8), 8);
	close(fd);
	return word;
}

uint64_t pagemap_at(const void *addr)
{
	return word_of("/proc/self/pagemap", (uintptr_t)addr / page);
}

bool is_present(const void *addr)
{
	return pagemap_at(addr) & PAGEMAP_PRESENT;
}

uint64_t pfn_at(const void *addr)
{
	uint64_t entry = pagemap_at(addr);

	ck_assert_msg(entry & PAGEMAP_PRESENT, "no page at %p", addr);
	ck_assert_uint_ne(entry & PFN_MASK, 0);
	return entry & PFN_MASK;
}

uint64_t page_flags(uint64_t pfn)
{
	return word_of("/proc/kpageflags", pfn);
}

uint64_t page_flags_at(const void *addr)
{
	return page_flags(pfn_at(addr));
}

uint64_t page_mappings_at(const void *addr)
{
	return word_of("/proc/kpagecount", pfn_at(addr));
}

/* A zone is told by its lines "Node N, zone NAME", "spanned N" and "start_pfn: N". */
bool is_in_zone_movable(const void *addr)
{
	unsigned long long start, spanned = 0, pfn = pfn_at(addr);
	FILE *file = fopen("/proc/zoneinfo", "re");
	bool movable = false, found = false;
	char line[256], name[32];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %*d, zone %31s", name) == 1)
			movable = !strcmp(name, "Movable");
		else if (sscanf(line, " spanned %llu", &spanned) != 1 &&
			 sscanf(line, " start_pfn: %llu", &start) == 1 && movable)
			found |= pfn >= start && pfn < start + spanned;
	}
	fclose(file);
	return found;
}

static uint64_t cma_number(const char *area, const char *name)
{
	unsigned long long number;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/cma/%s/%s", area, name);
	file = fopen(path, "re");
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fscanf(file, "%llu", &number), 1);
	fclose(file);
	return number;
}

/* The areas of CMA, which are made at boot. */
static struct {
	uint64_t base;
	uint64_t count;
} areas[16];
static size_t area_count;

static void read_areas(void)
{
	DIR *dir = opendir("/sys/kernel/debug/cma");
	struct dirent *area;

	ck_assert_msg(dir, "no areas of CMA are shown");
	while ((area = readdir(dir))) {
		if (area->d_name[0] == '.')
			continue;
		ck_assert_uint_lt(area_count, sizeof(areas) / sizeof(*areas));
		areas[area_count].base = cma_number(area->d_name, "base_pfn");
		areas[area_count++].count = cma_number(area->d_name, "count");
	}
	closedir(dir);
}

bool is_in_cma(const void *addr)
{
	uint64_t pfn = pfn_at(addr);
	size_t i;

	if (!area_count)
		read_areas();
	for (i = 0; i < area_count; i++)
		if (pfn - areas[i].base < areas[i].count)
			return true;
	return false;
}
