// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bundle: see bundle.h.
 *
 * The archive is written and read here: libarchive would bring libxml2 and ICU to
 * wherever pinctl goes, and tar(1) would unpack a stranger's archive, links and all,
 * onto the disk.  What is read stays in memory, and nothing in it is followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bundle.h"
#include "pinctl.h"

#define BLOCK 512

/* Everything stands in here in the archive, so that unpacking makes no mess. */
#define TOP "pin-doctor"

/* No bundle is larger or has more members, by far. */
#define BUNDLE_MAX (UINT64_C(64) << 20)
#define MEMBERS_MAX 4096

/* The ustar header of POSIX.1, as stored. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[8];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char padding[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a tar header is one block");

enum { TYPE_FILE = '0', TYPE_OLD_FILE = '\0', TYPE_DIRECTORY = '5', TYPE_LONG_NAME = 'L' };

/* --- in memory --- */

void bundle_release(struct bundle *bundle)
{
	size_t i;

	for (i = 0; i < bundle->count; i++) {
		free(bundle->files[i].path);
		free(bundle->files[i].data);
	}
	free(bundle->files);
	*bundle = (struct bundle){ 0 };
}

static struct bundle_file *find(const struct bundle *bundle, const char *path)
{
	size_t i;

	for (i = 0; i < bundle->count; i++)
		if (!strcmp(bundle->files[i].path, path))
			return &bundle->files[i];
	return NULL;
}

const struct bundle_file *bundle_find(const struct bundle *bundle, const char *path)
{
	return find(bundle, path);
}

static struct bundle_file *new_file(struct bundle *bundle, const char *path)
{
	struct bundle_file *file;

	if (bundle->count == bundle->capacity) {
		bundle->capacity = bundle->capacity ? 2 * bundle->capacity : 64;
		bundle->files = reallocarray(bundle->files, bundle->capacity,
					     sizeof(*bundle->files));
		if (!bundle->files)
			out_of_memory();
	}
	file = &bundle->files[bundle->count++];
	*file = (struct bundle_file){ .path = strdup(path) };
	if (!file->path)
		out_of_memory();
	return file;
}

void bundle_add(struct bundle *bundle, const char *path, const char *data, size_t size)
{
	struct bundle_file *file = find(bundle, path);

	if (!file)
		file = new_file(bundle, path);
	free(file->data);
	file->data = NULL;
	file->size = 0;
	if (!data)
		return;
	file->data = malloc(size + 1);
	if (!file->data)
		out_of_memory();
	memcpy(file->data, data, size);
	file->data[size] = '\0';
	file->size = size;
}

/* What follows @path and a slash in the path of @file, or NULL. */
static const char *below(const struct bundle_file *file, const char *path)
{
	size_t length = strlen(path);

	if (strncmp(file->path, path, length) || file->path[length] != '/')
		return NULL;
	return file->path + length + 1;
}

bool bundle_has(const struct bundle *bundle, const char *path)
{
	size_t i;

	for (i = 0; i < bundle->count; i++)
		if (!strcmp(bundle->files[i].path, path) || below(&bundle->files[i], path))
			return true;
	return false;
}

/* The lowest name directly in @path that sorts after @last (may be NULL). */
static char *next_entry(const struct bundle *bundle, const char *path, const char *last)
{
	char *best = NULL, *name;
	size_t i;

	for (i = 0; i < bundle->count; i++) {
		const char *rest = below(&bundle->files[i], path);

		if (!rest || !*rest)
			continue;
		name = strndup(rest, strcspn(rest, "/"));
		if (!name)
			out_of_memory();
		if ((!last || strcmp(name, last) > 0) && (!best || strcmp(name, best) < 0)) {
			free(best);
			best = name;
		} else {
			free(name);
		}
	}
	return best;
}

char *bundle_entry(const struct bundle *bundle, const char *path, size_t index)
{
	char *name = NULL, *next;

	do {
		next = next_entry(bundle, path, name);
		free(name);
		name = next;
	} while (name && index--);
	return name;
}

size_t bundle_count(const struct bundle *bundle)
{
	size_t i, count = 0;

	for (i = 0; i < bundle->count; i++)
		count += !!bundle->files[i].data;
	return count;
}

/* --- written --- */

static unsigned int checksum(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	size_t i, from = offsetof(struct header, checksum);
	unsigned int sum = 0;

	for (i = 0; i < BLOCK; i++)
		sum += i >= from && i < from + sizeof(header->checksum) ? ' ' : bytes[i];
	return sum;
}

static void write_header(FILE *out, const char *name, char type, size_t size)
{
	struct header header = { .type = type };

	snprintf(header.name, sizeof(header.name), "%s", name);
	snprintf(header.mode, sizeof(header.mode), "%07o",
		 type == TYPE_DIRECTORY ? 0755u : 0644u);
	snprintf(header.uid, sizeof(header.uid), "%07o", 0u);
	snprintf(header.gid, sizeof(header.gid), "%07o", 0u);
	snprintf(header.size, sizeof(header.size), "%011zo", size);
	snprintf(header.mtime, sizeof(header.mtime), "%011llo",
		 (unsigned long long)time(NULL) & 077777777777ULL);
	memcpy(header.magic, "ustar  ", sizeof(header.magic));
	snprintf(header.checksum, sizeof(header.checksum), "%06o", checksum(&header));
	header.checksum[7] = ' ';
	fwrite(&header, BLOCK, 1, out);
}

static void write_data(FILE *out, const char *data, size_t size)
{
	static const char zeros[BLOCK];

	fwrite(data, 1, size, out);
	fwrite(zeros, 1, (BLOCK - size % BLOCK) % BLOCK, out);
}

