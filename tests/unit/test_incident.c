// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinctl trace makes of events that the kernel gives only now and then.
 */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "charge.h"
#include "incident.h"
#include "suites.h"
#include "tracer.h"

#define PAGE ((uint64_t)sysconf(_SC_PAGESIZE))
#define START UINT64_C(0x10000)

/* vm_flags, as the kernel numbers them. */
#define VM_READ		0x1
#define VM_WRITE	0x2
#define VM_SHARED	0x88
#define VM_UFFD_WP	0x1000
#define VM_PFNMAP	0x400
#define VM_IO		0x4000
#define VM_HUGETLB	0x400000
#define VM_MIXEDMAP	0x10000000
#define VM_PKEY_1	(UINT64_C(1) << 32)
#define VM_RW		(VM_READ | VM_WRITE)

/* Who else is asked about an incident: the ledgers, and the kernel's symbols. */
const char *charge_ledger(uint32_t consumer)
{
	return consumer ? "VmPin" : NULL;
}

const char *charge_rule(uint32_t consumer, int error, uint64_t length)
{
	(void)consumer;
	(void)error;
	(void)length;
	return NULL;
}

/* The names of the test: an address is the number of one, and 0 is nobody's. */
static const struct symbol *frames;

const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
	(void)symbols;
	return address ? &frames[address - 1] : NULL;
}

static const struct trace_event rdma_call = {
	.type = TRACE_CALL,
	.call = TRACE_CALL_RDMA,
	.result = -EFAULT,
	.address = 0x10000,
	.length = 0x2000,
	.failed = 0x10000,
	.found = -ENOENT,
};

static bool may_be(const struct incident *incident, uint32_t reason)
{
	size_t i;

	for (i = 0; i < incident->candidate_count; i++)
		if (incident->candidates[i] == reason)
			return true;
	return false;
}

/* The lock of the mappings was taken: any mapping can be there. */
START_TEST(test_unseen)
{
	static const int results[] = { -EFAULT, 0, 1 };
	struct trace_event pin = {
		.type = TRACE_PIN,
		.call = TRACE_CALL_RDMA,
		.function = TRACE_PIN_USER_PAGES_FAST,
		.result = results[_i],
		.address = 0x10000,
		.length = 0x2000,
		.failed = 0x10000,
		.flags = TRACE_F_WRITE,
		.found = -EBUSY,
	};
	struct incident incident;

	incident_judge(&incident, &rdma_call, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, 0);
	ck_assert(!incident.mapped);
	ck_assert_int_eq(incident.error, EFAULT);
	ck_assert(may_be(&incident, PIN_REASON_HOLE));
	ck_assert(may_be(&incident, PIN_REASON_FILE_DIRTY_TRACKING));
	ck_assert(may_be(&incident, PIN_REASON_NOT_WRITABLE));
	ck_assert(may_be(&incident, PIN_REASON_FAULT_FAILED));
	ck_assert(may_be(&incident, PIN_REASON_HWPOISON));
	/* A short count has no errno, so it can be that of the next page. */
	ck_assert(may_be(&incident, PIN_REASON_FSDAX) == (results[_i] >= 0));
	ck_assert(!may_be(&incident, PIN_REASON_LEASE_PRIVATE));
	incident_release(&incident);
}
END_TEST

