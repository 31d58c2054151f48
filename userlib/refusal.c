// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Refusal: one answer "this cannot be pinned".  Owns its verdict; what there
 * is to say about the reason comes from reason.c, the path from the verdict
 * or, where the reports were cut before the address, from /proc.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

struct libpin_refusal {
	struct pin_refusal raw;
	struct libpin_verdict *verdict;
	char *path;
};

/* The report on what was refused; NULL if the reports were cut short before it. */
static const struct libpin_report *report_at(const struct libpin_verdict *verdict,
					     uint64_t address)
{
	size_t i;

	for (i = 0; i < verdict->count; i++)
		if (address >= verdict->reports[i].raw.start &&
		    address < verdict->reports[i].raw.end)
			return &verdict->reports[i];
	return NULL;
}

/* @from may be NULL, which is no failure. */
static int copy_path(char **path, const char *from)
{
	*path = from ? strdup(from) : NULL;
	return from && !*path ? -ENOMEM : 0;
}

static int path_from_proc(char **path, uint64_t address)
{
	struct libpin_maps *maps;
	int ret;

	ret = libpin_maps_read(0, &maps);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	ret = copy_path(path, libpin_mapping_path(libpin_maps_find(maps, address)));
	libpin_maps_free(maps);
	return ret;
}

static int path_at(char **path, const struct libpin_verdict *verdict, uint64_t address)
{
	const struct libpin_report *report = report_at(verdict, address);

	return report ? copy_path(path, report->path) : path_from_proc(path, address);
}

/* Takes over @verdict; on failure (NULL, no memory) it stays the caller's. */
struct libpin_refusal *libpin_refusal_new(const struct pin_refusal *raw,
					  struct libpin_verdict *verdict)
{
	struct libpin_refusal *refusal = calloc(1, sizeof(*refusal));

	if (!refusal)
		return NULL;
	refusal->raw = *raw;
	if (!libpin_reason_is_resource(raw->reason) &&
	    path_at(&refusal->path, verdict, raw->addr)) {
		free(refusal);
		return NULL;
	}
	refusal->verdict = verdict;
	return refusal;
}

LIBPIN_API void libpin_refusal_free(struct libpin_refusal *refusal)
{
	if (!refusal)
		return;
	libpin_verdict_free(refusal->verdict);
	free(refusal->path);
	free(refusal);
}

LIBPIN_API int libpin_refusal_error(const struct libpin_refusal *refusal)
{
	return refusal ? (int)refusal->raw.error : 0;
}

LIBPIN_API uint32_t libpin_refusal_reason(const struct libpin_refusal *refusal)
{
	return refusal ? refusal->raw.reason : PIN_REASON_NONE;
}

LIBPIN_API uint64_t libpin_refusal_address(const struct libpin_refusal *refusal)
{
	return refusal ? refusal->raw.addr : 0;
}

LIBPIN_API const char *libpin_refusal_reason_name(const struct libpin_refusal *refusal)
{
	return libpin_reason_name(libpin_refusal_reason(refusal));
}

LIBPIN_API const char *libpin_refusal_sentence(const struct libpin_refusal *refusal)
{
	return libpin_reason_sentence(libpin_refusal_reason(refusal));
}

LIBPIN_API const char *libpin_refusal_path(const struct libpin_refusal *refusal)
{
	return refusal ? refusal->path : NULL;
}

/* Not known is no: a lease is not promised. */
static int lease_would_work(const struct libpin_refusal *refusal)
{
	const struct libpin_report *report = report_at(refusal->verdict, refusal->raw.addr);

	return report && report->raw.flags & PIN_REPORT_LEASE;
}

LIBPIN_API const struct libpin_remedy *
libpin_refusal_remedy(const struct libpin_refusal *refusal, size_t index)
{
	const struct libpin_remedy *remedy;
	size_t i;

	if (!refusal)
		return NULL;
	for (i = 0; (remedy = libpin_reason_remedy(refusal->raw.reason, i)); i++) {
		if (libpin_remedy_flags(remedy) & LIBPIN_REMEDY_NEEDS_LEASE &&
		    !lease_would_work(refusal))
			continue;
		if (!index--)
			return remedy;
	}
	return NULL;
}

LIBPIN_API size_t libpin_refusal_remedy_count(const struct libpin_refusal *refusal)
{
	size_t count = 0;

	while (libpin_refusal_remedy(refusal, count))
		count++;
	return count;
}

LIBPIN_API const struct libpin_verdict *
libpin_refusal_verdict(const struct libpin_refusal *refusal)
{
	return refusal ? refusal->verdict : NULL;
}
