// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs: an immutable snapshot of the physically consecutive pieces of a pin, or
 * of a part of them, because a large pin of scattered pages has millions.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

/* @runs has @count elements; @next and @total as in struct pin_runs. */
struct libpin_runs {
	struct pin_run *runs;
	size_t count;
	uint64_t next;
	uint64_t total;
};

static int runs_fetch(struct libpin_context *ctx, struct libpin_runs *runs, uint64_t id,
		      uint64_t cursor, uint32_t capacity)
{
	struct pin_runs raw = {
		.size = sizeof(raw),
		.id = id,
		.cursor = cursor,
		.runs_capacity = capacity,
		.run_size = sizeof(*runs->runs),
	};
	int ret;

	runs->runs = calloc(capacity, sizeof(*runs->runs));
	if (!runs->runs)
		return -ENOMEM;
	raw.runs = (uintptr_t)runs->runs;
	ret = libpin_ioctl(ctx, PIN_IOC_RUNS, &raw);
	if (ret)
		return ret;
	if (raw.runs_count > capacity || raw.next > raw.total ||
	    raw.next != cursor + raw.runs_count || (!raw.runs_count && raw.next != raw.total))
		return -EPROTO;
	runs->count = raw.runs_count;
	runs->next = raw.next;
	runs->total = raw.total;
	return 0;
}

LIBPIN_API int libpin_runs_get(struct libpin_context *ctx, uint64_t id, uint64_t cursor,
			       uint32_t capacity, struct libpin_runs **runs)
{
	struct libpin_runs *new;
	int ret;

	if (!runs)
		return -EINVAL;
	*runs = NULL;
	if (!ctx || !capacity)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	ret = runs_fetch(ctx, new, id, cursor, capacity);
	if (ret) {
		libpin_runs_free(new);
		return ret;
	}
	*runs = new;
	return 0;
}

LIBPIN_API void libpin_runs_free(struct libpin_runs *runs)
{
	if (!runs)
		return;
	free(runs->runs);
	free(runs);
}

LIBPIN_API size_t libpin_runs_count(const struct libpin_runs *runs)
{
	return runs ? runs->count : 0;
}

LIBPIN_API uint64_t libpin_runs_next(const struct libpin_runs *runs)
{
	return runs ? runs->next : 0;
}

LIBPIN_API uint64_t libpin_runs_total(const struct libpin_runs *runs)
{
	return runs ? runs->total : 0;
}

static const struct pin_run *run_at(const struct libpin_runs *runs, size_t index)
{
	return runs && index < runs->count ? &runs->runs[index] : NULL;
}

LIBPIN_API uint64_t libpin_runs_offset(const struct libpin_runs *runs, size_t index)
{
	const struct pin_run *run = run_at(runs, index);

	return run ? run->offset : 0;
}

LIBPIN_API uint64_t libpin_runs_length(const struct libpin_runs *runs, size_t index)
{
	const struct pin_run *run = run_at(runs, index);

	return run ? run->length : 0;
}

LIBPIN_API uint64_t libpin_runs_phys(const struct libpin_runs *runs, size_t index)
{
	const struct pin_run *run = run_at(runs, index);

	return run ? run->phys : 0;
}

LIBPIN_API uint32_t libpin_runs_node(const struct libpin_runs *runs, size_t index)
{
	const struct pin_run *run = run_at(runs, index);

	return run ? run->node : 0;
}

LIBPIN_API uint32_t libpin_runs_flags(const struct libpin_runs *runs, size_t index)
{
	const struct pin_run *run = run_at(runs, index);

	return run ? run->flags : 0;
}
