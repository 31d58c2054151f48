/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _PINCTL_REVOCATION_H
#define _PINCTL_REVOCATION_H

#include "hold.h"
#include "output.h"

/* What happened, where, and what to do: as text, and as a member of a document. */
void revocation_print(const struct pinctl *pinctl, uint64_t id,
		      const struct revocation *revocation);
/* NULL if there was none. */
struct json_object *revocation_json(const struct revocation *revocation);

#endif /* _PINCTL_REVOCATION_H */
