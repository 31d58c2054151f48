// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Totals: an immutable snapshot of the sums over the system.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>

#include "wire.h"

/* More than reasons and causes there will be; what is above is not kept. */
#define COUNTS_MAX 256

/* Numbers by their attribute; the counts by enum pin_reason and enum pin_cause. */
struct libpin_totals {
	uint64_t numbers[PIN_NL_A_TOTALS_LEAKS + 1];
	uint64_t refusals[COUNTS_MAX];
	uint64_t revocations[COUNTS_MAX];
};

/* A nest of a number of an enum and a count: attributes 2 and 3 in both kinds. */
static int parse_count(struct nlattr *nest, uint64_t *counts)
{
	uint64_t numbers[PIN_NL_A_REFUSAL_COUNT + 1] = { 0 };
	int ret, left = nla_len(nest);
	struct nlattr *attr;

	_Static_assert((int)PIN_NL_A_REFUSAL_REASON == (int)PIN_NL_A_REVOCATION_CAUSE &&
		       (int)PIN_NL_A_REFUSAL_COUNT == (int)PIN_NL_A_REVOCATION_COUNT,
		       "one function reads both");
	for (attr = nla_data(nest); nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		if (type != PIN_NL_A_REFUSAL_REASON && type != PIN_NL_A_REFUSAL_COUNT)
			continue;
		ret = libpin_attr_number(attr, &numbers[type]);
		if (ret)
			return ret;
	}
	if (numbers[PIN_NL_A_REFUSAL_REASON] < COUNTS_MAX)
		counts[numbers[PIN_NL_A_REFUSAL_REASON]] = numbers[PIN_NL_A_REFUSAL_COUNT];
	return 0;
}

static int parse_totals(struct nlmsghdr *message, struct libpin_totals *totals)
{
	struct nlattr *attr = genlmsg_attrdata(nlmsg_data(message), 0);
	int ret = 0, left = genlmsg_attrlen(nlmsg_data(message), 0);

	for (; !ret && nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		if (type == PIN_NL_A_TOTALS_REFUSAL)
			ret = parse_count(attr, totals->refusals);
		else if (type == PIN_NL_A_TOTALS_REVOCATION)
			ret = parse_count(attr, totals->revocations);
		else if (type > PIN_NL_A_TOTALS_PAD &&
			 type < (int)ARRAY_SIZE(totals->numbers))
			ret = libpin_attr_number(attr, &totals->numbers[type]);
	}
	return ret;
}

static int totals_ask(struct libpin_wire *wire, struct libpin_totals *totals)
{
	struct nl_msg *request = libpin_wire_request(wire, PIN_NL_CMD_TOTALS_GET, NLM_F_ACK);
	int ret, answers = 0, parsed = 0;
	struct nlmsghdr *message;

	if (!request)
		return -ENOMEM;
	ret = libpin_wire_send(wire, request);
	if (ret)
		return ret;
	while ((ret = libpin_wire_answer(wire, &message)) > 0) {
		parsed = parse_totals(message, totals);
		answers++;
	}
	if (!ret)
		ret = answers == 1 ? parsed : -EPROTO;
	return ret;
}

LIBPIN_API int libpin_totals_get(struct libpin_ledger *ledger, struct libpin_totals **totals)
{
	struct libpin_totals *new;
	int ret;

	if (!totals)
		return -EINVAL;
	*totals = NULL;
	if (!ledger)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	ret = totals_ask(ledger->wire, new);
	if (ret)
		libpin_totals_free(new);
	else
		*totals = new;
	return ret;
}

LIBPIN_API void libpin_totals_free(struct libpin_totals *totals)
{
	free(totals);
}

#define TOTALS_GETTER(name, attribute)							\
	LIBPIN_API uint64_t libpin_totals_##name(const struct libpin_totals *totals)	\
	{										\
		return totals ? totals->numbers[PIN_NL_A_TOTALS_##attribute] : 0;	\
	}

TOTALS_GETTER(contexts, CONTEXTS)
TOTALS_GETTER(references, REFERENCES)
TOTALS_GETTER(charged_pages, CHARGED_PAGES)
TOTALS_GETTER(cap_pages, CAP_PAGES)
TOTALS_GETTER(cap_pins, CAP_PINS)
TOTALS_GETTER(events, EVENTS)
TOTALS_GETTER(events_lost, EVENTS_LOST)
TOTALS_GETTER(leaks, LEAKS)

/* The sum of a mode, by the attributes of longterm pins and of leases. */
static uint64_t by_mode(const struct libpin_totals *totals, uint32_t mode, int longterm,
			int lease)
{
	if (!totals)
		return 0;
	switch (mode) {
	case PIN_MODE_LONGTERM:
		return totals->numbers[longterm];
	case PIN_MODE_LEASE:
		return totals->numbers[lease];
	default:
		return 0;
	}
}

LIBPIN_API uint64_t libpin_totals_pins(const struct libpin_totals *totals, uint32_t mode)
{
	return by_mode(totals, mode, PIN_NL_A_TOTALS_LONGTERM_PINS,
		       PIN_NL_A_TOTALS_LEASE_PINS);
}

LIBPIN_API uint64_t libpin_totals_pages(const struct libpin_totals *totals, uint32_t mode)
{
	return by_mode(totals, mode, PIN_NL_A_TOTALS_LONGTERM_PAGES,
		       PIN_NL_A_TOTALS_LEASE_PAGES);
}

LIBPIN_API uint64_t libpin_totals_refusals(const struct libpin_totals *totals, uint32_t reason)
{
	return totals && reason < COUNTS_MAX ? totals->refusals[reason] : 0;
}

LIBPIN_API uint64_t libpin_totals_revocations(const struct libpin_totals *totals,
					      uint32_t cause)
{
	return totals && cause < COUNTS_MAX ? totals->revocations[cause] : 0;
}
