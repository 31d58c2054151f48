// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl pin: pins memory of its own and holds it.
 *
 * While the kernel pins, SIGINT and SIGTERM end pinctl as usual, and with it the
 * pin.  From then on they are waited for, so that a pin that has been shown is also
 * released and reported.
 *
 * The document of a pin is printed when the pin is there, so that a script can wait for
 * it.  With --lease it is printed at the end, because it tells how it ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explanation.h"
#include "hold.h"
#include "progress.h"
#include "revocation.h"
#include "segment.h"
#include "size.h"
#include "text.h"

/* @seconds < 0: until a signal comes. */
struct pin_options {
	const char *target;
	bool write;
	bool lease;
	bool query;
	long seconds;
};

/*
 * @query: as it was asked right after pinning; a lease can have been revoked by then, so
 * that @pages and @runs are those that the pin began with.  @watched: that it is taken
 * back will be heard of.
 */
struct held {
	struct libpin_context *ctx;
	struct libpin_query *query;
	struct revocation revocation;
	uint64_t id;
	uint64_t pages;
	uint64_t runs;
	bool watched;
};

static struct json_object *nodes_json(const struct libpin_query *query)
{
	struct json_object *nodes = json_array();
	size_t node;

	for (node = 0; node < libpin_query_node_count(query); node++) {
		uint64_t pages = libpin_query_node_pages(query, node);

		json_append(nodes, json_integer(pages));
	}
	return nodes;
}

static void print_json(struct pinctl *pinctl, const struct pin_options *options,
		       const struct held *held)
{
	const struct libpin_query *query = held->query;
	struct json_object *document = json_document("pinctl.pin/1");
	uint32_t state = held->revocation.revoked ? PIN_STATE_REVOKED : libpin_query_state(query);

	json_add_string(document, "target", options->target);
	json_add_bool(document, "pinned", true);
	json_add_integer(document, "id", held->id);
	json_add_address(document, "address", libpin_query_address(query));
	json_add_integer(document, "length", libpin_query_length(query));
	json_add_string(document, "access",
			libpin_query_flags(query) & PIN_F_WRITE ? "write" : "read");
	json_add_string(document, "mode", libpin_mode_name(libpin_query_mode(query)));
	json_add_string(document, "state", libpin_state_name(state));
	json_add_integer(document, "pages", held->pages);
	json_add_integer(document, "runs", held->runs);
	json_add_integer(document, "charged_pages", libpin_query_charged_pages(query));
	json_add_integer(document, "pid", (uint64_t)libpin_query_pid(query));
	json_add_integer(document, "uid", libpin_query_uid(query));
	json_add_string(document, "name", libpin_query_comm(query));
	json_add_integer(document, "start_time_ns", libpin_query_start_time_ns(query));
	json_add(document, "node_pages", nodes_json(query));
	json_add(document, "revocation", revocation_json(&held->revocation));
	json_add(document, "refusal", NULL);
	json_print(pinctl, document);
}

static void print_details(const struct libpin_query *query)
{
	const char *mode = libpin_mode_name(libpin_query_mode(query));
	const char *state = libpin_state_name(libpin_query_state(query));
	size_t node;

	printf("address     0x%" PRIx64 "\n", libpin_query_address(query));
	printf("length      %" PRIu64 "\n", libpin_query_length(query));
	printf("access      %s\n", libpin_query_flags(query) & PIN_F_WRITE ? "write" : "read");
	printf("mode        %s\n", mode ? mode : "unknown");
	printf("state       %s\n", state ? state : "unknown");
	printf("user        %u\n", libpin_query_uid(query));
	for (node = 0; node < libpin_query_node_count(query); node++)
		if (libpin_query_node_pages(query, node))
			printf("node %-6zu %" PRIu64 " pages\n", node,
			       libpin_query_node_pages(query, node));
}

/* Behind what is told of every pin: what has come of --lease. */
static const char *lease_text(const struct libpin_query *query)
{
	return libpin_query_mode(query) == PIN_MODE_LEASE ?
	       ", a lease" : ", for the long term: none of it needs a lease";
}

static void print_pin(struct pinctl *pinctl, const struct pin_options *options,
		      const struct held *held)
{
	uint64_t charged = libpin_query_charged_pages(held->query);
	char size[SIZE_TEXT_MAX];

	if (pinctl->json) {
		if (!options->lease)
			print_json(pinctl, options, held);
	} else if (!pinctl->quiet) {
		printf("pin %" PRIu64 ": %" PRIu64 " pages in %" PRIu64 " runs, %s charged%s\n",
		       held->id, held->pages, held->runs,
		       size_to_text(charged * (uint64_t)sysconf(_SC_PAGESIZE), size),
		       options->lease ? lease_text(held->query) : "");
		if (options->query)
			print_details(held->query);
	}
	/* Whoever waits for the pin reads it now, not when it has been released. */
	fflush(stdout);
	if (pinctl->quiet)
		return;
	if (pinctl->json && options->lease)
		fprintf(stderr, "pinctl: holding pin %" PRIu64 "; its document comes at the end\n",
			held->id);
	else if (options->seconds && isatty(STDERR_FILENO))
		fputs("pinctl: holding it; Ctrl-C releases it\n", stderr);
}