/* One page of two was to be pinned and was not. */
static const struct case_of_mapping {
	const char *what;
	uint64_t vm_flags;
	uint32_t flags;
	uint64_t magic;
	mode_t mode;
	int error;
	uint32_t kind;
	uint32_t reason;
} mappings[] = {
	{ "io", VM_RW | VM_IO, TRACE_F_OPS, 0, 0, EFAULT,
	  PIN_KIND_SPECIAL, PIN_REASON_IO_MAPPING },
	{ "io of a file", VM_RW | VM_IO, TRACE_F_FILE | TRACE_F_OPS, 0, S_IFCHR, EFAULT,
	  PIN_KIND_DEVICE, PIN_REASON_IO_MAPPING },
	{ "page frames", VM_RW | VM_PFNMAP, TRACE_F_OPS, 0, 0, EFAULT,
	  PIN_KIND_SPECIAL, PIN_REASON_PFN_MAPPING },
	{ "fsdax", VM_RW, TRACE_F_FILE | TRACE_F_OPS | TRACE_F_DAX, EXT4_SUPER_MAGIC, S_IFREG,
	  EOPNOTSUPP, PIN_KIND_FSDAX, PIN_REASON_FSDAX },
	{ "devdax", VM_RW, TRACE_F_FILE | TRACE_F_OPS | TRACE_F_DAX, 0, S_IFCHR, EBUSY,
	  PIN_KIND_DEVDAX, PIN_REASON_DEVICE_BUSY },
	{ "secretmem", VM_RW | VM_SHARED, TRACE_F_FILE | TRACE_F_OPS, 0x5345434d, S_IFREG,
	  EFAULT, PIN_KIND_SECRETMEM, PIN_REASON_SECRETMEM },
	{ "file", VM_RW | VM_SHARED, TRACE_F_FILE | TRACE_F_OPS | TRACE_F_WRITEBACK,
	  EXT4_SUPER_MAGIC, S_IFREG, EFAULT, PIN_KIND_FILE, PIN_REASON_FILE_DIRTY_TRACKING },
	{ "read-only", VM_READ, 0, 0, 0, EFAULT, PIN_KIND_ANON, PIN_REASON_NOT_WRITABLE },
	{ "beyond the end", VM_RW, TRACE_F_FILE | TRACE_F_OPS, TMPFS_MAGIC, S_IFREG, EFAULT,
	  PIN_KIND_SHMEM, PIN_REASON_BEYOND_EOF },
	{ "block device on tmpfs", VM_RW, TRACE_F_FILE | TRACE_F_OPS, TMPFS_MAGIC, S_IFBLK,
	  EFAULT, PIN_KIND_FILE, PIN_REASON_BEYOND_EOF },
	{ "hugetlb", VM_RW | VM_HUGETLB, TRACE_F_FILE | TRACE_F_OPS, HUGETLBFS_MAGIC, S_IFREG,
	  EFAULT, PIN_KIND_HUGETLB, PIN_REASON_BEYOND_EOF },
	{ "raw page frames", VM_RW | VM_MIXEDMAP, TRACE_F_OPS, 0, 0, EEXIST,
	  PIN_KIND_SPECIAL, PIN_REASON_RAW_PFN },
	{ "peer to peer", VM_RW, TRACE_F_FILE | TRACE_F_OPS, TMPFS_MAGIC, S_IFCHR, EREMOTEIO,
	  PIN_KIND_DEVICE, PIN_REASON_P2PDMA },
	{ "busy", VM_RW, 0, 0, 0, EBUSY, PIN_KIND_ANON, PIN_REASON_DEVICE_BUSY },
	{ "signal", VM_RW, 0, 0, 0, EINTR, PIN_KIND_ANON, PIN_REASON_INTERRUPTED },
	{ "fsdax until now", VM_RW, 0, 0, 0, EOPNOTSUPP, PIN_KIND_ANON, PIN_REASON_FSDAX },
};

static struct trace_event pin_of(const struct case_of_mapping *mapping)
{
	return (struct trace_event){
		.type = TRACE_PIN,
		.function = TRACE_PIN_USER_PAGES,
		.result = -mapping->error,
		.address = START,
		.length = 2 * PAGE,
		.failed = START + PAGE,
		.flags = mapping->flags | TRACE_F_WRITE,
		.found = 1,
		.vm_start = START,
		.vm_end = START + 2 * PAGE,
		.vm_flags = mapping->vm_flags,
		.magic = mapping->magic,
		.mode = mapping->mode,
		/* Of the two pages, the first is there. */
		.file_size = mapping->reason == PIN_REASON_BEYOND_EOF ? PAGE : 2 * PAGE,
	};
}

