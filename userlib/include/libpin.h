/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpin - long-term memory pins, and why memory cannot be pinned.
 * (Memory pins, not GPIO pins.)
 *
 * Conventions of every function here:
 *
 * - A function that can fail returns 0 or a negative errno and hands objects
 *   out through its last parameters.  Those are set to NULL on failure, unless
 *   the function says otherwise.  NULL where an object is needed is -EINVAL.
 * - Objects are opaque.  Who receives one frees it with the object's own
 *   *_free(), to which NULL is fine.  A "const struct ... *" or "const char *"
 *   that a getter returns belongs to the object it was asked from and lives as
 *   long as that; where no object is given, for ever.
 * - Getters never fail: with NULL they return 0, or NULL for pointers.
 * - Addresses and lengths are bytes; counts of base pages are named *_pages.
 *   Intervals are [start, end).
 * - No global state, no output, no signals.  One thread per object at a time;
 *   different objects may be used by different threads freely.
 * - Numbers (kinds, reasons, flags, modes, states) are those of <pin/types.h>
 *   and <pin/ioctl.h>.  A newer module may give numbers that this library does
 *   not know; their names are then NULL.
 */
#ifndef _LIBPIN_H
#define _LIBPIN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <pin/ioctl.h>
#include <pin/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct libpin_context;
struct libpin_info;
struct libpin_request;
struct libpin_pin;
struct libpin_query;
struct libpin_list;
struct libpin_runs;
struct libpin_check_request;
struct libpin_verdict;
struct libpin_report;
struct libpin_refusal;
struct libpin_remedy;
struct libpin_maps;
struct libpin_mapping;

/* The version of the library, as "0.1.0". */
const char *libpin_version(void);

/* --- context: one open of the device ------------------------------------- */

/*
 * Opens @path, or /dev/pin if NULL. With @writable 0 the context can ask (info,
 * check), otherwise it can pin too. The descriptor is close-on-exec. The caller ends
 * it with libpin_context_close().
 *
 * -ENOENT: no such device, usually because the module is not loaded; -EACCES: no
 * permission; -ENOTTY: @path is something else.
 */
int libpin_context_open(struct libpin_context **ctx, const char *path, int writable);

/*
 * Makes a context of a descriptor of the device that was inherited or received. On
 * success it belongs to the context, which closes it; on failure it stays the
 * caller's. Whether the context can pin depends on how it was opened.
 *
 * -EBADF: @fd is none; -ENOTTY: it is something else's.
 */
int libpin_context_from_fd(struct libpin_context **ctx, int fd);

/*
 * Closes and frees the context; the kernel releases all its pins, unless another
 * process or a copy of the descriptor holds the device open as well. Other objects
 * that came from the context stay valid.
 */
void libpin_context_close(struct libpin_context *ctx);

/*
 * The descriptor, for poll(2) and for passing on; -EINVAL if @ctx is NULL. It
 * belongs to the context: do not close it.
 */
int libpin_context_fd(const struct libpin_context *ctx);

/* --- info: what the module offers, its caps, the caller's limits --------- */

/*
 * Takes a snapshot; see struct pin_info for the meaning of each figure. The caller
 * frees it.
 */
int libpin_info_get(struct libpin_context *ctx, struct libpin_info **info);

/* Frees the snapshot. */
void libpin_info_free(struct libpin_info *info);

/* enum pin_features, or-ed together: what this module on this kernel can do. */
uint64_t libpin_info_features(const struct libpin_info *info);

/* PIN_ABI_VERSION of the module. */
uint32_t libpin_info_abi_version(const struct libpin_info *info);

/* Bytes of the kernel's base page, in which everything named *_pages counts. */
uint32_t libpin_info_page_size(const struct libpin_info *info);

/* The module's cap on the pages of all pins together (parameter max_pages). */
uint64_t libpin_info_system_cap_pages(const struct libpin_info *info);

/* Pages that count against that cap now. */
uint64_t libpin_info_system_pinned_pages(const struct libpin_info *info);

