// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl monitor: what happens to pins, as it happens.
 *
 * One line for each event, or one document with -J, written when it is known. The signals
 * that end it are looked for between two events, so that no line is cut.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hold.h"
#include "holders.h"
#include "ledger.h"
#include "segment.h"
#include "size.h"
#include "text.h"

/* Events that wait for a pinctl that waits for its reader: some ten thousand. */
#define BUFFER	(32 << 20)

/* @count 0: no end; seconds < 0: for ever. */
struct monitor_options {
	uint64_t count;
	long timeout;
	long idle;
};

/* --- as text ---------------------------------------------------------------- */

static void print_time(uint64_t nanoseconds)
{
	time_t seconds = (time_t)(nanoseconds / 1000000000);
	struct tm local;
	char text[32];

	if (!localtime_r(&seconds, &local) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &local))
		strcpy(text, "-");
	printf("%s.%06u ", text, (unsigned int)(nanoseconds % 1000000000 / 1000));
}

static void print_whom(const char *comm, pid_t pid, uid_t uid)
{
	char *name = text_for_terminal(comm), *user = user_name(uid);

	printf("%s (%d), user %s", name, (int)pid, user);
	free(name);
	free(user);
}

static void print_pin(const struct libpin_record *pin)
{
	char size[SIZE_TEXT_MAX];

	printf("%s %s, ", size_to_text(libpin_record_length(pin), size),
	       ledger_mode(libpin_record_mode(pin)));
	print_whom(libpin_record_comm(pin), libpin_record_pid(pin), libpin_record_uid(pin));
}

static const char *cause_text(uint32_t cause)
{
	const char *name = libpin_cause_name(cause);

	return name ? name : "unknown";
}

static void print_admin(const struct libpin_notice *notice)
{
	char *name = text_for_terminal(libpin_notice_admin_comm(notice));

	printf(" by %s (%d)", name, (int)libpin_notice_admin_pid(notice));
	free(name);
}

static void print_context(const struct libpin_notice *notice)
{
	const struct libpin_context_record *context = libpin_notice_context(notice);
	uint64_t pins = libpin_context_record_pins(context);
	char size[SIZE_TEXT_MAX];

	printf("context %" PRIu64 " with %" PRIu64 " pin%s, %s, ",
	       libpin_context_record_id(context), pins, pins == 1 ? "" : "s",
	       size_to_text(ledger_bytes(libpin_context_record_pages(context)), size));
	print_whom(libpin_context_record_comm(context), libpin_context_record_pid(context),
		   libpin_context_record_uid(context));
	if (libpin_notice_is_exiting(notice))
		fputs("; whoever held it has ended", stdout);
}

static const char *type_text(const struct libpin_notice *notice)
{
	const char *name = libpin_notice_type_name(libpin_notice_type(notice));

	return name ? name : "unknown";
}

static void print_text(const struct libpin_notice *notice)
{
	const struct libpin_record *pin = libpin_notice_pin(notice);
	uint64_t lost = libpin_notice_lost(notice);

	if (libpin_notice_type(notice) == LIBPIN_NOTICE_LOST) {
		if (lost)
			printf("lost %" PRIu64 " event%s\n", lost, lost == 1 ? "" : "s");
		else
			puts("lost events, how many is not known");
		return;
	}
	print_time(libpin_notice_time_ns(notice));
	printf("%-8s ", type_text(notice));
	switch (libpin_notice_type(notice)) {
	case LIBPIN_NOTICE_REFUSED:
		printf("%s (%s) at %" PRIx64 ": ", reason_text(libpin_notice_reason(notice)),
		       errno_text(libpin_notice_error(notice)), libpin_notice_address(notice));
		break;
	case LIBPIN_NOTICE_REVOKED:
		printf("pin %" PRIu64 " %s", libpin_record_id(pin),
		       cause_text(libpin_notice_cause(notice)));
		if (libpin_notice_admin_comm(notice))
			print_admin(notice);
		fputs(": ", stdout);
		break;
	case LIBPIN_NOTICE_CLOSED:
		print_context(notice);
		break;
	default:
		if (pin)
			printf("pin %" PRIu64 ": ", libpin_record_id(pin));
	}
	if (pin)
		print_pin(pin);
	putchar('\n');
}

/* --- as JSON ---------------------------------------------------------------- */

static struct json_object *context_json(const struct libpin_context_record *context)
{
	pid_t pid = libpin_context_record_pid(context);
	struct json_object *object;
	char *user;

