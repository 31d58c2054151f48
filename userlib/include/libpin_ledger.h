/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpin, the ledger - every pin of the system, who holds it, and what happens.
 *
 * The conventions of libpin.h hold here, too.  Whoever has CAP_SYS_ADMIN in the initial
 * user namespace sees every pin; everybody else sees those that his own user has made,
 * and no other pin exists for him.  What takes that capability says so: -EPERM.
 *
 * The kernel tells it over generic netlink, see <pin/netlink.h>, in the initial network
 * namespace only.
 */
#ifndef _LIBPIN_LEDGER_H
#define _LIBPIN_LEDGER_H

#include <libpin.h>
#include <pin/netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

struct libpin_ledger;
struct libpin_record;
struct libpin_context_record;
struct libpin_filter;
struct libpin_dump;
struct libpin_totals;
struct libpin_monitor;
struct libpin_notice;

/* --- ledger: every pin of the system ------------------------------------- */

/*
 * Connects to the ledger, which loads the module if that is installed. The caller ends
 * it with libpin_ledger_close().
 *
 * -ENOENT: there is none: no module, or this is not the initial network namespace.
 */
int libpin_ledger_open(struct libpin_ledger **ledger);

/* Closes the connection and frees it; dumps that were begun with it go on. */
void libpin_ledger_close(struct libpin_ledger *ledger);

/*
 * What the kernel had to say about the last request that failed, as "no such pin";
 * NULL if it said nothing. Belongs to the ledger, until the next request.
 */
const char *libpin_ledger_words(const struct libpin_ledger *ledger);

/*
 * Takes a snapshot of one pin of the system by its id. The caller frees it. -ENOENT: no
 * such pin, or it is not the caller's to see.
 */
int libpin_ledger_get(struct libpin_ledger *ledger, uint64_t id, struct libpin_record **record);

/*
 * Forces the release of a pin of whatever mode and whoever holds it: it is revoked at
 * once, with PIN_CAUSE_ADMIN, its memory and its charge are given back soon after. A
 * device that still uses the memory then writes to pages that belong to somebody else,
 * unless its driver takes part. Takes CAP_SYS_ADMIN.
 *
 * -ENOENT: no such pin; -ESTALE: it has been revoked already.
 */
int libpin_ledger_release(struct libpin_ledger *ledger, uint64_t id);

/* --- record: a pin as the ledger tells it --------------------------------- */

/* Frees a record that the caller owns; the pin is not touched. */
void libpin_record_free(struct libpin_record *record);

/* The pin's id. */
uint64_t libpin_record_id(const struct libpin_record *record);

/* The id of the context that it belongs to. */
uint64_t libpin_record_context(const struct libpin_record *record);

/* The first byte that was asked for, in the address space of who pinned. */
uint64_t libpin_record_address(const struct libpin_record *record);

/* The bytes, as they were asked for. */
uint64_t libpin_record_length(const struct libpin_record *record);

/* enum pin_flags that it was pinned with. */
uint32_t libpin_record_flags(const struct libpin_record *record);

/* enum pin_mode: longterm or lease. */
uint32_t libpin_record_mode(const struct libpin_record *record);

/* enum pin_state; PIN_STATE_NONE: of a refusal. */
uint32_t libpin_record_state(const struct libpin_record *record);

/* The caller's own value. */
uint64_t libpin_record_cookie(const struct libpin_record *record);

/* Base pages of the range that are pinned; 0 once revoked. */
uint64_t libpin_record_pages(const struct libpin_record *record);

/*
 * References to pages that it holds, as nr_foll_pin_* of /proc/vmstat count them: a huge
 * page of hugetlbfs is one.
 */
uint64_t libpin_record_references(const struct libpin_record *record);

/* Physically consecutive runs of them; 0 once revoked. */
uint64_t libpin_record_runs(const struct libpin_record *record);

/* Pages that it counts for in VmPin and against the module's cap. */
uint64_t libpin_record_charged_pages(const struct libpin_record *record);

/*
 * Pages that it counts for against RLIMIT_MEMLOCK of its user; 0 if that had
 * CAP_IPC_LOCK.
 */
uint64_t libpin_record_user_charged_pages(const struct libpin_record *record);