/* The module's cap on the pins of one context (parameter max_pins). */
uint64_t libpin_info_context_cap_pins(const struct libpin_info *info);

/* Pins of this context, revoked ones included. */
uint64_t libpin_info_context_pins(const struct libpin_info *info);

/* RLIMIT_MEMLOCK of the caller in pages; PIN_ALL_PAGES if he is not held to a limit. */
uint64_t libpin_info_user_limit_pages(const struct libpin_info *info);

/*
 * Pages that all processes of the caller's user have charged to that limit, through
 * whatever subsystem charges users; no file in /proc shows this.
 */
uint64_t libpin_info_user_charged_pages(const struct libpin_info *info);

/* Pages that the calling process has pinned (VmPin). */
uint64_t libpin_info_mm_pinned_pages(const struct libpin_info *info);

/* How many features this library knows by name; their indexes run from 0 to one less. */
size_t libpin_feature_count(void);

/* The kebab-case name of a feature, as "check-limits"; NULL beyond the last. */
const char *libpin_feature_name(size_t index);

/* Its bit, of enum pin_features; 0 beyond the last. */
uint64_t libpin_feature_bit(size_t index);

/* --- request: what to pin ------------------------------------------------ */

/*
 * Makes a request for reading, with address, length and cookie 0. The caller frees
 * it; it can serve for any number of pins.
 */
int libpin_request_new(struct libpin_request **request);

/* Frees the request; pins made with it are not touched. */
void libpin_request_free(struct libpin_request *request);

/* Sets the first byte; it need not be page aligned. */
int libpin_request_set_address(struct libpin_request *request, uint64_t address);

/* Sets the length in bytes, above 0. */
int libpin_request_set_length(struct libpin_request *request, uint64_t length);

/* Not 0: the device or libpin will write to the memory (PIN_F_WRITE). */
int libpin_request_set_write(struct libpin_request *request, int write);

/* Not 0: take a lease where a longterm pin is impossible (PIN_F_LEASE); needs write. */
int libpin_request_set_lease(struct libpin_request *request, int lease);

/* Sets a value of the caller's own, which queries return. */
int libpin_request_set_cookie(struct libpin_request *request, uint64_t cookie);

/* --- pin: a pinned range ------------------------------------------------- */

/*
 * Pins memory of the calling process, all of the range or nothing. Sleeps while
 * pages are brought in; only a fatal signal interrupts it.
 *
 * Returns 0 and *@pin, which the caller frees; or a negative errno. If that errno is
 * a refusal (the request was sound, the memory cannot be pinned), *@refusal tells
 * why and is the caller's to free; otherwise *@refusal is NULL. @refusal may be NULL
 * if the reason is not wanted. A refusal for which, path and all, there is no memory
 * is given as NULL as well.
 *
 * -EACCES: the context was not opened for writing; -EINVAL: length 0, or a lease
 * without write; -EOVERFLOW: the range wraps; -EOPNOTSUPP without a refusal: the
 * module has no leases.
 */
int libpin_pin_create(struct libpin_context *ctx, const struct libpin_request *request,
		      struct libpin_pin **pin, struct libpin_refusal **refusal);

/*
 * Frees the object only: the memory stays pinned until libpin_unpin() or the
 * context's end.
 */
void libpin_pin_free(struct libpin_pin *pin);

/* The pin's id: unique in the system, above 0, never used again. */
uint64_t libpin_pin_id(const struct libpin_pin *pin);

/* Base pages of the range that were pinned. */
uint64_t libpin_pin_pages(const struct libpin_pin *pin);

/* Physically consecutive runs of them. */
uint64_t libpin_pin_runs(const struct libpin_pin *pin);

/*
 * Releases a pin of this context, whoever made it, a revoked one too. -ENOENT: no
 * such pin in this context; -EACCES: the context was not opened for writing.
 */
int libpin_unpin(struct libpin_context *ctx, uint64_t id);

/* --- query: everything about one pin ------------------------------------- */

/*
 * Takes a snapshot of one pin of this context. The caller frees it. -ENOENT: no such
 * pin.
 */
