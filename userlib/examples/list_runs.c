// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * list_runs [MIB]: pins anonymous memory, then lists the pins of the context and where
 * each lies in physical memory. Addresses are shown to whoever has CAP_SYS_ADMIN;
 * lengths, which tell how scattered the memory is, to everybody.
 * Exit status: 0 it did, 3 it could not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libpin.h>

/* A large pin of scattered pages has millions of runs: some at a time. */
#define STEP 64

static void print_run(const struct libpin_runs *runs, size_t i)
{
	printf("  at %#" PRIx64 ": %" PRIu64 " bytes on node %u, ", libpin_runs_offset(runs, i),
	       libpin_runs_length(runs, i), libpin_runs_node(runs, i));
	if (libpin_runs_flags(runs, i) & PIN_RUN_PHYS_WITHHELD)
		printf("address withheld\n");
	else
		printf("physical address %#" PRIx64 "\n", libpin_runs_phys(runs, i));
}

static int print_runs(struct libpin_context *ctx, uint64_t id)
{
	struct libpin_runs *runs;
	uint64_t cursor = 0, total;
	size_t i;
	int ret;

	do {
		ret = libpin_runs_get(ctx, id, cursor, STEP, &runs);
		if (ret)
			return ret;
		for (i = 0; i < libpin_runs_count(runs); i++)
			print_run(runs, i);
		cursor = libpin_runs_next(runs);
		total = libpin_runs_total(runs);
		libpin_runs_free(runs);
	} while (cursor < total);
	return 0;
}

static int print_pins(struct libpin_context *ctx)
{
	struct libpin_list *list;
	struct libpin_query *query;
	size_t i;
	int ret;

	ret = libpin_list_get(ctx, &list);
	for (i = 0; !ret && i < libpin_list_count(list); i++) {
		ret = libpin_pin_query(ctx, libpin_list_id(list, i), &query);
		if (ret)
			break;
		printf("a %s pin of %s: %" PRIu64 " pages in %" PRIu64 " runs\n",
		       libpin_mode_name(libpin_query_mode(query)), libpin_query_comm(query),
		       libpin_query_pages(query), libpin_query_runs(query));
		libpin_query_free(query);
		ret = print_runs(ctx, libpin_list_id(list, i));
	}
	libpin_list_free(list);
	return ret;
}

static int pin_memory(struct libpin_context *ctx, uint64_t length)
{
	struct libpin_request *request = NULL;
	struct libpin_pin *pin = NULL;
	void *memory;
	int ret;

	memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -1;
	ret = libpin_request_new(&request);
	if (!ret) {
		libpin_request_set_address(request, (uintptr_t)memory);
		libpin_request_set_length(request, length);
		libpin_request_set_write(request, 1);
		ret = libpin_pin_create(ctx, request, &pin, NULL);
	}
	/* The object is not needed any more; the memory stays pinned. */
	libpin_pin_free(pin);
	libpin_request_free(request);
	return ret;
}

int main(int argc, char **argv)
{
	uint64_t length = (argc > 1 ? strtoull(argv[1], NULL, 10) : 4) << 20;
	struct libpin_context *ctx;
	int ret;

	ret = libpin_context_open(&ctx, NULL, 1);
	if (!ret)
		ret = pin_memory(ctx, length);
	if (!ret)
		ret = print_pins(ctx);
	if (ret)
		fprintf(stderr, "failed: %s\n", strerror(-ret));
	libpin_context_close(ctx);
	return ret ? 3 : 0;
}
