/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_DURATION_H
#define _PINCTL_DURATION_H

#include <stdint.h>

#define DURATION_TEXT_MAX 24

/* "0.05ns", "812ns", "1.52us", "47.5ms", "1800s": about three digits. */
const char *duration_to_text(uint64_t picoseconds, char text[DURATION_TEXT_MAX]);

#endif /* _PINCTL_DURATION_H */
