// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What pinctl trace loads into the kernel: it watches the functions that pin memory for
 * the long term, and the registrations that lead there, and reads what the mapping at the
 * first page that was not pinned is at that very moment.  It changes nothing, and keeps
 * nothing but calls that have not returned yet.
 *
 * Functions and arguments as of Linux 6.1 to 7.2; members are found by the kernel's own
 * BTF, so only those needed are declared here.  A program whose function the running
 * kernel lacks is not loaded (tracer.c).
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <linux/ptrace.h>
#include <linux/vfio.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "trace_event.h"

#define FOLL_WRITE		0x01
#define CAP_IPC_LOCK		14
#define RLIMIT_MEMLOCK		8
#define S_IFMT			0170000
#define S_IFCHR			0020000
#define S_DAX			(1 << 13)
#define BDI_CAP_WRITEBACK	(1 << 0)
#define BDEVFS_MAGIC		0x62646576
#define TMPFS_MAGIC		0x01021994
#define HUGETLBFS_MAGIC		0x958458f6
#define PAGE_SIZE		4096ULL
#define IB_UVERBS_BUFFER_TYPE_VA	1
#define ENOENT			2
#define EREMOTE			66
#define EOPNOTSUPP		95
#define ERRNO_MAX		4095

typedef __u64 u64;
typedef __u32 u32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rlimit {
	unsigned long rlim_cur;
};

struct signal_struct {
	struct { int counter; } live;
	struct rlimit rlim[16];
};

struct user_struct {
	struct { s64 counter; } locked_vm;
};

struct user_namespace {
	int level;
};

/* In 6.1 an array of two words, little end first. */
struct capabilities {
	u64 val;
};

struct cred {
	struct capabilities cap_effective;
	struct user_struct *user;
	struct user_namespace *user_ns;
};

struct mm_struct {
	struct { s64 counter; } pinned_vm;
	unsigned long locked_vm;
};

struct task_struct {
	int pid;
	int tgid;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct mm_struct *mm;
	struct signal_struct *signal;
	const struct cred *cred;
};

struct backing_dev_info {
	unsigned int capabilities;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct backing_dev_info *s_bdi;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_flags;
	unsigned long i_ino;
	long long i_size;
	struct super_block *i_sb;
};

struct address_space {
	struct inode *host;
};

struct qstr {
	const unsigned char *name;
};

struct hlist_bl_node {
	void *pprev;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	struct address_space *f_mapping;
};

struct vm_operations_struct {
	void *page_mkwrite;
	void *pfn_mkwrite;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct vm_operations_struct *vm_ops;
	struct file *vm_file;
};

struct iommufd_ucmd {
	void *cmd;
};

struct ib_uverbs_buffer_desc {
	u32 type;
	u64 addr;
	u64 length;
};

#pragma clang attribute pop

/* Set before loading.  @follow_some: only the processes in followed. */
const volatile __u32 foll_longterm = 0;
const volatile __u32 foll_force = 0;
const volatile bool follow_some = false;
const volatile bool tell_all = false;
const volatile bool want_user_stack = false;

/* Events for which there was no room, and calls of which none was kept. */
__u64 lost = 0;

struct call {
	u64 start_ns;
	u64 address;
	u64 length;
	u64 pinned_pages;
	u64 faults;
	u32 kind;
	u32 failed;
};

/* io_uring's list of buffers: @done have got to their own call, @told: its failure was told. */
struct list {
	u64 buffers;
	u32 done;
	u32 told;
};

