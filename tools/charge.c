// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Charge: see charge.h.
 *
 * What a ledger has so far is shown by /proc for mm->pinned_vm and mm->locked_vm;
 * user->locked_vm only the module tells, and only of its caller's own user.
 */
#include <errno.h>
#include <libpin.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capability.h"
#include "charge.h"
#include "machine.h"
#include "segment.h"
#include "size.h"

/* io_buffer_validate() in io_uring/rsrc.c, Linux 6.1 and 6.12; 7.2 has no such rule. */
#define IO_URING_BUFFER_MAX (UINT64_C(1) << 30)

enum ledger { LEDGER_USER, LEDGER_PINNED, LEDGER_LOCKED };

static const char *const ledger_names[] = {
	[LEDGER_USER] = "user",
	[LEDGER_PINNED] = "VmPin",
	[LEDGER_LOCKED] = "VmLck",
};

static enum ledger ledger_of(uint32_t consumer)
{
	switch (consumer) {
	case LIBPIN_CONSUMER_RDMA:
		return LEDGER_PINNED;
	case LIBPIN_CONSUMER_VFIO:
		return LEDGER_LOCKED;
	default:
		return LEDGER_USER;
	}
}

/* Rules of their own. */
static const struct {
	uint32_t consumer;
	int error;
	uint64_t above;
	const char *sentence;
} rules[] = {
	{ LIBPIN_CONSUMER_IO_URING, EFAULT, IO_URING_BUFFER_MAX,
	  "io_uring of Linux 6.1 to 6.12 takes at most 1 GiB in one buffer; register several" },
	{ LIBPIN_CONSUMER_IO_URING, EOPNOTSUPP, 0,
	  "io_uring of Linux 6.1 takes no mapping of a file, private ones included, that is not "
	  "on tmpfs or hugetlbfs" },
	{ LIBPIN_CONSUMER_IO_URING, EINVAL, 0,
	  "io_uring of Linux 6.1 takes no buffer that lies in mappings of different files" },
	{ LIBPIN_CONSUMER_VFIO, ENOSPC, 0,
	  "VFIO takes only as many mappings as the parameter dma_entry_limit of its module "
	  "vfio_iommu_type1 says" },
};

const char *charge_ledger(uint32_t consumer)
{
	return ledger_names[ledger_of(consumer)];
}

const char *charge_rule(uint32_t consumer, int error, uint64_t length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].consumer == consumer && rules[i].error == error &&
		    length > rules[i].above)
			return rules[i].sentence;
	return NULL;
}

static void read_status(const struct machine *machine, enum ledger ledger, struct charge *charge)
{
	char value[64];

	charge->charged_known = machine_status(machine, ledger_names[ledger], value,
					       sizeof(value));
	if (charge->charged_known)
		charge->charged = strtoull(value, NULL, 10) * 1024;
}

static void read_user(const struct machine *machine, struct charge *charge)
{
	char value[64];

	charge->charged_known = machine->answered &&
				machine_status(machine, "Uid", value, sizeof(value)) &&
				strtoul(value, NULL, 10) == machine->uid;
	if (charge->charged_known)
		charge->charged = machine->user_charged_pages * machine->page_size;
}

/*
 * io_buffer_account_pin() in io_uring/rsrc.c charges whole huge pages; ib_umem_get(),
 * vfio_pin_pages_remote(), iommufd and xdp_umem_account_pages() base pages, of hugetlb too.
 */
static uint64_t asked_bytes(const struct survey *survey)
{
	return segments_charge(survey->segments, survey->count,
			       survey->consumer == LIBPIN_CONSUMER_IO_URING);
}

static bool maps_other_file(const struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->count; i++)
		if (!survey->segments[i].left_out &&
		    (survey->segments[i].kind == PIN_KIND_FILE ||
		     survey->segments[i].kind == PIN_KIND_FSDAX))
			return true;
	return false;
}

static void judge_io_uring(const struct survey *survey, const struct machine *machine,
			   struct charge *charge)
{
	unsigned int major, minor;

	if (!machine_kernel(machine, &major, &minor) || major > 6 || (major == 6 && minor > 12))
		return;
	if (survey->range && survey->length > IO_URING_BUFFER_MAX)
		charge->rule_error = EFAULT;
	else if (major == 6 && minor == 1 && maps_other_file(survey))
		charge->rule_error = EOPNOTSUPP;
	else
		return;
	charge->rule = charge_rule(LIBPIN_CONSUMER_IO_URING, charge->rule_error, survey->length);
}

static bool anything_refused(const struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->count; i++)
		if (survey->segments[i].reason && !survey->segments[i].left_out)
			return true;
	return false;
}

static bool is_own_limit(uint32_t reason)
{
	return reason == PIN_REASON_MEMLOCK_LIMIT || reason == PIN_REASON_SYSTEM_CAP ||
	       reason == PIN_REASON_CONTEXT_CAP;
}

/*
 * A limit of /dev/pin is not one of the consumer, and what it has stopped was not tried.
 * Whatever else refused the range, memory or a signal, refuses it to anybody.
 */
static void forget_own_limit(struct survey *survey, struct charge *charge)
{
	if (!is_own_limit(survey->limit))
		return;
	if (survey->tried)
		charge->own_limit = survey->limit;
	survey->tried = false;
	survey->limit = PIN_REASON_NONE;
	survey->limit_error = 0;
}

static void judge(struct survey *survey, const struct machine *machine, struct charge *charge)
{
	enum ledger ledger = ledger_of(survey->consumer);
	uint64_t hard;

	charge->ledger = ledger_names[ledger];
	if (ledger == LEDGER_USER)
		read_user(machine, charge);
	else
		read_status(machine, ledger, charge);
	if (!machine_memlock(machine, &charge->limit, &hard))
		charge->limit = UINT64_MAX;
	charge->exempt = machine_exempt(machine);
	if (survey->consumer == LIBPIN_CONSUMER_IO_URING)
		judge_io_uring(survey, machine, charge);
	survey->rule = charge->rule;
	if (!survey->range)
		return;
	charge->asked = asked_bytes(survey);
	forget_own_limit(survey, charge);
	/* Limits come last, as in a pin. */
	if (survey->limit || charge->exempt || charge->limit == UINT64_MAX ||
	    anything_refused(survey) ||
	    charge->asked <= charge->limit - (charge->charged < charge->limit ?
					      charge->charged : charge->limit))
		return;
	survey->limit = PIN_REASON_MEMLOCK_LIMIT;
	survey->limit_error = libpin_reason_error_for(PIN_REASON_MEMLOCK_LIMIT,
						      survey->consumer);
}

void charge_judge(struct survey *survey, struct charge *charge)
{
	struct machine machine;
	struct system *system;

	*charge = (struct charge){ 0 };
	system_open(&system, NULL);
	machine_look(&machine, system, survey->pid == getpid() ? 0 : survey->pid);
	judge(survey, &machine, charge);
	system_close(system);
}

void charge_print_unjudged(const struct survey *survey, FILE *out)
{
	char text[SIZE_TEXT_MAX];
	struct rlimit limit;

	if (survey->range || survey->consumer ||
	    prlimit(survey->pid, RLIMIT_MEMLOCK, NULL, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY || capability_exempt(survey->pid))
		return;
	fprintf(out, "Not judged: the limit, which is of ranges; RLIMIT_MEMLOCK of the process is "
		"%s (memlock-limit)\n", size_to_text(limit.rlim_cur, text));
}
