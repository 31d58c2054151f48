// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A preload library that puts /dev/pin in the place of the kernel's gup_test
 * device, so that a program written for that one tests the driver.
 *
 * Whoever opens the device gets a context of libpin; its three long-term ioctls
 * become libpin calls, with the same errnos for the same mistakes (mm/gup_test.c,
 * Linux 6.12). As there, there is one pin at a time. Everything else passes
 * through. At exit a line on stderr counts what was done, as proof that the calls
 * came here.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libpin.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

_Static_assert(LONGTERM_START == 0x40186707, "PIN_LONGTERM_TEST_START");
_Static_assert(LONGTERM_STOP == 0x6708, "PIN_LONGTERM_TEST_STOP");
_Static_assert(LONGTERM_READ == 0x40086709, "PIN_LONGTERM_TEST_READ");

static struct libpin_context *ctx;
static pid_t opener;
static uint64_t pin_id, pin_size;
static unsigned int pinned, refused, reads;

/* The function that ours hides. */
static void *hidden(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int open_context(void)
{
	int err = libpin_context_open(&ctx, NULL, 1);

	if (err) {
		errno = -err;
		return -1;
	}
	opener = getpid();
	return libpin_context_fd(ctx);
}

static int start(const struct longterm_start *args)
{
	uint64_t page_mask = sysconf(_SC_PAGESIZE) - 1;
	struct libpin_request *request = NULL;
	struct libpin_pin *pin = NULL;
	int err;

	/* Which path GUP takes is the driver's business: START_FAST says nothing. */
	if (pin_id || args->flags & ~(START_WRITE | START_FAST) ||
	    (args->addr | args->size) & page_mask || args->size > INT64_MAX || !args->size)
		return -EINVAL;
	err = libpin_request_new(&request);
	if (err)
		return err;
	libpin_request_set_address(request, args->addr);
	libpin_request_set_length(request, args->size);
	libpin_request_set_write(request, args->flags & START_WRITE);
	err = libpin_pin_create(ctx, request, &pin, NULL);
	libpin_request_free(request);
	if (err) {
		refused++;
		return err;
	}
	pin_id = libpin_pin_id(pin);
	pin_size = args->size;
	libpin_pin_free(pin);
	pinned++;
	return 0;
}

static int stop(void)
{
	int err = pin_id ? libpin_unpin(ctx, pin_id) : 0;

	pin_id = 0;
	return err;
}

/* All of the pin goes to the address. */
static int read_all(uint64_t user_addr)
{
	uint64_t done;
	ssize_t got;

	if (!pin_id)
		return -EINVAL;
	for (done = 0; done < pin_size; done += got) {
		got = libpin_pin_read(ctx, pin_id, done, (void *)(uintptr_t)(user_addr + done),
				      pin_size - done);
		if (got <= 0)
			return got ? got : -EIO;
	}
	reads++;
	return 0;
}

/* A bad pointer is an errno there and not the end of the program; so a pipe asks. */
static int copy_in(void *to, const void *from, size_t size)
{
	int ends[2], err = -EFAULT;

	if (pipe(ends))
		return -errno;
	if (write(ends[1], from, size) == (ssize_t)size &&
	    read(ends[0], to, size) == (ssize_t)size)
		err = 0;
	close(ends[0]);
	close(ends[1]);
	return err;
}

static int device_ioctl(unsigned long number, void *arg)
{
	struct longterm_start args;
	uint64_t addr;
	int err;

	switch (number) {
	case LONGTERM_START:
		err = copy_in(&args, arg, sizeof(args));
		return err ? err : start(&args);
	case LONGTERM_STOP:
		return stop();
	case LONGTERM_READ:
		err = copy_in(&addr, arg, sizeof(addr));
		return err ? err : read_all(addr);
	default:
		return -EINVAL;
	}
}

int open(const char *path, int flags, ...)
{
	int (*next)(const char *path, int flags, ...) = hidden("open");
	mode_t mode = 0;
	va_list args;

	if (!strcmp(path, DEVICE))
		return open_context();
	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return next(path, flags, mode);
}

int ioctl(int fd, unsigned long number, ...)
{
	int (*next)(int fd, unsigned long number, ...) = hidden("ioctl");
	va_list args;
	void *arg;
	int err;

	va_start(args, number);
	arg = va_arg(args, void *);
	va_end(args);
	/* libpin's own calls come by here as well. */
	if (!ctx || fd != libpin_context_fd(ctx) || _IOC_TYPE(number) == PIN_IOC_MAGIC)
		return next(fd, number, arg);
	err = device_ioctl(number, arg);
	if (!err)
		return 0;
	errno = -err;
	return -1;
}

__attribute__((destructor)) static void tell(void)
{
	if (ctx && getpid() == opener)
		fprintf(stderr, "# shim: %u pinned, %u refused, %u read\n", pinned, refused,
			reads);
}
