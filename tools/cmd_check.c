// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl check: which mappings can be pinned.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "charge.h"
#include "output.h"
#include "segment.h"
#include "size.h"
#include "text.h"

enum check_column {
	COL_RANGE, COL_START, COL_END, COL_SIZE, COL_PERM, COL_KIND, COL_VERDICT, COL_ERRNO,
	COL_ERRNO_VALUE, COL_REASON, COL_LEASE, COL_PAGESIZE, COL_OFFSET, COL_INODE, COL_DEV,
	COL_SOURCE, COL_MAPPING
};

static const struct column columns[] = {
	[COL_RANGE] = { "RANGE", "string", "first byte and first byte after, hexadecimal", false },
	[COL_START] = { "START", "address", "first byte", true },
	[COL_END] = { "END", "address", "first byte after", true },
	[COL_SIZE] = { "SIZE", "integer", "bytes", true },
	[COL_PERM] = { "PERM", "string", "permissions as in /proc/PID/maps", false },
	[COL_KIND] = { "KIND", "string", "what the mapping is", false },
	[COL_VERDICT] = { "VERDICT", "string", "yes, no, or try: only trying can tell", false },
	[COL_ERRNO] = { "ERRNO", "string", "what a pinning driver would get", false },
	[COL_ERRNO_VALUE] = { "ERRNO-VALUE", "integer", "its number", true },
	[COL_REASON] = { "REASON", "string", "the rule that refuses; pinctl explain REASON",
			 false },
	[COL_LEASE] = { "LEASE", "boolean", "whether it takes a lease, and one would work", false },
	[COL_PAGESIZE] = { "PAGESIZE", "integer", "bytes of the mapping's pages", true },
	[COL_OFFSET] = { "OFFSET", "integer", "bytes from the start of the file", true },
	[COL_INODE] = { "INODE", "integer", "inode number of the file", true },
	[COL_DEV] = { "DEV", "string", "device of the file's filesystem, major:minor", false },
	[COL_SOURCE] = { "SOURCE", "string", "module, or predicted from /proc", false },
	[COL_MAPPING] = { "MAPPING", "string", "the file, or what there is instead", false },
	{ 0 }
};

#define COLUMNS_REFUSED "RANGE,SIZE,PERM,ERRNO,REASON,MAPPING"
#define COLUMNS_ALL "RANGE,SIZE,PERM,VERDICT,ERRNO,REASON,MAPPING"

struct check_options {
	const char *target;
	uint32_t consumer;
	bool write;
	bool lease;
	bool all;
	bool try;
};

/* The segments to print, by their index in the survey. */
struct listing {
	const struct survey *survey;
	size_t *shown;
	size_t count;
};

static const char *source_text(const struct survey *survey)
{
	return survey->predicted ? "predicted" : "module";
}

static struct cell cell_verdict(const struct segment *segment)
{
	struct cell cell = cell_string(verdict_text(segment));

	cell.color = segment->reason ? "red" : segment->flags & PIN_REPORT_TRY ? "yellow"
									      : "green";
	return cell;
}

static struct cell cell_reason(const struct segment *segment)
{
	struct cell cell = cell_string(reason_text(segment->reason));

	cell.color = segment->reason ? "red" : NULL;
	return cell;
}

static struct cell cell_file(const struct segment *segment, int column)
{
	if (column == COL_OFFSET)
		return cell_integer(segment->file_offset, !segment->inode);
	if (column == COL_INODE)
		return cell_integer(segment->inode, !segment->inode);
	if (!segment->inode)
		return cell_string("");
	return cell_formatted(text_format("%" PRIu32 ":%" PRIu32, segment->dev_major,
					  segment->dev_minor));
}

static struct cell check_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct listing *listing = data;
	const struct segment *segment = &listing->survey->segments[listing->shown[row]];
	char perm[PERM_TEXT_MAX];

	switch (column) {
	case COL_RANGE:
		return cell_formatted(text_format("%" PRIx64 "-%" PRIx64, segment->start,
						  segment->end));
	case COL_START:
		return cell_address(segment->start);
	case COL_END:
		return cell_address(segment->end);
	case COL_SIZE:
		return cell_size(segment->end - segment->start, bytes);
	case COL_PERM:
		return cell_string(perm_text(segment, perm));
	case COL_KIND:
		return cell_string(kind_text(segment->kind));
	case COL_VERDICT:
		return cell_verdict(segment);
	case COL_ERRNO:
		return cell_string(segment->error ? errno_text(segment->error) : "");
	case COL_ERRNO_VALUE:
		return cell_integer((uint64_t)segment->error, !segment->error);
	case COL_REASON:
		return cell_reason(segment);
	case COL_LEASE:
		return cell_boolean(segment->flags & PIN_REPORT_LEASE);
	case COL_PAGESIZE:
		return segment->page_size ? cell_size(segment->page_size, bytes)
					  : cell_string("");
	case COL_SOURCE:
		return cell_string(source_text(listing->survey));
	case COL_MAPPING:
		return cell_string(mapping_text(segment));
	default:
		return cell_file(segment, column);
	}
}

