// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to the ledger that are wrong: each command with each attribute missing, of
 * another length, nested, doubled, cut, and with every attribute that there is not; and
 * requests made of chance.  Each is refused with an errno and words, and nothing is
 * pinned, released or told because of it.
 */
#include "ledger_client.h"

#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Requests that are made of chance; the kernel's log is scanned after the suite. */
#define RANDOM_DEFAULT	5000

/* What a request takes, with a value that is right. */
struct taken {
	int type;
	unsigned int bytes;
	uint64_t value;
	int partner;		/* a range takes both */
};

static const struct taken pin_filters[] = {
	{ PIN_NL_A_PIN_CONTEXT, 8, 1, 0 },
	{ PIN_NL_A_PIN_ADDR, 8, 0x1000, PIN_NL_A_PIN_LENGTH },
	{ PIN_NL_A_PIN_LENGTH, 8, 0x1000, PIN_NL_A_PIN_ADDR },
	{ PIN_NL_A_PIN_MODE, 4, PIN_MODE_LEASE, 0 },
	{ PIN_NL_A_PIN_STATE, 4, PIN_STATE_LIVE, 0 },
	{ PIN_NL_A_PIN_UID, 4, 0, 0 },
	{ PIN_NL_A_PIN_PID, 4, 1, 0 },
	{ PIN_NL_A_PIN_NODE_ID, 4, 0, 0 },
	{ PIN_NL_A_PIN_PFN, 8, 1, PIN_NL_A_PIN_PFN_COUNT },
	{ PIN_NL_A_PIN_PFN_COUNT, 8, 1, PIN_NL_A_PIN_PFN },
};

static const struct taken pin_id[] = {
	{ PIN_NL_A_PIN_ID, 8, 1, 0 },
};

#define TAKES(array)	.taken = (array), .count = sizeof(array) / sizeof(*(array))

/* Every command, in each way that it can be given. */
static const struct way {
	const char *name;
	uint8_t cmd;
	int flags;
	int err;		/* of a request that is right */
	const struct taken *taken;
	size_t count;
	bool required;
} ways[] = {
	{ "get a pin", PIN_NL_CMD_PIN_GET, 0, -ENOENT, TAKES(pin_id), true },
	{ "dump pins", PIN_NL_CMD_PIN_GET, NLM_F_DUMP, 0, TAKES(pin_filters), false },
	{ "dump contexts", PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP, 0, NULL, 0, false },
	{ "get totals", PIN_NL_CMD_TOTALS_GET, 0, 0, NULL, 0, false },
	{ "release a pin", PIN_NL_CMD_PIN_RELEASE, 0, -ENOENT, TAKES(pin_id), true },
};

#define WAYS	(sizeof(ways) / sizeof(*ways))

static void ignore(struct nlmsghdr *message, void *data)
{
}

/* The request's answer is this error, with words. */
static void expect_error(struct nl_msg *request, const struct way *way, int type,
			 const char *what, int err)
{
	int got = ledger_ask(request, ignore, NULL);

	ck_assert_msg(got == err, "%s, attribute %d %s: %s (%s), expected %s", way->name,
		      type, what, strerror(-got), ledger_said.message, strerror(-err));
	ck_assert_msg(!err || ledger_has_words(way->flags & NLM_F_DUMP),
		      "%s, attribute %d %s: no words", way->name, type, what);
}

static void put(struct nl_msg *request, int type, const void *bytes, unsigned int length)
{
	ck_assert_int_eq(nla_put(request, type, length, bytes), 0);
}

static const struct taken *find_taken(const struct way *way, int type)
{
	size_t i;

	for (i = 0; i < way->count; i++)
		if (way->taken[i].type == type)
			return &way->taken[i];
	return NULL;
}

static void put_right(struct nl_msg *request, const struct taken *taken)
{
	uint32_t narrow = taken->value;

	if (taken->bytes == 4)
		put(request, taken->type, &narrow, 4);
	else
		put(request, taken->type, &taken->value, 8);
}

/* A request with what else it takes for this attribute to be right. */
static struct nl_msg *request_for(const struct way *way, const struct taken *taken)
{
	struct nl_msg *request = ledger_request(way->cmd, way->flags);

	if (taken && taken->partner)
		put_right(request, find_taken(way, taken->partner));
	return request;
}

/* Bytes of each attribute that the kernel says a command takes; 0: it is not taken. */
#define ATTRS	64

