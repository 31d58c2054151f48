// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hold: see hold.h.
 *
 * The signals are blocked but while ppoll(2) waits, so that none comes unnoticed between
 * looking and waiting.  They have handlers, because a shell may have had them ignored,
 * and because nothing else interrupts ppoll(2): after a stop it waits for what was left.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "explanation.h"
#include "hold.h"
#include "size.h"
#include "text.h"

static const int end_signals[] = { SIGINT, SIGTERM };

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

static void interrupt(int number)
{
	(void)number;
}

void hold_begin(void)
{
	struct sigaction action = { .sa_handler = interrupt };
	sigset_t signals;
	size_t i;

	sigemptyset(&signals);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigaddset(&signals, end_signals[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigaction(end_signals[i], &action, NULL);
}

int hold_wait(const struct libpin_context *ctx, long seconds)
{
	struct pollfd events = { .fd = ctx ? libpin_context_fd(ctx) : -1, .events = POLLIN };
	struct timespec rest = { .tv_sec = seconds };
	sigset_t mask;
	size_t i;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigdelset(&mask, end_signals[i]);
	if (ppoll(&events, 1, seconds < 0 ? NULL : &rest, &mask) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

int revocation_read(struct libpin_context *ctx, uint64_t id, struct revocation *revocation)
{
	struct libpin_event *event;
	int ret;

	*revocation = (struct revocation){ 0 };
	while (!revocation->revoked) {
		ret = libpin_event_wait(ctx, 0);
		if (!ret)
			ret = libpin_event_read(ctx, &event);
		if (ret)
			return ret == -ETIMEDOUT ? 0 : ret;
		revocation->revoked = libpin_event_type(event) == PIN_EVENT_REVOKED &&
				      libpin_event_id(event) == id;
		revocation->address = libpin_event_address(event);
		revocation->length = libpin_event_length(event);
		revocation->time_ns = libpin_event_time_ns(event);
		revocation->cause = libpin_event_cause(event);
		revocation->lost += libpin_event_lost(event);
		libpin_event_free(event);
	}
	return 0;
}

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