static void listing_fill(struct listing *listing, const struct survey *survey, bool all)
{
	size_t i;

	listing->survey = survey;
	listing->count = 0;
	listing->shown = calloc(survey->count + 1, sizeof(*listing->shown));
	if (!listing->shown)
		out_of_memory();
	for (i = 0; i < survey->count; i++)
		if (all || (survey->segments[i].reason && !survey->segments[i].left_out))
			listing->shown[listing->count++] = i;
}

static void print_limit(const struct survey *survey, FILE *out)
{
	if (survey->limit)
		fprintf(out, "The range as a whole: %s (%s). %s\n", errno_text(survey->limit_error),
			reason_text(survey->limit), libpin_reason_sentence(survey->limit));
}

/* In a line: "rdma charges VmPin: 0B of 8M charged, 64M asked". */
static void print_charge(const struct survey *survey, const struct charge *charge, FILE *out)
{
	char charged[SIZE_TEXT_MAX], limit[SIZE_TEXT_MAX], asked[SIZE_TEXT_MAX];

	if (!survey->consumer)
		return;
	fprintf(out, "%s charges %s: %s of %s charged", libpin_consumer_name(survey->consumer),
		charge->ledger,
		charge->charged_known ? size_to_text(charge->charged, charged) : "unknown",
		charge->limit == UINT64_MAX ? "unlimited" : size_to_text(charge->limit, limit));
	if (survey->range)
		fprintf(out, ", %s asked", size_to_text(charge->asked, asked));
	fprintf(out, "%s\n", charge->exempt ? "; CAP_IPC_LOCK exempts" : "");
	if (charge->rule)
		fprintf(out, "%s (%s).\n", charge->rule, errno_text(charge->rule_error));
	if (charge->own_limit)
		fprintf(out, "Not tried: /dev/pin itself refuses the range (%s)\n",
			reason_text(charge->own_limit));
}

/* Mappings that no rule refuses, but of which only trying can tell. */
static size_t count_unsure(const struct survey *survey)
{
	size_t i, unsure = 0;

	for (i = 0; i < survey->count; i++)
		unsure += !survey->segments[i].left_out && !survey->segments[i].reason &&
			  survey->segments[i].flags & PIN_REPORT_TRY;
	return unsure;
}

/* Mappings that it takes a lease to pin. */
static size_t count_leased(const struct survey *survey)
{
	size_t i, leased = 0;

	for (i = 0; i < survey->count; i++)
		leased += !survey->segments[i].left_out && !survey->segments[i].reason &&
			  survey->segments[i].flags & PIN_REPORT_LEASE;
	return leased;
}

static void print_header(const struct survey *survey, const struct check_options *options)
{
	const char *access = survey->access & PIN_CHECK_WRITE ? "writing" : "reading";
	size_t asked = survey->count - survey->left_out;
	size_t unsure = survey->tried ? 0 : count_unsure(survey), leased = count_leased(survey);
	char *name = text_for_terminal(survey->name);

	printf("%s (%d): ", name, survey->pid);
	free(name);
	if (survey->refused)
		printf("%zu of %zu mapping%s cannot be pinned for %s", survey->refused, asked,
		       asked == 1 ? "" : "s", access);
	else if (survey->limit || survey->rule)
		printf("the range cannot be pinned for %s", access);
	else
		printf("%s%zu mapping%s can be pinned for %s", asked == 1 ? "" : "all ", asked,
		       asked == 1 ? "" : "s", access);
	if (leased)
		printf("; %zu with a lease only", leased);
	if (unsure)
		printf("; of %zu only trying can tell", unsure);
	if (survey->left_out)
		printf("; %zu that are not %s %s", survey->left_out,
		       survey->access & PIN_CHECK_WRITE ? "writable" : "readable",
		       options->all ? "not counted" : "left out");
	puts(survey->predicted ? " (predicted)" : "");
}

