// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cgroup: see cgroup.h.
 */
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "text.h"

/* The version 2 hierarchy is "0::/path". */
bool cgroup_path(struct system *system, const char *file, char *group, size_t size)
{
	return system_field(system, file, "0:", group, size) && *group == '/';
}

static bool cgroup_number(struct system *system, const char *group, const char *file,
			  uint64_t *number)
{
	char *path = text_format("/sys/fs/cgroup%s/%s", group, file);
	bool found = system_number(system, path, number);

	free(path);
	return found;
}

/* "max" is no number. */
bool cgroup_memory(struct system *system, char *group, uint64_t *used, uint64_t *limit)
{
	bool found = false;
	uint64_t max, current;
	char *slash;

	do {
		if (cgroup_number(system, group, "memory.max", &max) &&
		    cgroup_number(system, group, "memory.current", &current) &&
		    (!found || max - (current < max ? current : max) < *limit - *used)) {
			*limit = max;
			*used = current < max ? current : max;
			found = true;
		}
		slash = strrchr(group, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return found;
}
