/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that cases are about: areas at addresses that are always the same, each
 * with unmapped space behind it.  What is mapped there a case may change as it likes, the
 * files too; nothing in this program touches it but through the kernel.
 *
 * Beside them lie exhibits, memory of the kinds of the verdict matrix (memory.h), which
 * is asked about and never written to.
 */
#ifndef PIN_FUZZ_GROUND_H
#define PIN_FUZZ_GROUND_H

#include "stream.h"

#define AREAS		16
#define AREA_LENGTH	(2UL << 20)

struct range {
	uint64_t addr;
	uint64_t length;
	unsigned int area;
	bool exhibit;
};

/* Once, before any process is forked; with the exhibits or without. */
void ground_open(void);
/* Before a case: as it always is. */
void ground_reset(void);
/* Whole pages, mostly of one area. */
struct range ground_pages(struct stream *in);
/* What to ask about: also parts of pages, and exhibits. */
struct range ground_range(struct stream *in);
/* Whatever is mapped there may have changed. */
void ground_disturbed(const struct range *range);

/* Maps memory of a kind over a range. */
int ground_map(struct stream *in, const struct range *range);
/* The file behind an area as it was mapped first, or -1. */
int ground_file(const struct range *range);
/* Where in that file the range lies. */
uint64_t ground_offset(const struct range *range);
/* That file is to be made anew. */
void ground_file_changed(const struct range *range);

#endif /* PIN_FUZZ_GROUND_H */
