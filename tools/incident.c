// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Incident: see incident.h.
 *
 * The reason is that of the mapping at the first page that was not pinned, by the rules of
 * rule.c; of the page, where its errno or the end of the file tells; of the limit, where
 * nothing failed to be pinned.  What none of that explains stays without a reason, with
 * those that it can be.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "charge.h"
#include "incident.h"
#include "rule.h"
#include "text.h"
#include "tracer.h"

/* include/linux/mm.h, Linux 6.1 to 7.2, on every architecture. */
#define VM_READ		0x1
#define VM_WRITE	0x2
#define VM_EXEC		0x4
#define VM_SHARED	0x8
#define VM_MAYSHARE	0x80
#define VM_UFFD_MISSING	0x200
#define VM_PFNMAP	0x400
#define VM_UFFD_WP	0x1000
#define VM_IO		0x4000
#define VM_HUGETLB	0x400000
#define VM_MIXEDMAP	0x10000000
/* x86: four bits that number the protection key. */
#define VM_PKEY		(UINT64_C(0xf) << 32)

/* Where the C library is older than the kernel. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC	0x5345434d
#endif

/* MKDEV() as the kernel has it. */
#define KERNEL_MINOR_BITS 20

struct caller {
	const char *prefix;
	uint32_t consumer;
};

static const struct caller by_module[] = {
	{ "ib_uverbs", LIBPIN_CONSUMER_RDMA },
	{ "ib_core", LIBPIN_CONSUMER_RDMA },
	{ "vfio", LIBPIN_CONSUMER_VFIO },
	{ "iommufd", LIBPIN_CONSUMER_IOMMUFD },
};

/* Where they are built in. */
static const struct caller by_function[] = {
	{ "ib_umem_", LIBPIN_CONSUMER_RDMA },
	{ "vfio_", LIBPIN_CONSUMER_VFIO },
	{ "iopt_", LIBPIN_CONSUMER_IOMMUFD },
	{ "pfn_reader_", LIBPIN_CONSUMER_IOMMUFD },
	{ "io_", LIBPIN_CONSUMER_IO_URING },
	{ "xdp_umem_", LIBPIN_CONSUMER_XDP },
};

static const uint32_t call_consumers[TRACE_CALL_COUNT] = {
	[TRACE_CALL_IO_URING] = LIBPIN_CONSUMER_IO_URING,
	[TRACE_CALL_RDMA] = LIBPIN_CONSUMER_RDMA,
	[TRACE_CALL_VFIO] = LIBPIN_CONSUMER_VFIO,
	[TRACE_CALL_XDP] = LIBPIN_CONSUMER_XDP,
	[TRACE_CALL_IOMMUFD] = LIBPIN_CONSUMER_IOMMUFD,
};

uint32_t incident_consumer(enum trace_call call)
{
	return call_consumers[call];
}

/* --- who called ---------------------------------------------------------- */

static uint32_t find_caller(const struct caller *callers, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strncmp(name, callers[i].prefix, strlen(callers[i].prefix)))
			return callers[i].consumer;
	return LIBPIN_CONSUMER_ANY;
}

static bool is_pin_function(const char *name)
{
	unsigned int i;

	for (i = 0; i < TRACE_FUNCTION_COUNT; i++)
		if (!strcmp(name, tracer_function(i)))
			return true;
	return false;
}

const struct symbol *incident_frame(const struct symbols *symbols, uint64_t address)
{
	const struct symbol *symbol = symbols_find(symbols, address);

	if (!symbol || !strcmp(symbol->module, "bpf") || !strncmp(symbol->name, "bpf_", 4) ||
	    is_pin_function(symbol->name))
		return NULL;
	return symbol;
}

static void find_subsystem(struct incident *incident, const struct symbols *symbols)
{
	const struct trace_event *event = incident->event;
	const struct symbol *symbol = NULL;
	int i;

	incident->consumer = call_consumers[event->call];
	for (i = 0; i < event->kernel_stack_bytes / (int)sizeof(event->kernel_stack[0]); i++) {
		symbol = incident_frame(symbols, event->kernel_stack[i]);
		if (symbol)
			break;
	}
	if (!incident->consumer && symbol)
		incident->consumer = *symbol->module ?
			find_caller(by_module, ARRAY_SIZE(by_module), symbol->module) :
			find_caller(by_function, ARRAY_SIZE(by_function), symbol->name);
	if (incident->consumer)
		incident->subsystem = libpin_consumer_name(incident->consumer);
	else if (symbol)
		incident->subsystem = *symbol->module ? symbol->module : symbol->name;
	else
		incident->subsystem = "unknown";
}

/* --- the mapping --------------------------------------------------------- */