START_TEST(test_mapping)
{
	const struct case_of_mapping *mapping = &mappings[_i];
	struct trace_event pin = pin_of(mapping);
	struct incident incident;

	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_msg(incident.reason == mapping->reason, "%s: reason %u, not %u", mapping->what,
		      incident.reason, mapping->reason);
	ck_assert_msg(incident.segment.kind == mapping->kind, "%s: kind %u, not %u",
		      mapping->what, incident.segment.kind, mapping->kind);
	ck_assert_int_eq(incident.error, mapping->error);
	ck_assert_uint_eq(incident.candidate_count, 0);
	ck_assert(incident.mapped);
	ck_assert_str_eq(incident.function, "pin_user_pages");
	ck_assert_str_eq(incident.subsystem, "unknown");
	incident_release(&incident);
}
END_TEST

/* A rule with another errno than the one that was given: what is there is mapped since. */
START_TEST(test_mapping_changed)
{
	struct case_of_mapping mapping = { .vm_flags = VM_READ, .error = EOPNOTSUPP };
	struct trace_event pin = pin_of(&mapping);
	struct incident incident;

	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, 0);
	ck_assert(may_be(&incident, PIN_REASON_MAPPING_CHANGED));
	incident_release(&incident);
}
END_TEST

/* No rule explains it: what it can have been. */
START_TEST(test_guesses)
{
	static const struct {
		uint64_t vm_flags;
		int error;
		uint32_t may;
	} guesses[] = {
		{ VM_RW | VM_PKEY_1, EFAULT, PIN_REASON_PKEY },
		{ VM_RW | VM_UFFD_WP, EFAULT, PIN_REASON_USERFAULT },
		{ VM_RW | VM_HUGETLB, EFAULT, PIN_REASON_HUGETLB_EMPTY },
		{ VM_RW | VM_MIXEDMAP, EFAULT, PIN_REASON_RAW_PFN },
		{ VM_RW, EFAULT, PIN_REASON_FAULT_FAILED },
		{ VM_RW, EFAULT, PIN_REASON_HWPOISON },
		{ VM_RW, ENOMEM, PIN_REASON_MIGRATE_FAILED },
		{ VM_RW, ENOMEM, PIN_REASON_NO_MEMORY },
		{ VM_RW, ENOMEM, PIN_REASON_REFCOUNT },
	};
	struct case_of_mapping mapping = { .vm_flags = guesses[_i].vm_flags };
	struct trace_event pin = pin_of(&mapping);
	struct incident incident;
	uint32_t reason;

	pin.result = -guesses[_i].error;
	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, 0);
	ck_assert_int_eq(incident.error, guesses[_i].error);
	ck_assert(may_be(&incident, guesses[_i].may));
	for (reason = 1; reason <= libpin_reason_last(); reason++)
		ck_assert(!may_be(&incident, reason) || reason == PIN_REASON_RAW_PFN ||
			  libpin_reason_error(reason) == guesses[_i].error ||
			  reason == PIN_REASON_HWPOISON);
	incident_release(&incident);
}
END_TEST

/* The components come with the last first. */
START_TEST(test_paths)
{
	static const struct {
		uint32_t flags;
		uint64_t magic;
		const char *path;
	} paths[] = {
		{ 0, EXT4_SUPER_MAGIC, "/mnt/data" },
		{ TRACE_F_CUT, EXT4_SUPER_MAGIC, ".../mnt/data" },
		{ TRACE_F_DELETED, EXT4_SUPER_MAGIC, "/mnt/data (deleted)" },
		{ TRACE_F_DELETED, ANON_INODE_FS_MAGIC, "mntdata" },
	};
	struct case_of_mapping mapping = {
		.vm_flags = VM_READ,
		.flags = TRACE_F_FILE | TRACE_F_OPS | paths[_i].flags,
		.magic = paths[_i].magic,
		.mode = S_IFREG,
		.error = EFAULT,
	};
	struct trace_event pin = pin_of(&mapping);
	struct incident incident;

	memcpy(pin.path, "data\0mnt", 9);
	pin.path_length = 9;
	pin.inode = 5;
	pin.dev = 6 << 20 | 7;
	pin.vm_pgoff = 8;
	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_str_eq(incident.segment.path, paths[_i].path);
	ck_assert_uint_eq(incident.segment.inode, 5);
	ck_assert_uint_eq(incident.segment.dev_major, 6);
	ck_assert_uint_eq(incident.segment.dev_minor, 7);
	ck_assert_uint_eq(incident.segment.file_offset, 8 * PAGE);
	ck_assert_uint_eq(incident.segment.flags, PIN_REPORT_READ);
	incident_release(&incident);
}
END_TEST