static void see_policy(struct nlmsghdr *message, void *data)
{
	struct nlattr *attrs[CTRL_ATTR_POLICY + 1], *said[NL_POLICY_TYPE_ATTR_MAX + 1];
	unsigned int *bytes = data;
	struct nlattr *policy, *attr;
	int policies, left;

	ck_assert_int_eq(nlmsg_parse(message, GENL_HDRLEN, attrs, CTRL_ATTR_POLICY, NULL), 0);
	if (!attrs[CTRL_ATTR_POLICY])
		return;
	nla_for_each_nested(policy, attrs[CTRL_ATTR_POLICY], policies)
		nla_for_each_nested(attr, policy, left) {
			ck_assert_int_lt(nla_type(attr), ATTRS);
			ck_assert_int_eq(nla_parse_nested(said, NL_POLICY_TYPE_ATTR_MAX, attr,
							  NULL), 0);
			switch (nla_get_u32(said[NL_POLICY_TYPE_ATTR_TYPE])) {
			case NL_ATTR_TYPE_U32:
				bytes[nla_type(attr)] = 4;
				break;
			case NL_ATTR_TYPE_U64:
				bytes[nla_type(attr)] = 8;
				break;
			default:
				ck_abort_msg("attribute %d is no number", nla_type(attr));
			}
		}
}

static void ask_policy(uint8_t cmd, unsigned int *bytes)
{
	struct nl_msg *request = nlmsg_alloc();

	ck_assert_ptr_nonnull(genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0,
					  NLM_F_REQUEST | NLM_F_DUMP, CTRL_CMD_GETPOLICY, 1));
	ck_assert_int_eq(nla_put_u16(request, CTRL_ATTR_FAMILY_ID, ledger_family()), 0);
	ck_assert_int_eq(nla_put_u32(request, CTRL_ATTR_OP, cmd), 0);
	ck_assert_int_eq(ledger_ask(request, see_policy, bytes), 0);
}

/* The tables have what the kernel says that each command takes, all of it and no more. */
START_TEST(test_tables)
{
	unsigned int bytes[ATTRS] = { 0 };
	uint8_t cmd = ways[_i].cmd;
	size_t i;
	int type;

	ledger_connect();
	ask_policy(cmd, bytes);
	for (type = 0; type < ATTRS; type++) {
		unsigned int known = 0;

		for (i = 0; i < WAYS; i++)
			if (ways[i].cmd == cmd && find_taken(&ways[i], type))
				known = find_taken(&ways[i], type)->bytes;
		/* Policies are of commands; who releases a pin is refused what dumps take. */
		if (cmd == PIN_NL_CMD_PIN_RELEASE && find_taken(&ways[1], type))
			known = find_taken(&ways[1], type)->bytes;
		ck_assert_msg(bytes[type] == known, "%s, attribute %d: %u bytes, not %u",
			      ways[_i].name, type, bytes[type], known);
	}
}
END_TEST

START_TEST(test_right)
{
	const struct way *way = &ways[_i];
	struct nl_msg *request;
	size_t i;

	ledger_connect();
	for (i = 0; i < way->count; i++) {
		request = request_for(way, &way->taken[i]);
		put_right(request, &way->taken[i]);
		expect_error(request, way, way->taken[i].type, "right", way->err);
	}
	if (!way->required)
		expect_error(ledger_request(way->cmd, way->flags), way, 0, "none", way->err);
}
END_TEST

START_TEST(test_length)
{
	static const char zeros[64];
	const struct way *way = &ways[_i];
	const struct taken *taken;
	struct nl_msg *request;
	unsigned int length;

	ledger_connect();
	for (taken = way->taken; taken < way->taken + way->count; taken++)
		for (length = 0; length <= sizeof(zeros); length++) {
			if (length == taken->bytes)
				continue;
			request = request_for(way, taken);
			put(request, taken->type, zeros, length);
			expect_error(request, way, taken->type, "of another length", -EINVAL);
		}
}
END_TEST

/* As a nest, and as what is not nested with the flag of a nest. */
START_TEST(test_nested)
{
	const struct way *way = &ways[_i];
	const struct taken *taken;
	struct nl_msg *request;
	struct nlattr *nest;

	ledger_connect();
	for (taken = way->taken; taken < way->taken + way->count; taken++) {
		request = request_for(way, taken);
		nest = nla_nest_start(request, taken->type | NLA_F_NESTED);
		put_right(request, taken);
		nla_nest_end(request, nest);
		expect_error(request, way, taken->type, "nested", -EINVAL);
		request = request_for(way, taken);
		put(request, taken->type | NLA_F_NESTED, &taken->value, taken->bytes);
		expect_error(request, way, taken->type, "flagged as nested", -EINVAL);
	}
}
END_TEST

