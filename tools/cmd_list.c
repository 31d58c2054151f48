// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl list: who holds pins; by the descriptors of processes, or with --system by the
 * ledger.
 */
#include <errno.h>
#include <inttypes.h>
#include <libpin.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "groups.h"
#include "holders.h"
#include "ledger.h"
#include "metrics.h"
#include "size.h"
#include "text.h"

enum list_column {
	COL_PID, COL_FD, COL_USER, COL_UID, COL_COMMAND, COL_ACCESS, COL_PINS, COL_PINNED,
	COL_CHARGED, COL_HOLDERS, COL_HELD_BY, COL_NODE, COL_MODE, COL_REFERENCES
};

struct list_options {
	bool all;
	bool system;
	bool metrics;
	enum grouping by;
	enum group_order order;
	struct libpin_filter *filter;
	bool filtered;
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
	[COL_NODE] = { "NODE", "integer", "NUMA node, with --by node", true },
	[COL_MODE] = { "MODE", "string", "longterm or lease, with --by mode", false },
	[COL_REFERENCES] = { "REFERENCES", "integer", "to pages, as /proc/vmstat counts them",
			     true },
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
	case COL_HELD_BY:
		return cell_held_by(context);
	default:
		return cell_string("");
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

/* --- the ledger ------------------------------------------------------------- */

static const char *const group_columns[] = {
	[BY_PROCESS] = "PID,USER,COMMAND,PINS,PINNED,CHARGED",
	[BY_USER] = "USER,PINS,PINNED,CHARGED",
	[BY_NODE] = "NODE,PINS,PINNED",
	[BY_MODE] = "MODE,PINS,PINNED,CHARGED",
};

static struct cell group_owner(const struct groups *groups, const struct group *group,
			       int column)
{
	bool is_process = groups->by == BY_PROCESS;

	switch (column) {
	case COL_PID:
		return cell_integer((uint64_t)group->pid, !is_process || !group->pid);
	case COL_COMMAND:
		return cell_string(is_process ? group->comm : "");
	case COL_USER:
		return is_process || groups->by == BY_USER ?
		       cell_formatted(user_name(group->uid)) : cell_string("");
	default:
		return cell_integer(group->uid, !is_process && groups->by != BY_USER);
	}
}

static struct cell group_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct groups *groups = data;
	const struct group *group = &groups->array[row];
	bool is_node = groups->by == BY_NODE;

	switch (column) {
	case COL_PID:
	case COL_COMMAND:
	case COL_USER:
	case COL_UID:
		return group_owner(groups, group, column);
	case COL_NODE:
		return cell_integer(group->node, !is_node);
	case COL_MODE:
		return cell_string(groups->by == BY_MODE ? ledger_mode(group->mode) : "");
	case COL_PINS:
		return cell_integer(group->pins, false);
	case COL_PINNED:
		return cell_size(ledger_bytes(group->pages), bytes);
	case COL_CHARGED:
		return is_node ? cell_string("") :
				 cell_size(ledger_bytes(group->charged_pages), bytes);
	case COL_REFERENCES:
		return cell_integer(group->references, is_node);
	default:
		return cell_string("");
	}
}

static struct json_object *total_json(const struct group *total)
{
	struct json_object *object = json_members();

	json_add_integer(object, "pins", total->pins);
	json_add_integer(object, "pinned", ledger_bytes(total->pages));
	json_add_integer(object, "charged", ledger_bytes(total->charged_pages));
	json_add_integer(object, "references", total->references);
	return object;
}

static void print_groups_json(struct pinctl *pinctl, const struct groups *groups, bool complete,
			      const struct table *table)
{
	struct json_object *document = json_document("pinctl.system/1");

	json_add_string(document, "by",
			values_word(pinctl->command, VALUES_GROUPING, groups->by));
	json_add_bool(document, "complete", complete);
	json_add_bool(document, "interrupted", groups->interrupted);
	json_add(document, "total", total_json(&groups->total));
	json_add(document, "groups", table_json(pinctl, table));
	json_print(pinctl, document);
}

