// SPDX-License-Identifier: GPL-2.0-or-later
/* See module.h. */
#include "module.h"

#include "harness.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int module_open(void)
{
	int fd = open(need_env("PIN_TEST_MODULE"), O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

int module_load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "pin", O_NONBLOCK) ? -errno : 0;
}

void module_expect_gone(const char *when)
{
	static const char *const paths[] = {
		"/dev/pin", "/sys/module/pin", "/sys/class/misc/pin",
		"/sys/devices/virtual/misc/pin",
	};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		ck_assert_msg(access(paths[i], F_OK) && errno == ENOENT,
			      "%s: there is a %s", when, paths[i]);
}
