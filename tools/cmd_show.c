// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl show: one process with its limits, its contexts, and their pins; or one pin,
 * whoever holds it, as the ledger tells it.
 *
 * The pins of a context are told only to who holds it.  For another process's
 * context that is pinctl itself, for a moment, through pidfd_getfd(2).
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libpin.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders.h"
#include "ledger.h"
#include "machine.h"
#include "pins.h"
#include "segment.h"
#include "size.h"
#include "text.h"

enum show_column {
	COL_ID, COL_CONTEXT, COL_START, COL_END, COL_LENGTH, COL_ACCESS, COL_MODE, COL_STATE,
	COL_PINNED, COL_RUNS, COL_CHARGED, COL_PID, COL_COMMAND, COL_USER, COL_UID, COL_SINCE,
	COL_SINCE_NS, COL_COOKIE, COL_NODES
};

static const struct column columns[] = {
	[COL_ID] = PIN_COLUMN_ID,
	[COL_CONTEXT] = { "CONTEXT", "string", "process and descriptor, PID/FD", false },
	[COL_START] = PIN_COLUMN_START,
	[COL_END] = PIN_COLUMN_END,
	[COL_LENGTH] = PIN_COLUMN_LENGTH,
	[COL_ACCESS] = PIN_COLUMN_ACCESS,
	[COL_MODE] = PIN_COLUMN_MODE,
	[COL_STATE] = PIN_COLUMN_STATE,
	[COL_PINNED] = PIN_COLUMN_PINNED,
	[COL_RUNS] = PIN_COLUMN_RUNS,
	[COL_CHARGED] = { "CHARGED", "integer", "bytes that it is charged", true },
	[COL_PID] = PIN_COLUMN_PID,
	[COL_COMMAND] = PIN_COLUMN_COMMAND,
	[COL_USER] = PIN_COLUMN_USER,
	[COL_UID] = PIN_COLUMN_UID,
	[COL_SINCE] = PIN_COLUMN_SINCE,
	[COL_SINCE_NS] = PIN_COLUMN_SINCE_NS,
	[COL_COOKIE] = PIN_COLUMN_COOKIE,
	[COL_NODES] = { "NODES", "list", "base pages on each NUMA node, from node 0 on", false },
	{ 0 }
};

#define COLUMNS_ALL	"ID,CONTEXT,START,END,LENGTH,ACCESS,MODE,STATE,PINNED,RUNS,CHARGED,PID," \
			"COMMAND,USER,UID,SINCE,COOKIE,NODES"
#define COLUMNS_DEFAULT "ID,CONTEXT,START,LENGTH,ACCESS,MODE,STATE,RUNS,CHARGED,USER,SINCE"

/* @fd < 0: all contexts of the process. */
struct show_target {
	const char *text;
	pid_t pid;
	int fd;
};

/* A pin, and the index of its context among the holders. */
struct shown_pin {
	struct libpin_query *query;
	size_t context;
};

/* @errors: for each context 0, or why its pins cannot be had. */
struct show {
	struct show_target target;
	struct system *system;
	struct machine machine;
	struct holders holders;
	int *errors;
	struct shown_pin *pins;
	size_t pin_count;
};

/* --- gathering -------------------------------------------------------------- */

static void add_pin(struct show *show, struct libpin_query *query, size_t context)
{
	show->pins = reallocarray(show->pins, show->pin_count + 1, sizeof(*show->pins));
	if (!show->pins)
		out_of_memory();
	show->pins[show->pin_count++] = (struct shown_pin){ .query = query, .context = context };
}

static int gather_pins(struct show *show, struct libpin_context *ctx, size_t context)
{
	struct libpin_query *query;
	struct libpin_list *list;
	size_t i;
	int ret;

	ret = libpin_list_get(ctx, &list);
	for (i = 0; !ret && i < libpin_list_count(list); i++) {
		ret = libpin_pin_query(ctx, libpin_list_id(list, i), &query);
		if (!ret)
			add_pin(show, query, context);
		/* Released in the meantime. */
		else if (ret == -ENOENT)
			ret = 0;
	}
	libpin_list_free(list);
	return ret;
}

