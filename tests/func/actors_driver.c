// SPDX-License-Identifier: GPL-2.0-or-later
/* Actors of the race matrix (arena.h) who call the driver. */
#include "arena.h"
#include "copy.h"
#include "ledger_client.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A pin that is gone by now, or was revoked, is nothing to wonder at. */
static bool may_be_gone(const char *what, int err)
{
	if (err && err != -ENOENT && err != -ESTALE)
		ck_abort_msg("%s: %s", what, strerror(-err));
	return !err;
}

bool actor_pin(struct player *player)
{
	struct area part = arena_part(player);
	uint32_t flags = arena_choose(player, 2) ? PIN_F_WRITE | PIN_F_LEASE : 0;
	struct pin_pin arg;
	int err = pin_range(part.addr, part.length, flags, &arg);

	if (err && (!arg.refusal.reason || reason_errno(arg.refusal.reason) != -err ||
		    arg.id))
		ck_abort_msg("PIN: %s, %s", strerror(-err), reason_name(arg.refusal.reason));
	if (err)
		return false;
	if (!arg.id || arg.pages != part.length / page)
		ck_abort_msg("PIN: %llu pages of %zu", arg.pages, part.length / page);
	arg.id = arena_put(player, arg.id);
	if (arg.id)
		may_be_gone("UNPIN", unpin(arg.id));
	return true;
}

static bool unpin_one(struct player *player)
{
	uint64_t id = arena_take(player);

	return id && may_be_gone("UNPIN", unpin(id));
}

bool actor_keep(struct player *player)
{
	return arena_choose(player, 3) ? actor_pin(player) : unpin_one(player);
}

static bool check(struct player *player)
{
	const struct area *area = &player->arena->areas[arena_choose(player, AREAS)];
	struct pin_report reports[32];
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = arena_choose(player, PIN_CHECK_LEASE),
		.report_size = sizeof(reports[0]),
		.addr = (uintptr_t)area->addr,
		.length = area->length,
		.reports = (uintptr_t)reports,
		.reports_capacity = sizeof(reports) / sizeof(reports[0]),
	};
	int err;

	if (arg.flags & PIN_CHECK_WRITE)
		arg.flags |= PIN_CHECK_LEASE;
	do {
		arg.cursor = arg.next;
		err = call(PIN_IOC_CHECK, &arg);
		if (err)
			ck_abort_msg("CHECK: %s", strerror(-err));
		if (arg.next <= arg.cursor)
			ck_abort_msg("CHECK does not go on");
	} while (arg.next < arg.addr + arg.length);
	return true;
}

/* Of another process: the one that waits for this. */
static bool inspect(struct player *player)
{
	struct pin_report reports[32];
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = PIN_CHECK_MAPPED,
		.pid = getppid(),
		.report_size = sizeof(reports[0]),
		.length = 1ULL << 47,
		.reports = (uintptr_t)reports,
		.reports_capacity = sizeof(reports) / sizeof(reports[0]),
	};
	int err = call(PIN_IOC_CHECK, &arg);

	if (err)
		ck_abort_msg("CHECK of another process: %s", strerror(-err));
	return arg.reports_count;
}

static bool query_one(struct player *player)
{
	struct pin_query arg;
	uint64_t id = arena_look(player);

	if (!id || !may_be_gone("QUERY", query(id, &arg)))
		return false;
	if (arg.id != id || !arg.length)
		ck_abort_msg("QUERY tells of something else");
	return true;
}

static bool list(struct player *player)
{
	uint64_t ids[4];
	struct pin_list arg = {
		.size = sizeof(arg),
		.flags = arena_choose(player, 2) ? PIN_LIST_REVOKED : 0,
		.ids = (uintptr_t)ids,
		.ids_capacity = 4,
	};
	uint64_t last = 0;
	unsigned int i;
	int err;

	do {
		arg.cursor = arg.next;
		err = call(PIN_IOC_LIST, &arg);
		if (err)
			ck_abort_msg("LIST: %s", strerror(-err));
		for (i = 0; i < arg.ids_count; i++) {
			if (ids[i] <= last)
				ck_abort_msg("LIST tells an id again");
			last = ids[i];
		}
	} while (arg.next);
	return last;
}

