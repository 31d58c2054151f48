// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all contexts share; the only global state of the driver: the next id,
 * the pages pinned in total with their cap, and how many PINs run at once.
 *
 * users_lock guards the hash of users and their use counts.  It is a leaf.
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

#include "pindev.h"

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
 * struct pindev_user - a user who has PINs running or waiting
 * @link: in the hash
 * @uid: who
 * @uses: PINs that hold it
 * @running: how many more may run
 */
struct pindev_user {
	struct hlist_node link;
	kuid_t uid;
	unsigned int uses;
	struct semaphore running;
};

static atomic64_t last_id;
static atomic_long_t pinned_pages;
static struct semaphore all_running;
static DEFINE_SPINLOCK(users_lock);
static DEFINE_HASHTABLE(users, 6);

void pindev_ledger_init(void)
{
	if (!pindev_ledger_max_pages)
		pindev_ledger_max_pages = totalram_pages() / 2;
	sema_init(&all_running, MAX_RUNNING);
}

u64 pindev_ledger_next_id(void)
{
	return atomic64_inc_return(&last_id);
}

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
static struct pindev_user *get_entry(kuid_t uid)
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

static void put_entry(struct pindev_user *user)
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

/* An administrator takes his turn, with or without a place among all. */
static int wait_for_all(bool *counted)
{
	*counted = !down_trylock(&all_running);
	if (*counted || capable(CAP_SYS_ADMIN))
		return 0;
	if (down_killable(&all_running))
		return -EINTR;
	*counted = true;
	return 0;
}

/**
 * pindev_ledger_enter() - wait until one more PIN may run
 * @turn: filled in, to be given to pindev_ledger_leave()
 *
 * Return: 0, -EINTR on a fatal signal, -ENOMEM.
 */
int pindev_ledger_enter(struct pindev_turn *turn)
{
	int err = -EINTR;

	turn->user = get_entry(current_uid());
	if (!turn->user)
		return -ENOMEM;
	if (down_killable(&turn->user->running))
		goto err_put;
	err = wait_for_all(&turn->counted);
	if (err)
		goto err_up;
	return 0;

err_up:
	up(&turn->user->running);
err_put:
	put_entry(turn->user);
	return err;
}

void pindev_ledger_leave(struct pindev_turn *turn)
{
	if (turn->counted)
		up(&all_running);
	up(&turn->user->running);
	put_entry(turn->user);
}
