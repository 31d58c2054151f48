// SPDX-License-Identifier: GPL-2.0-only
/* page_pgmap() exists (7.2); before, the pagemap is a member of struct page. */
#include <linux/mm.h>

struct dev_pagemap *pindev_probe(const struct page *page);
struct dev_pagemap *pindev_probe(const struct page *page)
{
	return page_pgmap(page);
}
