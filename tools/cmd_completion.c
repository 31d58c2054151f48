// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl completion: scripts that let a shell complete pinctl's command line.
 *
 * They are made from the option tables (option_at(), values_word()); what is
 * fixed in a script is only how its shell is spoken to.  A script calls nothing:
 * completing must work, fast, where pinctl itself is not to be run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "pinctl.h"

static const char target_words[] = "self file: new:anon, new:shmem, new:memfd,";
static const char place_words[] = "block: file: node: pfn: phys: zone:";
static const char pin_words[] = "pin:";

static const char header[] =
	"# Completion of pinctl, made by \"pinctl completion\" of version " PINCTL_VERSION ".\n";

/* The words of @values, each between @before and @after. */
static void print_words(const struct command *command, enum values values, const char *before,
			const char *after)
{
	const char *word;
	size_t i;

	for (i = 0; (word = values_word(command, values, i)); i++)
		printf("%s%s%s", before, word, after);
}

/* --- bash ------------------------------------------------------------------ */

/*
 * The line is split at blanks and not where readline splits it (at ':' and '='
 * too), because a target contains colons; what stands before the last of them is
 * taken off the answers again.
 */
static const char bash_engine[] =
	"_pinctl_offer() { # LIST-OR-NOT WORDS...\n"
	"\tlocal done='' word=$cur list=$1\n"
	"\tshift\n"
	"\tif [ \"$list\" = list ]; then\n"
	"\t\tcase $word in\n"
	"\t\t*,*) done=${word%,*}, ;;\n"
	"\t\t[+-]*) done=${word:0:1} ;;\n"
	"\t\tesac\n"
	"\t\tword=${word#\"$done\"}\n"
	"\tfi\n"
	"\tmapfile -t COMPREPLY < <(compgen -P \"$done\" -W \"$*\" -- \"$word\")\n"
	"}\n"
	"\n"
	"_pinctl_files() { # PREFIX PATH\n"
	"\tcompopt -o filenames 2> /dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -P \"$1\" -f -- \"$2\")\n"
	"}\n"
	"\n"
	"# No blank behind a word that is not whole.\n"
	"_pinctl_goes_on() {\n"
	"\tcase ${COMPREPLY[*]} in\n"
	"\t*[:,]) compopt -o nospace 2> /dev/null ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_pinctl_pids() { # WORDS...: besides\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$*\" -- \"$cur\"\n"
	"\t\tcd /proc && compgen -G \"${cur:-[0-9]}*\" | grep '^[0-9]*$')\n"
	"\t_pinctl_goes_on\n"
	"}\n"
	"\n"
	"_pinctl_place() { # WORDS...\n"
	"\tlocal -a found\n"
	"\tcase $cur in\n"
	"\tfile:*) _pinctl_files file: \"${cur#file:}\"; return ;;\n"
	"\tblock:*)\n"
	"\t\tfound=(/sys/devices/system/memory/memory[0-9]*)\n"
	"\t\tset -- \"${found[@]/#*\\//block:}\"\n"
	"\t\t;;\n"
	"\tnode:*)\n"
	"\t\tfound=(/sys/devices/system/node/node[0-9]*)\n"
	"\t\tset -- \"${found[@]/#*\\/node/node:}\"\n"
	"\t\t;;\n"
	"\tzone:*) set -- zone:DMA zone:DMA32 zone:Normal zone:Movable zone:Device ;;\n"
	"\tesac\n"
	"\t_pinctl_offer one \"$@\"\n"
	"\t_pinctl_goes_on\n"
	"}\n"
	"\n"
	"_pinctl_target() { # WORDS...\n"
	"\tcase $cur in\n"
	"\t[0-9]*) _pinctl_pids ;;\n"
	"\t*) _pinctl_place \"$@\" ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_pinctl() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} cur previous command='' option at word\n"
	"\tlocal -a words && read -ra words <<< \"$line\"\n"
	"\tcase $line in\n"
	"\t*[[:blank:]]) words+=('') ;;\n"
	"\tesac\n"
	"\tat=$((${#words[@]} - 1))\n"
	"\t[ \"$at\" -ge 1 ] || return\n"
	"\tcur=${words[at]} previous=${words[at - 1]}\n"
	"\tfor word in \"${words[@]:1:at-1}\"; do\n"
	"\t\tcase $word in\n"
	"\t\t-*) ;;\n"
	"\t\t*) command=$word; break ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tcase $cur in\n"
	"\t--*=*) option=${cur%%=*} cur=${cur#*=} ;;\n"
	"\t*) option=$previous ;;\n"
	"\tesac\n"
	"\t_pinctl_argument || _pinctl_word\n"
	"\t# What readline has split off already.\n"
	"\tcase $COMP_WORDBREAKS in\n"
	"\t*:*)\n"
	"\t\tat=${cur%\"${cur##*:}\"}\n"
	"\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"$at\"}\")\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"complete -F _pinctl pinctl\n";

