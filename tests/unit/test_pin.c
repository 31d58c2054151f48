// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PIN, UNPIN and QUERY: what goes in, what comes out, and what a broken module
 * can answer.
 */
#include <errno.h>
#include <libpin.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fake.h"
#include "suites.h"

#define PAGE ((uint64_t)sysconf(_SC_PAGESIZE))

/* A mapping that the library will find in /proc/self/maps: our own data. */
static char anchor;

static struct libpin_request *request_of(uint64_t address, uint64_t length)
{
	struct libpin_request *request;

	ck_assert_int_eq(libpin_request_new(&request), 0);
	ck_assert_int_eq(libpin_request_set_address(request, address), 0);
	ck_assert_int_eq(libpin_request_set_length(request, length), 0);
	ck_assert_int_eq(libpin_request_set_write(request, 1), 0);
	ck_assert_int_eq(libpin_request_set_cookie(request, 42), 0);
	return request;
}

static int accepts(unsigned long command, void *argument)
{
	struct pin_pin *pin = argument;

	ck_assert_uint_eq(command, PIN_IOC_PIN);
	ck_assert_uint_eq(pin->size, sizeof(*pin));
	ck_assert_uint_eq(pin->flags, PIN_F_WRITE);
	ck_assert_uint_eq(pin->addr, 0x1000);
	ck_assert_uint_eq(pin->length, 0x2000);
	ck_assert_uint_eq(pin->cookie, 42);
	pin->id = 77;
	pin->pages = 2;
	pin->runs = 1;
	/* Nonsense that a success must not be undone for. */
	pin->reports_count = UINT32_MAX;
	return 0;
}

START_TEST(test_success)
{
	struct libpin_context *ctx = fake_context(accepts);
	struct libpin_request *request = request_of(0x1000, 0x2000);
	struct libpin_refusal *refusal = (void *)1;
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), 0);
	ck_assert_ptr_null(refusal);
	ck_assert_uint_eq(libpin_pin_id(pin), 77);
	ck_assert_uint_eq(libpin_pin_pages(pin), 2);
	ck_assert_uint_eq(libpin_pin_runs(pin), 1);
	libpin_pin_free(pin);
	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, NULL), 0);
	libpin_pin_free(pin);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

static int shows_flags(unsigned long command, void *argument)
{
	const struct pin_pin *pin = argument;

	(void)command;
	return pin->flags == PIN_F_LEASE ? -EOPNOTSUPP : -EINVAL;
}

START_TEST(test_flags)
{
	struct libpin_context *ctx = fake_context(shows_flags);
	struct libpin_request *request = request_of(0x1000, 0x2000);
	struct libpin_refusal *refusal;
	struct libpin_pin *pin;

	libpin_request_set_write(request, 0);
	libpin_request_set_lease(request, 1);
	/* An errno without a reason is no refusal. */
	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EOPNOTSUPP);
	ck_assert_ptr_null(pin);
	ck_assert_ptr_null(refusal);
	libpin_request_set_lease(request, 0);
	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EINVAL);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

static void put_refusal(struct pin_pin *pin, uint32_t reason, int error)
{
	pin->refusal.addr = pin->addr;
	pin->refusal.reason = reason;
	pin->refusal.error = (uint32_t)error;
}

/* One report that names the file that is really mapped at the address. */
static int refuses_file(unsigned long command, void *argument)
{
	const struct libpin_mapping *mapping;
	struct pin_pin *pin = argument;
	struct pin_report *report = (struct pin_report *)(uintptr_t)pin->reports;
	struct libpin_maps *maps;

	(void)command;
	put_refusal(pin, PIN_REASON_NOT_WRITABLE, EFAULT);
	if (!report)
		return -EFAULT;
	ck_assert_uint_eq(pin->report_size, sizeof(*report));
	ck_assert_uint_ge(pin->reports_capacity, 1);
	ck_assert_int_eq(libpin_maps_read(0, &maps), 0);
	mapping = libpin_maps_find(maps, pin->addr);
	ck_assert_ptr_nonnull(mapping);
	*report = (struct pin_report){
		.start = pin->addr & ~(PAGE - 1),
		.end = (pin->addr & ~(PAGE - 1)) + PAGE,
		.kind = PIN_KIND_FILE,
		.reason = PIN_REASON_NOT_WRITABLE,
		.error = EFAULT,
		.inode = libpin_mapping_inode(mapping),
		.dev_major = libpin_mapping_dev_major(mapping),
		.dev_minor = libpin_mapping_dev_minor(mapping),
	};
	pin->reports_count = 1;
	libpin_maps_free(maps);
	return -EFAULT;
}

