// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Verdict: the reports on a range and its lowest refusal.  Owns its reports,
 * which own their paths.  Made by check.c and pin.c, immutable afterwards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

int libpin_verdict_new(struct libpin_verdict **verdict)
{
	*verdict = calloc(1, sizeof(**verdict));
	return *verdict ? 0 : -ENOMEM;
}

static int verdict_reserve(struct libpin_verdict *verdict, size_t more)
{
	size_t capacity = verdict->capacity ? verdict->capacity : 16;
	struct libpin_report *reports;

	while (capacity - verdict->count < more)
		if (__builtin_mul_overflow(capacity, 2, &capacity))
			return -ENOMEM;
	if (capacity == verdict->capacity)
		return 0;
	reports = reallocarray(verdict->reports, capacity, sizeof(*reports));
	if (!reports)
		return -ENOMEM;
	verdict->reports = reports;
	verdict->capacity = capacity;
	return 0;
}

/* Each is a mapping of its own: no step ends within one. */
int libpin_verdict_append(struct libpin_verdict *verdict, const struct pin_report *raw,
			  size_t count)
{
	size_t i;
	int ret;

	if (!count)
		return 0;
	ret = verdict_reserve(verdict, count);
	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		verdict->reports[verdict->count++] = (struct libpin_report){ .raw = raw[i] };
	return 0;
}

/*
 * A mapping that was replaced since the kernel looked has another file, or is
 * no longer there: no path is better than a wrong one.
 */
static int same_mapping(const struct pin_report *raw, const struct libpin_mapping *mapping)
{
	return raw->kind != PIN_KIND_HOLE && raw->inode == mapping->inode &&
	       raw->dev_major == mapping->dev_major && raw->dev_minor == mapping->dev_minor;
}

/* Fails only with -ENOMEM: where /proc does not tell, there is no path. */
int libpin_verdict_add_paths(struct libpin_verdict *verdict, pid_t pid)
{
	struct libpin_maps *maps;
	int ret;
	size_t i;

	ret = libpin_maps_read(pid, &maps);
	if (ret)
		return ret == -ENOMEM ? ret : 0;
	for (i = 0; i < verdict->count && !ret; i++) {
		struct libpin_report *report = &verdict->reports[i];
		const struct libpin_mapping *mapping;

		mapping = libpin_maps_find(maps, report->raw.start);
		if (!mapping || !mapping->path || !same_mapping(&report->raw, mapping))
			continue;
		report->path = strdup(mapping->path);
		if (!report->path)
			ret = -ENOMEM;
	}
	libpin_maps_free(maps);
	return ret;
}

LIBPIN_API void libpin_verdict_free(struct libpin_verdict *verdict)
{
	size_t i;

	if (!verdict)
		return;
	for (i = 0; i < verdict->count; i++)
		free(verdict->reports[i].path);
	free(verdict->reports);
	free(verdict);
}

LIBPIN_API uint32_t libpin_verdict_reason(const struct libpin_verdict *verdict)
{
	return verdict ? verdict->refusal.reason : PIN_REASON_NONE;
}

LIBPIN_API int libpin_verdict_error(const struct libpin_verdict *verdict)
{
	return verdict ? (int)verdict->refusal.error : 0;
}

LIBPIN_API uint64_t libpin_verdict_address(const struct libpin_verdict *verdict)
{
	return verdict ? verdict->refusal.addr : 0;
}

LIBPIN_API uint64_t libpin_verdict_charge_pages(const struct libpin_verdict *verdict)
{
	return verdict ? verdict->charge_pages : 0;
}

LIBPIN_API size_t libpin_verdict_report_count(const struct libpin_verdict *verdict)
{
	return verdict ? verdict->count : 0;
}

LIBPIN_API const struct libpin_report *
libpin_verdict_report(const struct libpin_verdict *verdict, size_t index)
{
	return verdict && index < verdict->count ? &verdict->reports[index] : NULL;
}

#define REPORT_GETTER(type, member)						\
	LIBPIN_API type libpin_report_##member(const struct libpin_report *report) \
	{									\
		return report ? report->raw.member : 0;				\
	}

REPORT_GETTER(uint64_t, start)
REPORT_GETTER(uint64_t, end)
REPORT_GETTER(uint32_t, kind)
REPORT_GETTER(uint32_t, reason)
REPORT_GETTER(int, error)
REPORT_GETTER(uint32_t, flags)
REPORT_GETTER(uint64_t, page_size)
REPORT_GETTER(uint64_t, file_offset)
REPORT_GETTER(uint64_t, inode)
REPORT_GETTER(uint32_t, dev_major)
REPORT_GETTER(uint32_t, dev_minor)

LIBPIN_API const char *libpin_report_path(const struct libpin_report *report)
{
	return report ? report->path : NULL;
}

LIBPIN_API const char *libpin_kind_name(uint32_t kind)
{
#define KIND_NAME(constant, name) [constant] = name,
	static const char *const names[] = { PIN_KIND_TABLE(KIND_NAME) };
#undef KIND_NAME

	return kind < ARRAY_SIZE(names) ? names[kind] : NULL;
}