/* The user that pinned, in the caller's user namespace; in a notice in the initial one. */
uid_t libpin_record_uid(const struct libpin_record *record);

/* The process that pinned; 0 if it has no number in the caller's pid namespace. */
pid_t libpin_record_pid(const struct libpin_record *record);

/* That process's number in its own pid namespace, as it is known in its container. */
pid_t libpin_record_ns_pid(const struct libpin_record *record);

/* That namespace, by the inode number of /proc/PID/ns/pid. */
uint32_t libpin_record_pid_ns(const struct libpin_record *record);

/* The cgroup (v2) in which it was pinned, by the inode number of its directory. */
uint64_t libpin_record_cgroup(const struct libpin_record *record);

/* That process's name at the time; belongs to the record. */
const char *libpin_record_comm(const struct libpin_record *record);

/* When it was pinned, in nanoseconds of CLOCK_REALTIME. */
uint64_t libpin_record_start_time_ns(const struct libpin_record *record);

/* How many NUMA nodes it has pages on; indexes run from 0 to one less. None in a notice. */
size_t libpin_record_node_count(const struct libpin_record *record);

/* The number of one of those nodes; 0 beyond the last. */
uint32_t libpin_record_node(const struct libpin_record *record, size_t index);

/* The pin's pages on it; 0 beyond the last. */
uint64_t libpin_record_node_pages(const struct libpin_record *record, size_t index);

/* --- context record: a context as the ledger tells it --------------------- */

/* The context's id, unique in the system. */
uint64_t libpin_context_record_id(const struct libpin_context_record *record);

/* How many pins are in it. */
uint64_t libpin_context_record_pins(const struct libpin_context_record *record);

/* Base pages of its pins' ranges. */
uint64_t libpin_context_record_pages(const struct libpin_context_record *record);

/* Pages that its pins are charged. */
uint64_t libpin_context_record_charged_pages(const struct libpin_context_record *record);

/* The user that opened it. */
uid_t libpin_context_record_uid(const struct libpin_context_record *record);

/* The process that opened it; 0 if it has no number in the caller's pid namespace. */
pid_t libpin_context_record_pid(const struct libpin_context_record *record);

/* That process's number in its own pid namespace. */
pid_t libpin_context_record_ns_pid(const struct libpin_context_record *record);

/* That namespace, by the inode number of /proc/PID/ns/pid. */
uint32_t libpin_context_record_pid_ns(const struct libpin_context_record *record);

/* The cgroup (v2) in which it was opened, by the inode number of its directory. */
uint64_t libpin_context_record_cgroup(const struct libpin_context_record *record);

/* That process's name at the time; belongs to the record. */
const char *libpin_context_record_comm(const struct libpin_context_record *record);

/* When it was opened, in nanoseconds of CLOCK_REALTIME. */
uint64_t libpin_context_record_start_time_ns(const struct libpin_context_record *record);

/* --- filter: which pins a dump is about ----------------------------------- */

/*
 * Makes a filter that every pin passes; what is set narrows it down. The caller frees
 * it; it can serve for any number of dumps.
 */
int libpin_filter_new(struct libpin_filter **filter);

/* Frees the filter. */
void libpin_filter_free(struct libpin_filter *filter);

/* Only pins of the context with this id. */
int libpin_filter_set_context(struct libpin_filter *filter, uint64_t context);

/*
 * Only pins that overlap these bytes, in whatever address space. -EINVAL: @length is 0;
 * -EOVERFLOW: the range wraps.
 */
int libpin_filter_set_range(struct libpin_filter *filter, uint64_t address, uint64_t length);

/* Only pins of this enum pin_mode. */
int libpin_filter_set_mode(struct libpin_filter *filter, uint32_t mode);

/* Only pins in this enum pin_state. */
int libpin_filter_set_state(struct libpin_filter *filter, uint32_t state);

/* Only pins of this user, by the number in the caller's user namespace. */
int libpin_filter_set_uid(struct libpin_filter *filter, uid_t uid);

/* Only pins of the process with this number in the caller's pid namespace. */
int libpin_filter_set_pid(struct libpin_filter *filter, pid_t pid);

/* Only pins with pages on this NUMA node. */
int libpin_filter_set_node(struct libpin_filter *filter, uint32_t node);