/* A pin, only if all are told of. */
struct start {
	u64 start_ns;
	u64 faults;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps");

#define BY_THREAD(name, value_type)			\
struct {						\
	__uint(type, BPF_MAP_TYPE_HASH);		\
	__uint(max_entries, 32768);			\
	__type(key, u32);				\
	__type(value, value_type);			\
} name SEC(".maps")

BY_THREAD(calls, struct call);
BY_THREAD(lists, struct list);
BY_THREAD(starts, struct start);
/* By process, not by thread. */
BY_THREAD(followed, u32);

static __always_inline u32 this_thread(void)
{
	return (u32)bpf_get_current_pid_tgid();
}

static __always_inline bool is_followed(void)
{
	u32 process = bpf_get_current_pid_tgid() >> 32;

	return !follow_some || bpf_map_lookup_elem(&followed, &process);
}

static __always_inline struct task_struct *this_task(void)
{
	return (struct task_struct *)bpf_get_current_task_btf();
}

static __always_inline u64 faults_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, min_flt) + BPF_CORE_READ(task, maj_flt);
}

static __always_inline void count_lost(void)
{
	__sync_fetch_and_add(&lost, 1);
}

/*
 * -errno, or something else.  A function that returns int leaves anything in the upper
 * half of the register, usually zeros, where one that returns a pointer has ones.
 */
static __always_inline s64 errno_of(u64 value)
{
	int low = (int)value;

	if (low < -ERRNO_MAX || low >= 0)
		return 0;
	return (value >> 32) == 0 || (value >> 32) == 0xffffffff ? low : 0;
}

/* --- the mapping --------------------------------------------------------- */

/*
 * From a file up to the root.  Where the next name goes stands in the event, of which the
 * verifier keeps no account.
 */
struct walk {
	struct trace_event *event;
	struct dentry *dentry;
	struct mount *mount;
	bool is_at_end;
};

/* For bpf_loop(): 1 ends it. The verifier need not go through it for each name. */
static long read_name(u32 depth, struct walk *walk)
{
	struct trace_event *event = walk->event;
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	u32 at = *(volatile u32 *)&event->path_length;
	long length;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		walk->mount = BPF_CORE_READ(mount, mnt_parent);
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->is_at_end = walk->mount == mount;
		return walk->is_at_end;
	}
	if (at > TRACE_PATH - TRACE_NAME)
		return 1;
	length = bpf_probe_read_kernel_str(&event->path[at], TRACE_NAME,
					   BPF_CORE_READ(dentry, d_name.name));
	if (length <= 0)
		return 1;
	event->path_length = at + length;
	/* Files that no directory has: memfd, anon_inode. */
	walk->dentry = BPF_CORE_READ(dentry, d_parent);
	walk->is_at_end = walk->dentry == dentry;
	return walk->is_at_end;
}

static __always_inline void read_path(struct trace_event *event, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *vfsmount = BPF_CORE_READ(file, f_path.mnt);
	struct walk walk = {
		.event = event,
		.dentry = dentry,
		.mount = (void *)vfsmount -
			__builtin_preserve_field_info(((struct mount *)0)->mnt,
						      BPF_FIELD_BYTE_OFFSET),
	};

	if (!BPF_CORE_READ(dentry, d_hash.pprev))
		event->flags |= TRACE_F_DELETED;
	bpf_loop(40, read_name, &walk, 0);
	if (!walk.is_at_end)
		event->flags |= TRACE_F_CUT;
}

static __always_inline void read_file(struct trace_event *event, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct inode *host = BPF_CORE_READ(file, f_mapping, host);
	struct super_block *sb = BPF_CORE_READ(host, i_sb);

	event->flags |= TRACE_F_FILE;
	event->mode = BPF_CORE_READ(inode, i_mode);
	event->inode = BPF_CORE_READ(inode, i_ino);
	event->magic = BPF_CORE_READ(inode, i_sb, s_magic);
	event->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	event->file_size = BPF_CORE_READ(host, i_size);
	if (BPF_CORE_READ(host, i_flags) & S_DAX)
		event->flags |= TRACE_F_DAX;
	/* A block device's pages are written back by the disk's own bdi. */
	if (BPF_CORE_READ(sb, s_magic) == BDEVFS_MAGIC ||
	    BPF_CORE_READ(sb, s_bdi, capabilities) & BDI_CAP_WRITEBACK)
		event->flags |= TRACE_F_WRITEBACK;
	read_path(event, file);
}