static void write_file(FILE *out, const struct bundle_file *file)
{
	char type = file->data ? TYPE_FILE : TYPE_DIRECTORY;
	size_t length = sizeof(TOP) + strlen(file->path) + 1;
	char *name = malloc(length);

	if (!name)
		out_of_memory();
	snprintf(name, length, TOP "%s%s", file->path, file->data ? "" : "/");
	if (strlen(name) >= sizeof(((struct header *)0)->name)) {
		write_header(out, "././@LongLink", TYPE_LONG_NAME, strlen(name) + 1);
		write_data(out, name, strlen(name) + 1);
	}
	write_header(out, name, type, file->size);
	if (file->data)
		write_data(out, file->data, file->size);
	free(name);
}

int bundle_save(const struct bundle *bundle, const char *path)
{
	static const char zeros[2 * BLOCK];
	/* It tells about the machine: for whoever saved it alone. */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat status;
	FILE *out;
	int error = 0;
	size_t i;

	if (fd < 0)
		return -errno;
	/* One that was there can have other rights; a device keeps its own. */
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && fchmod(fd, 0600)) {
		error = errno;
		close(fd);
		return -error;
	}
	out = fdopen(fd, "w");
	if (!out)
		out_of_memory();
	for (i = 0; i < bundle->count && !ferror(out); i++)
		write_file(out, &bundle->files[i]);
	if (!ferror(out))
		fwrite(zeros, 1, sizeof(zeros), out);
	if (ferror(out) || fflush(out))
		error = errno;
	if (fclose(out) && !error)
		error = errno;
	return -error;
}

/* --- read --- */

static bool parse_octal(const char *text, size_t length, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	while (i < length && text[i] == ' ')
		i++;
	for (; i < length && text[i] >= '0' && text[i] <= '7'; i++)
		*value = *value * 8 + (uint64_t)(text[i] - '0');
	return i < length ? text[i] == '\0' || text[i] == ' ' : true;
}

static bool is_header(const struct header *header)
{
	uint64_t sum;

	return !strncmp(header->magic, "ustar", 5) &&
	       parse_octal(header->checksum, sizeof(header->checksum), &sum) &&
	       sum == checksum(header);
}

static bool is_zero(const char *block)
{
	size_t i;

	for (i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

/* POSIX archives have a prefix; those of GNU something else in its place. */
static char *header_name(const struct header *header)
{
	bool posix = !memcmp(header->magic, "ustar", 6);
	char *name;
	int ret;

	if (posix && header->prefix[0])
		ret = asprintf(&name, "%.*s/%.*s", (int)sizeof(header->prefix), header->prefix,
			       (int)sizeof(header->name), header->name);
	else
		ret = asprintf(&name, "%.*s", (int)sizeof(header->name), header->name);
	if (ret < 0)
		out_of_memory();
	return name;
}

/* "./TOP/proc/cpuinfo" and "proc/cpuinfo" are both /proc/cpuinfo. */
static void add_member(struct bundle *bundle, char *name, const char *data, size_t size)
{
	size_t length = strlen(name);

	while (length && name[length - 1] == '/')
		name[--length] = '\0';
	while (!strncmp(name, "./", 2))
		name += 2;
	name += strspn(name, "/");
	if (!strncmp(name, TOP "/", sizeof(TOP)))
		name += sizeof(TOP);
	if (*name) {
		char *path;

		if (asprintf(&path, "/%s", name) < 0)
			out_of_memory();
		bundle_add(bundle, path, data, size);
		free(path);
	}
}

static int parse(struct bundle *bundle, const char *data, size_t size)
{
	const char *at = data, *end = data + size;
	char *name = NULL;
	uint64_t length;

	while (end - at >= BLOCK && !is_zero(at) && bundle->count < MEMBERS_MAX) {
		const struct header *header = (const struct header *)at;

		if (!is_header(header) ||
		    !parse_octal(header->size, sizeof(header->size), &length))
			break;
		at += BLOCK;
		if (length > (uint64_t)(end - at))
			break;
		if (header->type == TYPE_LONG_NAME) {
			free(name);
			name = strndup(at, length);
			if (!name)
				out_of_memory();
		} else {
			if (!name)
				name = header_name(header);
			if (header->type == TYPE_FILE || header->type == TYPE_OLD_FILE)
				add_member(bundle, name, at, length);
			else if (header->type == TYPE_DIRECTORY)
				add_member(bundle, name, NULL, 0);
			free(name);
			name = NULL;
		}
		length = (length + BLOCK - 1) / BLOCK * BLOCK;
		at += length < (uint64_t)(end - at) ? length : (uint64_t)(end - at);
	}
	free(name);
	/* A whole archive ends in zeros. */
	return end - at >= BLOCK && is_zero(at) && bundle->count ? 0 : -EINVAL;
}

int bundle_load(struct bundle *bundle, const char *path)
{
	FILE *file = fopen(path, "re");
	char *data = NULL;
	size_t size = 0;
	struct stat st;
	int ret;

	if (!file)
		return -errno;
	if (fstat(fileno(file), &st))
		ret = -errno;
	else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > BUNDLE_MAX)
		ret = -EINVAL;
	else
		ret = 0;
	if (!ret) {
		data = malloc((size_t)st.st_size + 1);
		if (!data)
			out_of_memory();
		size = fread(data, 1, (size_t)st.st_size, file);
		ret = ferror(file) ? -EIO : parse(bundle, data, size);
	}
	free(data);
	fclose(file);
	return ret;
}
