// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nomem: see nomem.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomem.h"

static unsigned int left;
static int stopped;
static int failed;

void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
ssize_t __real___getdelim(char **line, size_t *size, int end, FILE *file);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
ssize_t __wrap___getdelim(char **line, size_t *size, int end, FILE *file);
ssize_t __wrap_getline(char **line, size_t *size, FILE *file);

static int fails(void)
{
	if (stopped || !left || --left)
		return 0;
	failed = 1;
	errno = ENOMEM;
	return 1;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t length)
{
	return fails() ? NULL : __real_strndup(text, length);
}

/* What getline() is, optimized. The buffer that it may need is malloc()'s in the C library. */
ssize_t __wrap___getdelim(char **line, size_t *size, int end, FILE *file)
{
	return fails() ? -1 : __real___getdelim(line, size, end, file);
}

ssize_t __wrap_getline(char **line, size_t *size, FILE *file)
{
	return __wrap___getdelim(line, size, '\n', file);
}

void nomem_fail(unsigned int nth)
{
	left = nth;
	stopped = 0;
	failed = 0;
}

void nomem_stop(void)
{
	stopped = 1;
}

void nomem_go_on(void)
{
	stopped = 0;
}

int nomem_failed(void)
{
	return failed;
}