static uint64_t code_address(void)
{
	return (uintptr_t)&suite_pin;
}

START_TEST(test_refusal)
{
	struct libpin_context *ctx = fake_context(refuses_file);
	struct libpin_request *request = request_of(code_address(), 1);
	const struct libpin_verdict *verdict;
	struct libpin_refusal *refusal;
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EFAULT);
	ck_assert_ptr_null(pin);
	ck_assert_ptr_nonnull(refusal);
	ck_assert_int_eq(libpin_refusal_error(refusal), EFAULT);
	ck_assert_uint_eq(libpin_refusal_reason(refusal), PIN_REASON_NOT_WRITABLE);
	ck_assert_str_eq(libpin_refusal_reason_name(refusal), "not-writable");
	ck_assert_ptr_nonnull(libpin_refusal_sentence(refusal));
	ck_assert_uint_eq(libpin_refusal_address(refusal), code_address());
	ck_assert_ptr_nonnull(libpin_refusal_path(refusal));
	ck_assert_ptr_nonnull(strstr(libpin_refusal_path(refusal), "test-libpin"));
	ck_assert_uint_ge(libpin_refusal_remedy_count(refusal), 1);
	ck_assert_ptr_nonnull(libpin_refusal_remedy(refusal, 0));
	verdict = libpin_refusal_verdict(refusal);
	ck_assert_uint_eq(libpin_verdict_report_count(verdict), 1);
	ck_assert_uint_eq(libpin_verdict_reason(verdict), PIN_REASON_NOT_WRITABLE);
	libpin_refusal_free(refusal);
	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, NULL), -EFAULT);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

/* The same address, but by now another file is mapped there. */
static int refuses_other_file(unsigned long command, void *argument)
{
	struct pin_pin *pin = argument;
	int ret = refuses_file(command, argument);

	((struct pin_report *)(uintptr_t)pin->reports)->inode++;
	return ret;
}

START_TEST(test_replaced_mapping)
{
	struct libpin_context *ctx = fake_context(refuses_other_file);
	struct libpin_request *request = request_of(code_address(), 1);
	struct libpin_refusal *refusal;
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EFAULT);
	ck_assert_ptr_null(libpin_refusal_path(refusal));
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

/* The reports do not reach to the address that was refused. */
static int refuses_unreported(unsigned long command, void *argument)
{
	struct pin_pin *pin = argument;

	(void)command;
	put_refusal(pin, PIN_REASON_NOT_WRITABLE, EFAULT);
	return -EFAULT;
}

/* Then /proc tells what is mapped there, if it can be read: not without a descriptor. */
START_TEST(test_path_from_proc)
{
	struct libpin_context *ctx = fake_context(refuses_unreported);
	struct libpin_request *request = request_of(code_address(), 1);
	struct libpin_refusal *refusal;
	struct rlimit limit, none;
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EFAULT);
	ck_assert_ptr_nonnull(strstr(libpin_refusal_path(refusal), "test-libpin"));
	libpin_refusal_free(refusal);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EFAULT);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_ptr_null(libpin_refusal_path(refusal));
	ck_assert_uint_eq(libpin_refusal_reason(refusal), PIN_REASON_NOT_WRITABLE);
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

static int refuses_resource(unsigned long command, void *argument)
{
	struct pin_pin *pin = argument;

	(void)command;
	put_refusal(pin, PIN_REASON_MEMLOCK_LIMIT, ENOMEM);
	return -ENOMEM;
}