static void print_groups_header(const struct groups *groups)
{
	char pinned[SIZE_TEXT_MAX], charged[SIZE_TEXT_MAX];

	printf("%" PRIu64 " pin%s, %s pinned, %s charged\n", groups->total.pins,
	       groups->total.pins == 1 ? "" : "s",
	       size_to_text(ledger_bytes(groups->total.pages), pinned),
	       size_to_text(ledger_bytes(groups->total.charged_pages), charged));
}

static void print_groups(struct pinctl *pinctl, const struct groups *groups, bool complete,
			 struct table *table)
{
	table->data = groups;
	table->rows = groups->count;
	if (pinctl->json) {
		print_groups_json(pinctl, groups, complete, table);
		return;
	}
	if (!pinctl->raw)
		print_groups_header(groups);
	if (pinctl->raw || groups->count)
		table_print(pinctl, table);
	if (!complete)
		fputs("pinctl: only your own pins are seen; ask with sudo\n", stderr);
	if (groups->interrupted)
		fputs("pinctl: pins came or went meanwhile\n", stderr);
}

/* Who may ask for the sums sees every pin. */
static int list_ledger(struct pinctl *pinctl, struct libpin_ledger *ledger,
		       const struct list_options *options, struct table *table)
{
	enum grouping by = options->metrics ? BY_USER : options->by;
	struct libpin_totals *totals;
	struct groups groups;
	int sums, ret;

	sums = libpin_totals_get(ledger, &totals);
	check_memory(-sums);
	ret = groups_gather(&groups, ledger, options->filter, by, options->order);
	if (ret)
		ret = ledger_complain(pinctl, ledger, ret, "the ledger");
	else if (!options->metrics)
		print_groups(pinctl, &groups, !sums, table);
	else if (sums)
		ret = ledger_complain(pinctl, ledger, sums, "metrics");
	else
		metrics_print(totals, &groups);
	groups_release(&groups);
	libpin_totals_free(totals);
	return ret;
}

static int list_system(struct pinctl *pinctl, const struct list_options *options)
{
	struct table table = { .columns = columns, .cell = group_cell };
	struct libpin_ledger *ledger;
	int ret;

	ret = table_choose(pinctl, &table, group_columns[options->by]);
	if (!ret)
		ret = ledger_open(pinctl, &ledger);
	if (ret)
		return ret;
	ret = list_ledger(pinctl, ledger, options, &table);
	libpin_ledger_close(ledger);
	return ret;
}

/* --- options ---------------------------------------------------------------- */

static const struct option_def list_options[] = {
	{ 'a', "all", NULL, "contexts without pins, too" },
	{ OPTION_SYSTEM, "system", NULL, "every pin of the system, from the ledger" },
	{ OPTION_BY, "by", "WHAT", "with --system: add up by process (default), user, node, mode",
	  VALUES_GROUPING },
	{ OPTION_SORT, "sort", "COLUMN", "with --system: most pinned (default), charged or pins",
	  VALUES_ORDER },
	{ OPTION_USER, "user", "USER", "with --system: only pins of that user" },
	{ OPTION_PID, "pid", "PID", "with --system: only pins of that process", VALUES_PID },
	{ OPTION_NODE, "node", "NODE", "with --system: only pins with pages on that NUMA node" },
	{ OPTION_MODE, "mode", "MODE", "with --system: only longterm pins, or leases",
	  VALUES_MODE },
	{ OPTION_METRICS, "metrics", NULL, "the sums as OpenMetrics text" },
	{ 0 }
};

static int parse_user(struct pinctl *pinctl, const char *text, uid_t *uid)
{
	const struct passwd *user;
	uint64_t number;

	errno = 0;
	user = getpwnam(text);
	if (!user)
		check_memory(errno);
	if (!user && (number_parse(text, &number) || number > UINT32_MAX))
		return complain_usage(pinctl, NULL, "there is no user '%s'", text);
	*uid = user ? user->pw_uid : (uid_t)number;
	return 0;
}

static int parse_number(struct pinctl *pinctl, const char *name, const char *text,
			uint32_t *number)
{
	uint64_t value;

	if (number_parse(text, &value) || value > INT32_MAX)
		return complain_usage(pinctl, NULL, "--%s needs a number, not '%s'", name, text);
	*number = (uint32_t)value;
	return 0;
}

