/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The battle of leases: whoever uses one and whoever takes it back, all at once, until each
 * of them has won often enough.  Needs a module with delay points.
 */
#ifndef PIN_TEST_BATTLE_H
#define PIN_TEST_BATTLE_H

#include "harness.h"

TCase *battle_tcase(void);

#endif /* PIN_TEST_BATTLE_H */