/* A resource has no mapping to blame, whatever lies at the address. */
START_TEST(test_resource)
{
	struct libpin_context *ctx = fake_context(refuses_resource);
	struct libpin_request *request = request_of((uintptr_t)&anchor, 1);
	struct libpin_refusal *refusal;
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -ENOMEM);
	ck_assert_ptr_null(libpin_refusal_path(refusal));
	ck_assert_uint_eq(libpin_verdict_report_count(libpin_refusal_verdict(refusal)), 0);
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

static int refuses_wildly(unsigned long command, void *argument)
{
	struct pin_pin *pin = argument;

	(void)command;
	put_refusal(pin, 0x80000001, 0x7fffffff);
	pin->refusal.addr = UINT64_MAX;
	pin->reports_count = UINT32_MAX;
	if (pin->reports)
		memset((void *)(uintptr_t)pin->reports, 0xff,
		       (size_t)pin->reports_capacity * pin->report_size);
	return -EFAULT;
}

START_TEST(test_broken_module)
{
	struct libpin_context *ctx = fake_context(refuses_wildly);
	struct libpin_request *request = request_of(0x1000, 0x2000);
	struct libpin_refusal *refusal;
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EFAULT);
	ck_assert_ptr_nonnull(refusal);
	ck_assert_ptr_null(libpin_refusal_reason_name(refusal));
	ck_assert_ptr_null(libpin_refusal_sentence(refusal));
	ck_assert_uint_eq(libpin_refusal_remedy_count(refusal), 0);
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

static uint32_t fsdax_flags;
static uint32_t fsdax_reports;

static int refuses_fsdax(unsigned long command, void *argument)
{
	struct pin_pin *pin = argument;

	(void)command;
	put_refusal(pin, PIN_REASON_FSDAX, EOPNOTSUPP);
	*(struct pin_report *)(uintptr_t)pin->reports = (struct pin_report){
		.start = pin->addr & ~(PAGE - 1),
		.end = (pin->addr & ~(PAGE - 1)) + PAGE,
		.kind = PIN_KIND_FSDAX,
		.reason = PIN_REASON_FSDAX,
		.error = EOPNOTSUPP,
		.flags = fsdax_flags,
	};
	pin->reports_count = fsdax_reports;
	return -EOPNOTSUPP;
}

static size_t remedies_of_fsdax(uint32_t flags, uint32_t reports, bool *lease)
{
	struct libpin_context *ctx = fake_context(refuses_fsdax);
	struct libpin_request *request = request_of(0x1000, 1);
	const struct libpin_remedy *remedy;
	struct libpin_refusal *refusal;
	struct libpin_pin *pin;
	size_t i;

	fsdax_flags = flags;
	fsdax_reports = reports;
	*lease = false;
	ck_assert_int_eq(libpin_pin_create(ctx, request, &pin, &refusal), -EOPNOTSUPP);
	for (i = 0; (remedy = libpin_refusal_remedy(refusal, i)); i++)
		*lease |= libpin_remedy_flags(remedy) & LIBPIN_REMEDY_NEEDS_LEASE;
	ck_assert_uint_eq(libpin_refusal_remedy_count(refusal), i);
	libpin_refusal_free(refusal);
	libpin_request_free(request);
	libpin_context_close(ctx);
	return i;
}

/* A lease is a remedy only where the module says so. */
START_TEST(test_lease_remedy)
{
	size_t all = libpin_reason_remedy_count(PIN_REASON_FSDAX);
	bool lease;

	ck_assert_uint_eq(remedies_of_fsdax(PIN_REPORT_LEASE, 1, &lease), all);
	ck_assert(lease);
	ck_assert_uint_eq(remedies_of_fsdax(PIN_REPORT_SHARED, 1, &lease), all - 1);
	ck_assert(!lease);
	ck_assert_uint_eq(remedies_of_fsdax(PIN_REPORT_LEASE, 0, &lease), all - 1);
	ck_assert(!lease);
}
END_TEST

