/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measurement: what it costs to pin one buffer and to unpin it again, by everybody who can.
 *
 * It is done in rounds, in each of which everybody has his turn, and the turns change: what
 * makes the machine slower or faster meanwhile meets all of them.  A turn is as many calls
 * as fill a millisecond or so, and counts as their mean; pinctl stays on one processor.
 */
#ifndef _PINCTL_MEASUREMENT_H
#define _PINCTL_MEASUREMENT_H

#include "pinner.h"
#include "series.h"

/* A round's time of one call.  @error, as -errno: there are none. */
struct timing {
	struct series pin;
	struct series unpin;
	int error;
	uint32_t reason;
};

/*
 * @kind, @length, @rounds and @clock_ns, what reading the clock takes, are given.
 * @calls: of a turn.  @runs: in which the buffer lies, by /dev/pin.  @disturbed: rounds in
 * which something else had the processor.  @wandered: pinctl could not be kept on one.
 */
struct measurement {
	const struct buffer_kind *kind;
	uint64_t length;
	uint64_t rounds;
	uint64_t clock_ns;
	uint64_t calls;
	uint64_t runs;
	uint64_t disturbed;
	bool wandered;
	struct timing by[PINNERS];
};

/* Fills in the rest; memory that cannot be had is -errno, as buffer_make() has it. */
int measurement_make(struct measurement *measurement, struct pinners *pinners);
void measurement_release(struct measurement *measurement);

/* Nanoseconds that reading the clock takes, to be taken off all times. */
uint64_t measurement_clock_cost(void);

#endif /* _PINCTL_MEASUREMENT_H */
