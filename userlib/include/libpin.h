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

/* Version of the library, as "0.1.0". */
const char *libpin_version(void);

/* --- context: one open of the device ------------------------------------- */

/*
 * Opens @path, or /dev/pin if NULL.  With @writable 0 the context can ask
 * (info, check), otherwise it can pin too.  The descriptor is close-on-exec.
 *
 * -ENOENT: no such device, usually because the module is not loaded;
 * -EACCES: no permission; -ENOTTY: @path is something else.
 */
int libpin_context_open(struct libpin_context **ctx, const char *path, int writable);

/* Closes the context; the kernel releases all its pins. */
void libpin_context_close(struct libpin_context *ctx);

/* The descriptor, for poll(2) and for passing on; -EINVAL if @ctx is NULL. */
int libpin_context_fd(const struct libpin_context *ctx);

/* --- info: what the module offers, its caps, the caller's limits ---------- */

/* A snapshot; see struct pin_info for the meaning of each figure. */
int libpin_info_get(struct libpin_context *ctx, struct libpin_info **info);
void libpin_info_free(struct libpin_info *info);

/* enum pin_features, or-ed together. */
uint64_t libpin_info_features(const struct libpin_info *info);
uint32_t libpin_info_abi_version(const struct libpin_info *info);
/* Bytes of the kernel's base page. */
uint32_t libpin_info_page_size(const struct libpin_info *info);
uint64_t libpin_info_system_cap_pages(const struct libpin_info *info);
uint64_t libpin_info_system_pinned_pages(const struct libpin_info *info);
uint64_t libpin_info_context_cap_pins(const struct libpin_info *info);
uint64_t libpin_info_context_pins(const struct libpin_info *info);
/* PIN_ALL_PAGES if the caller is not held to a limit. */
uint64_t libpin_info_user_limit_pages(const struct libpin_info *info);
uint64_t libpin_info_user_charged_pages(const struct libpin_info *info);
uint64_t libpin_info_mm_pinned_pages(const struct libpin_info *info);

/*
 * The features that this library knows by name: index 0 to
 * libpin_feature_count() - 1.  Beyond that: NULL and 0.
 */
size_t libpin_feature_count(void);
const char *libpin_feature_name(size_t index);
uint64_t libpin_feature_bit(size_t index);

/* --- request and pin ------------------------------------------------------ */

/* A new request is for reading, address and length 0, cookie 0. */
int libpin_request_new(struct libpin_request **request);
void libpin_request_free(struct libpin_request *request);
/* First byte; need not be page aligned. */
int libpin_request_set_address(struct libpin_request *request, uint64_t address);
/* Bytes, above 0. */
int libpin_request_set_length(struct libpin_request *request, uint64_t length);
/* Not 0: the device or libpin will write to the memory. */
int libpin_request_set_write(struct libpin_request *request, int write);
/* Not 0: take a lease where a longterm pin is impossible; needs write. */
int libpin_request_set_lease(struct libpin_request *request, int lease);
/* The caller's own value, which queries return. */
int libpin_request_set_cookie(struct libpin_request *request, uint64_t cookie);

/*
 * Pins memory of the calling process, all of the range or nothing.  Sleeps
 * while pages are brought in; only a fatal signal interrupts it.
 *
 * Returns 0 and *@pin; or a negative errno.  If that errno is a refusal (the
 * request was sound, the memory cannot be pinned), *@refusal tells why;
 * otherwise *@refusal is NULL.  @refusal may be NULL if the reason is not
 * wanted.  A refusal for which there is no memory is given as NULL as well.
 */
int libpin_pin(struct libpin_context *ctx, const struct libpin_request *request,
	       struct libpin_pin **pin, struct libpin_refusal **refusal);

/* Frees the object only: the memory stays pinned until libpin_unpin(). */
void libpin_pin_free(struct libpin_pin *pin);
uint64_t libpin_pin_id(const struct libpin_pin *pin);
uint64_t libpin_pin_pages(const struct libpin_pin *pin);
uint64_t libpin_pin_runs(const struct libpin_pin *pin);