static uint32_t kind_of_file(const struct trace_event *event)
{
	switch (event->magic) {
	case SECRETMEM_MAGIC:
		return PIN_KIND_SECRETMEM;
	case TMPFS_MAGIC:
		return S_ISREG(event->mode) ? PIN_KIND_SHMEM :
		       S_ISBLK(event->mode) ? PIN_KIND_FILE : PIN_KIND_DEVICE;
	default:
		return S_ISREG(event->mode) || S_ISBLK(event->mode) ? PIN_KIND_FILE
								    : PIN_KIND_DEVICE;
	}
}

static uint32_t kind_of(const struct trace_event *event)
{
	bool file = event->flags & TRACE_F_FILE;

	if (file && event->flags & TRACE_F_DAX)
		return S_ISCHR(event->mode) ? PIN_KIND_DEVDAX : PIN_KIND_FSDAX;
	if (event->vm_flags & VM_HUGETLB || (file && event->magic == HUGETLBFS_MAGIC))
		return PIN_KIND_HUGETLB;
	if (file && event->vm_flags & (VM_IO | VM_PFNMAP))
		return PIN_KIND_DEVICE;
	if (event->function == TRACE_MEMFD_PIN_FOLIOS)
		return kind_of_file(event);
	if (!(event->flags & TRACE_F_OPS))
		return PIN_KIND_ANON;
	return file ? kind_of_file(event) : PIN_KIND_SPECIAL;
}

/* The components stand with the last first. */
static char *path_of(const struct trace_event *event)
{
	size_t length = event->path_length < TRACE_PATH ? event->path_length : TRACE_PATH;
	char *path = text_format("%s", event->flags & TRACE_F_CUT ? "..." : "");
	size_t at = length;

	while (at) {
		size_t end = at - 1;
		char *longer;

		for (at = end; at && event->path[at - 1]; at--)
			;
		longer = text_format("%s%s%.*s", path,
				     event->magic == ANON_INODE_FS_MAGIC ? "" : "/",
				     (int)(end - at), event->path + at);
		free(path);
		path = longer;
	}
	if (event->flags & TRACE_F_DELETED && event->magic != ANON_INODE_FS_MAGIC) {
		char *longer = text_format("%s (deleted)", path);

		free(path);
		path = longer;
	}
	return path;
}

static uint32_t permissions(const struct trace_event *event)
{
	return (event->vm_flags & VM_READ ? PIN_REPORT_READ : 0) |
	       (event->vm_flags & VM_WRITE ? PIN_REPORT_WRITE : 0) |
	       (event->vm_flags & VM_EXEC ? PIN_REPORT_EXEC : 0) |
	       (event->vm_flags & VM_MAYSHARE ? PIN_REPORT_SHARED : 0);
}

static void describe(struct incident *incident, const struct trace_event *event)
{
	struct segment *segment = &incident->segment;

	incident->mapped = event->found == 1;
	if (!incident->mapped)
		return;
	*segment = (struct segment){
		.start = event->vm_start,
		.end = event->vm_end,
		.kind = kind_of(event),
		.flags = permissions(event),
	};
	if (!(event->flags & TRACE_F_FILE))
		return;
	segment->inode = event->inode;
	segment->dev_major = event->dev >> KERNEL_MINOR_BITS;
	segment->dev_minor = event->dev & ((1 << KERNEL_MINOR_BITS) - 1);
	segment->file_offset = event->vm_pgoff * (uint64_t)sysconf(_SC_PAGESIZE);
	segment->path = path_of(event);
}

/* --- why ----------------------------------------------------------------- */

static void may_be(struct incident *incident, uint32_t reason)
{
	if (incident->candidate_count < ARRAY_SIZE(incident->candidates))
		incident->candidates[incident->candidate_count++] = reason;
}

/* FOLL_FORCE writes to what is private, and nobody may write to. */
static bool is_forced(const struct trace_event *pin)
{
	return pin->flags & TRACE_F_FORCE && !(pin->vm_flags & (VM_SHARED | VM_HUGETLB));
}

static uint32_t mapping_reason(const struct incident *incident, const struct trace_event *pin,
			       bool dirty_tracking)
{
	const uint64_t shared_writable = VM_SHARED | VM_WRITE;
	struct rule_facts facts = {
		.io = pin->vm_flags & VM_IO,
		.pfnmap = pin->vm_flags & VM_PFNMAP,
		.fsdax = incident->segment.kind == PIN_KIND_FSDAX,
		.shared = pin->vm_flags & VM_MAYSHARE,
		.secretmem = incident->segment.kind == PIN_KIND_SECRETMEM,
		.dirty_tracking = dirty_tracking && pin->flags & TRACE_F_OPS &&
				  (pin->vm_flags & shared_writable) == shared_writable &&
				  pin->flags & (TRACE_F_MKWRITE | TRACE_F_WRITEBACK),
		.readable = pin->vm_flags & VM_READ || pin->flags & TRACE_F_FORCE,
		.writable = pin->vm_flags & VM_WRITE || is_forced(pin),
	};

	return rule_reason(&facts, pin->flags & TRACE_F_WRITE ? PIN_CHECK_WRITE : 0);
}

