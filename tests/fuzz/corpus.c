// SPDX-License-Identifier: GPL-2.0-or-later
/* See corpus.h. */
#include "corpus.h"

#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FRESH_LEAST	32
#define FRESH_MOST	1024
#define CHANGES_MOST	8

static struct corpus {
	_Atomic uint32_t count;
	struct input inputs[CORPUS_MAX];
} *corpus;

uint32_t corpus_count(void)
{
	return corpus->count;
}

const struct input *corpus_at(uint32_t number)
{
	return &corpus->inputs[number];
}

void corpus_add(const struct input *input)
{
	if (corpus->count < CORPUS_MAX)
		corpus->inputs[corpus->count++] = *input;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? found - digits : -1;
}

/* A line that is not digits to its end is none of ours. */
static bool parse(const char *line, struct input *input)
{
	size_t digits = strspn(line, "0123456789abcdef"), i;

	if (!digits || digits % 2 || digits / 2 > INPUT_MAX || strcmp(line + digits, "\n"))
		return false;
	input->length = digits / 2;
	for (i = 0; i < input->length; i++)
		input->bytes[i] = digit(line[2 * i]) << 4 | digit(line[2 * i + 1]);
	return true;
}

static void load(const char *path)
{
	static char line[2 * INPUT_MAX + 64];
	FILE *file = fopen(path, "re");
	struct input input;

	if (!file)
		run_fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#' || *line == '\n')
			continue;
		if (!parse(line, &input))
			run_fail("%s: not a case: %.60s", path, line);
		corpus_add(&input);
	}
	fclose(file);
}

void corpus_open(const char *path)
{
	corpus = mmap(NULL, sizeof(*corpus), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (corpus == MAP_FAILED)
		run_fail("the corpus: %s", strerror(errno));
	if (path)
		load(path);
}

static int compare_lengths(const void *one, const void *other)
{
	const struct input *a = one, *b = other;

	return a->length < b->length ? -1 : a->length > b->length;
}

void corpus_sort(void)
{
	qsort(corpus->inputs, corpus->count, sizeof(corpus->inputs[0]), compare_lengths);
}

static void make_fresh(struct chance *chance, struct input *input)
{
	uint32_t i;

	input->length = FRESH_LEAST + chance_below(chance, FRESH_MOST - FRESH_LEAST);
	for (i = 0; i < input->length; i++)
		input->bytes[i] = chance_next(chance);
}

/* Makes room for @count bytes at @at, as far as there is any. */
static uint32_t widen(struct input *input, uint32_t at, uint32_t count)
{
	if (count > INPUT_MAX - input->length)
		count = INPUT_MAX - input->length;
	memmove(input->bytes + at + count, input->bytes + at, input->length - at);
	input->length += count;
	return count;
}

static void insert_chance(struct chance *chance, struct input *input, uint32_t at)
{
	uint32_t count = widen(input, at, 1 + chance_below(chance, 16));

	while (count--)
		input->bytes[at++] = chance_next(chance);
}

static void insert_piece(struct chance *chance, struct input *input, uint32_t at,
			 const struct input *of)
{
	uint32_t from = chance_below(chance, of->length), count = of->length - from;
	uint8_t piece[64];

	count = 1 + chance_below(chance, count < sizeof(piece) ? count : sizeof(piece));
	memcpy(piece, of->bytes + from, count);
	count = widen(input, at, count);
	memcpy(input->bytes + at, piece, count);
}

static void cut_out(struct chance *chance, struct input *input, uint32_t at)
{
	uint32_t count = 1 + chance_below(chance, 32), left = input->length - at;

	if (count > left)
		count = left;
	if (count == input->length)
		return;
	memmove(input->bytes + at, input->bytes + at + count, left - count);
	input->length -= count;
}

static void change(struct chance *chance, struct input *input)
{
	uint32_t at = chance_below(chance, input->length);

	switch (chance_below(chance, 6)) {
	case 0:
		input->bytes[at] ^= 1U << chance_below(chance, 8);
		return;
	case 1:
		input->bytes[at] = chance_next(chance);
		return;
	case 2:
		return insert_chance(chance, input, at);
	case 3:
		return insert_piece(chance, input, at, input);
	case 4:
		return insert_piece(chance, input, at,
				    corpus_at(chance_below(chance, corpus_count())));
	default:
		return cut_out(chance, input, at);
	}
}

void corpus_make(struct chance *chance, struct input *input)
{
	unsigned int changes;

	if (!corpus_count() || chance_below(chance, 3) == 0)
		return make_fresh(chance, input);
	*input = *corpus_at(chance_below(chance, corpus_count()));
	for (changes = 1 + chance_below(chance, CHANGES_MOST); changes; changes--)
		change(chance, input);
}

const char *corpus_text(const struct input *input)
{
	static __thread char text[2 * INPUT_MAX + 1];
	uint32_t i;

	for (i = 0; i < input->length; i++)
		snprintf(text + 2 * i, 3, "%02x", input->bytes[i]);
	text[2 * i] = '\0';
	return text;
}

void corpus_print(FILE *file, const struct input *input)
{
	fprintf(file, "%s\n", corpus_text(input));
}
