/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _TESTS_UNIT_SUITES_H
#define _TESTS_UNIT_SUITES_H

#include <check.h>

/* Each program's, ending in NULL. */
extern Suite *(*const suites[])(void);

Suite *suite_reason(void);
Suite *suite_context(void);
Suite *suite_check(void);
Suite *suite_pin(void);
Suite *suite_mapping(void);
Suite *suite_behind(void);
Suite *suite_event(void);
Suite *suite_ledger(void);
Suite *suite_monitor(void);
Suite *suite_nomem(void);

Suite *suite_size(void);
Suite *suite_target(void);
Suite *suite_text(void);
Suite *suite_progress(void);
Suite *suite_hold(void);
Suite *suite_incident(void);
Suite *suite_series(void);
Suite *suite_duration(void);
Suite *suite_frames(void);
Suite *suite_segment(void);

#endif /* _TESTS_UNIT_SUITES_H */
