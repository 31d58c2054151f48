// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buffers of an io_uring: see uring.h.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "system.h"
#include "uring.h"

/*
 * io_buffer_validate() in io_uring/rsrc.c of Linux 6.1 and 6.12 takes no buffer that is
 * larger; the rest goes into further ones of the same registration.
 */
#define BUFFER_MAX	(UINT64_C(1) << 30)
#define BUFFERS_MAX	1024

int uring_open(void)
{
	struct io_uring_params params = { 0 };
	long ring = syscall(SYS_io_uring_setup, 1, &params);

	/* Close-on-exec it is by itself. */
	return ring < 0 ? -errno : (int)ring;
}

int uring_register(int ring, uint64_t address, uint64_t length)
{
	struct iovec buffers[BUFFERS_MAX];
	unsigned int count = 0;

	for (; length; count++) {
		if (count == BUFFERS_MAX)
			return -E2BIG;
		buffers[count].iov_base = (void *)(uintptr_t)address;
		buffers[count].iov_len = length < BUFFER_MAX ? length : BUFFER_MAX;
		address += buffers[count].iov_len;
		length -= buffers[count].iov_len;
	}
	return syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, buffers, count) ?
	       -errno : 0;
}

int uring_unregister(int ring)
{
	return syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0) ?
	       -errno : 0;
}

/* By a switch of the kernel's, or by a filter of system calls, as containers have one. */
static const char *forbidden(struct system *system, int error, const char **fix)
{
	uint64_t disabled = 0;
	char seccomp[32] = "0";

	system_number(system, "/proc/sys/kernel/io_uring_disabled", &disabled);
	system_field(system, "/proc/self/status", "Seccomp", seccomp, sizeof(seccomp));
	if (disabled && error == EPERM) {
		*fix = "sudo sysctl kernel.io_uring_disabled=0";
		return disabled == 1 ? "kernel.io_uring_disabled is 1: only the group "
				       "kernel.io_uring_group and CAP_SYS_ADMIN may use it" :
				       "kernel.io_uring_disabled is 2: nobody may use it";
	}
	if (*seccomp != '0')
		return "a seccomp filter is in force, and those of containers forbid it";
	return error == EPERM || error == EACCES ? "a security module forbids it" :
						   "this kernel is built without it";
}

const char *uring_obstacle(int error, const char **fix)
{
	struct system *system;
	const char *why;

	*fix = NULL;
	if (error == ENOMEM)
		return "there is no memory for its ring, or the limit on locked memory is reached";
	if (error == EMFILE || error == ENFILE)
		return "too many files are open";
	system_open(&system, NULL);
	why = forbidden(system, error, fix);
	system_close(system);
	return why;
}
