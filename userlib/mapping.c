// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Maps: a snapshot of /proc/PID/maps, sorted by address as the kernel prints
 * it.  Owns its mappings, which own their paths.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

struct libpin_maps {
	struct libpin_mapping *mappings;
	size_t count;
	size_t capacity;
};

static uint32_t flags_from_perms(const char *perms)
{
	return (perms[0] == 'r' ? PIN_REPORT_READ : 0) |
	       (perms[1] == 'w' ? PIN_REPORT_WRITE : 0) |
	       (perms[2] == 'x' ? PIN_REPORT_EXEC : 0) |
	       (perms[3] == 's' ? PIN_REPORT_SHARED : 0);
}

/* @line may end in a newline.  On failure nothing is allocated. */
int libpin_mapping_parse(const char *line, struct libpin_mapping *mapping)
{
	size_t length;
	char perms[5];
	int path = 0;

	memset(mapping, 0, sizeof(*mapping));
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %" SCNx32 ":%" SCNx32
		   " %" SCNu64 " %n", &mapping->start, &mapping->end, perms,
		   &mapping->file_offset, &mapping->dev_major, &mapping->dev_minor,
		   &mapping->inode, &path) != 7 || !path)
		return -EINVAL;
	if (mapping->start >= mapping->end || strlen(perms) != 4)
		return -EINVAL;
	mapping->flags = flags_from_perms(perms);
	length = strcspn(line + path, "\n");
	if (length) {
		mapping->path = strndup(line + path, length);
		if (!mapping->path)
			return -ENOMEM;
	}
	return 0;
}

static int maps_append(struct libpin_maps *maps, const char *line)
{
	int ret;

	if (maps->count == maps->capacity) {
		size_t capacity = maps->capacity ? 2 * maps->capacity : 64;
		struct libpin_mapping *mappings;

		mappings = reallocarray(maps->mappings, capacity, sizeof(*mappings));
		if (!mappings)
			return -ENOMEM;
		maps->mappings = mappings;
		maps->capacity = capacity;
	}
	ret = libpin_mapping_parse(line, &maps->mappings[maps->count]);
	if (!ret)
		maps->count++;
	return ret;
}

static int maps_read_from(struct libpin_maps *maps, FILE *file)
{
	size_t size = 0;
	char *line = NULL;
	int ret = 0;

	errno = 0;
	while (!ret && getline(&line, &size, file) > 0)
		ret = maps_append(maps, line);
	/* Without memory for a line there is no end of file, but no error of it either. */
	if (!ret && !feof(file))
		ret = errno ? -errno : -EIO;
	free(line);
	return ret;
}

LIBPIN_API int libpin_maps_read(pid_t pid, struct libpin_maps **maps)
{
	char path[sizeof("/proc//maps") + 3 * sizeof(pid)];
	struct libpin_maps *new;
	FILE *file;
	int ret;

	if (!maps)
		return -EINVAL;
	*maps = NULL;
	if (pid < 0)
		return -EINVAL;
	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	else
		snprintf(path, sizeof(path), "/proc/self/maps");
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;
	new = calloc(1, sizeof(*new));
	ret = new ? maps_read_from(new, file) : -ENOMEM;
	fclose(file);
	if (ret) {
		libpin_maps_free(new);
		return ret;
	}
	*maps = new;
	return 0;
}

LIBPIN_API void libpin_maps_free(struct libpin_maps *maps)
{
	size_t i;

	if (!maps)
		return;
	for (i = 0; i < maps->count; i++)
		free(maps->mappings[i].path);
	free(maps->mappings);
	free(maps);
}

LIBPIN_API size_t libpin_maps_count(const struct libpin_maps *maps)
{
	return maps ? maps->count : 0;
}

LIBPIN_API const struct libpin_mapping *
libpin_maps_get(const struct libpin_maps *maps, size_t index)
{
	return maps && index < maps->count ? &maps->mappings[index] : NULL;
}

static int compare_address(const void *key, const void *element)
{
	const struct libpin_mapping *mapping = element;
	uint64_t address = *(const uint64_t *)key;

	if (address < mapping->start)
		return -1;
	return address >= mapping->end;
}

LIBPIN_API const struct libpin_mapping *
libpin_maps_find(const struct libpin_maps *maps, uint64_t address)
{
	if (!maps || !maps->count)
		return NULL;
	return bsearch(&address, maps->mappings, maps->count, sizeof(*maps->mappings),
		       compare_address);
}

#define MAPPING_GETTER(type, member)						\
	LIBPIN_API type libpin_mapping_##member(const struct libpin_mapping *mapping) \
	{									\
		return mapping ? mapping->member : 0;				\
	}

MAPPING_GETTER(uint64_t, start)
MAPPING_GETTER(uint64_t, end)
MAPPING_GETTER(uint32_t, flags)
MAPPING_GETTER(uint64_t, file_offset)
MAPPING_GETTER(uint32_t, dev_major)
MAPPING_GETTER(uint32_t, dev_minor)
MAPPING_GETTER(uint64_t, inode)

LIBPIN_API const char *libpin_mapping_path(const struct libpin_mapping *mapping)
{
	return mapping ? mapping->path : NULL;
}