/* Who called, by the first of the kernel's frames that is not the tracer's or the pin's. */
START_TEST(test_callers)
{
	static const struct {
		struct symbol caller;
		const char *subsystem;
		uint32_t consumer;
	} callers[] = {
		{ { 0, "ib_umem_get", "" }, "rdma", LIBPIN_CONSUMER_RDMA },
		{ { 0, "anything", "ib_uverbs" }, "rdma", LIBPIN_CONSUMER_RDMA },
		{ { 0, "vfio_pin_pages", "" }, "vfio", LIBPIN_CONSUMER_VFIO },
		{ { 0, "anything", "vfio_iommu_type1" }, "vfio", LIBPIN_CONSUMER_VFIO },
		{ { 0, "pfn_reader_user_pin", "" }, "iommufd", LIBPIN_CONSUMER_IOMMUFD },
		{ { 0, "io_pin_pages", "" }, "io_uring", LIBPIN_CONSUMER_IO_URING },
		{ { 0, "xdp_umem_reg", "" }, "xdp", LIBPIN_CONSUMER_XDP },
		{ { 0, "udmabuf_create", "" }, "udmabuf_create", LIBPIN_CONSUMER_ANY },
		{ { 0, "anything", "mlx5_vdpa" }, "mlx5_vdpa", LIBPIN_CONSUMER_ANY },
	};
	struct symbol stack[] = {
		{ 0, "anything", "bpf" }, { 0, "bpf_trampoline", "" },
		{ 0, "pin_user_pages", "" }, callers[_i].caller,
	};
	struct case_of_mapping mapping = { .vm_flags = VM_READ, .error = EFAULT };
	struct trace_event pin = pin_of(&mapping);
	struct incident incident;
	unsigned int i;

	frames = stack;
	for (i = 1; i <= 4; i++)
		pin.kernel_stack[i] = i;
	pin.kernel_stack_bytes = 5 * sizeof(pin.kernel_stack[0]);
	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_str_eq(incident.subsystem, callers[_i].subsystem);
	ck_assert_uint_eq(incident.consumer, callers[_i].consumer);
	incident_release(&incident);
}
END_TEST

/* Nothing failed to be pinned: the limit, as far as the figures tell. */
START_TEST(test_limits)
{
	static const struct {
		uint32_t call;
		int error;
		uint64_t limit;
		uint32_t flags;
		uint32_t reason;
	} limits[] = {
		{ TRACE_CALL_RDMA, ENOMEM, 3, 0, PIN_REASON_MEMLOCK_LIMIT },
		{ TRACE_CALL_RDMA, EPERM, 3, 0, PIN_REASON_MEMLOCK_LIMIT },
		{ TRACE_CALL_RDMA, ENOMEM, 4, 0, 0 },
		{ TRACE_CALL_RDMA, ENOMEM, 3, TRACE_F_EXEMPT, 0 },
		{ TRACE_CALL_VFIO, ENOMEM, 4, 0, PIN_REASON_MEMLOCK_LIMIT },
		{ TRACE_CALL_VFIO, ENOMEM, 5, 0, 0 },
		{ TRACE_CALL_IO_URING, ENOMEM, 5, 0, PIN_REASON_MEMLOCK_LIMIT },
		{ TRACE_CALL_IO_URING, EINTR, 5, 0, PIN_REASON_INTERRUPTED },
		{ TRACE_CALL_XDP, ENOBUFS, 5, 0, PIN_REASON_MEMLOCK_LIMIT },
	};
	struct trace_event call = {
		.type = TRACE_CALL,
		.call = limits[_i].call,
		.result = -limits[_i].error,
		.address = START,
		.length = 2 * PAGE,
		.flags = limits[_i].flags,
		.limit = limits[_i].limit * PAGE,
		.pinned_vm = 2,
		.locked_vm = 3,
		.user_locked_vm = 4,
	};
	struct incident incident;

	incident_judge(&incident, &call, NULL, true, NULL);
	ck_assert_uint_eq(incident.reason, limits[_i].reason);
	ck_assert_uint_eq(incident.asked, 2 * PAGE);
	ck_assert(may_be(&incident, PIN_REASON_MEMLOCK_LIMIT) == !limits[_i].reason);
	ck_assert(may_be(&incident, PIN_REASON_NO_MEMORY) == !limits[_i].reason);
	if (limits[_i].reason == PIN_REASON_MEMLOCK_LIMIT)
		ck_assert_ptr_nonnull(incident_remedy(&incident));
	incident_release(&incident);
}
END_TEST