/* What the command does not take and what there is not. */
START_TEST(test_unknown)
{
	static const int far[] = { 255, 256, 0x1234, 0x3fff };
	const struct way *way = &ways[_i];
	uint64_t value = 1;
	int type, i;

	ledger_connect();
	for (type = 0; type < 64; type++) {
		struct nl_msg *request = ledger_request(way->cmd, way->flags);

		if (find_taken(way, type)) {
			nlmsg_free(request);
			continue;
		}
		put(request, type, &value, 8);
		expect_error(request, way, type, "unknown", -EINVAL);
	}
	for (i = 0; i < 4; i++) {
		struct nl_msg *request = ledger_request(way->cmd, way->flags);

		put(request, far[i], &value, 8);
		expect_error(request, way, far[i], "unknown", -EINVAL);
	}
}
END_TEST

/* The last one counts; each has to be right. */
START_TEST(test_doubled)
{
	static const char zeros[2];
	const struct way *way = &ways[_i];
	const struct taken *taken;
	struct nl_msg *request;

	ledger_connect();
	for (taken = way->taken; taken < way->taken + way->count; taken++) {
		request = request_for(way, taken);
		put_right(request, taken);
		put_right(request, taken);
		expect_error(request, way, taken->type, "twice", way->err);
		request = request_for(way, taken);
		put(request, taken->type, zeros, sizeof(zeros));
		put_right(request, taken);
		expect_error(request, way, taken->type, "first wrong, then right", -EINVAL);
		request = request_for(way, taken);
		put_right(request, taken);
		put(request, taken->type, zeros, sizeof(zeros));
		expect_error(request, way, taken->type, "first right, then wrong", -EINVAL);
	}
}
END_TEST

START_TEST(test_missing)
{
	const struct way *way = &ways[_i];
	const struct taken *taken;
	struct nl_msg *request;

	ledger_connect();
	if (way->required) {
		expect_error(ledger_request(way->cmd, way->flags), way, 0, "missing", -EINVAL);
		ck_assert(ledger_said.missing);
	}
	for (taken = way->taken; taken < way->taken + way->count; taken++) {
		if (!taken->partner)
			continue;
		request = ledger_request(way->cmd, way->flags);
		put_right(request, taken);
		expect_error(request, way, taken->type, "alone", -EINVAL);
		ck_assert(ledger_said.offset || !ledger_said.message[0]);
	}
}
END_TEST

/* An attribute that claims more or less than there is, and bytes after the last. */
START_TEST(test_cut)
{
	const struct way *way = &ways[_i];
	struct nl_msg *request;
	struct nlattr *attr;
	uint16_t length;

	ledger_connect();
	for (length = 0; length < 64; length++) {
		if (length == NLA_HDRLEN + 8)
			continue;
		request = ledger_request(way->cmd, way->flags);
		attr = nla_reserve(request, way->count ? way->taken->type : 1, 8);
		memset(nla_data(attr), 0, 8);
		attr->nla_len = length;
		expect_error(request, way, length, "is its length", -EINVAL);
	}
	request = ledger_request(way->cmd, way->flags);
	ck_assert_ptr_nonnull(nlmsg_reserve(request, 3, 0));
	expect_error(request, way, 0, "but three bytes", -EINVAL);
}
END_TEST

