// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's memory; see meminfo.h. */
#include "meminfo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "freelists.h"

/* What each processor has counted and not told yet is added up. */
static void refresh(void)
{
	const char *path = "/proc/sys/vm/stat_refresh";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd < 0 || read(fd, &byte, 1) < 0)
		die("%s", path);
	close(fd);
}

uint64_t meminfo_bytes(const char *name)
{
	uint64_t kib = 0, value;
	char line[128], word[64];
	FILE *file;

	refresh();
	file = fopen("/proc/meminfo", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63[^:]: %" SCNu64 " kB", word, &value) == 2 &&
		    !strcmp(word, name))
			kib = value;
	if (!kib)
		die("/proc/meminfo: %s", name);
	fclose(file);
	return kib * 1024;
}

uint64_t meminfo_free_bytes(void)
{
	uint64_t lists = freelists_bytes();

	if (lists == UINT64_MAX)
		die("/proc/zoneinfo");
	return meminfo_bytes("MemFree") + lists;
}
