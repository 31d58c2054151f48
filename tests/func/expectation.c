// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads matrix.txt. A mistake in the file ends the program: nothing is skipped.
 */
#include "expectation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct expectation lines[512];
static size_t count;

static void die(const char *path, int number, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", path, number, what);
	exit(2);
}

static bool is_one_of(const char *word, const char *const words[])
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* Does a list with commas between name it? */
static bool names(const char *list, const char *name)
{
	size_t length = strlen(name);
	const char *at = list;

	if (!strcmp(list, "all"))
		return true;
	for (; (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ',') &&
		    (at[length] == ',' || !at[length]))
			return true;
	return false;
}

/* Keep a line if it is for this kernel. */
static void read_line(const char *path, int number, const char *text,
		      const char *kernel)
{
	static const char *const accesses[] = { "read", "write", "both", NULL };
	static const char *const checks[] = { "yes", "no", "try", "-", NULL };
	struct expectation *line = &lines[count];
	char rest[2];

	if (count == sizeof(lines) / sizeof(*lines))
		die(path, number, "too many lines");
	if (sscanf(text, "%31s %7s %23s %7s %31s %7s %1s", line->kind, line->access,
		   line->kernels, line->check, line->pin, line->at, rest) != 6)
		die(path, number, "not six words");
	if (!is_one_of(line->access, accesses) || !is_one_of(line->check, checks))
		die(path, number, "an unknown word");
	line->number = number;
	if (names(line->kernels, kernel))
		count++;
}

void expectations_read(const char *path, const char *machine, const char *kernel)
{
	FILE *file = fopen(path, "re");
	char text[256], section[32] = "";
	int number = 0;

	if (!file)
		die(path, 0, strerror(errno));
	count = 0;
	while (fgets(text, sizeof(text), file)) {
		number++;
		text[strcspn(text, "#\n")] = '\0';
		if (text[strspn(text, " \t")] == '\0')
			continue;
		if (sscanf(text, "machine %31s", section) == 1)
			continue;
		if (!strcmp(section, machine))
			read_line(path, number, text, kernel);
	}
	fclose(file);
}

size_t expectations_count(void)
{
	return count;
}

const struct expectation *expectation_number(size_t number)
{
	return &lines[number];
}

const struct expectation *expectation_find(const char *kind, const char *access)
{
	const struct expectation *found = NULL;
	size_t i;

	for (i = 0; i < count; i++) {
		if (strcmp(lines[i].kind, kind) ||
		    (strcmp(lines[i].access, access) &&
		     strcmp(lines[i].access, "both")))
			continue;
		if (found)
			return NULL;
		found = &lines[i];
	}
	return found;
}
