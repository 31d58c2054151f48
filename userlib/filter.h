/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filter: which pins a dump is about.  @attributes has the bit of each attribute that
 * counts, @numbers its value.
 */
#ifndef _LIBPIN_FILTER_H
#define _LIBPIN_FILTER_H

#include "wire.h"

struct libpin_filter {
	uint32_t attributes;
	uint64_t numbers[PIN_NL_A_PIN_PFN_COUNT + 1];
};

/* The attributes of @filter, which may be NULL, into a request; 0 or -ENOMEM. */
int libpin_filter_put(const struct libpin_filter *filter, struct nl_msg *request);

#endif /* _LIBPIN_FILTER_H */
