// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all contexts share; the only global state of the driver: every pin and every
 * context by id, the sums over them, the pages charged in total with their cap, and
 * how many PINs run at once.
 *
 * A pin enters the ledger right before it is published in its context and leaves it
 * when its pages and its charge have been given back.  Ids only rise and the tables
 * are ordered by them, so that who goes through a table by id meets each entry that
 * is there all the time exactly once.  Going through takes references to the records
 * of pins, not to pins, each under the table's lock for the time of one lookup: a
 * pin's record lives until it has left the table, a context's too.
 *
 * users_lock guards the hash of users and their use counts.  It is a leaf, and so are
 * the locks of the tables, but that the lock of a pin's leases is taken under that
 * of pins to revoke one.  The sums are atomic and each is right by itself; together
 * they are exact only while nobody pins or unpins.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * A page's reference count is checked after each batch of at most 512 pins.  A
 * small page counts 1024 a pin (GUP_PIN_COUNTING_BIAS), so MAX_RUNNING callers can
 * raise it by at most 1024 * 512 * 1024 = 2^29 between a check and the next: half
 * of what is left between the guard (2^30) and the overflow (2^31).
 *
 * A PIN can wait for as long as a userfaultfd or FUSE handler likes.  The bound per
 * user keeps one user from using up the bound of all; who has many user ids can
 * still do it, so an administrator does not wait for that one.
 */
#define MAX_RUNNING		1024
#define MAX_RUNNING_USER	16

unsigned long pindev_ledger_max_pages;
module_param_named(max_pages, pindev_ledger_max_pages, ulong, 0644);
MODULE_PARM_DESC(max_pages, "Cap on pages pinned through this module (0 at load: half of RAM)");

unsigned int pindev_ledger_max_pins = 65536;
module_param_named(max_pins, pindev_ledger_max_pins, uint, 0644);
MODULE_PARM_DESC(max_pins, "Cap on pins of one open file (default: 65536)");

/**
 * struct pindev_user - a user who has contexts, or PINs running or waiting
 * @link: in the hash
 * @uid: who
 * @uses: contexts and PINs that hold it
 * @running: how many more may run
 */
struct pindev_user {
	struct hlist_node link;
	kuid_t uid;
	unsigned int uses;
	struct semaphore running;
};

static atomic64_t last_id;
static atomic64_t last_context;
static atomic_long_t pinned_pages;
static struct pindev_table pins = PINDEV_TABLE(pins);
static DEFINE_XARRAY_FLAGS(contexts, XA_FLAGS_ACCOUNT);

/* Changes whenever an answer about all pins may have changed. */
static atomic_t generation;

/* struct pindev_totals, as it is counted */
static struct {
	atomic64_t contexts;
	atomic64_t pins[PINDEV_MODES];
	atomic64_t pages[PINDEV_MODES];
	atomic64_t references;
	atomic64_t refusals[PINDEV_REASONS];
	atomic64_t revocations[PINDEV_CAUSES];
	atomic64_t leaks;
} sums;

static struct semaphore all_running;
static DEFINE_SPINLOCK(users_lock);
static DEFINE_HASHTABLE(users, 6);

void pindev_ledger_init(void)
{
	/* Its file in /sys is there already. */
	kernel_param_lock(THIS_MODULE);
	if (!pindev_ledger_max_pages)
		pindev_ledger_max_pages = totalram_pages() / 2;
	kernel_param_unlock(THIS_MODULE);
	sema_init(&all_running, MAX_RUNNING);
}

u64 pindev_ledger_next_id(void)
{
	return atomic64_inc_return(&last_id);
}

/* No pin had a higher id so far. */
u64 pindev_ledger_last_id(void)
{
	return atomic64_read(&last_id);
}

u64 pindev_ledger_last_context(void)
{
	return atomic64_read(&last_context);
}

unsigned int pindev_ledger_generation(void)
{
	return atomic_read(&generation);
}

/* --- pins and contexts */

static u32 mode_of(const struct pindev_pin *pin)
{
	return pin->leases ? PIN_MODE_LEASE : PIN_MODE_LONGTERM;
}

static struct pindev_pin *pin_of(struct pindev_entry *entry)
{
	return entry ? container_of(entry, struct pindev_pin, in_ledger) : NULL;
}

/* The pin is complete; the caller holds a reference until it is published. */
void pindev_ledger_insert(struct pindev_pin *pin)
{
	u32 mode = mode_of(pin);

	atomic64_inc(&sums.pins[mode]);
	atomic64_add(pin->runs.pages, &sums.pages[mode]);
	spin_lock(&pins.lock);
	pindev_table_insert(&pins, &pin->in_ledger);
	spin_unlock(&pins.lock);
	atomic_inc(&generation);
}

