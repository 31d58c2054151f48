// SPDX-License-Identifier: GPL-2.0-or-later
/* See recorder.h. */
#include "recorder.h"

#include "corpus.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOTES	16

/* A note without a number was never written; the number comes last. */
struct note {
	uint64_t number;
	struct input input;
};

static struct note *notes;
static const size_t notes_bytes = NOTES * sizeof(struct note);

static struct note *map_notes(const char *path, int mode, int prot)
{
	int fd = path ? open(path, mode | O_CLOEXEC) : -1;
	struct note *mapped;

	if (path && fd < 0)
		return MAP_FAILED;
	mapped = mmap(NULL, notes_bytes, prot, MAP_SHARED | (path ? 0 : MAP_ANONYMOUS), fd, 0);
	if (fd >= 0)
		close(fd);
	return mapped;
}

static unsigned int read_id(const char *device, const char *name)
{
	char path[512];
	unsigned int id = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", device, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%x", &id) != 1)
		id = 0;
	fclose(file);
	return id;
}

static bool enable(const char *device)
{
	char path[512];
	FILE *file;
	bool done;

	snprintf(path, sizeof(path), "%s/enable", device);
	file = fopen(path, "we");
	done = file && fputs("1", file) >= 0;
	return file && !fclose(file) && done;
}

/* QEMU's ivshmem, which has a file's memory behind its third BAR; its path, or NULL. */
static const char *find_device(void)
{
	static char path[512];
	glob_t devices;
	size_t i;

	*path = '\0';
	if (glob("/sys/bus/pci/devices/*", 0, NULL, &devices))
		return NULL;
	for (i = 0; i < devices.gl_pathc; i++) {
		const char *device = devices.gl_pathv[i];

		if (read_id(device, "vendor") == 0x1af4 && read_id(device, "device") == 0x1110 &&
		    enable(device))
			snprintf(path, sizeof(path), "%s/resource2", device);
	}
	globfree(&devices);
	return *path ? path : NULL;
}

void recorder_open(void)
{
	const char *path = find_device();

	notes = map_notes(path, O_RDWR, PROT_READ | PROT_WRITE);
	if (notes == MAP_FAILED)
		run_fail("%s: %s", path ? path : "notes", strerror(errno));
	memset(notes, 0, notes_bytes);
}

void recorder_note(uint64_t number, const struct input *input)
{
	struct note *note = &notes[number % NOTES];

	__atomic_store_n(&note->number, 0, __ATOMIC_SEQ_CST);
	note->input.length = input->length;
	memcpy(note->input.bytes, input->bytes, input->length);
	__atomic_store_n(&note->number, number + 1, __ATOMIC_SEQ_CST);
}

bool recorder_print(const char *path)
{
	const struct note *read = map_notes(path, O_RDONLY, PROT_READ);
	uint64_t last = 0, i;

	if (read == MAP_FAILED) {
		perror(path);
		return false;
	}
	for (i = 0; i < NOTES; i++)
		if (read[i].number > last)
			last = read[i].number;
	for (i = last; i && i + NOTES > last; i--)
		if (read[(i - 1) % NOTES].number == i) {
			printf("# case %llu\n", (unsigned long long)i - 1);
			corpus_print(stdout, &read[(i - 1) % NOTES].input);
		}
	return last;
}