int libpin_pin_query(struct libpin_context *ctx, uint64_t id, struct libpin_query **query);

/* Frees the snapshot; the pin is not touched. */
void libpin_query_free(struct libpin_query *query);

/* The pin's id. */
uint64_t libpin_query_id(const struct libpin_query *query);

/* The first byte, as it was asked for. */
uint64_t libpin_query_address(const struct libpin_query *query);

/* The bytes, as they were asked for. */
uint64_t libpin_query_length(const struct libpin_query *query);

/* The caller's own value. */
uint64_t libpin_query_cookie(const struct libpin_query *query);

/* enum pin_flags that it was pinned with. */
uint32_t libpin_query_flags(const struct libpin_query *query);

/* enum pin_mode: longterm or lease. */
uint32_t libpin_query_mode(const struct libpin_query *query);

/* enum pin_state: live or revoked. */
uint32_t libpin_query_state(const struct libpin_query *query);

/* Base pages of the range that are pinned; 0 once revoked. */
uint64_t libpin_query_pages(const struct libpin_query *query);

/* Physically consecutive runs of them. */
uint64_t libpin_query_runs(const struct libpin_query *query);

/* Pages it is charged, more than pinned where hugetlb pages are pinned in part. */
uint64_t libpin_query_charged_pages(const struct libpin_query *query);

/* When it was pinned, in nanoseconds of CLOCK_REALTIME. */
uint64_t libpin_query_start_time_ns(const struct libpin_query *query);

/* The user that pinned, in the caller's user namespace. */
uid_t libpin_query_uid(const struct libpin_query *query);

/* The process that pinned; 0 if it has no number in the caller's pid namespace. */
pid_t libpin_query_pid(const struct libpin_query *query);

/* That process's name at the time; belongs to the query. */
const char *libpin_query_comm(const struct libpin_query *query);

/* NUMA nodes that the kernel can have: their numbers run from 0 to one less. */
size_t libpin_query_node_count(const struct libpin_query *query);

/* The pin's pages on one node; 0 beyond the last. */
uint64_t libpin_query_node_pages(const struct libpin_query *query, size_t node);

/* "longterm" or "lease"; NULL if unknown. */
const char *libpin_mode_name(uint32_t mode);

/* "live" or "revoked"; NULL if unknown. */
const char *libpin_state_name(uint32_t state);

/* --- list: the pins of a context ----------------------------------------- */

/*
 * Takes a snapshot of all ids, in rising order. The caller frees it. -EPROTO: the
 * module's answer makes no sense.
 */
int libpin_list_get(struct libpin_context *ctx, struct libpin_list **list);

/* Frees the snapshot; the pins are not touched. */
void libpin_list_free(struct libpin_list *list);

/* How many ids it has. */
size_t libpin_list_count(const struct libpin_list *list);

/* One of them; 0 beyond the last. */
uint64_t libpin_list_id(const struct libpin_list *list, size_t index);

/* --- runs: where a pin lies in physical memory --------------------------- */

/*
 * Takes a snapshot of at most @capacity runs, which is above 0, from run number
 * @cursor on: 0 at first, then libpin_runs_next() of the snapshot before, until that
 * is libpin_runs_total(). The caller frees it.
 *
 * -ENOENT: no such pin; -EINVAL: @cursor is beyond the last run; -ESTALE: the pin
 * was revoked.
 */
int libpin_runs_get(struct libpin_context *ctx, uint64_t id, uint64_t cursor,
		    uint32_t capacity, struct libpin_runs **runs);

/* Frees the snapshot. */
void libpin_runs_free(struct libpin_runs *runs);

/* Runs in this snapshot; indexes run from 0 to one less. */
size_t libpin_runs_count(const struct libpin_runs *runs);

/* The cursor of the next snapshot. */
uint64_t libpin_runs_next(const struct libpin_runs *runs);

/* Runs of the whole pin. */
uint64_t libpin_runs_total(const struct libpin_runs *runs);