struct look {
	struct trace_event *event;
};

static long look_at(struct task_struct *task, struct vm_area_struct *vma, struct look *look)
{
	struct trace_event *event = look->event;
	struct vm_operations_struct *ops = BPF_CORE_READ(vma, vm_ops);
	struct file *file = BPF_CORE_READ(vma, vm_file);

	event->vm_start = BPF_CORE_READ(vma, vm_start);
	event->vm_end = BPF_CORE_READ(vma, vm_end);
	event->vm_flags = BPF_CORE_READ(vma, vm_flags);
	event->vm_pgoff = BPF_CORE_READ(vma, vm_pgoff);
	if (ops)
		event->flags |= TRACE_F_OPS;
	if (ops && (BPF_CORE_READ(ops, page_mkwrite) || BPF_CORE_READ(ops, pfn_mkwrite)))
		event->flags |= TRACE_F_MKWRITE;
	if (file)
		read_file(event, file);
	return 0;
}

static __always_inline void find_mapping(struct trace_event *event, u64 address)
{
	struct look look = { .event = event };
	long ret;

	ret = bpf_find_vma(bpf_get_current_task_btf(), address, look_at, &look, 0);
	event->found = ret == 0 ? 1 : ret == -ENOENT ? 0 : ret;
}

/* --- events -------------------------------------------------------------- */

static __always_inline void read_ledgers(struct trace_event *event)
{
	struct task_struct *task = this_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	u64 capabilities;

	event->limit = BPF_CORE_READ(task, signal, rlim[RLIMIT_MEMLOCK].rlim_cur);
	event->pinned_vm = BPF_CORE_READ(task, mm, pinned_vm.counter);
	event->locked_vm = BPF_CORE_READ(task, mm, locked_vm);
	event->user_locked_vm = BPF_CORE_READ(cred, user, locked_vm.counter);
	bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_effective);
	if (capabilities & (1ULL << CAP_IPC_LOCK) && !BPF_CORE_READ(cred, user_ns, level))
		event->flags |= TRACE_F_EXEMPT;
}

