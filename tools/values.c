// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values: the words that an argument can be, for completion, for the check of
 * what was given, and for "did you mean".
 */
#include <libpin.h>
#include <string.h>

#include "buffer.h"
#include "groups.h"
#include "output.h"
#include "pinctl.h"
#include "segment.h"

static const char *const colors[] = {
	[COLOR_AUTO] = "auto",
	[COLOR_ALWAYS] = "always",
	[COLOR_NEVER] = "never",
};

static const char *const shells[] = { "bash", "fish", "zsh" };

static const char *const groupings[] = {
	[BY_PROCESS] = "process",
	[BY_USER] = "user",
	[BY_NODE] = "node",
	[BY_MODE] = "mode",
};

static const char *const orders[] = {
	[ORDER_PINNED] = "pinned",
	[ORDER_CHARGED] = "charged",
	[ORDER_PINS] = "pins",
};

static const char *command_name(size_t index)
{
	size_t i;

	for (i = 0; commands[i]; i++)
		if (i == index)
			return commands[i]->name;
	return NULL;
}

static const char *column_name(const struct command *command, size_t index)
{
	size_t i;

	for (i = 0; command && command->columns && command->columns[i].name; i++)
		if (i == index)
			return command->columns[i].name;
	return NULL;
}

static bool errno_has_lower_reason(uint32_t reason)
{
	uint32_t lower;

	for (lower = 1; lower < reason; lower++)
		if (libpin_reason_error(lower) == libpin_reason_error(reason))
			return true;
	return false;
}

static const char *memory_name(size_t index)
{
	const struct buffer_kind *kind = buffer_kind_at(index);

	return kind ? kind->name : NULL;
}

/* Every reason, then every errno that a reason has, once. */
static const char *reason_or_errno(size_t index)
{
	uint32_t reason;

	if (index < libpin_reason_last())
		return libpin_reason_name((uint32_t)index + 1);
	index -= libpin_reason_last();
	for (reason = 1; reason <= libpin_reason_last(); reason++)
		if (!errno_has_lower_reason(reason) && !index--)
			return errno_text(libpin_reason_error(reason));
	return NULL;
}

const char *values_word(const struct command *command, enum values values, size_t index)
{
	switch (values) {
	case VALUES_COMMAND:
		return command_name(index);
	case VALUES_COLOR:
		return index < ARRAY_SIZE(colors) ? colors[index] : NULL;
	case VALUES_COLUMN:
		return column_name(command, index);
	case VALUES_CHECK:
		return doctor_check_id(index);
	case VALUES_REASON:
		return reason_or_errno(index);
	case VALUES_CONSUMER:
		return libpin_consumer_name((uint32_t)index);
	case VALUES_SHELL:
		return index < ARRAY_SIZE(shells) ? shells[index] : NULL;
	case VALUES_GROUPING:
		return index < ARRAY_SIZE(groupings) ? groupings[index] : NULL;
	case VALUES_ORDER:
		return index < ARRAY_SIZE(orders) ? orders[index] : NULL;
	case VALUES_MODE:
		return libpin_mode_name((uint32_t)index + PIN_MODE_LONGTERM);
	case VALUES_MEMORY:
		return memory_name(index);
	default:
		return NULL;
	}
}

bool values_are_list(enum values values)
{
	return values == VALUES_COLUMN || values == VALUES_CHECK || values == VALUES_MEMORY;
}

int values_find(struct pinctl *pinctl, enum values values, const char *what, const char *word)
{
	struct suggestion suggestion;
	const char *candidate;
	size_t i;

	suggest_begin(&suggestion, word);
	for (i = 0; (candidate = values_word(pinctl->command, values, i)); i++) {
		if (!strcmp(candidate, word))
			return (int)i;
		suggest_offer(&suggestion, candidate);
	}
	complain_usage(pinctl, suggestion.best, "%s cannot be '%s'", what, word);
	return -1;
}
