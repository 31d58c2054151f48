// SPDX-License-Identifier: GPL-2.0-only
/*
 * Charge and uncharge: RLIMIT_MEMLOCK, VmPin and the module's cap.
 *
 * Pages are charged before they are pinned, to the user, as io_uring and
 * iommufd do: a limit of the address space is multiplied by fork, and
 * mm->locked_vm would need mmap_lock for write where pins are released.  A
 * charge remembers what it charged and to whom, so that uncharging needs
 * neither the process nor its credentials; all counters are atomic and no lock
 * is taken.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/user_namespace.h>

#include "pindev.h"

/*
 * As for io_uring and iommufd: who has the capability is not held to the limit,
 * and what he pins is not counted against his user.
 */
static bool is_exempt(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK);
}

/**
 * pindev_account_limit() - the caller's limit
 *
 * Return: pages that the caller's user may have charged in all, ULONG_MAX if
 * there is no limit.
 */
unsigned long pindev_account_limit(void)
{
	unsigned long bytes = rlimit(RLIMIT_MEMLOCK);

	if (bytes == RLIM_INFINITY || is_exempt())
		return ULONG_MAX;
	return bytes >> PAGE_SHIFT;
}

static bool exceeds(unsigned long used, unsigned long pages, unsigned long limit)
{
	return pages > limit || used > limit - pages;
}

static bool charge_user(struct user_struct *user, unsigned long pages,
			unsigned long limit)
{
	long old = atomic_long_read(&user->locked_vm);

	do {
		if (exceeds(old, pages, limit))
			return false;
	} while (!atomic_long_try_cmpxchg(&user->locked_vm, &old, old + pages));
	return true;
}

/**
 * pindev_account_charge() - charge pages to the caller
 * @charge: filled in, to be given to pindev_account_uncharge()
 * @pages: how many, not 0
 *
 * Return: 0, or the enum pin_reason of the limit that would be exceeded, with
 * nothing charged and @charge as it was: events tell of it.
 */
u32 pindev_account_charge(struct pindev_charge *charge, unsigned long pages)
{
	struct user_struct *user = current_user();
	unsigned long user_pages = is_exempt() ? 0 : pages;

	if (user_pages &&
	    !charge_user(user, user_pages, pindev_account_limit()))
		return PIN_REASON_MEMLOCK_LIMIT;
	if (!pindev_ledger_take_pages(pages)) {
		atomic_long_sub(user_pages, &user->locked_vm);
		return PIN_REASON_SYSTEM_CAP;
	}
	/* Whoever takes a reference clears cred->non_rcu, and none locks for that. */
	charge->cred = data_race(get_current_cred());
	charge->mm = current->mm;
	charge->pages = pages;
	charge->user_pages = user_pages;
	mmgrab(charge->mm);
	atomic64_add(pages, &charge->mm->pinned_vm);
	return PIN_REASON_NONE;
}

void pindev_account_uncharge(struct pindev_charge *charge)
{
	pindev_ledger_give_pages(charge->pages);
	atomic_long_sub(charge->user_pages, &charge->cred->user->locked_vm);
	atomic64_sub(charge->pages, &charge->mm->pinned_vm);
	put_cred(charge->cred);
	mmdrop(charge->mm);
}

/* The reason for which pindev_account_charge() would refuse now, or 0. */
u32 pindev_account_judge(unsigned long pages)
{
	unsigned long limit = pindev_account_limit();

	if (limit != ULONG_MAX &&
	    exceeds(atomic_long_read(&current_user()->locked_vm), pages, limit))
		return PIN_REASON_MEMLOCK_LIMIT;
	if (exceeds(pindev_ledger_pages(), pages,
		    READ_ONCE(pindev_ledger_max_pages)))
		return PIN_REASON_SYSTEM_CAP;
	return PIN_REASON_NONE;
}