START_TEST(test_values)
{
	static const struct {
		int type;
		unsigned int bytes;
		uint64_t value;
		int partner;
		uint64_t partner_value;
		int err;
	} rows[] = {
		{ PIN_NL_A_PIN_MODE, 4, 0, 0, 0, -ERANGE },
		{ PIN_NL_A_PIN_MODE, 4, 3, 0, 0, -ERANGE },
		{ PIN_NL_A_PIN_STATE, 4, 0, 0, 0, -ERANGE },
		{ PIN_NL_A_PIN_STATE, 4, UINT32_MAX, 0, 0, -ERANGE },
		{ PIN_NL_A_PIN_UID, 4, UINT32_MAX, 0, 0, -EINVAL },
		{ PIN_NL_A_PIN_LENGTH, 8, 0, PIN_NL_A_PIN_ADDR, 1, -EINVAL },
		{ PIN_NL_A_PIN_LENGTH, 8, UINT64_MAX, PIN_NL_A_PIN_ADDR, 2, -EOVERFLOW },
		{ PIN_NL_A_PIN_PFN_COUNT, 8, 0, PIN_NL_A_PIN_PFN, 1, -EINVAL },
		{ PIN_NL_A_PIN_PFN_COUNT, 8, UINT64_MAX, PIN_NL_A_PIN_PFN, 2, -EOVERFLOW },
		/* What is not there is no error. */
		{ PIN_NL_A_PIN_NODE_ID, 4, UINT32_MAX, 0, 0, 0 },
		{ PIN_NL_A_PIN_PID, 4, UINT32_MAX, 0, 0, 0 },
		{ PIN_NL_A_PIN_CONTEXT, 8, UINT64_MAX, 0, 0, 0 },
		{ PIN_NL_A_PIN_LENGTH, 8, UINT64_MAX, PIN_NL_A_PIN_ADDR, 1, 0 },
	};
	const struct way *dump = &ways[1];
	size_t i;

	ledger_connect();
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct nl_msg *request = ledger_request(dump->cmd, dump->flags);

		put(request, rows[i].type, &rows[i].value, rows[i].bytes);
		if (rows[i].partner)
			put(request, rows[i].partner, &rows[i].partner_value, 8);
		expect_error(request, dump, rows[i].type, "with its value", rows[i].err);
	}
}
END_TEST

START_TEST(test_commands)
{
	static const struct way no_way = { .name = "a command that there is not" };
	int cmd;

	ledger_connect();
	/* Contexts are only dumped, totals never, and a number can be none. */
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_PIN_RELEASE, NLM_F_DUMP),
				    ignore, NULL), -EOPNOTSUPP);
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_CONTEXT_GET, 0), ignore, NULL),
			 -EOPNOTSUPP);
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_TOTALS_GET, NLM_F_DUMP), ignore,
				    NULL), -EOPNOTSUPP);
	for (cmd = 0; cmd < 256; cmd++) {
		size_t i;

		for (i = 0; i < WAYS && ways[i].cmd != cmd; i++)
			;
		if (i < WAYS)
			continue;
		ck_assert_msg(ledger_ask(ledger_request(cmd, 0), ignore, NULL) == -EOPNOTSUPP,
			      "%s: %d", no_way.name, cmd);
		ck_assert_msg(ledger_ask(ledger_request(cmd, NLM_F_DUMP), ignore, NULL) ==
			      -EOPNOTSUPP, "%s: %d", no_way.name, cmd);
	}
}
END_TEST

static unsigned long knob(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

/* Bytes of chance, most of them with attributes' types and lengths that could be. */
static void put_random(struct nl_msg *request)
{
	unsigned int attrs = random() % 5, length, i;
	char bytes[32];

	while (attrs--) {
		length = random() % 3 ? (random() % 2 ? 4 : 8) : random() % sizeof(bytes);
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = random() % 4 ? 0 : random();
		put(request, random() % 8 ? random() % 30 : random(), bytes, length);
	}
}

START_TEST(test_random)
{
	unsigned long left = knob("PIN_TEST_RANDOM", RANDOM_DEFAULT);
	struct counters before;
	uint64_t id;

	ledger_connect();
	srandom(6);
	id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	before = counters_read();
	while (left--) {
		/* All but the last, which might take the pin away. */
		const struct way *way = &ways[random() % (WAYS - 1)];
		struct nl_msg *request = ledger_request(way->cmd, way->flags);

		put_random(request);
		/* What is shorter than a header has no answer. */
		if (!(random() % 16))
			nlmsg_hdr(request)->nlmsg_len -= random() % 4;
		ledger_ask(request, ignore, NULL);
	}
	counters_expect(&before, "after requests of chance");
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

Suite *ledger_hostile_suite(void)
{
	Suite *suite = suite_create("ledger-hostile");
	TCase *tcase = tcase_with_context("ledger-hostile");

	tcase_add_loop_test(tcase, test_tables, 0, WAYS);
	tcase_add_loop_test(tcase, test_right, 0, WAYS);
	tcase_add_loop_test(tcase, test_length, 0, WAYS);
	tcase_add_loop_test(tcase, test_nested, 0, WAYS);
	tcase_add_loop_test(tcase, test_unknown, 0, WAYS);
	tcase_add_loop_test(tcase, test_doubled, 0, WAYS);
	tcase_add_loop_test(tcase, test_missing, 0, WAYS);
	tcase_add_loop_test(tcase, test_cut, 0, WAYS);
	tcase_add_test(tcase, test_values);
	tcase_add_test(tcase, test_commands);
	tcase_add_test(tcase, test_random);
	suite_add_tcase(suite, tcase);
	return suite;
}
