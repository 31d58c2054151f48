// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * words errnos|reasons|consumers: what libpin says, as the middle of pin(7), so that nobody
 * writes it twice. Text is handed to roff.awk as lines "P text", commands as "C text";
 * the rest is roff already.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libpin.h>

static const struct {
	uint32_t flag;
	const char *mark;
} marks[] = {
	{ LIBPIN_REMEDY_DESTROYS_DATA, "destroys data" },
	{ LIBPIN_REMEDY_NEEDS_ROOT, "needs root" },
	{ LIBPIN_REMEDY_NEEDS_REBOOT, "needs a reboot" },
};

static int is_for(const struct libpin_remedy *remedy, uint32_t reason, uint32_t consumer)
{
	const struct libpin_remedy *other;
	size_t i;

	for (i = 0; (other = libpin_reason_remedy_for(reason, consumer, i)); i++)
		if (other == remedy)
			return 1;
	return 0;
}

/* Names the subsystems that a remedy is for, unless it is for everybody. */
static void print_audience(const struct libpin_remedy *remedy, uint32_t reason)
{
	const char *separator = "", *end = "";
	uint32_t consumer;

	if (is_for(remedy, reason, LIBPIN_CONSUMER_ANY))
		return;
	for (consumer = 1; consumer <= libpin_consumer_last(); consumer++) {
		if (!is_for(remedy, reason, consumer))
			continue;
		printf("%s%s", separator, libpin_consumer_name(consumer));
		separator = ", ";
		end = ": ";
	}
	fputs(end, stdout);
}

static void print_remedy(const struct libpin_remedy *remedy, uint32_t reason)
{
	const char *separator = " [";
	size_t i;

	printf(".IP \\(bu 2\nP ");
	print_audience(remedy, reason);
	fputs(libpin_remedy_text(remedy), stdout);
	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!(libpin_remedy_flags(remedy) & marks[i].flag))
			continue;
		printf("%s%s", separator, marks[i].mark);
		separator = ", ";
	}
	printf("%s\n", separator[0] == ',' ? "]" : "");
	if (libpin_remedy_command(remedy))
		printf(".IP\n.EX\nC %s\n.EE\n", libpin_remedy_command(remedy));
}

/* A remedy stands under the first consumer that it is for. */
static int seen_before(const struct libpin_remedy *remedy, uint32_t reason, uint32_t consumer)
{
	while (consumer--)
		if (is_for(remedy, reason, consumer))
			return 1;
	return 0;
}

static int destroys(const struct libpin_remedy *remedy)
{
	return !!(libpin_remedy_flags(remedy) & LIBPIN_REMEDY_DESTROYS_DATA);
}

/* Those that destroy data, or all others. */
static void print_remedies(uint32_t reason, int destroy)
{
	const struct libpin_remedy *remedy;
	uint32_t consumer;
	size_t i;

	for (consumer = 0; consumer <= libpin_consumer_last(); consumer++)
		for (i = 0; (remedy = libpin_reason_remedy_for(reason, consumer, i)); i++)
			if (destroys(remedy) == destroy &&
			    !seen_before(remedy, reason, consumer))
				print_remedy(remedy, reason);
}

static void print_reason(uint32_t reason)
{
	printf(".SS \"%s\"\n", libpin_reason_name(reason));
	printf("P %s (%s)\n", strerror(libpin_reason_error(reason)),
	       strerrorname_np(libpin_reason_error(reason)));
	printf(".PP\nP %s\n", libpin_reason_sentence(reason));
	printf("P %s\n", libpin_reason_why(reason));
	print_remedies(reason, 0);
	print_remedies(reason, 1);
}

/* Every reason with the errno of @reason, if that is the first one. */
static void print_errno(uint32_t reason)
{
	int error = libpin_reason_error(reason);
	const char *separator = "P ";
	uint32_t other;

	for (other = 1; other < reason; other++)
		if (libpin_reason_error(other) == error)
			return;
	printf(".TP\n.B %s\n", strerrorname_np(error));
	for (; other <= libpin_reason_last(); other++) {
		if (libpin_reason_error(other) != error)
			continue;
		printf("%s%s", separator, libpin_reason_name(other));
		separator = ", ";
	}
	puts(".");
}

static void print_consumer(uint32_t consumer)
{
	printf(".TP\n.B %s\n", libpin_consumer_name(consumer));
	printf("P %s.\nP %s\n", libpin_consumer_call(consumer), libpin_consumer_ledger(consumer));
}

int main(int argc, char **argv)
{
	uint32_t i;

	if (argc == 2 && !strcmp(argv[1], "errnos")) {
		for (i = 1; i <= libpin_reason_last(); i++)
			print_errno(i);
	} else if (argc == 2 && !strcmp(argv[1], "reasons")) {
		for (i = 1; i <= libpin_reason_last(); i++)
			print_reason(i);
	} else if (argc == 2 && !strcmp(argv[1], "consumers")) {
		for (i = 0; i <= libpin_consumer_last(); i++)
			print_consumer(i);
	} else {
		fprintf(stderr, "usage: words errnos|reasons|consumers\n");
		return 2;
	}
	return 0;
}
