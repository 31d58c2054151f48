// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The suites of test-libpin.
 */
#include "suites.h"

Suite *(*const suites[])(void) = {
	suite_reason, suite_context, suite_check, suite_pin, suite_mapping, suite_behind,
	suite_event, suite_ledger, suite_monitor, suite_nomem,
	NULL
};
