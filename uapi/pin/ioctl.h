/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ioctl interface of /dev/pin: long-term pins of the caller's own memory,
 * and the reason whenever memory cannot be pinned.
 */
#ifndef _PIN_IOCTL_H
#define _PIN_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <pin/types.h>

/**
 * DOC: Rules of every command
 *
 * Each command takes a pointer to one struct whose first member, @size, the
 * caller sets to the size of the struct it was compiled with.  Commands are
 * _IO() numbers, so that they stay the same when a struct grows.
 *
 * - A @size smaller than the struct's first version is EINVAL; larger than
 *   what the module knows is fine if the unknown bytes are zero, otherwise
 *   E2BIG; larger than a page is E2BIG.
 * - Members marked "out" are ignored on input and are always overwritten, on
 *   failure too, as long as @size itself could be read.  The module writes no
 *   byte beyond the smaller of both sizes.
 * - Reserved members and unknown flags must be zero: EINVAL.  A known flag
 *   that this module or kernel does not offer is EOPNOTSUPP with reason 0;
 *   &struct pin_info.features tells beforehand.
 * - A failure with a reason (@pin_refusal.reason not 0) is a refusal: the
 *   request was sound, the memory cannot be pinned.  The errno is then the one
 *   that a driver pinning with FOLL_LONGTERM gets on the newest kernel, and is
 *   repeated in @pin_refusal.error.  A failure with reason 0 is a malformed
 *   request, a bad pointer or a missing permission.
 * - A record in an array has its size in the request.  The module writes
 *   records of that size: it cuts what the caller does not know and fills with
 *   zeros what it does not know itself.  A size smaller than the record's
 *   first version is EINVAL.
 *
 * Errno of a malformed or forbidden request, in every command:
 *
 * - ENOTTY: unknown command
 * - EINVAL: malformed: size, flags, reserved members, zero length
 * - E2BIG: bytes after the known part are not zero
 * - EOVERFLOW: address + length, rounded up to whole pages, wraps around
 * - EOPNOTSUPP: a known flag that is not available here
 * - ENOENT: no pin with this id in this context
 * - EACCES: the command needs a descriptor open for writing
 * - EPERM: the caller lacks a capability, or the pin is for reading only
 * - EIO: a hardware memory error in a pinned page
 * - ESRCH: no such process
 * - EMSGSIZE: the array is too small for even one record, or for a result that
 *   cannot be cut
 * - ESTALE: the pin has been revoked
 * - EFAULT: a pointer in the request, or to it, is bad
 * - EINTR: a fatal signal
 * - ENOMEM: no memory for the request itself
 *
 * Addresses: any address and any length above zero; what counts are the pages
 * that overlap [addr, addr + length).  @end members are exclusive.
 */

#define PIN_IOC_MAGIC	0x9B

/** PIN_ABI_VERSION - raised when a rule changes; new features only add bits */
#define PIN_ABI_VERSION	1

/** PIN_ALL_PAGES - "no limit" in members that count pages */
#define PIN_ALL_PAGES	(~(__u64)0)

enum {
	PIN_CMD_INFO = 0x00,
	PIN_CMD_PIN = 0x01,
	PIN_CMD_UNPIN = 0x02,
	PIN_CMD_CHECK = 0x03,
	PIN_CMD_QUERY = 0x04,
	PIN_CMD_LIST = 0x05,
	PIN_CMD_RUNS = 0x06,
	PIN_CMD_READ = 0x07,
	PIN_CMD_WRITE = 0x08
};

/**
 * struct pin_refusal - where and why a pin was refused
 * @addr: out: first byte of the lowest page that cannot be pinned; for a limit
 *	or a cap the first byte of the first page of the range
 * @error: out: the errno, positive; 0 with reason 0
 * @reason: out: enum pin_reason; 0 when nothing was refused
 */
struct pin_refusal {
	__aligned_u64 addr;
	__u32 error;
	__u32 reason;
};

