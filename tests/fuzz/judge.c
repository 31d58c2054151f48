// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See judge.h.  The errnos are those of <pin/ioctl.h>, "Errno of a malformed or forbidden
 * request", for each command those that it can have; refusals have their reason's.
 */
#include "judge.h"

#include "desk.h"
#include "run.h"

#include <string.h>

#define ERRNOS_MAX	16

/* Without a reason.  Any command can be sent to what is closed, or lie where it cannot. */
static const int malformed[COMMANDS][ERRNOS_MAX] = {
	[INFO] = { EINVAL, E2BIG },
	[PIN] = { EINVAL, E2BIG, EOVERFLOW, EOPNOTSUPP, EACCES, EINTR, ENOMEM },
	[UNPIN] = { EINVAL, E2BIG, ENOENT, EACCES },
	[CHECK] = { EINVAL, E2BIG, EOVERFLOW, EOPNOTSUPP, EPERM, ESRCH, EMSGSIZE, EINTR, ENOMEM },
	[QUERY] = { EINVAL, E2BIG, ENOENT, EACCES, EMSGSIZE, ENOMEM },
	[LIST] = { EINVAL, E2BIG, EACCES, EMSGSIZE, ENOMEM },
	[RUNS] = { EINVAL, E2BIG, ENOENT, EACCES, EMSGSIZE, ESTALE, ENOMEM },
	[READ] = { EINVAL, E2BIG, ENOENT, EACCES, EIO, ESTALE, EINTR, ENOMEM },
	[WRITE] = { EINVAL, E2BIG, ENOENT, EACCES, EPERM, EIO, ESTALE, EINTR, ENOMEM },
};

static bool is_among(int err, const int *allowed)
{
	for (; *allowed; allowed++)
		if (*allowed == err)
			return true;
	return false;
}

void judge_errno(const char *call, int err, const int *allowed)
{
	if (err && !is_among(err, allowed))
		run_fail("%s: %s", call, strerror(err));
}

static const union any *answer_of(const struct player *player)
{
	return (const union any *)player->desk->request;
}

static bool has_reason(const struct player *player, const struct request *request)
{
	return request->index == PIN && request->at_desk &&
	       request->size >= commands[PIN].size && answer_of(player)->pin.refusal.reason;
}

static void judge_refusal(const struct pin_pin *pin, int err)
{
	uint32_t reason = pin->refusal.reason;

	if (reason >= REASONS || reason_errno(reason) != err || (int)pin->refusal.error != err)
		run_fail("PIN: reason %u with %s, error %u", reason, strerror(err),
			 pin->refusal.error);
	if (pin->id || pin->pages || pin->runs || pin->__reserved)
		run_fail("PIN: refused, and has id %llu, %llu pages, %llu runs", pin->id,
			 pin->pages, pin->runs);
}

/* Nothing is written but outputs, and after a failure without a reason they are zero. */
static void judge_bytes(const struct player *player, const struct request *request, int err)
{
	const struct command *command = &commands[request->index];
	const uint8_t *now = player->desk->request - DESK_MARGIN, *sent = player->desk->sent;
	size_t room = DESK_MARGIN + sizeof(union any) + DESK_MARGIN;
	size_t known = request->size < command->size ? request->size : command->size;
	size_t out = DESK_MARGIN + command->out, end = DESK_MARGIN + known;

	if (end < out)
		end = out;
	if (memcmp(now, sent, out))
		run_fail("%s: writes before its outputs", command->name);
	if (memcmp(now + end, sent + end, room - end))
		run_fail("%s: writes behind its outputs", command->name);
	if (!err || err == EBADF)
		return;
	/* How long the array had to be. */
	if (request->index == QUERY && err == EMSGSIZE)
		out += sizeof(answer_of(player)->query.nodes_count);
	if (has_reason(player, request))
		judge_refusal(&answer_of(player)->pin, err);
	else if (differs_at(now, out, end, 0) != end)
		run_fail("%s: outputs after %s", command->name, strerror(err));
}

