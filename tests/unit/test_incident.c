// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinctl trace makes of events that the kernel gives only now and then.
 */
#include <errno.h>

#include "charge.h"
#include "incident.h"
#include "suites.h"

/* Who else is asked about an incident: the ledgers, and the kernel's symbols. */
const char *charge_ledger(uint32_t consumer)
{
	return consumer ? "VmPin" : NULL;
}

const char *charge_rule(uint32_t consumer, int error, uint64_t length)
{
	(void)consumer;
	(void)error;
	(void)length;
	return NULL;
}

const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
	(void)symbols;
	(void)address;
	return NULL;
}

static const struct trace_event rdma_call = {
	.type = TRACE_CALL,
	.call = TRACE_CALL_RDMA,
	.result = -EFAULT,
	.address = 0x10000,
	.length = 0x2000,
	.failed = 0x10000,
	.found = -ENOENT,
};

static bool may_be(const struct incident *incident, uint32_t reason)
{
	size_t i;

	for (i = 0; i < incident->candidate_count; i++)
		if (incident->candidates[i] == reason)
			return true;
	return false;
}

/* The lock of the mappings was taken: any mapping can be there. */
START_TEST(test_unseen)
{
	static const int results[] = { -EFAULT, 0, 1 };
	struct trace_event pin = {
		.type = TRACE_PIN,
		.call = TRACE_CALL_RDMA,
		.function = TRACE_PIN_USER_PAGES_FAST,
		.result = results[_i],
		.address = 0x10000,
		.length = 0x2000,
		.failed = 0x10000,
		.flags = TRACE_F_WRITE,
		.found = -EBUSY,
	};
	struct incident incident;

	incident_judge(&incident, &rdma_call, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, 0);
	ck_assert(!incident.mapped);
	ck_assert_int_eq(incident.error, EFAULT);
	ck_assert(may_be(&incident, PIN_REASON_HOLE));
	ck_assert(may_be(&incident, PIN_REASON_FILE_DIRTY_TRACKING));
	ck_assert(may_be(&incident, PIN_REASON_NOT_WRITABLE));
	ck_assert(may_be(&incident, PIN_REASON_FAULT_FAILED));
	ck_assert(may_be(&incident, PIN_REASON_HWPOISON));
	/* A short count has no errno, so it can be that of the next page. */
	ck_assert(may_be(&incident, PIN_REASON_FSDAX) == (results[_i] >= 0));
	ck_assert(!may_be(&incident, PIN_REASON_LEASE_PRIVATE));
	incident_release(&incident);
}
END_TEST

Suite *suite_incident(void)
{
	Suite *suite = suite_create("incident");
	TCase *tcase = tcase_create("unseen");

	tcase_add_loop_test(tcase, test_unseen, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
