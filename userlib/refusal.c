// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Refusal: one answer "this cannot be pinned".  Owns its verdict; what there
 * is to say about the reason comes from reason.c, the path from the verdict
 * or, where the reports were cut before the address, from /proc.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

struct libpin_refusal {
	struct pin_refusal raw;
	struct libpin_verdict *verdict;
	char *path;
};

static char *path_from_proc(uint64_t address)
{
	const struct libpin_mapping *mapping;
	struct libpin_maps *maps;
	char *path = NULL;

	if (libpin_maps_read(0, &maps))
		return NULL;
	mapping = libpin_maps_find(maps, address);
	if (mapping && mapping->path)
		path = strdup(mapping->path);
	libpin_maps_free(maps);
	return path;
}

static char *path_at(const struct libpin_verdict *verdict, uint64_t address)
{
	size_t i;

	for (i = 0; i < verdict->count; i++) {
		const struct libpin_report *report = &verdict->reports[i];

		if (address >= report->raw.start && address < report->raw.end)
			return report->path ? strdup(report->path) : NULL;
	}
	return path_from_proc(address);
}

/* Takes over @verdict; on failure (NULL, no memory) it stays the caller's. */
struct libpin_refusal *libpin_refusal_new(const struct pin_refusal *raw,
					  struct libpin_verdict *verdict)
{
	struct libpin_refusal *refusal = calloc(1, sizeof(*refusal));

	if (!refusal)
		return NULL;
	refusal->raw = *raw;
	refusal->verdict = verdict;
	if (!libpin_reason_is_resource(raw->reason))
		refusal->path = path_at(verdict, raw->addr);
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

LIBPIN_API size_t libpin_refusal_remedy_count(const struct libpin_refusal *refusal)
{
	return libpin_reason_remedy_count(libpin_refusal_reason(refusal));
}

LIBPIN_API const struct libpin_remedy *
libpin_refusal_remedy(const struct libpin_refusal *refusal, size_t index)
{
	return libpin_reason_remedy(libpin_refusal_reason(refusal), index);
}

LIBPIN_API const struct libpin_verdict *
libpin_refusal_verdict(const struct libpin_refusal *refusal)
{
	return refusal ? refusal->verdict : NULL;
}
