// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ledger [COUNT]: lists the pins of the system that the caller may see, whoever holds
 * them; then COUNT events as they happen, which takes CAP_SYS_ADMIN.
 * Exit status: 0 it did, 3 it could not.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpin_ledger.h>

static void print_pin(const struct libpin_record *pin)
{
	printf("pin %" PRIu64 ": %s (%d) of user %u, %" PRIu64 " pages, %s\n",
	       libpin_record_id(pin), libpin_record_comm(pin), (int)libpin_record_pid(pin),
	       (unsigned int)libpin_record_uid(pin), libpin_record_pages(pin),
	       libpin_mode_name(libpin_record_mode(pin)));
}

/* However many there are, it takes the memory of one message. */
static int print_pins(struct libpin_ledger *ledger)
{
	const struct libpin_record *pin;
	struct libpin_dump *dump;
	uint64_t count = 0;
	int ret;

	ret = libpin_dump_pins(ledger, NULL, &dump);
	while (!ret) {
		ret = libpin_dump_next_pin(dump, &pin);
		if (ret || !pin)
			break;
		print_pin(pin);
		count++;
	}
	if (!ret)
		printf("%" PRIu64 " pins%s\n", count,
		       libpin_dump_is_interrupted(dump) ? ", others came or went" : "");
	fflush(stdout);
	libpin_dump_free(dump);
	return ret;
}

static void print_notice(const struct libpin_notice *notice)
{
	const struct libpin_record *pin = libpin_notice_pin(notice);
	const char *name = libpin_notice_type_name(libpin_notice_type(notice));

	printf("%s", name ? name : "unknown");
	if (libpin_notice_type(notice) == LIBPIN_NOTICE_LOST)
		printf(" %" PRIu64 " events\n", libpin_notice_lost(notice));
	else if (libpin_notice_type(notice) == LIBPIN_NOTICE_REFUSED)
		printf(" %s of %s\n", libpin_reason_name(libpin_notice_reason(notice)),
		       libpin_record_comm(pin));
	else if (pin)
		printf(" pin %" PRIu64 " of %s\n", libpin_record_id(pin),
		       libpin_record_comm(pin));
	else
		putchar('\n');
	fflush(stdout);
}

static int print_notices(struct libpin_monitor *monitor, unsigned long count)
{
	const struct libpin_notice *notice;
	int ret = 0;

	while (!ret && count--) {
		ret = libpin_monitor_next(monitor, -1, &notice);
		if (!ret)
			print_notice(notice);
	}
	return ret;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	struct libpin_monitor *monitor = NULL;
	struct libpin_ledger *ledger = NULL;
	int ret = 0;

	/* Before the dump: what happens after it is then not missed. */
	if (count)
		ret = libpin_monitor_open(&monitor, 0);
	if (!ret)
		ret = libpin_ledger_open(&ledger);
	if (!ret)
		ret = print_pins(ledger);
	if (!ret)
		ret = print_notices(monitor, count);
	if (ret)
		fprintf(stderr, "failed: %s\n", strerror(-ret));
	libpin_ledger_close(ledger);
	libpin_monitor_close(monitor);
	return ret ? 3 : 0;
}
