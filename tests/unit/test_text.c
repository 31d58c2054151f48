// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Escaping, and "did you mean".
 */
#include <stdlib.h>

#include "pinctl.h"
#include "suites.h"
#include "text.h"

static const struct {
	const char *bytes;
	const char *json;
	const char *terminal;
	const char *raw;
} rows[] = {
	{ "", "", "", "-" },
	{ "/a b", "/a b", "/a b", "/a\\x20b" },
	{ "\xc3\xa4", "\xc3\xa4", "\xc3\xa4", "\xc3\xa4" },
	{ "a\xff", "a\\xff", "a\\xff", "a\\xff" },
	{ "\033[31m", "\033[31m", "\\x1b[31m", "\\x1b[31m" },
	{ "a\nb", "a\nb", "a\\x0ab", "a\\x0ab" },
	{ "\\", "\\", "\\", "\\x5c" },
	{ "\xc2\x9b", "\xc2\x9b", "\\xc2\\x9b", "\\xc2\\x9b" },
	/* Cut, overlong, surrogate, beyond U+10FFFF. */
	{ "\xe2\x82", "\\xe2\\x82", "\\xe2\\x82", "\\xe2\\x82" },
	{ "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf", "\\xc0\\xaf" },
	{ "\xe0\xa0\x80", "\xe0\xa0\x80", "\xe0\xa0\x80", "\xe0\xa0\x80" },
	{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf", "\\xe0\\x9f\\xbf", "\\xe0\\x9f\\xbf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80",
	  "\\xf4\\x90\\x80\\x80" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
};

static void assert_text(char *text, const char *wanted)
{
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(test_escape)
{
	assert_text(text_for_json(rows[_i].bytes), rows[_i].json);
	assert_text(text_for_terminal(rows[_i].bytes), rows[_i].terminal);
	assert_text(text_for_raw(rows[_i].bytes), rows[_i].raw);
}
END_TEST

static const struct {
	const char *word;
	const char *best;
} guesses[] = {
	{ "chekc", "check" },
	{ "chek", "check" },
	{ "explian", "explain" },
	{ "doctr", "doctor" },
	{ "nip", NULL },
	{ "frobnicate", NULL },
	{ "", NULL },
	{ "a-word-that-is-longer-than-any-command-can-be", NULL },
};

START_TEST(test_suggest)
{
	static const char *const words[] = { "doctor", "check", "explain" };
	struct suggestion suggestion;
	size_t i;

	suggest_begin(&suggestion, guesses[_i].word);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		suggest_offer(&suggestion, words[i]);
	ck_assert_pstr_eq(suggestion.best, guesses[_i].best);
}
END_TEST

Suite *suite_text(void)
{
	Suite *suite = suite_create("text");
	TCase *text = tcase_create("text");

	tcase_add_loop_test(text, test_escape, 0, ARRAY_SIZE(rows));
	tcase_add_loop_test(text, test_suggest, 0, ARRAY_SIZE(guesses));
	suite_add_tcase(suite, text);
	return suite;
}