/* Once the pin is released: how it ended. */
static int print_end(struct pinctl *pinctl, const struct pin_options *options,
		     const struct held *held)
{
	bool revoked = held->revocation.revoked;

	if (pinctl->json && options->lease)
		print_json(pinctl, options, held);
	else if (pinctl->json && revoked && !pinctl->quiet)
		fprintf(stderr, "pinctl: pin %" PRIu64 " revoked: %s\n", held->id,
			libpin_cause_name(held->revocation.cause) ?: "unknown");
	else if (!pinctl->json && !pinctl->quiet && revoked)
		revocation_print(pinctl, held->id, &held->revocation);
	else if (!pinctl->json && !pinctl->quiet)
		printf("pin %" PRIu64 " released\n", held->id);
	return revoked ? EXIT_NO : EXIT_YES;
}

/* The one report that the refusal is about, as a segment; false if none is. */
static bool refused_segment(const struct libpin_refusal *refusal, struct segment *segment)
{
	const struct libpin_verdict *verdict = libpin_refusal_verdict(refusal);
	uint64_t address = libpin_refusal_address(refusal);
	size_t i;

	for (i = 0; i < libpin_verdict_report_count(verdict); i++) {
		const struct libpin_report *report = libpin_verdict_report(verdict, i);

		if (!libpin_report_reason(report) || address < libpin_report_start(report) ||
		    address >= libpin_report_end(report))
			continue;
		*segment = (struct segment){
			.start = libpin_report_start(report),
			.end = libpin_report_end(report),
			.kind = libpin_report_kind(report),
			.flags = libpin_report_flags(report),
			.path = (char *)libpin_refusal_path(refusal),
		};
		return true;
	}
	return false;
}

static int refused(struct pinctl *pinctl, const struct pin_options *options,
		   const struct libpin_refusal *refusal)
{
	struct explanation explanation = explanation_of(options->target,
							libpin_refusal_reason(refusal),
							LIBPIN_CONSUMER_ANY);
	const struct segment *where;
	struct segment segment;

	explanation.error = libpin_refusal_error(refusal);
	if (refused_segment(refusal, &segment)) {
		where = &segment;
		explanation.segments = &where;
		explanation.count = 1;
	}
	if (pinctl->json) {
		struct json_object *document = json_document("pinctl.pin/1");
		struct json_object *object = explanation_json(&explanation);

		json_add_address(object, "address", libpin_refusal_address(refusal));
		json_add_string(document, "target", options->target);
		json_add_bool(document, "pinned", false);
		json_add(document, "refusal", object);
		json_print(pinctl, document);
	} else if (!pinctl->quiet) {
		char *shown = text_for_terminal(options->target);

		printf("%s cannot be pinned for %s, from 0x%" PRIx64 " on\n\n", shown,
		       options->write ? "writing" : "reading", libpin_refusal_address(refusal));
		free(shown);
		explanation_print(pinctl, &explanation);
	}
	return EXIT_NO;
}

/* Those came with leases, and tell of every pin that is taken back. */
static bool has_events(struct libpin_context *ctx)
{
	struct libpin_info *info;
	int ret = libpin_info_get(ctx, &info);
	bool has;

	check_memory(-ret);
	if (ret)
		return false;
	has = libpin_info_features(info) & PIN_FEATURE_LEASE;
	libpin_info_free(info);
	return has;
}

/* Until it ends and is released. */
static int hold(struct pinctl *pinctl, const struct pin_options *options, struct held *held)
{
	int ret, waited;

	waited = hold_wait(held->watched ? held->ctx : NULL, options->seconds);
	ret = libpin_unpin(held->ctx, held->id);
	if (ret)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL,
				"cannot release pin %" PRIu64 ": %s", held->id, strerror(-ret));
	/* Only now nothing can happen to it any more. */
	if (!waited && held->watched)
		waited = hold_revocation(held->ctx, held->id, &held->revocation);
	if (waited)
		return complain(pinctl, EXIT_UNKNOWN, "it is released", NULL,
				"cannot tell what happens to pin %" PRIu64 ": %s", held->id,
				strerror(-waited));
	return print_end(pinctl, options, held);
}

static int show_and_hold(struct pinctl *pinctl, const struct pin_options *options,
			 struct libpin_context *ctx, const struct libpin_pin *pin)
{
	struct held held = {
		.ctx = ctx,
		.id = libpin_pin_id(pin),
		.pages = libpin_pin_pages(pin),
		.runs = libpin_pin_runs(pin),
		/* Asked before the pin is shown, after which nothing may go wrong any more. */
		.watched = has_events(ctx),
	};
	int ret;

	hold_begin();
	ret = libpin_pin_query(ctx, held.id, &held.query);
	if (ret) {
		libpin_unpin(ctx, held.id);
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL,
				"cannot query pin %" PRIu64 ": %s", held.id, strerror(-ret));
	}
	print_pin(pinctl, options, &held);
	ret = hold(pinctl, options, &held);
	libpin_query_free(held.query);
	return ret;
}

