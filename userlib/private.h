/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libpin share with each other and with nobody else.
 *
 * Sizes and counts that come from the kernel are checked where they enter
 * (check.c, pin.c, query.c); the objects built from them are trusted.
 */
#ifndef _LIBPIN_PRIVATE_H
#define _LIBPIN_PRIVATE_H

#include <libpin.h>

#define LIBPIN_API __attribute__((visibility("default")))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct libpin_context {
	int fd;
};

/* Owned by a verdict; @path is the report's own copy. */
struct libpin_report {
	struct pin_report raw;
	char *path;
};

/* @reports has room for @capacity; the first @count are valid. */
struct libpin_verdict {
	struct pin_refusal refusal;
	uint64_t charge_pages;
	struct libpin_report *reports;
	size_t count;
	size_t capacity;
};

struct libpin_mapping {
	uint64_t start;
	uint64_t end;
	uint32_t flags;
	uint64_t file_offset;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t inode;
	char *path;
};

/* context.c */
int libpin_ioctl(const struct libpin_context *ctx, unsigned long command, void *argument);

/* verdict.c */
int libpin_verdict_new(struct libpin_verdict **verdict);
int libpin_verdict_append(struct libpin_verdict *verdict, const struct pin_report *raw,
			  size_t count);
int libpin_verdict_add_paths(struct libpin_verdict *verdict, pid_t pid);

/* refusal.c */
struct libpin_refusal *libpin_refusal_new(const struct pin_refusal *raw,
					  struct libpin_verdict *verdict);

/* mapping.c */
int libpin_mapping_parse(const char *line, struct libpin_mapping *mapping);

#endif /* _LIBPIN_PRIVATE_H */
