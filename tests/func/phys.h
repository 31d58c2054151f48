/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical addresses: what root learns from /proc/self/pagemap, and what a pin says.
 * The two come by different ways, so that each proves the other.
 */
#ifndef PIN_TEST_PHYS_H
#define PIN_TEST_PHYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <pin/ioctl.h>

/* Of the page at @addr in this process, in bytes; 0: none is mapped. */
uint64_t phys_of(const void *addr);
/* Of pages of another process, in whose address space @addr is. */
void phys_of_process(pid_t pid, const void *addr, uint64_t *phys, size_t pages);
void phys_of_range(const void *addr, uint64_t *phys, size_t pages);
/* Is the page part of a transparent huge page? */
bool phys_is_thp(const void *addr);

/* RUNS: 0 or -errno. */
int ask_runs(uint64_t id, uint64_t cursor, struct pin_run *runs,
	     uint32_t capacity, struct pin_runs *arg);

/* The physical address of every page of a pin, by its runs; @pages elements. */
void phys_of_pin(uint64_t id, uint64_t *phys, size_t pages);

/* Expects that the pin of [@addr, @addr + @length) has the pages mapped there. */
void expect_true_runs(uint64_t id, const void *addr, size_t length);

#endif /* PIN_TEST_PHYS_H */
