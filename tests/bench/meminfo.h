/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's memory is used for, as /proc/meminfo and /proc/zoneinfo have it. */
#ifndef PIN_BENCH_MEMINFO_H
#define PIN_BENCH_MEMINFO_H

#include <stdint.h>

/* @name: of the line, as "Slab"; ends the program if there is none. */
uint64_t meminfo_bytes(const char *name);
/* MemFree, and what freelists.h of the suites tells of. */
uint64_t meminfo_free_bytes(void);

#endif /* PIN_BENCH_MEMINFO_H */
