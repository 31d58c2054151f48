/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: pin:pin, pin:unpin, pin:refuse and pin:revoke.  No physical address and
 * no kernel address is in them; ids are those of the ledger.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM pin

#if !defined(PINDEV_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PINDEV_TRACE_H

#include <linux/tracepoint.h>

#include "pindev.h"

/* Names instead of numbers, for who reads the format and for who prints. */
#define PINDEV_TRACE_REASON(constant, name, ...)	{ constant, name },
#define PINDEV_TRACE_DEFINE(constant, ...)	TRACE_DEFINE_ENUM(constant);

PIN_REASON_TABLE(PINDEV_TRACE_DEFINE)
TRACE_DEFINE_ENUM(PIN_MODE_LONGTERM);
TRACE_DEFINE_ENUM(PIN_MODE_LEASE);
TRACE_DEFINE_ENUM(PIN_CAUSE_FILE);
TRACE_DEFINE_ENUM(PIN_CAUSE_UNMAP);
TRACE_DEFINE_ENUM(PIN_CAUSE_EXIT);
TRACE_DEFINE_ENUM(PIN_CAUSE_DEVICE);
TRACE_DEFINE_ENUM(PIN_CAUSE_ADMIN);

#define pindev_trace_reason(reason)					\
	__print_symbolic(reason, PIN_REASON_TABLE(PINDEV_TRACE_REASON)	\
			 { 0, "none" })

#define pindev_trace_mode(mode)						\
	__print_symbolic(mode, { PIN_MODE_LONGTERM, "longterm" },	\
			 { PIN_MODE_LEASE, "lease" })

#define pindev_trace_cause(cause)					\
	__print_symbolic(cause, { PIN_CAUSE_FILE, "file" },		\
			 { PIN_CAUSE_UNMAP, "unmap" },			\
			 { PIN_CAUSE_EXIT, "exit" },			\
			 { PIN_CAUSE_DEVICE, "device" },		\
			 { PIN_CAUSE_ADMIN, "admin" })

DECLARE_EVENT_CLASS(pin_held,
	TP_PROTO(const struct pindev_pin *pin),
	TP_ARGS(pin),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, context)
		__field(u64, addr)
		__field(u64, length)
		__field(u64, pages)
		__field(u64, charged_pages)
		__field(u64, cookie)
		__field(u32, mode)
		__field(u32, uid)
		__field(pid_t, pid)
		__field(bool, write)
	),
	TP_fast_assign(
		__entry->id = pin->id;
		__entry->context = pin->ctx->id;
		__entry->addr = pin->addr;
		__entry->length = pin->length;
		__entry->pages = pin->runs.pages;
		__entry->charged_pages = pin->charge.pages;
		__entry->cookie = pin->cookie;
		__entry->mode = pin->leases ? PIN_MODE_LEASE :
					      PIN_MODE_LONGTERM;
		__entry->uid = from_kuid(&init_user_ns, pin->owner.uid);
		__entry->pid = pid_nr(pin->owner.tgid);
		__entry->write = pin->flags & PIN_F_WRITE;
	),
	TP_printk("id=%llu context=%llu pid=%d uid=%u addr=0x%llx length=%llu pages=%llu charged=%llu mode=%s access=%s cookie=0x%llx",
		  __entry->id, __entry->context, __entry->pid, __entry->uid,
		  __entry->addr, __entry->length, __entry->pages,
		  __entry->charged_pages, pindev_trace_mode(__entry->mode),
		  __entry->write ? "write" : "read", __entry->cookie)
);

/* A pin was made. */
DEFINE_EVENT(pin_held, pin,
	TP_PROTO(const struct pindev_pin *pin),
	TP_ARGS(pin)
);

/* What a pin held and was charged has been given back. */
DEFINE_EVENT(pin_held, unpin,
	TP_PROTO(const struct pindev_pin *pin),
	TP_ARGS(pin)
);

/* PIN was refused. */
TRACE_EVENT(refuse,
	TP_PROTO(const struct pindev_pin *pin, const struct pin_refusal *refusal),
	TP_ARGS(pin, refusal),
	TP_STRUCT__entry(
		__field(u64, context)
		__field(u64, addr)
		__field(u64, length)
		__field(u64, bad_addr)
		__field(u64, cookie)
		__field(u32, flags)
		__field(u32, reason)
		__field(int, error)
		__field(u32, uid)
		__field(pid_t, pid)
	),
	TP_fast_assign(
		__entry->context = pin->ctx->id;
		__entry->addr = pin->addr;
		__entry->length = pin->length;
		__entry->bad_addr = refusal->addr;
		__entry->cookie = pin->cookie;
		__entry->flags = pin->flags;
		__entry->reason = refusal->reason;
		__entry->error = refusal->error;
		__entry->uid = from_kuid(&init_user_ns, pin->owner.uid);
		__entry->pid = pid_nr(pin->owner.tgid);
	),
	TP_printk("context=%llu pid=%d uid=%u addr=0x%llx length=%llu flags=0x%x reason=%s error=%d at=0x%llx cookie=0x%llx",
		  __entry->context, __entry->pid, __entry->uid, __entry->addr,
		  __entry->length, __entry->flags,
		  pindev_trace_reason(__entry->reason), __entry->error,
		  __entry->bad_addr, __entry->cookie)
);

/* A pin was revoked; of a lease in the callback that did it. */
TRACE_EVENT(revoke,
	TP_PROTO(const struct pindev_pin *pin, u32 cause, u64 addr, u64 length),
	TP_ARGS(pin, cause, addr, length),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, context)
		__field(u64, addr)
		__field(u64, length)
		__field(u64, cookie)
		__field(u32, cause)
		__field(u32, uid)
		__field(pid_t, pid)
	),
	TP_fast_assign(
		__entry->id = pin->id;
		__entry->context = pin->ctx->id;
		__entry->addr = addr;
		__entry->length = length;
		__entry->cookie = pin->cookie;
		__entry->cause = cause;
		__entry->uid = from_kuid(&init_user_ns, pin->owner.uid);
		__entry->pid = pid_nr(pin->owner.tgid);
	),
	TP_printk("id=%llu context=%llu pid=%d uid=%u cause=%s addr=0x%llx length=%llu cookie=0x%llx",
		  __entry->id, __entry->context, __entry->pid, __entry->uid,
		  pindev_trace_cause(__entry->cause), __entry->addr,
		  __entry->length, __entry->cookie)
);

#endif /* PINDEV_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
