// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Explanation: one reason with everything that helps: what the program saw,
 * which rule it was, what the rule is for, what ends it.  The words are
 * libpin's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explanation.h"
#include "segment.h"
#include "size.h"
#include "text.h"

#define INDENT "            "

/* More places than these are counted, not listed. */
#define PLACES_MAX 8

static const struct {
	uint32_t flag;
	const char *mark;
	const char *member;
} marks[] = {
	{ LIBPIN_REMEDY_DESTROYS_DATA, "destroys data", "destroys_data" },
	{ LIBPIN_REMEDY_NEEDS_ROOT, "needs root", "needs_root" },
	{ LIBPIN_REMEDY_NEEDS_REBOOT, "needs reboot", "needs_reboot" },
};

struct explanation explanation_of(const char *argument, uint32_t reason, uint32_t consumer)
{
	return (struct explanation){
		.argument = argument,
		.reason = reason,
		.consumer = consumer,
		.error = libpin_reason_error_for(reason, consumer),
	};
}

static void print_heading(const struct pinctl *pinctl, const char *heading)
{
	char padded[sizeof(INDENT)];

	snprintf(padded, sizeof(padded), "%-*s", (int)sizeof(INDENT) - 1, heading);
	output_colored(pinctl, "bold", padded);
}

void explanation_paragraph(const struct pinctl *pinctl, const char *heading, const char *text)
{
	print_heading(pinctl, heading);
	text_print_wrapped(text, strlen(INDENT), INDENT, output_width());
}

static void print_marks(uint32_t flags)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(marks); i++)
		if (flags & marks[i].flag)
			printf("  [%s]", marks[i].mark);
}

/* Where it was met decides; explained by itself, the remedy's own words do. */
static bool lease_would_work(const struct explanation *explanation)
{
	size_t i;

	for (i = 0; i < explanation->count; i++)
		if (explanation->segments[i]->flags & PIN_REPORT_LEASE)
			return true;
	return !explanation->count;
}

/* Remedy @index of those that can help there; NULL beyond the last. */
static const struct libpin_remedy *remedy_at(const struct explanation *explanation, size_t index)
{
	bool lease = lease_would_work(explanation);
	const struct libpin_remedy *remedy;
	size_t i;

	for (i = 0; (remedy = libpin_reason_remedy_for(explanation->reason,
						       explanation->consumer, i)); i++)
		if ((lease || !(libpin_remedy_flags(remedy) & LIBPIN_REMEDY_NEEDS_LEASE)) &&
		    !index--)
			return remedy;
	return NULL;
}

static void print_remedies(const struct pinctl *pinctl, const struct explanation *explanation)
{
	const struct libpin_remedy *remedy;
	size_t i;

	output_colored(pinctl, "bold", "What to do");
	putchar('\n');
	for (i = 0; (remedy = remedy_at(explanation, i)); i++) {
		const char *command = libpin_remedy_command(remedy);

		printf("  %zu. ", i + 1);
		text_print_wrapped(libpin_remedy_text(remedy), 5, "     ", output_width());
		if (!command && !libpin_remedy_flags(remedy))
			continue;
		printf("       %s", command ? command : "");
		print_marks(libpin_remedy_flags(remedy));
		putchar('\n');
	}
}

static void print_places(const struct pinctl *pinctl, const struct explanation *explanation)
{
	char size[SIZE_TEXT_MAX], perm[PERM_TEXT_MAX];
	size_t i;

	for (i = 0; i < explanation->count && i < PLACES_MAX; i++) {
		const struct segment *segment = explanation->segments[i];
		char *mapping = text_for_terminal(mapping_text(segment));

		if (i)
			fputs(INDENT, stdout);
		else
			print_heading(pinctl, "Where");
		printf("%" PRIx64 "-%" PRIx64 " %s %s %s\n", segment->start, segment->end,
		       size_to_text(segment->end - segment->start, size),
		       perm_text(segment, perm), mapping);
		free(mapping);
	}
	if (i < explanation->count)
		printf(INDENT "and %zu more\n", explanation->count - i);
}

void explanation_print(const struct pinctl *pinctl, const struct explanation *explanation)
{
	const char *sentence = libpin_reason_sentence(explanation->reason);
	const char *why = libpin_reason_why(explanation->reason);
	char *text;

	text = text_format("%s (%d) \"%s\"", errno_text(explanation->error), explanation->error,
			   strerror(explanation->error));
	explanation_paragraph(pinctl, "You saw", text);
	free(text);
	text = text_format("%s: %s", reason_text(explanation->reason),
			   sentence ? sentence : "this pinctl is older than the module and does "
						 "not know the reason.");
	explanation_paragraph(pinctl, "Because", text);
	free(text);
	print_places(pinctl, explanation);
	if (why)
		explanation_paragraph(pinctl, "Why", why);
	if (explanation->consumer) {
		text = text_format("%s: %s", libpin_consumer_name(explanation->consumer),
				   libpin_consumer_call(explanation->consumer));
		explanation_paragraph(pinctl, "For", text);
		free(text);
		if (explanation->reason == PIN_REASON_MEMLOCK_LIMIT)
			explanation_paragraph(pinctl, "Charged",
					      libpin_consumer_ledger(explanation->consumer));
	}
	putchar('\n');
	print_remedies(pinctl, explanation);
}

struct json_object *explanation_remedy_json(const struct libpin_remedy *remedy)
{
	struct json_object *object = json_members();
	size_t i;

	json_add_string(object, "text", libpin_remedy_text(remedy));
	json_add_string(object, "command", libpin_remedy_command(remedy));
	for (i = 0; i < ARRAY_SIZE(marks); i++)
		json_add_bool(object, marks[i].member,
			      libpin_remedy_flags(remedy) & marks[i].flag);
	return object;
}

static struct json_object *place_json(const struct segment *segment)
{
	struct json_object *object = json_members();
	char perm[PERM_TEXT_MAX];

	json_add_address(object, "start", segment->start);
	json_add_address(object, "end", segment->end);
	json_add_integer(object, "size", segment->end - segment->start);
	json_add_string(object, "perm", perm_text(segment, perm));
	json_add_string(object, "kind", kind_text(segment->kind));
	json_add_string(object, "path", segment->path);
	return object;
}

struct json_object *explanation_json(const struct explanation *explanation)
{
	struct json_object *object = json_members(), *remedies = json_array();
	struct json_object *places = json_array();
	const struct libpin_remedy *remedy;
	size_t i;

	for (i = 0; (remedy = remedy_at(explanation, i)); i++)
		json_append(remedies, explanation_remedy_json(remedy));
	for (i = 0; i < explanation->count; i++)
		json_append(places, place_json(explanation->segments[i]));
	json_add_string(object, "argument", explanation->argument);
	json_add_string(object, "for", libpin_consumer_name(explanation->consumer));
	json_add_string(object, "reason",
			explanation->reason ? reason_text(explanation->reason) : NULL);
	json_add_string(object, "errno", errno_text(explanation->error));
	json_add_integer(object, "errno_value", (uint64_t)explanation->error);
	json_add_string(object, "sentence", explanation->request ?
			explanation->request : libpin_reason_sentence(explanation->reason));
	json_add_string(object, "why", libpin_reason_why(explanation->reason));
	json_add(object, "remedies", remedies);
	json_add(object, "where", places);
	return object;
}
