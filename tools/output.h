/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output: tables as text or raw, and the JSON document.
 *
 * A command describes its columns once (struct column).  That array makes the
 * column list of --help, -o, the table, the raw form and the JSON members.
 */
#ifndef _PINCTL_OUTPUT_H
#define _PINCTL_OUTPUT_H

#include <json-c/json.h>

#include "pinctl.h"

/* @name in capitals; the JSON member is the same in small letters. */
struct column {
	const char *name;
	const char *type;
	const char *help;
	bool right;
};

/* What stands in one cell: @text is never NULL, "" if there is nothing. */
struct cell {
	char *text;
	struct json_object *json;
	const char *color;
};

/* Cells of each type; of a string or an integer that is not there: null. */
struct cell cell_string(const char *text);
struct cell cell_integer(uint64_t value, bool empty);
/* Bytes, with a prefix unless @bytes. */
struct cell cell_size(uint64_t value, bool bytes);
struct cell cell_address(uint64_t value);
struct cell cell_boolean(bool value);
/* When, in nanoseconds since 1970: local time. */
struct cell cell_time(uint64_t nanoseconds);
/* A string, which the cell takes over. */
struct cell cell_formatted(char *text);

#define COLUMNS_MAX 24

/* @cell makes both forms of a cell, which the table then owns. */
struct table {
	const struct column *columns;
	struct cell (*cell)(const void *data, size_t row, int column, bool bytes);
	const void *data;
	size_t rows;
	int chosen[COLUMNS_MAX];
	size_t chosen_count;
};

/* Chooses what -o says, or @defaults ("A,B"); with -J and no -o all columns. */
int table_choose(struct pinctl *pinctl, struct table *table, const char *defaults);
void table_print(const struct pinctl *pinctl, const struct table *table);
/* One line for each column, of one row after the other: a row that is looked at alone. */
void table_print_lines(const struct pinctl *pinctl, const struct table *table);
struct json_object *table_json(const struct pinctl *pinctl, const struct table *table);

/* A document of its own, with its schema in first place. */
struct json_object *json_document(const char *schema);
/* Takes over @document. */
void json_print(struct pinctl *pinctl, struct json_object *document);
/* The same on a line of its own, of which there may be many. */
void json_print_line(struct pinctl *pinctl, struct json_object *document);

/* Members of @object; strings may be any bytes, NULL gives null. */
void json_add_string(struct json_object *object, const char *name, const char *value);
void json_add_integer(struct json_object *object, const char *name, uint64_t value);
void json_add_address(struct json_object *object, const char *name, uint64_t value);
void json_add_bool(struct json_object *object, const char *name, bool value);
void json_add(struct json_object *object, const char *name, struct json_object *value);
void json_append(struct json_object *array, struct json_object *value);
/* None of these is NULL, except a string of NULL. */
struct json_object *json_string(const char *value);
struct json_object *json_integer(uint64_t value);
struct json_object *json_address(uint64_t value);
struct json_object *json_array(void);
struct json_object *json_members(void);

/* Whether to colour what goes to stdout. */
bool output_colors(const struct pinctl *pinctl);
/* @text between the sequences for @color ("red", "yellow", "green", "bold"). */
void output_colored(const struct pinctl *pinctl, const char *color, const char *text);

/* Columns of the terminal, or 80. */
unsigned int output_width(void);

#endif /* _PINCTL_OUTPUT_H */
