/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_RULE_H
#define _PINCTL_RULE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the rules about mappings look at.  @shared is VM_MAYSHARE; @dirty_tracking: a
 * shared, writable mapping of a file whose filesystem keeps track of what is written.
 */
struct rule_facts {
	bool io;
	bool pfnmap;
	bool fsdax;
	bool shared;
	bool secretmem;
	bool dirty_tracking;
	bool shadow_stack;
	bool readable;
	bool writable;
};

/* @access: PIN_CHECK_WRITE and PIN_CHECK_LEASE.  An enum pin_reason, 0 if no rule refuses. */
uint32_t rule_reason(const struct rule_facts *facts, uint32_t access);

#endif /* _PINCTL_RULE_H */
