// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nomem: a malloc() that fails when it is told to, for LD_PRELOAD. strdup(), fopen(),
 * asprintf() and all others in the C library get their memory from these four, too.
 *
 *   NOMEM_FAIL    the number of the allocation that fails, from 1 on; "N-": and all after
 *   NOMEM_FAILED  a file that has a byte afterwards if it came to that
 *   NOMEM_SITES   a file for a line for each chain of callers: the first and the last
 *                 allocation that came from it, and what this chain is called in every run
 *
 * One thread at a time: what counts is not locked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES	32
#define SITES	16384

struct site {
	uint64_t hash;
	unsigned long first;
	unsigned long last;
};

static struct site sites[SITES];
static const char *sites_path, *failed_path;
static unsigned long count, nth;
static int lasting, busy = 1;

void nomem_stop(void);

/* glibc's own, under the names that it keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void note_site(void)
{
	void *frames[FRAMES];
	int i, depth = backtrace(frames, FRAMES);
	uint64_t hash = 14695981039346656037u;
	struct site *site;
	Dl_info object;

	/* Where an object is loaded is another place each time. */
	for (i = 0; i < depth; i++) {
		if (!dladdr(frames[i], &object))
			object.dli_fbase = NULL;
		hash ^= (uintptr_t)frames[i] - (uintptr_t)object.dli_fbase;
		hash *= 1099511628211u;
	}
	for (site = &sites[hash % SITES]; site->first && site->hash != hash;)
		site = site == &sites[SITES - 1] ? sites : site + 1;
	site->hash = hash;
	site->last = count;
	if (!site->first)
		site->first = count;
}

static void tell_failed(void)
{
	int fd = failed_path ? open(failed_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || write(fd, "1", 1) != 1)
		_exit(99);
	close(fd);
}

/* What is asked for in here, by backtrace() and the like, does not count. */
static int fails(void)
{
	if (busy)
		return 0;
	busy = 1;
	count++;
	if (sites_path)
		note_site();
	if (nth == count)
		tell_failed();
	busy = 0;
	if (!nth || count < nth || (count > nth && !lasting))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	*memory = fails() ? NULL : __libc_memalign(alignment, size);
	return *memory ? 0 : ENOMEM;
}

/* From here on nothing fails: the program is one that counts, and writes its counters. */
void nomem_stop(void)
{
	busy = 1;
}

/*
 * The next two are one allocation each, whatever they take. glibc 2.36 does not always
 * say that it ran out of memory in there: to the one the user is unknown then, or an
 * assertion fails; to the other the locale is not installed.
 */
struct passwd *getpwuid(uid_t uid)
{
	static struct passwd user;
	static char text[4096];
	struct passwd *found = NULL;

	if (fails())
		return NULL;
	busy = 1;
	getpwuid_r(uid, &user, text, sizeof(text), &found);
	busy = 0;
	return found;
}

char *setlocale(int category, const char *name)
{
	char *(*real)(int category, const char *name);
	char *found;

	if (fails())
		return NULL;
	busy = 1;
	real = (char *(*)(int, const char *))dlsym(RTLD_NEXT, "setlocale");
	found = real(category, name);
	busy = 0;
	return found;
}

/* backtrace() loads a library the first time, and a library is mappings of its own. */
__attribute__((constructor)) static void begin(void)
{
	const char *fail = getenv("NOMEM_FAIL");
	void *frame;

	sites_path = getenv("NOMEM_SITES");
	failed_path = getenv("NOMEM_FAILED");
	if (fail) {
		nth = strtoul(fail, NULL, 10);
		lasting = !!strchr(fail, '-');
	}
	backtrace(&frame, 1);
	busy = 0;
}

__attribute__((destructor)) static void end(void)
{
	FILE *out;
	size_t i;

	busy = 1;
	out = sites_path ? fopen(sites_path, "we") : NULL;
	for (i = 0; out && i < SITES; i++)
		if (sites[i].first)
			fprintf(out, "%lu %lu %016" PRIx64 "\n", sites[i].first, sites[i].last,
				sites[i].hash);
	if (out)
		fclose(out);
}
