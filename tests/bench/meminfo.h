/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's memory is used for, as /proc/meminfo and /proc/zoneinfo have it. */
#ifndef PIN_BENCH_MEMINFO_H
#define PIN_BENCH_MEMINFO_H

#include <stdint.h>

/* @name: of the line, as "Slab"; ends the program if there is none. */
uint64_t meminfo_bytes(const char *name);
/*
 * MemFree, and what the processors keep on lists of their own for who comes next, which
 * that does not count.
 */
uint64_t meminfo_free_bytes(void);

#endif /* PIN_BENCH_MEMINFO_H */
