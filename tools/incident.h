/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Incident: what a registration, or a pin that is nobody's known registration, came to,
 * and why, from what trace.bpf.c has seen of it.
 */
#ifndef _PINCTL_INCIDENT_H
#define _PINCTL_INCIDENT_H

#include "survey.h"
#include "symbols.h"
#include "trace_event.h"

#define INCIDENT_CANDIDATES 24

/*
 * @consumer: an enum libpin_consumer, ANY if it is none of the known ones; @subsystem its
 * name, or the name of the module or of the function that called.  @function: what
 * failed in the kernel, or NULL.  [@start, @start + @length) was asked for, and
 * @failed is the first address that was not pinned.  @error: the errno, positive; 0 if
 * nothing was refused.  @pages of the range were pinned, where that is known.
 *
 * @reason: why, or 0: then one of @candidates, if there are any, or a @rule of the
 * subsystem's own, a sentence.  @segment: the mapping at @failed, if @mapped.
 *
 * @ledger: whom it is charged to, in a word, or NULL; @used and @asked, both in bytes,
 * against @limit (UINT64_MAX: none), unless @exempt.
 */
struct incident {
	const struct trace_event *event;
	uint32_t consumer;
	const char *subsystem;
	const char *function;
	uint64_t start;
	uint64_t length;
	uint64_t failed;
	uint64_t pages;
	int error;
	uint32_t reason;
	uint32_t candidates[INCIDENT_CANDIDATES];
	size_t candidate_count;
	const char *rule;
	bool mapped;
	struct segment segment;
	const char *ledger;
	uint64_t used;
	uint64_t asked;
	uint64_t limit;
	bool exempt;
};

/*
 * @call: the registration, or NULL; @pin: what failed in it last, or NULL; not both.
 * @dirty_tracking: whether the kernel has that rule.  The events have to live as long
 * as the incident; release it.
 */
void incident_judge(struct incident *incident, const struct trace_event *call,
		    const struct trace_event *pin, bool dirty_tracking,
		    const struct symbols *symbols);
void incident_release(struct incident *incident);

/* Of a registration that is known by name. */
uint32_t incident_consumer(enum trace_call call);

/* The best remedy for whoever called; NULL if there is none. */
const struct libpin_remedy *incident_remedy(const struct incident *incident);

/* A frame of the kernel's stack that is the caller's: not of BPF, nor a pin function. */
const struct symbol *incident_frame(const struct symbols *symbols, uint64_t address);

#endif /* _PINCTL_INCIDENT_H */