static void judge_pinned(const struct pin_pin *pin)
{
	uint64_t start = pin->addr & -DESK_PAGE;
	uint64_t pages = (pin->addr + pin->length - start + DESK_PAGE - 1) / DESK_PAGE;

	if (!pin->id || pin->pages != pages || !pin->runs || pin->runs > pages ||
	    pin->reports_count > pin->reports_capacity || pin->refusal.reason)
		run_fail("PIN: id %llu, %llu pages, %llu runs, %u reports, reason %u", pin->id,
			 pin->pages, pin->runs, pin->reports_count, pin->refusal.reason);
}

/* What was asked for is what is told, unless somebody else has taken its place. */
static void judge_queried(const struct player *player, const struct request *request)
{
	const struct pin_query *query = &answer_of(player)->query;
	const struct known_pin *pin = request->pin;
	bool live;

	if (query->state != PIN_STATE_LIVE && query->state != PIN_STATE_REVOKED)
		run_fail("QUERY: state %u", query->state);
	if (!pin || !world_is_certain(player) || query->id != pin->id)
		return;
	if (query->addr != pin->addr || query->length != pin->length ||
	    query->cookie != pin->cookie || query->pin_flags != pin->flags)
		run_fail("QUERY: %llu at %#llx, %llu bytes, cookie %llu, flags %u", query->id,
			 query->addr, query->length, query->cookie, query->pin_flags);
	live = query->state == PIN_STATE_LIVE;
	if (query->pages != (live ? pin->pages : 0) || (live && query->runs != pin->runs))
		run_fail("QUERY: %llu pages and %llu runs instead of %llu and %llu", query->pages,
			 query->runs, (unsigned long long)pin->pages,
			 (unsigned long long)pin->runs);
}

static void judge_listed(const struct player *player)
{
	const struct pin_list *list = &answer_of(player)->list;

	/* While others pin and unpin, ids and their number are of different moments. */
	if (list->ids_count > list->ids_capacity ||
	    (!player->world->others && list->ids_count > list->total) ||
	    (list->next && list->next <= list->cursor))
		run_fail("LIST: %u of %llu ids, next %llu", list->ids_count, list->total,
			 list->next);
}

static void judge_runs(const struct player *player)
{
	const struct pin_runs *runs = &answer_of(player)->runs;

	if (runs->runs_count > runs->runs_capacity || runs->next > runs->total ||
	    (runs->runs_count && runs->next != runs->cursor + runs->runs_count))
		run_fail("RUNS: %u of %llu runs from %llu on, next %llu", runs->runs_count,
			 runs->total, runs->cursor, runs->next);
}

static void judge_checked(const struct player *player)
{
	const struct pin_check *check = &answer_of(player)->check;
	uint64_t end = (check->addr + check->length + DESK_PAGE - 1) & -DESK_PAGE;

	if (check->reports_count > check->reports_capacity || check->next > end ||
	    check->refusal.reason >= REASONS)
		run_fail("CHECK: %u reports, next %#llx, reason %u", check->reports_count,
			 check->next, check->refusal.reason);
	if (check->refusal.reason &&
	    reason_errno(check->refusal.reason) != (int)check->refusal.error)
		run_fail("CHECK: reason %u with error %u", check->refusal.reason,
			 check->refusal.error);
}

static void judge_success(const struct player *player, const struct request *request)
{
	const union any *answer = answer_of(player);

	/* A shorter or a longer struct has an answer of its own length. */
	if (request->size < commands[request->index].size)
		run_fail("%s: takes %u bytes", commands[request->index].name, request->size);
	switch (request->index) {
	case PIN:
		return judge_pinned(&answer->pin);
	case QUERY:
		return judge_queried(player, request);
	case LIST:
		return judge_listed(player);
	case RUNS:
		return judge_runs(player);
	case CHECK:
		return judge_checked(player);
	case READ:
	case WRITE:
		if (answer->access.done > answer->access.length)
			run_fail("%s: %llu of %llu bytes", commands[request->index].name,
				 answer->access.done, answer->access.length);
		return;
	default:
		return;
	}
}

void judge_ioctl(const struct player *player, const struct request *request, int err)
{
	if (request->at_desk)
		judge_bytes(player, request, err);
	if (err && err != EBADF && err != EFAULT && !has_reason(player, request) &&
	    !is_among(err, malformed[request->index]) &&
	    !(request->index == PIN && !request->at_desk))
		run_fail("%s: %s, and no reason", commands[request->index].name, strerror(err));
	if (!err && request->at_desk)
		judge_success(player, request);
}
