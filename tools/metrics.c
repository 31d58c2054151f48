// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Metrics: the sums of the ledger as OpenMetrics text, which the textfile collector of
 * node_exporter reads, too.  Names and labels are stable.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "holders.h"
#include "ledger.h"
#include "metrics.h"

static void head(const char *name, const char *type, const char *unit, const char *help)
{
	printf("# TYPE %s %s\n", name, type);
	if (unit)
		printf("# UNIT %s %s\n", name, unit);
	printf("# HELP %s %s\n", name, help);
}

static void gauge(const char *name, const char *unit, const char *help, uint64_t value)
{
	head(name, "gauge", unit, help);
	printf("%s %" PRIu64 "\n", name, value);
}

static void counter(const char *name, const char *help, uint64_t value)
{
	head(name, "counter", NULL, help);
	printf("%s_total %" PRIu64 "\n", name, value);
}

static void print_modes(const struct libpin_totals *totals)
{
	uint32_t mode;

	head("pin_pins", "gauge", NULL, "Pins, revoked ones until they are released.");
	for (mode = PIN_MODE_LONGTERM; mode <= PIN_MODE_LEASE; mode++)
		printf("pin_pins{mode=\"%s\"} %" PRIu64 "\n", ledger_mode(mode),
		       libpin_totals_pins(totals, mode));
	head("pin_pinned_bytes", "gauge", "bytes", "Memory that is pinned.");
	for (mode = PIN_MODE_LONGTERM; mode <= PIN_MODE_LEASE; mode++)
		printf("pin_pinned_bytes{mode=\"%s\"} %" PRIu64 "\n", ledger_mode(mode),
		       ledger_bytes(libpin_totals_pages(totals, mode)));
}

/* All that there are, so that the first of its kind is no new series. */
static void print_counts(const struct libpin_totals *totals)
{
	uint32_t i;

	head("pin_refusals", "counter", NULL, "Requests to pin that were refused.");
	for (i = 1; i <= libpin_reason_last(); i++)
		printf("pin_refusals_total{reason=\"%s\"} %" PRIu64 "\n", libpin_reason_name(i),
		       libpin_totals_refusals(totals, i));
	head("pin_revocations", "counter", NULL, "Pins that were taken back.");
	for (i = 1; libpin_cause_name(i); i++)
		printf("pin_revocations_total{cause=\"%s\"} %" PRIu64 "\n",
		       libpin_cause_name(i), libpin_totals_revocations(totals, i));
}

/* A backslash, a quote or the end of a line would end the label's value. */
static void print_label(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", stdout);
		else if (*text == '\\' || *text == '"')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_user(const char *name, const struct group *group, uint64_t value)
{
	char *user = user_name(group->uid);

	printf("%s{uid=\"%u\",user=\"", name, (unsigned int)group->uid);
	print_label(user);
	printf("\"} %" PRIu64 "\n", value);
	free(user);
}

static void print_users(const struct groups *users)
{
	size_t i;

	head("pin_user_pins", "gauge", NULL, "Pins of a user.");
	for (i = 0; i < users->count; i++)
		print_user("pin_user_pins", &users->array[i], users->array[i].pins);
	head("pin_user_pinned_bytes", "gauge", "bytes", "Memory that a user has pinned.");
	for (i = 0; i < users->count; i++)
		print_user("pin_user_pinned_bytes", &users->array[i],
			   ledger_bytes(users->array[i].pages));
}

void metrics_print(const struct libpin_totals *totals, const struct groups *users)
{
	gauge("pin_contexts", NULL, "Open files of /dev/pin.", libpin_totals_contexts(totals));
	print_modes(totals);
	gauge("pin_references", NULL, "References to pages that pins hold.",
	      libpin_totals_references(totals));
	gauge("pin_charged_bytes", "bytes", "Memory that is charged.",
	      ledger_bytes(libpin_totals_charged_pages(totals)));
	gauge("pin_cap_bytes", "bytes", "What the module lets be charged at most.",
	      ledger_bytes(libpin_totals_cap_pages(totals)));
	print_counts(totals);
	counter("pin_leaks", "Contexts that were closed with pins in them.",
		libpin_totals_leaks(totals));
	counter("pin_events", "Events that were sent while somebody listened.",
		libpin_totals_events(totals));
	counter("pin_events_lost", "Of those, events that reached nobody.",
		libpin_totals_events_lost(totals));
	print_users(users);
	puts("# EOF");
}