/* Releases a pin of this context, a revoked one too.  -ENOENT: no such pin. */
int libpin_unpin(struct libpin_context *ctx, uint64_t id);

/* --- query: everything about one pin -------------------------------------- */

int libpin_pin_query(struct libpin_context *ctx, uint64_t id, struct libpin_query **query);
void libpin_query_free(struct libpin_query *query);
uint64_t libpin_query_id(const struct libpin_query *query);
uint64_t libpin_query_address(const struct libpin_query *query);
uint64_t libpin_query_length(const struct libpin_query *query);
uint64_t libpin_query_cookie(const struct libpin_query *query);
/* enum pin_flags that it was pinned with. */
uint32_t libpin_query_flags(const struct libpin_query *query);
/* enum pin_mode, enum pin_state. */
uint32_t libpin_query_mode(const struct libpin_query *query);
uint32_t libpin_query_state(const struct libpin_query *query);
uint64_t libpin_query_pages(const struct libpin_query *query);
uint64_t libpin_query_runs(const struct libpin_query *query);
uint64_t libpin_query_charged_pages(const struct libpin_query *query);
/* Nanoseconds of CLOCK_REALTIME. */
uint64_t libpin_query_start_time_ns(const struct libpin_query *query);
uid_t libpin_query_uid(const struct libpin_query *query);
/* 0 if the process has no number in the caller's pid namespace. */
pid_t libpin_query_pid(const struct libpin_query *query);
const char *libpin_query_comm(const struct libpin_query *query);
/* NUMA nodes 0 to count - 1, and the pin's pages on each. */
size_t libpin_query_node_count(const struct libpin_query *query);
uint64_t libpin_query_node_pages(const struct libpin_query *query, size_t node);

const char *libpin_mode_name(uint32_t mode);
const char *libpin_state_name(uint32_t state);

/* --- list: the pins of a context ------------------------------------------ */

/* A snapshot of all ids, in rising order; -EPROTO: the answer makes no sense. */
int libpin_list_get(struct libpin_context *ctx, struct libpin_list **list);
void libpin_list_free(struct libpin_list *list);
size_t libpin_list_count(const struct libpin_list *list);
/* 0 beyond the last one. */
uint64_t libpin_list_id(const struct libpin_list *list, size_t index);

/* --- runs: where a pin lies in physical memory ---------------------------- */

/*
 * A snapshot of at most @capacity runs, which is above 0, from run number @cursor
 * on: 0 at first, then libpin_runs_next() of the snapshot before, until that is
 * libpin_runs_total().
 *
 * -ENOENT: no such pin; -EINVAL: @cursor is beyond the last run.
 */
int libpin_runs_get(struct libpin_context *ctx, uint64_t id, uint64_t cursor,
		    uint32_t capacity, struct libpin_runs **runs);
void libpin_runs_free(struct libpin_runs *runs);
size_t libpin_runs_count(const struct libpin_runs *runs);
uint64_t libpin_runs_next(const struct libpin_runs *runs);
uint64_t libpin_runs_total(const struct libpin_runs *runs);
/* Bytes from the page-aligned start of the pinned range; bytes. */
uint64_t libpin_runs_offset(const struct libpin_runs *runs, size_t index);
uint64_t libpin_runs_length(const struct libpin_runs *runs, size_t index);
/* Physical address; 0 with PIN_RUN_PHYS_WITHHELD among the flags. */
uint64_t libpin_runs_phys(const struct libpin_runs *runs, size_t index);
uint32_t libpin_runs_node(const struct libpin_runs *runs, size_t index);
uint32_t libpin_runs_flags(const struct libpin_runs *runs, size_t index);

/* --- access: bytes of a pin ----------------------------------------------- */

/*
 * Copy between @buffer and the pinned pages, as a device would: whatever the
 * addresses map by now.  @offset counts from the pin's address; @length is cut at
 * its end.
 *
 * Return the bytes copied, as read(2) does, 0 at the end; or a negative errno.
 * -EPERM: a write through a pin for reading; -ESTALE: the pin was revoked; -EIO: a
 * memory error; -EINVAL: @offset is beyond the end.
 */
