/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pinners: those who can pin a buffer of pinctl's own here, and with whom it is compared.
 *
 * Each does it by the bare system call: what a library does around it is not compared.
 */
#ifndef _PINCTL_PINNER_H
#define _PINCTL_PINNER_H

#include <libpin.h>
#include <stdbool.h>

#include "buffer.h"

enum pinner { PINNER_DEVICE, PINNER_URING, PINNERS };

/*
 * @error is why io_uring cannot be used, as -errno; @why and @fix as uring_obstacle() has
 * them.  @id and @runs are of what /dev/pin pinned last, @reason is why it refused.
 */
struct pinners {
	struct libpin_context *ctx;
	int device;
	int ring;
	int error;
	const char *why;
	const char *fix;
	uint64_t id;
	uint64_t runs;
	uint32_t reason;
};

/* "/dev/pin", "io_uring" */
const char *pinner_name(enum pinner pinner);

/* 0 or -errno of opening /dev/pin; that io_uring is missing is no failure. */
int pinners_open(struct pinners *pinners);
void pinners_close(struct pinners *pinners);
bool pinner_is_there(const struct pinners *pinners, enum pinner pinner);

/* 0 or -errno.  What one has pinned is unpinned before anything else is. */
int pinner_pin(struct pinners *pinners, enum pinner pinner, const struct buffer *buffer);
int pinner_unpin(struct pinners *pinners, enum pinner pinner);

#endif /* _PINCTL_PINNER_H */
