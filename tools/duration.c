// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Duration: short times as people write them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "duration.h"
#include "pinctl.h"

const char *duration_to_text(uint64_t picoseconds, char text[DURATION_TEXT_MAX])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t unit = 1000, hundredths;
	size_t i = 0;

	/* What would be rounded up to 1000 is one of the next unit. */
	while (i + 1 < ARRAY_SIZE(units) && picoseconds >= 1000 * unit - unit / 2) {
		unit *= 1000;
		i++;
	}
	/* Of whole nanoseconds nothing behind the point is known. */
	if (!i && picoseconds % 1000 == 0) {
		snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 "ns", picoseconds / 1000);
		return text;
	}
	hundredths = picoseconds / unit * 100 +
		     (picoseconds % unit + unit / 200) / (unit / 100);
	if (hundredths >= 10000)
		snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 "%s",
			 picoseconds / unit + (picoseconds % unit + unit / 2) / unit, units[i]);
	else if (hundredths >= 1000)
		snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%s", hundredths / 100,
			 hundredths % 100 / 10, units[i]);
	else
		snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 ".%02" PRIu64 "%s", hundredths / 100,
			 hundredths % 100, units[i]);
	return text;
}
