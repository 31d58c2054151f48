/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DAX filesystem that a test unmounts, does something to, and mounts again. */
#ifndef PIN_TEST_MOUNTED_H
#define PIN_TEST_MOUNTED_H

struct mounted {
	char dir[256];
	char device[128];
	char type[32];
};

/* What is mounted at a directory. */
void mounted_find(struct mounted *mounted, const char *dir);
void mounted_unmount(const struct mounted *mounted);
void mounted_mount(const struct mounted *mounted);
/* Expects that the filesystem's own checker finds nothing; it is not mounted. */
void mounted_check(const struct mounted *mounted);

#endif /* PIN_TEST_MOUNTED_H */
