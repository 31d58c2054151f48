// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl release: takes a pin away from whoever holds it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "size.h"
#include "text.h"

/* What the pin was, before it is gone: who loses it is worth telling. */
static void print_released(struct pinctl *pinctl, const struct libpin_record *record)
{
	struct json_object *document;
	char size[SIZE_TEXT_MAX], *name;

	if (pinctl->json) {
		document = json_document("pinctl.release/1");
		json_add_bool(document, "released", true);
		json_add(document, "pin", ledger_pin_json(record));
		json_print(pinctl, document);
		return;
	}
	name = text_for_terminal(libpin_record_comm(record));
	printf("pin %" PRIu64 " released: %s of %s (%d)\n", libpin_record_id(record),
	       size_to_text(ledger_bytes(libpin_record_pages(record)), size), name,
	       (int)libpin_record_pid(record));
	free(name);
}

static int release_failed(struct pinctl *pinctl, const struct libpin_ledger *ledger, int error,
			  uint64_t id)
{
	char what[64];

	if (error == -ENOENT)
		return complain(pinctl, EXIT_NO, NULL, "pinctl list --system",
				"there is no pin %" PRIu64 ", or it is not yours", id);
	if (error == -ESTALE)
		return complain(pinctl, EXIT_NO, "it holds nothing any more", NULL,
				"pin %" PRIu64 " has been revoked already", id);
	snprintf(what, sizeof(what), "release of pin %" PRIu64, id);
	return ledger_complain(pinctl, ledger, error, what);
}

static int release(struct pinctl *pinctl, uint64_t id)
{
	struct libpin_record *record = NULL;
	struct libpin_ledger *ledger;
	int ret;

	ret = ledger_open(pinctl, &ledger);
	if (ret)
		return ret;
	ret = libpin_ledger_get(ledger, id, &record);
	if (!ret)
		ret = libpin_ledger_release(ledger, id);
	if (ret)
		ret = release_failed(pinctl, ledger, ret, id);
	else
		print_released(pinctl, record);
	libpin_record_free(record);
	libpin_ledger_close(ledger);
	return ret;
}

static int release_run(struct pinctl *pinctl, struct arguments *arguments)
{
	const char *value, *pin = NULL;
	uint64_t number;
	int id;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		if (id != OPTION_ARGUMENT)
			return EXIT_USAGE;
		if (pin)
			return complain_usage(pinctl, NULL, "more than one pin: %s", value);
		pin = value;
	}
	if (!pin)
		return complain_usage(pinctl, NULL, "release needs the id of a pin");
	if (pin_id_parse(pin, &number))
		return complain_usage(pinctl, NULL, "'%s' is not the id of a pin", pin);
	return release(pinctl, number);
}

static const struct option_def release_options[] = {
	{ 0 }
};

const struct command cmd_release = {
	.name = "release",
	.synopsis = "release PIN [OPTIONS]",
	.summary = "take a pin away from whoever holds it",
	.description =
		"Forces the release of one pin, by its id: it is revoked at once, its memory and its\n"
		"charge are given back soon after, and its owner and every monitor are told. Memory\n"
		"that a device still writes to may then be somebody else's: end the process instead\n"
		"where that is possible. Takes root.",
	.options = release_options,
	.examples =
		" sudo pinctl list --system\n"
		" sudo pinctl release 42\n",
	.run = release_run,
};
