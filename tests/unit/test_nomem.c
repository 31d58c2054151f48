// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every function that allocates, with each of its allocations failing in turn: it says
 * -ENOMEM, hands out nothing and leaks nothing, which the sanitized build sees. Only a
 * refusal, whose errno is the module's, can be lost without that.
 */
#include <errno.h>
#include <libpin.h>
#include <string.h>

#include "fake.h"
#include "fake_wire.h"
#include "nomem.h"
#include "suites.h"

#define MANY 1000
#define LENGTH 8192

static uint64_t memory_address(void)
{
	return (uintptr_t)&suite_nomem & ~4095ULL;
}

/* More ids than one step takes. */
static void answer_list(struct pin_list *raw)
{
	uint64_t *ids = (uint64_t *)(uintptr_t)raw->ids;

	for (raw->ids_count = 0; raw->ids_count < raw->ids_capacity; raw->ids_count++) {
		ids[raw->ids_count] = raw->cursor + raw->ids_count + 1;
		if (ids[raw->ids_count] == MANY)
			break;
	}
	raw->ids_count += raw->ids_count < raw->ids_capacity;
	raw->next = raw->cursor + raw->ids_count;
	if (raw->next == MANY)
		raw->next = 0;
}

/* One report of a file that is really mapped there, so that it gets a path. */
static uint32_t answer_report(uint64_t address, uint64_t array)
{
	struct pin_report *report = (struct pin_report *)(uintptr_t)array;
	const struct libpin_mapping *mapping;
	struct libpin_maps *maps;

	nomem_stop();
	ck_assert_int_eq(libpin_maps_read(0, &maps), 0);
	mapping = libpin_maps_find(maps, address);
	*report = (struct pin_report){
		.start = address,
		.end = address + 4096,
		.kind = PIN_KIND_FILE,
		.reason = PIN_REASON_NOT_WRITABLE,
		.error = EFAULT,
		.inode = libpin_mapping_inode(mapping),
		.dev_major = libpin_mapping_dev_major(mapping),
		.dev_minor = libpin_mapping_dev_minor(mapping),
	};
	libpin_maps_free(maps);
	nomem_go_on();
	return 1;
}

static void answer_refusal(struct pin_refusal *refusal)
{
	refusal->addr = memory_address();
	refusal->reason = PIN_REASON_NOT_WRITABLE;
	refusal->error = EFAULT;
}

/* The kernel's memory is another matter: the module never runs out here. */
static int answer_all(unsigned long command, void *argument)
{
	struct pin_query *query = argument;
	struct pin_check *check = argument;
	struct pin_runs *runs = argument;
	struct pin_pin *pin = argument;

	switch (command) {
	case PIN_IOC_QUERY:
		query->nodes_count = 2;
		break;
	case PIN_IOC_LIST:
		answer_list(argument);
		break;
	case PIN_IOC_RUNS:
		runs->runs_count = 1;
		runs->next = 1;
		runs->total = 1;
		break;
	case PIN_IOC_CHECK:
		check->next = check->addr + check->length;
		check->reports_count = answer_report(check->addr, check->reports);
		answer_refusal(&check->refusal);
		break;
	case PIN_IOC_PIN:
		if (pin->flags & PIN_F_WRITE) {
			answer_refusal(&pin->refusal);
			pin->reports_count = answer_report(pin->addr, pin->reports);
			return -EFAULT;
		}
		pin->id = 7;
		break;
	}
	return 0;
}

static int get_context(struct libpin_context *ctx)
{
	struct libpin_context *other;
	int ret = libpin_context_open(&other, "/dev/null", 0);

	nomem_stop();
	(void)ctx;
	ck_assert_int_eq(!ret, !!other);
	libpin_context_close(other);
	return ret;
}

static int get_info(struct libpin_context *ctx)
{
	struct libpin_info *info;
	int ret = libpin_info_get(ctx, &info);

	nomem_stop();
	ck_assert_int_eq(!ret, !!info);
	libpin_info_free(info);
	return ret;
}

static int get_requests(struct libpin_context *ctx)
{
	struct libpin_check_request *check = NULL;
	struct libpin_request *request;
	int ret = libpin_request_new(&request);

	(void)ctx;
	if (!ret)
		ret = libpin_check_request_new(&check);
	nomem_stop();
	ck_assert_int_eq(!ret, request && check);
	libpin_check_request_free(check);
	libpin_request_free(request);
	return ret;
}

