/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ledger: every pin of the system, over generic netlink.  The same interface
 * as a specification for YNL is pin.yaml.
 */
#ifndef _PIN_NETLINK_H
#define _PIN_NETLINK_H

#include <pin/types.h>

/**
 * DOC: Rules of the ledger
 *
 * The family lives in the initial network namespace only: elsewhere its name is
 * not found, by an administrator neither.  Every request is validated strictly:
 * an attribute that is unknown, that the command does not take or that has
 * another type or length is EINVAL, and the extended acknowledgment says which
 * and why (on Linux 6.1 not of a dump that is refused before it begins: it has no
 * room there).  Values are in the byte order of the machine; those of
 * enumerations have the numbers of <pin/types.h> and <pin/ioctl.h>.
 *
 * - Who has CAP_SYS_ADMIN in the initial user namespace, now and when the socket
 *   was opened, sees every pin.  Everybody else sees the pins that his own user
 *   has made; any other is to him as one that does not exist.
 * - Requests about contexts and totals, for page frames, and the release of a pin
 *   take CAP_SYS_ADMIN: EPERM.
 * - Numbers of users and processes are those of the namespaces of whoever asks; a
 *   process that has none there is 0.
 * - A pin is in the ledger from before PIN answers until its last page and its
 *   charge have been given back.
 * - A dump goes by rising ids and ends at the last id there was when it began, so
 *   that a pin that exists all the time is told exactly once, whatever others do
 *   meanwhile.  If others did something, messages have NLM_F_DUMP_INTR.
 * - Events are told to the multicast group "events", in the order of their sequence
 *   numbers, which count those that were sent while somebody listened.  Nobody waits
 *   for a listener: one that does not read loses events, which ENOBUFS and a gap in
 *   the sequence tell him, and has all that he needs in a dump made after that.
 *   Numbers of users and processes in events are those of the initial namespaces;
 *   a listener in another pid namespace knows its processes by PID_NS and NS_PID.
 */

#define PIN_NL_FAMILY	"pin"
#define PIN_NL_VERSION	1

/* Everybody's events; to join takes CAP_SYS_ADMIN in the initial user namespace. */
#define PIN_NL_GROUP_EVENTS	"events"

/**
 * enum pin_nl_cmd - commands
 * @PIN_NL_CMD_NONE: none
 * @PIN_NL_CMD_PIN_GET: one pin by its id (ENOENT), or with NLM_F_DUMP all that match
 *	every attribute given
 * @PIN_NL_CMD_CONTEXT_GET: all contexts, only with NLM_F_DUMP
 * @PIN_NL_CMD_TOTALS_GET: the sums over the system
 * @PIN_NL_CMD_PIN_RELEASE: force the release of a pin, of whatever mode: it is revoked at
 *	once, with PIN_CAUSE_ADMIN; its pages and its charge are given back soon after, when
 *	the REVOKED event is sent. ENOENT, or ESTALE if it has been revoked already
 * @PIN_NL_CMD_PINNED: event, a pin was made
 * @PIN_NL_CMD_UNPINNED: event, the last page and the charge of a pin were given back
 * @PIN_NL_CMD_REFUSED: event, PIN was refused
 * @PIN_NL_CMD_REVOKED: event, a pin was revoked and what it held was given back
 * @PIN_NL_CMD_CLOSED: event, a context was closed that still had pins; that each of
 *	them is gone is an event of its own
 */
enum pin_nl_cmd {
	PIN_NL_CMD_NONE = 0,
	PIN_NL_CMD_PIN_GET = 1,
	PIN_NL_CMD_CONTEXT_GET = 2,
	PIN_NL_CMD_TOTALS_GET = 3,
	PIN_NL_CMD_PIN_RELEASE = 4,
	PIN_NL_CMD_PINNED = 5,
	PIN_NL_CMD_UNPINNED = 6,
	PIN_NL_CMD_REFUSED = 7,
	PIN_NL_CMD_REVOKED = 8,
	PIN_NL_CMD_CLOSED = 9
};