static int gather_context(struct show *show, size_t context)
{
	const struct holder *holder = &show->holders.contexts[context].holders[0];
	struct libpin_context *ctx;
	int fd, ret;

	ret = holder_borrow(holder, &fd);
	if (ret)
		return ret;
	ret = libpin_context_from_fd(&ctx, fd);
	if (ret) {
		close(fd);
		return ret;
	}
	ret = gather_pins(show, ctx, context);
	libpin_context_close(ctx);
	return ret;
}

static void gather(struct show *show)
{
	size_t i;

	show->errors = calloc(show->holders.count + 1, sizeof(*show->errors));
	if (!show->errors)
		out_of_memory();
	for (i = 0; i < show->holders.count; i++) {
		if (show->holders.contexts[i].pins)
			show->errors[i] = -gather_context(show, i);
		check_memory(show->errors[i]);
	}
}

/* The descriptor that was asked about comes first. */
static void put_first(struct held_context *context, size_t holder)
{
	struct holder own = context->holders[holder];

	context->holders[holder] = context->holders[0];
	context->holders[0] = own;
}

/* Keeps the one context that the target names; false if there is none. */
static bool keep_one(struct show *show)
{
	struct holders *holders = &show->holders;
	size_t i, j;

	for (i = 0; i < holders->count; i++) {
		for (j = 0; j < holders->contexts[i].holder_count; j++) {
			struct held_context kept = holders->contexts[i];

			/* Who else holds it may have that number for it. */
			if (kept.holders[j].pid != show->target.pid ||
			    kept.holders[j].fd != show->target.fd)
				continue;
			put_first(&kept, j);
			holders->contexts[i] = holders->contexts[0];
			holders->contexts[0] = kept;
			while (holders->count > 1) {
				holders->count--;
				free(holders->contexts[holders->count].holders);
				free(holders->contexts[holders->count].name);
			}
			return true;
		}
	}
	return false;
}

/* --- pins as a table -------------------------------------------------------- */

static char *context_name(const struct held_context *context)
{
	return text_format("%d/%d", context->holders[0].pid, context->holders[0].fd);
}

static struct cell cell_nodes(const struct libpin_query *query)
{
	struct cell cell = { .text = text_format("%s", ""), .json = json_array() };
	size_t node;

	for (node = 0; node < libpin_query_node_count(query); node++) {
		uint64_t pages = libpin_query_node_pages(query, node);
		char *text = cell.text;

		cell.text = text_format("%s%s%" PRIu64, text, *text ? "," : "", pages);
		json_append(cell.json, json_integer(pages));
		free(text);
	}
	return cell;
}

static struct cell cell_name(const char *name)
{
	return cell_string(name ? name : "unknown");
}

static struct cell query_cell(const struct show *show, const struct shown_pin *pin, int column,
			      bool bytes)
{
	uint64_t page_size = show->machine.page_size;
	const struct libpin_query *query = pin->query;

	switch (column) {
	case COL_CONTEXT:
		return cell_formatted(context_name(&show->holders.contexts[pin->context]));
	case COL_LENGTH:
		return cell_size(libpin_query_length(query), bytes);
	case COL_ACCESS:
		return cell_string(libpin_query_flags(query) & PIN_F_WRITE ? "write" : "read");
	case COL_MODE:
		return cell_name(libpin_mode_name(libpin_query_mode(query)));
	case COL_STATE:
		return cell_name(libpin_state_name(libpin_query_state(query)));
	case COL_PINNED:
		return cell_size(libpin_query_pages(query) * page_size, bytes);
	case COL_RUNS:
		return cell_integer(libpin_query_runs(query), false);
	case COL_CHARGED:
		return cell_size(libpin_query_charged_pages(query) * page_size, bytes);
	case COL_PID:
		return cell_integer((uint64_t)libpin_query_pid(query), !libpin_query_pid(query));
	case COL_COMMAND:
		return cell_string(libpin_query_comm(query));
	case COL_USER:
		return cell_formatted(user_name(libpin_query_uid(query)));
	case COL_UID:
		return cell_integer(libpin_query_uid(query), false);
	case COL_SINCE:
		return cell_time(libpin_query_start_time_ns(query));
	case COL_SINCE_NS:
		return cell_integer(libpin_query_start_time_ns(query), false);
	case COL_COOKIE:
		return cell_address(libpin_query_cookie(query));
	default:
		return cell_nodes(query);
	}
}