static __always_inline struct trace_event *event_new(void *ctx, u32 type)
{
	struct trace_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	u64 ids = bpf_get_current_pid_tgid();

	if (!event) {
		count_lost();
		return NULL;
	}
	__builtin_memset(event, 0, __builtin_offsetof(struct trace_event, kernel_stack));
	event->path_length = 0;
	event->type = type;
	event->time_ns = bpf_ktime_get_ns();
	event->pid = ids >> 32;
	event->tid = (u32)ids;
	event->uid = (u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(event->name, sizeof(event->name));
	event->kernel_stack_bytes = bpf_get_stack(ctx, event->kernel_stack,
						  sizeof(event->kernel_stack), 0);
	if (want_user_stack)
		event->user_stack_bytes = bpf_get_stack(ctx, event->user_stack,
							sizeof(event->user_stack),
							BPF_F_USER_STACK);
	read_ledgers(event);
	return event;
}

/* --- pins ---------------------------------------------------------------- */

struct pin {
	u64 address;
	u64 pages;
	u32 flags;
	u32 function;
	struct mm_struct *mm;
};

/* Whether there is anything to tell of, if it is not part of a call. */
static __always_inline bool is_told(const struct pin *pin, s64 result, struct call *call)
{
	if (result < 0 || (u64)result < pin->pages)
		return true;
	if (call)
		call->pinned_pages += result;
	return tell_all && !call;
}

static __always_inline void tell_times(struct trace_event *event)
{
	u32 thread = this_thread();
	struct start *start = bpf_map_lookup_elem(&starts, &thread);

	if (!start)
		return;
	event->took_ns = event->time_ns - start->start_ns;
	event->faults = faults_of(this_task()) - start->faults;
	bpf_map_delete_elem(&starts, &thread);
}

static __noinline int pin_returned(void *ctx, struct pin *pin, u64 value)
{
	u32 thread = this_thread();
	struct call *call = bpf_map_lookup_elem(&calls, &thread);
	struct trace_event *event;
	s64 result = errno_of(value);

	if (!pin || !(pin->flags & foll_longterm) || !is_followed())
		return 0;
	if (!result)
		result = (int)value;
	if (!is_told(pin, result, call))
		return 0;
	if (call && result < (s64)pin->pages)
		call->failed = 1;
	event = event_new(ctx, TRACE_PIN);
	if (!event)
		return 0;
	event->call = call ? call->kind : TRACE_CALL_NONE;
	event->function = pin->function;
	event->result = result;
	event->address = pin->address;
	event->length = pin->pages * PAGE_SIZE;
	event->pinned_pages = result > 0 ? result : 0;
	event->failed = (pin->address & ~(PAGE_SIZE - 1)) + event->pinned_pages * PAGE_SIZE;
	if (pin->flags & FOLL_WRITE)
		event->flags |= TRACE_F_WRITE;
	if (pin->flags & foll_force)
		event->flags |= TRACE_F_FORCE;
	if (pin->mm && pin->mm != BPF_CORE_READ(this_task(), mm)) {
		event->flags |= TRACE_F_FOREIGN;
		event->found = -EREMOTE;
	} else if (result < (s64)pin->pages) {
		find_mapping(event, event->failed);
	}
	tell_times(event);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline int pin_entered(void)
{
	struct start start = { .start_ns = bpf_ktime_get_ns(),
			       .faults = faults_of(this_task()) };
	u32 thread = this_thread();

	if (is_followed())
		bpf_map_update_elem(&starts, &thread, &start, BPF_ANY);
	return 0;
}

/* @mm, @start, @count and @flags are where the function has these arguments. */
#define PIN_FUNCTION(name, number, of_mm, start, count, flag)			\
SEC("?fexit/" #name)								\
int leave_##name(u64 *ctx)							\
{										\
	struct pin pin = {							\
		.mm = of_mm,							\
		.address = ctx[start],						\
		.pages = ctx[count],						\
		.flags = (u32)ctx[flag],					\
		.function = number,						\
	};									\
	u64 value = 0;								\
										\
	bpf_get_func_ret(ctx, &value);						\
	return pin_returned(ctx, &pin, value);					\
}										\
										\
SEC("?fentry/" #name)								\
int enter_##name(u64 *ctx)							\
{										\
	return pin_entered();							\
}

#define OF_MM ((struct mm_struct *)ctx[0])

PIN_FUNCTION(pin_user_pages, TRACE_PIN_USER_PAGES, NULL, 0, 1, 2)
PIN_FUNCTION(pin_user_pages_fast, TRACE_PIN_USER_PAGES_FAST, NULL, 0, 1, 2)
PIN_FUNCTION(pin_user_pages_remote, TRACE_PIN_USER_PAGES_REMOTE, OF_MM, 1, 2, 3)
PIN_FUNCTION(pin_user_pages_unlocked, TRACE_PIN_USER_PAGES_UNLOCKED, NULL, 0, 1, 3)
PIN_FUNCTION(get_user_pages, TRACE_GET_USER_PAGES, NULL, 0, 1, 2)
PIN_FUNCTION(get_user_pages_fast, TRACE_GET_USER_PAGES_FAST, NULL, 0, 1, 2)
PIN_FUNCTION(get_user_pages_remote, TRACE_GET_USER_PAGES_REMOTE, OF_MM, 1, 2, 3)
PIN_FUNCTION(get_user_pages_unlocked, TRACE_GET_USER_PAGES_UNLOCKED, NULL, 0, 1, 3)

/*
 * The same where a function has more arguments than fentry and fexit can have: with
 * "vmas", as in Linux 6.1, those of another process's memory, which VFIO uses.
 */
BY_THREAD(pins, struct pin);

#define PIN_FUNCTION_PROBED(name, number)					\
SEC("?kprobe/" #name)								\
int probe_##name(struct pt_regs *ctx)						\
{										\
	struct pin pin = {							\
		.mm = (struct mm_struct *)PT_REGS_PARM1(ctx),			\
		.address = PT_REGS_PARM2(ctx),					\
		.pages = PT_REGS_PARM3(ctx),					\
		.flags = (u32)PT_REGS_PARM4(ctx),				\
		.function = number,						\
	};									\
	u32 thread = this_thread();						\
										\
	if (!is_followed())							\
		return 0;							\
	if (bpf_map_update_elem(&pins, &thread, &pin, BPF_ANY))			\
		count_lost();							\
	return tell_all ? pin_entered() : 0;					\
}										\
										\
SEC("?kretprobe/" #name)							\
int return_##name(struct pt_regs *ctx)						\
{										\
	u32 thread = this_thread();						\
	struct pin *found = bpf_map_lookup_elem(&pins, &thread);		\
	struct pin pin;								\
										\
	if (!found)								\
		return 0;							\
	pin = *found;								\
	bpf_map_delete_elem(&pins, &thread);					\
	return pin_returned(ctx, &pin, PT_REGS_RC(ctx));			\
}

PIN_FUNCTION_PROBED(pin_user_pages_remote, TRACE_PIN_USER_PAGES_REMOTE)
PIN_FUNCTION_PROBED(get_user_pages_remote, TRACE_GET_USER_PAGES_REMOTE)

/* long memfd_pin_folios(memfd, start, end, folios, max_folios, offset): @end included. */
SEC("?fexit/memfd_pin_folios")
int leave_memfd_pin_folios(u64 *ctx)
{
	u32 thread = this_thread();
	struct call *call = bpf_map_lookup_elem(&calls, &thread);
	struct trace_event *event;
	u64 value = 0;
	s64 result;

	bpf_get_func_ret(ctx, &value);
	result = (s64)value;
	if ((result > 0 && (!tell_all || call)) || !is_followed())
		return 0;
	if (call)
		call->failed = 1;
	event = event_new(ctx, TRACE_PIN);
	if (!event)
		return 0;
	event->function = TRACE_MEMFD_PIN_FOLIOS;
	event->call = call ? call->kind : TRACE_CALL_NONE;
	event->result = result;
	event->address = ctx[1];
	event->length = ctx[2] + 1 - ctx[1];
	event->failed = ctx[1];
	event->flags |= TRACE_F_WRITE;
	event->found = 1;
	read_file(event, (struct file *)ctx[0]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* --- registrations ------------------------------------------------------- */

static __always_inline int call_entered(u32 kind, u64 address, u64 length)
{
	struct call call = {
		.kind = kind,
		.address = address,
		.length = length,
		.start_ns = bpf_ktime_get_ns(),
		.faults = faults_of(this_task()),
	};
	u32 thread = this_thread();

	if (is_followed() && bpf_map_update_elem(&calls, &thread, &call, BPF_ANY))
		count_lost();
	return 0;
}

/* Of a range, the mapping that is at its place in it. */
struct search {
	struct trace_event *event;
	u64 at;
};

/* For bpf_loop(), as read_name(). */
static long find_next_file(u32 count, struct search *search)
{
	struct trace_event *event = search->event;

	if (search->at >= event->address + event->length)
		return 1;
	event->flags &= TRACE_F_EXEMPT;
	event->path_length = 0;
	find_mapping(event, search->at);
	if (event->found != 1)
		return 1;
	event->failed = search->at;
	if (event->flags & TRACE_F_FILE && event->magic != TMPFS_MAGIC &&
	    event->magic != HUGETLBFS_MAGIC)
		return 1;
	search->at = event->vm_end;
	return 0;
}

/*
 * io_uring of Linux 6.1 pins, and then refuses what maps a file of another kind: the first
 * such mapping.
 */
static __always_inline void find_other_file(struct trace_event *event)
{
	struct search search = { .event = event, .at = event->address };

	bpf_loop(8, find_next_file, &search, 0);
}

static __noinline int tell_call(void *ctx, struct call *call, s64 error)
{
	struct trace_event *event;

	if (!call)
		return 0;
	event = event_new(ctx, TRACE_CALL);
	if (!event)
		return 0;
	event->call = call->kind;
	event->result = error;
	event->address = call->address;
	event->length = call->length;
	event->failed = call->address;
	event->took_ns = event->time_ns - call->start_ns;
	event->pinned_pages = call->pinned_pages;
	event->faults = faults_of(this_task()) - call->faults;
	event->found = -ENOENT;
	if (error == -EOPNOTSUPP && call->kind == TRACE_CALL_IO_URING && !call->failed)
		find_other_file(event);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline int call_returned(void *ctx)
{
	u32 thread = this_thread();
	struct call *found = bpf_map_lookup_elem(&calls, &thread);
	struct call call;
	u64 value = 0;
	s64 error;

	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&calls, &thread);
	bpf_get_func_ret(ctx, &value);
	error = errno_of(value);
	if (!error && !call.failed && !tell_all)
		return 0;
	return tell_call(ctx, &call, error);
}

SEC("?fentry/io_sqe_buffer_register")
int enter_io_sqe_buffer_register(u64 *ctx)
{
	struct { u64 base, length; } iov = { 0 };
	u32 thread = this_thread();
	struct list *list = bpf_map_lookup_elem(&lists, &thread);

	if (list)
		list->done++;
	bpf_probe_read_kernel(&iov, sizeof(iov), (void *)ctx[1]);
	return call_entered(TRACE_CALL_IO_URING, iov.base, iov.length);
}

SEC("?fexit/io_sqe_buffer_register")
int leave_io_sqe_buffer_register(u64 *ctx)
{
	u32 thread = this_thread();
	struct list *list = bpf_map_lookup_elem(&lists, &thread);
	u64 value = 0;

	bpf_get_func_ret(ctx, &value);
	if (list && errno_of(value))
		list->told = 1;
	return call_returned(ctx);
}

/* What io_uring refuses before a buffer gets to a call of its own. */
SEC("?fentry/io_sqe_buffers_register")
int enter_io_sqe_buffers_register(u64 *ctx)
{
	struct list list = { .buffers = ctx[1] };
	u32 thread = this_thread();

	if (is_followed() && bpf_map_update_elem(&lists, &thread, &list, BPF_ANY))
		count_lost();
	return 0;
}

SEC("?fexit/io_sqe_buffers_register")
int leave_io_sqe_buffers_register(u64 *ctx)
{
	u32 thread = this_thread();
	struct list *list = bpf_map_lookup_elem(&lists, &thread);
	struct call call = { .kind = TRACE_CALL_IO_URING };
	struct { u64 base, length; } iov = { 0 };
	u64 value = 0;
	s64 error;

	if (!list)
		return 0;
	bpf_get_func_ret(ctx, &value);
	error = errno_of(value);
	if (error && !list->told) {
		bpf_probe_read_user(&iov, sizeof(iov),
				    (void *)(list->buffers + list->done * sizeof(iov)));
		call.address = iov.base;
		call.length = iov.length;
		call.start_ns = bpf_ktime_get_ns();
		call.faults = faults_of(this_task());
		tell_call(ctx, &call, error);
	}
	bpf_map_delete_elem(&lists, &thread);
	return 0;
}

/*
 * struct ib_umem *ib_umem_get(device, addr, size, access).  In Linux 7.2 it has another
 * name and is static: it may be a part of ib_umem_get_desc(), which drivers call too.
 */
#define RDMA_FUNCTION(name)						\
SEC("?fentry/" #name)							\
int enter_##name(u64 *ctx)						\
{									\
	return call_entered(TRACE_CALL_RDMA, ctx[1], ctx[2]);		\
}									\
									\
SEC("?fexit/" #name)							\
int leave_##name(u64 *ctx)						\
{									\
	return call_returned(ctx);					\
}

RDMA_FUNCTION(ib_umem_get)
RDMA_FUNCTION(__ib_umem_get_va)

/* struct ib_umem *ib_umem_get_desc(device, desc, access) */
SEC("?fentry/ib_umem_get_desc")
int enter_ib_umem_get_desc(u64 *ctx)
{
	struct ib_uverbs_buffer_desc *desc = (void *)ctx[1];

	/* A dma-buf is pinned by whom it is from. */
	if (BPF_CORE_READ(desc, type) != IB_UVERBS_BUFFER_TYPE_VA)
		return 0;
	return call_entered(TRACE_CALL_RDMA, BPF_CORE_READ(desc, addr),
			    BPF_CORE_READ(desc, length));
}

SEC("?fexit/ib_umem_get_desc")
int leave_ib_umem_get_desc(u64 *ctx)
{
	return call_returned(ctx);
}

/* long vfio_iommu_type1_ioctl(iommu_data, cmd, arg) */
SEC("?fentry/vfio_iommu_type1_ioctl")
int enter_vfio_iommu_type1_ioctl(u64 *ctx)
{
	struct vfio_iommu_type1_dma_map map = { 0 };

	if ((u32)ctx[1] != VFIO_IOMMU_MAP_DMA)
		return 0;
	bpf_probe_read_user(&map, sizeof(map), (void *)ctx[2]);
	return call_entered(TRACE_CALL_VFIO, map.vaddr, map.size);
}

SEC("?fexit/vfio_iommu_type1_ioctl")
int leave_vfio_iommu_type1_ioctl(u64 *ctx)
{
	return call_returned(ctx);
}

/* struct xdp_umem *xdp_umem_create(struct xdp_umem_reg *mr) */
SEC("?fentry/xdp_umem_create")
int enter_xdp_umem_create(u64 *ctx)
{
	struct { u64 addr, len; } umem = { 0 };

	bpf_probe_read_kernel(&umem, sizeof(umem), (void *)ctx[0]);
	return call_entered(TRACE_CALL_XDP, umem.addr, umem.len);
}

SEC("?fexit/xdp_umem_create")
int leave_xdp_umem_create(u64 *ctx)
{
	return call_returned(ctx);
}

/* int iommufd_ioas_map(struct iommufd_ucmd *ucmd), Linux 6.2 and later */
SEC("?fentry/iommufd_ioas_map")
int enter_iommufd_ioas_map(u64 *ctx)
{
	void *asked = BPF_CORE_READ((struct iommufd_ucmd *)ctx[0], cmd);
	struct {
		u32 size, flags, ioas, reserved;
		u64 addr, length, iova;
	} map = { 0 };

	bpf_probe_read_kernel(&map, sizeof(map), asked);
	return call_entered(TRACE_CALL_IOMMUFD, map.addr, map.length);
}

SEC("?fexit/iommufd_ioas_map")
int leave_iommufd_ioas_map(u64 *ctx)
{
	return call_returned(ctx);
}

/* --- who is followed: processes, and what they start --------------------- */

SEC("?tp_btf/sched_process_fork")
int process_forks(u64 *ctx)
{
	struct task_struct *parent = (struct task_struct *)ctx[0];
	struct task_struct *child = (struct task_struct *)ctx[1];
	u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);

	if (from != to && bpf_map_lookup_elem(&followed, &from) &&
	    bpf_map_update_elem(&followed, &to, &to, BPF_ANY))
		count_lost();
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int process_exits(u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	u32 process = BPF_CORE_READ(task, tgid);

	if (!BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&followed, &process);
	return 0;
}

char trace_license[] SEC("license") = "GPL";
