// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl doctor: can this machine, and this user on it, pin memory?
 *
 * What is asked is in checks.c, where the answers come from in machine.c and
 * system.c; here is what becomes of them.
 */
#include <ctype.h>
#include <errno.h>
#include <libpin.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "output.h"
#include "text.h"

#define CHECKS_MAX 64

static const struct {
	const char *text;
	const char *member;
	const char *color;
} statuses[] = {
	[STATUS_OK] = { "ok", "ok", "green" },
	[STATUS_WARN] = { "warn", "warn", "yellow" },
	[STATUS_FAIL] = { "FAIL", "fail", "red" },
	[STATUS_UNKNOWN] = { "unknown", "unknown", "yellow" },
};

enum doctor_column { COL_ID, COL_STATUS, COL_TEXT, COL_FIXES, COL_ALTERNATIVES };

static const struct column columns[] = {
	[COL_ID] = { "ID", "string", "the check's id", false },
	[COL_STATUS] = { "STATUS", "string", "ok, warn, fail or unknown", false },
	[COL_TEXT] = { "TEXT", "string", "what is the case", false },
	[COL_FIXES] = { "FIXES", "list", "commands against it, all of them, in this order",
			false },
	[COL_ALTERNATIVES] = { "ALTERNATIVES", "list", "commands instead of those", false },
	{ 0 }
};

/* @chosen: by the index of a check. */
struct doctor_options {
	bool chosen[CHECKS_MAX];
	bool list;
	bool strict;
	bool print_fixes;
	pid_t pid;
	const char *save;
	const char *sysroot;
};

/* One finding for each check that was chosen. */
struct examination {
	struct machine machine;
	size_t indexes[CHECKS_MAX];
	struct finding findings[CHECKS_MAX];
	size_t count;
	size_t statuses[ARRAY_SIZE(statuses)];
};

static struct cell list_cell(const struct finding *finding, bool alternatives)
{
	struct cell cell = { .text = text_format("%s", ""), .json = json_array() };
	size_t i;

	for (i = 0; i < finding->fix_count; i++) {
		const struct fix *fix = &finding->fixes[i];
		char *text = cell.text;

		if (fix->alternative != alternatives)
			continue;
		cell.text = text_format("%s%s%s", text, *text ? "; " : "", fix->command);
		free(text);
		json_append(cell.json, json_string(fix->command));
	}
	return cell;
}

static struct cell doctor_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct examination *examination = data;
	const struct finding *finding = &examination->findings[row];
	const char *text, *color = NULL;

	(void)bytes;
	switch (column) {
	case COL_FIXES:
		return list_cell(finding, false);
	case COL_ALTERNATIVES:
		return list_cell(finding, true);
	case COL_ID:
		text = checks[examination->indexes[row]].id;
		break;
	case COL_STATUS:
		text = statuses[finding->status].member;
		color = statuses[finding->status].color;
		break;
	default:
		text = finding->text;
		break;
	}
	return (struct cell){
		.text = text_format("%s", text),
		.json = json_string(text),
		.color = color,
	};
}

static void print_finding(const struct pinctl *pinctl, const char *id,
			  const struct finding *finding)
{
	static const char indent[] = "                                  ";
	char *text = text_for_terminal(finding->text), status[16];
	size_t i;

	printf(" %-24s ", id);
	snprintf(status, sizeof(status), "%-7s", statuses[finding->status].text);
	output_colored(pinctl, statuses[finding->status].color, status);
	putchar(' ');
	text_print_wrapped(text, strlen(indent), indent, output_width());
	free(text);
	/* Never wrapped: they are for pasting. */
	for (i = 0; i < finding->fix_count; i++)
		printf("   %s %s\n", finding->fixes[i].alternative ? "or: " : "fix:",
		       finding->fixes[i].command);
}

static struct json_object *features_json(const struct machine *machine)
{
	struct json_object *features = json_array();
	size_t i;

	for (i = 0; i < libpin_feature_count(); i++)
		if (machine->features & libpin_feature_bit(i))
			json_append(features, json_string(libpin_feature_name(i)));
	return features;
}

static void print_features(const struct machine *machine)
{
	size_t i;

	if (!machine->answered)
		return;
	fputs("\nfeatures:", stdout);
	for (i = 0; i < libpin_feature_count(); i++)
		if (machine->features & libpin_feature_bit(i))
			printf(" %s", libpin_feature_name(i));
	putchar('\n');
}

