// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What users type: sizes and targets.  What was understood is written as text and read
 * again, which has to give the same.
 */
#include "entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "pinctl.h"
#include "size.h"
#include "target.h"

#define TEXT_MAX	256

void out_of_memory(void)
{
	abort();
}

static void expect(int holds, const char *what, const char *text)
{
	if (holds)
		return;
	fprintf(stderr, "%s: \"%s\"\n", what, text);
	abort();
}

static void try_size(const char *text)
{
	char again[SIZE_TEXT_MAX], exact[32];
	uint64_t bytes = 0, part = 0, same = 0;
	const char *rest = NULL;
	int ret = size_parse(text, &bytes), part_ret = size_parse_part(text, &part, &rest);

	expect(ret == 0 || ret == -EINVAL || ret == -ERANGE, "size_parse() says something else",
	       text);
	if (!part_ret)
		expect(rest >= text && rest <= text + strlen(text), "the rest lies elsewhere",
		       text);
	if (ret)
		return;
	expect(!part_ret && !*rest && part == bytes, "a part is all, and is another", text);
	expect(strlen(size_to_text(bytes, again)) < sizeof(again), "too long", text);
	snprintf(exact, sizeof(exact), "%" PRIu64, bytes);
	expect(!size_parse(exact, &same) && same == bytes, "not the same in bytes", text);
}

static void try_target(const char *text)
{
	const char *problem = NULL;
	struct target target;
	int ret = target_parse(text, &target, &problem);

	expect(ret == 0 || ret == -EINVAL, "target_parse() says something else", text);
	if (ret) {
		expect(problem && *problem, "no problem is told", text);
		return;
	}
	expect(target.type != TARGET_FILE || (target.path && *target.path), "no path", text);
	expect(target.type != TARGET_PROCESS || target.pid >= 0, "no process", text);
	expect(target.type != TARGET_PROCESS || !target.length ||
	       target.start + target.length - 1 >= target.start, "wraps around", text);
	target_release(&target);
}

static void try_duration(const uint8_t *data, size_t size)
{
	char text[DURATION_TEXT_MAX];
	uint64_t picoseconds = 0;

	memcpy(&picoseconds, data, size < sizeof(picoseconds) ? size : sizeof(picoseconds));
	expect(strlen(duration_to_text(picoseconds, text)) < sizeof(text), "too long", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_size(text);
	try_target(text);
	try_duration(data, size);
	return 0;
}
