/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Omissions: what was to be measured and could not be, or only in part, and why.
 */
#ifndef _PINCTL_OMISSION_H
#define _PINCTL_OMISSION_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Of memory of the kind @memory, @length bytes; 0: of whatever size.  @taken is how much
 * was measured in its place, 0 if nothing was.  @by: who did not pin it; NULL: nobody did.
 * @why is a sentence without its end, @fix a command that changes it, or NULL; both are its
 * own.
 */
struct omission {
	const char *memory;
	uint64_t length;
	uint64_t taken;
	const char *by;
	char *why;
	char *fix;
};

struct omissions {
	struct omission *array;
	size_t count;
};

/* Takes over @why and @fix. */
void omissions_add(struct omissions *omissions, struct omission omission);
/* On stderr, those together that have one reason. */
void omissions_print(const struct omissions *omissions);
struct json_object *omissions_json(const struct omissions *omissions);
void omissions_release(struct omissions *omissions);

#endif /* _PINCTL_OMISSION_H */
