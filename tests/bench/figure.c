// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures; see figure.h. */
#include "figure.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void figure_tell(uint64_t value, const char *name, ...)
{
	va_list args;

	printf("figure\t");
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	printf("\t%" PRIu64 "\n", value);
}
