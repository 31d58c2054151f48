// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check_range FILE: could a device write to a shared mapping of FILE?
 *
 * Asks without pinning anything, and tells which mapping is against it, by which
 * rule and what the kernel would answer. Needs no write access to /dev/pin.
 * Exit status: 0 yes, 1 no, 3 could not find out.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpin.h>

static void print_report(const struct libpin_report *report)
{
	uint32_t reason = libpin_report_reason(report);
	const char *kind = libpin_kind_name(libpin_report_kind(report));
	const char *path = libpin_report_path(report);

	printf("%" PRIu64 " bytes of %s: %s",
	       libpin_report_end(report) - libpin_report_start(report), path ? path : "[anon]",
	       kind ? kind : "something new");
	if (reason)
		printf(", refused: %s (%s)", libpin_reason_name(reason),
		       strerror(libpin_report_error(report)));
	else if (libpin_report_flags(report) & PIN_REPORT_TRY)
		printf(", only trying can tell");
	printf("\n");
}

static int check(uint64_t address, uint64_t length)
{
	struct libpin_check_request *request = NULL;
	struct libpin_context *ctx = NULL;
	struct libpin_verdict *verdict = NULL;
	size_t i;
	int ret;

	ret = libpin_context_open(&ctx, NULL, 0);
	if (!ret)
		ret = libpin_check_request_new(&request);
	if (!ret) {
		libpin_check_request_set_address(request, address);
		libpin_check_request_set_length(request, length);
		libpin_check_request_set_flags(request, PIN_CHECK_WRITE | PIN_CHECK_LIMITS);
		ret = libpin_check(ctx, request, &verdict);
	}
	if (ret) {
		fprintf(stderr, "cannot ask: %s\n", strerror(-ret));
	} else {
		for (i = 0; i < libpin_verdict_report_count(verdict); i++)
			print_report(libpin_verdict_report(verdict, i));
		printf("a pin would be charged %" PRIu64 " pages\n",
		       libpin_verdict_charge_pages(verdict));
	}
	ret = ret ? 3 : libpin_verdict_reason(verdict) != 0;
	libpin_verdict_free(verdict);
	libpin_check_request_free(request);
	libpin_context_close(ctx);
	return ret;
}

int main(int argc, char **argv)
{
	struct stat info;
	void *memory;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: check_range FILE\n");
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
	return check((uintptr_t)memory, info.st_size);
}