/* Where a run begins, in bytes from the page-aligned start of the pinned range. */
uint64_t libpin_runs_offset(const struct libpin_runs *runs, size_t index);

/* Its bytes. */
uint64_t libpin_runs_length(const struct libpin_runs *runs, size_t index);

/* Its physical address; 0 with PIN_RUN_PHYS_WITHHELD among its flags. */
uint64_t libpin_runs_phys(const struct libpin_runs *runs, size_t index);

/* Its NUMA node. */
uint32_t libpin_runs_node(const struct libpin_runs *runs, size_t index);

/* enum pin_run_flags. */
uint32_t libpin_runs_flags(const struct libpin_runs *runs, size_t index);

/* --- event: what happened to the pins of a context ----------------------- */

/*
 * Something that happened to a pin of a context: today, that the kernel took a lease
 * back, or an administrator a pin. Immutable. The module keeps the last 4096 that nobody has read.
 */
struct libpin_event;

/*
 * Waits until there is an event; one can also poll(2) libpin_context_fd() for POLLIN.
 * @timeout_ms: as for poll(2), -1 for ever. -ETIMEDOUT: there is none; -EINTR: a signal.
 */
int libpin_event_wait(struct libpin_context *ctx, int timeout_ms);

/*
 * Takes the first event; waits for it unless the descriptor is O_NONBLOCK. The caller
 * frees it. -EAGAIN: there is none and the descriptor is O_NONBLOCK; -EINTR: a signal.
 */
int libpin_event_read(struct libpin_context *ctx, struct libpin_event **event);

/* Frees the event; NULL is fine. */
void libpin_event_free(struct libpin_event *event);

/* enum pin_event_type. */
uint32_t libpin_event_type(const struct libpin_event *event);

/* Counts the events of the context from 1, lost ones too. */
uint64_t libpin_event_sequence(const struct libpin_event *event);

/* The pin's id. */
uint64_t libpin_event_id(const struct libpin_event *event);

/* The pin's cookie. */
uint64_t libpin_event_cookie(const struct libpin_event *event);

/* The first byte of what was invalidated. */
uint64_t libpin_event_address(const struct libpin_event *event);

/* Its bytes. */
uint64_t libpin_event_length(const struct libpin_event *event);

/* When it happened, in nanoseconds of CLOCK_REALTIME. */
uint64_t libpin_event_time_ns(const struct libpin_event *event);

/* enum pin_cause. */
uint32_t libpin_event_cause(const struct libpin_event *event);

/* Events that were lost between the one read before and this one. */
uint32_t libpin_event_lost(const struct libpin_event *event);

/* "file", "unmap", "exit", "device" or "admin"; NULL if unknown. */
const char *libpin_cause_name(uint32_t cause);

/* --- access: bytes of a pin ---------------------------------------------- */

/*
 * Copies from the pinned pages to @buffer, as a device would: whatever the addresses
 * map by now. @offset counts from the pin's address; @length is cut at its end.
 *
 * Returns the bytes copied, as read(2) does, 0 at the end; or a negative errno.
 * -ENOENT: no such pin; -ESTALE: the pin was revoked; -EIO: a memory error; -EINVAL:
 * @offset is beyond the end; -EFAULT: @buffer is bad.
 */
ssize_t libpin_pin_read(struct libpin_context *ctx, uint64_t id, uint64_t offset,
			void *buffer, size_t length);

/*
 * Copies from @buffer to the pinned pages; otherwise like libpin_pin_read(). -EPERM:
 * the pin is for reading only.
 */
ssize_t libpin_pin_write(struct libpin_context *ctx, uint64_t id, uint64_t offset,
			 const void *buffer, size_t length);

/* --- check: ask without pinning ------------------------------------------ */

/*
 * Makes a request that asks about reading, of the caller, with everything reported,
 * address and length 0. The caller frees it; it can serve for any number of checks.
 */
int libpin_check_request_new(struct libpin_check_request **request);

/* Frees the request. */
void libpin_check_request_free(struct libpin_check_request *request);

