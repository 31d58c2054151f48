// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ledger: a connection to it, and requests about one pin.  A request is answered before
 * the next one is sent, and its answer is read to the end.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>

#include "wire.h"

LIBPIN_API int libpin_ledger_open(struct libpin_ledger **ledger)
{
	struct libpin_ledger *new;
	int ret;

	if (!ledger)
		return -EINVAL;
	*ledger = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	ret = libpin_wire_open(&new->wire);
	if (ret)
		free(new);
	else
		*ledger = new;
	return ret;
}

LIBPIN_API void libpin_ledger_close(struct libpin_ledger *ledger)
{
	if (!ledger)
		return;
	libpin_wire_close(ledger->wire);
	free(ledger);
}

LIBPIN_API const char *libpin_ledger_words(const struct libpin_ledger *ledger)
{
	return ledger && ledger->wire->words[0] ? ledger->wire->words : NULL;
}

static int ask_about(struct libpin_ledger *ledger, uint8_t cmd, uint64_t id)
{
	struct nl_msg *request = libpin_wire_request(ledger->wire, cmd, NLM_F_ACK);

	if (!request)
		return -ENOMEM;
	if (nla_put_u64(request, PIN_NL_A_PIN_ID, id)) {
		nlmsg_free(request);
		return -ENOMEM;
	}
	return libpin_wire_send(ledger->wire, request);
}

/* What answers a request for @id, which is one pin. */
static int take_record(struct libpin_ledger *ledger, uint64_t id, struct libpin_record *record)
{
	struct nlmsghdr *message;
	int ret, parsed = 0;

	while ((ret = libpin_wire_answer(ledger->wire, &message)) > 0)
		parsed = libpin_record_parse(genlmsg_attrdata(nlmsg_data(message), 0),
					     genlmsg_attrlen(nlmsg_data(message), 0), record);
	if (!ret)
		ret = parsed;
	if (!ret && (!id || libpin_record_id(record) != id))
		ret = -EPROTO;
	return ret;
}

LIBPIN_API int libpin_ledger_get(struct libpin_ledger *ledger, uint64_t id,
				 struct libpin_record **record)
{
	struct libpin_record *new;
	int ret;

	if (!record)
		return -EINVAL;
	*record = NULL;
	if (!ledger)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	ret = ask_about(ledger, PIN_NL_CMD_PIN_GET, id);
	if (!ret)
		ret = take_record(ledger, id, new);
	if (ret)
		libpin_record_free(new);
	else
		*record = new;
	return ret;
}

LIBPIN_API int libpin_ledger_release(struct libpin_ledger *ledger, uint64_t id)
{
	struct nlmsghdr *message;
	int ret;

	if (!ledger)
		return -EINVAL;
	ret = ask_about(ledger, PIN_NL_CMD_PIN_RELEASE, id);
	while (!ret && (ret = libpin_wire_answer(ledger->wire, &message)) > 0)
		ret = 0;
	return ret;
}
