// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl explain: why not, and what to do.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "charge.h"
#include "explanation.h"
#include "segment.h"
#include "text.h"

/* There are half as many now. */
#define REASONS_MAX 64

enum explain_column { COL_REASON, COL_ERRNO, COL_ERRNO_VALUE, COL_SENTENCE };

static const struct column columns[] = {
	[COL_REASON] = { "REASON", "string", "the rule's id", false },
	[COL_ERRNO] = { "ERRNO", "string", "what a pinning driver gets", false },
	[COL_ERRNO_VALUE] = { "ERRNO-VALUE", "integer", "its number", true },
	[COL_SENTENCE] = { "SENTENCE", "string", "what is the case", false },
	{ 0 }
};

/* Errnos of requests that the module did not come to judge. */
static const struct request_errno {
	int error;
	const char *text;
} request_errnos[] = {
	{ ENOTTY, "The module does not know the command." },
	{ EINVAL, "The request is malformed: its size, flags or length." },
	{ E2BIG, "The request asks for more than this module knows." },
	{ EOVERFLOW, "Address plus length is beyond the end of the address space." },
	{ EOPNOTSUPP, "This module or kernel does not offer what the flags ask for." },
	{ ENOENT, "There is no pin with this id, or no /dev/pin." },
	{ EACCES, "No permission to open /dev/pin, or it was opened read-only." },
	{ EPERM, "The caller lacks a capability." },
	{ ESRCH, "There is no such process." },
	{ EMSGSIZE, "The caller's array is too small." },
	{ ESTALE, "The pin has been revoked." },
	{ EFAULT, "A pointer in the request is bad." },
	{ EINTR, "The process is being killed." },
	{ ENOMEM, "There is no memory for the request itself." },
};

/*
 * What one run explains.  With -J everything is collected into @explanations,
 * because there can be only one document.
 */
struct explain {
	struct pinctl *pinctl;
	struct json_object *explanations;
	const char *source;
	uint32_t consumer;
	bool write;
	bool list;
	bool printed;
	const char *rule;
	int exit;
};

static void give(struct explain *explain, const struct explanation *explanation)
{
	if (explain->pinctl->json) {
		json_append(explain->explanations, explanation_json(explanation));
		return;
	}
	if (explain->printed)
		putchar('\n');
	explain->printed = true;
	explanation_print(explain->pinctl, explanation);
}

static const char *request_errno_text(int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(request_errnos); i++)
		if (request_errnos[i].error == error)
			return request_errnos[i].text;
	return NULL;
}

/* Reasons that nobody gives but /dev/pin itself. */
static bool is_own(uint32_t reason)
{
	switch (reason) {
	case PIN_REASON_LEASE_PRIVATE:
	case PIN_REASON_SYSTEM_CAP:
	case PIN_REASON_CONTEXT_CAP:
	case PIN_REASON_MAPPING_CHANGED:
		return true;
	}
	return false;
}

static bool is_candidate(uint32_t reason, int error, uint32_t consumer)
{
	return libpin_reason_error_for(reason, consumer) == error && !(consumer && is_own(reason));
}

/* The reasons behind @error, limits first: they are met most often.  How many. */
static size_t find_candidates(int error, uint32_t consumer, uint32_t found[REASONS_MAX])
{
	size_t count = 0;
	uint32_t reason;
	int limits;

	for (limits = 1; limits >= 0; limits--)
		for (reason = 1; reason <= libpin_reason_last(); reason++)
			if (is_candidate(reason, error, consumer) && count < REASONS_MAX &&
			    libpin_reason_is_resource(reason) == limits)
				found[count++] = reason;
	return count;
}

static void print_candidates(struct explain *explain, int error, const char *request,
			     const uint32_t *found, size_t count)
{
	const char *name = libpin_consumer_name(explain->consumer);
	const char *option = explain->consumer ? " --for " : "";
	size_t i;

	if (explain->printed)
		putchar('\n');
	explain->printed = true;
	printf("%s (%d) \"%s\" from %s:\n", strerrorname_np(error), error, strerror(error),
	       explain->consumer ? libpin_consumer_call(explain->consumer)
				 : "a driver that pins memory, or from /dev/pin");
	for (i = 0; i < count; i++) {
		printf("  %-19s ", libpin_reason_name(found[i]));
		text_print_wrapped(libpin_reason_sentence(found[i]), 22,
				   "                      ", output_width());
	}
	if (request)
		printf("  %-19s %s\n", "(no reason)", request);
	if (!count)
		return;
	if (!explain->consumer)
		name = "";
	printf("Next: pinctl explain%s%s REASON; which it is: pinctl check%s%s PID, or "
	       "PID:ADDR+LEN for limits, too\n", option, name, option, name);
}

