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
#include "machine.h"
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

bool capability_exempt(pid_t pid)
{
	struct machine machine;
	struct system *system;
	bool exempt;

	system_open(&system, NULL);
	machine_look(&machine, system, pid == getpid() ? 0 : pid);
	exempt = machine_exempt(&machine);
	system_close(system);
	return exempt;
}

bool capability_own_admin(void)
{
	return effective_of(getpid()) & (UINT64_C(1) << CAP_SYS_ADMIN);
}