static int set_filter(struct pinctl *pinctl, struct libpin_filter *filter, int id,
		      const char *value)
{
	uint32_t number = 0;
	uid_t uid = 0;
	int ret;

	switch (id) {
	case OPTION_USER:
		ret = parse_user(pinctl, value, &uid);
		return ret ? ret : libpin_filter_set_uid(filter, uid);
	case OPTION_PID:
		ret = parse_number(pinctl, "pid", value, &number);
		return ret ? ret : libpin_filter_set_pid(filter, (pid_t)number);
	case OPTION_NODE:
		ret = parse_number(pinctl, "node", value, &number);
		return ret ? ret : libpin_filter_set_node(filter, number);
	default:
		ret = values_find(pinctl, VALUES_MODE, "--mode", value);
		return ret < 0 ? EXIT_USAGE :
		       libpin_filter_set_mode(filter, (uint32_t)ret + PIN_MODE_LONGTERM);
	}
}

static int set_option(struct pinctl *pinctl, struct list_options *options, int id,
		      const char *value)
{
	int ret;

	switch (id) {
	case 'a':
		options->all = true;
		return 0;
	case OPTION_SYSTEM:
		options->system = true;
		return 0;
	case OPTION_METRICS:
		options->metrics = true;
		return 0;
	case OPTION_BY:
		ret = values_find(pinctl, VALUES_GROUPING, "--by", value);
		options->by = ret < 0 ? BY_PROCESS : (enum grouping)ret;
		options->filtered = true;
		return ret < 0 ? EXIT_USAGE : 0;
	case OPTION_SORT:
		ret = values_find(pinctl, VALUES_ORDER, "--sort", value);
		options->order = ret < 0 ? ORDER_PINNED : (enum group_order)ret;
		options->filtered = true;
		return ret < 0 ? EXIT_USAGE : 0;
	case OPTION_ARGUMENT:
		return complain_usage(pinctl, NULL, "list takes no target; pinctl show %s", value);
	case OPTION_ERROR:
		return EXIT_USAGE;
	default:
		options->filtered = true;
		return set_filter(pinctl, options->filter, id, value);
	}
}

static int run(struct pinctl *pinctl, const struct list_options *options)
{
	if (options->filtered && !options->system)
		return complain_usage(pinctl, NULL, "that takes --system");
	if (options->metrics && (options->system || options->all || pinctl->json))
		return complain_usage(pinctl, NULL, "--metrics stands alone");
	if (options->system && options->all)
		return complain_usage(pinctl, NULL, "--all and --system exclude each other");
	if (options->system || options->metrics)
		return list_system(pinctl, options);
	return list(pinctl, options->all);
}

static int list_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct list_options options = { 0 };
	const char *value;
	int id, ret = 0;

	check_memory(-libpin_filter_new(&options.filter));
	while (!ret && (id = option_next(pinctl, arguments, &value)) != OPTION_END)
		ret = set_option(pinctl, &options, id, value);
	if (!ret)
		ret = run(pinctl, &options);
	libpin_filter_free(options.filter);
	return ret;
}

const struct command cmd_list = {
	.name = "list",
	.synopsis = "list [-a | --system [--by WHAT] | --metrics] [OPTIONS]",
	.summary = "who holds pins: processes, users, NUMA nodes",
	.description =
		"Lists the contexts of /dev/pin that hold pins, found by the descriptors in /proc:\n"
		"process, user, pins, pages. One context may have several holders (fork, passed\n"
		"descriptors) and stands here once. Without privileges only one's own processes\n"
		"are seen; what was not seen is told on stderr.\n"
		"With --system it asks the module's ledger of all pins, wherever their descriptors\n"
		"are, and adds up by who pinned; without privileges one's own. --metrics prints the\n"
		"sums for a monitoring system. pinctl show PID shows the pins themselves. Pins of\n"
		"other drivers are not listed: doctor --only system.pins.",
	.options = list_options,
	.columns = columns,
	.examples =
		" sudo pinctl list\n"
		" pinctl list -o +HELD-BY\n"
		" sudo pinctl list --system --by user --sort charged\n"
		" sudo pinctl list --metrics > /var/lib/node_exporter/pin.prom\n"
		" pinctl list -J -b | jq -r '.contexts[] | \"\\(.pid) \\(.pinned)\"'\n",
	.run = list_run,
};
