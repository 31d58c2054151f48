// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a program ends that counts: with _exit(2), too, it writes its counters, and while it
 * does that tests/cli/nomem.c lets no memory run out. Linked into pinctl.
 */
#include <gcov.h>
#include <unistd.h>

/* Where nomem.so is preloaded. */
void nomem_stop(void) __attribute__((weak));
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

/* gcov's own comes last. */
__attribute__((destructor)) static void stop(void)
{
	if (nomem_stop)
		nomem_stop();
}

void __wrap__exit(int status)
{
	stop();
	__gcov_dump();
	__real__exit(status);
}