ssize_t libpin_pin_read(struct libpin_context *ctx, uint64_t id, uint64_t offset,
			void *buffer, size_t length);
ssize_t libpin_pin_write(struct libpin_context *ctx, uint64_t id, uint64_t offset,
			 const void *buffer, size_t length);

/* --- check: ask without pinning ------------------------------------------- */

/* A new request asks about reading, of the caller, with everything reported. */
int libpin_check_request_new(struct libpin_check_request **request);
void libpin_check_request_free(struct libpin_check_request *request);
/* 0: the caller; another process needs PIN_FEATURE_CHECK_OTHER. */
int libpin_check_request_set_pid(struct libpin_check_request *request, pid_t pid);
int libpin_check_request_set_address(struct libpin_check_request *request, uint64_t address);
/* Bytes, above 0. */
int libpin_check_request_set_length(struct libpin_check_request *request, uint64_t length);
/* enum pin_check_flags, replacing those set before; unknown ones: -EINVAL. */
int libpin_check_request_set_flags(struct libpin_check_request *request, uint32_t flags);

/*
 * Judges the whole range, in as many steps as the module wants.  Succeeds
 * whether or not the range can be pinned: the verdict says so.  The paths in
 * its reports are read from /proc at the end, and are left out (NULL) where
 * the mapping is a different one by then or /proc cannot be read.
 *
 * -EPROTO: the module's answer makes no sense; else see struct pin_check.
 */
int libpin_check(struct libpin_context *ctx, const struct libpin_check_request *request,
		 struct libpin_verdict **verdict);

void libpin_verdict_free(struct libpin_verdict *verdict);
/* The lowest refusal: enum pin_reason, 0 if nothing refuses the range. */
uint32_t libpin_verdict_reason(const struct libpin_verdict *verdict);
/* Its errno, positive, or 0. */
int libpin_verdict_error(const struct libpin_verdict *verdict);
/* Its address, or 0. */
uint64_t libpin_verdict_address(const struct libpin_verdict *verdict);
/* What a pin of the range would be charged; 0 in the verdict of a refusal. */
uint64_t libpin_verdict_charge_pages(const struct libpin_verdict *verdict);
/* Reports, sorted by address. */
size_t libpin_verdict_report_count(const struct libpin_verdict *verdict);
const struct libpin_report *libpin_verdict_report(const struct libpin_verdict *verdict,
						  size_t index);

/* One mapping's segment of the range; see struct pin_report. */
uint64_t libpin_report_start(const struct libpin_report *report);
uint64_t libpin_report_end(const struct libpin_report *report);
uint32_t libpin_report_kind(const struct libpin_report *report);
uint32_t libpin_report_reason(const struct libpin_report *report);
int libpin_report_error(const struct libpin_report *report);
uint32_t libpin_report_flags(const struct libpin_report *report);
uint64_t libpin_report_page_size(const struct libpin_report *report);
uint64_t libpin_report_file_offset(const struct libpin_report *report);
uint64_t libpin_report_inode(const struct libpin_report *report);
uint32_t libpin_report_dev_major(const struct libpin_report *report);
uint32_t libpin_report_dev_minor(const struct libpin_report *report);
/* As in /proc/PID/maps, "[heap]" and such too; NULL if there is none. */
const char *libpin_report_path(const struct libpin_report *report);

const char *libpin_kind_name(uint32_t kind);

/* --- refusal: why a pin was refused --------------------------------------- */

void libpin_refusal_free(struct libpin_refusal *refusal);
/* The errno that a pinning driver gets, positive. */
int libpin_refusal_error(const struct libpin_refusal *refusal);
uint32_t libpin_refusal_reason(const struct libpin_refusal *refusal);
/* First byte of the lowest page that cannot be pinned; limits: of the range. */
uint64_t libpin_refusal_address(const struct libpin_refusal *refusal);
/* NULL for a reason that this library does not know. */
const char *libpin_refusal_reason_name(const struct libpin_refusal *refusal);
const char *libpin_refusal_sentence(const struct libpin_refusal *refusal);
/* What is mapped at the address; NULL for limits and where nothing is known. */
const char *libpin_refusal_path(const struct libpin_refusal *refusal);
size_t libpin_refusal_remedy_count(const struct libpin_refusal *refusal);
const struct libpin_remedy *libpin_refusal_remedy(const struct libpin_refusal *refusal,
						  size_t index);
