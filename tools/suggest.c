// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Suggest: "did you mean".  Nearest is by the number of letters to insert,
 * remove, replace or swap with the neighbour.
 */
#include <stdint.h>
#include <string.h>

#include "pinctl.h"

#define WORD_MAX 32

static size_t least(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t a_length = strlen(a), b_length = strlen(b), i, j;

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return SIZE_MAX;
	for (j = 0; j <= b_length; j++)
		last[j] = j;
	for (i = 1; i <= a_length; i++) {
		row[0] = i;
		for (j = 1; j <= b_length; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1, WORD_MAX);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

void suggest_begin(struct suggestion *suggestion, const char *word)
{
	size_t length = strlen(word);

	suggestion->word = word;
	suggestion->best = NULL;
	/* More than a third of the letters wrong is another word. */
	suggestion->distance = length / 3 + 2;
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
	size_t distance = edit_distance(suggestion->word, candidate);

	if (distance < suggestion->distance) {
		suggestion->distance = distance;
		suggestion->best = candidate;
	}
}
