/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option tables that belong to no single command.
 */
#ifndef _PINCTL_OPTIONS_H
#define _PINCTL_OPTIONS_H

#include "pinctl.h"

/* Every command's, and pinctl's own. */
extern const struct option_def global_options[];
/* Those of commands that print a table. */
extern const struct option_def table_options[];

#endif /* _PINCTL_OPTIONS_H */