static void kernel_release(const struct machine *machine, char *release, size_t size)
{
	snprintf(release, size, "unknown");
	system_line(machine->system, "/proc/sys/kernel/osrelease", release, size);
}

static void print_json(struct pinctl *pinctl, const struct doctor_options *options,
		       const struct examination *examination, const struct table *table)
{
	struct json_object *document = json_document("pinctl.doctor/1");
	char release[96];
	size_t i;

	kernel_release(&examination->machine, release, sizeof(release));
	json_add_string(document, "kernel", release);
	json_add_string(document, "pinctl", PINCTL_VERSION);
	json_add_string(document, "process", examination->machine.process + strlen("/proc/"));
	json_add_string(document, "sysroot", options->sysroot);
	json_add_string(document, "saved", options->save);
	json_add(document, "features", features_json(&examination->machine));
	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		json_add_integer(document, statuses[i].member, examination->statuses[i]);
	json_add(document, "checks", table_json(pinctl, table));
	json_print(pinctl, document);
}

static void print_text(const struct pinctl *pinctl, const struct doctor_options *options,
		       const struct examination *examination)
{
	const struct machine *machine = &examination->machine;
	char release[96], *shown;
	size_t i;

	kernel_release(machine, release, sizeof(release));
	shown = text_for_terminal(release);
	printf("kernel %s, pinctl " PINCTL_VERSION, shown);
	free(shown);
	if (!machine->self) {
		shown = text_for_terminal(machine->process + strlen("/proc/"));
		printf(", process %s", shown);
		free(shown);
	}
	if (options->sysroot) {
		shown = text_for_terminal(options->sysroot);
		printf(", read from %s", shown);
		free(shown);
	}
	fputs("\n\n", stdout);
	for (i = 0; i < examination->count; i++)
		print_finding(pinctl, checks[examination->indexes[i]].id,
			      &examination->findings[i]);
	print_features(machine);
	printf("\n%zu ok, %zu warn, %zu FAIL, %zu unknown\n", examination->statuses[STATUS_OK],
	       examination->statuses[STATUS_WARN], examination->statuses[STATUS_FAIL],
	       examination->statuses[STATUS_UNKNOWN]);
}

/* --- fixes as a script ------------------------------------------------------ */

/* A name behind a dollar sign that is for the user to set: $IMAGE, not $USER. */
static bool name_to_set(const char *command, char *name, size_t size)
{
	const char *dollar = command;
	size_t length;

	while ((dollar = strchr(dollar, '$'))) {
		dollar++;
		for (length = 0; isupper((unsigned char)dollar[length]); length++)
			;
		if (!length)
			continue;
		snprintf(name, size, "%.*s", (int)length, dollar);
		return true;
	}
	return false;
}

/* In a script "$$" is the script: what is meant is the shell that asked. */
static void print_command(const char *command)
{
	const char *self = strstr(command, "$$");

	if (self)
		printf("%.*s%d%s\n", (int)(self - command), command, getppid(), self + 2);
	else
		puts(command);
}

static bool printed_before(const struct examination *examination, size_t row,
			   const char *command)
{
	size_t i, j;

	for (i = 0; i < row; i++)
		for (j = 0; j < examination->findings[i].fix_count; j++)
			if (!strcmp(examination->findings[i].fixes[j].command, command))
				return true;
	return false;
}

static void print_fix(const struct examination *examination, size_t row, const struct fix *fix)
{
	char name[32];

	if (printed_before(examination, row, fix->command)) {
		puts("# (as above)");
	} else if (name_to_set(fix->command, name, sizeof(name))) {
		printf("# %s: set %s first: %s\n", fix->alternative ? "or" : "to do", name,
		       fix->command);
	} else if (fix->alternative) {
		fputs("# or: ", stdout);
		print_command(fix->command);
	} else {
		print_command(fix->command);
	}
}

static void print_fixes(const struct examination *examination)
{
	size_t i, j;

	puts("#!/bin/sh\n"
	     "# What \"pinctl doctor\" advises. Read it before you run it.");
	for (i = 0; i < examination->count; i++) {
		const struct finding *finding = &examination->findings[i];
		char *text;

		if (!finding->fix_count)
			continue;
		text = text_for_terminal(finding->text);
		printf("\n# %s: %s\n", checks[examination->indexes[i]].id, text);
		free(text);
		for (j = 0; j < finding->fix_count; j++)
			print_fix(examination, i, &finding->fixes[j]);
	}
}