/* Each reason once, in the order of the table. */
static void print_next(const struct survey *survey)
{
	bool seen[64] = { false };
	size_t i;

	if (!survey->refused && !survey->limit)
		return;
	fputs("Next: pinctl explain", stdout);
	if (survey->consumer)
		printf(" --for %s", libpin_consumer_name(survey->consumer));
	for (i = 0; i <= survey->count; i++) {
		uint32_t reason = i < survey->count ? survey->segments[i].reason : survey->limit;

		if (i < survey->count && survey->segments[i].left_out)
			continue;
		if (!reason || !libpin_reason_name(reason) || reason >= ARRAY_SIZE(seen) ||
		    seen[reason])
			continue;
		seen[reason] = true;
		printf(" %s", reason_text(reason));
	}
	putchar('\n');
}

static struct json_object *limit_json(const struct survey *survey)
{
	struct json_object *limit;

	if (!survey->limit)
		return NULL;
	limit = json_members();
	json_add_string(limit, "reason", reason_text(survey->limit));
	json_add_string(limit, "errno", errno_text(survey->limit_error));
	json_add_integer(limit, "errno_value", (uint64_t)survey->limit_error);
	return limit;
}

static struct json_object *charge_json(const struct survey *survey, const struct charge *charge)
{
	bool limited = charge->limit != UINT64_MAX;
	struct json_object *object;

	if (!survey->consumer)
		return NULL;
	object = json_members();
	json_add_string(object, "ledger", charge->ledger);
	json_add(object, "charged",
		 charge->charged_known ? json_integer(charge->charged) : NULL);
	json_add(object, "limit", limited ? json_integer(charge->limit) : NULL);
	json_add(object, "asked", survey->range ? json_integer(charge->asked) : NULL);
	json_add_bool(object, "exempt", charge->exempt);
	json_add_string(object, "rule", charge->rule);
	json_add_string(object, "rule_errno",
			charge->rule ? errno_text(charge->rule_error) : NULL);
	return object;
}

static void print_json(struct pinctl *pinctl, const struct survey *survey,
		       const struct check_options *options, const struct charge *charge,
		       const struct table *table)
{
	struct json_object *document = json_document("pinctl.check/1");

	json_add_string(document, "target", options->target);
	json_add_string(document, "source", source_text(survey));
	json_add_string(document, "because", survey->because);
	json_add_integer(document, "pid", (uint64_t)survey->pid);
	json_add_string(document, "name", survey->name);
	json_add_string(document, "access", survey->access & PIN_CHECK_WRITE ? "write" : "read");
	json_add_bool(document, "lease", survey->access & PIN_CHECK_LEASE);
	json_add_bool(document, "tried", survey->tried);
	json_add_bool(document, "pinnable", survey_is_clean(survey));
	json_add_integer(document, "mappings", survey->count);
	json_add_integer(document, "refused", survey->refused);
	json_add_integer(document, "left_out", survey->left_out);
	json_add_string(document, "for", libpin_consumer_name(survey->consumer));
	json_add(document, "charge", charge_json(survey, charge));
	json_add(document, "limit", limit_json(survey));
	json_add(document, "results", table_json(pinctl, table));
	json_print(pinctl, document);
}

static int print_survey(struct pinctl *pinctl, const struct survey *survey,
			const struct check_options *options, const struct charge *charge,
			struct table *table)
{
	struct listing listing;

	listing_fill(&listing, survey, options->all);
	table->data = &listing;
	table->rows = listing.count;
	if (pinctl->json) {
		print_json(pinctl, survey, options, charge, table);
	} else if (pinctl->raw) {
		table_print(pinctl, table);
		print_charge(survey, charge, stderr);
		print_limit(survey, stderr);
		charge_print_unjudged(survey, stderr);
	} else {
		print_header(survey, options);
		if (listing.count)
			table_print(pinctl, table);
		print_charge(survey, charge, stdout);
		print_limit(survey, stdout);
		charge_print_unjudged(survey, stdout);
		if (!survey_is_clean(survey))
			print_next(survey);
	}
	free(listing.shown);
	return survey_is_clean(survey) ? EXIT_YES : EXIT_NO;
}

