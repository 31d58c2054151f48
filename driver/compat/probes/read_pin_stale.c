// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long-term read pin of a private mapping does not break COW (6.1; fixed in
 * 6.2).  The fix gave gup_must_unshare() a VMA argument and a later kernel moved
 * it out of the module's sight, so only the old form with two compiles here.
 */
#include <linux/mm.h>

bool pindev_probe(struct page *page);
bool pindev_probe(struct page *page)
{
	return gup_must_unshare(0u, page);
}
