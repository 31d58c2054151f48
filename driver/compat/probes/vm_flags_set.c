// SPDX-License-Identifier: GPL-2.0-only
/* vm_flags_set() exists (6.3; not 6.1): before, vm_flags is written directly. */
#include <linux/mm.h>

void pindev_probe(struct vm_area_struct *vma);
void pindev_probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_MIXEDMAP);
}