static int pin_range(struct pinctl *pinctl, const struct pin_options *options, uint64_t start,
		     uint64_t length)
{
	struct libpin_refusal *refusal;
	struct libpin_request *request;
	struct libpin_context *ctx;
	struct progress *progress;
	struct libpin_pin *pin;
	int ret;

	ret = libpin_context_open(&ctx, NULL, true);
	if (ret)
		return complain_open(pinctl, -ret);
	if (libpin_request_new(&request))
		out_of_memory();
	libpin_request_set_address(request, start);
	libpin_request_set_length(request, length);
	libpin_request_set_write(request, options->write);
	libpin_request_set_lease(request, options->lease);
	progress = progress_start("pinning", length, progress_resident);
	ret = libpin_pin_create(ctx, request, &pin, &refusal);
	progress_stop(progress);
	libpin_request_free(request);
	if (refusal) {
		ret = refused(pinctl, options, refusal);
		libpin_refusal_free(refusal);
	} else if (ret) {
		check_refusal_memory(-ret, options->lease);
		ret = complain(pinctl, EXIT_UNKNOWN,
			       options->lease && ret == -EOPNOTSUPP ?
				       "the module has no leases" : NULL,
			       "pinctl doctor", "cannot pin %s: %s", options->target,
			       strerror(-ret));
	} else {
		ret = show_and_hold(pinctl, options, ctx, pin);
		libpin_pin_free(pin);
	}
	libpin_context_close(ctx);
	return ret;
}

static int pin(struct pinctl *pinctl, const struct pin_options *options)
{
	uint32_t access = (options->write ? PIN_CHECK_WRITE : 0) |
			  (options->lease ? PIN_CHECK_LEASE : 0);
	struct area area = { 0 };
	struct target target;
	const char *problem;
	int ret;

	if (target_parse(options->target, &target, &problem))
		return complain_usage(pinctl, NULL, "target '%s': %s", options->target, problem);
	if (target.type == TARGET_PROCESS && (target.pid || !target.length)) {
		ret = complain_usage(pinctl, NULL, "pinctl can pin only memory of its own: new:, "
				     "file: or self:ADDR+LEN");
	} else if (target.type == TARGET_PROCESS) {
		ret = pin_range(pinctl, options, target.start, target.length);
	} else {
		ret = area_create(pinctl, &target, access, &area);
		if (!ret)
			ret = pin_range(pinctl, options, area.start, area.length);
	}
	area_release(&area);
	target_release(&target);
	return ret;
}

static const struct option_def pin_options[] = {
	{ OPTION_READ, "read", NULL, "pin for reading only" },
	{ OPTION_WRITE, "write", NULL, "pin for writing (default)" },
	{ OPTION_LEASE, "lease", NULL, "what only a lease can pin, until it is taken back" },
	{ OPTION_HOLD, "hold", "TIME", "until then: 30 (seconds), 5m, 2h; else until a signal" },
	{ OPTION_QUERY, "query", NULL, "show everything about the pin" },
	{ 'q', "quiet", NULL, "print nothing: the exit code answers" },
	{ 0 }
};

static int pin_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct pin_options options = { .write = true, .seconds = -1 };
	const char *value;
	int id;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case OPTION_READ:
			options.write = false;
			break;
		case OPTION_WRITE:
			options.write = true;
			break;
		case OPTION_LEASE:
			options.lease = true;
			break;
		case OPTION_HOLD:
			if (option_seconds(pinctl, "hold", value, &options.seconds))
				return EXIT_USAGE;
			break;
		case OPTION_QUERY:
			options.query = true;
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
	if (!options.target)
		return complain_usage(pinctl, NULL, "pin needs a target, as new:anon,64M");
	return pin(pinctl, &options);
}

const struct command cmd_pin = {
	.name = "pin",
	.synopsis = "pin TARGET [--read|--lease] [--hold TIME] [--query] [OPTIONS]",
	.summary = "pin memory and hold it",
	.description =
		"Maps the target in pinctl's own process, pins it for the long term and holds it\n"
		"until the time is over or SIGINT (Ctrl-C) or SIGTERM comes. Then it is released;\n"
		"nothing stays pinned however pinctl ends. A refusal is explained.\n"
		"With --lease, files on filesystem-DAX can be pinned, too, but the kernel takes the\n"
		"pin back when the filesystem needs the blocks: pinctl then says why and ends with 1.\n"
		"With -J the document is printed when the pin is there; with --lease, at its end.",
	.options = pin_options,
	.arguments = { VALUES_TARGET },
	.examples =
		" pinctl pin new:anon,1G --hold 30s\n"
		" pinctl pin file:/dev/dax0.0 --query --hold 0\n"
		" pinctl pin --read file:/var/lib/db/data\n"
		" pinctl pin --lease file:/mnt/pmem0/data\n",
	.run = pin_run,
};
