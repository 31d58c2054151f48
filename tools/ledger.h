/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger, as the commands that ask it need it: opening and failing with a complaint,
 * and what is told of a pin, kept beyond the dump that told it.
 */
#ifndef _PINCTL_LEDGER_H
#define _PINCTL_LEDGER_H

#include <libpin_ledger.h>

#include "output.h"

/* What -errno of opening the ledger or of a request means. An exit code. */
int ledger_complain(struct pinctl *pinctl, const struct libpin_ledger *ledger, int error,
		    const char *what);
/* An exit code, after a complaint; 0: @ledger is open. */
int ledger_open(struct pinctl *pinctl, struct libpin_ledger **ledger);

/*
 * Hands the pins that pass @filter, which may be NULL, to @visit, each as long as that
 * lasts: 0 or -errno.  Sets @interrupted as libpin_dump_is_interrupted(), and never back.
 */
int ledger_visit(struct libpin_ledger *ledger, const struct libpin_filter *filter,
		 void (*visit)(void *data, const struct libpin_record *record), void *data,
		 bool *interrupted);

/* "longterm", "live": never NULL. */
const char *ledger_mode(uint32_t mode);
const char *ledger_state(uint32_t state);
/* A decimal number: 0 or -EINVAL. */
int number_parse(const char *text, uint64_t *number);
/* The id of a pin, or any other number above 0: 0 or -EINVAL. */
int pin_id_parse(const char *text, uint64_t *id);
/* Bytes of a number of base pages. */
uint64_t ledger_bytes(uint64_t pages);

/* A pin as a member of a document. */
struct json_object *ledger_pin_json(const struct libpin_record *record);

#endif /* _PINCTL_LEDGER_H */
