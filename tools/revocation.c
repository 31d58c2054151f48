// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Revocation: how a pin was taken back, in words and as data.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "explanation.h"
#include "revocation.h"
#include "size.h"
#include "text.h"

static const struct {
	const char *what;
	const char *remedy;
} causes[] = {
	[PIN_CAUSE_FILE] = {
		"The filesystem needed the blocks: the file was truncated or opened with O_TRUNC, "
		"a hole was punched into it, or its blocks were shared or moved.",
		"Pin it again when that is done, and the file is as long as it has to be.",
	},
	[PIN_CAUSE_UNMAP] = {
		"The mapping was removed, moved or replaced.",
		"Map the file again, and pin that.",
	},
	[PIN_CAUSE_EXIT] = {
		"The address space that was pinned is gone: its process has ended or has become "
		"another program.",
		"Pin it again, in a process that stays.",
	},
	[PIN_CAUSE_DEVICE] = {
		"The device that the memory lies on is being removed.",
		"Pin it again when the device is back, and its filesystem mounted.",
	},
	[PIN_CAUSE_ADMIN] = {
		"An administrator has forced its release.",
		"Ask the administrator before pinning it again.",
	},
};

static const char *cause_text(uint32_t cause)
{
	const char *name = libpin_cause_name(cause);

	return name ? name : "unknown";
}

void revocation_print(const struct pinctl *pinctl, uint64_t id,
		      const struct revocation *revocation)
{
	bool known = libpin_cause_name(revocation->cause) && revocation->cause < ARRAY_SIZE(causes);
	char size[SIZE_TEXT_MAX];
	char *text;

	printf("pin %" PRIu64 " revoked: nothing of it is pinned any more\n\n", id);
	text = text_format("%s: %s", cause_text(revocation->cause),
			   known ? causes[revocation->cause].what :
				   "this pinctl is older than the module and does not know it.");
	explanation_paragraph(pinctl, "Cause", text);
	free(text);
	text = text_format("%" PRIx64 "-%" PRIx64 " %s", revocation->address,
			   revocation->address + revocation->length,
			   size_to_text(revocation->length, size));
	explanation_paragraph(pinctl, "Where", text);
	free(text);
	if (revocation->lost) {
		text = text_format("%" PRIu64 " events before this one", revocation->lost);
		explanation_paragraph(pinctl, "Lost", text);
		free(text);
	}
	explanation_paragraph(pinctl, "What to do",
			      known ? causes[revocation->cause].remedy : "Pin it again.");
}

struct json_object *revocation_json(const struct revocation *revocation)
{
	struct json_object *object;

	if (!revocation->revoked)
		return NULL;
	object = json_members();
	json_add_string(object, "cause", cause_text(revocation->cause));
	json_add_address(object, "address", revocation->address);
	json_add_integer(object, "length", revocation->length);
	json_add_integer(object, "time_ns", revocation->time_ns);
	json_add_integer(object, "lost_events", revocation->lost);
	return object;
}
