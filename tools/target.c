// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Target: the grammar of target.h.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pinctl.h"
#include "size.h"
#include "target.h"

static int parse_address(const char *text, uint64_t *address, const char **rest)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*address = strtoull(text, &end, 16);
	if (errno || end == text)
		return -EINVAL;
	*rest = end;
	return 0;
}

static int parse_range(const char *text, struct target *target, const char **problem)
{
	uint64_t end;

	*problem = "a range is ADDR+LEN or START-END, addresses in hexadecimal";
	if (parse_address(text, &target->start, &text))
		return -EINVAL;
	if (*text == '+') {
		if (size_parse(text + 1, &target->length))
			return -EINVAL;
	} else if (*text == '-') {
		if (parse_address(text + 1, &end, &text) || *text)
			return -EINVAL;
		if (end < target->start) {
			*problem = "the range ends before it begins";
			return -EINVAL;
		}
		target->length = end - target->start;
	} else {
		return -EINVAL;
	}
	if (!target->length) {
		*problem = "the range is empty";
		return -EINVAL;
	}
	/* Whole pages count, so the last one must not wrap around either. */
	if (__builtin_add_overflow(target->start, target->length, &end) ||
	    __builtin_add_overflow(end, (uint64_t)sysconf(_SC_PAGESIZE) - 1, &end)) {
		*problem = "the range goes beyond the end of the address space";
		return -EINVAL;
	}
	return 0;
}

static int parse_process(const char *text, struct target *target, const char **problem)
{
	unsigned long pid;
	char *end;

	target->type = TARGET_PROCESS;
	if (!strncmp(text, "self", 4) && (!text[4] || text[4] == ':')) {
		text += 4;
	} else if (isdigit((unsigned char)*text)) {
		errno = 0;
		pid = strtoul(text, &end, 10);
		if (errno || !pid || pid > INT_MAX || (*end && *end != ':')) {
			*problem = "not a process id";
			return -EINVAL;
		}
		target->pid = (pid_t)pid;
		text = end;
	} else {
		*problem = "a target is PID, self, PID:RANGE, file:PATH or new:anon,SIZE";
		return -EINVAL;
	}
	return *text ? parse_range(text + 1, target, problem) : 0;
}

/* A path may contain '@' itself: only @OFF+LEN at its end is a range. */
static const char *file_range(const char *text, struct target *target)
{
	const char *at = strrchr(text, '@');
	const char *rest;

	if (!at || size_parse_part(at + 1, &target->start, &rest) || *rest != '+' ||
	    size_parse(rest + 1, &target->length)) {
		target->start = 0;
		target->length = 0;
		return text + strlen(text);
	}
	return at;
}

static int parse_file(const char *text, struct target *target, const char **problem)
{
	const char *end = file_range(text, target);
	uint64_t sum;

	target->type = TARGET_FILE;
	if (end == text) {
		*problem = "file: needs a path";
		return -EINVAL;
	}
	if (*end && !target->length) {
		*problem = "the range is empty";
		return -EINVAL;
	}
	if (__builtin_add_overflow(target->start, target->length, &sum) || sum > INT64_MAX) {
		*problem = "the range goes beyond what a file can have";
		return -EINVAL;
	}
	target->path = strndup(text, (size_t)(end - text));
	if (!target->path)
		out_of_memory();
	return 0;
}

static int parse_new_word(char *word, struct target *target, const char **problem)
{
	if (!strcmp(word, "thp")) {
		target->thp = true;
	} else if (!strncmp(word, "hugetlb=", 8)) {
		if (size_parse(word + 8, &target->huge_size) || !target->huge_size ||
		    (target->huge_size & (target->huge_size - 1))) {
			*problem = "hugetlb= needs a page size, as hugetlb=2M";
			return -EINVAL;
		}
	} else if (size_parse(word, &target->length) || !target->length) {
		*problem = "new: takes a size, thp and hugetlb=SIZE after the comma";
		return -EINVAL;
	}
	return 0;
}

static int parse_new_kind(const char *word, struct target *target, const char **problem)
{
	static const char *const kinds[] = {
		[TARGET_NEW_ANON] = "anon",
		[TARGET_NEW_SHMEM] = "shmem",
		[TARGET_NEW_MEMFD] = "memfd",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (word && !strcmp(word, kinds[i])) {
			target->memory = (enum target_new)i;
			return 0;
		}
	}
	*problem = "new: makes anon, shmem or memfd memory";
	return -EINVAL;
}

static int parse_new(const char *text, struct target *target, const char **problem)
{
	char *words = strdup(text), *save, *word;
	int ret;

	if (!words)
		out_of_memory();
	target->type = TARGET_NEW;
	ret = parse_new_kind(strtok_r(words, ",", &save), target, problem);
	while (!ret && (word = strtok_r(NULL, ",", &save)))
		ret = parse_new_word(word, target, problem);
	free(words);
	if (ret)
		return ret;
	if (!target->length) {
		*problem = "new: needs a size, as new:anon,64M";
		return -EINVAL;
	}
	if (target->thp && target->huge_size) {
		*problem = "thp and hugetlb= exclude each other";
		return -EINVAL;
	}
	return 0;
}

int target_parse(const char *text, struct target *target, const char **problem)
{
	*target = (struct target){ .type = TARGET_PROCESS };
	if (!strncmp(text, "file:", 5))
		return parse_file(text + 5, target, problem);
	if (!strncmp(text, "new:", 4))
		return parse_new(text + 4, target, problem);
	return parse_process(text, target, problem);
}

void target_release(struct target *target)
{
	free(target->path);
	target->path = NULL;
}