static struct cell show_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct show *show = data;
	const struct shown_pin *pin = &show->pins[row];
	uint64_t address = libpin_query_address(pin->query);

	switch (column) {
	case COL_ID:
		return cell_integer(libpin_query_id(pin->query), false);
	case COL_START:
		return cell_address(address);
	case COL_END:
		return cell_address(address + libpin_query_length(pin->query));
	default:
		return query_cell(show, pin, column, bytes);
	}
}

/* --- as text ---------------------------------------------------------------- */

static void status_value(const struct show *show, const char *name, char *value, size_t size)
{
	snprintf(value, size, "unknown");
	machine_status(&show->machine, name, value, size);
}

static const char *limit_text(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
	return bytes == UINT64_MAX ? "unlimited" : size_to_text(bytes, text);
}

static void print_process(const struct show *show)
{
	char value[64], soft_text[SIZE_TEXT_MAX], hard_text[SIZE_TEXT_MAX], *name, *user;
	uint64_t soft, hard;

	status_value(show, "Name", value, sizeof(value));
	name = text_for_terminal(value);
	status_value(show, "Uid", value, sizeof(value));
	user = user_name((uid_t)strtoul(value, NULL, 10));
	printf("%s (%d), user %s\n", name, show->target.pid, user);
	free(name);
	free(user);
	if (machine_memlock(&show->machine, &soft, &hard))
		printf("memlock  %s, hard limit %s%s\n", limit_text(soft, soft_text),
		       limit_text(hard, hard_text),
		       machine_exempt(&show->machine) ? "; CAP_IPC_LOCK exempts" : "");
	status_value(show, "VmPin", value, sizeof(value));
	printf("VmPin    %s, charged by RDMA and /dev/pin\n", value);
	status_value(show, "VmLck", value, sizeof(value));
	printf("VmLck    %s, charged by VFIO and mlock(2)\n", value);
}

static void print_context(const struct show *show, size_t index)
{
	const struct held_context *context = &show->holders.contexts[index];
	char pinned[SIZE_TEXT_MAX], charged[SIZE_TEXT_MAX], *name = context_name(context);
	size_t i;

	printf("context  %s: %" PRIu64 " pin%s, %s pinned, %s charged", name, context->pins,
	       context->pins == 1 ? "" : "s",
	       size_to_text(context->pinned_pages * show->machine.page_size, pinned),
	       size_to_text(context->charged_pages * show->machine.page_size, charged));
	free(name);
	for (i = 1; i < context->holder_count; i++)
		printf("%s %d/%d", i == 1 ? "; also" : ",", context->holders[i].pid,
		       context->holders[i].fd);
	putchar('\n');
}

static void print_withheld(const struct show *show)
{
	size_t i;

	for (i = 0; i < show->holders.count; i++) {
		char *name;

		if (!show->errors[i])
			continue;
		name = context_name(&show->holders.contexts[i]);
		fprintf(stderr, "pinctl: cannot see the pins of %s: %s%s\n", name,
			strerror(show->errors[i]),
			show->errors[i] == EPERM ? "; that takes what ptrace takes, ask with sudo"
						 : "");
		free(name);
	}
}