static int check(struct pinctl *pinctl, const struct check_options *options)
{
	struct table table = { .columns = columns, .cell = check_cell };
	struct survey survey = { 0 };
	struct charge charge = { 0 };
	struct target target;
	const char *problem;
	uint32_t access = (options->write ? PIN_CHECK_WRITE : 0) |
			  (options->lease ? PIN_CHECK_LEASE : 0);
	int ret;

	ret = table_choose(pinctl, &table, options->all ? COLUMNS_ALL : COLUMNS_REFUSED);
	if (ret)
		return ret;
	if (target_parse(options->target, &target, &problem))
		return complain_usage(pinctl, NULL, "target '%s': %s", options->target, problem);
	ret = survey_make(pinctl, &target, access, options->try, &survey);
	if (!ret && options->consumer) {
		survey.consumer = options->consumer;
		charge_judge(&survey, &charge);
	}
	if (!ret && survey.because && !pinctl->quiet)
		fprintf(stderr, "pinctl: predicted from /proc: %s\n", survey.because);
	if (!ret && (!pinctl->quiet || pinctl->json))
		ret = print_survey(pinctl, &survey, options, &charge, &table);
	else if (!ret)
		ret = survey_is_clean(&survey) ? EXIT_YES : EXIT_NO;
	survey_release(&survey);
	target_release(&target);
	return ret;
}

static const struct option_def check_options[] = {
	{ OPTION_FOR, "for", "CONSUMER", "limits of rdma, io_uring, vfio, iommufd or xdp",
	  VALUES_CONSUMER },
	{ OPTION_READ, "read", NULL, "ask about pinning for reading only" },
	{ OPTION_WRITE, "write", NULL, "ask about pinning for writing (default)" },
	{ OPTION_LEASE, "lease", NULL, "with a lease, where nothing else can pin (pin --lease)" },
	{ 'a', "all", NULL, "show what can be pinned too" },
	{ OPTION_TRY, "try", NULL, "really pin, and release (file: and new: only)" },
	{ 'q', "quiet", NULL, "print nothing: the exit code answers" },
	{ 0 }
};

static int check_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct check_options options = { .write = true };
	const char *value;
	int id, consumer;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case OPTION_FOR:
			consumer = values_find(pinctl, VALUES_CONSUMER, "--for", value);
			if (consumer < 0)
				return EXIT_USAGE;
			options.consumer = (uint32_t)consumer;
			break;
		case OPTION_READ:
			options.write = false;
			break;
		case OPTION_WRITE:
			options.write = true;
			break;
		case OPTION_LEASE:
			options.lease = true;
			break;
		case 'a':
			options.all = true;
			break;
		case OPTION_TRY:
			options.try = true;
			break;
		case 'q':
			pinctl->quiet = true;
			break;
		case OPTION_ARGUMENT:
			if (options.target)
				return complain_usage(pinctl, NULL, "more than one target: %s",
						      value);
			options.target = value;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (options.lease && !options.write)
		return complain_lease(pinctl);
	if (options.lease && options.consumer)
		return complain_usage(pinctl, NULL, "%s knows no leases: --for and --lease exclude "
				      "each other", libpin_consumer_name(options.consumer));
	if (!options.target)
		return complain_usage(pinctl, NULL, "check needs a target, as PID or file:PATH");
	return check(pinctl, &options);
}

const struct command cmd_check = {
	.name = "check",
	.synopsis = "check TARGET [--read|--lease] [--for CONSUMER] [-a] [--try] [OPTIONS]",
	.summary = "can this memory be pinned? (an answer for each mapping)",
	.description =
		"Asks the module which mappings of the target can be pinned for the long term,\n"
		"and shows those that cannot. Nothing is pinned or brought in, except with --try.\n"
		"Of a whole process, mappings that it cannot write (or, with --read, read) itself\n"
		"are left out of the answer; -a shows them.\n"
		"--lease asks about a lease, as pin --lease takes it: for files on filesystem-DAX.\n"
		"--for judges the limit as another subsystem does, by what it charges.\n"
		"Without the module, or where it may not be asked, the answer is predicted from\n"
		"/proc and says so.",
	.options = check_options,
	.columns = columns,
	.arguments = { VALUES_TARGET },
	.examples =
		" pinctl check $$\n"
		" pinctl check -a --read file:/var/lib/db/data\n"
		" pinctl check --for rdma file:/dev/shm/buffer\n"
		" pinctl check --try new:anon,64M,hugetlb=2M\n"
		" pinctl check -J 4242 | jq -r '.results[].reason'\n",
	.run = check_run,
};