/*
 * Sets the process to ask about; 0: the caller. Another process needs
 * PIN_FEATURE_CHECK_OTHER, and CAP_SYS_PTRACE over it.
 */
int libpin_check_request_set_pid(struct libpin_check_request *request, pid_t pid);

/* Sets the first byte; it need not be page aligned. */
int libpin_check_request_set_address(struct libpin_check_request *request, uint64_t address);

/* Sets the length in bytes, above 0. */
int libpin_check_request_set_length(struct libpin_check_request *request, uint64_t length);

/*
 * Sets enum pin_check_flags, replacing those set before. PIN_CHECK_LEASE needs
 * PIN_CHECK_WRITE, and PIN_FEATURE_LEASE. -EINVAL: unknown flags.
 */
int libpin_check_request_set_flags(struct libpin_check_request *request, uint32_t flags);

/*
 * Judges the whole range, in as many steps as the module wants. Succeeds whether or
 * not the range can be pinned: the verdict, which the caller frees, says so. The
 * paths in its reports are read from /proc at the end, and are left out (NULL) where
 * the mapping is a different one by then or /proc cannot be read.
 *
 * -EPERM, -ESRCH: another process, see struct pin_check; -ENOMEM: no memory for all of
 * the verdict, its paths too; -EPROTO: the module's answer makes no sense.
 */
int libpin_check(struct libpin_context *ctx, const struct libpin_check_request *request,
		 struct libpin_verdict **verdict);

/* --- verdict: what was found out about a range --------------------------- */

/* Frees the verdict and its reports. Not for one that belongs to a refusal. */
void libpin_verdict_free(struct libpin_verdict *verdict);

/* The lowest refusal: enum pin_reason; 0 if nothing refuses the range. */
uint32_t libpin_verdict_reason(const struct libpin_verdict *verdict);

/* Its errno, positive; 0 if nothing refuses the range. */
int libpin_verdict_error(const struct libpin_verdict *verdict);

/* The first byte that is refused, or 0. */
uint64_t libpin_verdict_address(const struct libpin_verdict *verdict);

/* Pages that a pin of the range would be charged; 0 in the verdict of a refusal. */
uint64_t libpin_verdict_charge_pages(const struct libpin_verdict *verdict);

/* How many reports there are. */
size_t libpin_verdict_report_count(const struct libpin_verdict *verdict);

/* One of them, sorted by address; belongs to the verdict. NULL beyond the last. */
const struct libpin_report *libpin_verdict_report(const struct libpin_verdict *verdict,
						  size_t index);

/* --- report: one mapping's segment of the range -------------------------- */

/* The first byte. */
uint64_t libpin_report_start(const struct libpin_report *report);

/* The first byte after it. */
uint64_t libpin_report_end(const struct libpin_report *report);

/* enum pin_kind: what is mapped. */
uint32_t libpin_report_kind(const struct libpin_report *report);

/* enum pin_reason; 0 if no rule refuses the segment. */
uint32_t libpin_report_reason(const struct libpin_report *report);

/* The reason's errno, positive, or 0. */
int libpin_report_error(const struct libpin_report *report);

/* enum pin_report_flags. */
uint32_t libpin_report_flags(const struct libpin_report *report);

/* Bytes of the mapping's pages; 0 for a hole. */
uint64_t libpin_report_page_size(const struct libpin_report *report);

/* Offset in the file of the first byte; 0 without a file. */
uint64_t libpin_report_file_offset(const struct libpin_report *report);

/* Inode number of the file; 0 without a file. */
uint64_t libpin_report_inode(const struct libpin_report *report);

/* Major number of the file's device, as in /proc/PID/maps. */
uint32_t libpin_report_dev_major(const struct libpin_report *report);

/* Minor number of the file's device. */
uint32_t libpin_report_dev_minor(const struct libpin_report *report);

/*
 * Path as in /proc/PID/maps, "[heap]" and such too; NULL if none. Belongs to the
 * report.
 */
const char *libpin_report_path(const struct libpin_report *report);