/*
 * Only pins that hold one of @count page frames from @first on. A dump with it takes
 * CAP_SYS_ADMIN. -EINVAL: @count is 0; -EOVERFLOW: the range wraps.
 */
int libpin_filter_set_pfns(struct libpin_filter *filter, uint64_t first, uint64_t count);

/* --- dump: all pins, or all contexts -------------------------------------- */

/*
 * Begins to tell the pins that pass @filter, or all if that is NULL, by rising ids. It
 * takes the memory of one answer of the kernel, however many there are. The caller frees
 * the dump.
 *
 * A pin that exists all the time is told exactly once, whatever others do meanwhile.
 *
 * -EPERM: page frames; -EINVAL: no such user in the caller's user namespace. The dump
 * does not begin then, and libpin_ledger_words() tells what the kernel had to say.
 */
int libpin_dump_pins(struct libpin_ledger *ledger, const struct libpin_filter *filter,
		     struct libpin_dump **dump);

/* The same of contexts; takes CAP_SYS_ADMIN. */
int libpin_dump_contexts(struct libpin_ledger *ledger, struct libpin_dump **dump);

/* Ends the dump, wherever it is, and frees it. */
void libpin_dump_free(struct libpin_dump *dump);

/*
 * The next pin of libpin_dump_pins(); NULL after the last. It belongs to the dump, and
 * lives until the next call. After a failure the dump is at its end.
 *
 * -EINVAL: the dump is one of contexts; -EPROTO: the module's answer makes no sense.
 */
int libpin_dump_next_pin(struct libpin_dump *dump, const struct libpin_record **record);

/* The next context of libpin_dump_contexts(), in the same way. */
int libpin_dump_next_context(struct libpin_dump *dump,
			     const struct libpin_context_record **record);

/*
 * Not 0 if pins or contexts came or went while the dump was told so far: what it has told
 * is true of each one, but there was no moment at which all of it was.
 */
int libpin_dump_is_interrupted(const struct libpin_dump *dump);

/* --- totals: the sums over the system ------------------------------------- */

/* Takes a snapshot. The caller frees it. Takes CAP_SYS_ADMIN. */
int libpin_totals_get(struct libpin_ledger *ledger, struct libpin_totals **totals);

/* Frees the snapshot. */
void libpin_totals_free(struct libpin_totals *totals);

/* How many contexts there are. */
uint64_t libpin_totals_contexts(const struct libpin_totals *totals);

/* Pins of this enum pin_mode, revoked ones included; 0 for an unknown mode. */
uint64_t libpin_totals_pins(const struct libpin_totals *totals, uint32_t mode);

/* Base pages of those that are live. */
uint64_t libpin_totals_pages(const struct libpin_totals *totals, uint32_t mode);

/* References to pages, see libpin_record_references(), with those of pins in the making. */
uint64_t libpin_totals_references(const struct libpin_totals *totals);

/* Pages charged. */
uint64_t libpin_totals_charged_pages(const struct libpin_totals *totals);

/* The module's cap on them (parameter max_pages). */
uint64_t libpin_totals_cap_pages(const struct libpin_totals *totals);

/* The module's cap on the pins of one context (parameter max_pins). */
uint64_t libpin_totals_cap_pins(const struct libpin_totals *totals);

/* How often PIN was refused for this enum pin_reason since the module was loaded. */
uint64_t libpin_totals_refusals(const struct libpin_totals *totals, uint32_t reason);

/* How many pins were revoked for this enum pin_cause since then. */
uint64_t libpin_totals_revocations(const struct libpin_totals *totals, uint32_t cause);

/* The sequence number of the last event. */
uint64_t libpin_totals_events(const struct libpin_totals *totals);

/* Events that reached none of those who listened. */
uint64_t libpin_totals_events_lost(const struct libpin_totals *totals);

/* Contexts that were closed with pins in them since the module was loaded. */
uint64_t libpin_totals_leaks(const struct libpin_totals *totals);

/* --- monitor: what happens, as it happens --------------------------------- */

/*
 * Listens to everybody's events from now on. @buffer: bytes of kernel memory for events
 * that have not been read, an event takes up to 2304; 0: as much as the system gives to
 * any socket (net.core.rmem_default). Takes CAP_SYS_ADMIN. The caller ends it with
 * libpin_monitor_close().
 *
 * -ENOENT: there is no ledger, as for libpin_ledger_open().
 */
