/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hold: how long a pin is held, and by what that ends: a time, SIGINT or SIGTERM, or
 * that it is taken back: a lease by the kernel, every pin by an administrator.
 */
#ifndef _PINCTL_HOLD_H
#define _PINCTL_HOLD_H

#include <stdbool.h>

#include <libpin.h>

/*
 * How a pin was taken back: @address and @length are what was invalidated, @cause is
 * an enum pin_cause, @time_ns as in struct pin_event.  @lost: events that were lost
 * before it.
 */
struct revocation {
	bool revoked;
	uint64_t address;
	uint64_t length;
	uint64_t time_ns;
	uint32_t cause;
	uint64_t lost;
};

/* From now on SIGINT and SIGTERM wait for hold_wait(). */
void hold_begin(void);

/*
 * Until @seconds are over (never if negative), a signal has come, or there is an event on
 * @ctx, which may be NULL.  0 or -errno.
 */
int hold_wait(const struct libpin_context *ctx, long seconds);

/*
 * Until @fd can be read: 1; @timeout_ms are over (never if negative): 0; or a signal has
 * come, even if there is always something to read: -EINTR. Or another -errno.
 */
int hold_poll(int fd, int timeout_ms);

/* What has happened to pin @id by now, without waiting.  0 or -errno. */
int hold_revocation(struct libpin_context *ctx, uint64_t id, struct revocation *revocation);

#endif /* _PINCTL_HOLD_H */
