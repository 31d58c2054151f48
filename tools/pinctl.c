// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl - see and explain long-term memory pins, not GPIO pins.
 *
 * This file starts things: it finds the command, tells mistakes, and sees to
 * it that output which could not be written is a failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "output.h"
#include "pinctl.h"
#include "text.h"

const struct command *const commands[] = {
	&cmd_doctor,
	&cmd_check,
	&cmd_explain,
	&cmd_pin,
	&cmd_list,
	&cmd_show,
	&cmd_who,
	&cmd_monitor,
	&cmd_release,
	&cmd_trace,
	&cmd_bench,
	&cmd_completion,
	NULL
};

void out_of_memory(void)
{
	fputs("pinctl: out of memory\n", stderr);
	_exit(EXIT_UNKNOWN);
}

void check_memory(int error)
{
	if (error == ENOMEM)
		out_of_memory();
}

void check_refusal_memory(int error, bool lease)
{
	if (error == EFAULT || (error == EOPNOTSUPP && !lease))
		out_of_memory();
}

static void error_document(struct pinctl *pinctl, int code, const char *message,
			   const char *detail, const char *fix)
{
	struct json_object *document, *error;

	if (!pinctl->json || pinctl->document)
		return;
	document = json_document("pinctl.error/1");
	error = json_members();
	json_add_integer(error, "exit", (uint64_t)code);
	json_add_string(error, "message", message);
	json_add_string(error, "detail", detail);
	json_add_string(error, "fix", fix);
	json_add(document, "error", error);
	if (pinctl->command && pinctl->command->lines)
		json_print_line(pinctl, document);
	else
		json_print(pinctl, document);
}

static char *format_message(const char *format, va_list arguments)
{
	char *message, *safe;

	if (vasprintf(&message, format, arguments) < 0)
		out_of_memory();
	safe = text_for_terminal(message);
	free(message);
	return safe;
}

int complain(struct pinctl *pinctl, int code, const char *detail, const char *fix,
	     const char *format, ...)
{
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = format_message(format, arguments);
	va_end(arguments);
	fprintf(stderr, "pinctl: %s\n", message);
	if (detail)
		fprintf(stderr, "  %s\n", detail);
	if (fix)
		fprintf(stderr, "  fix: %s\n", fix);
	error_document(pinctl, code, message, detail, fix);
	free(message);
	return code;
}

int complain_usage(struct pinctl *pinctl, const char *hint, const char *format, ...)
{
	char detail[96], fix[64];
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = format_message(format, arguments);
	va_end(arguments);
	snprintf(detail, sizeof(detail), "did you mean '%s'?", hint ? hint : "");
	snprintf(fix, sizeof(fix), "pinctl%s%s --help", pinctl->command ? " " : "",
		 pinctl->command ? pinctl->command->name : "");
	fprintf(stderr, "pinctl: %s\n", message);
	if (hint)
		fprintf(stderr, "  %s\n", detail);
	fprintf(stderr, "  try: %s\n", fix);
	error_document(pinctl, EXIT_USAGE, message, hint ? detail : NULL, fix);
	free(message);
	return EXIT_USAGE;
}

int complain_lease(struct pinctl *pinctl)
{
	return complain_usage(pinctl, NULL, "a lease is for writing: --read and --lease exclude "
			      "each other");
}

int complain_open(struct pinctl *pinctl, int error)
{
	const char *detail = NULL, *fix = "pinctl doctor";

	if (error == ENOENT || error == ENXIO || error == ENODEV) {
		detail = "the module is not loaded";
		fix = FIX_LOAD;
	} else if (error == EACCES) {
		detail = "pinning needs write permission: root, or the group of the device";
		fix = FIX_GROUP " && " FIX_MEMBER;
	}
	return complain(pinctl, EXIT_UNKNOWN, detail, fix, "cannot open /dev/pin: %s",
			strerror(error));
}

/* A reader that has seen enough (EPIPE) is no failure; a full disk is. */
static void close_stdout(void)
{
	bool failed = ferror(stdout);

	if (fclose(stdout))
		failed = true;
	else
		errno = 0;
	if (failed && errno != EPIPE) {
		fprintf(stderr, "pinctl: cannot write the output: %s\n",
			errno ? strerror(errno) : "write error");
		_exit(EXIT_UNKNOWN);
	}
	if (fclose(stderr))
		_exit(EXIT_UNKNOWN);
}

static int find_command(struct pinctl *pinctl, const char *name)
{
	const struct command *const *command;
	struct suggestion suggestion;

	suggest_begin(&suggestion, name);
	for (command = commands; *command; command++) {
		if (!strcmp((*command)->name, name)) {
			pinctl->command = *command;
			return 0;
		}
		suggest_offer(&suggestion, (*command)->name);
	}
	return complain_usage(pinctl, suggestion.best, "unknown command '%s'", name);
}

static int help_on(struct pinctl *pinctl, struct arguments *arguments)
{
	const char *name;
	int id = option_next(pinctl, arguments, &name);

	if (id == OPTION_ARGUMENT && find_command(pinctl, name))
		return EXIT_USAGE;
	if (id == OPTION_ERROR)
		return EXIT_USAGE;
	return help_print(pinctl, pinctl->command);
}

/*
 * Descriptors 0 to 2 must be taken, or the next file that is opened becomes
 * standard output or error.  Read-only, so that writing to one that was closed
 * still fails.
 */
static void take_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/*
 * The first conversion loads what conversions take; without the memory for that glibc
 * goes on as in "C", and does not say so.  A locale that is not installed is no failure.
 */
static void load_locale(void)
{
	mbstate_t state = { 0 };
	wchar_t character;

	errno = 0;
	if (!setlocale(LC_ALL, ""))
		check_memory(errno);
	/* What programs read has a point in its numbers, in every locale. */
	if (!setlocale(LC_NUMERIC, "C"))
		out_of_memory();
	if (!strcmp(nl_langinfo(CODESET), "UTF-8") &&
	    mbrtowc(&character, "\xc3\xa9", 2, &state) != 2)
		out_of_memory();
}

int main(int argc, char **argv)
{
	struct pinctl pinctl = { .headings = true };
	struct arguments arguments = { .next = argv + (argc > 0) };
	const char *value;
	int id;

	take_standard_descriptors();
	/* A reader that has seen enough ends pinctl, whatever the parent ignores. */
	pinctl.ignores_pipe = signal(SIGPIPE, SIG_DFL) == SIG_IGN;
	load_locale();
	atexit(close_stdout);
	pinctl.json = option_wants_json(arguments.next);
	id = option_next(&pinctl, &arguments, &value);
	if (id == OPTION_END)
		return help_print(&pinctl, NULL);
	if (id == OPTION_ERROR)
		return EXIT_USAGE;
	if (!strcmp(value, "help"))
		return help_on(&pinctl, &arguments);
	if (find_command(&pinctl, value))
		return EXIT_USAGE;
	return pinctl.command->run(&pinctl, &arguments);
}
