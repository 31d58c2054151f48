// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options: the walk over the command line, driven by the option tables that
 * the help is made from too.
 *
 * Options may stand anywhere; "--" ends them.  Long names cannot be
 * abbreviated: a script that relies on a prefix breaks when the next option
 * with it is added.  getopt_long(3) cannot be told so, hence this.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pinctl.h"

/* Every command's, and pinctl's own. */
static const struct option_def global_options[] = {
	{ 'J', "json", NULL, "print one JSON document" },
	{ OPTION_COLOR, "color", "[WHEN]", "colours: auto, always (if left out) or never",
	  VALUES_COLOR },
	{ 'h', "help", NULL, "show this help" },
	{ OPTION_VERSION, "version", NULL, "show the version" },
	{ 0 }
};

/* Those of commands that print a table. */
static const struct option_def table_options[] = {
	{ 'o', "output", "COLUMNS", "columns: A,B or +C to add, -C to drop; help lists them",
	  VALUES_COLUMN },
	{ 'H', "list-columns", NULL, "list the columns with their types" },
	{ 'r', "raw", NULL, "columns by single spaces, '-' for empty" },
	{ 'n', "noheadings", NULL, "no line of column names" },
	{ 'b', "bytes", NULL, "sizes in bytes" },
	{ 0 }
};

const struct option_def *option_at(const struct command *command, size_t index)
{
	const struct option_def *const tables[] = {
		command ? command->options : NULL,
		command && command->columns ? table_options : NULL,
		global_options,
	};
	const struct option_def *def;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (def = tables[i]; def && def->id; def++)
			if (!index--)
				return def;
	return NULL;
}

bool option_argument_is_optional(const struct option_def *def)
{
	return def->argument && def->argument[0] == '[';
}

/* By letter, or by the first @length letters of @name. */
static const struct option_def *find(const struct pinctl *pinctl, int id, const char *name,
				     size_t length)
{
	const struct option_def *def;
	size_t i;

	for (i = 0; (def = option_at(pinctl->command, i)); i++)
		if (name ? strlen(def->name) == length && !strncmp(def->name, name, length)
			 : def->id == id)
			return def;
	return NULL;
}

static int unknown_long(struct pinctl *pinctl, const char *name)
{
	const struct option_def *def;
	struct suggestion suggestion;
	char hint[64];
	size_t i;

	suggest_begin(&suggestion, name);
	for (i = 0; (def = option_at(pinctl->command, i)); i++)
		suggest_offer(&suggestion, def->name);
	snprintf(hint, sizeof(hint), "--%s", suggestion.best ? suggestion.best : "");
	complain_usage(pinctl, suggestion.best ? hint : NULL, "unknown option --%s", name);
	return OPTION_ERROR;
}

static int next_long(struct pinctl *pinctl, struct arguments *arguments, const char *word,
		     const char **value)
{
	size_t length = strcspn(word, "=");
	const struct option_def *def = find(pinctl, 0, word, length);
	char *name;

	if (!def) {
		name = strndup(word, length);
		if (!name)
			out_of_memory();
		unknown_long(pinctl, name);
		free(name);
		return OPTION_ERROR;
	}
	if (word[length] == '=') {
		if (!def->argument) {
			complain_usage(pinctl, NULL, "--%s takes no argument", def->name);
			return OPTION_ERROR;
		}
		*value = word + length + 1;
	} else if (def->argument && !option_argument_is_optional(def)) {
		if (!*arguments->next) {
			complain_usage(pinctl, NULL, "--%s needs an argument: %s", def->name,
				       def->argument);
			return OPTION_ERROR;
		}
		*value = *arguments->next++;
	}
	return def->id;
}

static int next_letter(struct pinctl *pinctl, struct arguments *arguments, const char **value)
{
	char letter = *arguments->cluster++;
	const struct option_def *def = find(pinctl, letter, NULL, 0);

	if (!def) {
		complain_usage(pinctl, NULL, "unknown option -%c", letter);
		return OPTION_ERROR;
	}
	if (def->argument) {
		if (*arguments->cluster) {
			*value = arguments->cluster;
		} else if (*arguments->next) {
			*value = *arguments->next++;
		} else {
			complain_usage(pinctl, NULL, "-%c needs an argument: %s", letter,
				       def->argument);
			return OPTION_ERROR;
		}
		arguments->cluster = NULL;
	}
	return def->id;
}

