// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Omissions: see omission.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "omission.h"
#include "output.h"
#include "size.h"

void omissions_add(struct omissions *omissions, struct omission omission)
{
	omissions->array = reallocarray(omissions->array, omissions->count + 1,
					sizeof(*omissions->array));
	if (!omissions->array)
		out_of_memory();
	omissions->array[omissions->count++] = omission;
}

static bool is_first_of_reason(const struct omissions *omissions, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (!strcmp(omissions->array[i].why, omissions->array[index].why))
			return false;
	return true;
}

/* "small 2M 128M, memfd 2M by io_uring": @last is the one that was printed before. */
static void print_what(const struct omission *omission, const struct omission *last)
{
	bool same = last && !strcmp(last->memory, omission->memory);
	char text[SIZE_TEXT_MAX];

	if (!same)
		fprintf(stderr, "%s%s", last ? ", " : "", omission->memory);
	if (omission->length)
		fprintf(stderr, " %s", size_to_text(omission->length, text));
	if (omission->by)
		fprintf(stderr, " by %s", omission->by);
}

/* Sizes rise, and what the last one takes is enough for all. */
static const char *last_fix(const struct omissions *omissions, const char *why)
{
	const char *fix = NULL;
	size_t i;

	for (i = 0; i < omissions->count; i++)
		if (!strcmp(omissions->array[i].why, why) && omissions->array[i].fix)
			fix = omissions->array[i].fix;
	return fix;
}

void omissions_print(const struct omissions *omissions)
{
	const struct omission *last;
	const char *why, *fix;
	size_t i, k;

	for (i = 0; i < omissions->count; i++) {
		if (!is_first_of_reason(omissions, i))
			continue;
		why = omissions->array[i].why;
		fputs("pinctl: not measured: ", stderr);
		for (k = i, last = NULL; k < omissions->count; k++) {
			if (strcmp(omissions->array[k].why, why))
				continue;
			print_what(&omissions->array[k], last);
			last = &omissions->array[k];
		}
		fprintf(stderr, "\n  %s\n", why);
		fix = last_fix(omissions, why);
		if (fix)
			fprintf(stderr, "  fix: %s\n", fix);
	}
}

struct json_object *omissions_json(const struct omissions *omissions)
{
	struct json_object *array = json_array(), *object;
	const struct omission *omission;
	size_t i;

	for (i = 0; i < omissions->count; i++) {
		omission = &omissions->array[i];
		object = json_members();
		json_add_string(object, "memory", omission->memory);
		json_add(object, "size", omission->length ? json_integer(omission->length) : NULL);
		json_add_integer(object, "taken", omission->taken);
		json_add_string(object, "by", omission->by);
		json_add_string(object, "why", omission->why);
		json_add_string(object, "fix", omission->fix);
		json_append(array, object);
	}
	return array;
}

void omissions_release(struct omissions *omissions)
{
	size_t i;

	for (i = 0; i < omissions->count; i++) {
		free(omissions->array[i].why);
		free(omissions->array[i].fix);
	}
	free(omissions->array);
	*omissions = (struct omissions){ 0 };
}
