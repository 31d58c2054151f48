/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Charge: what another subsystem (libpin's consumers) would charge for a range, and
 * whether that fits below the limit it compares with; and its own rules.
 */
#ifndef _PINCTL_CHARGE_H
#define _PINCTL_CHARGE_H

#include <stdio.h>

#include "survey.h"

/*
 * All in bytes.  @ledger is where it is charged, in a word.  @charged_known is false
 * where no file shows the ledger and the module cannot be asked.  @limit UINT64_MAX:
 * unlimited.  @exempt: the limit does not count.  @rule is a sentence on a rule of
 * the consumer's own that refuses the range, with @rule_error, or NULL.  @own_limit: the
 * reason by which a limit of /dev/pin kept the range from being tried, or 0.
 */
struct charge {
	const char *ledger;
	bool charged_known;
	uint64_t charged;
	uint64_t limit;
	uint64_t asked;
	bool exempt;
	const char *rule;
	int rule_error;
	uint32_t own_limit;
};

/*
 * Judges the survey's range for its consumer, which is not ANY, and replaces the
 * survey's limit if it is one of /dev/pin; what that stopped counts as not tried.
 */
void charge_judge(struct survey *survey, struct charge *charge);

/* A line about the limit of a whole process that none was judged by, if it has one. */
void charge_print_unjudged(const struct survey *survey, FILE *out);

/* Where @consumer charges, in a word: user, VmPin or VmLck. */
const char *charge_ledger(uint32_t consumer);
/*
 * The rule of the consumer's own that refuses a range of @length bytes with @error, in a
 * sentence without its end; NULL if it has none.
 */
const char *charge_rule(uint32_t consumer, int error, uint64_t length);

#endif /* _PINCTL_CHARGE_H */
