/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Area: memory that pinctl maps in its own process for a file: or new: target.
 */
#ifndef _PINCTL_AREA_H
#define _PINCTL_AREA_H

#include "pinctl.h"
#include "target.h"

/* @start and @length are what the target means; the mapping may be larger. */
struct area {
	void *map;
	size_t map_length;
	uint64_t start;
	uint64_t length;
};

/*
 * @access: what it is for, PIN_CHECK_WRITE and PIN_CHECK_LEASE.  An exit code, after a
 * complaint.
 */
int area_create(struct pinctl *pinctl, const struct target *target, uint32_t access,
		struct area *area);
/* Fine on an area that is all zeros. */
void area_release(struct area *area);

#endif /* _PINCTL_AREA_H */