static int explain_errno(struct explain *explain, const char *name, int error)
{
	struct explanation none = {
		.argument = name,
		.error = error,
		.consumer = explain->consumer,
		.request = request_errno_text(error),
	};
	uint32_t found[REASONS_MAX];
	size_t count = find_candidates(error, explain->consumer, found), i;

	/* Of the requests of others that they refused for a reason nothing is known. */
	if (explain->consumer && count)
		none.request = NULL;
	if (!count && !none.request)
		return complain(explain->pinctl, EXIT_USAGE, NULL, "pinctl explain --list",
				"pinning gives no %s", name);
	if (!explain->pinctl->json) {
		print_candidates(explain, error, none.request, found, count);
		return EXIT_YES;
	}
	for (i = 0; i < count; i++) {
		struct explanation explanation = explanation_of(name, found[i],
								explain->consumer);

		give(explain, &explanation);
	}
	if (none.request)
		give(explain, &none);
	return EXIT_YES;
}

static int unknown_word(struct explain *explain, const char *word)
{
	struct suggestion suggestion;
	uint32_t reason;

	suggest_begin(&suggestion, word);
	for (reason = 1; reason <= libpin_reason_last(); reason++) {
		suggest_offer(&suggestion, libpin_reason_name(reason));
		suggest_offer(&suggestion, strerrorname_np(libpin_reason_error(reason)));
	}
	return complain_usage(explain->pinctl, suggestion.best,
			      "'%s' is neither a reason nor an errno nor a target", word);
}

/* Where @reason was met; the limit concerns no mapping by itself. */
static struct explanation collect(const struct survey *survey, const char *argument,
				  uint32_t reason)
{
	struct explanation explanation = explanation_of(argument, reason, survey->consumer);
	size_t i;

	explanation.segments = calloc(survey->count + 1, sizeof(*explanation.segments));
	if (!explanation.segments)
		out_of_memory();
	for (i = 0; i < survey->count; i++) {
		const struct segment *segment = &survey->segments[i];

		if (segment->reason != reason || segment->left_out)
			continue;
		explanation.segments[explanation.count++] = segment;
		explanation.error = segment->error;
	}
	if (survey->limit == reason)
		explanation.error = survey->limit_error;
	return explanation;
}

static bool met_before(const struct survey *survey, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (!survey->segments[i].left_out &&
		    survey->segments[i].reason == survey->segments[index].reason)
			return true;
	return false;
}

static void explain_survey(struct explain *explain, const char *text, const struct survey *survey)
{
	struct explanation explanation;
	size_t i;

	for (i = 0; i < survey->count; i++) {
		const struct segment *segment = &survey->segments[i];

		if (!segment->reason || segment->left_out || met_before(survey, i))
			continue;
		explanation = collect(survey, text, segment->reason);
		give(explain, &explanation);
		free(explanation.segments);
	}
	if (survey->rule && !explain->pinctl->json)
		printf("%s%s.\n", explain->printed ? "\n" : "", survey->rule);
	if (survey->limit) {
		explanation = collect(survey, text, survey->limit);
		give(explain, &explanation);
		free(explanation.segments);
	}
	if (survey_is_clean(survey) && !explain->pinctl->json) {
		char *shown = text_for_terminal(text);

		printf("%s can be pinned for %s%s\n", shown,
		       survey->access & PIN_CHECK_WRITE ? "writing" : "reading",
		       survey->predicted ? " (predicted)" : "");
		charge_print_unjudged(survey, stdout);
		free(shown);
		explain->printed = true;
	}
}

static int explain_target(struct explain *explain, const char *text)
{
	struct survey survey = { 0 };
	struct charge charge;
	struct target target;
	const char *problem;
	int ret;

	if (target_parse(text, &target, &problem))
		return complain_usage(explain->pinctl, NULL, "target '%s': %s", text, problem);
	ret = survey_make(explain->pinctl, &target, explain->write ? PIN_CHECK_WRITE : 0, false,
			  &survey);
	if (!ret && explain->consumer) {
		survey.consumer = explain->consumer;
		charge_judge(&survey, &charge);
		explain->rule = survey.rule;
	}
	if (!ret) {
		explain->source = survey.predicted ? "predicted" : "module";
		if (survey.because)
			fprintf(stderr, "pinctl: predicted from /proc: %s\n", survey.because);
		explain_survey(explain, text, &survey);
		if (!survey_is_clean(&survey))
			explain->exit = EXIT_NO;
	}
	survey_release(&survey);
	target_release(&target);
	return ret;
}

static bool looks_like_target(const char *word)
{
	return strchr(word, ':') || isdigit((unsigned char)*word) || !strcmp(word, "self");
}

static int explain_word(struct explain *explain, const char *word)
{
	uint32_t reason = libpin_reason_from_name(word);
	struct explanation explanation;
	int error;

	if (reason) {
		explanation = explanation_of(word, reason, explain->consumer);
		give(explain, &explanation);
		return EXIT_YES;
	}
	error = errno_value(word);
	if (error)
		return explain_errno(explain, word, error);
	if (looks_like_target(word))
		return explain_target(explain, word);
	return unknown_word(explain, word);
}

