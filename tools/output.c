// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Output: see output.h.  Raw output is written here and not by libsmartcols,
 * whose empty cells shift the columns.
 */
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "size.h"
#include "text.h"

bool output_colors(const struct pinctl *pinctl)
{
	const char *no_color = getenv("NO_COLOR");

	if (pinctl->color != COLOR_AUTO)
		return pinctl->color == COLOR_ALWAYS;
	return !(no_color && *no_color) && isatty(STDOUT_FILENO);
}

void output_colored(const struct pinctl *pinctl, const char *color, const char *text)
{
	static const struct {
		const char *name;
		const char *sequence;
	} colors[] = {
		{ "red", "\033[31m" },
		{ "green", "\033[32m" },
		{ "yellow", "\033[33m" },
		{ "bold", "\033[1m" },
	};
	size_t i;

	if (output_colors(pinctl)) {
		for (i = 0; i < ARRAY_SIZE(colors); i++)
			if (!strcmp(colors[i].name, color))
				printf("%s%s\033[0m", colors[i].sequence, text);
	} else {
		fputs(text, stdout);
	}
}

unsigned int output_width(void)
{
	struct winsize size;

	if (isatty(STDOUT_FILENO) && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

static size_t column_count(const struct column *columns)
{
	size_t count = 0;

	while (columns[count].name)
		count++;
	return count;
}

static int column_find(struct pinctl *pinctl, const struct column *columns, const char *name)
{
	struct suggestion suggestion;
	char upper[32] = "";
	size_t i;

	for (i = 0; name[i] && i < sizeof(upper) - 1; i++)
		upper[i] = text_upper(name[i]);
	suggest_begin(&suggestion, upper);
	for (i = 0; columns[i].name; i++) {
		if (!strcmp(columns[i].name, upper))
			return (int)i;
		suggest_offer(&suggestion, columns[i].name);
	}
	complain_usage(pinctl, suggestion.best, "unknown column '%s'", name);
	return -1;
}

static bool is_chosen(const struct table *table, int column)
{
	size_t i;

	for (i = 0; i < table->chosen_count; i++)
		if (table->chosen[i] == column)
			return true;
	return false;
}

/* @once: what is there already stays where it is. */
static int columns_add(struct pinctl *pinctl, struct table *table, char *list, bool once)
{
	char *save, *name;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int column = column_find(pinctl, table->columns, name);

		if (column < 0)
			return EXIT_USAGE;
		if (once && is_chosen(table, column))
			continue;
		if (table->chosen_count == COLUMNS_MAX)
			return complain_usage(pinctl, NULL, "more than %d columns", COLUMNS_MAX);
		table->chosen[table->chosen_count++] = column;
	}
	return 0;
}

static int columns_drop(struct pinctl *pinctl, struct table *table, char *list)
{
	char *save, *name;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int column = column_find(pinctl, table->columns, name);
		size_t i, kept = 0;

		if (column < 0)
			return EXIT_USAGE;
		for (i = 0; i < table->chosen_count; i++)
			if (table->chosen[i] != column)
				table->chosen[kept++] = table->chosen[i];
		table->chosen_count = kept;
	}
	return 0;
}

static void columns_add_all(struct table *table)
{
	size_t i, count = column_count(table->columns);

	for (i = 0; i < count && i < COLUMNS_MAX; i++)
		table->chosen[table->chosen_count++] = (int)i;
}

int table_choose(struct pinctl *pinctl, struct table *table, const char *defaults)
{
	const char *asked = pinctl->columns;
	bool relative = asked && (*asked == '+' || *asked == '-');
	char *list;
	int ret = 0;

	table->chosen_count = 0;
	if (!asked || relative) {
		if (pinctl->json) {
			columns_add_all(table);
		} else {
			list = text_format("%s", defaults);
			ret = columns_add(pinctl, table, list, false);
			free(list);
		}
	}
	if (asked && !ret) {
		list = text_format("%s", asked + relative);
		ret = *asked == '-' ? columns_drop(pinctl, table, list)
				    : columns_add(pinctl, table, list, relative);
		free(list);
	}
	if (!ret && !table->chosen_count)
		ret = complain_usage(pinctl, NULL, "no columns left to print");
	return ret;
}

