// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit for classify.c: the rules on mappings that no process here can have, and
 * their order where several refuse.
 *
 * classify.c is included for its static functions; see runs_kunit.c.
 */
#include <kunit/test.h>

#include "../classify.c"

/* classify.c adds to reports, no test here does. */
void pindev_reports_add(struct pindev_reports *reports,
			const struct pin_report *report)
{
}

static u32 judge(vm_flags_t flags, u32 kind, bool write)
{
	struct vm_area_struct vma = { .vm_flags = flags };

	return reason_of(&vma, kind, write);
}

static void shadow_stack(struct kunit *test)
{
	const vm_flags_t flags = VM_SHADOW_STACK | VM_READ | VM_WRITE;

	KUNIT_ASSERT_NE(test, (u64)VM_SHADOW_STACK, 0ULL);
	KUNIT_EXPECT_EQ(test, judge(flags, PIN_KIND_ANON, true),
			PIN_REASON_SHADOW_STACK);
	KUNIT_EXPECT_EQ(test, judge(flags, PIN_KIND_ANON, false),
			PIN_REASON_NONE);
	/* The kernel asks for the shadow stack before it asks for VM_WRITE. */
	KUNIT_EXPECT_EQ(test, judge(flags & ~VM_WRITE, PIN_KIND_ANON, true),
			PIN_REASON_SHADOW_STACK);
}

static void first_rule_wins(struct kunit *test)
{
	static const struct {
		vm_flags_t flags;
		u32 kind;
		u32 reads;
		u32 writes;
	} cases[] = {
		{ VM_IO | VM_PFNMAP, PIN_KIND_DEVICE,
		  PIN_REASON_IO_MAPPING, PIN_REASON_IO_MAPPING },
		{ VM_PFNMAP, PIN_KIND_DEVICE,
		  PIN_REASON_PFN_MAPPING, PIN_REASON_PFN_MAPPING },
		{ VM_IO, PIN_KIND_FSDAX,
		  PIN_REASON_IO_MAPPING, PIN_REASON_IO_MAPPING },
		{ VM_PFNMAP, PIN_KIND_SECRETMEM,
		  PIN_REASON_PFN_MAPPING, PIN_REASON_PFN_MAPPING },
		{ 0, PIN_KIND_FSDAX, PIN_REASON_FSDAX, PIN_REASON_FSDAX },
		{ 0, PIN_KIND_SECRETMEM,
		  PIN_REASON_SECRETMEM, PIN_REASON_SECRETMEM },
		{ 0, PIN_KIND_ANON,
		  PIN_REASON_NOT_READABLE, PIN_REASON_NOT_WRITABLE },
		{ VM_EXEC, PIN_KIND_ANON,
		  PIN_REASON_NOT_READABLE, PIN_REASON_NOT_WRITABLE },
		{ VM_READ, PIN_KIND_ANON,
		  PIN_REASON_NONE, PIN_REASON_NOT_WRITABLE },
		{ VM_WRITE, PIN_KIND_ANON,
		  PIN_REASON_NOT_READABLE, PIN_REASON_NONE },
		{ VM_READ | VM_WRITE, PIN_KIND_ANON,
		  PIN_REASON_NONE, PIN_REASON_NONE },
		{ VM_MIXEDMAP | VM_READ | VM_WRITE, PIN_KIND_DEVICE,
		  PIN_REASON_NONE, PIN_REASON_NONE },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, judge(cases[i].flags, cases[i].kind,
						false),
				    cases[i].reads, "case %d", i);
		KUNIT_EXPECT_EQ_MSG(test, judge(cases[i].flags, cases[i].kind,
						true),
				    cases[i].writes, "case %d", i);
	}
}

static vm_fault_t mkwrite(struct vm_fault *vmf)
{
	return 0;
}

/* A mapping whose maker wants to hear of writes; only shared writable ones count. */
static void dirty_tracking(struct kunit *test)
{
	static const struct vm_operations_struct page_ops = {
		.page_mkwrite = mkwrite,
	}, pfn_ops = {
		.pfn_mkwrite = mkwrite,
	}, no_ops;
	const vm_flags_t both = VM_READ | VM_WRITE | VM_SHARED;
	struct vm_area_struct page_vma = { .vm_flags = both, .vm_ops = &page_ops };
	struct vm_area_struct pfn_vma = { .vm_flags = both, .vm_ops = &pfn_ops };
	struct vm_area_struct plain = { .vm_flags = both, .vm_ops = &no_ops };
	struct vm_area_struct private = {
		.vm_flags = both & ~VM_SHARED, .vm_ops = &page_ops,
	};

	KUNIT_EXPECT_EQ(test, reason_of(&page_vma, PIN_KIND_DEVICE, true),
			PIN_REASON_FILE_DIRTY_TRACKING);
	KUNIT_EXPECT_EQ(test, reason_of(&page_vma, PIN_KIND_DEVICE, false),
			PIN_REASON_NONE);
	KUNIT_EXPECT_EQ(test, reason_of(&pfn_vma, PIN_KIND_DEVICE, true),
			PIN_REASON_FILE_DIRTY_TRACKING);
	KUNIT_EXPECT_EQ(test, reason_of(&plain, PIN_KIND_DEVICE, true),
			PIN_REASON_NONE);
	KUNIT_EXPECT_EQ(test, reason_of(&private, PIN_KIND_DEVICE, true),
			PIN_REASON_NONE);
}

static void kinds_without_a_file(struct kunit *test)
{
	static const struct vm_operations_struct ops;
	struct vm_area_struct anon = { .vm_flags = VM_READ };
	struct vm_area_struct special = { .vm_flags = VM_READ, .vm_ops = &ops };
	struct vm_area_struct hugetlb = { .vm_flags = VM_HUGETLB, .vm_ops = &ops };

	KUNIT_EXPECT_EQ(test, kind_of(&anon), PIN_KIND_ANON);
	KUNIT_EXPECT_EQ(test, kind_of(&special), PIN_KIND_SPECIAL);
	KUNIT_EXPECT_EQ(test, kind_of(&hugetlb), PIN_KIND_HUGETLB);
}

/* An entry of a table of reasons and errnos; the name is for user space. */
#define REASON_AND_ERRNO(constant, name, error, scope)	{ (constant), (error) },

static void refusals_have_the_errno_of_the_table(struct kunit *test)
{
	static const struct {
		u32 reason;
		u32 error;
	} table[] = { PIN_REASON_TABLE(REASON_AND_ERRNO) };
	struct pin_refusal refusal;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		err = pindev_refuse(&refusal, table[i].reason, 7);
		KUNIT_EXPECT_EQ(test, err, -(int)table[i].error);
		KUNIT_EXPECT_EQ(test, refusal.error, table[i].error);
		KUNIT_EXPECT_EQ(test, refusal.reason, table[i].reason);
		KUNIT_EXPECT_EQ(test, refusal.addr, 7ULL);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(shadow_stack),
	KUNIT_CASE(first_rule_wins),
	KUNIT_CASE(dirty_tracking),
	KUNIT_CASE(kinds_without_a_file),
	KUNIT_CASE(refusals_have_the_errno_of_the_table),
	{ }
};

static struct kunit_suite suite = {
	.name = "pin-classify",
	.test_cases = cases,
};

kunit_test_suite(suite);