/**
 * enum pin_nl_a_pin - attributes of a pin
 * @PIN_NL_A_PIN_NONE: unused, none
 * @PIN_NL_A_PIN_PAD: pad, no meaning
 * @PIN_NL_A_PIN_ID: u64, unique in the system
 * @PIN_NL_A_PIN_CONTEXT: u64, id of the context that it belongs to; in a dump's
 *	request: only pins of that one
 * @PIN_NL_A_PIN_ADDR: u64, first byte that was asked for; in a dump's request, with
 *	LENGTH: only pins that overlap that range, in whatever address space
 * @PIN_NL_A_PIN_LENGTH: u64, bytes that were asked for
 * @PIN_NL_A_PIN_FLAGS: u32, enum pin_flags
 * @PIN_NL_A_PIN_MODE: u32, enum pin_mode; in a dump's request: only that mode
 * @PIN_NL_A_PIN_STATE: u32, enum pin_state; in a dump's request: only that state
 * @PIN_NL_A_PIN_COOKIE: u64, the caller's own value
 * @PIN_NL_A_PIN_PAGES: u64, base pages of the range that are pinned; 0 once revoked
 * @PIN_NL_A_PIN_REFERENCES: u64, references that it holds to pages, as
 *	nr_foll_pin_acquired - nr_foll_pin_released of /proc/vmstat counts them: a huge
 *	page of hugetlbfs is one; what a revoked pin has not given back yet counts
 * @PIN_NL_A_PIN_RUNS: u64, physically consecutive runs; 0 once revoked
 * @PIN_NL_A_PIN_CHARGED_PAGES: u64, pages that it counts for in VmPin and in the
 *	module's cap
 * @PIN_NL_A_PIN_USER_CHARGED_PAGES: u64, pages that it counts for against
 *	RLIMIT_MEMLOCK of its user; 0 if that had CAP_IPC_LOCK
 * @PIN_NL_A_PIN_NODE: nest, once for each NUMA node with pages of it, see enum
 *	pin_nl_a_node
 * @PIN_NL_A_PIN_UID: u32, user that pinned, who is charged; in a dump's request: only
 *	that user's
 * @PIN_NL_A_PIN_PID: u32, process that pinned; in a dump's request: only pins of
 *	processes with that number
 * @PIN_NL_A_PIN_NS_PID: u32, number of that process in its own pid namespace, as it
 *	is known in its container
 * @PIN_NL_A_PIN_PID_NS: u32, inode number of that namespace (/proc/PID/ns/pid)
 * @PIN_NL_A_PIN_CGROUP: u64, id of the cgroup (v2) in which it was pinned: the inode
 *	number of the cgroup's directory
 * @PIN_NL_A_PIN_COMM: string, name of that process at the time
 * @PIN_NL_A_PIN_START_TIME: u64, when it was pinned, nanoseconds of CLOCK_REALTIME
 * @PIN_NL_A_PIN_NODE_ID: u32, in a dump's request: only pins with pages on that NUMA
 *	node
 * @PIN_NL_A_PIN_PFN: u64, in a dump's request, with PFN_COUNT: only pins that hold
 *	one of the page frames from this one on
 * @PIN_NL_A_PIN_PFN_COUNT: u64, how many page frames, above 0
 */
enum pin_nl_a_pin {
	PIN_NL_A_PIN_NONE = 0,
	PIN_NL_A_PIN_PAD = 1,
	PIN_NL_A_PIN_ID = 2,
	PIN_NL_A_PIN_CONTEXT = 3,
	PIN_NL_A_PIN_ADDR = 4,
	PIN_NL_A_PIN_LENGTH = 5,
	PIN_NL_A_PIN_FLAGS = 6,
	PIN_NL_A_PIN_MODE = 7,
	PIN_NL_A_PIN_STATE = 8,
	PIN_NL_A_PIN_COOKIE = 9,
	PIN_NL_A_PIN_PAGES = 10,
	PIN_NL_A_PIN_REFERENCES = 11,
	PIN_NL_A_PIN_RUNS = 12,
	PIN_NL_A_PIN_CHARGED_PAGES = 13,
	PIN_NL_A_PIN_USER_CHARGED_PAGES = 14,
	PIN_NL_A_PIN_NODE = 15,
	PIN_NL_A_PIN_UID = 16,
	PIN_NL_A_PIN_PID = 17,
	PIN_NL_A_PIN_NS_PID = 18,
	PIN_NL_A_PIN_PID_NS = 19,
	PIN_NL_A_PIN_CGROUP = 20,
	PIN_NL_A_PIN_COMM = 21,
	PIN_NL_A_PIN_START_TIME = 22,
	PIN_NL_A_PIN_NODE_ID = 23,
	PIN_NL_A_PIN_PFN = 24,
	PIN_NL_A_PIN_PFN_COUNT = 25
};

/**
 * enum pin_nl_a_node - a NUMA node of a pin
 * @PIN_NL_A_NODE_NONE: unused, none
 * @PIN_NL_A_NODE_PAD: pad, no meaning
 * @PIN_NL_A_NODE_ID: u32, number of the node
 * @PIN_NL_A_NODE_PAGES: u64, pages of the pin on it
 */
enum pin_nl_a_node {
	PIN_NL_A_NODE_NONE = 0,
	PIN_NL_A_NODE_PAD = 1,
	PIN_NL_A_NODE_ID = 2,
	PIN_NL_A_NODE_PAGES = 3
};