static struct cell list_cell(const void *data, size_t row, int column, bool bytes)
{
	uint32_t reason = (uint32_t)row + 1;
	int error = libpin_reason_error(reason);
	const char *text;

	(void)data;
	(void)bytes;
	switch (column) {
	case COL_REASON:
		text = libpin_reason_name(reason);
		break;
	case COL_ERRNO:
		text = errno_text(error);
		break;
	case COL_ERRNO_VALUE:
		return (struct cell){
			.text = text_format("%d", error),
			.json = json_integer((uint64_t)error),
		};
	default:
		text = libpin_reason_sentence(reason);
		break;
	}
	return (struct cell){ .text = text_format("%s", text), .json = json_string(text) };
}

static int explain_list(struct pinctl *pinctl)
{
	struct table table = {
		.columns = columns,
		.cell = list_cell,
		.rows = libpin_reason_last(),
	};
	struct json_object *document;
	int ret;

	ret = table_choose(pinctl, &table, "REASON,ERRNO,SENTENCE");
	if (ret)
		return ret;
	if (!pinctl->json) {
		table_print(pinctl, &table);
		return EXIT_YES;
	}
	document = json_document("pinctl.reasons/1");
	json_add(document, "reasons", table_json(pinctl, &table));
	json_print(pinctl, document);
	return EXIT_YES;
}

static int explain_all(struct explain *explain, const char *const *words, size_t count)
{
	struct json_object *document;
	size_t i;
	int ret;

	explain->explanations = json_array();
	for (i = 0; i < count; i++) {
		ret = explain_word(explain, words[i]);
		if (ret) {
			json_object_put(explain->explanations);
			return ret;
		}
	}
	if (!explain->pinctl->json) {
		json_object_put(explain->explanations);
		return explain->exit;
	}
	document = json_document("pinctl.explain/1");
	json_add_string(document, "source", explain->source);
	json_add_string(document, "for", libpin_consumer_name(explain->consumer));
	json_add_string(document, "rule", explain->rule);
	json_add(document, "explanations", explain->explanations);
	json_print(explain->pinctl, document);
	return explain->exit;
}

static const struct option_def explain_options[] = {
	{ OPTION_LIST, "list", NULL, "all reasons" },
	{ OPTION_FOR, "for", "CONSUMER", "as refused by rdma, io_uring, vfio, iommufd or xdp",
	  VALUES_CONSUMER },
	{ OPTION_READ, "read", NULL, "a target: about pinning for reading only" },
	{ OPTION_WRITE, "write", NULL, "a target: about pinning for writing (default)" },
	{ 0 }
};

#define WORDS_MAX 32

static int explain_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct explain explain = { .pinctl = pinctl, .write = true };
	const char *words[WORDS_MAX], *value;
	size_t count = 0;
	int id, consumer;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case OPTION_LIST:
			explain.list = true;
			break;
		case OPTION_READ:
			explain.write = false;
			break;
		case OPTION_WRITE:
			explain.write = true;
			break;
		case OPTION_FOR:
			consumer = values_find(pinctl, VALUES_CONSUMER, "--for", value);
			if (consumer < 0)
				return EXIT_USAGE;
			explain.consumer = (uint32_t)consumer;
			break;
		case OPTION_ARGUMENT:
			if (count == WORDS_MAX)
				return complain_usage(pinctl, NULL,
						      "more than %d things to explain", WORDS_MAX);
			words[count++] = value;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (explain.list && !count)
		return explain_list(pinctl);
	if (explain.list || !count)
		return complain_usage(pinctl, NULL,
				      "explain needs a reason, an errno or a target, or --list");
	return explain_all(&explain, words, count);
}

const struct command cmd_explain = {
	.name = "explain",
	.synopsis = "explain REASON|ERRNO|TARGET... [--for CONSUMER] [--read|--write] [OPTIONS]\n"
		    " pinctl explain --list [OPTIONS]",
	.summary = "why not, and what to do (fsdax, EFAULT, PID, ...)",
	.description =
		"Explains a reason, the reasons behind an errno, or every refusal in a target:\n"
		"what was seen, by which rule, why the rule exists, and what to do. Reasons and\n"
		"errnos need neither the module nor privileges. --for names who refused, whose calls\n"
		"and limits the answer then is about. Columns are those of --list.",
	.options = explain_options,
	.columns = columns,
	.arguments = { VALUES_REASON, VALUES_TARGET },
	.examples =
		" pinctl explain fsdax\n"
		" pinctl explain EFAULT\n"
		" pinctl explain ENOBUFS --for xdp\n"
		" pinctl explain file:/mnt/pmem0/data\n"
		" pinctl explain --list\n",
	.run = explain_run,
};
