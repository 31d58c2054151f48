// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every reason of the ABI has its words, and names and numbers belong together.
 */
#include <ctype.h>
#include <errno.h>
#include <libpin.h>
#include <string.h>

#include "suites.h"

#define ROW(constant, name, error, scope) { constant, name, error },
static const struct {
	uint32_t reason;
	const char *name;
	int error;
} table[] = { PIN_REASON_TABLE(ROW) };

#define ROWS ((int)(sizeof(table) / sizeof(table[0])))

START_TEST(test_name_and_number)
{
	ck_assert_str_eq(libpin_reason_name(table[_i].reason), table[_i].name);
	ck_assert_uint_eq(libpin_reason_from_name(table[_i].name), table[_i].reason);
	ck_assert_int_eq(libpin_reason_error(table[_i].reason), table[_i].error);
}
END_TEST

static void assert_sentence(const char *text)
{
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_ge(strlen(text), strlen("Try again."));
	ck_assert_msg(isupper((unsigned char)text[0]), "no capital: %s", text);
	ck_assert_msg(text[strlen(text) - 1] == '.', "no full stop: %s", text);
	ck_assert_msg(!strstr(text, "  ") && !strchr(text, '\n'), "layout in: %s", text);
}

static void assert_remedy(const struct libpin_remedy *remedy)
{
	const char *command = libpin_remedy_command(remedy);

	assert_sentence(libpin_remedy_text(remedy));
	if (!command)
		return;
	ck_assert_uint_gt(strlen(command), 0);
	if (strstr(command, "sudo "))
		ck_assert_uint_ne(libpin_remedy_flags(remedy) & LIBPIN_REMEDY_NEEDS_ROOT, 0);
}

START_TEST(test_words)
{
	uint32_t reason = table[_i].reason;
	size_t i;

	assert_sentence(libpin_reason_sentence(reason));
	assert_sentence(libpin_reason_why(reason));
	ck_assert_uint_ge(libpin_reason_remedy_count(reason), 1);
	for (i = 0; i < libpin_reason_remedy_count(reason); i++)
		assert_remedy(libpin_reason_remedy(reason, i));
	ck_assert_ptr_null(libpin_reason_remedy(reason, i));
}
END_TEST

static const struct libpin_remedy *find_remedy(uint32_t reason, uint32_t consumer,
					       const char *words)
{
	const struct libpin_remedy *remedy;
	size_t i;

	for (i = 0; (remedy = libpin_reason_remedy_for(reason, consumer, i)); i++)
		if (strstr(libpin_remedy_text(remedy), words))
			return remedy;
	return NULL;
}

/* Whoever was refused, there is something to do, and it can be done. */
START_TEST(test_remedies_for_consumers)
{
	uint32_t reason = table[_i].reason, consumer;
	size_t i, count;

	for (consumer = 0; consumer <= libpin_consumer_last(); consumer++) {
		count = libpin_reason_remedy_count_for(reason, consumer);
		ck_assert_uint_ge(count, 1);
		for (i = 0; i < count; i++)
			assert_remedy(libpin_reason_remedy_for(reason, consumer, i));
		ck_assert_ptr_null(libpin_reason_remedy_for(reason, consumer, count));
		if (consumer == LIBPIN_CONSUMER_IO_URING || consumer == LIBPIN_CONSUMER_XDP)
			ck_assert_ptr_null(find_remedy(reason, consumer, "for reading only"));
		if (consumer != LIBPIN_CONSUMER_ANY)
			ck_assert_ptr_null(find_remedy(reason, consumer, "PIN_F_LEASE"));
	}
	count = libpin_reason_remedy_count(reason);
	ck_assert_uint_eq(libpin_reason_remedy_count_for(reason, LIBPIN_CONSUMER_ANY), count);
	for (i = 0; i < count; i++)
		ck_assert_ptr_eq(libpin_reason_remedy(reason, i),
				 libpin_reason_remedy_for(reason, LIBPIN_CONSUMER_ANY, i));
	ck_assert_uint_eq(libpin_reason_remedy_count_for(reason, consumer), 0);
	ck_assert_uint_eq(libpin_reason_remedy_count_for(reason, UINT32_MAX), 0);
}
END_TEST

START_TEST(test_consumers_differ)
{
	ck_assert_ptr_nonnull(find_remedy(PIN_REASON_FSDAX, LIBPIN_CONSUMER_RDMA,
					  "IBV_ACCESS_ON_DEMAND"));
	ck_assert_ptr_null(find_remedy(PIN_REASON_FSDAX, LIBPIN_CONSUMER_IO_URING, "IBV_"));
	ck_assert_ptr_nonnull(find_remedy(PIN_REASON_FSDAX, LIBPIN_CONSUMER_IO_URING,
					  "without registering"));
	ck_assert_ptr_nonnull(find_remedy(PIN_REASON_MEMLOCK_LIMIT, LIBPIN_CONSUMER_IOMMUFD,
					  "IOMMU_OPTION_RLIMIT_MODE"));
	ck_assert_ptr_null(find_remedy(PIN_REASON_MEMLOCK_LIMIT, LIBPIN_CONSUMER_VFIO,
				       "IOMMU_OPTION_RLIMIT_MODE"));
	ck_assert_int_eq(libpin_reason_error_for(PIN_REASON_MEMLOCK_LIMIT, LIBPIN_CONSUMER_XDP),
			 ENOBUFS);
	ck_assert_int_eq(libpin_reason_error_for(PIN_REASON_MEMLOCK_LIMIT, LIBPIN_CONSUMER_RDMA),
			 ENOMEM);
	ck_assert_int_eq(libpin_reason_error_for(PIN_REASON_FSDAX, LIBPIN_CONSUMER_XDP),
			 EOPNOTSUPP);
	ck_assert_int_eq(libpin_reason_error_for(PIN_REASON_FSDAX, UINT32_MAX), 0);
}
END_TEST

