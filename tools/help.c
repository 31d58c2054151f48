// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Help: made from the command, option and column tables, so that it cannot
 * forget one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "output.h"
#include "pinctl.h"

static const char exit_codes[] =
	"Exit codes:\n"
	" 0  yes, done\n"
	" 1  the answer is no: cannot be pinned, a check failed, the pin was taken back\n"
	" 2  wrong use\n"
	" 3  could not find out: no device, no permission, no such target\n";

/* "--output=COLUMNS", "--color[=WHEN]" */
static void option_text(const struct option_def *def, char *text, size_t size)
{
	if (option_argument_is_optional(def))
		snprintf(text, size, "--%s[=%s", def->name, def->argument + 1);
	else
		snprintf(text, size, "--%s%s%s", def->name, def->argument ? "=" : "",
			 def->argument ? def->argument : "");
}

static void print_options(FILE *out, const struct command *command)
{
	const struct option_def *def;
	char text[64];
	size_t i;

	for (i = 0; (def = option_at(command, i)); i++) {
		option_text(def, text, sizeof(text));
		if (def->id < OPTION_LONG)
			fprintf(out, " -%c, %-21s %s\n", def->id, text, def->help);
		else
			fprintf(out, "     %-21s %s\n", text, def->help);
	}
}

/* What every command has, on one line: the overview is one screen. */
static void print_option_names(FILE *out)
{
	const struct option_def *def;
	char text[64];
	size_t i;

	for (i = 0; (def = option_at(NULL, i)); i++) {
		option_text(def, text, sizeof(text));
		if (def->id < OPTION_LONG)
			fprintf(out, "  -%c, %s", def->id, text);
		else
			fprintf(out, "  %s", text);
	}
	putc('\n', out);
}

static void print_columns(FILE *out, const struct column *column)
{
	for (; column->name; column++)
		fprintf(out, " %11s  <%s>  %s\n", column->name, column->type, column->help);
}

static void print_command(FILE *out, const struct command *command)
{
	fprintf(out, "Usage:\n pinctl %s\n\n%s\n\nOptions:\n", command->synopsis,
		command->description);
	print_options(out, command);
	if (command->columns) {
		fputs("\nColumns:\n", out);
		print_columns(out, command->columns);
	}
	fprintf(out, "\nExamples:\n%s\n%s", command->examples, exit_codes);
}

static void print_overview(FILE *out)
{
	const struct command *const *command;

	fputs("pinctl " PINCTL_VERSION " - see and explain long-term memory pins, not GPIO pins\n\n"
	      "Usage:\n pinctl COMMAND [TARGET] [OPTIONS]\n\nCommands:\n", out);
	for (command = commands; *command; command++)
		fprintf(out, " %-10s %s\n", (*command)->name, (*command)->summary);
	fputs("\nTarget:  PID  self  PID:ADDR+LEN  PID:START-END  file:PATH[@OFF+LEN]\n"
	      "         new:anon|shmem|memfd,SIZE[,thp][,hugetlb=SIZE]\nOptions:", out);
	print_option_names(out);
	fputs("\nTry: pinctl doctor, pinctl check $$, pinctl explain EFAULT, pinctl COMMAND -h\n",
	      out);
}

static struct json_object *options_json(const struct command *command)
{
	struct json_object *options = json_array();
	const struct option_def *def;
	size_t i;

	for (i = 0; (def = option_at(command, i)); i++) {
		char letter[] = { (char)def->id, '\0' };
		struct json_object *object = json_members();

		json_add_string(object, "letter", def->id < OPTION_LONG ? letter : NULL);
		json_add_string(object, "name", def->name);
		json_add_string(object, "argument", def->argument);
		json_add_string(object, "help", def->help);
		json_append(options, object);
	}
	return options;
}

static struct json_object *columns_json(const struct command *command)
{
	const struct column *column = command ? command->columns : NULL;
	struct json_object *columns = json_array();

	for (; column && column->name; column++) {
		struct json_object *object = json_members();

		json_add_string(object, "name", column->name);
		json_add_string(object, "type", column->type);
		json_add_string(object, "help", column->help);
		json_append(columns, object);
	}
	return columns;
}

/* As a JSON document too: with -J stdout holds nothing else, ever. */
int help_print(struct pinctl *pinctl, const struct command *command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		out_of_memory();
	if (command)
		print_command(out, command);
	else
		print_overview(out);
	if (ferror(out) | fclose(out) || !text)
		out_of_memory();
	if (pinctl->json) {
		struct json_object *document = json_document("pinctl.help/1");

		json_add_string(document, "command", command ? command->name : NULL);
		json_add_string(document, "text", text);
		json_add(document, "options", options_json(command));
		json_add(document, "columns", columns_json(command));
		json_print(pinctl, document);
	} else {
		fputs(text, stdout);
	}
	free(text);
	return EXIT_YES;
}

int help_print_columns(struct pinctl *pinctl, const struct command *command)
{
	if (pinctl->json) {
		struct json_object *document = json_document("pinctl.columns/1");

		json_add_string(document, "command", command->name);
		json_add(document, "columns", columns_json(command));
		json_print(pinctl, document);
	} else {
		print_columns(stdout, command->columns);
	}
	return EXIT_YES;
}

int help_print_version(struct pinctl *pinctl)
{
	if (pinctl->json) {
		struct json_object *document = json_document("pinctl.version/1");

		json_add_string(document, "version", PINCTL_VERSION);
		json_print(pinctl, document);
	} else {
		puts("pinctl " PINCTL_VERSION);
	}
	return EXIT_YES;
}