static bool is_beyond_eof(const struct incident *incident, const struct trace_event *pin)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), at = pin->failed;

	switch (incident->segment.kind) {
	case PIN_KIND_FILE:
	case PIN_KIND_SHMEM:
	case PIN_KIND_HUGETLB:
	case PIN_KIND_FSDAX:
		break;
	default:
		return false;
	}
	/* A range of a file is refused as a whole. */
	if (pin->function == TRACE_MEMFD_PIN_FOLIOS)
		return pin->address + pin->length > pin->file_size;
	at = at - pin->vm_start + pin->vm_pgoff * page;
	return pin->flags & TRACE_F_FILE && at >= ((pin->file_size + page - 1) & -page);
}

/* What the errno of a page alone can tell. */
static uint32_t page_reason(int error)
{
	switch (error) {
	case EEXIST:
		return PIN_REASON_RAW_PFN;
	case EREMOTEIO:
		return PIN_REASON_P2PDMA;
	case EBUSY:
		return PIN_REASON_DEVICE_BUSY;
	case EHWPOISON:
		return PIN_REASON_HWPOISON;
	case EINTR:
		return PIN_REASON_INTERRUPTED;
	default:
		return PIN_REASON_NONE;
	}
}

/* Of no memory at all, madvise() only tells whether the kernel knows the advice: 6.13. */
static bool has_guard_pages(void)
{
	return !madvise(NULL, 0, MADV_GUARD_INSTALL);
}

/* EFAULT, or too few pages, where no rule about the mapping explains it. */
static void guess_fault(struct incident *incident, const struct trace_event *pin)
{
	if (pin->vm_flags & VM_PKEY)
		may_be(incident, PIN_REASON_PKEY);
	if (pin->vm_flags & (VM_UFFD_MISSING | VM_UFFD_WP))
		may_be(incident, PIN_REASON_USERFAULT);
	if (incident->segment.kind == PIN_KIND_HUGETLB)
		may_be(incident, PIN_REASON_HUGETLB_EMPTY);
	if (pin->vm_flags & VM_MIXEDMAP)
		may_be(incident, PIN_REASON_RAW_PFN);
	if (!(pin->vm_flags & (VM_HUGETLB | VM_MIXEDMAP)) && has_guard_pages())
		may_be(incident, PIN_REASON_GUARD);
	may_be(incident, PIN_REASON_FAULT_FAILED);
	may_be(incident, PIN_REASON_HWPOISON);
}

/*
 * Somebody held mmap_lock for writing as the mapping was to be looked at (bpf_find_vma()
 * does not wait): whatever has this errno.  Leases are the driver's own.
 */
static void guess_unseen(struct incident *incident, int error)
{
	uint32_t reason;

	for (reason = 1; reason <= libpin_reason_last(); reason++)
		if (libpin_reason_error(reason) == error && reason != PIN_REASON_LEASE_PRIVATE)
			may_be(incident, reason);
}

/* Too few pages are told of without an errno: it can be that of any page. */
static void guess(struct incident *incident, const struct trace_event *pin)
{
	int error = pin->result < 0 ? (int)-pin->result : 0;

	if (pin->found < 0 && (!error || error == EFAULT))
		guess_unseen(incident, EFAULT);
	else if (!error || error == EFAULT)
		guess_fault(incident, pin);
	if (pin->found < 0 && !error)
		may_be(incident, PIN_REASON_FSDAX);
	if (!error || error == ENOMEM) {
		may_be(incident, PIN_REASON_MIGRATE_FAILED);
		may_be(incident, PIN_REASON_NO_MEMORY);
	}
	if (error == ENOMEM)
		may_be(incident, PIN_REASON_REFCOUNT);
}