/* The name of an enum pin_kind, as "fsdax"; NULL if unknown. */
const char *libpin_kind_name(uint32_t kind);

/* --- refusal: why a pin was refused -------------------------------------- */

/* Frees the refusal and its verdict. */
void libpin_refusal_free(struct libpin_refusal *refusal);

/* The errno that a pinning driver gets, positive. */
int libpin_refusal_error(const struct libpin_refusal *refusal);

/* enum pin_reason: the rule that refuses. */
uint32_t libpin_refusal_reason(const struct libpin_refusal *refusal);

/* First byte of the lowest page that cannot be pinned; for a limit, of the range. */
uint64_t libpin_refusal_address(const struct libpin_refusal *refusal);

/* libpin_reason_name() of the reason; NULL if this library does not know it. */
const char *libpin_refusal_reason_name(const struct libpin_refusal *refusal);

/* libpin_reason_sentence() of the reason; NULL likewise. */
const char *libpin_refusal_sentence(const struct libpin_refusal *refusal);

/*
 * Path of what is mapped at the address; NULL for limits and where nothing is known.
 * Belongs to the refusal.
 */
const char *libpin_refusal_path(const struct libpin_refusal *refusal);

/* How many remedies of the reason can help what was refused. */
size_t libpin_refusal_remedy_count(const struct libpin_refusal *refusal);

/*
 * One of them, best first; NULL beyond the last. As libpin_reason_remedy(), without a
 * lease unless the report at the address says that one would work.
 */
const struct libpin_remedy *libpin_refusal_remedy(const struct libpin_refusal *refusal,
						  size_t index);

/*
 * The mappings of the range, from its lowest address on; for a range of very many
 * mappings it may end before the range does. Belongs to the refusal.
 */
const struct libpin_verdict *
libpin_refusal_verdict(const struct libpin_refusal *refusal);

/* --- reasons and remedies: work without module and without privilege ----- */

/* The highest reason that this library knows; all from 1 to it have a name. */
uint32_t libpin_reason_last(void);

/* The kebab-case id, as "fsdax"; NULL if unknown. */
const char *libpin_reason_name(uint32_t reason);

/* The reason of that name; PIN_REASON_NONE if unknown. */
uint32_t libpin_reason_from_name(const char *name);

/* The errno of a refusal for this reason, positive; 0 if unknown. */
int libpin_reason_error(uint32_t reason);

/* The errno that the consumer's own call gives for it, where that differs. */
int libpin_reason_error_for(uint32_t reason, uint32_t consumer);

/*
 * Not 0 for a limit or a lack of memory, which refuses a range as a whole rather
 * than one of its mappings or pages.
 */
int libpin_reason_is_resource(uint32_t reason);

/* One sentence: what is the case. NULL if unknown. */
const char *libpin_reason_sentence(uint32_t reason);

/* A few sentences: why the kernel has this rule. NULL if unknown. */
const char *libpin_reason_why(uint32_t reason);

/* How many remedies there are for a program that uses /dev/pin. */
size_t libpin_reason_remedy_count(uint32_t reason);

/* One of them, best first; NULL beyond the last. */
const struct libpin_remedy *libpin_reason_remedy(uint32_t reason, size_t index);

/*
 * How many remedies there are for whoever was refused by @consumer, an enum
 * libpin_consumer; 0 if that is unknown.
 */
size_t libpin_reason_remedy_count_for(uint32_t reason, uint32_t consumer);

/*
 * One of them, best first; NULL beyond the last. They name the consumer's own calls
 * and leave out what it cannot do. With LIBPIN_CONSUMER_ANY the same as
 * libpin_reason_remedy().
 */
const struct libpin_remedy *
libpin_reason_remedy_for(uint32_t reason, uint32_t consumer, size_t index);

/*
 * What following a remedy costs and takes. One that needs a lease is of no use for a
 * mapping whose report lacks PIN_REPORT_LEASE.
 */
