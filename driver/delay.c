// SPDX-License-Identifier: GPL-2.0-only
/*
 * The delay points of delay.h; not part of a module that anybody installs.
 *
 * The parameters are read without a lock: each is a single word.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#include "delay.h"

/**
 * struct delay - a point
 * @ms: how long
 * @nth: only the caller who makes @hits this number; 0: every one
 * @hits: callers so far
 */
struct delay {
	unsigned int ms;
	unsigned long nth;
	atomic_long_t hits;
};

static struct delay delays[PINDEV_DELAY_COUNT];

/* Where all sleep; woken when a time was changed. */
static DECLARE_WAIT_QUEUE_HEAD(changed);

static int set_ms(const char *value, const struct kernel_param *param)
{
	int err = param_set_uint(value, param);

	wake_up_all(&changed);
	return err;
}

static const struct kernel_param_ops ms_ops = {
	.set = set_ms,
	.get = param_get_uint,
};

static int get_hits(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%ld\n", atomic_long_read(param->arg));
}

static const struct kernel_param_ops hits_ops = {
	.get = get_hits,
};

#define PARAMETERS(constant, name)					\
	module_param_named(delay_##name##_nth,				\
			   delays[PINDEV_DELAY_##constant].nth, ulong, 0644); \
	module_param_cb(delay_##name##_ms, &ms_ops,			\
			&delays[PINDEV_DELAY_##constant].ms, 0644);	\
	module_param_cb(delay_##name##_hits, &hits_ops,			\
			&delays[PINDEV_DELAY_##constant].hits, 0444);

PINDEV_DELAY_POINTS(PARAMETERS)

/**
 * pindev_delay() - hold the caller up if a test wants it
 * @point: where he is
 *
 * May sleep.
 */
void pindev_delay(enum pindev_delay_point point)
{
	struct delay *delay = &delays[point];
	unsigned long hit = atomic_long_inc_return(&delay->hits);
	unsigned long nth = READ_ONCE(delay->nth);
	unsigned long start = jiffies;
	unsigned int ms;
	long left;

	might_sleep();
	if (nth && nth != hit)
		return;
	while (!fatal_signal_pending(current)) {
		ms = READ_ONCE(delay->ms);
		/* One look at the time: it goes on. */
		left = start + msecs_to_jiffies(ms) - jiffies;
		if (left <= 0)
			break;
		wait_event_killable_timeout(changed, READ_ONCE(delay->ms) != ms,
					    left);
	}
}