	if (!context)
		return NULL;
	object = json_members();
	user = user_name(libpin_context_record_uid(context));
	json_add_integer(object, "id", libpin_context_record_id(context));
	json_add_integer(object, "pins", libpin_context_record_pins(context));
	json_add_integer(object, "pinned", ledger_bytes(libpin_context_record_pages(context)));
	json_add_integer(object, "charged",
			 ledger_bytes(libpin_context_record_charged_pages(context)));
	json_add(object, "pid", pid ? json_integer((uint64_t)pid) : NULL);
	json_add_string(object, "command", libpin_context_record_comm(context));
	json_add_string(object, "user", user);
	json_add_integer(object, "uid", libpin_context_record_uid(context));
	json_add_integer(object, "cgroup", libpin_context_record_cgroup(context));
	json_add_integer(object, "since_ns", libpin_context_record_start_time_ns(context));
	free(user);
	return object;
}

static struct json_object *refusal_json(const struct libpin_notice *notice)
{
	struct json_object *object;

	if (libpin_notice_type(notice) != LIBPIN_NOTICE_REFUSED)
		return NULL;
	object = json_members();
	json_add_string(object, "reason", reason_text(libpin_notice_reason(notice)));
	json_add_string(object, "errno", errno_text(libpin_notice_error(notice)));
	json_add_address(object, "address", libpin_notice_address(notice));
	return object;
}

static struct json_object *revocation_json(const struct libpin_notice *notice)
{
	const char *comm = libpin_notice_admin_comm(notice);
	struct json_object *object, *admin = NULL;

	if (libpin_notice_type(notice) != LIBPIN_NOTICE_REVOKED)
		return NULL;
	object = json_members();
	json_add_string(object, "cause", cause_text(libpin_notice_cause(notice)));
	json_add_address(object, "address", libpin_notice_address(notice));
	json_add_integer(object, "length", libpin_notice_length(notice));
	if (comm) {
		admin = json_members();
		json_add_string(admin, "command", comm);
		json_add_integer(admin, "pid", (uint64_t)libpin_notice_admin_pid(notice));
		json_add_integer(admin, "uid", libpin_notice_admin_uid(notice));
	}
	json_add(object, "admin", admin);
	return object;
}

static void print_json(struct pinctl *pinctl, const struct libpin_notice *notice)
{
	const struct libpin_record *pin = libpin_notice_pin(notice);
	struct json_object *document = json_document("pinctl.event/1");
	bool is_lost = libpin_notice_type(notice) == LIBPIN_NOTICE_LOST;
	uint64_t lost = libpin_notice_lost(notice);

	json_add_string(document, "event", type_text(notice));
	json_add_integer(document, "sequence", libpin_notice_sequence(notice));
	json_add(document, "time_ns",
		 is_lost ? NULL : json_integer(libpin_notice_time_ns(notice)));
	json_add(document, "lost", is_lost && lost ? json_integer(lost) : NULL);
	json_add(document, "pin", pin ? ledger_pin_json(pin) : NULL);
	json_add(document, "refusal", refusal_json(notice));
	json_add(document, "revocation", revocation_json(notice));
	json_add(document, "context", context_json(libpin_notice_context(notice)));
	json_add_bool(document, "exiting", libpin_notice_is_exiting(notice));
	json_print_line(pinctl, document);
}

/* --- running ---------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When @seconds are over; never if negative. */
static int64_t deadline(long seconds)
{
	return seconds < 0 || seconds > INT32_MAX ? INT64_MAX : now_ms() + seconds * 1000LL;
}

/* Until @end at the latest: as hold_poll(). */
static int wait_until(const struct libpin_monitor *monitor, int64_t end)
{
	int64_t rest = end - now_ms();

	if (end == INT64_MAX)
		return hold_poll(libpin_monitor_fd(monitor), -1);
	return hold_poll(libpin_monitor_fd(monitor),
			 rest < 0 ? 0 : rest > INT_MAX ? INT_MAX : (int)rest);
}

static void print_notice(struct pinctl *pinctl, const struct libpin_notice *notice)
{
	if (pinctl->json)
		print_json(pinctl, notice);
	else
		print_text(notice);
}

/* 1 and the next event; 0: it is @end; -EINTR: a signal has come; or another -errno. */
static int next_notice(struct libpin_monitor *monitor, int64_t end,
		       const struct libpin_notice **notice)
{
	int ret = 0;

	while (ret >= 0) {
		/* Events that keep coming do not keep it from ending. */
		ret = hold_poll(-1, 0);
		if (ret < 0)
			break;
		ret = libpin_monitor_next(monitor, 0, notice);
		if (!ret)
			return 1;
		if (ret != -ETIMEDOUT)
			break;
		if (now_ms() >= end)
			return 0;
		ret = wait_until(monitor, end);
	}
	return ret;
}