/* The pin's pages have been given back. */
void pindev_ledger_remove(struct pindev_pin *pin)
{
	if (!pindev_pin_is_revoked(pin))
		pindev_ledger_lose(pin);
	atomic64_dec(&sums.pins[mode_of(pin)]);
	spin_lock(&pins.lock);
	pindev_table_erase(&pins, &pin->in_ledger);
	spin_unlock(&pins.lock);
	atomic_inc(&generation);
}

/**
 * pindev_ledger_lose() - the pages of a pin count no more
 * @pin: is being revoked or removed, whichever comes first
 *
 * Context: any; the caller sees to it that it is called once for each pin.
 */
void pindev_ledger_lose(struct pindev_pin *pin)
{
	atomic64_sub(pin->runs.pages, &sums.pages[mode_of(pin)]);
	atomic_inc(&generation);
}

/* As pindev_leases_force(), for a pin without leases. */
static bool force_longterm(struct pindev_pin *pin)
{
	if (pin->forced || !refcount_inc_not_zero(&pin->refs))
		return false;
	/* Before the generation moves on, or a dump that saw it live does not notice. */
	WRITE_ONCE(pin->forced, true);
	pindev_ledger_lose(pin);
	return true;
}

/**
 * pindev_ledger_force() - mark a pin as revoked by an administrator
 * @id: of the pin
 * @pin: filled in, with a reference
 *
 * Return: 0; then the caller releases it.  -ENOENT; -ESTALE if it was revoked already.
 */
int pindev_ledger_force(u64 id, struct pindev_pin **pin)
{
	int err = 0;

	spin_lock(&pins.lock);
	*pin = pin_of(pindev_table_find(&pins, id));
	if (!*pin)
		err = -ENOENT;
	else if (!((*pin)->leases ? pindev_leases_force(*pin) :
				    force_longterm(*pin)))
		err = pindev_pin_is_revoked(*pin) ? -ESTALE : -ENOENT;
	spin_unlock(&pins.lock);
	return err;
}

/*
 * Does somebody have a reference to the pin, got before this call, because he forces
 * its release?
 */
bool pindev_ledger_forced(struct pindev_pin *pin)
{
	bool forced;

	spin_lock(&pins.lock);
	forced = pin->forced;
	spin_unlock(&pins.lock);
	return forced;
}

/* A pin was revoked that was in use. */
void pindev_ledger_revoke(u32 cause)
{
	atomic64_inc(&sums.revocations[cause]);
}

/* PIN was refused. */
void pindev_ledger_refuse(u32 reason)
{
	atomic64_inc(&sums.refusals[reason]);
}

/* A context was closed with pins in it. */
void pindev_ledger_leak(void)
{
	atomic64_inc(&sums.leaks);
}

/* A pin, in the making or published, got references to pages or gave them back. */
void pindev_ledger_refer(struct pindev_pin *pin, long references)
{
	atomic64_add(references, &pin->references);
	atomic64_add(references, &sums.references);
}

/* The pin with a reference to its record, or NULL. */
struct pindev_pin *pindev_ledger_find(u64 id)
{
	struct pindev_pin *pin;

	spin_lock(&pins.lock);
	pin = pin_of(pindev_table_find(&pins, id));
	if (pin)
		refcount_inc(&pin->records);
	spin_unlock(&pins.lock);
	return pin;
}

/**
 * pindev_ledger_next() - the next pin by id
 * @above: an id
 * @last: no higher than this
 *
 * Return: the pin with a reference to its record, or NULL.
 */
struct pindev_pin *pindev_ledger_next(u64 above, u64 last)
{
	struct pindev_pin *pin;

	spin_lock(&pins.lock);
	pin = pin_of(pindev_table_after(&pins, above));
	if (pin && pin->id > last)
		pin = NULL;
	if (pin)
		refcount_inc(&pin->records);
	spin_unlock(&pins.lock);
	return pin;
}

/* Gives the context its id: 0 or -ENOMEM. */
int pindev_ledger_insert_context(struct pindev_context *ctx)
{
	int err;

	ctx->id = atomic64_inc_return(&last_context);
	err = xa_err(xa_store(&contexts, ctx->id, ctx, GFP_KERNEL_ACCOUNT));
	if (err)
		return err;
	atomic64_inc(&sums.contexts);
	atomic_inc(&generation);
	return 0;
}

/* The last reference is gone. */
void pindev_ledger_remove_context(struct pindev_context *ctx)
{
	xa_erase(&contexts, ctx->id);
	atomic64_dec(&sums.contexts);
	atomic_inc(&generation);
}

