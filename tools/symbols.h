/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols: names for the addresses of the kernel's functions, from /proc/kallsyms.
 */
#ifndef _PINCTL_SYMBOLS_H
#define _PINCTL_SYMBOLS_H

#include <stdint.h>

struct symbols;

/* @module "" for the kernel itself. */
struct symbol {
	uint64_t address;
	char *name;
	char *module;
};

/* Of the kernel that runs now; without privilege there are none. */
struct symbols *symbols_read(void);
void symbols_free(struct symbols *symbols);

/* The function that @address is in; NULL if that is not known. */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

#endif /* _PINCTL_SYMBOLS_H */