/* --- running ---------------------------------------------------------------- */

static void examine(const struct doctor_options *options, struct examination *examination)
{
	struct finding *finding;
	size_t i;

	for (i = 0; i < check_count; i++) {
		if (!options->chosen[i])
			continue;
		finding = &examination->findings[examination->count];
		check_run(&checks[i], &examination->machine, finding);
		examination->indexes[examination->count++] = i;
		examination->statuses[finding->status]++;
	}
}

static void print_examination(struct pinctl *pinctl, const struct doctor_options *options,
			      const struct examination *examination, struct table *table)
{
	table->data = examination;
	table->rows = examination->count;
	if (pinctl->json)
		print_json(pinctl, options, examination, table);
	else if (options->print_fixes)
		print_fixes(examination);
	else if (pinctl->raw || pinctl->columns)
		table_print(pinctl, table);
	else if (!pinctl->quiet)
		print_text(pinctl, options, examination);
}

static int save(struct pinctl *pinctl, const struct doctor_options *options,
		const struct system *system)
{
	int ret = system_save(system, options->save);

	if (ret)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "cannot save to %s: %s",
				options->save, strerror(-ret));
	if (!pinctl->quiet) {
		char *shown = text_for_terminal(options->save);

		fprintf(stderr, "pinctl: %zu files saved to %s: look through them before you "
			"send it (tar xf)\n", system_count(system), shown);
		free(shown);
	}
	return EXIT_YES;
}

static int doctor_on(struct pinctl *pinctl, const struct doctor_options *options,
		     struct system *system, struct table *table)
{
	struct examination examination = { 0 };
	bool failed;
	size_t i;
	int ret = EXIT_YES;

	machine_look(&examination.machine, system, options->pid);
	examine(options, &examination);
	if (options->save)
		ret = save(pinctl, options, system);
	if (!ret) {
		print_examination(pinctl, options, &examination, table);
		failed = examination.statuses[STATUS_FAIL] ||
			 (options->strict && examination.statuses[STATUS_WARN]);
		ret = failed ? EXIT_NO : EXIT_YES;
	}
	for (i = 0; i < examination.count; i++)
		finding_release(&examination.findings[i]);
	return ret;
}

static int doctor(struct pinctl *pinctl, const struct doctor_options *options)
{
	struct table table = { .columns = columns, .cell = doctor_cell };
	struct system *system;
	char path[64];
	int ret;

	ret = table_choose(pinctl, &table, "ID,STATUS,TEXT");
	if (ret)
		return ret;
	ret = system_open(&system, options->sysroot);
	if (ret)
		return complain(pinctl, EXIT_UNKNOWN, ret == -EINVAL ?
				"it is neither a directory nor what doctor --save writes" : NULL,
				NULL, "cannot read %s: %s", options->sysroot, strerror(-ret));
	snprintf(path, sizeof(path), "/proc/%d/status", options->pid);
	if (options->pid && !system_read(system, path, NULL))
		ret = complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "there is no process %d",
			       options->pid);
	else
		ret = doctor_on(pinctl, options, system, &table);
	system_close(system);
	return ret;
}

static int list_checks(struct pinctl *pinctl)
{
	struct json_object *document, *list = json_array();
	size_t i;

	for (i = 0; i < check_count; i++) {
		struct json_object *object = json_members();

		json_add_string(object, "id", checks[i].id);
		json_add_string(object, "summary", checks[i].summary);
		json_append(list, object);
		if (!pinctl->json)
			printf("%-24s %s\n", checks[i].id, checks[i].summary);
	}
	if (!pinctl->json) {
		json_object_put(list);
		return EXIT_YES;
	}
	document = json_document("pinctl.checks/1");
	json_add(document, "checks", list);
	json_print(pinctl, document);
	return EXIT_YES;
}

/* Sets or clears the checks that @list names by commas. */
static int choose(struct pinctl *pinctl, struct doctor_options *options, const char *what,
		  const char *list, bool chosen)
{
	char *words = text_format("%s", list), *save, *word;
	int index, ret = *list ? 0 : complain_usage(pinctl, NULL, "%s needs a check", what);

	for (word = strtok_r(words, ",", &save); word && !ret; word = strtok_r(NULL, ",", &save)) {
		index = values_find(pinctl, VALUES_CHECK, what, word);
		if (index < 0)
			ret = EXIT_USAGE;
		else
			options->chosen[index] = chosen;
	}
	free(words);
	return ret;
}

