// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins that an administrator takes away from their owners, longterm ones and leases, and
 * the workers that release what others have revoked.
 *
 * The pin is marked under the lock of the ledger's table, with a reference for the work
 * item that releases it: the request itself must not, because a page can be locked for
 * as long as a FUSE server likes and whoever sends a netlink request holds locks of
 * everybody's.  From then on READ, WRITE and RUNS say ESTALE, the owner has an event to
 * read, and the pin stays in its context until it is unpinned.
 *
 * READ and WRITE touch a page of a longterm pin in an RCU section in which it is not
 * marked; the work waits for these before it releases anything.
 *
 * Who unpins while the work is on waits for it: the pages are free when he is told so.
 */
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include "delay.h"
#include "pindev.h"
#include "trace.h"

/* They may sleep, and none waits for another but attach_notifier() in lease.c. */
struct workqueue_struct *pindev_workers;

/**
 * struct revocation - a pin that is being released by force
 * @work: releases it
 * @pin: holds a reference
 * @admin: who wants it
 */
struct revocation {
	struct work_struct work;
	struct pindev_pin *pin;
	struct pindev_owner admin;
};

/* By whomever; a reference to the record suffices. */
bool pindev_pin_is_revoked(const struct pindev_pin *pin)
{
	return pin->leases ? READ_ONCE(pin->leases->lost) :
			     READ_ONCE(pin->forced);
}

static void release(struct work_struct *work)
{
	struct revocation *revocation = container_of(work, struct revocation,
						     work);
	struct pindev_pin *pin = revocation->pin;
	struct pindev_loss loss = {
		.cause = PIN_CAUSE_ADMIN,
		.addr = pin->addr,
		.length = pin->length,
		.admin = &revocation->admin,
	};

	synchronize_rcu();
	pindev_delay(PINDEV_DELAY_FORCED);
	pindev_pin_release(pin, pin->flags & PIN_F_WRITE);
	pindev_notice_revoked(pin, &loss);
	refcount_inc(&pin->records);
	pindev_pin_put(pin);
	/* All of the above comes before, for who reads this. */
	smp_store_release(&pin->settled, true);
	/* wake_up_var() looks for sleepers, who look at it before they sleep. */
	smp_mb();
	wake_up_var(&pin->settled);
	pindev_record_put(pin);
	pindev_owner_free(&revocation->admin);
	kfree(revocation);
}

static void tell_owner(struct pindev_pin *pin, struct pindev_event *event)
{
	event->record.type = PIN_EVENT_REVOKED;
	event->record.id = pin->id;
	event->record.cookie = pin->cookie;
	event->record.addr = pin->addr;
	event->record.length = pin->length;
	event->record.cause = PIN_CAUSE_ADMIN;
	pindev_events_push(&pin->ctx->events, event);
}

/**
 * pindev_revocation_force() - take a pin from its owner
 * @id: the pin, of whatever mode
 *
 * Return: 0: it is revoked and will soon be released.  -ENOENT; -ESTALE if it was
 * revoked already; -ENOMEM.
 */
int pindev_revocation_force(u64 id)
{
	struct revocation *revocation = kzalloc(sizeof(*revocation), GFP_KERNEL);
	struct pindev_event *event = pindev_event_create();
	int err = -ENOMEM;

	if (!revocation || !event)
		goto err_free;
	err = pindev_ledger_force(id, &revocation->pin);
	if (err)
		goto err_free;
	INIT_WORK(&revocation->work, release);
	pindev_owner_init(&revocation->admin);
	pindev_ledger_revoke(PIN_CAUSE_ADMIN);
	trace_revoke(revocation->pin, PIN_CAUSE_ADMIN, revocation->pin->addr,
		     revocation->pin->length);
	tell_owner(revocation->pin, event);
	queue_work(pindev_workers, &revocation->work);
	return 0;

err_free:
	kfree(event);
	kfree(revocation);
	return err;
}

/**
 * pindev_revocation_wait() - wait until a release that was forced is complete
 * @pin: whoever waits has dropped his reference, and has one to the record
 */
void pindev_revocation_wait(struct pindev_pin *pin)
{
	if (!pindev_ledger_forced(pin))
		return;
	/* Pairs with the release in release(). */
	wait_var_event(&pin->settled, smp_load_acquire(&pin->settled));
}

int pindev_revocation_init(void)
{
	pindev_workers = alloc_workqueue("pin", WQ_UNBOUND, 0);
	return pindev_workers ? 0 : -ENOMEM;
}

/* No context is open, so what is left to do needs no more pins. */
void pindev_revocation_exit(void)
{
	destroy_workqueue(pindev_workers);
}