static int get_pin(struct libpin_context *ctx)
{
	struct libpin_refusal *refusal;
	struct libpin_request *request;
	struct libpin_pin *pin;
	int ret = libpin_request_new(&request);

	if (ret)
		return ret;
	libpin_request_set_address(request, memory_address());
	libpin_request_set_length(request, LENGTH);
	ret = libpin_pin_create(ctx, request, &pin, &refusal);
	nomem_stop();
	ck_assert_int_eq(!ret, !!pin);
	ck_assert_ptr_null(refusal);
	libpin_pin_free(pin);
	libpin_request_free(request);
	return ret;
}

static int get_query(struct libpin_context *ctx)
{
	struct libpin_query *query;
	int ret = libpin_pin_query(ctx, 7, &query);

	nomem_stop();
	ck_assert_int_eq(!ret, !!query);
	libpin_query_free(query);
	return ret;
}

static int get_list(struct libpin_context *ctx)
{
	struct libpin_list *list;
	int ret = libpin_list_get(ctx, &list);

	nomem_stop();
	ck_assert_int_eq(!ret, !!list);
	ck_assert(ret || libpin_list_count(list) == MANY);
	libpin_list_free(list);
	return ret;
}

static int get_runs(struct libpin_context *ctx)
{
	struct libpin_runs *runs;
	int ret = libpin_runs_get(ctx, 7, 0, 16, &runs);

	nomem_stop();
	ck_assert_int_eq(!ret, !!runs);
	libpin_runs_free(runs);
	return ret;
}

/* Those whose every allocation is needed. */
static int (*const all_needed[])(struct libpin_context *ctx) = {
	get_context, get_info, get_requests, get_pin, get_query, get_list, get_runs,
};

#define ALL_NEEDED ((int)(sizeof(all_needed) / sizeof(all_needed[0])))

