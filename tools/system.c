// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System: see system.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "pinctl.h"
#include "system.h"
#include "text.h"

/* Nothing that doctor looks at is larger; of what is, this much is read. */
#define FILE_MAX (UINT64_C(4) << 20)

/* @root NULL: this machine.  @replayed: @files is all there is. */
struct system {
	char *root;
	bool replayed;
	struct bundle files;
};

bool system_is_live(const struct system *system)
{
	return !system->root;
}

int system_open(struct system **system, const char *root)
{
	struct stat st;
	int ret = 0;

	*system = calloc(1, sizeof(**system));
	if (!*system)
		out_of_memory();
	if (!root)
		return 0;
	(*system)->root = text_format("%s", root);
	if (stat(root, &st)) {
		ret = -errno;
	} else if (!S_ISDIR(st.st_mode)) {
		(*system)->replayed = true;
		ret = bundle_load(&(*system)->files, root);
	}
	if (ret) {
		system_close(*system);
		*system = NULL;
	}
	return ret;
}

void system_close(struct system *system)
{
	if (!system)
		return;
	bundle_release(&system->files);
	free(system->root);
	free(system);
}

static char *real_path(const struct system *system, const char *path)
{
	return text_format("%s%s", system->root ? system->root : "", path);
}

/* All of @fd up to FILE_MAX; NULL and errno on failure.  Never NULL if empty. */
static char *read_all(int fd, size_t *size)
{
	size_t capacity = 4096;
	char *data = malloc(capacity);
	ssize_t got;

	*size = 0;
	while (data) {
		got = read(fd, data + *size, capacity - 1 - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = errno;

			free(data);
			errno = error;
			return NULL;
		}
		*size += (size_t)got;
		if (!got || *size >= FILE_MAX)
			break;
		if (*size == capacity - 1) {
			capacity *= 2;
			data = realloc(data, capacity);
		}
	}
	if (!data)
		out_of_memory();
	data[*size] = '\0';
	return data;
}

static char *read_file(const struct system *system, const char *path, size_t *size)
{
	char *real = real_path(system, path), *data;
	/* O_NONBLOCK: what a stranger's directory has there may be a FIFO. */
	int fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;

	free(real);
	if (fd < 0)
		return NULL;
	data = read_all(fd, size);
	error = errno;
	close(fd);
	errno = error;
	return data;
}

static const char *keep(struct system *system, const char *path, char *data, size_t size)
{
	const struct bundle_file *file;

	bundle_add(&system->files, path, data, size);
	free(data);
	file = bundle_find(&system->files, path);
	return file->data;
}

const char *system_read(struct system *system, const char *path, size_t *size)
{
	const struct bundle_file *file = bundle_find(&system->files, path);
	size_t length = 0;
	char *data;

	if (size)
		*size = file ? file->size : 0;
	if (file && file->data)
		return file->data;
	if (system->replayed) {
		errno = ENOENT;
		return NULL;
	}
	data = read_file(system, path, &length);
	if (!data)
		return NULL;
	if (size)
		*size = length;
	return keep(system, path, data, length);
}

const char *system_grep(struct system *system, const char *path, const char *word)
{
	const struct bundle_file *file = bundle_find(&system->files, path);
	char *data, *kept, *line, *save;
	size_t size;

	if (file || system->replayed)
		return system_read(system, path, NULL);
	data = read_file(system, path, &size);
	if (!data)
		return NULL;
	kept = text_format("%s", "");
	for (line = strtok_r(data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *more;

		if (!strstr(line, word))
			continue;
		more = text_format("%s%s\n", kept, line);
		free(kept);
		kept = more;
	}
	free(data);
	return keep(system, path, kept, strlen(kept));
}

bool system_has(struct system *system, const char *path)
{
	struct stat st;
	char *real;
	bool has;

	if (bundle_has(&system->files, path))
		return true;
	if (system->replayed)
		return false;
	real = real_path(system, path);
	has = !stat(real, &st);
	free(real);
	/* Kept as a directory: that it is there is all that was asked. */
	if (has)
		bundle_add(&system->files, path, NULL, 0);
	return has;
}

static int is_entry(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void list_directory(struct system *system, const char *path)
{
	char *real = real_path(system, path), *below;
	struct dirent **entries;
	int count, i;

	count = scandir(real, &entries, is_entry, alphasort);
	free(real);
	if (count < 0)
		check_memory(errno);
	for (i = 0; i < count; i++) {
		below = text_format("%s/%s", path, entries[i]->d_name);
		if (!bundle_has(&system->files, below))
			bundle_add(&system->files, below, NULL, 0);
		free(below);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

char *system_entry(struct system *system, const char *path, size_t index)
{
	if (!index && !system->replayed)
		list_directory(system, path);
	return bundle_entry(&system->files, path, index);
}

void system_state(struct system *system, const char *path, const char *text)
{
	bundle_add(&system->files, path, text, strlen(text));
}

bool system_line(struct system *system, const char *path, char *line, size_t size)
{
	const char *data = system_read(system, path, NULL);

	if (!data || !*data)
		return false;
	snprintf(line, size, "%.*s", (int)strcspn(data, "\n"), data);
	return true;
}

bool system_number(struct system *system, const char *path, uint64_t *number)
{
	const char *data = system_read(system, path, NULL);
	char *end;

	if (!data)
		return false;
	errno = 0;
	*number = strtoull(data, &end, 10);
	return !errno && end != data;
}

bool system_field(struct system *system, const char *path, const char *name, char *value,
		  size_t size)
{
	const char *line = system_read(system, path, NULL);
	size_t length = strlen(name);

	for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *text = line + length, *end;

		if (strncmp(line, name, length) || (*text != ':' && *text != ' '))
			continue;
		end = line + strcspn(line, "\n");
		text += *text == ':';
		text += strspn(text, " \t");
		while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		snprintf(value, size, "%.*s", (int)(end > text ? end - text : 0), text);
		return true;
	}
	return false;
}

size_t system_count(const struct system *system)
{
	return bundle_count(&system->files);
}

int system_save(const struct system *system, const char *path)
{
	return bundle_save(&system->files, path);
}
