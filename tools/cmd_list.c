// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl list: who holds pins.
 */
#include <errno.h>
#include <inttypes.h>
#include <libpin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders.h"
#include "output.h"
#include "size.h"
#include "text.h"

enum list_column {
	COL_PID, COL_FD, COL_USER, COL_UID, COL_COMMAND, COL_ACCESS, COL_PINS, COL_PINNED,
	COL_CHARGED, COL_HOLDERS, COL_HELD_BY
};

static const struct column columns[] = {
	[COL_PID] = { "PID", "integer", "process that holds the context; the first one", true },
	[COL_FD] = { "FD", "integer", "its descriptor of /dev/pin", true },
	[COL_USER] = { "USER", "string", "that process's user", false },
	[COL_UID] = { "UID", "integer", "its number", true },
	[COL_COMMAND] = { "COMMAND", "string", "that process's name", false },
	[COL_ACCESS] = { "ACCESS", "string", "pin, or ask: opened for reading only", false },
	[COL_PINS] = { "PINS", "integer", "pins in the context", true },
	[COL_PINNED] = { "PINNED", "integer", "bytes that they hold", true },
	[COL_CHARGED] = { "CHARGED", "integer", "bytes that they are charged", true },
	[COL_HOLDERS] = { "HOLDERS", "integer", "descriptors that lead to the context", true },
	[COL_HELD_BY] = { "HELD-BY", "list", "all of them, as PID/FD", false },
	{ 0 }
};

#define COLUMNS_DEFAULT "PID,FD,USER,COMMAND,PINS,PINNED,CHARGED,HOLDERS"

/* The contexts to print, and the module's own figure; @info NULL: it did not say. */
struct listing {
	const struct holders *holders;
	const struct held_context **shown;
	size_t count;
	const struct libpin_info *info;
};

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct cell cell_held_by(const struct held_context *context)
{
	struct cell cell = { .text = text_format("%s", ""), .json = json_array() };
	size_t i;

	for (i = 0; i < context->holder_count; i++) {
		const struct holder *holder = &context->holders[i];
		char *text = cell.text, *one = text_format("%d/%d", holder->pid, holder->fd);

		cell.text = text_format("%s%s%s", text, *text ? "," : "", one);
		json_append(cell.json, json_string(one));
		free(text);
		free(one);
	}
	return cell;
}

static struct cell list_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct listing *listing = data;
	const struct held_context *context = listing->shown[row];

	switch (column) {
	case COL_PID:
		return cell_integer((uint64_t)context->holders[0].pid, false);
	case COL_FD:
		return cell_integer((uint64_t)context->holders[0].fd, false);
	case COL_USER:
		return cell_formatted(user_name(context->uid));
	case COL_UID:
		return cell_integer(context->uid, false);
	case COL_COMMAND:
		return cell_string(context->name);
	case COL_ACCESS:
		return cell_string(context->writable ? "pin" : "ask");
	case COL_PINS:
		return cell_integer(context->pins, false);
	case COL_PINNED:
		return cell_size(context->pinned_pages * page_size(), bytes);
	case COL_CHARGED:
		return cell_size(context->charged_pages * page_size(), bytes);
	case COL_HOLDERS:
		return cell_integer(context->holder_count, false);
	default:
		return cell_held_by(context);
	}
}

static uint64_t charged_pages(const struct listing *listing)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < listing->holders->count; i++)
		pages += listing->holders->contexts[i].charged_pages;
	return pages;
}

/* Charged through /dev/pin by whom was not seen; pins come and go meanwhile. */
static uint64_t unseen_pages(const struct listing *listing)
{
	uint64_t all = libpin_info_system_pinned_pages(listing->info);
	uint64_t seen = charged_pages(listing);

	return all > seen ? all - seen : 0;
}

static void print_header(const struct listing *listing)
{
	char seen[SIZE_TEXT_MAX], all[SIZE_TEXT_MAX];
	uint64_t pins = 0;
	size_t i;

	for (i = 0; i < listing->holders->count; i++)
		pins += listing->holders->contexts[i].pins;
	printf("%zu context%s with %" PRIu64 " pin%s, %s charged", listing->holders->count,
	       listing->holders->count == 1 ? "" : "s", pins, pins == 1 ? "" : "s",
	       size_to_text(charged_pages(listing) * page_size(), seen));
	if (listing->info)
		printf(" of %s through /dev/pin in all",
		       size_to_text(libpin_info_system_pinned_pages(listing->info) * page_size(),
				    all));
	putchar('\n');
}