/*
 * The mappings of the range, from its lowest address on; for a range of very
 * many mappings it may end before the range does.
 */
const struct libpin_verdict *libpin_refusal_verdict(const struct libpin_refusal *refusal);

/* --- reasons and remedies: works without module and without privilege ----- */

/* The highest reason that this library knows; all from 1 to it have a name. */
uint32_t libpin_reason_last(void);
/* The kebab-case id, as "fsdax"; NULL if unknown. */
const char *libpin_reason_name(uint32_t reason);
/* PIN_REASON_NONE if unknown. */
uint32_t libpin_reason_from_name(const char *name);
/* The errno that a refusal for this reason gives, positive; 0 if unknown. */
int libpin_reason_error(uint32_t reason);
/*
 * Not 0 for a limit or a lack of memory, which refuses a range as a whole rather
 * than one of its mappings or pages.
 */
int libpin_reason_is_resource(uint32_t reason);
/* One sentence: what is the case. */
const char *libpin_reason_sentence(uint32_t reason);
/* A few sentences: why the kernel has this rule. */
const char *libpin_reason_why(uint32_t reason);
size_t libpin_reason_remedy_count(uint32_t reason);
/* The remedies, best first; NULL beyond the last. */
const struct libpin_remedy *libpin_reason_remedy(uint32_t reason, size_t index);

enum libpin_remedy_flags {
	LIBPIN_REMEDY_DESTROYS_DATA = 1 << 0,
	LIBPIN_REMEDY_NEEDS_ROOT = 1 << 1,
	LIBPIN_REMEDY_NEEDS_REBOOT = 1 << 2
};

/* What to do, in words. */
const char *libpin_remedy_text(const struct libpin_remedy *remedy);
/*
 * A shell command to paste, or NULL.  Names in capitals after a dollar sign
 * ($PID, $FILE, ...) are for the user to set first.
 */
const char *libpin_remedy_command(const struct libpin_remedy *remedy);
/* enum libpin_remedy_flags of the command, or of the remedy without one. */
uint32_t libpin_remedy_flags(const struct libpin_remedy *remedy);

/* --- maps: a snapshot of /proc/PID/maps ----------------------------------- */

/* @pid 0: the calling process.  -ESRCH: gone; -EACCES: not yours. */
int libpin_maps_read(pid_t pid, struct libpin_maps **maps);
void libpin_maps_free(struct libpin_maps *maps);
size_t libpin_maps_count(const struct libpin_maps *maps);
const struct libpin_mapping *libpin_maps_get(const struct libpin_maps *maps, size_t index);
/* The mapping that contains @address, or NULL. */
const struct libpin_mapping *libpin_maps_find(const struct libpin_maps *maps, uint64_t address);

uint64_t libpin_mapping_start(const struct libpin_mapping *mapping);
uint64_t libpin_mapping_end(const struct libpin_mapping *mapping);
/* PIN_REPORT_READ, _WRITE, _EXEC, _SHARED. */
uint32_t libpin_mapping_flags(const struct libpin_mapping *mapping);
uint64_t libpin_mapping_file_offset(const struct libpin_mapping *mapping);
uint32_t libpin_mapping_dev_major(const struct libpin_mapping *mapping);
uint32_t libpin_mapping_dev_minor(const struct libpin_mapping *mapping);
uint64_t libpin_mapping_inode(const struct libpin_mapping *mapping);
/* As the kernel prints it (newlines as \012); NULL if there is none. */
const char *libpin_mapping_path(const struct libpin_mapping *mapping);

#ifdef __cplusplus
}
#endif

#endif /* _LIBPIN_H */
