// SPDX-License-Identifier: GPL-2.0-only
/* VM_MAYBE_GUARD marks mappings with guard pages (7.2; not 6.12). */
#include <linux/mm.h>

unsigned long pindev_probe(void);
unsigned long pindev_probe(void)
{
	return VM_MAYBE_GUARD;
}
