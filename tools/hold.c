// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hold: see hold.h.
 *
 * The signals are blocked but while ppoll(2) waits, so that none comes unnoticed between
 * looking and waiting.  They have handlers, because a shell may have had them ignored,
 * and because nothing else interrupts ppoll(2): after a stop it waits for what was left.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "hold.h"
#include "pinctl.h"

static const int end_signals[] = { SIGINT, SIGTERM };

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

/* As ppoll(2), interrupted by the signals alone. */
static int wait_for(int fd, const struct timespec *rest)
{
	struct pollfd events = { .fd = fd, .events = POLLIN };
	sigset_t mask;
	size_t i;
	int ready;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		sigdelset(&mask, end_signals[i]);
	ready = ppoll(&events, 1, rest, &mask);
	return ready < 0 ? -errno : ready;
}

int hold_wait(const struct libpin_context *ctx, long seconds)
{
	struct timespec rest = { .tv_sec = seconds };
	int ret = wait_for(ctx ? libpin_context_fd(ctx) : -1, seconds < 0 ? NULL : &rest);

	return ret < 0 && ret != -EINTR ? ret : 0;
}

/* ppoll(2) does not look for signals while there is something to read. */
static bool signal_is_pending(void)
{
	sigset_t pending;
	size_t i;

	sigpending(&pending);
	for (i = 0; i < ARRAY_SIZE(end_signals); i++)
		if (sigismember(&pending, end_signals[i]))
			return true;
	return false;
}

int hold_poll(int fd, int timeout_ms)
{
	struct timespec rest = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L,
	};

	if (signal_is_pending())
		return -EINTR;
	return wait_for(fd, timeout_ms < 0 ? NULL : &rest);
}

int hold_revocation(struct libpin_context *ctx, uint64_t id, struct revocation *revocation)
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
