// SPDX-License-Identifier: GPL-2.0-or-later
/* See usage.h. */
#include "usage.h"

#include "freelists.h"
#include "harness.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

const char *const usage_names[USAGES] = {
	[USAGE_MEMORY] = "memory",
	[USAGE_SLAB] = "slab",
	[USAGE_OBJECTS] = "kmalloc",
	[USAGE_VMALLOC] = "vmalloc",
	[USAGE_STACKS] = "stacks",
};

struct line {
	const char *key;
	uint64_t bytes;
};

/* The lines of /proc/meminfo that have these keys; all of them are there. */
static void read_meminfo(struct line *lines, unsigned int count)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib;
	unsigned int i, found = 0;
	char key[64];

	ck_assert_ptr_nonnull(file);
	while (fscanf(file, "%63s %llu%*[^\n]", key, &kib) == 2) {
		for (i = 0; i < count; i++) {
			if (strcmp(key, lines[i].key))
				continue;
			lines[i].bytes = kib * 1024;
			found++;
		}
	}
	fclose(file);
	ck_assert_uint_eq(found, count);
}

/* Objects in use of every cache of kmalloc(), in bytes. */
static uint64_t kmalloc_bytes(void)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	unsigned long active, size;
	uint64_t bytes = 0;
	char line[512];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "kmalloc%*s %lu %*u %lu", &active, &size) == 2)
			bytes += (uint64_t)active * size;
	fclose(file);
	ck_assert_uint_ne(bytes, 0);
	return bytes;
}

struct usage usage_read(void)
{
	struct line lines[] = {
		{ .key = "MemTotal:" }, { .key = "MemFree:" }, { .key = "SUnreclaim:" },
		{ .key = "VmallocUsed:" }, { .key = "KernelStack:" },
	};

	uint64_t kept;

	ck_assert_int_eq(kernel_write("/proc/sys/vm/drop_caches", "3"), 0);
	read_meminfo(lines, sizeof(lines) / sizeof(*lines));
	kept = freelists_bytes();
	ck_assert_uint_ne(kept, UINT64_MAX);
	return (struct usage) { {
		[USAGE_MEMORY] = lines[0].bytes - lines[1].bytes - kept,
		[USAGE_SLAB] = lines[2].bytes,
		[USAGE_OBJECTS] = kmalloc_bytes(),
		[USAGE_VMALLOC] = lines[3].bytes,
		[USAGE_STACKS] = lines[4].bytes,
	} };
}

uint64_t usage_grown(const struct usage *before, const struct usage *after,
		     enum usage_kind kind)
{
	return after->of[kind] > before->of[kind] ? after->of[kind] - before->of[kind] : 0;
}
