// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text: strings from elsewhere (paths, process names) made fit for output.
 * Nothing else may print such a string: a file name can hold any byte, escape
 * sequences for the terminal among them.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pinctl.h"
#include "text.h"

/* Bytes of the valid UTF-8 character at @s, or 0 (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;
	/* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < length; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

enum escape { ESCAPE_JSON, ESCAPE_TERMINAL, ESCAPE_RAW };

static bool must_escape(const unsigned char *s, size_t length, enum escape escape)
{
	if (!length)
		return true;
	if (escape == ESCAPE_JSON)
		return false;
	/* U+0080 to U+009F are control characters too. */
	if (length == 1 ? iscntrl(s[0]) : s[0] == 0xc2 && s[1] < 0xa0)
		return true;
	return escape == ESCAPE_RAW && (s[0] == ' ' || s[0] == '\\');
}

static char *escaped(const char *bytes, enum escape escape)
{
	const unsigned char *s = (const unsigned char *)bytes;
	char *text = malloc(4 * strlen(bytes) + 1), *out = text;

	if (!text)
		out_of_memory();
	while (*s) {
		size_t length = utf8_length(s);
		size_t take = length ? length : 1;

		if (must_escape(s, length, escape)) {
			for (; take; take--)
				out += sprintf(out, "\\x%02x", *s++);
		} else {
			memcpy(out, s, take);
			out += take;
			s += take;
		}
	}
	*out = '\0';
	return text;
}

char *text_for_json(const char *bytes)
{
	return escaped(bytes, ESCAPE_JSON);
}

char *text_for_terminal(const char *bytes)
{
	return escaped(bytes, ESCAPE_TERMINAL);
}

char *text_for_raw(const char *bytes)
{
	return escaped(*bytes ? bytes : "-", ESCAPE_RAW);
}

char *text_format(const char *format, ...)
{
	va_list arguments;
	char *text;
	int ret;

	va_start(arguments, format);
	ret = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (ret < 0)
		out_of_memory();
	return text;
}

char text_upper(char character)
{
	return character >= 'a' && character <= 'z' ? (char)(character - 'a' + 'A') : character;
}

char text_lower(char character)
{
	return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

void text_print_wrapped(const char *text, size_t column, const char *indent, size_t width)
{
	bool start = true;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (!start && column + 1 + length > width) {
			printf("\n%s", indent);
			column = strlen(indent);
			start = true;
		}
		column += length + !start;
		printf("%s%.*s", start ? "" : " ", (int)length, text);
		start = false;
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}
