// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options: the walk over the command line, driven by the option tables that
 * the help is made from too.
 *
 * Options may stand anywhere; "--" ends them.  Long names cannot be
 * abbreviated: a script that relies on a prefix breaks when the next option
 * with it is added.  getopt_long(3) cannot be told so, hence this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

const struct option_def global_options[] = {
	{ 'J', "json", NULL, "print one JSON document" },
	{ OPTION_COLOR, "color", "WHEN", "colours: auto, always or never" },
	{ 'h', "help", NULL, "show this help" },
	{ OPTION_VERSION, "version", NULL, "show the version" },
	{ 0 }
};

const struct option_def table_options[] = {
	{ 'o', "output", "COLUMNS", "columns: A,B or +C to add or -C to drop" },
	{ 'r', "raw", NULL, "columns by single spaces, '-' for empty" },
	{ 'n', "noheadings", NULL, "no line of column names" },
	{ 'b', "bytes", NULL, "sizes in bytes" },
	{ 0 }
};

static const struct option_def *find_in(const struct option_def *defs, int id, const char *name,
					size_t length)
{
	for (; defs && defs->id; defs++)
		if (name ? strlen(defs->name) == length && !strncmp(defs->name, name, length)
			 : defs->id == id)
			return defs;
	return NULL;
}

/* By letter, or by the first @length letters of @name. */
static const struct option_def *find(const struct pinctl *pinctl, int id, const char *name,
				     size_t length)
{
	const struct command *command = pinctl->command;
	const struct option_def *def;

	def = find_in(global_options, id, name, length);
	if (!def && command)
		def = find_in(command->options, id, name, length);
	if (!def && command && command->columns)
		def = find_in(table_options, id, name, length);
	return def;
}

static void offer_all(struct suggestion *suggestion, const struct option_def *defs)
{
	for (; defs && defs->id; defs++)
		suggest_offer(suggestion, defs->name);
}

static int unknown_long(struct pinctl *pinctl, const char *name)
{
	const struct command *command = pinctl->command;
	struct suggestion suggestion;
	char hint[64];

	suggest_begin(&suggestion, name);
	offer_all(&suggestion, global_options);
	if (command)
		offer_all(&suggestion, command->options);
	if (command && command->columns)
		offer_all(&suggestion, table_options);
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
	} else if (def->argument) {
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
	static const char *const names[] = { "auto", "always", "never" };
	struct suggestion suggestion;
	size_t i;

	suggest_begin(&suggestion, when);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(when, names[i])) {
			pinctl->color = (enum color_when)i;
			return 0;
		}
		suggest_offer(&suggestion, names[i]);
	}
	complain_usage(pinctl, suggestion.best, "--color cannot be '%s'", when);
	return OPTION_ERROR;
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
	case 'o':
		pinctl->columns = value;
		return 0;
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