static struct json_object *json_kept(struct json_object *value)
{
	if (!value)
		out_of_memory();
	return value;
}

struct cell cell_string(const char *text)
{
	return (struct cell){
		.text = text_format("%s", text),
		.json = *text ? json_string(text) : NULL,
	};
}

struct cell cell_integer(uint64_t value, bool empty)
{
	if (empty)
		return cell_string("");
	return (struct cell){
		.text = text_format("%" PRIu64, value),
		.json = json_integer(value),
	};
}

struct cell cell_size(uint64_t value, bool bytes)
{
	struct cell cell = cell_integer(value, false);
	char text[SIZE_TEXT_MAX];

	if (!bytes) {
		free(cell.text);
		cell.text = text_format("%s", size_to_text(value, text));
	}
	return cell;
}

struct cell cell_address(uint64_t value)
{
	return (struct cell){
		.text = text_format("0x%" PRIx64, value),
		.json = json_address(value),
	};
}

struct cell cell_time(uint64_t nanoseconds)
{
	time_t seconds = (time_t)(nanoseconds / 1000000000);
	struct tm local;
	char text[64];

	if (!localtime_r(&seconds, &local) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &local))
		return cell_string("");
	return cell_string(text);
}

struct cell cell_boolean(bool value)
{
	return (struct cell){
		.text = text_format("%s", value ? "yes" : "no"),
		.json = json_kept(json_object_new_boolean(value)),
	};
}

struct cell cell_formatted(char *text)
{
	return (struct cell){ .text = text, .json = json_string(text) };
}

static struct cell cell_at(const struct pinctl *pinctl, const struct table *table, size_t row,
			   size_t column)
{
	return table->cell(table->data, row, table->chosen[column], pinctl->bytes);
}

static void cell_release(struct cell *cell)
{
	free(cell->text);
	json_object_put(cell->json);
}

static void raw_print(const struct pinctl *pinctl, const struct table *table)
{
	size_t row, column;

	for (column = 0; pinctl->headings && column < table->chosen_count; column++)
		printf("%s%s", column ? " " : "", table->columns[table->chosen[column]].name);
	if (pinctl->headings)
		putchar('\n');
	for (row = 0; row < table->rows; row++) {
		for (column = 0; column < table->chosen_count; column++) {
			struct cell cell = cell_at(pinctl, table, row, column);
			char *text = text_for_raw(cell.text);

			printf("%s%s", column ? " " : "", text);
			free(text);
			cell_release(&cell);
		}
		putchar('\n');
	}
}

static void smartcols_fill(const struct pinctl *pinctl, const struct table *table,
			   struct libscols_table *scols)
{
	size_t row, column;

	for (column = 0; column < table->chosen_count; column++) {
		const struct column *def = &table->columns[table->chosen[column]];

		if (!scols_table_new_column(scols, def->name, 0, def->right ? SCOLS_FL_RIGHT : 0))
			out_of_memory();
	}
	for (row = 0; row < table->rows; row++) {
		struct libscols_line *line = scols_table_new_line(scols, NULL);

		if (!line)
			out_of_memory();
		for (column = 0; column < table->chosen_count; column++) {
			struct cell cell = cell_at(pinctl, table, row, column);

			if (scols_line_set_data(line, column, *cell.text ? cell.text : "-"))
				out_of_memory();
			if (cell.color &&
			    scols_cell_set_color(scols_line_get_cell(line, column), cell.color))
				out_of_memory();
			cell_release(&cell);
		}
	}
}

static char *smartcols_text(struct libscols_table *scols)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		out_of_memory();
	scols_table_set_stream(scols, out);
	failed = scols_print_table(scols);
	failed |= ferror(out);
	failed |= fclose(out);
	if (failed || !text)
		out_of_memory();
	return text;
}

/* Like json-c, libsmartcols leaves out what it has no memory for: made twice, too. */
static void smartcols_print(const struct pinctl *pinctl, const struct table *table)
{
	struct libscols_table *scols = scols_new_table();
	char *text, *again;

	if (!scols)
		out_of_memory();
	scols_table_enable_colors(scols, output_colors(pinctl));
	scols_table_enable_noheadings(scols, !pinctl->headings);
	smartcols_fill(pinctl, table, scols);
	text = smartcols_text(scols);
	again = smartcols_text(scols);
	if (strcmp(text, again))
		out_of_memory();
	fputs(text, stdout);
	free(again);
	free(text);
	scols_unref_table(scols);
}