/* What the list does not show, on stderr: it is no row. */
static void print_unseen(const struct listing *listing)
{
	const struct holders *holders = listing->holders;
	char size[SIZE_TEXT_MAX];

	if (holders->hidden)
		fprintf(stderr, "pinctl: %zu processes of other users could not be looked into; "
			"ask with sudo\n", holders->hidden);
	if (listing->info && unseen_pages(listing))
		fprintf(stderr, "pinctl: %s are charged to contexts that were not seen\n",
			size_to_text(unseen_pages(listing) * page_size(), size));
	if (!holders->compared)
		fputs("pinctl: a context with several holders may stand here several times: "
		      "this kernel does not let them be compared\n", stderr);
}

static void print_json(struct pinctl *pinctl, const struct listing *listing,
		       const struct table *table)
{
	struct json_object *document = json_document("pinctl.list/1");
	uint64_t all = libpin_info_system_pinned_pages(listing->info) * page_size();
	bool complete = !listing->holders->hidden && listing->info && !unseen_pages(listing);

	json_add_string(document, "source", "proc");
	json_add_bool(document, "complete", complete);
	json_add_integer(document, "hidden_processes", listing->holders->hidden);
	json_add_bool(document, "compared", listing->holders->compared);
	json_add_integer(document, "charged", charged_pages(listing) * page_size());
	json_add(document, "system_charged",
		 listing->info ? json_integer(all) : NULL);
	json_add(document, "contexts", table_json(pinctl, table));
	json_print(pinctl, document);
}

static void choose_shown(struct listing *listing, bool all)
{
	size_t i;

	listing->shown = calloc(listing->holders->count + 1, sizeof(*listing->shown));
	if (!listing->shown)
		out_of_memory();
	for (i = 0; i < listing->holders->count; i++)
		if (all || listing->holders->contexts[i].pins)
			listing->shown[listing->count++] = &listing->holders->contexts[i];
}

static void print_list(struct pinctl *pinctl, struct listing *listing, struct table *table)
{
	table->data = listing;
	table->rows = listing->count;
	if (pinctl->json) {
		print_json(pinctl, listing, table);
		return;
	}
	if (pinctl->raw) {
		table_print(pinctl, table);
	} else {
		print_header(listing);
		if (listing->count)
			table_print(pinctl, table);
	}
	print_unseen(listing);
}

/* NULL where the module cannot be asked. */
static struct libpin_info *module_info(void)
{
	struct libpin_info *info = NULL;
	struct libpin_context *ctx;
	int ret = libpin_context_open(&ctx, NULL, false);

	if (!ret) {
		ret = libpin_info_get(ctx, &info);
		libpin_context_close(ctx);
	}
	check_memory(-ret);
	return info;
}

static int list(struct pinctl *pinctl, bool all)
{
	struct table table = { .columns = columns, .cell = list_cell };
	struct libpin_info *info;
	struct listing listing;
	struct holders holders;
	int ret;

	ret = table_choose(pinctl, &table, COLUMNS_DEFAULT);
	if (ret)
		return ret;
	info = module_info();
	if (!info && access("/sys/module/pin", F_OK))
		return complain(pinctl, EXIT_UNKNOWN, "nothing can be pinned through /dev/pin",
				FIX_LOAD, "the module pin is not loaded");
	ret = holders_find(&holders, 0);
	if (ret) {
		ret = complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "cannot read /proc: %s",
			       strerror(-ret));
	} else {
		listing = (struct listing){ .holders = &holders, .info = info };
		choose_shown(&listing, all);
		print_list(pinctl, &listing, &table);
		free(listing.shown);
	}
	holders_release(&holders);
	libpin_info_free(info);
	return ret;
}

static const struct option_def list_options[] = {
	{ 'a', "all", NULL, "contexts without pins, too" },
	{ 0 }
};

static int list_run(struct pinctl *pinctl, struct arguments *arguments)
{
	const char *value;
	bool all = false;
	int id;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case 'a':
			all = true;
			break;
		case OPTION_ARGUMENT:
			return complain_usage(pinctl, NULL,
					      "list takes no target; pinctl show %s", value);
		default:
			return EXIT_USAGE;
		}
	}
	return list(pinctl, all);
}

const struct command cmd_list = {
	.name = "list",
	.synopsis = "list [-a] [OPTIONS]",
	.summary = "who holds pins: processes with /dev/pin open",
	.description =
		"Lists the contexts of /dev/pin that hold pins, found by the descriptors in /proc:\n"
		"process, user, pins, pages. One context may have several holders (fork, passed\n"
		"descriptors) and stands here once. Without privileges only one's own processes\n"
		"are seen; what was not seen is told on stderr. pinctl show PID shows the pins\n"
		"themselves. Pins of other drivers are not listed: doctor --only system.pins.",
	.options = list_options,
	.columns = columns,
	.examples =
		" sudo pinctl list\n"
		" pinctl list -o +HELD-BY\n"
		" pinctl list -J -b | jq -r '.contexts[] | \"\\(.pid) \\(.pinned)\"'\n",
	.run = list_run,
};
