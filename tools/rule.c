// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rule: the rules about mappings, in the order of check_vma_flags() (mm/gup.c, Linux 7.2),
 * as driver/classify.c has them.  Whoever judges without the module does it by this list,
 * from whatever tells the facts: /proc (predict.c) or BPF (incident.c).
 */
#include <pin/ioctl.h>

#include "rule.h"

static uint32_t write_reason(const struct rule_facts *facts)
{
	if (facts->dirty_tracking && !facts->fsdax)
		return PIN_REASON_FILE_DIRTY_TRACKING;
	if (facts->shadow_stack)
		return PIN_REASON_SHADOW_STACK;
	return facts->writable ? PIN_REASON_NONE : PIN_REASON_NOT_WRITABLE;
}

uint32_t rule_reason(const struct rule_facts *facts, uint32_t access)
{
	if (facts->io)
		return PIN_REASON_IO_MAPPING;
	if (facts->pfnmap)
		return PIN_REASON_PFN_MAPPING;
	if (facts->fsdax && !(access & PIN_CHECK_LEASE))
		return PIN_REASON_FSDAX;
	if (facts->fsdax && !facts->shared)
		return PIN_REASON_LEASE_PRIVATE;
	if (facts->secretmem)
		return PIN_REASON_SECRETMEM;
	if (access & PIN_CHECK_WRITE)
		return write_reason(facts);
	return facts->readable ? PIN_REASON_NONE : PIN_REASON_NOT_READABLE;
}