/**
 * enum pin_report_flags - properties of a report
 * @PIN_REPORT_READ: the mapping has PROT_READ
 * @PIN_REPORT_WRITE: the mapping has PROT_WRITE
 * @PIN_REPORT_EXEC: the mapping has PROT_EXEC
 * @PIN_REPORT_SHARED: MAP_SHARED
 * @PIN_REPORT_TRY: no rule refuses the mapping, but only trying can tell
 *	whether each page can be had (end of file, userfaultfd, guard pages,
 *	the hugetlb pool, pages that another driver inserts).  What can befall
 *	a page of any mapping is not foreseen: hwpoison, migrate-failed,
 *	device-busy, refcount, no-memory, and fault-failed where storage fails
 *	or is full
 * @PIN_REPORT_PAGE: the reason belongs to one page, at pin_refusal.addr, and
 *	was found by trying
 * @PIN_REPORT_LEASE: refused for the long term, but PIN_F_LEASE would work
 */
enum pin_report_flags {
	PIN_REPORT_READ = 1 << 0,
	PIN_REPORT_WRITE = 1 << 1,
	PIN_REPORT_EXEC = 1 << 2,
	PIN_REPORT_SHARED = 1 << 3,
	PIN_REPORT_TRY = 1 << 4,
	PIN_REPORT_PAGE = 1 << 5,
	PIN_REPORT_LEASE = 1 << 6
};

/**
 * struct pin_report - one mapping's segment of the asked range
 * @start: first byte, page aligned
 * @end: first byte after the segment, page aligned
 * @kind: enum pin_kind
 * @reason: enum pin_reason; 0 if no rule refuses the segment
 * @error: the reason's errno, positive, or 0
 * @flags: enum pin_report_flags
 * @page_size: size of the mapping's pages in bytes; 0 for a hole
 * @file_offset: offset in the file of @start, in bytes; 0 without a file
 * @inode: inode number of the file; 0 without a file
 * @dev_major: device number of the file's filesystem, as in /proc/PID/maps
 * @dev_minor: see @dev_major
 *
 * The reports of a range are sorted, do not overlap and leave no gap: what is
 * not mapped is a report of kind PIN_KIND_HOLE.
 */
struct pin_report {
	__aligned_u64 start;
	__aligned_u64 end;
	__u32 kind;
	__u32 reason;
	__u32 error;
	__u32 flags;
	__aligned_u64 page_size;
	__aligned_u64 file_offset;
	__aligned_u64 inode;
	__u32 dev_major;
	__u32 dev_minor;
};

/**
 * enum pin_features - what this module on this kernel can do
 * @PIN_FEATURE_LONGTERM: PIN, UNPIN and QUERY with longterm pins
 * @PIN_FEATURE_CHECK: CHECK of the caller's own mappings
 * @PIN_FEATURE_CHECK_LIMITS: PIN_CHECK_LIMITS
 * @PIN_FEATURE_CHECK_OTHER: CHECK of another process
 * @PIN_FEATURE_LIST: LIST
 * @PIN_FEATURE_RUNS: RUNS
 * @PIN_FEATURE_ACCESS: READ and WRITE
 * @PIN_FEATURE_LEASE: PIN_F_LEASE, and events by read(2) and poll(2)
 * @PIN_FEATURE_LEDGER: the netlink family
 */
enum pin_features {
	PIN_FEATURE_LONGTERM = 1 << 0,
	PIN_FEATURE_CHECK = 1 << 1,
	PIN_FEATURE_CHECK_LIMITS = 1 << 2,
	PIN_FEATURE_CHECK_OTHER = 1 << 3,
	PIN_FEATURE_LIST = 1 << 4,
	PIN_FEATURE_RUNS = 1 << 5,
	PIN_FEATURE_ACCESS = 1 << 6,
	PIN_FEATURE_LEASE = 1 << 7,
	PIN_FEATURE_LEDGER = 1 << 8
};