static void bash_values(const struct command *command, enum values values)
{
	if (values == VALUES_FILE) {
		fputs("_pinctl_files '' \"$cur\"", stdout);
	} else if (values == VALUES_TARGET) {
		printf("_pinctl_target %s", target_words);
	} else if (values == VALUES_PLACE) {
		printf("_pinctl_place %s", place_words);
	} else if (values == VALUES_PID) {
		fputs("_pinctl_pids", stdout);
	} else if (values == VALUES_PID_OR_PIN) {
		printf("_pinctl_pids %s", pin_words);
	} else {
		printf("_pinctl_offer %s", values_are_list(values) ? "list" : "one");
		print_words(command, values, " ", "");
	}
}

/* One line of a case for each option that takes an argument. */
static void bash_arguments_of(const struct command *command)
{
	const char *name = command ? command->name : "";
	const struct option_def *def;
	size_t i;

	for (i = 0; (def = option_at(command, i)); i++) {
		if (!def->argument)
			continue;
		/* Behind "--color" alone comes something else. */
		if (option_argument_is_optional(def))
			printf("\t%s:--%s:--*=*) ", name, def->name);
		else if (def->id < OPTION_LONG)
			printf("\t%s:-%c:* | %s:--%s:*) ", name, def->id, name, def->name);
		else
			printf("\t%s:--%s:*) ", name, def->name);
		if (def->values)
			bash_values(command, def->values);
		else
			fputs("COMPREPLY=()", stdout);
		puts(" ;;");
	}
}

static void bash_word_of(const struct command *command)
{
	const struct option_def *def;
	size_t i;

	printf("\t%s:-*) _pinctl_offer one", command ? command->name : "");
	for (i = 0; (def = option_at(command, i)); i++) {
		if (def->id < OPTION_LONG)
			printf(" -%c", def->id);
		printf(" --%s", def->name);
	}
	puts(" ;;");
	if (!command) {
		fputs("\t:*) _pinctl_offer one", stdout);
		print_words(NULL, VALUES_COMMAND, " ", "");
		puts(" help ;;");
		return;
	}
	if (!command->arguments[0])
		return;
	printf("\t%s:*) ", command->name);
	if (command->arguments[1]) {
		printf("_pinctl_target %s", target_words);
		print_words(command, command->arguments[0], " ", "");
	} else {
		bash_values(command, command->arguments[0]);
	}
	puts(" ;;");
}

static void print_bash(void)
{
	size_t i;

	fputs(header, stdout);
	puts("\n# The argument of an option; fails if there is none to complete.\n"
	     "_pinctl_argument() {\n\tcase $command:$option:${words[at]} in");
	bash_arguments_of(NULL);
	for (i = 0; commands[i]; i++)
		bash_arguments_of(commands[i]);
	puts("\t*) return 1 ;;\n\tesac\n}\n\n_pinctl_word() {\n\tcase $command:$cur in");
	bash_word_of(NULL);
	for (i = 0; commands[i]; i++)
		bash_word_of(commands[i]);
	fputs("\thelp:*) _pinctl_offer one", stdout);
	print_words(NULL, VALUES_COMMAND, " ", "");
	puts(" ;;\n\tesac\n}\n");
	fputs(bash_engine, stdout);
}

