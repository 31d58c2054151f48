/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the filesystem says that the blocks of a file are: its own word, against which
 * what a pin holds is compared.
 */
#ifndef PIN_TEST_EXTENTS_H
#define PIN_TEST_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The byte of the device that holds @offset of a file, or the first data after it. */
uint64_t extents_block(int fd, uint64_t offset);
/* Does another file share the block at @offset? */
bool extents_shared(int fd, uint64_t offset);
/* Call @visit for each extent of a file, in bytes. */
void extents_each(int fd, void (*visit)(uint64_t physical, uint64_t length, void *data),
		  void *data);

/*
 * Expects that every page of a live pin of a DAX file is the file's own block there,
 * shared with nobody; the pin begins at the start of the file.
 */
void expect_own_blocks(uint64_t id, int fd, size_t length);

#endif /* PIN_TEST_EXTENTS_H */