/**
 * struct pin_info - PIN_IOC_INFO: the module, its caps and the caller's limits
 * @size: sizeof(struct pin_info)
 * @flags: must be 0
 * @features: out: enum pin_features
 * @abi_version: out: PIN_ABI_VERSION of the module
 * @page_size: out: the kernel's base page size in bytes
 * @system_cap_pages: out: cap of the module parameter max_pages
 * @system_pinned_pages: out: pages that all contexts have charged to that cap
 * @context_cap_pins: out: cap of the module parameter max_pins
 * @context_pins: out: pins in this context, revoked ones included
 * @user_limit_pages: out: RLIMIT_MEMLOCK of the calling process in pages;
 *	PIN_ALL_PAGES if unlimited or if the caller has CAP_IPC_LOCK in the
 *	initial user namespace and so is not held to it
 * @user_charged_pages: out: pages that all processes of the caller's user have
 *	charged to the limit (user->locked_vm: /dev/pin, io_uring, AF_XDP,
 *	iommufd, perf, memfd_secret); no file in /proc shows this figure
 * @mm_pinned_pages: out: pages pinned by the calling process (VmPin)
 *
 * A read-only descriptor suffices.
 */
struct pin_info {
	__u32 size;
	__u32 flags;
	__aligned_u64 features;
	__u32 abi_version;
	__u32 page_size;
	__aligned_u64 system_cap_pages;
	__aligned_u64 system_pinned_pages;
	__aligned_u64 context_cap_pins;
	__aligned_u64 context_pins;
	__aligned_u64 user_limit_pages;
	__aligned_u64 user_charged_pages;
	__aligned_u64 mm_pinned_pages;
};

#define PIN_IOC_INFO	_IO(PIN_IOC_MAGIC, PIN_CMD_INFO)

/**
 * enum pin_flags - how to pin
 * @PIN_F_WRITE: for write access, by WRITE or by a device; without it the pin
 *	is for reading only
 * @PIN_F_LEASE: allow a lease where a longterm pin is impossible: for shared
 *	mappings of filesystem-DAX files; needs PIN_F_WRITE.  The rest of the range
 *	is pinned for the long term.  Where nothing needs a lease the pin is a
 *	longterm one, see @pin_query.mode
 *
 * A lease ends when the kernel needs the memory back: when the file is truncated,
 * punched or its blocks are moved, when the mapping is removed, moved or discarded
 * (munmap, mremap, MADV_DONTNEED, exec, exit), or when the device goes.  Nobody waits
 * for the holder: when such a call returns, the lease's memory is not pinned any
 * more.  The pin as a whole is then revoked: READ, WRITE and RUNS are ESTALE, an
 * event is told by read(2), and the id stays until UNPIN.
 */
enum pin_flags {
	PIN_F_WRITE = 1 << 0,
	PIN_F_LEASE = 1 << 1
};

/**
 * struct pin_pin - PIN_IOC_PIN: pin a range of the caller's memory
 * @size: sizeof(struct pin_pin)
 * @flags: enum pin_flags
 * @addr: first byte
 * @length: bytes, above 0
 * @cookie: the caller's own value; QUERY, LIST and events return it
 * @reports: user pointer to an array of struct pin_report, or 0
 * @reports_capacity: how many reports fit into the array
 * @report_size: sizeof(struct pin_report) of the caller; ignored if
 *	@reports_capacity is 0
 * @id: out: the pin; unique in the system, never used again; 0 on failure
 * @pages: out: base pages in the range that are now pinned
 * @runs: out: physically consecutive runs of pages, as RUNS tells them
 * @refusal: out: why not
 * @reports_count: out: reports written; the array is filled from the lowest
 *	address on and may be cut short
 * @__reserved: out: 0
 *
 * All or nothing.  A longterm pin survives munmap(2), fork(2), exec(2) and the end
 * of the process for as long as the context is open.  Pages are charged before
 * anything is pinned: every base page of the range, for hugetlb every page of each
 * huge page that the range touches.  They count against RLIMIT_MEMLOCK of the
 * caller's user, unless he has CAP_IPC_LOCK in the initial user namespace.
 */
