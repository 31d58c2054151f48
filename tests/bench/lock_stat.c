// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's lock statistics; see lock_stat.h. */
#include "lock_stat.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define MODULE		"[pin]"
#define MOST_OURS	64
#define LINE		512

static char ours[MOST_OURS][LOCK_NAME];
static size_t ours_count;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("'%s' to %s", text, path);
	close(fd);
}

static FILE *open_file(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		die("%s", path);
	return file;
}

/* --- whose lock it is */

struct symbol {
	uint64_t addr;
	bool ours;
};

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

static size_t read_symbols(struct symbol **symbols)
{
	FILE *file = open_file("/proc/kallsyms");
	size_t count = 0, room = 0;
	char line[LINE];

	*symbols = NULL;
	while (fgets(line, sizeof(line), file)) {
		if (count == room) {
			room = room ? 2 * room : 65536;
			*symbols = realloc(*symbols, room * sizeof(**symbols));
			if (!*symbols)
				die("symbols");
		}
		(*symbols)[count++] = (struct symbol) {
			.addr = strtoull(line, NULL, 16),
			.ours = strstr(line, MODULE),
		};
	}
	fclose(file);
	qsort(*symbols, count, sizeof(**symbols), compare_symbols);
	return count;
}

/* A lock can be a member: then its key lies behind the symbol. */
static bool is_in_module(uint64_t key, const struct symbol *symbols, size_t count)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (symbols[middle].addr <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low && symbols[low - 1].ours;
}

/*
 * The name as lock_stat cuts it: 38 characters with the end of the string, fewer with the
 * number that tells it from others of the same name, of which one digit stays.
 */
static void add_ours(char *name)
{
	char *number = strrchr(name, '#');
	int length = number ? 36 : 38;

	if (ours_count == MOST_OURS) {
		printf("more than %d classes of locks in the module\n", MOST_OURS);
		exit(2);
	}
	if (number)
		*number++ = 0;
	snprintf(ours[ours_count++], LOCK_NAME, "%.*s%s%.1s", length - 1, name,
		 number ? "#" : "", number ? number : "");
}

/* What comes behind the last ": ", or NULL. */
static char *last_part(char *line)
{
	char *part = NULL, *at;

	for (at = strstr(line, ": "); at; at = strstr(at + 1, ": "))
		part = at + 2;
	return part;
}

/* "KEY FD: ... BD: ... USAGE: NAME" is a class, what begins with a blank an order of two. */
static void find_ours(void)
{
	FILE *file = open_file("/proc/lockdep");
	struct symbol *symbols;
	size_t count = read_symbols(&symbols);
	char line[LINE], *name;

	ours_count = 0;
	while (fgets(line, sizeof(line), file)) {
		name = last_part(line);
		if (line[0] == ' ' || !name)
			continue;
		line[strcspn(line, "\n")] = 0;
		if (is_in_module(strtoull(line, NULL, 16), symbols, count))
			add_ours(name);
	}
	free(symbols);
	fclose(file);
	if (!ours_count) {
		printf("no lock of the module: was the kernel started with no_hash_pointers?\n");
		exit(2);
	}
}

/* Without "-W" and "-R", which tell writers from readers. */
static bool is_ours(const char *name)
{
	size_t length = strlen(name), i;

	if (length > 2 && (!strcmp(name + length - 2, "-W") || !strcmp(name + length - 2, "-R")))
		length -= 2;
	for (i = 0; i < ours_count; i++)
		if (strlen(ours[i]) == length && !memcmp(ours[i], name, length))
			return true;
	return false;
}

/* --- how it was used */

void lock_stat_start(void)
{
	write_file("/proc/lock_stat", "0\n");
	write_file("/proc/sys/kernel/lock_stat", "1\n");
}

/* "NAME: BOUNCES CONTENTIONS MIN MAX TOTAL AVERAGE BOUNCES ACQUISITIONS MIN MAX TOTAL ..." */
static bool parse_use(char *line, struct lock_use *use)
{
	char *colon = strrchr(line, ':'), *name = line + strspn(line, " ");

	if (!colon || sscanf(colon + 1, "%*u %lu %*f %lf %lf %*f %*u %lu %*f %lf %lf",
			     &use->contentions, &use->waited_longest_us, &use->waited_us,
			     &use->acquisitions, &use->held_longest_us, &use->held_us) != 6)
		return false;
	use->waited_us -= use->waited_longest_us;
	use->held_us -= use->held_longest_us;
	*colon = 0;
	snprintf(use->name, sizeof(use->name), "%.*s", LOCK_NAME - 1, name);
	use->ours = is_ours(use->name);
	return true;
}

size_t lock_stat_stop(struct lock_use *uses, size_t most)
{
	size_t count = 0;
	char line[LINE];
	FILE *file;

	write_file("/proc/sys/kernel/lock_stat", "0\n");
	/* Not before: a class comes into being when a lock of it is first taken. */
	find_ours();
	file = open_file("/proc/lock_stat");
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "*WARNING*")) {
			printf("the kernel has ceased to check locks\n");
			exit(2);
		}
		if (count == most) {
			printf("more than %zu classes of locks\n", most);
			exit(2);
		}
		count += parse_use(line, &uses[count]);
	}
	fclose(file);
	return count;
}
