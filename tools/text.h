/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_TEXT_H
#define _PINCTL_TEXT_H

#include <stddef.h>

/*
 * All return a new string, for the caller to free, in which each byte that
 * cannot stand where the string goes is written as \xNN.
 */

/* For JSON: bytes that are not UTF-8. */
char *text_for_json(const char *bytes);
/* For a terminal: these and control characters. */
char *text_for_terminal(const char *bytes);
/* For raw output: these, blanks and the backslash; an empty string is "-". */
char *text_for_raw(const char *bytes);

/* printf() into a new string. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Of ASCII, whatever the locale: names of columns and members are an interface. */
char text_upper(char character);
char text_lower(char character);

/*
 * Prints @text to stdout in lines of at most @width columns.  The first begins
 * where @column already is; the others begin with @indent.
 */
void text_print_wrapped(const char *text, size_t column, const char *indent, size_t width);

#endif /* _PINCTL_TEXT_H */
