// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Size: bytes as people write them.  Prefixes are binary throughout.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "size.h"

/* Upper case only for the large ones: 'p' means pages. */
static int prefix_shift(char letter)
{
	switch (letter) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	case 'T':
	case 't':
		return 40;
	case 'P':
		return 50;
	case 'E':
		return 60;
	default:
		return 0;
	}
}

static bool is_hexadecimal(const char *text)
{
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

int size_parse_number(const char *text, uint64_t *number, const char **rest)
{
	bool hexadecimal = is_hexadecimal(text);
	char *end;

	/* strtoull() takes blanks and signs, which no number here has. */
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	if (hexadecimal && !isxdigit((unsigned char)text[2]))
		return -EINVAL;
	errno = 0;
	/* Not base 0: that takes 010 for 8. */
	*number = strtoull(text, &end, hexadecimal ? 16 : 10);
	*rest = end;
	return -errno;
}

int size_parse_part(const char *text, uint64_t *bytes, const char **rest)
{
	bool hexadecimal = is_hexadecimal(text);
	uint64_t unit = 1, number;
	const char *end;
	int ret;

	ret = size_parse_number(text, &number, &end);
	if (ret)
		return ret;
	if (!hexadecimal && *end == 'p') {
		unit = (uint64_t)sysconf(_SC_PAGESIZE);
		end++;
	} else if (!hexadecimal && prefix_shift(*end)) {
		unit = UINT64_C(1) << prefix_shift(*end++);
		if (end[0] == 'i' && end[1] == 'B')
			end += 2;
	}
	if (__builtin_mul_overflow(number, unit, bytes))
		return -ERANGE;
	*rest = end;
	return 0;
}

int size_parse(const char *text, uint64_t *bytes)
{
	const char *rest;
	int ret = size_parse_part(text, bytes, &rest);

	if (ret)
		return ret;
	return *rest ? -EINVAL : 0;
}

const char *size_to_text(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
	static const char prefixes[] = "BKMGTPE";
	uint64_t whole = bytes, tenths = 0;
	size_t i = 0;

	while (whole >= 1024 && prefixes[i + 1]) {
		tenths = (whole % 1024) * 10 / 1024;
		whole /= 1024;
		i++;
	}
	if (tenths && whole < 100)
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%c", whole, tenths,
			 prefixes[i]);
	else
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", whole, prefixes[i]);
	return text;
}