enum libpin_remedy_costs {
	LIBPIN_REMEDY_DESTROYS_DATA = 1 << 0,
	LIBPIN_REMEDY_NEEDS_ROOT = 1 << 1,
	LIBPIN_REMEDY_NEEDS_REBOOT = 1 << 2,
	LIBPIN_REMEDY_NEEDS_LEASE = 1 << 3
};

/* What to do, in words. */
const char *libpin_remedy_text(const struct libpin_remedy *remedy);

/*
 * A shell command to paste, or NULL. Names in capitals after a dollar sign ($PID,
 * $FILE, ...) are for the user to set first.
 */
const char *libpin_remedy_command(const struct libpin_remedy *remedy);

/* enum libpin_remedy_costs of the command, or of the remedy without one. */
uint32_t libpin_remedy_flags(const struct libpin_remedy *remedy);

/* --- consumers: who else pins -------------------------------------------- */

/*
 * The kernel's subsystems that pin memory on a program's behalf.  ANY is none of them:
 * a program that uses /dev/pin itself, or does not say.  New ones are added at the end.
 */
enum libpin_consumer {
	LIBPIN_CONSUMER_ANY = 0,
	LIBPIN_CONSUMER_RDMA = 1,
	LIBPIN_CONSUMER_IO_URING = 2,
	LIBPIN_CONSUMER_VFIO = 3,
	LIBPIN_CONSUMER_IOMMUFD = 4,
	LIBPIN_CONSUMER_XDP = 5
};

/* The highest consumer that this library knows; all from 0 to it have a name. */
uint32_t libpin_consumer_last(void);

/* Its name, as "rdma"; NULL if unknown. */
const char *libpin_consumer_name(uint32_t consumer);

/* Sets *@consumer to that of this name, or returns -ENOENT and sets it to ANY. */
int libpin_consumer_from_name(const char *name, uint32_t *consumer);

/* The call that pins, as "ibv_reg_mr(3)"; NULL if unknown. */
const char *libpin_consumer_call(uint32_t consumer);

/* A few sentences: whom it charges, against which limit. NULL if unknown. */
const char *libpin_consumer_ledger(uint32_t consumer);

/* --- maps: a snapshot of /proc/PID/maps ---------------------------------- */

/*
 * Reads the mappings of a process; @pid 0: the calling one. The caller frees them.
 * -ESRCH: gone; -EACCES: not yours.
 */
int libpin_maps_read(pid_t pid, struct libpin_maps **maps);

/* Frees the snapshot and its mappings. */
void libpin_maps_free(struct libpin_maps *maps);

/* How many mappings there are. */
size_t libpin_maps_count(const struct libpin_maps *maps);

/* One of them, sorted by address; belongs to the snapshot. NULL beyond the last. */
const struct libpin_mapping *libpin_maps_get(const struct libpin_maps *maps, size_t index);

/* The mapping that contains @address, or NULL; belongs to the snapshot. */
const struct libpin_mapping *libpin_maps_find(const struct libpin_maps *maps, uint64_t address);

/* The first byte. */
uint64_t libpin_mapping_start(const struct libpin_mapping *mapping);

/* The first byte after it. */
uint64_t libpin_mapping_end(const struct libpin_mapping *mapping);

/* PIN_REPORT_READ, _WRITE, _EXEC and _SHARED, or-ed together. */
uint32_t libpin_mapping_flags(const struct libpin_mapping *mapping);

/* Offset in the file of the first byte. */
uint64_t libpin_mapping_file_offset(const struct libpin_mapping *mapping);

/* Major number of the file's device. */
uint32_t libpin_mapping_dev_major(const struct libpin_mapping *mapping);

/* Minor number of the file's device. */
uint32_t libpin_mapping_dev_minor(const struct libpin_mapping *mapping);

/* Inode number of the file; 0 without a file. */
uint64_t libpin_mapping_inode(const struct libpin_mapping *mapping);

/*
 * Path as the kernel prints it (newlines as \\012); NULL if there is none. Belongs
 * to the mapping.
 */
const char *libpin_mapping_path(const struct libpin_mapping *mapping);

#ifdef __cplusplus
}
#endif

#endif /* _LIBPIN_H */
