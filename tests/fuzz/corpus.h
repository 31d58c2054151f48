/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases that are kept: each did something that none before it had done.  As text they
 * are lines of hexadecimal digits; lines that begin with # are none.
 */
#ifndef PIN_FUZZ_CORPUS_H
#define PIN_FUZZ_CORPUS_H

#include "stream.h"

#include <stdio.h>

#define CORPUS_MAX	8192

/* Once, in memory that all processes share; cases of the file, unless it is NULL. */
void corpus_open(const char *path);
uint32_t corpus_count(void);
const struct input *corpus_at(uint32_t number);
void corpus_add(const struct input *input);
/* Shortest first. */
void corpus_sort(void);
/* A case made new, or of ones that are kept. */
void corpus_make(struct chance *chance, struct input *input);
void corpus_print(FILE *file, const struct input *input);
/* The same as a string; it stays until the next. */
const char *corpus_text(const struct input *input);

#endif /* PIN_FUZZ_CORPUS_H */