/* --- zsh ------------------------------------------------------------------- */

static const char zsh_engine[] =
	"_pinctl_list() { # WORDS...: separated by commas, the first after + or -\n"
	"\tcompset -P '*,' || compset -P '[+-]'\n"
	"\tcompadd -S '' -- \"$@\"\n"
	"}\n"
	"\n"
	"_pinctl_place() { # WORDS...\n"
	"\tif compset -P file:; then\n"
	"\t\t_files\n"
	"\telif compset -P block:; then\n"
	"\t\tcompadd -- /sys/devices/system/memory/memory<->(N:t)\n"
	"\telif compset -P node:; then\n"
	"\t\tcompadd -- /sys/devices/system/node/node<->(N:t:s/node//)\n"
	"\telif compset -P zone:; then\n"
	"\t\tcompadd -- DMA DMA32 Normal Movable Device\n"
	"\telse\n"
	"\t\tcompadd -S '' -- ${(M)@:#*[:,]}\n"
	"\t\tcompadd -- ${@:#*[:,]}\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_pinctl_target() { # WORDS...\n"
	"\tif [[ $PREFIX == [0-9]* ]]; then\n"
	"\t\t_pids\n"
	"\telse\n"
	"\t\t_pinctl_place \"$@\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_pinctl_pids() { # WORDS...: besides\n"
	"\t[[ $PREFIX == [0-9]* ]] || compadd -S '' -- \"$@\"\n"
	"\t_pids\n"
	"}\n"
	"\n"
	"_pinctl \"$@\"\n";

/* Help between the brackets of a specification, in single quotes. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_values(const struct command *command, enum values values)
{
	if (values == VALUES_FILE) {
		fputs("_files", stdout);
	} else if (values == VALUES_TARGET) {
		printf("_pinctl_target %s", target_words);
	} else if (values == VALUES_PLACE) {
		printf("_pinctl_place %s", place_words);
	} else if (values == VALUES_PID) {
		fputs("_pids", stdout);
	} else if (values == VALUES_PID_OR_PIN) {
		printf("_pinctl_pids %s", pin_words);
	} else if (values_are_list(values)) {
		fputs("_pinctl_list", stdout);
		print_words(command, values, " ", "");
	} else {
		putchar('(');
		print_words(command, values, "", " ");
		putchar(')');
	}
}

static void zsh_option(const struct command *command, const struct option_def *def)
{
	const char *equals = "";

	if (def->argument)
		equals = option_argument_is_optional(def) ? "=-" : "=";
	fputs("\t\t", stdout);
	if (def->id < OPTION_LONG)
		printf("{-%c%s,--%s%s}", def->id, def->argument ? "+" : "", def->name, equals);
	else
		printf("--%s%s", def->name, equals);
	fputs("'[", stdout);
	zsh_text(def->help);
	putchar(']');
	if (def->argument) {
		/* A second colon: the argument may be left out. */
		printf("%s:", option_argument_is_optional(def) ? ":" : "");
		zsh_text(def->name);
		putchar(':');
		if (def->values)
			zsh_values(command, def->values);
	}
	puts("' \\");
}

static void zsh_arguments(const struct command *command)
{
	if (!command->arguments[0])
		return;
	fputs("\t\t'*:argument:", stdout);
	if (command->arguments[1]) {
		printf("_pinctl_target %s", target_words);
		print_words(command, command->arguments[0], " ", "");
	} else {
		zsh_values(command, command->arguments[0]);
	}
	puts("' \\");
}

static void zsh_command(const struct command *command)
{
	const struct option_def *def;
	size_t i;

	printf("\t%s)\n\t\t_arguments -s -S \\\n", command->name);
	for (i = 0; (def = option_at(command, i)); i++)
		zsh_option(command, def);
	zsh_arguments(command);
	puts("\t\t&& ret=0\n\t\t;;");
}

