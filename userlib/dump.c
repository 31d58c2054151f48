// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Dump: pins or contexts of the ledger, one after the other, over a socket of its own, so
 * that other requests can be made meanwhile and a dump that is given up ends with it.
 *
 * Holds one datagram and one decoded record, whatever the ledger has.  The first answer is
 * read when it begins, so that a dump that is refused does not begin.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "wire.h"

/*
 * @cmd is what is dumped; @first: its first message, if that was not told yet; @ended:
 * there is nothing more to be read.
 */
struct libpin_dump {
	struct libpin_wire *wire;
	struct nlmsghdr *first;
	uint8_t cmd;
	int ended;
	int interrupted;
	struct libpin_record pin;
	struct libpin_context_record context;
};

static int dump_begin(struct libpin_dump *dump, const struct libpin_filter *filter)
{
	struct nl_msg *request = libpin_wire_request(dump->wire, dump->cmd, NLM_F_DUMP);

	if (!request)
		return -ENOMEM;
	if (libpin_filter_put(filter, request)) {
		nlmsg_free(request);
		return -ENOMEM;
	}
	return libpin_wire_send(dump->wire, request);
}

/* 1 and the next message; 0 at the end; -errno, which is the end, too. */
static int dump_answer(struct libpin_dump *dump, struct nlmsghdr **message)
{
	int ret;

	*message = dump->first;
	dump->first = NULL;
	if (*message)
		return 1;
	if (dump->ended)
		return 0;
	ret = libpin_wire_answer(dump->wire, message);
	if (*message && ((*message)->nlmsg_flags & NLM_F_DUMP_INTR))
		dump->interrupted = 1;
	if (ret <= 0)
		dump->ended = 1;
	return ret;
}

/* Whether it is refused, which the kernel has words for. */
static int hear_first(struct libpin_dump *dump, struct libpin_ledger *ledger)
{
	struct nlmsghdr *message;
	int ret = dump_answer(dump, &message);

	if (ret < 0) {
		memcpy(ledger->wire->words, dump->wire->words, sizeof(dump->wire->words));
		return ret;
	}
	dump->first = ret ? message : NULL;
	return 0;
}

static int dump_new(struct libpin_ledger *ledger, uint8_t cmd,
		    const struct libpin_filter *filter, struct libpin_dump **dump)
{
	struct libpin_dump *new;
	int ret;

	if (!dump)
		return -EINVAL;
	*dump = NULL;
	if (!ledger)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->cmd = cmd;
	ret = libpin_wire_open(&new->wire);
	if (!ret)
		ret = dump_begin(new, filter);
	if (!ret)
		ret = hear_first(new, ledger);
	if (ret)
		libpin_dump_free(new);
	else
		*dump = new;
	return ret;
}

LIBPIN_API int libpin_dump_pins(struct libpin_ledger *ledger,
				const struct libpin_filter *filter, struct libpin_dump **dump)
{
	return dump_new(ledger, PIN_NL_CMD_PIN_GET, filter, dump);
}

LIBPIN_API int libpin_dump_contexts(struct libpin_ledger *ledger, struct libpin_dump **dump)
{
	return dump_new(ledger, PIN_NL_CMD_CONTEXT_GET, NULL, dump);
}

LIBPIN_API void libpin_dump_free(struct libpin_dump *dump)
{
	if (!dump)
		return;
	libpin_wire_close(dump->wire);
	free(dump->pin.nodes.array);
	free(dump);
}

/* As dump_answer(), with the attributes of the next one. */
static int dump_next(struct libpin_dump *dump, uint8_t cmd, struct nlattr **attr, int *left)
{
	struct nlmsghdr *message;
	int ret;

	if (!dump || dump->cmd != cmd)
		return -EINVAL;
	ret = dump_answer(dump, &message);
	if (ret <= 0)
		return ret;
	*attr = genlmsg_attrdata(nlmsg_data(message), 0);
	*left = genlmsg_attrlen(nlmsg_data(message), 0);
	return 1;
}

LIBPIN_API int libpin_dump_next_pin(struct libpin_dump *dump,
				    const struct libpin_record **record)
{
	struct nlattr *attr;
	int ret, left;

	if (!record)
		return -EINVAL;
	*record = NULL;
	ret = dump_next(dump, PIN_NL_CMD_PIN_GET, &attr, &left);
	if (ret <= 0)
		return ret;
	ret = libpin_record_parse(attr, left, &dump->pin);
	if (!ret && !libpin_record_id(&dump->pin))
		ret = -EPROTO;
	if (ret)
		dump->ended = 1;
	else
		*record = &dump->pin;
	return ret;
}

LIBPIN_API int libpin_dump_next_context(struct libpin_dump *dump,
					const struct libpin_context_record **record)
{
	struct nlattr *attr;
	int ret, left;

	if (!record)
		return -EINVAL;
	*record = NULL;
	ret = dump_next(dump, PIN_NL_CMD_CONTEXT_GET, &attr, &left);
	if (ret <= 0)
		return ret;
	ret = libpin_context_record_parse(attr, left, &dump->context);
	if (ret)
		dump->ended = 1;
	else
		*record = &dump->context;
	return ret;
}

LIBPIN_API int libpin_dump_is_interrupted(const struct libpin_dump *dump)
{
	return dump ? dump->interrupted : 0;
}
