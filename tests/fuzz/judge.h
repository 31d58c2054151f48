/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what the driver answered one of the answers that the manual allows?  Ends the run if
 * it is not.
 */
#ifndef PIN_FUZZ_JUDGE_H
#define PIN_FUZZ_JUDGE_H

#include "request.h"

/* After an ioctl; @err is 0 or an errno. */
void judge_ioctl(const struct player *player, const struct request *request, int err);
/* Any other call: @err is one of @allowed, which ends with 0. */
void judge_errno(const char *call, int err, const int *allowed);

#endif /* PIN_FUZZ_JUDGE_H */
