/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hand-written expectations of the verdict matrix, one machine's part of
 * matrix.txt. Each line must be used: the suite asks at its end.
 */
#ifndef PIN_TEST_EXPECTATION_H
#define PIN_TEST_EXPECTATION_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct expectation - a line of matrix.txt
 * @kind: of memory
 * @access: "read", "write" or "both"
 * @kernels: "all" or names with commas between
 * @check: what CHECK says: "yes", "no" or "try"
 * @pin: what PIN does: "pinned", "waits", a reason, or "absent"
 * @at: first bad page, counted from the start of the range, or "-"
 * @number: of the line in the file
 */
struct expectation {
	char kind[32];
	char access[8];
	char kernels[24];
	char check[8];
	char pin[32];
	char at[8];
	int number;
};

/* All lines for a machine and a kernel, or an aborted program. */
void expectations_read(const char *path, const char *machine, const char *kernel);

size_t expectations_count(void);
const struct expectation *expectation_number(size_t number);

/* The line for a kind and an access; NULL unless there is exactly one. */
const struct expectation *expectation_find(const char *kind, const char *access);

#endif /* PIN_TEST_EXPECTATION_H */
