// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ledger: see ledger.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holders.h"
#include "ledger.h"

int ledger_complain(struct pinctl *pinctl, const struct libpin_ledger *ledger, int error,
		    const char *what)
{
	const char *words = libpin_ledger_words(ledger);

	check_memory(-error);
	switch (error) {
	case -EPERM:
		return complain(pinctl, EXIT_UNKNOWN,
				"it takes CAP_SYS_ADMIN in the initial user namespace",
				"ask with sudo, outside of containers", "%s: not permitted", what);
	case -EPROTONOSUPPORT:
	case -EIO:
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL,
				"%s: generic netlink cannot be used here", what);
	default:
		return complain(pinctl, EXIT_UNKNOWN, words, NULL, "%s: %s", what,
				strerror(-error));
	}
}

/* Without a ledger: no module, or another network namespace, in which it has no name. */
static int complain_missing(struct pinctl *pinctl)
{
	if (!access("/sys/module/pin", F_OK))
		return complain(pinctl, EXIT_UNKNOWN,
				"it is told in the initial network namespace only",
				"ask on the host: sudo nsenter -t 1 -n pinctl ...",
				"the ledger cannot be asked from here");
	return complain(pinctl, EXIT_UNKNOWN, "nothing can be pinned through /dev/pin", FIX_LOAD,
			"the module pin is not loaded");
}

int ledger_open(struct pinctl *pinctl, struct libpin_ledger **ledger)
{
	int ret = libpin_ledger_open(ledger);

	if (ret == -ENOENT)
		return complain_missing(pinctl);
	return ret ? ledger_complain(pinctl, NULL, ret, "the ledger") : 0;
}

int ledger_visit(struct libpin_ledger *ledger, const struct libpin_filter *filter,
		 void (*visit)(void *data, const struct libpin_record *record), void *data,
		 bool *interrupted)
{
	const struct libpin_record *record = NULL;
	struct libpin_dump *dump;
	int ret;

	ret = libpin_dump_pins(ledger, filter, &dump);
	while (!ret) {
		ret = libpin_dump_next_pin(dump, &record);
		if (ret || !record)
			break;
		visit(data, record);
	}
	if (libpin_dump_is_interrupted(dump))
		*interrupted = true;
	libpin_dump_free(dump);
	return ret;
}

const char *ledger_mode(uint32_t mode)
{
	const char *name = libpin_mode_name(mode);

	return name ? name : "unknown";
}

const char *ledger_state(uint32_t state)
{
	const char *name = libpin_state_name(state);

	return name ? name : "unknown";
}

int number_parse(const char *text, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

int pin_id_parse(const char *text, uint64_t *id)
{
	int ret = number_parse(text, id);

	return ret || !*id ? -EINVAL : 0;
}

uint64_t ledger_bytes(uint64_t pages)
{
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct json_object *ledger_pin_json(const struct libpin_record *record)
{
	struct json_object *object = json_members();
	char *user = user_name(libpin_record_uid(record));
	pid_t pid = libpin_record_pid(record);

	json_add_integer(object, "id", libpin_record_id(record));
	json_add_integer(object, "context", libpin_record_context(record));
	json_add_address(object, "start", libpin_record_address(record));
	json_add_integer(object, "length", libpin_record_length(record));
	json_add_string(object, "access",
			libpin_record_flags(record) & PIN_F_WRITE ? "write" : "read");
	json_add_string(object, "mode", ledger_mode(libpin_record_mode(record)));
	json_add_string(object, "state", libpin_state_name(libpin_record_state(record)));
	json_add_integer(object, "pinned", ledger_bytes(libpin_record_pages(record)));
	json_add_integer(object, "charged", ledger_bytes(libpin_record_charged_pages(record)));
	json_add(object, "pid", pid ? json_integer((uint64_t)pid) : NULL);
	json_add_string(object, "command", libpin_record_comm(record));
	json_add_string(object, "user", user);
	json_add_integer(object, "uid", libpin_record_uid(record));
	json_add_integer(object, "cgroup", libpin_record_cgroup(record));
	json_add_address(object, "cookie", libpin_record_cookie(record));
	json_add_integer(object, "since_ns", libpin_record_start_time_ns(record));
	free(user);
	return object;
}
