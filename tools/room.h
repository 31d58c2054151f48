/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room: how much memory can be made and pinned now, and what sets the bound.
 */
#ifndef _PINCTL_ROOM_H
#define _PINCTL_ROOM_H

#include <libpin.h>
#include <stdint.h>

#include "buffer.h"

/*
 * @bytes of what was asked for, in whole pages of the kind; if that is less, @why is what
 * sets the bound, in a sentence without its end, and @fix a command that changes it, or NULL.
 */
struct room {
	uint64_t bytes;
	char *why;
	char *fix;
};

/* For @wanted bytes of @kind, pinned through /dev/pin, which has answered @info. */
void room_find(struct room *room, const struct libpin_info *info, const struct buffer_kind *kind,
	       uint64_t wanted);
void room_release(struct room *room);

#endif /* _PINCTL_ROOM_H */
