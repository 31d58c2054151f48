// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The suites of test-pinctl, and what its files need of pinctl.c.
 */
#include <stdlib.h>

#include "pinctl.h"
#include "suites.h"

Suite *(*const suites[])(void) = { suite_size, suite_target, suite_text, suite_progress,
	suite_hold, suite_incident, suite_series, suite_duration, suite_frames, suite_segment,
	NULL };

void out_of_memory(void)
{
	abort();
}