/* As pindev_ledger_next(), with a reference to the context. */
struct pindev_context *pindev_ledger_next_context(u64 above, u64 last)
{
	unsigned long id = above;
	struct pindev_context *ctx;

	xa_lock(&contexts);
	do
		ctx = xa_find_after(&contexts, &id, last, XA_PRESENT);
	while (ctx && !refcount_inc_not_zero(&ctx->refs));
	xa_unlock(&contexts);
	return ctx;
}

/* Everything that is counted. */
void pindev_ledger_sum(struct pindev_totals *totals)
{
	unsigned int i;

	totals->contexts = atomic64_read(&sums.contexts);
	totals->references = atomic64_read(&sums.references);
	totals->leaks = atomic64_read(&sums.leaks);
	for (i = 0; i < PINDEV_MODES; i++) {
		totals->pins[i] = atomic64_read(&sums.pins[i]);
		totals->pages[i] = atomic64_read(&sums.pages[i]);
	}
	for (i = 0; i < PINDEV_REASONS; i++)
		totals->refusals[i] = atomic64_read(&sums.refusals[i]);
	for (i = 0; i < PINDEV_CAUSES; i++)
		totals->revocations[i] = atomic64_read(&sums.revocations[i]);
	pindev_notice_count(&totals->events, &totals->events_lost);
}

/* --- how much, and how many at once */

/* Reserve pages of the system cap; false if that would exceed it. */
bool pindev_ledger_take_pages(unsigned long pages)
{
	long old = atomic_long_read(&pinned_pages);
	unsigned long cap = READ_ONCE(pindev_ledger_max_pages);

	do {
		if (pages > cap || old > cap - pages)
			return false;
	} while (!atomic_long_try_cmpxchg(&pinned_pages, &old, old + pages));
	return true;
}

void pindev_ledger_give_pages(unsigned long pages)
{
	atomic_long_sub(pages, &pinned_pages);
}

unsigned long pindev_ledger_pages(void)
{
	return atomic_long_read(&pinned_pages);
}

static struct pindev_user *lookup_entry(kuid_t uid)
{
	struct pindev_user *user;

	lockdep_assert_held(&users_lock);
	hash_for_each_possible(users, user, link, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

/* The user's entry with a use counted, made if there is none; NULL: no memory. */
struct pindev_user *pindev_ledger_get_user(kuid_t uid)
{
	struct pindev_user *user, *fresh;

	fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	if (!fresh)
		return NULL;
	fresh->uid = uid;
	sema_init(&fresh->running, MAX_RUNNING_USER);

	spin_lock(&users_lock);
	user = lookup_entry(uid);
	if (!user) {
		hash_add(users, &fresh->link, __kuid_val(uid));
		user = fresh;
		fresh = NULL;
	}
	user->uses++;
	spin_unlock(&users_lock);

	kfree(fresh);
	return user;
}

void pindev_ledger_put_user(struct pindev_user *user)
{
	bool last;

	spin_lock(&users_lock);
	last = !--user->uses;
	if (last)
		hash_del(&user->link);
	spin_unlock(&users_lock);
	if (last)
		kfree(user);
}

static void put_turn(struct pindev_turn *turn)
{
	if (turn->held)
		pindev_ledger_put_user(turn->user);
}

/* An administrator takes his turn, with or without a place among all. */
static int wait_for_all(struct pindev_turn *turn)
{
	turn->counted = !down_trylock(&all_running);
	if (turn->counted || capable(CAP_SYS_ADMIN))
		return 0;
	turn->waited = true;
	if (down_killable(&all_running))
		return -EINTR;
	turn->counted = true;
	return 0;
}

/**
 * pindev_ledger_enter() - wait until one more PIN may run
 * @opener: who has opened the context, most often the caller
 * @turn: filled in, to be given to pindev_ledger_leave()
 *
 * Return: 0, -EINTR on a fatal signal, -ENOMEM.
 */
int pindev_ledger_enter(struct pindev_user *opener, struct pindev_turn *turn)
{
	int err = -EINTR;

	turn->held = !uid_eq(opener->uid, current_uid());
	turn->user = turn->held ? pindev_ledger_get_user(current_uid()) : opener;
	if (!turn->user)
		return -ENOMEM;
	turn->waited = down_trylock(&turn->user->running);
	if (turn->waited && down_killable(&turn->user->running))
		goto err_put;
	err = wait_for_all(turn);
	if (err)
		goto err_up;
	return 0;

err_up:
	up(&turn->user->running);
err_put:
	put_turn(turn);
	return err;
}

void pindev_ledger_leave(struct pindev_turn *turn)
{
	if (turn->counted)
		up(&all_running);
	up(&turn->user->running);
	put_turn(turn);
}
