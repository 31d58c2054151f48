/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bundle: small files of a machine, in memory and as a tar archive.
 */
#ifndef _PINCTL_BUNDLE_H
#define _PINCTL_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

/* @path begins with a slash.  @data NULL: a directory; else it ends in a zero. */
struct bundle_file {
	char *path;
	char *data;
	size_t size;
};

/* All zeros is an empty one. */
struct bundle {
	struct bundle_file *files;
	size_t count;
	size_t capacity;
};

void bundle_release(struct bundle *bundle);
/* Adds a copy of @data; an entry of the same path is replaced. */
void bundle_add(struct bundle *bundle, const char *path, const char *data, size_t size);
/* The entry; NULL if there is none of this very path. */
const struct bundle_file *bundle_find(const struct bundle *bundle, const char *path);
/* Whether there is an entry of this path, or one below it. */
bool bundle_has(const struct bundle *bundle, const char *path);
/* The name of entry @index directly in directory @path, sorted, to be freed. */
char *bundle_entry(const struct bundle *bundle, const char *path, size_t index);
/* Entries that are files. */
size_t bundle_count(const struct bundle *bundle);

/* 0 or -errno. */
int bundle_save(const struct bundle *bundle, const char *path);
/* 0 or -errno; -EINVAL: not a tar archive, or a damaged one. */
int bundle_load(struct bundle *bundle, const char *path);

#endif /* _PINCTL_BUNDLE_H */
