/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks: what doctor asks about a machine, each with a stable id.
 */
#ifndef _PINCTL_CHECKS_H
#define _PINCTL_CHECKS_H

#include "machine.h"

enum status { STATUS_OK, STATUS_WARN, STATUS_FAIL, STATUS_UNKNOWN };

#define FIXES_MAX 6

/* A command to paste.  @alternative: instead of the first one, not after it. */
struct fix {
	char *command;
	bool alternative;
};

/* @text may hold any bytes that the machine had. */
struct finding {
	enum status status;
	char *text;
	struct fix fixes[FIXES_MAX];
	size_t fix_count;
};

struct check {
	const char *id;
	const char *summary;
	void (*run)(const struct machine *machine, struct finding *finding);
};

extern const struct check checks[];
extern const size_t check_count;

/* Asks @check; release the finding. */
void check_run(const struct check *check, const struct machine *machine,
	       struct finding *finding);
void finding_release(struct finding *finding);

#endif /* _PINCTL_CHECKS_H */