static void print_zsh(void)
{
	const struct option_def *def;
	size_t i;

	printf("#compdef pinctl\n%s\n", header);
	puts("_pinctl() {\n\tlocal curcontext=$curcontext state line ret=1\n"
	     "\tlocal -a names\n\tnames=(");
	for (i = 0; commands[i]; i++) {
		printf("\t\t'%s:", commands[i]->name);
		zsh_text(commands[i]->summary);
		puts("'");
	}
	puts("\t\t'help:the help of a command'\n\t)\n\t_arguments -C -s -S \\");
	for (i = 0; (def = option_at(NULL, i)); i++)
		zsh_option(NULL, def);
	puts("\t\t'1:command:->command' '*::argument:->argument' && ret=0\n"
	     "\tcase $state in\n\tcommand)\n\t\t_describe -t commands command names && ret=0\n"
	     "\t\treturn ret\n\t\t;;\n\targument) ;;\n\t*) return ret ;;\n\tesac\n"
	     "\tcase $line[1] in");
	for (i = 0; commands[i]; i++)
		zsh_command(commands[i]);
	puts("\thelp)\n\t\t_describe -t commands command names && ret=0\n\t\t;;\n\tesac\n"
	     "\treturn ret\n}\n");
	fputs(zsh_engine, stdout);
}

/* --- fish ------------------------------------------------------------------ */

static const char fish_engine[] =
	"# Whether the first word that is no option is this one; or there is none.\n"
	"function __pinctl_command\n"
	"\tfor word in (commandline -opc)[2..-1]\n"
	"\t\tif not string match -q -- '-*' $word\n"
	"\t\t\ttest \"$word\" = \"$argv[1]\"\n"
	"\t\t\treturn\n"
	"\t\tend\n"
	"\tend\n"
	"\ttest -z \"$argv[1]\"\n"
	"end\n"
	"\n"
	"# Words separated by commas, the first after + or -.\n"
	"function __pinctl_list\n"
	"\tset -l done (commandline -ct | string replace -r -- '^--[a-z-]+=' '' |\n"
	"\t\tstring replace -r -- '^([+-]?(.*,)?).*' '$1')\n"
	"\tfor word in $argv\n"
	"\t\techo $done$word\n"
	"\tend\n"
	"end\n"
	"\n"
	"function __pinctl_place\n"
	"\tset -l cur (commandline -ct)\n"
	"\tif string match -q -- 'file:*' $cur\n"
	"\t\tset -l path (string replace -r -- '^file:' '' $cur)\n"
	"\t\tfor match in $path*\n"
	"\t\t\tif test -d $match\n"
	"\t\t\t\tset match $match/\n"
	"\t\t\tend\n"
	"\t\t\techo file:$match\n"
	"\t\tend\n"
	"\telse if string match -q -- 'block:*' $cur\n"
	"\t\tstring replace -r -- '.*/' block: /sys/devices/system/memory/memory*\n"
	"\telse if string match -q -- 'node:*' $cur\n"
	"\t\tstring replace -r -- '.*/node' node: /sys/devices/system/node/node*\n"
	"\telse if string match -q -- 'zone:*' $cur\n"
	"\t\tprintf 'zone:%s\\n' DMA DMA32 Normal Movable Device\n"
	"\telse\n"
	"\t\tprintf '%s\\n' $argv\n"
	"\tend\n"
	"end\n"
	"\n"
	"function __pinctl_target\n"
	"\tif string match -qr -- '^[0-9]' (commandline -ct)\n"
	"\t\t__fish_complete_pids\n"
	"\telse\n"
	"\t\t__pinctl_place $argv\n"
	"\tend\n"
	"end\n"
	"\n"
	"complete -c pinctl -f\n";

/* Text between single quotes. */
static void fish_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

