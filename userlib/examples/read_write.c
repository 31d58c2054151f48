// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * read_write: writes and reads through a pin, as a device would. The pin goes on when
 * the memory is unmapped: the bytes are there, though no address leads to them.
 * Exit status: 0 it did, 3 it could not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <libpin.h>

#define LENGTH 65536

static int copy(struct libpin_context *ctx, uint64_t id, void *memory)
{
	static const char text[] = "written by a device";
	char buffer[sizeof(text)] = "";
	ssize_t done;

	done = libpin_pin_write(ctx, id, 4090, text, sizeof(text));
	if (done != sizeof(text))
		return done < 0 ? (int)done : -1;
	printf("in the memory: %s\n", (char *)memory + 4090);
	munmap(memory, LENGTH);
	done = libpin_pin_read(ctx, id, 4090, buffer, sizeof(buffer));
	if (done != sizeof(buffer))
		return done < 0 ? (int)done : -1;
	printf("after munmap:  %s\n", buffer);
	return 0;
}

int main(void)
{
	struct libpin_request *request = NULL;
	struct libpin_context *ctx = NULL;
	struct libpin_pin *pin = NULL;
	void *memory;
	int ret;

	memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 3;
	}
	ret = libpin_context_open(&ctx, NULL, 1);
	if (!ret)
		ret = libpin_request_new(&request);
	if (!ret) {
		libpin_request_set_address(request, (uintptr_t)memory);
		libpin_request_set_length(request, LENGTH);
		libpin_request_set_write(request, 1);
		ret = libpin_pin_create(ctx, request, &pin, NULL);
	}
	if (!ret)
		ret = copy(ctx, libpin_pin_id(pin), memory);
	if (!ret)
		ret = libpin_unpin(ctx, libpin_pin_id(pin));
	if (ret)
		fprintf(stderr, "failed: %s\n", strerror(-ret));
	libpin_pin_free(pin);
	libpin_request_free(request);
	libpin_context_close(ctx);
	return ret ? 3 : 0;
}