static int next_any(struct pinctl *pinctl, struct arguments *arguments, const char **value)
{
	const char *word;

	*value = NULL;
	if (arguments->cluster && *arguments->cluster)
		return next_letter(pinctl, arguments, value);
	if (!*arguments->next)
		return OPTION_END;
	word = *arguments->next++;
	if (!arguments->only_arguments && !strcmp(word, "--")) {
		arguments->only_arguments = true;
		return next_any(pinctl, arguments, value);
	}
	if (arguments->only_arguments || word[0] != '-' || !word[1]) {
		*value = word;
		return OPTION_ARGUMENT;
	}
	if (word[1] == '-')
		return next_long(pinctl, arguments, word + 2, value);
	arguments->cluster = word + 1;
	return next_letter(pinctl, arguments, value);
}

static int set_color(struct pinctl *pinctl, const char *when)
{
	int color = COLOR_ALWAYS;

	if (when)
		color = values_find(pinctl, VALUES_COLOR, "--color", when);
	if (color < 0)
		return OPTION_ERROR;
	pinctl->color = (enum color_when)color;
	return 0;
}

/* What commands have that print a table. */
static int table_option(struct pinctl *pinctl, int id, const char *value)
{
	switch (id) {
	case 'o':
		if (!strcmp(value, "help"))
			exit(help_print_columns(pinctl, pinctl->command));
		pinctl->columns = value;
		return 0;
	case 'H':
		exit(help_print_columns(pinctl, pinctl->command));
	case 'r':
		pinctl->raw = true;
		return 0;
	case 'n':
		pinctl->headings = false;
		return 0;
	case 'b':
		pinctl->bytes = true;
		return 0;
	default:
		return id;
	}
}

/* Carries out what every command has; 0 when done, otherwise @id is its own. */
static int common_option(struct pinctl *pinctl, int id, const char *value)
{
	switch (id) {
	case 'J':
		pinctl->json = true;
		return 0;
	case OPTION_COLOR:
		return set_color(pinctl, value);
	case 'h':
		exit(help_print(pinctl, pinctl->command));
	case OPTION_VERSION:
		exit(help_print_version(pinctl));
	default:
		return pinctl->command && pinctl->command->columns ?
			table_option(pinctl, id, value) : id;
	}
}

int option_next(struct pinctl *pinctl, struct arguments *arguments, const char **value)
{
	int id;

	do {
		id = next_any(pinctl, arguments, value);
		if (id == OPTION_END)
			return id;
		id = common_option(pinctl, id, *value);
	} while (!id);
	return id;
}

int option_seconds(struct pinctl *pinctl, const char *name, const char *text, long *seconds)
{
	long unit = 1;
	char *end;

	errno = 0;
	*seconds = strtol(text, &end, 10);
	if (*end && !end[1]) {
		if (*end == 'm')
			unit = 60;
		else if (*end == 'h')
			unit = 3600;
		end += *end == 's' || unit > 1;
	}
	if (errno || !isdigit((unsigned char)*text) || *end ||
	    __builtin_mul_overflow(*seconds, unit, seconds))
		return complain_usage(pinctl, NULL, "--%s needs a time as 30, 30s, 5m or 2h, "
				      "not '%s'", name, text);
	return 0;
}

bool option_wants_json(char **argv)
{
	const char *letter;

	for (; *argv && strcmp(*argv, "--"); argv++) {
		if (!strcmp(*argv, "--json"))
			return true;
		if ((*argv)[0] != '-' || (*argv)[1] == '-')
			continue;
		/* Behind an 'o' in a cluster comes a column list. */
		for (letter = *argv + 1; *letter && *letter != 'o'; letter++)
			if (*letter == 'J')
				return true;
	}
	return false;
}
