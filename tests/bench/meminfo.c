// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's memory; see meminfo.h. */
#include "meminfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

uint64_t meminfo_bytes(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t kib = 0, value;
	char line[128], word[64];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63[^:]: %" SCNu64 " kB", word, &value) == 2 &&
		    !strcmp(word, name))
			kib = value;
	if (!kib)
		die("/proc/meminfo: %s", name);
	fclose(file);
	return kib * 1024;
}