START_TEST(test_no_buffer)
{
	struct trace_event call = {
		.type = TRACE_CALL, .call = TRACE_CALL_IO_URING, .result = -EFAULT,
	};
	struct incident incident;

	incident_judge(&incident, &call, NULL, true, NULL);
	ck_assert_uint_eq(incident.reason, 0);
	ck_assert_ptr_nonnull(strstr(incident.rule, "at address 0"));
	ck_assert_ptr_null(incident_remedy(&incident));
	incident_release(&incident);
}
END_TEST

/* A range of a file is refused as a whole, and none of its pages tells an errno. */
START_TEST(test_folios)
{
	struct case_of_mapping mapping = {
		.vm_flags = VM_RW, .flags = TRACE_F_FILE, .magic = TMPFS_MAGIC, .mode = S_IFREG,
	};
	struct trace_event pin = pin_of(&mapping);
	struct incident incident;

	pin.function = TRACE_MEMFD_PIN_FOLIOS;
	pin.address = 0;
	pin.file_size = PAGE;
	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, PIN_REASON_BEYOND_EOF);
	ck_assert_uint_eq(incident.segment.kind, PIN_KIND_SHMEM);
	incident_release(&incident);
	pin.file_size = 2 * PAGE;
	pin.result = -EHWPOISON;
	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, PIN_REASON_HWPOISON);
	incident_release(&incident);
	pin.found = 0;
	incident_judge(&incident, NULL, &pin, true, NULL);
	ck_assert_uint_eq(incident.reason, PIN_REASON_HOLE);
	incident_release(&incident);
}
END_TEST

/* These tests have a pinctl without trace. */
START_TEST(test_not_built)
{
	struct tracer *tracer = (void *)1;
	const char *what = NULL;

	ck_assert(!tracer_is_built());
	ck_assert_int_eq(tracer_open(&tracer, NULL, &what), -EOPNOTSUPP);
	ck_assert_ptr_null(tracer);
	ck_assert_str_eq(what, "libbpf");
	ck_assert(!tracer_has_dirty_tracking(tracer));
	ck_assert(!tracer_sees(tracer, TRACE_CALL_RDMA));
	ck_assert_uint_eq(tracer_attached(tracer), 0);
	ck_assert_int_eq(tracer_fd(tracer), -1);
	ck_assert_int_eq(tracer_take(tracer), -EOPNOTSUPP);
	ck_assert_uint_eq(tracer_lost(tracer), 0);
	tracer_close(tracer);
}
END_TEST

Suite *suite_incident(void)
{
	Suite *suite = suite_create("incident");
	TCase *tcase = tcase_create("incident");

	tcase_add_loop_test(tcase, test_unseen, 0, 3);
	tcase_add_loop_test(tcase, test_mapping, 0,
			    (int)(sizeof(mappings) / sizeof(mappings[0])));
	tcase_add_test(tcase, test_mapping_changed);
	tcase_add_loop_test(tcase, test_guesses, 0, 9);
	tcase_add_loop_test(tcase, test_paths, 0, 4);
	tcase_add_loop_test(tcase, test_callers, 0, 9);
	tcase_add_loop_test(tcase, test_limits, 0, 9);
	tcase_add_test(tcase, test_no_buffer);
	tcase_add_test(tcase, test_folios);
	tcase_add_test(tcase, test_not_built);
	suite_add_tcase(suite, tcase);
	return suite;
}
