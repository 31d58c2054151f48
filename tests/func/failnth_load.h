/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PIN_TEST_FAILNTH_LOAD_H
#define PIN_TEST_FAILNTH_LOAD_H

#include <check.h>

/* Loading the module, swept as the calls are; without the fixture's open context. */
TCase *failnth_load(void);

#endif /* PIN_TEST_FAILNTH_LOAD_H */
