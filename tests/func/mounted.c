// SPDX-License-Identifier: GPL-2.0-or-later
/* See mounted.h. */
#include "mounted.h"

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

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

static int run_checker(void *data)
{
	const struct mounted *mounted = data;

	if (!strcmp(mounted->type, "ext4"))
		execl("/sbin/e2fsck", "e2fsck", "-fn", mounted->device, (char *)NULL);
	else
		execl("/sbin/xfs_repair", "xfs_repair", "-n", mounted->device,
		      (char *)NULL);
	return 127;
}

void mounted_check(const struct mounted *mounted)
{
	ck_assert_int_eq(in_child(run_checker, (void *)mounted), 0);
}
