/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Survey: what can be pinned of a target, from the module or, where that is
 * not to be had, predicted from /proc.  check and explain print it.
 */
#ifndef _PINCTL_SURVEY_H
#define _PINCTL_SURVEY_H

#include <libpin.h>

#include "area.h"
#include "pinctl.h"
#include "target.h"

/*
 * One mapping's segment; members as in struct pin_report, but that PIN_REPORT_LEASE
 * stands where a lease was allowed and is needed, too.  @path may be NULL.
 * @left_out: it does not count, see survey_make().
 */
struct segment {
	uint64_t start;
	uint64_t end;
	uint32_t kind;
	uint32_t reason;
	int error;
	uint32_t flags;
	uint64_t page_size;
	uint64_t file_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	bool left_out;
	char *path;
};

/*
 * @pid and @name are those of the process, pinctl's own for file: and new:.
 * @access: what was asked about, PIN_CHECK_WRITE and PIN_CHECK_LEASE.
 * @range tells whether a range was asked for rather than a whole process; only
 * then limits are judged.  @limit is a reason that refuses the range as a
 * whole, 0 if none does.  @consumer is whom it is for; @rule a sentence on a rule of
 * that consumer's own that refuses the target, or NULL.  @because says why it is only
 * predicted, or is NULL.
 */
struct survey {
	pid_t pid;
	char *name;
	uint64_t start;
	uint64_t length;
	bool range;
	uint32_t access;
	bool predicted;
	bool tried;
	const char *because;
	struct segment *segments;
	size_t count;
	size_t capacity;
	size_t refused;
	size_t left_out;
	uint32_t limit;
	int limit_error;
	uint32_t consumer;
	const char *rule;
	struct area area;
};

/*
 * Of a whole process, what the process itself cannot access that way (its code,
 * for writing) and what the kernel maps (vdso) is left out of the answer: no
 * program hands that to a device, and with it every answer would be no.
 *
 * Asks about @target, for @access; with @try a range is pinned and released too, which tells
 * what only trying can.  An exit code: 0 when the survey stands, whatever it
 * says; otherwise after a complaint.  Release it in either case.
 */
int survey_make(struct pinctl *pinctl, const struct target *target, uint32_t access, bool try,
		struct survey *survey);
void survey_release(struct survey *survey);

/* Whether everything can be pinned. */
bool survey_is_clean(const struct survey *survey);

/* Adds a copy of @segment; its @path is copied too. */
void survey_add(struct survey *survey, const struct segment *segment);

/* predict.c: 0 or -errno; fills in the segments and the limit. */
int survey_predict(struct survey *survey);

/* predict.c: the limit of the process, if nothing in the segments is refused. */
void survey_predict_limit(struct survey *survey);

#endif /* _PINCTL_SURVEY_H */