int libpin_monitor_open(struct libpin_monitor **monitor, size_t buffer);

/* Ends listening and frees the monitor and its notice. */
void libpin_monitor_close(struct libpin_monitor *monitor);

/*
 * The descriptor, for poll(2) for POLLIN; -EINVAL if @monitor is NULL. It belongs to the
 * monitor. When it is readable, call libpin_monitor_next() with timeout 0 until that is
 * -ETIMEDOUT.
 */
int libpin_monitor_fd(const struct libpin_monitor *monitor);

/*
 * Waits for what happens next; @timeout_ms: as for poll(2), -1 for ever. It belongs to
 * the monitor, and lives until the next call.
 *
 * They come in the order in which they happened. A listener that is too slow for the
 * buffer loses events; where they are missing stands a notice of the type
 * LIBPIN_NOTICE_LOST, and everything that one needs to know is in a dump made after it.
 *
 * -ETIMEDOUT: nothing happened; -EINTR: a signal; -EPROTO: the module's event makes no
 * sense.
 */
int libpin_monitor_next(struct libpin_monitor *monitor, int timeout_ms,
			const struct libpin_notice **notice);

/* --- notice: something that happened -------------------------------------- */

/* What a notice is about.  New ones are added at the end. */
enum libpin_notice_types {
	LIBPIN_NOTICE_NONE = 0,
	LIBPIN_NOTICE_PINNED = 1,
	LIBPIN_NOTICE_UNPINNED = 2,
	LIBPIN_NOTICE_REFUSED = 3,
	LIBPIN_NOTICE_REVOKED = 4,
	LIBPIN_NOTICE_CLOSED = 5,
	LIBPIN_NOTICE_LOST = 6
};

/* enum libpin_notice_types; NONE: something that this library does not know. */
uint32_t libpin_notice_type(const struct libpin_notice *notice);

/* "pinned", "unpinned", "refused", "revoked", "closed" or "lost"; NULL if unknown. */
const char *libpin_notice_type_name(uint32_t type);

/* Of LOST: how many events are missing here; 0: that cannot be told. */
uint64_t libpin_notice_lost(const struct libpin_notice *notice);

/* Counts the events of the module; of LOST that of the last one that is missing. */
uint64_t libpin_notice_sequence(const struct libpin_notice *notice);

/* When it happened, in nanoseconds of CLOCK_REALTIME; 0 of LOST. */
uint64_t libpin_notice_time_ns(const struct libpin_notice *notice);

/*
 * The pin as it was right then, of REFUSED what was asked for; NULL of CLOSED and LOST.
 * Belongs to the notice.
 */
const struct libpin_record *libpin_notice_pin(const struct libpin_notice *notice);

/* Of CLOSED: the context right before. Belongs to the notice. */
const struct libpin_context_record *libpin_notice_context(const struct libpin_notice *notice);

/* Of CLOSED: not 0 if whoever closed it was ending, and has left its pins behind. */
int libpin_notice_is_exiting(const struct libpin_notice *notice);

/* Of REFUSED: enum pin_reason. */
uint32_t libpin_notice_reason(const struct libpin_notice *notice);

/* Of REFUSED: the errno, positive. */
int libpin_notice_error(const struct libpin_notice *notice);

/* Of REFUSED the first byte that cannot be pinned; of REVOKED what was invalidated. */
uint64_t libpin_notice_address(const struct libpin_notice *notice);

/* Of REVOKED: the bytes that were invalidated. */
uint64_t libpin_notice_length(const struct libpin_notice *notice);

/* Of REVOKED: enum pin_cause. */
uint32_t libpin_notice_cause(const struct libpin_notice *notice);

/* Of REVOKED with PIN_CAUSE_ADMIN: the user who forced it. */
uid_t libpin_notice_admin_uid(const struct libpin_notice *notice);

/* The process that did. */
pid_t libpin_notice_admin_pid(const struct libpin_notice *notice);

/* Its name; NULL if nobody forced anything. Belongs to the notice. */
const char *libpin_notice_admin_comm(const struct libpin_notice *notice);

#ifdef __cplusplus
}
#endif

#endif /* _LIBPIN_LEDGER_H */
