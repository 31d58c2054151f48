// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segment: how the parts of one are called in every output, and what segments are charged.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "segment.h"

const char *reason_text(uint32_t reason)
{
	const char *name = libpin_reason_name(reason);

	if (!reason)
		return "";
	return name ? name : "unknown";
}

const char *kind_text(uint32_t kind)
{
	const char *name = libpin_kind_name(kind);

	return name ? name : "unknown";
}

const char *errno_text(int error)
{
	const char *name = strerrorname_np(error);

	return error && name ? name : "-";
}

int errno_value(const char *name)
{
	int error;

	for (error = 1; error < 256; error++) {
		const char *candidate = strerrorname_np(error);

		if (candidate && !strcmp(candidate, name))
			return error;
	}
	/* One number with two names. */
	return strcmp(name, "ENOTSUP") ? 0 : EOPNOTSUPP;
}

const char *perm_text(const struct segment *segment, char text[PERM_TEXT_MAX])
{
	bool hole = segment->kind == PIN_KIND_HOLE;

	snprintf(text, PERM_TEXT_MAX, "%c%c%c%c", segment->flags & PIN_REPORT_READ ? 'r' : '-',
		 segment->flags & PIN_REPORT_WRITE ? 'w' : '-',
		 segment->flags & PIN_REPORT_EXEC ? 'x' : '-',
		 hole ? '-' : segment->flags & PIN_REPORT_SHARED ? 's' : 'p');
	return text;
}

const char *verdict_text(const struct segment *segment)
{
	if (segment->reason)
		return "no";
	return segment->flags & PIN_REPORT_TRY ? "try" : "yes";
}

const char *mapping_text(const struct segment *segment)
{
	if (segment->path)
		return segment->path;
	switch (segment->kind) {
	case PIN_KIND_HOLE:
		return "[nothing mapped]";
	case PIN_KIND_ANON:
		return "[anon]";
	default:
		return "";
	}
}

/* Each is rounded out: only the first and the last one can end inside of a page. */
uint64_t segments_charge(const struct segment *segments, size_t count, bool huge)
{
	uint64_t page_size, bytes = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct segment *segment = &segments[i];

		page_size = (uint64_t)sysconf(_SC_PAGESIZE);
		if (huge && segment->kind == PIN_KIND_HUGETLB && segment->page_size > page_size)
			page_size = segment->page_size;
		bytes += segment->end - segment->start + segment->start % page_size +
			 -segment->end % page_size;
	}
	return bytes;
}
