/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processors keep on lists of their own for who asks for pages next. It is free,
 * but MemFree does not count it, and from Linux 6.7 on it can be an eighth of a zone.
 */
#ifndef PIN_TEST_FREELISTS_H
#define PIN_TEST_FREELISTS_H

#include <stdint.h>

/* All of it in bytes, as /proc/zoneinfo has it; UINT64_MAX if that cannot be read. */
uint64_t freelists_bytes(void);

#endif /* PIN_TEST_FREELISTS_H */
