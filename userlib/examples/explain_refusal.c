// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * explain_refusal FILE [CONSUMER]: pins a shared mapping of FILE for writing and, if
 * that is refused, says why and what to do about it. CONSUMER is who the memory was
 * meant for: rdma, io_uring, vfio, iommufd or xdp.
 * Exit status: 0 pinned (and released), 1 refused, 3 anything else.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpin.h>

static void explain(const struct libpin_refusal *refusal, uint32_t consumer)
{
	uint32_t reason = libpin_refusal_reason(refusal);
	const char *path = libpin_refusal_path(refusal);
	const struct libpin_remedy *remedy;
	size_t i;

	printf("%s: %s\n", libpin_refusal_reason_name(refusal), libpin_refusal_sentence(refusal));
	if (path)
		printf("in %s\n", path);
	for (i = 0; (remedy = libpin_reason_remedy_for(reason, consumer, i)); i++) {
		printf("%zu. %s\n", i + 1, libpin_remedy_text(remedy));
		if (libpin_remedy_command(remedy))
			printf("   $ %s%s\n", libpin_remedy_command(remedy),
			       libpin_remedy_flags(remedy) & LIBPIN_REMEDY_DESTROYS_DATA ?
			       "  (destroys data)" : "");
	}
}

static int pin(uint64_t address, uint64_t length, uint32_t consumer)
{
	struct libpin_request *request = NULL;
	struct libpin_refusal *refusal = NULL;
	struct libpin_context *ctx = NULL;
	struct libpin_pin *pin = NULL;
	int ret;

	ret = libpin_context_open(&ctx, NULL, 1);
	if (!ret)
		ret = libpin_request_new(&request);
	if (!ret) {
		libpin_request_set_address(request, address);
		libpin_request_set_length(request, length);
		libpin_request_set_write(request, 1);
		ret = libpin_pin_create(ctx, request, &pin, &refusal);
	}
	if (!ret)
		printf("pinned: %" PRIu64 " pages\n", libpin_pin_pages(pin));
	else if (refusal)
		explain(refusal, consumer);
	else
		fprintf(stderr, "cannot pin: %s\n", strerror(-ret));
	ret = !ret ? 0 : refusal ? 1 : 3;
	libpin_refusal_free(refusal);
	libpin_pin_free(pin);
	libpin_request_free(request);
	/* Whatever is pinned is released with the context. */
	libpin_context_close(ctx);
	return ret;
}

int main(int argc, char **argv)
{
	uint32_t consumer = LIBPIN_CONSUMER_ANY;
	struct stat info;
	void *memory;
	int fd;

	if (argc < 2 || argc > 3 || (argc == 3 && libpin_consumer_from_name(argv[2], &consumer))) {
		fprintf(stderr, "usage: explain_refusal FILE [rdma|io_uring|vfio|iommufd|xdp]\n");
		return 3;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info)) {
		perror(argv[1]);
		return 3;
	}
	memory = mmap(NULL, info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 3;
	}
	return pin((uintptr_t)memory, info.st_size, consumer);
}