static void print_text(struct pinctl *pinctl, const struct show *show, const struct table *table)
{
	size_t i;

	if (!pinctl->raw) {
		print_process(show);
		if (!show->holders.count)
			puts("context  none: it does not have /dev/pin open");
		for (i = 0; i < show->holders.count; i++)
			print_context(show, i);
		if (show->pin_count)
			putchar('\n');
	}
	if (pinctl->raw || show->pin_count)
		table_print(pinctl, table);
	print_withheld(show);
}

/* --- as JSON ---------------------------------------------------------------- */

/* "8192 kB" in bytes; null if it is not there. */
static struct json_object *kilobytes_json(const struct show *show, const char *name)
{
	char value[64];

	if (!machine_status(&show->machine, name, value, sizeof(value)))
		return NULL;
	return json_integer(strtoull(value, NULL, 10) * 1024);
}

static struct json_object *limit_json(bool known, uint64_t bytes)
{
	return known && bytes != UINT64_MAX ? json_integer(bytes) : NULL;
}

static struct json_object *process_json(const struct show *show)
{
	struct json_object *object = json_members();
	uint64_t soft = 0, hard = 0;
	bool known = machine_memlock(&show->machine, &soft, &hard);
	char value[64], *user;
	uid_t uid;

	json_add_integer(object, "pid", (uint64_t)show->target.pid);
	status_value(show, "Name", value, sizeof(value));
	json_add_string(object, "name", value);
	status_value(show, "Uid", value, sizeof(value));
	uid = (uid_t)strtoul(value, NULL, 10);
	user = user_name(uid);
	json_add_integer(object, "uid", uid);
	json_add_string(object, "user", user);
	free(user);
	json_add_bool(object, "memlock_known", known);
	json_add(object, "memlock_soft", limit_json(known, soft));
	json_add(object, "memlock_hard", limit_json(known, hard));
	json_add_bool(object, "memlock_exempt", machine_exempt(&show->machine));
	json_add(object, "vm_pin", kilobytes_json(show, "VmPin"));
	json_add(object, "vm_locked", kilobytes_json(show, "VmLck"));
	return object;
}

static struct json_object *context_json(const struct show *show, size_t index)
{
	const struct held_context *context = &show->holders.contexts[index];
	struct json_object *object = json_members(), *held_by = json_array();
	uint64_t page_size = show->machine.page_size;
	char *name = context_name(context);
	size_t i;

	json_add_string(object, "context", name);
	free(name);
	for (i = 0; i < context->holder_count; i++) {
		name = text_format("%d/%d", context->holders[i].pid, context->holders[i].fd);
		json_append(held_by, json_string(name));
		free(name);
	}
	json_add(object, "held_by", held_by);
	json_add_string(object, "access", context->writable ? "pin" : "ask");
	json_add_integer(object, "pins", context->pins);
	json_add_integer(object, "pinned", context->pinned_pages * page_size);
	json_add_integer(object, "charged", context->charged_pages * page_size);
	json_add_string(object, "withheld",
			show->errors[index] ? errno_text(show->errors[index]) : NULL);
	return object;
}

static void print_json(struct pinctl *pinctl, const struct show *show, const struct table *table)
{
	struct json_object *document = json_document("pinctl.show/1");
	struct json_object *contexts = json_array();
	size_t i;

	for (i = 0; i < show->holders.count; i++)
		json_append(contexts, context_json(show, i));
	json_add_string(document, "target", show->target.text);
	json_add(document, "process", process_json(show));
	json_add(document, "contexts", contexts);
	json_add(document, "pins", table_json(pinctl, table));
	json_print(pinctl, document);
}

/* --- one pin, of the ledger ------------------------------------------------- */

static struct cell ledger_nodes(const struct kept_pin *pin)
{
	struct cell cell = { .text = text_format("%s", ""), .json = json_array() };
	uint32_t node = 0;
	size_t i;

	for (i = 0; i < pin->node_count; node++) {
		uint64_t pages = pin->nodes[i].node == node ? pin->nodes[i].pages : 0;
		char *text = cell.text;

		cell.text = text_format("%s%s%" PRIu64, text, *text ? "," : "", pages);
		json_append(cell.json, json_integer(pages));
		free(text);
		/* They come by rising numbers; whatever does not ends the list. */
		i += pin->nodes[i].node <= node;
	}
	return cell;
}