/**
 * enum pin_nl_a_context - attributes of a context
 * @PIN_NL_A_CONTEXT_NONE: unused, none
 * @PIN_NL_A_CONTEXT_PAD: pad, no meaning
 * @PIN_NL_A_CONTEXT_ID: u64, unique in the system
 * @PIN_NL_A_CONTEXT_PINS: u64, pins in it
 * @PIN_NL_A_CONTEXT_PAGES: u64, base pages of its pins' ranges, those of revoked pins
 *	until they are given back
 * @PIN_NL_A_CONTEXT_CHARGED_PAGES: u64, pages that its pins are charged
 * @PIN_NL_A_CONTEXT_UID: u32, user that opened it
 * @PIN_NL_A_CONTEXT_PID: u32, process that opened it
 * @PIN_NL_A_CONTEXT_NS_PID: u32, number of that process in its own pid namespace
 * @PIN_NL_A_CONTEXT_PID_NS: u32, inode number of that namespace
 * @PIN_NL_A_CONTEXT_CGROUP: u64, id of the cgroup (v2) in which it was opened
 * @PIN_NL_A_CONTEXT_COMM: string, name of that process at the time
 * @PIN_NL_A_CONTEXT_START_TIME: u64, when it was opened, nanoseconds of
 *	CLOCK_REALTIME
 */
enum pin_nl_a_context {
	PIN_NL_A_CONTEXT_NONE = 0,
	PIN_NL_A_CONTEXT_PAD = 1,
	PIN_NL_A_CONTEXT_ID = 2,
	PIN_NL_A_CONTEXT_PINS = 3,
	PIN_NL_A_CONTEXT_PAGES = 4,
	PIN_NL_A_CONTEXT_CHARGED_PAGES = 5,
	PIN_NL_A_CONTEXT_UID = 6,
	PIN_NL_A_CONTEXT_PID = 7,
	PIN_NL_A_CONTEXT_NS_PID = 8,
	PIN_NL_A_CONTEXT_PID_NS = 9,
	PIN_NL_A_CONTEXT_CGROUP = 10,
	PIN_NL_A_CONTEXT_COMM = 11,
	PIN_NL_A_CONTEXT_START_TIME = 12
};

/**
 * enum pin_nl_a_totals - the sums over the system
 * @PIN_NL_A_TOTALS_NONE: unused, none
 * @PIN_NL_A_TOTALS_PAD: pad, no meaning
 * @PIN_NL_A_TOTALS_CONTEXTS: u64, contexts
 * @PIN_NL_A_TOTALS_LONGTERM_PINS: u64, pins of PIN_MODE_LONGTERM in the ledger
 * @PIN_NL_A_TOTALS_LONGTERM_PAGES: u64, base pages of those that are live
 * @PIN_NL_A_TOTALS_LEASE_PINS: u64, pins of PIN_MODE_LEASE in the ledger
 * @PIN_NL_A_TOTALS_LEASE_PAGES: u64, base pages of those that are live
 * @PIN_NL_A_TOTALS_REFERENCES: u64, references to pages, those of pins in the making
 *	included
 * @PIN_NL_A_TOTALS_CHARGED_PAGES: u64, pages charged, against the cap on pages
 * @PIN_NL_A_TOTALS_CAP_PAGES: u64, the module's cap on them
 * @PIN_NL_A_TOTALS_CAP_PINS: u64, the module's cap on pins of one context
 * @PIN_NL_A_TOTALS_REFUSAL: nest, once for each reason that was given since the module
 *	was loaded, see enum pin_nl_a_refusal
 * @PIN_NL_A_TOTALS_REVOCATION: nest, once for each cause of a revocation since then,
 *	see enum pin_nl_a_revocation
 * @PIN_NL_A_TOTALS_EVENTS: u64, sequence of the last event
 * @PIN_NL_A_TOTALS_EVENTS_LOST: u64, events that reached none of those who listened
 * @PIN_NL_A_TOTALS_LEAKS: u64, contexts that were closed with pins in them since then
 */