START_TEST(test_all_needed)
{
	struct libpin_context *ctx = fake_context(answer_all);
	unsigned int nth;
	int ret;

	for (nth = 1;; nth++) {
		nomem_fail(nth);
		ret = all_needed[_i](ctx);
		if (!nomem_failed())
			break;
		ck_assert_int_eq(ret, -ENOMEM);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(nth, 1);
	libpin_context_close(ctx);
}
END_TEST

/* The module refuses: its errno always comes, the rest as a whole or not at all. */
START_TEST(test_refusal)
{
	struct libpin_context *ctx = fake_context(answer_all);
	struct libpin_refusal *refusal = NULL;
	struct libpin_request *request;
	unsigned int nth, lost = 0;
	struct libpin_pin *pin;
	int ret;

	ck_assert_int_eq(libpin_request_new(&request), 0);
	libpin_request_set_address(request, memory_address());
	libpin_request_set_length(request, LENGTH);
	libpin_request_set_write(request, 1);
	for (nth = 1;; nth++) {
		nomem_fail(nth);
		ret = libpin_pin_create(ctx, request, &pin, &refusal);
		nomem_stop();
		ck_assert_ptr_null(pin);
		if (!nomem_failed())
			break;
		ck_assert(ret == -EFAULT || ret == -ENOMEM);
		lost += ret == -EFAULT;
		ck_assert_ptr_null(refusal);
	}
	ck_assert_int_eq(ret, -EFAULT);
	ck_assert_ptr_nonnull(libpin_refusal_path(refusal));
	ck_assert_uint_gt(lost, 0);
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_check)
{
	struct libpin_context *ctx = fake_context(answer_all);
	struct libpin_check_request *request;
	struct libpin_verdict *verdict;
	unsigned int nth;
	int ret;

	ck_assert_int_eq(libpin_check_request_new(&request), 0);
	libpin_check_request_set_address(request, memory_address());
	libpin_check_request_set_length(request, LENGTH);
	for (nth = 1;; nth++) {
		nomem_fail(nth);
		ret = libpin_check(ctx, request, &verdict);
		nomem_stop();
		if (!nomem_failed())
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_ptr_null(verdict);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_ptr_nonnull(libpin_report_path(libpin_verdict_report(verdict, 0)));
	libpin_verdict_free(verdict);
	libpin_check_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_maps)
{
	struct libpin_maps *maps;
	unsigned int nth;
	int ret;

	for (nth = 1;; nth++) {
		nomem_fail(nth);
		ret = libpin_maps_read(0, &maps);
		nomem_stop();
		if (!nomem_failed())
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_ptr_null(maps);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(nth, 2);
	libpin_maps_free(maps);
}
END_TEST

/* --- the ledger: libnl's own allocations fail, too */

static void answer_ledger(int index, struct nlmsghdr *request)
{
	uint8_t cmd = ((struct genlmsghdr *)nlmsg_data(request))->cmd;
	struct nl_msg *message = wire_message(request->nlmsg_seq, FAKE_FAMILY, cmd, 0);

	if (cmd == PIN_NL_CMD_PIN_GET)
		wire_put_pin(message, 7);
	else if (cmd == PIN_NL_CMD_CONTEXT_GET)
		wire_put_context(message, 7);
	wire_queue(index, message);
	if (request->nlmsg_flags & NLM_F_DUMP)
		wire_queue_done(index, request, 0, NLM_F_MULTI, NULL);
	else
		wire_queue_ack(index, request, 0, NULL);
}

static int ask_pin(struct libpin_ledger *ledger)
{
	struct libpin_record *record;
	int ret = libpin_ledger_get(ledger, 7, &record);

	nomem_stop();
	ck_assert_int_eq(!ret, !!record);
	libpin_record_free(record);
	return ret;
}

static int ask_release(struct libpin_ledger *ledger)
{
	return libpin_ledger_release(ledger, 7);
}

static int ask_totals(struct libpin_ledger *ledger)
{
	struct libpin_totals *totals;
	int ret = libpin_totals_get(ledger, &totals);

	nomem_stop();
	ck_assert_int_eq(!ret, !!totals);
	libpin_totals_free(totals);
	return ret;
}

static int ask_all(struct libpin_ledger *ledger)
{
	const struct libpin_record *record = NULL;
	struct libpin_filter *filter;
	struct libpin_dump *dump;
	int ret = libpin_filter_new(&filter);

	if (ret)
		return ret;
	libpin_filter_set_uid(filter, 1);
	ret = libpin_dump_pins(ledger, filter, &dump);
	if (!ret)
		ret = libpin_dump_next_pin(dump, &record);
	nomem_stop();
	ck_assert_int_eq(!ret, !!record);
	libpin_dump_free(dump);
	libpin_filter_free(filter);
	return ret;
}

static int ask_contexts(struct libpin_ledger *ledger)
{
	const struct libpin_context_record *record = NULL;
	struct libpin_dump *dump;
	int ret = libpin_dump_contexts(ledger, &dump);

	if (!ret)
		ret = libpin_dump_next_context(dump, &record);
	nomem_stop();
	ck_assert_int_eq(!ret, !!record);
	libpin_dump_free(dump);
	return ret;
}

static int ask_monitor(struct libpin_ledger *ledger)
{
	struct libpin_monitor *monitor;
	int ret = libpin_monitor_open(&monitor, 0);

	(void)ledger;
	nomem_stop();
	ck_assert_int_eq(!ret, !!monitor);
	libpin_monitor_close(monitor);
	return ret;
}

static int (*const of_ledger[])(struct libpin_ledger *ledger) = {
	ask_pin, ask_release, ask_totals, ask_all, ask_contexts, ask_monitor,
};

#define OF_LEDGER ((int)(sizeof(of_ledger) / sizeof(of_ledger[0])))

START_TEST(test_ledger)
{
	struct libpin_ledger *ledger;
	unsigned int nth;
	int ret;

	for (nth = 1;; nth++) {
		wire_reset(answer_ledger);
		nomem_fail(nth);
		ret = libpin_ledger_open(&ledger);
		if (!ret)
			ret = of_ledger[_i](ledger);
		nomem_stop();
		libpin_ledger_close(ledger);
		if (!nomem_failed())
			break;
		ck_assert_int_eq(ret, -ENOMEM);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(nth, 5);
}
END_TEST

Suite *suite_nomem(void)
{
	Suite *suite = suite_create("nomem");
	TCase *tcase = tcase_create("nomem");

	tcase_add_loop_test(tcase, test_all_needed, 0, ALL_NEEDED);
	tcase_add_test(tcase, test_refusal);
	tcase_add_test(tcase, test_check);
	tcase_add_test(tcase, test_maps);
	tcase_add_loop_test(tcase, test_ledger, 0, OF_LEDGER);
	suite_add_tcase(suite, tcase);
	return suite;
}
