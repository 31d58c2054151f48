// SPDX-License-Identifier: GPL-2.0-or-later
/* See record.h. Its name in /tmp is how it is found, open_tmp_file() in check 0.15 gives it. */
#include "record.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* It stays the same file until the test ends, and is under the same number in its children. */
static int record_fd(void)
{
	static int fd = -1;
	DIR *files = fd < 0 ? opendir("/proc/self/fd") : NULL;
	struct dirent *entry;
	char target[64];
	ssize_t length;

	while (files && fd < 0 && (entry = readdir(files))) {
		length = readlinkat(dirfd(files), entry->d_name, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = 0;
		if (strstr(target, "/check_"))
			fd = atoi(entry->d_name);
	}
	if (files)
		closedir(files);
	ck_assert_int_ge(fd, 0);
	return fd;
}

off_t record_mark(void)
{
	return lseek(record_fd(), 0, SEEK_CUR);
}

void record_forget(off_t mark)
{
	int fd = record_fd();

	/* Nothing that asserts in between: it would write at the end that is cut off. */
	if (ftruncate(fd, mark) || lseek(fd, mark, SEEK_SET) != mark)
		abort();
}
