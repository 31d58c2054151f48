// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl who: whose pins hold a part of physical memory, and so keep it from being taken
 * offline, moved or unplugged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "pins.h"
#include "place.h"
#include "size.h"
#include "text.h"

/* Parts of a file that are asked for one by one: above that all that lies between. */
#define ASKED_MAX	256

static int ask(struct libpin_ledger *ledger, const struct place *place, uint64_t first,
	       uint64_t count, struct pins *pins)
{
	struct libpin_filter *filter;
	int ret;

	if (libpin_filter_new(&filter))
		out_of_memory();
	if (place->node >= 0)
		ret = libpin_filter_set_node(filter, (uint32_t)place->node);
	else
		ret = libpin_filter_set_pfns(filter, first, count);
	if (!ret)
		ret = pins_gather(pins, ledger, filter);
	libpin_filter_free(filter);
	return ret;
}

/* From the lowest to the highest: most places have no pin at all. */
static int ask_coarsely(struct libpin_ledger *ledger, const struct place *place,
			struct pins *pins)
{
	uint64_t first = UINT64_MAX, end = 0;
	size_t i;

	for (i = 0; i < place->count; i++) {
		const struct frames *frames = &place->frames[i];

		if (frames->first < first)
			first = frames->first;
		if (frames->first + frames->count > end)
			end = frames->first + frames->count;
	}
	return ask(ledger, place, first, end - first, pins);
}

/* @coarse: pins are among them that only lie between two parts. */
static int gather(struct libpin_ledger *ledger, struct place *place, struct pins *pins,
		  bool *coarse)
{
	struct pins around = { 0 };
	size_t i;
	int ret;

	*coarse = false;
	if (place->node >= 0)
		return ask(ledger, place, 0, 0, pins);
	if (!place->count)
		return 0;
	place->count = frames_join(place->frames, place->count);
	if (place->count == 1)
		return ask(ledger, place, place->frames[0].first, place->frames[0].count, pins);
	*coarse = place->count > ASKED_MAX;
	if (*coarse)
		return ask_coarsely(ledger, place, pins);
	ret = ask_coarsely(ledger, place, &around);
	for (i = 0; !ret && around.count && i < place->count; i++)
		ret = ask(ledger, place, place->frames[i].first, place->frames[i].count, pins);
	pins_release(&around);
	return ret;
}

static void print_json(struct pinctl *pinctl, const struct place *place,
		       const struct pins *pins, bool coarse, const struct table *table)
{
	struct json_object *document = json_document("pinctl.who/1");
	struct json_object *ranges = json_array();
	size_t i;

	for (i = 0; i < place->count; i++) {
		struct json_object *range = json_members();

		json_add_address(range, "first_pfn", place->frames[i].first);
		json_add_integer(range, "pages", place->frames[i].count);
		json_append(ranges, range);
	}
	json_add_string(document, "place", place->text);
	json_add(document, "node", place->node < 0 ? NULL : json_integer((uint64_t)place->node));
	json_add(document, "ranges", ranges);
	json_add_bool(document, "coarse", coarse);
	json_add_bool(document, "interrupted", pins->interrupted);
	json_add(document, "pins", table_json(pinctl, table));
	json_print(pinctl, document);
}

static void print_text(struct pinctl *pinctl, const struct place *place,
		       const struct pins *pins, bool coarse, const struct table *table)
{
	char size[SIZE_TEXT_MAX], *name = text_for_terminal(place->text);

	if (!pinctl->raw) {
		if (pins->count)
			printf("%s: %zu pin%s of %s in all %s memory there\n", name, pins->count,
			       pins->count == 1 ? "" : "s",
			       size_to_text(ledger_bytes(pins_pages(pins)), size),
			       pins->count == 1 ? "holds" : "hold");
		else
			printf("%s: no pin of /dev/pin holds memory there\n", name);
	}
	free(name);
	if (pinctl->raw || pins->count)
		table_print(pinctl, table);
	if (!pinctl->raw && pins->count)
		puts("Next: end those processes, or: sudo pinctl release ID");
	else if (!pinctl->raw)
		puts("Next: pinctl doctor --only system.pins, what all drivers have pinned");
	if (coarse)
		fputs("pinctl: its pages are scattered: pins that only lie between them stand "
		      "here, too\n", stderr);
	if (pins->interrupted)
		fputs("pinctl: pins came or went meanwhile\n", stderr);
}

static int who_ledger(struct pinctl *pinctl, struct place *place, struct table *table)
{
	struct libpin_ledger *ledger;
	struct pins pins = { 0 };
	bool coarse;
	int ret;

	ret = ledger_open(pinctl, &ledger);
	if (ret)
		return ret;
	ret = gather(ledger, place, &pins, &coarse);
	if (ret) {
		ret = ledger_complain(pinctl, ledger, ret, "who");
	} else {
		table->data = &pins;
		table->rows = pins.count;
		if (pinctl->json)
			print_json(pinctl, place, &pins, coarse, table);
		else
			print_text(pinctl, place, &pins, coarse, table);
		ret = pins.count ? EXIT_YES : EXIT_NO;
	}
	pins_release(&pins);
	libpin_ledger_close(ledger);
	return ret;
}

static int who(struct pinctl *pinctl, const char *text)
{
	struct table table = { .columns = pin_columns, .cell = pin_cell };
	struct place place;
	int ret;

	ret = table_choose(pinctl, &table, PIN_COLUMNS_DEFAULT);
	if (ret)
		return ret;
	ret = place_parse(pinctl, text, &place);
	if (!ret)
		ret = who_ledger(pinctl, &place, &table);
	place_release(&place);
	return ret;
}

static const struct option_def who_options[] = {
	{ 0 }
};

static int who_run(struct pinctl *pinctl, struct arguments *arguments)
{
	const char *value, *place = NULL;
	int id;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		if (id != OPTION_ARGUMENT)
			return EXIT_USAGE;
		if (place)
			return complain_usage(pinctl, NULL, "more than one place: %s", value);
		place = value;
	}
	if (!place)
		return complain_usage(pinctl, NULL, "who needs a place, as block:memory40 or "
				      "node:1");
	return who(pinctl, place);
}

const struct command cmd_who = {
	.name = "who",
	.synopsis = "who PLACE [OPTIONS]",
	.summary = "whose pins hold a memory block, node, zone, file, ...",
	.description =
		"Lists the pins that hold memory in a place, and so keep it from being taken offline\n"
		"or moved. Exit code 1 if there is none. PLACE is one of:\n"
		" pfn:FIRST-END, pfn:FIRST+COUNT    page frames\n"
		" phys:START-END, phys:START+SIZE   physical addresses\n"
		" block:memoryN                     a block of /sys/devices/system/memory\n"
		" node:N                            a NUMA node\n"
		" zone:NAME                         a zone, as Movable, of whatever node\n"
		" file:PATH                         pages of a file that are in memory\n"
		"Numbers are decimal, or hexadecimal with 0x. Pins of other drivers are not known.\n"
		"All but node: takes root.",
	.options = who_options,
	.columns = pin_columns,
	.arguments = { VALUES_PLACE },
	.examples =
		" sudo pinctl who block:memory40\n"
		" sudo pinctl who zone:Movable -o ID,PID,COMMAND,PINNED\n"
		" sudo pinctl who phys:0x140000000+128M -J | jq -r '.pins[].pid'\n",
	.run = who_run,
};