/* Until as many as were asked for have been told, time is over, or a signal has come. */
static int follow(struct pinctl *pinctl, struct libpin_monitor *monitor,
		  const struct monitor_options *options)
{
	int64_t end = deadline(options->timeout), idle = deadline(options->idle);
	const struct libpin_notice *notice;
	uint64_t told = 0;
	int ret = 1;

	while (ret > 0 && (!options->count || told < options->count)) {
		ret = next_notice(monitor, end < idle ? end : idle, &notice);
		if (ret == -EPROTO) {
			fputs("pinctl: an event that makes no sense\n", stderr);
			ret = 1;
		} else if (ret > 0) {
			print_notice(pinctl, notice);
			told++;
			idle = deadline(options->idle);
			ret = now_ms() < end;
		}
		/* Told at the end of pinctl. */
		if (ferror(stdout))
			return EXIT_UNKNOWN;
	}
	if (ret < 0 && ret != -EINTR)
		return ledger_complain(pinctl, NULL, ret, "monitor");
	return !ret && told < options->count ? EXIT_NO : EXIT_YES;
}

static int monitor(struct pinctl *pinctl, const struct monitor_options *options)
{
	struct libpin_monitor *monitor;
	struct libpin_ledger *ledger;
	int ret;

	/* Whether there is a ledger at all. */
	ret = ledger_open(pinctl, &ledger);
	if (ret)
		return ret;
	libpin_ledger_close(ledger);
	setvbuf(stdout, NULL, _IOLBF, 0);
	hold_begin();
	ret = libpin_monitor_open(&monitor, BUFFER);
	if (ret)
		return ledger_complain(pinctl, NULL, ret, "monitor");
	fputs("pinctl: listening; Ctrl-C ends it\n", stderr);
	ret = follow(pinctl, monitor, options);
	libpin_monitor_close(monitor);
	return ret;
}

static const struct option_def monitor_options[] = {
	{ 'n', "count", "COUNT", "end after that many events" },
	{ OPTION_TIMEOUT, "timeout", "TIME", "end then: 30 (seconds), 5m, 2h" },
	{ OPTION_IDLE_TIMEOUT, "idle-timeout", "TIME", "end when nothing has happened so long" },
	{ 0 }
};

static int parse_count(struct pinctl *pinctl, const char *text, uint64_t *count)
{
	if (pin_id_parse(text, count))
		return complain_usage(pinctl, NULL, "--count needs a number above 0, not '%s'",
				      text);
	return 0;
}

static int monitor_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct monitor_options options = { .timeout = -1, .idle = -1 };
	const char *value;
	int id, ret = 0;

	while (!ret && (id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case 'n':
			ret = parse_count(pinctl, value, &options.count);
			break;
		case OPTION_TIMEOUT:
			ret = option_seconds(pinctl, "timeout", value, &options.timeout);
			break;
		case OPTION_IDLE_TIMEOUT:
			ret = option_seconds(pinctl, "idle-timeout", value, &options.idle);
			break;
		case OPTION_ARGUMENT:
			return complain_usage(pinctl, NULL, "monitor takes no target: %s", value);
		default:
			return EXIT_USAGE;
		}
	}
	return ret ? ret : monitor(pinctl, &options);
}

const struct command cmd_monitor = {
	.name = "monitor",
	.lines = true,
	.synopsis = "monitor [-n COUNT] [--timeout TIME] [--idle-timeout TIME] [OPTIONS]",
	.summary = "what happens to pins, as it happens",
	.description =
		"Prints a line for each pin that is made, released, refused or revoked, and for each\n"
		"context that is closed with pins in it, whoever did it. Says on stderr when it\n"
		"listens; nothing that happens after that is missed. If events come faster than\n"
		"they can be printed, a line says how many were lost. With -J each line is a\n"
		"document. Ends with SIGINT or SIGTERM, too; exit code 1 if time was over before\n"
		"COUNT. Takes root.",
	.options = monitor_options,
	.examples =
		" sudo pinctl monitor\n"
		" sudo pinctl monitor -n 1 --timeout 1m\n"
		" sudo pinctl monitor -J | jq --unbuffered -r 'select(.event == \"refused\").pin.pid'\n",
	.run = monitor_run,
};