enum pin_nl_a_totals {
	PIN_NL_A_TOTALS_NONE = 0,
	PIN_NL_A_TOTALS_PAD = 1,
	PIN_NL_A_TOTALS_CONTEXTS = 2,
	PIN_NL_A_TOTALS_LONGTERM_PINS = 3,
	PIN_NL_A_TOTALS_LONGTERM_PAGES = 4,
	PIN_NL_A_TOTALS_LEASE_PINS = 5,
	PIN_NL_A_TOTALS_LEASE_PAGES = 6,
	PIN_NL_A_TOTALS_REFERENCES = 7,
	PIN_NL_A_TOTALS_CHARGED_PAGES = 8,
	PIN_NL_A_TOTALS_CAP_PAGES = 9,
	PIN_NL_A_TOTALS_CAP_PINS = 10,
	PIN_NL_A_TOTALS_REFUSAL = 11,
	PIN_NL_A_TOTALS_REVOCATION = 12,
	PIN_NL_A_TOTALS_EVENTS = 13,
	PIN_NL_A_TOTALS_EVENTS_LOST = 14,
	PIN_NL_A_TOTALS_LEAKS = 15
};

/**
 * enum pin_nl_a_refusal - how often PIN was refused for a reason
 * @PIN_NL_A_REFUSAL_NONE: unused, none
 * @PIN_NL_A_REFUSAL_PAD: pad, no meaning
 * @PIN_NL_A_REFUSAL_REASON: u32, enum pin_reason
 * @PIN_NL_A_REFUSAL_COUNT: u64, how often
 */
enum pin_nl_a_refusal {
	PIN_NL_A_REFUSAL_NONE = 0,
	PIN_NL_A_REFUSAL_PAD = 1,
	PIN_NL_A_REFUSAL_REASON = 2,
	PIN_NL_A_REFUSAL_COUNT = 3
};

/**
 * enum pin_nl_a_revocation - how many pins were revoked for a cause
 * @PIN_NL_A_REVOCATION_NONE: unused, none
 * @PIN_NL_A_REVOCATION_PAD: pad, no meaning
 * @PIN_NL_A_REVOCATION_CAUSE: u32, enum pin_cause
 * @PIN_NL_A_REVOCATION_COUNT: u64, how many
 */
enum pin_nl_a_revocation {
	PIN_NL_A_REVOCATION_NONE = 0,
	PIN_NL_A_REVOCATION_PAD = 1,
	PIN_NL_A_REVOCATION_CAUSE = 2,
	PIN_NL_A_REVOCATION_COUNT = 3
};

/**
 * enum pin_nl_a_event - attributes of an event
 * @PIN_NL_A_EVENT_NONE: unused, none
 * @PIN_NL_A_EVENT_PAD: pad, no meaning
 * @PIN_NL_A_EVENT_SEQUENCE: u64, counts the events that were sent, from 1
 * @PIN_NL_A_EVENT_TIME: u64, when, nanoseconds of CLOCK_REALTIME
 * @PIN_NL_A_EVENT_PIN: nest, the pin as it was right then, without its nodes, see enum
 *	pin_nl_a_pin; of one that was refused what was asked for, without a state
 * @PIN_NL_A_EVENT_REASON: u32, why it was refused, enum pin_reason
 * @PIN_NL_A_EVENT_ERROR: u32, the errno of the refusal
 * @PIN_NL_A_EVENT_ADDR: u64, of a refusal the first byte of the lowest page that cannot
 *	be pinned, as in struct pin_refusal; of a revocation the first byte that was
 *	invalidated
 * @PIN_NL_A_EVENT_LENGTH: u64, bytes that were invalidated
 * @PIN_NL_A_EVENT_CAUSE: u32, why it was revoked, enum pin_cause
 * @PIN_NL_A_EVENT_CONTEXT: nest, the context as it was right before it was closed, see
 *	enum pin_nl_a_context
 * @PIN_NL_A_EVENT_EXITING: flag, whoever closed it was ending
 * @PIN_NL_A_EVENT_ADMIN_UID: u32, user who forced the release
 * @PIN_NL_A_EVENT_ADMIN_PID: u32, process that did
 * @PIN_NL_A_EVENT_ADMIN_COMM: string, name of that process
 */
enum pin_nl_a_event {
	PIN_NL_A_EVENT_NONE = 0,
	PIN_NL_A_EVENT_PAD = 1,
	PIN_NL_A_EVENT_SEQUENCE = 2,
	PIN_NL_A_EVENT_TIME = 3,
	PIN_NL_A_EVENT_PIN = 4,
	PIN_NL_A_EVENT_REASON = 5,
	PIN_NL_A_EVENT_ERROR = 6,
	PIN_NL_A_EVENT_ADDR = 7,
	PIN_NL_A_EVENT_LENGTH = 8,
	PIN_NL_A_EVENT_CAUSE = 9,
	PIN_NL_A_EVENT_CONTEXT = 10,
	PIN_NL_A_EVENT_EXITING = 11,
	PIN_NL_A_EVENT_ADMIN_UID = 12,
	PIN_NL_A_EVENT_ADMIN_PID = 13,
	PIN_NL_A_EVENT_ADMIN_COMM = 14
};

#endif /* _PIN_NETLINK_H */
