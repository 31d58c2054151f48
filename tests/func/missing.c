// SPDX-License-Identifier: GPL-2.0-or-later
#include "missing.h"

#include "harness.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int watch(void *addr, size_t length, uint64_t features)
{
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)addr, .len = length },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	ck_assert_msg(fd >= 0, "userfaultfd: %s", strerror(errno));
	ck_assert_int_eq(ioctl(fd, UFFDIO_API, &api), 0);
	ck_assert_int_eq(ioctl(fd, UFFDIO_REGISTER, &range), 0);
	return fd;
}

int missing_watch(void *addr, size_t length)
{
	return watch(addr, length, 0);
}

int missing_refuse(void *addr, size_t length)
{
	return watch(addr, length, UFFD_FEATURE_SIGBUS);
}