static int parse_pid(struct pinctl *pinctl, const char *text, pid_t *pid)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*text) || !value || value > INT_MAX)
		return complain_usage(pinctl, NULL, "'%s' is no process id", text);
	*pid = (pid_t)value;
	return 0;
}

static const struct option_def doctor_options[] = {
	{ OPTION_ONLY, "only", "ID", "these checks alone, separated by commas", VALUES_CHECK },
	{ OPTION_SKIP, "skip", "ID", "not these checks", VALUES_CHECK },
	{ OPTION_LIST, "list-checks", NULL, "the ids of the checks, and what they are for" },
	{ OPTION_PID, "pid", "PID", "limits and rights of that process, not of pinctl",
	  VALUES_PID },
	{ OPTION_PRINT_FIXES, "print-fixes", NULL, "only the fixes, as a shell script" },
	{ OPTION_STRICT, "strict", NULL, "warnings fail, too" },
	{ OPTION_SAVE, "save", "FILE", "write what was read to FILE, for a bug report",
	  VALUES_FILE },
	{ OPTION_SYSROOT, "sysroot", "PATH", "examine a file saved before, or a directory",
	  VALUES_FILE },
	{ 'q', "quiet", NULL, "print nothing: the exit code answers" },
	{ 0 }
};

struct doctor_state {
	struct doctor_options options;
	bool only;
};

static int doctor_option(struct pinctl *pinctl, struct doctor_state *state, int id,
			 const char *value)
{
	struct doctor_options *options = &state->options;

	switch (id) {
	case OPTION_ONLY:
		if (!state->only)
			memset(options->chosen, 0, sizeof(options->chosen));
		state->only = true;
		return choose(pinctl, options, "--only", value, true);
	case OPTION_SKIP:
		return choose(pinctl, options, "--skip", value, false);
	case OPTION_LIST:
		options->list = true;
		return 0;
	case OPTION_PID:
		return parse_pid(pinctl, value, &options->pid);
	case OPTION_PRINT_FIXES:
		options->print_fixes = true;
		return 0;
	case OPTION_STRICT:
		options->strict = true;
		return 0;
	case OPTION_SAVE:
		options->save = value;
		return 0;
	case OPTION_SYSROOT:
		options->sysroot = value;
		return 0;
	case 'q':
		pinctl->quiet = true;
		return 0;
	case OPTION_ARGUMENT:
		return complain_usage(pinctl, NULL, "doctor takes no target: %s", value);
	default:
		return EXIT_USAGE;
	}
}

static int doctor_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct doctor_state state = { 0 };
	const char *value;
	int id, ret;

	memset(state.options.chosen, true, check_count);
	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		ret = doctor_option(pinctl, &state, id, value);
		if (ret)
			return ret;
	}
	if (state.options.list)
		return list_checks(pinctl);
	if (state.options.print_fixes && pinctl->json)
		return complain_usage(pinctl, NULL, "-J has the fixes in its own way");
	return doctor(pinctl, &state.options);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.synopsis = "doctor [--only ID|--skip ID] [--pid PID] [--print-fixes] [OPTIONS]\n"
		    " pinctl doctor --save FILE | --sysroot FILE|DIRECTORY",
	.summary = "check this machine: module, device, limits, zones",
	.description =
		"Checks whether this machine, and this user on it, can pin memory, and gives the\n"
		"command that mends what is not right. Exit code 1 if a check says FAIL; warnings\n"
		"(without --strict) and what cannot be found out fail nothing. Needs neither the\n"
		"module nor privileges. What --save writes, --sysroot examines elsewhere.",
	.options = doctor_options,
	.columns = columns,
	.examples =
		" pinctl doctor\n"
		" pinctl doctor --pid 4242 --only memlock.soft,memlock.process\n"
		" pinctl doctor --print-fixes\n"
		" pinctl doctor -q --save report.tar; pinctl doctor --sysroot report.tar\n"
		" pinctl doctor -J | jq -r '.checks[] | select(.status == \"fail\") | .fixes[]'\n",
	.run = doctor_run,
};