static bool runs(struct player *player)
{
	struct pin_run array[32];
	struct pin_runs arg = {
		.size = sizeof(arg),
		.id = arena_look(player),
		.runs = (uintptr_t)array,
		.runs_capacity = sizeof(array) / sizeof(array[0]),
		.run_size = sizeof(array[0]),
	};

	return arg.id && may_be_gone("RUNS", call(PIN_IOC_RUNS, &arg)) && arg.runs_count;
}

static bool read_one(struct player *player)
{
	char buffer[16 * 4096];
	uint64_t done, id = arena_look(player);
	int err;

	if (!id)
		return false;
	/* The offset has to be in it, its end does not. */
	err = pin_read(id, arena_choose(player, 4096), buffer, sizeof(buffer), &done);
	return may_be_gone("READ", err) && done;
}

static bool write_one(struct player *player)
{
	static const char buffer[5000] = "written";
	uint64_t done, id = arena_look(player);
	int err;

	if (!id)
		return false;
	err = pin_write(id, arena_choose(player, 4096), buffer, sizeof(buffer), &done);
	return err != -EPERM && may_be_gone("WRITE", err) && done;
}

/* Whoever is told that a pin is revoked lets go of it, while the rest of it is given back. */
static bool events(struct player *player)
{
	struct pollfd poll_fd = { .fd = pin_fd, .events = POLLIN };
	struct pin_event array[3];
	ssize_t got, i;

	if (poll(&poll_fd, 1, 1) < 0)
		ck_abort_msg("poll: %s", strerror(errno));
	got = read(pin_fd, array, sizeof(array));
	if (got < 0 && errno != EAGAIN)
		ck_abort_msg("read: %s", strerror(errno));
	if (got > 0 && (got % sizeof(array[0]) || !array[0].id))
		ck_abort_msg("read gave %zd bytes", got);
	for (i = 0; i < got / (ssize_t)sizeof(array[0]); i++)
		if (array[i].type == PIN_EVENT_REVOKED)
			may_be_gone("UNPIN", unpin(array[i].id));
	return got > 0;
}

/* Of another context, which is closed with its pins. */
static bool close_one(struct player *player)
{
	int fd = open("/dev/pin", O_RDWR | O_CLOEXEC), i, pinned = 0;

	if (fd < 0)
		ck_abort_msg("/dev/pin: %s", strerror(errno));
	for (i = 0; i < 3; i++)
		pinned += !!arena_pin(player, fd);
	close(fd);
	return pinned;
}

/* --- over netlink */

static void connect_ledger(struct player *player)
{
	ledger_connect();
}

static void disconnect_ledger(struct player *player)
{
	ledger_disconnect();
}

static bool dump(struct player *player)
{
	struct ledger_pins pins = { };
	int err = ledger_dump(NULL, &pins);

	if (err)
		ck_abort_msg("dump: %s", strerror(-err));
	return pins.count;
}

static bool force(struct player *player)
{
	uint64_t id = arena_look(player);

	return id && may_be_gone("release", ledger_force(id));
}

static void listen_to_ledger(struct player *player)
{
	ledger_connect();
	ledger_listen(0);
}

static void stop_listening(struct player *player)
{
	ledger_stop_listening();
	ledger_disconnect();
}

static bool monitor(struct player *player)
{
	struct ledger_event event;
	int i, err;

	for (i = 0; i < 20 && !ledger_is_quiet(); i++) {
		err = ledger_hear(&event);
		/* Some were lost, which the kernel says. */
		if (err && err != -ENOBUFS)
			ck_abort_msg("events: %s", strerror(-err));
	}
	return i;
}

const struct actor actors_driver[] = {
	{ .name = "pin", .act = actor_pin },
	{ .name = "unpin", .act = unpin_one },
	{ .name = "check", .act = check },
	{ .name = "inspect", .act = inspect },
	{ .name = "query", .act = query_one },
	{ .name = "list", .act = list },
	{ .name = "runs", .act = runs },
	{ .name = "read", .act = read_one },
	{ .name = "write", .act = write_one },
	{ .name = "events", .act = events, .waits = true },
	{ .name = "close", .act = close_one },
	{ .name = "dump", .act = dump,
	  .begin = connect_ledger, .end = disconnect_ledger },
	{ .name = "force", .act = force,
	  .begin = connect_ledger, .end = disconnect_ledger },
	{ .name = "monitor", .act = monitor,
	  .begin = listen_to_ledger, .end = stop_listening, .waits = true },
};

const unsigned int actors_driver_count = sizeof(actors_driver) / sizeof(actors_driver[0]);