static void fish_values(const struct command *command, enum values values)
{
	if (values == VALUES_FILE) {
		fputs(" -r -F", stdout);
		return;
	}
	fputs(" -x -a '", stdout);
	if (values == VALUES_TARGET) {
		printf("(__pinctl_target %s)", target_words);
	} else if (values == VALUES_PLACE) {
		printf("(__pinctl_place %s)", place_words);
	} else if (values == VALUES_PID) {
		fputs("(__fish_complete_pids)", stdout);
	} else if (values == VALUES_PID_OR_PIN) {
		printf("(__fish_complete_pids) %s", pin_words);
	} else if (values_are_list(values)) {
		fputs("(__pinctl_list", stdout);
		print_words(command, values, " ", "");
		putchar(')');
	} else {
		print_words(command, values, "", " ");
	}
	putchar('\'');
}

static void fish_option(const struct command *command, const struct option_def *def)
{
	printf("complete -c pinctl -n '__pinctl_command %s'", command ? command->name : "\"\"");
	if (def->id < OPTION_LONG)
		printf(" -s %c", def->id);
	printf(" -l %s -d '", def->name);
	fish_text(def->help);
	putchar('\'');
	if (def->argument && option_argument_is_optional(def)) {
		fputs(" -f -a '", stdout);
		print_words(command, def->values, "", " ");
		putchar('\'');
	} else if (def->argument && def->values) {
		fish_values(command, def->values);
	} else if (def->argument) {
		fputs(" -x", stdout);
	}
	putchar('\n');
}

static void fish_command(const struct command *command)
{
	const struct option_def *def;
	size_t i;

	printf("\ncomplete -c pinctl -n '__pinctl_command \"\"' -a %s -d '", command->name);
	fish_text(command->summary);
	puts("'");
	for (i = 0; (def = option_at(command, i)); i++)
		fish_option(command, def);
	for (i = 0; i < ARRAY_SIZE(command->arguments) && command->arguments[i]; i++) {
		printf("complete -c pinctl -n '__pinctl_command %s'", command->name);
		fish_values(command, command->arguments[i]);
		putchar('\n');
	}
}

static void print_fish(void)
{
	const struct option_def *def;
	size_t i;

	printf("%s\n", header);
	fputs(fish_engine, stdout);
	for (i = 0; (def = option_at(NULL, i)); i++)
		fish_option(NULL, def);
	for (i = 0; commands[i]; i++)
		fish_command(commands[i]);
	puts("\ncomplete -c pinctl -n '__pinctl_command \"\"' -a help "
	     "-d 'the help of a command'");
	fputs("complete -c pinctl -n '__pinctl_command help' -x -a '", stdout);
	print_words(NULL, VALUES_COMMAND, "", " ");
	puts("'");
}

/* In the order of values.c. */
static void (*const print_shell[])(void) = { print_bash, print_fish, print_zsh };

static int completion_run(struct pinctl *pinctl, struct arguments *arguments)
{
	const char *value;
	int id, shell = -1;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		if (id != OPTION_ARGUMENT)
			return EXIT_USAGE;
		if (shell >= 0)
			return complain_usage(pinctl, NULL, "more than one shell: %s", value);
		shell = values_find(pinctl, VALUES_SHELL, "the shell", value);
		if (shell < 0)
			return EXIT_USAGE;
	}
	if (shell < 0)
		return complain_usage(pinctl, NULL, "completion needs a shell: bash, fish or zsh");
	if (pinctl->json)
		return complain_usage(pinctl, NULL, "a script is no JSON document");
	print_shell[shell]();
	return EXIT_YES;
}

const struct command cmd_completion = {
	.name = "completion",
	.synopsis = "completion bash|fish|zsh",
	.summary = "print a shell's completion script",
	.description =
		"Prints a script that lets the shell complete pinctl's commands, options, columns\n"
		"and targets. \"make install\" puts the scripts where the shells look for them.",
	.arguments = { VALUES_SHELL },
	.examples =
		" source <(pinctl completion bash)\n"
		" pinctl completion zsh > ~/.zfunc/_pinctl\n"
		" pinctl completion fish > ~/.config/fish/completions/pinctl.fish\n",
	.run = completion_run,
};