struct pin_pin {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 cookie;
	__aligned_u64 reports;
	__u32 reports_capacity;
	__u32 report_size;
	__aligned_u64 id;
	__aligned_u64 pages;
	__aligned_u64 runs;
	struct pin_refusal refusal;
	__u32 reports_count;
	__u32 __reserved;
};

#define PIN_IOC_PIN	_IO(PIN_IOC_MAGIC, PIN_CMD_PIN)

/**
 * struct pin_unpin - PIN_IOC_UNPIN: release a pin, a revoked one too
 * @size: sizeof(struct pin_unpin)
 * @flags: must be 0
 * @id: the pin
 *
 * Any holder of the context may release any of its pins.  Pages are marked
 * dirty if the pin was for write.
 */
struct pin_unpin {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

#define PIN_IOC_UNPIN	_IO(PIN_IOC_MAGIC, PIN_CMD_UNPIN)

/**
 * enum pin_check_flags - what CHECK asks
 * @PIN_CHECK_WRITE: judge a pin for write
 * @PIN_CHECK_REFUSED: report only what would be refused
 * @PIN_CHECK_MAPPED: do not report holes
 * @PIN_CHECK_LIMITS: judge limits and caps too, for the range as a whole; only
 *	of the caller (EOPNOTSUPP with another process)
 * @PIN_CHECK_LEASE: judge a pin with PIN_F_LEASE; needs PIN_CHECK_WRITE
 */
enum pin_check_flags {
	PIN_CHECK_WRITE = 1 << 0,
	PIN_CHECK_REFUSED = 1 << 1,
	PIN_CHECK_MAPPED = 1 << 2,
	PIN_CHECK_LIMITS = 1 << 3,
	PIN_CHECK_LEASE = 1 << 4
};

/**
 * struct pin_check - PIN_IOC_CHECK: judge a range without touching it
 * @size: sizeof(struct pin_check)
 * @flags: enum pin_check_flags
 * @pid: process to ask about, in the caller's pid namespace; 0: the caller.
 *	Another process needs CAP_SYS_PTRACE over its user namespace (EPERM,
 *	also for the caller's other processes, for kernel threads and for the
 *	dead; ESRCH only if there is none with this number); security modules
 *	are not asked.  Its protection keys are not known
 * @report_size: sizeof(struct pin_report) of the caller
 * @addr: first byte
 * @length: bytes, above 0
 * @cursor: address to go on from: 0 at first, then @next of the call before
 * @reports: user pointer to an array of struct pin_report
 * @reports_capacity: how many reports fit into the array, at least 1
 * @__reserved: must be 0
 * @next: out: where the next call goes on; the page-aligned end of the range
 *	when all of it has been judged
 * @refusal: out: the lowest refusal in the part judged by this call; a limit
 *	only in the call that reaches the end, and only if nothing else in that
 *	part refuses
 * @charge_pages: out: what a pin of the whole range would be charged
 * @reports_count: out: reports written
 * @__reserved2: out: 0
 *
 * Pins nothing and faults nothing in.  Reports tile the part judged, unless
 * flags leave some out.  One call does a bounded amount of work: go on until
 * @next is the end.  The answer is advisory: mappings can change after it.
 * A read-only descriptor suffices.
 *
 * The call succeeds whether or not the range can be pinned.
 */
struct pin_check {
	__u32 size;
	__u32 flags;
	__s32 pid;
	__u32 report_size;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 cursor;
	__aligned_u64 reports;
	__u32 reports_capacity;
	__u32 __reserved;
	__aligned_u64 next;
	struct pin_refusal refusal;
	__aligned_u64 charge_pages;
	__u32 reports_count;
	__u32 __reserved2;
};

#define PIN_IOC_CHECK	_IO(PIN_IOC_MAGIC, PIN_CMD_CHECK)

/** PIN_COMM_LEN - bytes of a process name, the terminating zero included */
#define PIN_COMM_LEN	16

/**
 * struct pin_query - PIN_IOC_QUERY: everything about one pin
 * @size: sizeof(struct pin_query)
 * @flags: must be 0
 * @id: the pin
 * @nodes: user pointer to an array of __u64: pages on NUMA node 0, 1, ...;
 *	or 0
 * @nodes_capacity: elements in the array; 0 if not wanted, otherwise EMSGSIZE
 *	if it is smaller than @nodes_count
 * @__reserved: must be 0
 * @nodes_count: out: elements of the whole array, the highest possible node
 *	number of this machine plus one
 * @pin_flags: out: enum pin_flags that it was pinned with
 * @addr: out: first byte that was asked for
 * @length: out: bytes that were asked for
 * @cookie: out: the caller's own value
 * @mode: out: enum pin_mode
 * @state: out: enum pin_state
 * @pages: out: base pages of the range that are pinned; 0 once revoked
 * @runs: out: physically consecutive runs
 * @charged_pages: out: pages that the pin counts for in VmPin, in the module's
 *	cap and, without CAP_IPC_LOCK, in the user's limit; more than @pages where
 *	hugetlb pages are pinned in part
 * @start_time_ns: out: when it was pinned, nanoseconds of CLOCK_REALTIME
 * @uid: out: user that pinned, in the caller's user namespace
 * @pid: out: process that pinned, in the caller's pid namespace; 0 if it has
 *	no number there
 * @comm: out: that process's name at the time
 */
struct pin_query {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 nodes;
	__u32 nodes_capacity;
	__u32 __reserved;
	__u32 nodes_count;
	__u32 pin_flags;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 cookie;
	__u32 mode;
	__u32 state;
	__aligned_u64 pages;
	__aligned_u64 runs;
	__aligned_u64 charged_pages;
	__aligned_u64 start_time_ns;
	__u32 uid;
	__s32 pid;
	char comm[PIN_COMM_LEN];
};

#define PIN_IOC_QUERY	_IO(PIN_IOC_MAGIC, PIN_CMD_QUERY)

/**
 * enum pin_list_flags - what LIST lists
 * @PIN_LIST_REVOKED: only pins in PIN_STATE_REVOKED
 */
enum pin_list_flags {
	PIN_LIST_REVOKED = 1 << 0
};

/**
 * struct pin_list - PIN_IOC_LIST: the ids of the pins in this context
 * @size: sizeof(struct pin_list)
 * @flags: enum pin_list_flags
 * @cursor: only ids above this one: 0 at first, then @next of the call before
 * @ids: user pointer to an array of __u64
 * @ids_capacity: elements that fit, at least 1
 * @__reserved: must be 0
 * @next: out: cursor of the next call; 0 when there are no more
 * @total: out: pins in the context, all of them, after the ids were looked up: others
 *	may have unpinned some of these meanwhile
 * @ids_count: out: ids written, in rising order
 * @__reserved2: out: 0
 */
struct pin_list {
	__u32 size;
	__u32 flags;
	__aligned_u64 cursor;
	__aligned_u64 ids;
	__u32 ids_capacity;
	__u32 __reserved;
	__aligned_u64 next;
	__aligned_u64 total;
	__u32 ids_count;
	__u32 __reserved2;
};

#define PIN_IOC_LIST	_IO(PIN_IOC_MAGIC, PIN_CMD_LIST)

/**
 * enum pin_run_flags - properties of a run
 * @PIN_RUN_PHYS_WITHHELD: the caller may not see physical addresses, @phys
 *	is 0: it needs CAP_SYS_ADMIN in the initial user namespace
 */
enum pin_run_flags {
	PIN_RUN_PHYS_WITHHELD = 1 << 0
};

/**
 * struct pin_run - physically consecutive memory of a pin
 * @offset: bytes from the page-aligned start of the pinned range
 * @length: bytes
 * @phys: physical address in bytes, or 0
 * @node: NUMA node
 * @flags: enum pin_run_flags
 */
struct pin_run {
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 phys;
	__u32 node;
	__u32 flags;
};

/**
 * struct pin_runs - PIN_IOC_RUNS: the physical runs of a pin
 * @size: sizeof(struct pin_runs)
 * @flags: must be 0
 * @id: the pin
 * @cursor: number of the run to begin with: 0, then @next of the call before
 * @runs: user pointer to an array of struct pin_run
 * @runs_capacity: how many runs fit, at least 1
 * @run_size: sizeof(struct pin_run) of the caller
 * @next: out: cursor of the next call; @total when there are no more
 * @total: out: runs of the pin
 * @runs_count: out: runs written
 * @__reserved: out: 0
 */
struct pin_runs {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 cursor;
	__aligned_u64 runs;
	__u32 runs_capacity;
	__u32 run_size;
	__aligned_u64 next;
	__aligned_u64 total;
	__u32 runs_count;
	__u32 __reserved;
};

#define PIN_IOC_RUNS	_IO(PIN_IOC_MAGIC, PIN_CMD_RUNS)

/**
 * struct pin_access - PIN_IOC_READ and PIN_IOC_WRITE: copy through a pin
 * @size: sizeof(struct pin_access)
 * @flags: must be 0
 * @id: the pin; WRITE needs one that was pinned with PIN_F_WRITE (EPERM)
 * @offset: bytes from @pin_pin.addr; EINVAL if beyond the pinned length
 * @buffer: user pointer to read into or to write from
 * @length: bytes; cut at the end of the pin
 * @done: out: bytes copied; less than @length at the end of the pin or if a
 *	later byte could not be copied, as with read(2)
 *
 * Goes to the pinned pages themselves, as a device would, whatever the address
 * range maps by now.
 */
struct pin_access {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 offset;
	__aligned_u64 buffer;
	__aligned_u64 length;
	__aligned_u64 done;
};

#define PIN_IOC_READ	_IO(PIN_IOC_MAGIC, PIN_CMD_READ)
#define PIN_IOC_WRITE	_IO(PIN_IOC_MAGIC, PIN_CMD_WRITE)

/**
 * enum pin_event_type - what happened
 * @PIN_EVENT_NONE: not filled in
 * @PIN_EVENT_REVOKED: a pin of this context was revoked
 */
enum pin_event_type {
	PIN_EVENT_NONE = 0,
	PIN_EVENT_REVOKED = 1
};

/**
 * struct pin_event - one record of read(2) on a context
 *
 * read(2) gives whole records, as many as there are and fit, and waits for the
 * first one unless the descriptor is O_NONBLOCK (EAGAIN); EINVAL if the buffer holds
 * not even one.  poll(2) says POLLIN when there is one.  A context keeps the last
 * 4096 events that nobody has read.
 *
 * @size: bytes of this record; the next one begins right after
 * @type: enum pin_event_type
 * @sequence: counts the events of this context from 1, lost ones too
 * @id: the pin
 * @cookie: the pin's cookie
 * @addr: first byte of the range that was invalidated
 * @length: its bytes
 * @time_ns: when, nanoseconds of CLOCK_REALTIME
 * @cause: enum pin_cause
 * @lost: events lost between the record before and this one
 */
struct pin_event {
	__u32 size;
	__u32 type;
	__aligned_u64 sequence;
	__aligned_u64 id;
	__aligned_u64 cookie;
	__aligned_u64 addr;
	__aligned_u64 length;
	__aligned_u64 time_ns;
	__u32 cause;
	__u32 lost;
};

#endif /* _PIN_IOCTL_H */
