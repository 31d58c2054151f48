// SPDX-License-Identifier: GPL-2.0-only
/* VM_SHADOW_STACK exists (6.12; not 6.1). */
#include <linux/mm.h>

unsigned long pindev_probe(void);
unsigned long pindev_probe(void)
{
	return VM_SHADOW_STACK;
}
