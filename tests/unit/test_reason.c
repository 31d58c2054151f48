// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every reason of the ABI has its words, and names and numbers belong together.
 */
#include <ctype.h>
#include <errno.h>
#include <libpin.h>
#include <string.h>

#include "suites.h"

#define ROW(constant, name, error) { constant, name, error },
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

START_TEST(test_words)
{
	uint32_t reason = table[_i].reason;
	size_t i;

	assert_sentence(libpin_reason_sentence(reason));
	assert_sentence(libpin_reason_why(reason));
	ck_assert_uint_ge(libpin_reason_remedy_count(reason), 1);
	for (i = 0; i < libpin_reason_remedy_count(reason); i++) {
		const struct libpin_remedy *remedy = libpin_reason_remedy(reason, i);
		const char *command = libpin_remedy_command(remedy);

		assert_sentence(libpin_remedy_text(remedy));
		if (!command)
			continue;
		ck_assert_uint_gt(strlen(command), 0);
		if (strstr(command, "sudo "))
			ck_assert_uint_ne(libpin_remedy_flags(remedy) & LIBPIN_REMEDY_NEEDS_ROOT,
					  0);
	}
	ck_assert_ptr_null(libpin_reason_remedy(reason, i));
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
