/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Named places where a test can hold a caller up, so that what happens in the
 * narrow time between two steps happens each time and is known to have happened.
 *
 * They exist only in a module built with PINDEV_DELAYS=1; in any other one
 * pindev_delay() is nothing.  Each point has three module parameters:
 *
 *   delay_NAME_ms	how long to hold up a caller; 0, the default: not at all.
 *			Lowered while somebody is held up, it counts for him, so
 *			a test sets a long time and lets go by writing 0.
 *   delay_NAME_nth	hold up only whoever makes delay_NAME_hits this number;
 *			0: everybody
 *   delay_NAME_hits	how often the point was reached, read-only, counted on
 *			the way in: whoever sees it rise knows that somebody is
 *			held up
 *
 * Holding up is sleeping, until a fatal signal: no point may stand where sleeping
 * is not allowed, nor under a lock without which others cannot go on.
 */
#ifndef PINDEV_DELAY_H
#define PINDEV_DELAY_H

/*
 * POINT(constant, name in the parameters)
 *
 * JUDGED: PIN has judged a mapping, and will pin it next
 * PINNED: GUP has pinned a batch or a huge page that is not among the runs yet
 * LEASE_PINNED: the same for a batch of a lease; the file's i_rwsem is held
 * LEASE_RETRY: a lease has lost its race and starts over
 * LEASE_LOST: a pin was revoked before it was in its context; nothing is held
 * LEASE_REVOKED: a lease was revoked, and a worker gives back the rest next
 * LEASE_SETTLED: UNPIN or close had to wait for a revocation; nothing is held
 * FORCED: a pin was revoked by an administrator, and its pages are still pinned
 * PUBLISH: nothing can fail any more; the pin is not in its context yet
 * UNPIN: a pin is out of its context, and its pages are still pinned
 * INSPECT: CHECK has the address space of another process, and will ask next
 *	whether its caller may look at it
 * ACCESS: READ or WRITE has found the pin, and copies from or to a page next
 */
#define PINDEV_DELAY_POINTS(POINT)					\
	POINT(JUDGED, judged)						\
	POINT(PINNED, pinned)						\
	POINT(LEASE_PINNED, lease_pinned)				\
	POINT(LEASE_RETRY, lease_retry)					\
	POINT(LEASE_LOST, lease_lost)					\
	POINT(LEASE_REVOKED, lease_revoked)				\
	POINT(LEASE_SETTLED, lease_settled)				\
	POINT(FORCED, forced)						\
	POINT(PUBLISH, publish)						\
	POINT(UNPIN, unpin)						\
	POINT(INSPECT, inspect)						\
	POINT(ACCESS, access)

#define PINDEV_DELAY_CONSTANT(constant, name)	PINDEV_DELAY_##constant,

/* enum pindev_delay_point - where; see PINDEV_DELAY_POINTS */
enum pindev_delay_point {
	PINDEV_DELAY_POINTS(PINDEV_DELAY_CONSTANT)
	PINDEV_DELAY_COUNT
};

#ifdef PINDEV_DELAYS
void pindev_delay(enum pindev_delay_point point);
#else
static inline void pindev_delay(enum pindev_delay_point point)
{
}
#endif

#endif /* PINDEV_DELAY_H */