START_TEST(test_consumers)
{
	uint32_t consumer, found;

	for (consumer = 0; consumer <= libpin_consumer_last(); consumer++) {
		found = UINT32_MAX;
		ck_assert_int_eq(libpin_consumer_from_name(libpin_consumer_name(consumer),
							   &found), 0);
		ck_assert_uint_eq(found, consumer);
		ck_assert_uint_gt(strlen(libpin_consumer_call(consumer)), 0);
		assert_sentence(libpin_consumer_ledger(consumer));
	}
	ck_assert_uint_eq(libpin_consumer_last(), LIBPIN_CONSUMER_XDP);
	ck_assert_ptr_null(libpin_consumer_name(consumer));
	ck_assert_ptr_null(libpin_consumer_call(consumer));
	ck_assert_ptr_null(libpin_consumer_ledger(UINT32_MAX));
	found = UINT32_MAX;
	ck_assert_int_eq(libpin_consumer_from_name("RDMA", &found), -ENOENT);
	ck_assert_uint_eq(found, LIBPIN_CONSUMER_ANY);
	ck_assert_int_eq(libpin_consumer_from_name(NULL, &found), -EINVAL);
	ck_assert_int_eq(libpin_consumer_from_name("rdma", NULL), -EINVAL);
}
END_TEST

START_TEST(test_resource)
{
	ck_assert(!libpin_reason_is_resource(PIN_REASON_NONE));
	ck_assert(!libpin_reason_is_resource(PIN_REASON_REFCOUNT));
	ck_assert(libpin_reason_is_resource(PIN_REASON_MEMLOCK_LIMIT));
	ck_assert(libpin_reason_is_resource(PIN_REASON_NO_MEMORY));
	ck_assert(!libpin_reason_is_resource(PIN_REASON_MAPPING_CHANGED));
	ck_assert(!libpin_reason_is_resource(UINT32_MAX));
}
END_TEST

START_TEST(test_last)
{
	ck_assert_uint_eq(libpin_reason_last(), table[ROWS - 1].reason);
	ck_assert_uint_eq(libpin_reason_last(), ROWS);
}
END_TEST

START_TEST(test_unknown)
{
	static const uint32_t unknown[] = { PIN_REASON_NONE, ROWS + 1, 12345, UINT32_MAX };
	uint32_t reason = unknown[_i];

	ck_assert_ptr_null(libpin_reason_name(reason));
	ck_assert_ptr_null(libpin_reason_sentence(reason));
	ck_assert_ptr_null(libpin_reason_why(reason));
	ck_assert_int_eq(libpin_reason_error(reason), 0);
	ck_assert_uint_eq(libpin_reason_remedy_count(reason), 0);
	ck_assert_ptr_null(libpin_reason_remedy(reason, 0));
}
END_TEST

START_TEST(test_unknown_name)
{
	ck_assert_uint_eq(libpin_reason_from_name(NULL), PIN_REASON_NONE);
	ck_assert_uint_eq(libpin_reason_from_name(""), PIN_REASON_NONE);
	ck_assert_uint_eq(libpin_reason_from_name("FSDAX"), PIN_REASON_NONE);
	ck_assert_uint_eq(libpin_reason_from_name("fsda"), PIN_REASON_NONE);
}
END_TEST

START_TEST(test_remedy_of_nothing)
{
	ck_assert_ptr_null(libpin_remedy_text(NULL));
	ck_assert_ptr_null(libpin_remedy_command(NULL));
	ck_assert_uint_eq(libpin_remedy_flags(NULL), 0);
}
END_TEST

#define KIND(constant, name) { constant, name },
static const struct {
	uint32_t kind;
	const char *name;
} kinds[] = { PIN_KIND_TABLE(KIND) };

START_TEST(test_kind)
{
	ck_assert_str_eq(libpin_kind_name(kinds[_i].kind), kinds[_i].name);
}
END_TEST

START_TEST(test_other_names)
{
	ck_assert_ptr_null(libpin_kind_name(PIN_KIND_NONE));
	ck_assert_ptr_null(libpin_kind_name(UINT32_MAX));
	ck_assert_str_eq(libpin_mode_name(PIN_MODE_LEASE), "lease");
	ck_assert_ptr_null(libpin_mode_name(UINT32_MAX));
	ck_assert_str_eq(libpin_state_name(PIN_STATE_REVOKED), "revoked");
	ck_assert_ptr_null(libpin_state_name(PIN_STATE_NONE));
}
END_TEST

Suite *suite_reason(void)
{
	Suite *suite = suite_create("reason");
	TCase *words = tcase_create("words"), *edges = tcase_create("edges");

	tcase_add_loop_test(words, test_name_and_number, 0, ROWS);
	tcase_add_loop_test(words, test_words, 0, ROWS);
	tcase_add_loop_test(words, test_remedies_for_consumers, 0, ROWS);
	tcase_add_test(words, test_consumers_differ);
	tcase_add_test(words, test_consumers);
	tcase_add_loop_test(words, test_kind, 0, sizeof(kinds) / sizeof(kinds[0]));
	tcase_add_test(edges, test_last);
	tcase_add_test(edges, test_resource);
	tcase_add_loop_test(edges, test_unknown, 0, 4);
	tcase_add_test(edges, test_unknown_name);
	tcase_add_test(edges, test_remedy_of_nothing);
	tcase_add_test(edges, test_other_names);
	suite_add_tcase(suite, words);
	suite_add_tcase(suite, edges);
	return suite;
}
