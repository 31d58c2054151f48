// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * lease FILE: writes into a file on a DAX filesystem through a leased pin. In the
 * middle of it somebody truncates the file: the lease is revoked, the program hears of
 * it, makes the file as long as it was and pins it again.
 * Exit status: 0 it did, 1 the lease was refused, 3 it could not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpin.h>

#define LENGTH 65536

/* 0, 1 if it was refused, or -errno. */
static int lease(struct libpin_context *ctx, void *memory, struct libpin_pin **pin)
{
	struct libpin_refusal *refusal = NULL;
	struct libpin_request *request = NULL;
	int ret = libpin_request_new(&request);

	if (ret)
		return ret;
	libpin_request_set_address(request, (uintptr_t)memory);
	libpin_request_set_length(request, LENGTH);
	libpin_request_set_write(request, 1);
	libpin_request_set_lease(request, 1);
	ret = libpin_pin_create(ctx, request, pin, &refusal);
	if (refusal) {
		fprintf(stderr, "%s: %s\n", libpin_refusal_reason_name(refusal),
			libpin_refusal_sentence(refusal));
		ret = 1;
	}
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	return ret;
}

/* Somebody else, who knows nothing of the lease and does not wait for it. */
static int truncate_elsewhere(const char *path)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(truncate(path, 0) ? 1 : 0);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return status ? -EIO : 0;
}

/* What a program with a device does: stop it, then say that the pin is not needed. */
static int hear(struct libpin_context *ctx)
{
	struct libpin_event *event = NULL;
	int ret = libpin_event_read(ctx, &event);

	if (ret)
		return ret;
	printf("pin %" PRIu64 " revoked, cause: %s\n", libpin_event_id(event),
	       libpin_cause_name(libpin_event_cause(event)));
	ret = libpin_unpin(ctx, libpin_event_id(event));
	libpin_event_free(event);
	return ret;
}

static int work(struct libpin_context *ctx, const char *path, int fd, void *memory)
{
	static const char text[] = "written by a device";
	struct libpin_pin *pin = NULL;
	ssize_t done;
	int ret, turn;

	for (turn = 1; turn <= 2; turn++) {
		ret = lease(ctx, memory, &pin);
		if (ret)
			return ret;
		printf("pin %" PRIu64 " leased\n", libpin_pin_id(pin));
		if (turn == 1)
			ret = truncate_elsewhere(path);
		done = libpin_pin_write(ctx, libpin_pin_id(pin), 0, text, sizeof(text));
		libpin_pin_free(pin);
		if (ret || (done < 0 && done != -ESTALE))
			return ret ? ret : (int)done;
		if (done > 0)
			break;
		ret = hear(ctx);
		if (!ret && ftruncate(fd, LENGTH))
			ret = -errno;
		if (ret)
			return ret;
	}
	/* What was written through a pin no write(2) has seen: it needs an fsync. */
	if (fsync(fd))
		return -errno;
	printf("in the file: %s\n", (char *)memory);
	return 0;
}

int main(int argc, char **argv)
{
	struct libpin_context *ctx = NULL;
	void *memory = MAP_FAILED;
	int fd = -1, ret;

	if (argc != 2) {
		fprintf(stderr, "usage: lease FILE\n");
		return 3;
	}
	fd = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && !ftruncate(fd, LENGTH))
		memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		perror(argv[1]);
		return 3;
	}
	ret = libpin_context_open(&ctx, NULL, 1);
	if (!ret)
		ret = work(ctx, argv[1], fd, memory);
	if (ret < 0)
		fprintf(stderr, "failed: %s\n", strerror(-ret));
	libpin_context_close(ctx);
	munmap(memory, LENGTH);
	close(fd);
	return ret < 0 ? 3 : ret;
}
