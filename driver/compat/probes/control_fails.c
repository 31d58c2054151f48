// SPDX-License-Identifier: GPL-2.0-only
/* Must not compile on any kernel: shows that a probe can say no. */
#include <linux/mm.h>

int pindev_probe(unsigned long addr, struct page **pages);
int pindev_probe(unsigned long addr, struct page **pages)
{
	return pin_user_pages_no_such_function(addr, pages);
}
