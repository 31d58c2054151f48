/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What main() must know of limits_owners.c: one of its processes calls exec. */
#ifndef PIN_TEST_LIMITS_OWNERS_H
#define PIN_TEST_LIMITS_OWNERS_H

/* The first argument of the program then. */
#define OWNERS_AFTER_EXEC	"--after-exec"

int owners_after_exec(char **argv);

#endif /* PIN_TEST_LIMITS_OWNERS_H */
