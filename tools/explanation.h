/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_EXPLANATION_H
#define _PINCTL_EXPLANATION_H

#include "output.h"
#include "survey.h"

/*
 * One reason, and where it was met: the first @count of @segments, which are
 * borrowed; none if the reason is explained by itself or refuses a range as a
 * whole.  @argument is what the user asked about.  @request: @reason is none, the
 * errno is that of a request which was not judged, and this says what it means.
 * @consumer: for whom the remedies are.
 */
struct explanation {
	const char *argument;
	uint32_t reason;
	int error;
	const char *request;
	uint32_t consumer;
	const struct segment **segments;
	size_t count;
};

/* The reason by itself, as @consumer (an enum libpin_consumer) gives it. */
struct explanation explanation_of(const char *argument, uint32_t reason, uint32_t consumer);

/* A paragraph with its heading beside it, as explanations have them. */
void explanation_paragraph(const struct pinctl *pinctl, const char *heading, const char *text);

/* You saw, because, why, what to do. */
void explanation_print(const struct pinctl *pinctl, const struct explanation *explanation);
struct json_object *explanation_json(const struct explanation *explanation);
/* One remedy, as a member of a document. */
struct json_object *explanation_remedy_json(const struct libpin_remedy *remedy);

#endif /* _PINCTL_EXPLANATION_H */
