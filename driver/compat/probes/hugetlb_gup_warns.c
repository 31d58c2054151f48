// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugetlb has its own GUP walk, follow_hugetlb_page(), which WARNs about a huge
 * page that may not be pinned for the long term instead of migrating it (6.1;
 * gone in 6.12).
 */
#include <linux/hugetlb.h>

void *pindev_probe(void);
void *pindev_probe(void)
{
	return follow_hugetlb_page;
}
