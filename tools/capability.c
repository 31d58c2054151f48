// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Capability: what a process may, as /proc shows it.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <unistd.h>

#include "capability.h"
#include "pinctl.h"

static uint64_t effective_of(pid_t pid)
{
	char path[64], line[256];
	uint64_t effective = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file) {
		check_memory(errno);
		return 0;
	}
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %" SCNx64, &effective) == 1)
			break;
	fclose(file);
	return effective;
}

bool capability_ipc_lock(pid_t pid)
{
	return effective_of(pid) & (UINT64_C(1) << CAP_IPC_LOCK);
}

bool capability_own_admin(void)
{
	return effective_of(getpid()) & (UINT64_C(1) << CAP_SYS_ADMIN);
}
