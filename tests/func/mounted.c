// SPDX-License-Identifier: GPL-2.0-or-later
/* See mounted.h. */
#include "mounted.h"

#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

void mounted_find(struct mounted *mounted, const char *dir)
{
	FILE *mounts = fopen("/proc/mounts", "re");
	bool found = false;
	char line[512];

	ck_assert_ptr_nonnull(mounts);
	while (!found && fgets(line, sizeof(line), mounts))
		found = sscanf(line, "%127s %255s %31s", mounted->device, mounted->dir,
			       mounted->type) == 3 && !strcmp(mounted->dir, dir);
	fclose(mounts);
	ck_assert_msg(found, "nothing is mounted at %s", dir);
}

void mounted_unmount(const struct mounted *mounted)
{
	ck_assert_msg(!umount(mounted->dir), "umount %s: %s", mounted->dir,
		      strerror(errno));
}

void mounted_mount(const struct mounted *mounted)
{
	ck_assert_msg(!mount(mounted->device, mounted->dir, mounted->type, 0,
			     "dax=always"), "mount %s: %s", mounted->device,
		      strerror(errno));
}