/* The same columns; a context has no name of a descriptor there, but an id. */
static struct cell ledger_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct kept_pin *pin = &((const struct pins *)data)->array[row];

	switch (column) {
	case COL_CONTEXT:
		return cell_formatted(text_format("%" PRIu64, pin->context));
	case COL_NODES:
		return ledger_nodes(pin);
	default:
		return pin_cell(data, row, pin_column_find(columns[column].name), bytes);
	}
}

static void print_pin(struct pinctl *pinctl, const char *target, const struct table *table)
{
	struct json_object *document;

	if (!pinctl->json) {
		if (pinctl->raw || pinctl->columns)
			table_print(pinctl, table);
		else
			table_print_lines(pinctl, table);
		return;
	}
	document = json_document("pinctl.show/1");
	json_add_string(document, "target", target);
	json_add(document, "process", NULL);
	json_add(document, "contexts", json_array());
	json_add(document, "pins", table_json(pinctl, table));
	json_print(pinctl, document);
}

static int show_pin(struct pinctl *pinctl, const char *target, uint64_t id)
{
	struct table table = { .columns = columns, .cell = ledger_cell, .rows = 1 };
	bool all = !pinctl->columns && !pinctl->raw;
	struct libpin_record *record = NULL;
	struct libpin_ledger *ledger;
	struct pins pins = { 0 };
	int ret;

	ret = table_choose(pinctl, &table, all ? COLUMNS_ALL : COLUMNS_DEFAULT);
	if (!ret)
		ret = ledger_open(pinctl, &ledger);
	if (ret)
		return ret;
	ret = libpin_ledger_get(ledger, id, &record);
	if (!ret) {
		pins_add(&pins, record);
		table.data = &pins;
		print_pin(pinctl, target, &table);
	} else if (ret == -ENOENT) {
		ret = complain(pinctl, EXIT_NO, NULL, "pinctl list --system",
			       "there is no pin %" PRIu64 ", or it is not yours", id);
	} else {
		ret = ledger_complain(pinctl, ledger, ret, "the ledger");
	}
	pins_release(&pins);
	libpin_record_free(record);
	libpin_ledger_close(ledger);
	return ret;
}

/* --- running ---------------------------------------------------------------- */

static int look_failed(struct pinctl *pinctl, const struct show *show, int error)
{
	if (error == ESRCH)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "there is no process %d",
				show->target.pid);
	return complain(pinctl, EXIT_UNKNOWN, NULL, "ask as that process's user, or with sudo",
			"cannot look into process %d: %s", show->target.pid, strerror(error));
}

/*
 * The holders of all processes: who else holds a context of this one is part of the
 * answer.  Then those that this process does not hold are dropped.
 */
static int find_contexts(struct show *show)
{
	struct holders *holders = &show->holders;
	size_t i, j, kept = 0;
	int ret;

	ret = holders_find(holders, show->target.pid);
	holders_release(holders);
	if (ret)
		return ret;
	ret = holders_find(holders, 0);
	for (i = 0; !ret && i < holders->count; i++) {
		struct held_context *context = &holders->contexts[i];

		for (j = 0; j < context->holder_count; j++)
			if (context->holders[j].pid == show->target.pid)
				break;
		if (j == context->holder_count) {
			free(context->holders);
			free(context->name);
			continue;
		}
		put_first(context, j);
		holders->contexts[kept++] = *context;
	}
	holders->count = kept;
	return ret;
}

/* The process that a thread belongs to: /proc lists no others, only leads to them. */
static pid_t process_of(pid_t thread)
{
	pid_t process = thread;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	file = fopen(path, "re");
	if (!file) {
		check_memory(errno);
		return thread;
	}
	while (fgets(line, sizeof(line), file) && sscanf(line, "Tgid: %d", &process) != 1)
		;
	fclose(file);
	return process;
}

