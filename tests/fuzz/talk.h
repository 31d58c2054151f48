/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The players' sockets to the ledger. */
#ifndef PIN_FUZZ_TALK_H
#define PIN_FUZZ_TALK_H

#include "world.h"

/* Once: how the ledger is called here. */
void talk_open(void);
/* After a case. */
void talk_end(struct player *player);

#endif /* PIN_FUZZ_TALK_H */
