// SPDX-License-Identifier: GPL-2.0-only
/* Must compile on every kernel: if it does not, no answer can be trusted. */
#include <linux/mm.h>

int pindev_probe(unsigned long addr, struct page **pages);
int pindev_probe(unsigned long addr, struct page **pages)
{
	return pin_user_pages_fast(addr, 1, FOLL_LONGTERM, pages);
}