static int show_process(struct pinctl *pinctl, struct show *show, struct table *table)
{
	int ret;

	show->target.pid = process_of(show->target.pid);
	ret = find_contexts(show);
	if (ret)
		return look_failed(pinctl, show, -ret);
	if (show->target.fd >= 0 && !keep_one(show))
		return complain(pinctl, EXIT_NO, NULL, NULL,
				"descriptor %d of process %d is not one of /dev/pin",
				show->target.fd, show->target.pid);
	system_open(&show->system, NULL);
	machine_look(&show->machine, show->system, show->target.pid);
	gather(show);
	table->data = show;
	table->rows = show->pin_count;
	if (pinctl->json)
		print_json(pinctl, show, table);
	else
		print_text(pinctl, show, table);
	return show->holders.count ? EXIT_YES : EXIT_NO;
}

static void show_release(struct show *show)
{
	size_t i;

	for (i = 0; i < show->pin_count; i++)
		libpin_query_free(show->pins[i].query);
	free(show->pins);
	free(show->errors);
	holders_release(&show->holders);
	system_close(show->system);
}

static int parse_number(const char *text, const char **rest, int *number)
{
	char *end;
	long value;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || value > INT_MAX)
		return -EINVAL;
	*number = (int)value;
	*rest = end;
	return 0;
}

static int parse_target(const char *text, struct show_target *target)
{
	const char *rest;

	*target = (struct show_target){ .text = text, .fd = -1 };
	if (parse_number(text, &rest, &target->pid) || !target->pid)
		return -EINVAL;
	if (!*rest)
		return 0;
	if (*rest != '/' || parse_number(rest + 1, &rest, &target->fd) || *rest)
		return -EINVAL;
	return 0;
}

static int show_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct table table = { .columns = columns, .cell = show_cell };
	struct show show = { 0 };
	const char *value, *target = NULL;
	uint64_t pin;
	int id, ret;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		if (id != OPTION_ARGUMENT)
			return EXIT_USAGE;
		if (target)
			return complain_usage(pinctl, NULL, "more than one target: %s", value);
		target = value;
	}
	if (!target)
		return complain_usage(pinctl, NULL, "show needs a PID, PID/FD of a context, or "
				      "pin:ID");
	if (!strncmp(target, "pin:", 4)) {
		if (pin_id_parse(target + 4, &pin))
			return complain_usage(pinctl, NULL, "target '%s': not the id of a pin",
					      target);
		return show_pin(pinctl, target, pin);
	}
	if (parse_target(target, &show.target))
		return complain_usage(pinctl, NULL, "target '%s': not PID, PID/FD or pin:ID",
				      target);
	ret = table_choose(pinctl, &table, COLUMNS_DEFAULT);
	if (ret)
		return ret;
	ret = show_process(pinctl, &show, &table);
	show_release(&show);
	return ret;
}

static const struct option_def show_options[] = {
	{ 0 }
};

const struct command cmd_show = {
	.name = "show",
	.synopsis = "show PID[/FD]|pin:ID [OPTIONS]",
	.summary = "one process: its limits, its contexts, their pins; one pin",
	.description =
		"Shows the limit that a process is held to and what it is charged, its contexts\n"
		"of /dev/pin (FD: that one alone), and each pin in them. The pins of another\n"
		"process are had through a copy of its descriptor, which takes what ptrace takes;\n"
		"without that right only the sums are shown. Exit code 1 if the process does not\n"
		"have /dev/pin open. pin:ID shows one pin, whoever holds it, from the module's\n"
		"ledger; without privileges only of one's own. Exit code 1 if there is none.",
	.options = show_options,
	.columns = columns,
	.arguments = { VALUES_PID_OR_PIN },
	.examples =
		" sudo pinctl show 4242\n"
		" sudo pinctl show 4242/5 -o ID,START,LENGTH,NODES\n"
		" sudo pinctl show pin:42\n"
		" sudo pinctl show 4242 -J | jq '.pins[].id'\n",
	.run = show_run,
};
