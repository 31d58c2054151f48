// SPDX-License-Identifier: GPL-2.0-only
/* A page's flags are a struct memdesc_flags_t: since Linux 6.18, a number before. */
#include <linux/mm_types.h>

unsigned long pindev_probe(const struct page *page);
unsigned long pindev_probe(const struct page *page)
{
	return page->flags.f;
}