void table_print(const struct pinctl *pinctl, const struct table *table)
{
	if (pinctl->raw)
		raw_print(pinctl, table);
	else
		smartcols_print(pinctl, table);
}

void table_print_lines(const struct pinctl *pinctl, const struct table *table)
{
	size_t row, column;

	for (row = 0; row < table->rows; row++) {
		for (column = 0; column < table->chosen_count; column++) {
			struct cell cell = cell_at(pinctl, table, row, column);
			char *text = text_for_terminal(cell.text);

			printf("%-11s %s\n", table->columns[table->chosen[column]].name,
			       *text ? text : "-");
			free(text);
			cell_release(&cell);
		}
	}
}

struct json_object *table_json(const struct pinctl *pinctl, const struct table *table)
{
	struct json_object *array = json_array();
	size_t row, column, i;

	for (row = 0; row < table->rows; row++) {
		struct json_object *object = json_members();

		for (column = 0; column < table->chosen_count; column++) {
			struct cell cell = cell_at(pinctl, table, row, column);
			const char *name = table->columns[table->chosen[column]].name;
			char member[32] = "";

			for (i = 0; name[i] && i < sizeof(member) - 1; i++)
				member[i] = name[i] == '-' ? '_' : text_lower(name[i]);
			json_add(object, member, json_object_get(cell.json));
			cell_release(&cell);
		}
		json_append(array, object);
	}
	return array;
}

struct json_object *json_members(void)
{
	return json_kept(json_object_new_object());
}

struct json_object *json_array(void)
{
	return json_kept(json_object_new_array());
}

struct json_object *json_document(const char *schema)
{
	struct json_object *document = json_members();

	json_add_string(document, "schema", schema);
	return document;
}

#define JSON_STYLE (JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/*
 * json-c leaves out of the text what it has no memory for, and does not say so: the text
 * is made twice. Its parser would tell more, but crashes when it runs out itself.
 */
static void json_print_styled(struct pinctl *pinctl, struct json_object *document, int style)
{
	const char *again, *text = json_object_to_json_string_ext(document, style);
	char *copy = text ? strdup(text) : NULL;

	if (!copy)
		out_of_memory();
	again = json_object_to_json_string_ext(document, style);
	if (!again || strcmp(copy, again))
		out_of_memory();
	puts(copy);
	free(copy);
	pinctl->document = true;
	json_object_put(document);
}

void json_print(struct pinctl *pinctl, struct json_object *document)
{
	json_print_styled(pinctl, document, JSON_C_TO_STRING_PRETTY | JSON_STYLE);
}

void json_print_line(struct pinctl *pinctl, struct json_object *document)
{
	json_print_styled(pinctl, document, JSON_STYLE);
}

void json_add(struct json_object *object, const char *name, struct json_object *value)
{
	if (json_object_object_add(object, name, value))
		out_of_memory();
}

void json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		out_of_memory();
}

struct json_object *json_integer(uint64_t value)
{
	return json_kept(json_object_new_uint64(value));
}

struct json_object *json_string(const char *value)
{
	struct json_object *string;
	char *text;

	if (!value)
		return NULL;
	text = text_for_json(value);
	string = json_object_new_string(text);
	free(text);
	if (!string)
		out_of_memory();
	return string;
}

struct json_object *json_address(uint64_t value)
{
	char text[2 + 16 + 1];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

void json_add_string(struct json_object *object, const char *name, const char *value)
{
	json_add(object, name, json_string(value));
}

void json_add_integer(struct json_object *object, const char *name, uint64_t value)
{
	json_add(object, name, json_integer(value));
}

void json_add_address(struct json_object *object, const char *name, uint64_t value)
{
	json_add(object, name, json_address(value));
}

void json_add_bool(struct json_object *object, const char *name, bool value)
{
	json_add(object, name, json_kept(json_object_new_boolean(value)));
}
