/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record check keeps of a test: each assertion that was reached, with all processes of
 * the test writing to one file. That file is in /tmp, which is memory: millions of
 * assertions are a hundred megabytes and more.
 */
#ifndef PIN_TEST_RECORD_H
#define PIN_TEST_RECORD_H

#include <sys/types.h>

/* How far the record has come. */
off_t record_mark(void);

/* What came after @mark is forgotten. Nobody else writes to it meanwhile. */
void record_forget(off_t mark);

#endif /* PIN_TEST_RECORD_H */
