// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols: see symbols.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pinctl.h"
#include "symbols.h"

struct symbols {
	struct symbol *list;
	size_t count;
	size_t capacity;
};

static void add(struct symbols *symbols, uint64_t address, const char *name, const char *module)
{
	struct symbol *symbol;

	if (symbols->count == symbols->capacity) {
		symbols->capacity = symbols->capacity ? 2 * symbols->capacity : 1 << 16;
		symbols->list = reallocarray(symbols->list, symbols->capacity,
					     sizeof(*symbols->list));
		if (!symbols->list)
			out_of_memory();
	}
	symbol = &symbols->list[symbols->count++];
	*symbol = (struct symbol){ address, strdup(name), strdup(module) };
	if (!symbol->name || !symbol->module)
		out_of_memory();
}

/* "ffffffff81000000 T _text", or with "\t[module]" behind it. */
static void parse(struct symbols *symbols, const char *line)
{
	char name[256], module[64] = "", type;
	uint64_t address;

	if (sscanf(line, "%" SCNx64 " %c %255s [%63[^]]]", &address, &type, name, module) >= 3 &&
	    address && strchr("tTwW", type))
		add(symbols, address, name, module);
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

struct symbols *symbols_read(void)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	FILE *file = fopen("/proc/kallsyms", "re");
	char *line = NULL;
	size_t size = 0;

	if (!symbols)
		out_of_memory();
	if (!file) {
		check_memory(errno);
		return symbols;
	}
	errno = 0;
	while (getline(&line, &size, file) > 0)
		parse(symbols, line);
	check_memory(errno);
	free(line);
	fclose(file);
	if (symbols->count)
		qsort(symbols->list, symbols->count, sizeof(*symbols->list), by_address);
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	size_t i;

	for (i = 0; symbols && i < symbols->count; i++) {
		free(symbols->list[i].name);
		free(symbols->list[i].module);
	}
	if (symbols)
		free(symbols->list);
	free(symbols);
}

const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols->list[low - 1] : NULL;
}
