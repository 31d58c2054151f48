// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory as drivers map it that no device of the virtual machine has, for the tests
 * of the verdict: /dev/pin-testmem. The page number at which it is mapped says what
 * one gets. Built for tests only, never part of the module.
 */
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>

/* The local APIC's page: an address with nothing behind that Linux calls memory. */
#define PFN_WITHOUT_PAGE	(0xfee00000UL >> PAGE_SHIFT)

enum testmem_type {
	TESTMEM_PFN_MAPPING,	/* VM_PFNMAP and not VM_IO */
	TESTMEM_RAW_PFN,	/* a page table entry without struct page */
	TESTMEM_FAILING,	/* faults that fail */
	TESTMEM_OUT_OF_MEMORY,	/* faults that find no memory */
};

static vm_fault_t testmem_fault(struct vm_fault *vmf)
{
	switch (vmf->vma->vm_pgoff) {
	case TESTMEM_FAILING:
		return VM_FAULT_SIGBUS;
	case TESTMEM_OUT_OF_MEMORY:
		return VM_FAULT_OOM;
	default:
		return vmf_insert_pfn(vmf->vma, vmf->address, PFN_WITHOUT_PAGE);
	}
}

static const struct vm_operations_struct testmem_vm_ops = {
	.fault = testmem_fault,
};

static int testmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* vmf_insert_pfn() takes these two kinds of mapping, shared ones. */
	if (!(vma->vm_flags & VM_SHARED) || pfn_valid(PFN_WITHOUT_PAGE))
		return -EINVAL;
	switch (vma->vm_pgoff) {
	case TESTMEM_PFN_MAPPING:
		pindev_vm_flags_set(vma, VM_PFNMAP);
		break;
	case TESTMEM_RAW_PFN:
		pindev_vm_flags_set(vma, VM_MIXEDMAP);
		break;
	case TESTMEM_FAILING:
	case TESTMEM_OUT_OF_MEMORY:
		break;
	default:
		return -EINVAL;
	}
	vma->vm_ops = &testmem_vm_ops;
	return 0;
}

static const struct file_operations testmem_fops = {
	.owner = THIS_MODULE,
	.mmap = testmem_mmap,
};

static struct miscdevice testmem_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pin-testmem",
	.fops = &testmem_fops,
};

module_misc_device(testmem_device);

MODULE_DESCRIPTION("Odd memory for the tests of the pin module");
MODULE_LICENSE("GPL");
