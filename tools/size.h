/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_SIZE_H
#define _PINCTL_SIZE_H

#include <stdint.h>

/*
 * A size in bytes from all of @text: 4096, 0x1000, 4K, 2MiB, 1G, 3p (base
 * pages).  -EINVAL: not a size; -ERANGE: does not fit in 64 bits.
 */
int size_parse(const char *text, uint64_t *bytes);

/* As size_parse(), of the first part of @text; *@rest is what follows it. */
int size_parse_part(const char *text, uint64_t *bytes, const char **rest);

/* As size_parse_part(), of a number without a unit: decimal, or hexadecimal with 0x. */
int size_parse_number(const char *text, uint64_t *number, const char **rest);

#define SIZE_TEXT_MAX 24

/* "2G", "1.9M", "512B": at most one digit after the point. */
const char *size_to_text(uint64_t bytes, char text[SIZE_TEXT_MAX]);

#endif /* _PINCTL_SIZE_H */