static int positive(unsigned long command, void *argument)
{
	(void)command;
	(void)argument;
	return 1;
}

START_TEST(test_positive_return)
{
	struct libpin_context *ctx = fake_context(positive);

	ck_assert_int_eq(libpin_unpin(ctx, 1), -EPROTO);
	libpin_context_close(ctx);
}
END_TEST

static int unpins(unsigned long command, void *argument)
{
	const struct pin_unpin *unpin = argument;

	ck_assert_uint_eq(command, PIN_IOC_UNPIN);
	ck_assert_uint_eq(unpin->size, sizeof(*unpin));
	ck_assert_uint_eq(unpin->flags, 0);
	return unpin->id == 77 ? 0 : -ENOENT;
}

START_TEST(test_unpin)
{
	struct libpin_context *ctx = fake_context(unpins);

	ck_assert_int_eq(libpin_unpin(ctx, 77), 0);
	ck_assert_int_eq(libpin_unpin(ctx, 78), -ENOENT);
	libpin_context_close(ctx);
}
END_TEST

static int queries(unsigned long command, void *argument)
{
	struct pin_query *query = argument;
	uint64_t *nodes = (uint64_t *)(uintptr_t)query->nodes;

	ck_assert_uint_eq(command, PIN_IOC_QUERY);
	ck_assert_uint_eq(query->__reserved, 0);
	query->nodes_count = 2;
	query->pin_flags = PIN_F_WRITE;
	query->addr = 0x1234;
	query->length = 5;
	query->cookie = 42;
	query->mode = PIN_MODE_LONGTERM;
	query->state = PIN_STATE_LIVE;
	query->pages = 3;
	query->runs = 2;
	query->charged_pages = 4;
	query->start_time_ns = 99;
	query->uid = 1000;
	query->pid = 123;
	/* Without a terminating zero. */
	memset(query->comm, 'x', sizeof(query->comm));
	if (query->nodes_capacity) {
		ck_assert_uint_eq(query->nodes_capacity, 2);
		nodes[0] = 1;
		nodes[1] = 2;
	}
	return 0;
}

START_TEST(test_query)
{
	struct libpin_context *ctx = fake_context(queries);
	struct libpin_query *query;

	ck_assert_int_eq(libpin_pin_query(ctx, 77, &query), 0);
	ck_assert_uint_eq(libpin_query_id(query), 77);
	ck_assert_uint_eq(libpin_query_address(query), 0x1234);
	ck_assert_uint_eq(libpin_query_length(query), 5);
	ck_assert_uint_eq(libpin_query_cookie(query), 42);
	ck_assert_uint_eq(libpin_query_flags(query), PIN_F_WRITE);
	ck_assert_uint_eq(libpin_query_mode(query), PIN_MODE_LONGTERM);
	ck_assert_uint_eq(libpin_query_state(query), PIN_STATE_LIVE);
	ck_assert_uint_eq(libpin_query_pages(query), 3);
	ck_assert_uint_eq(libpin_query_runs(query), 2);
	ck_assert_uint_eq(libpin_query_charged_pages(query), 4);
	ck_assert_uint_eq(libpin_query_start_time_ns(query), 99);
	ck_assert_uint_eq(libpin_query_uid(query), 1000);
	ck_assert_int_eq(libpin_query_pid(query), 123);
	ck_assert_uint_eq(strlen(libpin_query_comm(query)), PIN_COMM_LEN);
	ck_assert_uint_eq(libpin_query_node_count(query), 2);
	ck_assert_uint_eq(libpin_query_node_pages(query, 0), 1);
	ck_assert_uint_eq(libpin_query_node_pages(query, 1), 2);
	ck_assert_uint_eq(libpin_query_node_pages(query, 2), 0);
	libpin_query_free(query);
	libpin_context_close(ctx);
}
END_TEST

/* A module that cannot tell of nodes. */
static int no_nodes(unsigned long command, void *argument)
{
	ck_assert_uint_eq(command, PIN_IOC_QUERY);
	((struct pin_query *)argument)->pages = 3;
	return 0;
}

