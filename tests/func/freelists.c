// SPDX-License-Identifier: GPL-2.0-or-later
/* See freelists.h. */
#include "freelists.h"

#include <stdio.h>
#include <unistd.h>

uint64_t freelists_bytes(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	unsigned int lists = 0, pages;
	uint64_t bytes = 0;
	char line[256];

	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %u", &pages) == 1) {
			bytes += (uint64_t)pages * sysconf(_SC_PAGESIZE);
			lists++;
		}
	fclose(file);
	return lists ? bytes : UINT64_MAX;
}
