// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asserts the layout of every struct that user space shares with the driver;
 * here and not in the header, which has to stay C90.  A size that changes
 * breaks programs: append members, and keep the first version's size.
 */
#include <linux/build_bug.h>
#include <linux/types.h>

#include "pindev.h"

static_assert(sizeof(struct pin_refusal) == 16);
static_assert(sizeof(struct pin_report) == 64);
static_assert(sizeof(struct pin_info) == 80);
static_assert(sizeof(struct pin_pin) == 96);
static_assert(sizeof(struct pin_unpin) == 16);
static_assert(sizeof(struct pin_check) == 96);
static_assert(sizeof(struct pin_query) == 128);
static_assert(sizeof(struct pin_list) == 56);
static_assert(sizeof(struct pin_run) == 32);
static_assert(sizeof(struct pin_runs) == 64);
static_assert(sizeof(struct pin_access) == 48);
static_assert(sizeof(struct pin_event) == 64);

/* A context's id indexes an xarray. */
static_assert(sizeof(unsigned long) == sizeof(u64));
