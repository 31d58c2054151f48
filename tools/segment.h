/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_SEGMENT_H
#define _PINCTL_SEGMENT_H

#include "survey.h"

/* Kernel or library may be newer than this pinctl: never NULL. */
const char *reason_text(uint32_t reason);
const char *kind_text(uint32_t kind);
/* "EFAULT"; "-" for 0. */
const char *errno_text(int error);
/* The number of an errno's name; 0 if there is none. */
int errno_value(const char *name);

#define PERM_TEXT_MAX 5
/* "rw-s" */
const char *perm_text(const struct segment *segment, char text[PERM_TEXT_MAX]);
/* "yes", "no", or "try": only trying can tell. */
const char *verdict_text(const struct segment *segment);
/* The path, or in brackets what is there instead of a file. */
const char *mapping_text(const struct segment *segment);
/*
 * The bytes that a pin of a range is charged, whose segments these are, all of them: whole
 * base pages; of hugetlb whole huge pages if @huge, as /dev/pin does it.
 */
uint64_t segments_charge(const struct segment *segments, size_t count, bool huge);

#endif /* _PINCTL_SEGMENT_H */