START_TEST(test_query_without_nodes)
{
	struct libpin_context *ctx = fake_context(no_nodes);
	struct libpin_query *query;

	ck_assert_int_eq(libpin_pin_query(ctx, 77, &query), 0);
	ck_assert_uint_eq(libpin_query_pages(query), 3);
	ck_assert_uint_eq(libpin_query_node_count(query), 0);
	ck_assert_uint_eq(libpin_query_node_pages(query, 0), 0);
	libpin_query_free(query);
	ck_assert_int_eq(libpin_pin_query(ctx, 77, NULL), -EINVAL);
	libpin_context_close(ctx);
}
END_TEST

static int growing_nodes(unsigned long command, void *argument)
{
	struct pin_query *query = argument;

	(void)command;
	query->nodes_count = query->nodes_capacity + 1;
	return 0;
}

static int endless_nodes(unsigned long command, void *argument)
{
	(void)command;
	((struct pin_query *)argument)->nodes_count = UINT32_MAX;
	return 0;
}

static const fake_handler broken_queries[] = { growing_nodes, endless_nodes };

START_TEST(test_broken_query)
{
	struct libpin_context *ctx = fake_context(broken_queries[_i]);
	struct libpin_query *query = (void *)1;

	ck_assert_int_eq(libpin_pin_query(ctx, 77, &query), -EPROTO);
	ck_assert_ptr_null(query);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_null)
{
	struct libpin_context *ctx = fake_context(accepts);
	struct libpin_request *request = request_of(0x1000, 0x2000);
	struct libpin_pin *pin;

	ck_assert_int_eq(libpin_pin_create(NULL, request, &pin, NULL), -EINVAL);
	ck_assert_int_eq(libpin_pin_create(ctx, NULL, &pin, NULL), -EINVAL);
	ck_assert_int_eq(libpin_pin_create(ctx, request, NULL, NULL), -EINVAL);
	ck_assert_int_eq(libpin_request_new(NULL), -EINVAL);
	ck_assert_int_eq(libpin_request_set_address(NULL, 0), -EINVAL);
	ck_assert_int_eq(libpin_request_set_length(request, 0), -EINVAL);
	ck_assert_int_eq(libpin_request_set_write(NULL, 1), -EINVAL);
	ck_assert_int_eq(libpin_request_set_lease(NULL, 1), -EINVAL);
	ck_assert_int_eq(libpin_request_set_cookie(NULL, 1), -EINVAL);
	libpin_request_free(NULL);
	libpin_refusal_free(NULL);
	ck_assert_int_eq(libpin_refusal_error(NULL), 0);
	ck_assert_ptr_null(libpin_refusal_path(NULL));
	ck_assert_ptr_null(libpin_refusal_verdict(NULL));
	ck_assert_uint_eq(libpin_refusal_remedy_count(NULL), 0);
	libpin_request_free(request);
	libpin_context_close(ctx);
}
END_TEST

Suite *suite_pin(void)
{
	Suite *suite = suite_create("pin");
	TCase *pin = tcase_create("pin"), *query = tcase_create("query");

	tcase_add_test(pin, test_success);
	tcase_add_test(pin, test_flags);
	tcase_add_test(pin, test_refusal);
	tcase_add_test(pin, test_replaced_mapping);
	tcase_add_test(pin, test_path_from_proc);
	tcase_add_test(pin, test_resource);
	tcase_add_test(pin, test_broken_module);
	tcase_add_test(pin, test_lease_remedy);
	tcase_add_test(pin, test_positive_return);
	tcase_add_test(pin, test_unpin);
	tcase_add_test(pin, test_null);
	tcase_add_test(query, test_query);
	tcase_add_test(query, test_query_without_nodes);
	tcase_add_loop_test(query, test_broken_query, 0, 2);
	suite_add_tcase(suite, pin);
	suite_add_tcase(suite, query);
	return suite;
}
