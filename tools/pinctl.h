/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every file of pinctl shares: exit codes, the options that all commands
 * have, commands and their option tables, and how to complain.
 */
#ifndef _PINCTL_H
#define _PINCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define printf_like(string, first) __attribute__((format(printf, string, first)))

enum exit_code {
	EXIT_YES = 0,
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_UNKNOWN = 3
};

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct command;

/* Commands that more than one place advises. */
#define FIX_LOAD	"sudo modprobe pin || sudo insmod driver/pin.ko"
#define FIX_GROUP	"sudo groupadd -f pin && sudo chgrp pin /dev/pin && sudo chmod 664 /dev/pin"
#define FIX_MEMBER	"sudo usermod -aG pin $(id -un)   # then log in again"

/*
 * One run of pinctl.  @document is set once a JSON document has gone out, after
 * which errors are only told on stderr: there is never a second document.  @ignores_pipe:
 * whoever started it ignores SIGPIPE.
 */
struct pinctl {
	const struct command *command;
	const char *columns;
	enum color_when color;
	bool json;
	bool raw;
	bool bytes;
	bool quiet;
	bool headings;
	bool document;
	bool ignores_pipe;
};

/* --- pinctl.c: complaints --- */

/*
 * Three short lines on stderr, and the JSON document with -J.  @detail (what is
 * the case) and @fix (what to do) may be NULL.  Returns @code.
 */
int complain(struct pinctl *pinctl, int code, const char *detail, const char *fix,
	     const char *format, ...) printf_like(5, 6);

/* A mistake on the command line: @hint is "did you mean" or NULL. */
int complain_usage(struct pinctl *pinctl, const char *hint, const char *format, ...)
	printf_like(3, 4);

/* --read with --lease: a lease is for writing. */
int complain_lease(struct pinctl *pinctl);

/* /dev/pin could not be opened for pinning, with @error. */
int complain_open(struct pinctl *pinctl, int error);

/* Never returns: no memory for pinctl itself. */
void out_of_memory(void) __attribute__((noreturn));
/* After what has failed with @error: returns only if that was not for want of memory. */
void check_memory(int error);
/*
 * After a pin that failed with @error and without a refusal.  pinctl passes no bad
 * pointer: it was a refusal, for which there was no memory.
 */
void check_refusal_memory(int error, bool lease);

/* --- options.c: the option table --- */

enum option_id {
	OPTION_END = 0,
	OPTION_ERROR = -1,
	OPTION_ARGUMENT = -2,
	/* from here on options without a letter */
	OPTION_LONG = 256,
	OPTION_COLOR,
	OPTION_VERSION,
	OPTION_READ,
	OPTION_WRITE,
	OPTION_LEASE,
	OPTION_TRY,
	OPTION_HOLD,
	OPTION_QUERY,
	OPTION_LIST,
	OPTION_ONLY,
	OPTION_SKIP,
	OPTION_STRICT,
	OPTION_PRINT_FIXES,
	OPTION_PID,
	OPTION_SAVE,
	OPTION_SYSROOT,
	OPTION_FOR,
	OPTION_STACK,
	OPTION_TIMEOUT,
	OPTION_IDLE_TIMEOUT,
	OPTION_SYSTEM,
	OPTION_BY,
	OPTION_SORT,
	OPTION_USER,
	OPTION_NODE,
	OPTION_MODE,
	OPTION_METRICS,
	OPTION_MEMORY,
	OPTION_SIZE,
	OPTION_ROUNDS
};

/*
 * What an argument can be.  Completion offers it; those with a list of words
 * (values_word()) are checked and guessed from it too.
 */
enum values {
	VALUES_NONE = 0,
	VALUES_COMMAND,
	VALUES_COLOR,
	VALUES_COLUMN,
	VALUES_CHECK,
	VALUES_REASON,
	VALUES_CONSUMER,
	VALUES_SHELL,
	VALUES_GROUPING,
	VALUES_ORDER,
	VALUES_MODE,
	VALUES_MEMORY,
	VALUES_TARGET,
	VALUES_PLACE,
	VALUES_PID,
	VALUES_PID_OR_PIN,
	VALUES_FILE
};

/*
 * @id is the letter if there is one.  @argument NULL: takes none; in brackets: may
 * be left out, and otherwise follows a "=".  @values NONE: nothing can be offered.
 */
struct option_def {
	int id;
	const char *name;
	const char *argument;
	const char *help;
	enum values values;
};

/* Where the walk over the command line stands. */
struct arguments {
	char **next;
	const char *cluster;
	bool only_arguments;
};

/*
 * The next option's id, with *@value its argument; OPTION_ARGUMENT with *@value
 * what is not an option; OPTION_END; OPTION_ERROR when that has been complained
 * about.  Options that all commands have are carried out here.
 */
int option_next(struct pinctl *pinctl, struct arguments *arguments, const char **value);
/* The argument of option @name: 30, 30s, 5m or 2h.  An exit code, after a complaint. */
int option_seconds(struct pinctl *pinctl, const char *name, const char *text, long *seconds);
/* Whether the command line asks for JSON, told before it is understood. */
bool option_wants_json(char **argv);
/*
 * The options of @command (NULL: of pinctl alone) in the order of the help, by
 * index; NULL beyond the last.
 */
const struct option_def *option_at(const struct command *command, size_t index);

bool option_argument_is_optional(const struct option_def *def);

/* Word @index of those that @values stands for; NULL beyond the last. */
const char *values_word(const struct command *command, enum values values, size_t index);
/* Whether they are a list that commas separate. */
bool values_are_list(enum values values);
/* The index of @word; -1 after complaining that @what cannot be @word. */
int values_find(struct pinctl *pinctl, enum values values, const char *what, const char *word);

/* --- commands --- */

/*
 * @options ends in an id of 0; @columns ends in a name of NULL, or is NULL.
 * @arguments is what may stand where no option does: up to two kinds.  @lines: with -J
 * each line of its output is a document.
 */
struct command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const char *description;
	const struct option_def *options;
	const struct column *columns;
	enum values arguments[2];
	bool lines;
	const char *examples;
	int (*run)(struct pinctl *pinctl, struct arguments *arguments);
};

extern const struct command cmd_bench;
extern const struct command cmd_check;
extern const struct command cmd_completion;
extern const struct command cmd_doctor;
extern const struct command cmd_explain;
extern const struct command cmd_list;
extern const struct command cmd_monitor;
extern const struct command cmd_pin;
extern const struct command cmd_release;
extern const struct command cmd_show;
extern const struct command cmd_trace;
extern const struct command cmd_who;

/* NULL-terminated, in the order of the help. */
extern const struct command *const commands[];

/* The id of doctor's check @index; NULL beyond the last. */
const char *doctor_check_id(size_t index);

/* --- help.c --- */

int help_print(struct pinctl *pinctl, const struct command *command);
int help_print_columns(struct pinctl *pinctl, const struct command *command);
int help_print_version(struct pinctl *pinctl);

/* --- suggest.c --- */

struct suggestion {
	const char *word;
	const char *best;
	size_t distance;
};

/* Offer every candidate in turn; @best is then the nearest or NULL. */
void suggest_begin(struct suggestion *suggestion, const char *word);
void suggest_offer(struct suggestion *suggestion, const char *candidate);

#endif /* _PINCTL_H */