static void judge_pin(struct incident *incident, const struct trace_event *pin,
		      bool dirty_tracking)
{
	int error = pin->result < 0 ? (int)-pin->result : 0;
	uint32_t reason = PIN_REASON_NONE;

	if (pin->found == 0)
		reason = PIN_REASON_HOLE;
	else if (pin->found == 1 && pin->function != TRACE_MEMFD_PIN_FOLIOS)
		reason = mapping_reason(incident, pin, dirty_tracking);
	if (!reason && pin->found == 1 && is_beyond_eof(incident, pin))
		reason = PIN_REASON_BEYOND_EOF;
	else if (!reason)
		reason = page_reason(error);
	/* Only one rule has this errno. */
	if (!reason && error == EOPNOTSUPP)
		reason = PIN_REASON_FSDAX;
	/* Another rule than that which has refused: the mapping is a different one by now. */
	if (reason && error && pin->function != TRACE_MEMFD_PIN_FOLIOS &&
	    libpin_reason_error(reason) != error) {
		may_be(incident, PIN_REASON_MAPPING_CHANGED);
		reason = PIN_REASON_NONE;
	}
	incident->reason = reason;
	if (!reason)
		guess(incident, pin);
}

/* --- limits -------------------------------------------------------------- */

static void read_ledger(struct incident *incident, const struct trace_event *event)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t from = incident->start & -page;

	incident->ledger = charge_ledger(incident->consumer);
	switch (incident->consumer) {
	case LIBPIN_CONSUMER_ANY:
		incident->ledger = NULL;
		return;
	case LIBPIN_CONSUMER_RDMA:
		incident->used = event->pinned_vm * page;
		break;
	case LIBPIN_CONSUMER_VFIO:
		incident->used = event->locked_vm * page;
		break;
	default:
		incident->used = event->user_locked_vm * page;
	}
	incident->asked = ((incident->start + incident->length + page - 1) & -page) - from;
	incident->limit = event->limit;
	incident->exempt = event->flags & TRACE_F_EXEMPT;
}

static bool is_over_limit(const struct incident *incident)
{
	if (!incident->ledger || incident->exempt || incident->limit == UINT64_MAX)
		return false;
	return incident->used > incident->limit ||
	       incident->asked > incident->limit - incident->used;
}

/* Nothing failed to be pinned: what comes before, or after. */
static void judge_call(struct incident *incident)
{
	bool forbidden = incident->consumer == LIBPIN_CONSUMER_RDMA && incident->error == EPERM;
	int error = libpin_reason_error_for(PIN_REASON_MEMLOCK_LIMIT, incident->consumer);

	if (incident->error == error || forbidden) {
		if (is_over_limit(incident))
			incident->reason = PIN_REASON_MEMLOCK_LIMIT;
		else
			may_be(incident, PIN_REASON_MEMLOCK_LIMIT);
		if (!incident->reason)
			may_be(incident, PIN_REASON_NO_MEMORY);
		return;
	}
	if (incident->error == EINTR)
		incident->reason = PIN_REASON_INTERRUPTED;
	if (incident->consumer == LIBPIN_CONSUMER_IO_URING && incident->error == EFAULT &&
	    (!incident->start || !incident->length))
		incident->rule = "io_uring takes no buffer at address 0, and none of no bytes";
	else
		incident->rule = charge_rule(incident->consumer, incident->error,
					     incident->length);
}

static bool has_failed(const struct trace_event *pin)
{
	if (pin->function == TRACE_MEMFD_PIN_FOLIOS)
		return pin->result <= 0;
	return pin->result < 0 ||
	       (uint64_t)pin->result < pin->length / (uint64_t)sysconf(_SC_PAGESIZE);
}

void incident_judge(struct incident *incident, const struct trace_event *call,
		    const struct trace_event *pin, bool dirty_tracking,
		    const struct symbols *symbols)
{
	const struct trace_event *asked = call ? call : pin;

	*incident = (struct incident){ .event = asked };
	find_subsystem(incident, symbols);
	incident->start = asked->address;
	incident->length = asked->length;
	incident->failed = pin ? pin->failed : asked->failed;
	incident->pages = asked->pinned_pages;
	if (asked->result < 0)
		incident->error = (int)-asked->result;
	if (pin)
		incident->function = tracer_function(pin->function);
	describe(incident, pin ? pin : asked);
	read_ledger(incident, asked);
	if (pin && has_failed(pin) && (incident->error || !call)) {
		judge_pin(incident, pin, dirty_tracking);
		/* It tells its caller a number of pages, and what comes of it is the caller's. */
		if (!incident->error)
			incident->error = incident->reason ?
				libpin_reason_error(incident->reason) : EFAULT;
	} else if (incident->error) {
		judge_call(incident);
	}
}

void incident_release(struct incident *incident)
{
	free(incident->segment.path);
}

const struct libpin_remedy *incident_remedy(const struct incident *incident)
{
	const struct libpin_remedy *remedy;
	size_t i;

	for (i = 0; (remedy = libpin_reason_remedy_for(incident->reason, incident->consumer, i));
	     i++)
		if (!(libpin_remedy_flags(remedy) & LIBPIN_REMEDY_NEEDS_LEASE))
			return remedy;
	return NULL;
}
