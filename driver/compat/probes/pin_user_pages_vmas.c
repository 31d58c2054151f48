// SPDX-License-Identifier: GPL-2.0-only
/* pin_user_pages() has a fifth argument, vmas (6.1; gone since 6.5). */
#include <linux/mm.h>

long pindev_probe(unsigned long addr, struct page **pages);
long pindev_probe(unsigned long addr, struct page **pages)
{
	return pin_user_pages(addr, 1, FOLL_LONGTERM, pages, NULL);
}
