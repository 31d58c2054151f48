/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_METRICS_H
#define _PINCTL_METRICS_H

#include "groups.h"

/* OpenMetrics text on stdout; @users are grouped by user. */
void metrics_print(const struct libpin_totals *totals, const struct groups *users);

#endif /* _PINCTL_METRICS_H */
