// SPDX-License-Identifier: GPL-2.0-only
/* get_dev_pagemap() takes a pagemap to try first (6.1, 6.12; gone in 7.2). */
#include <linux/memremap.h>

struct dev_pagemap *pindev_probe(unsigned long pfn);
struct dev_pagemap *pindev_probe(unsigned long pfn)
{
	return get_dev_pagemap(pfn, NULL);
}
