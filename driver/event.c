// SPDX-License-Identifier: GPL-2.0-only
/*
 * The events of one context, as read(2) and poll(2) deliver them.
 *
 * Pushing allocates nothing, so that it can be done where nothing may be
 * allocated: whoever may have to tell something brings the memory along.  The
 * queue is bounded; when it is full the oldest event makes room and the next one
 * says how many are missing before it, so that a reader always learns of a loss.
 *
 * The queue's lock is a leaf below the lock of a pin's leases.  It is not held
 * while an event is copied to the user: a reader takes the first event out, and
 * puts it back in front if the copy fails.
 */
#include <linux/errno.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "pindev.h"

#define EVENTS_MAX	4096

void pindev_events_init(struct pindev_events *events)
{
	spin_lock_init(&events->lock);
	INIT_LIST_HEAD(&events->queue);
	init_waitqueue_head(&events->wait);
}

/* Nobody can push or read any more. */
void pindev_events_destroy(struct pindev_events *events)
{
	struct pindev_event *event, *next;

	list_for_each_entry_safe(event, next, &events->queue, link)
		kfree(event);
}

/* Memory for one event; NULL: no memory. */
struct pindev_event *pindev_event_create(void)
{
	return kzalloc(sizeof(struct pindev_event), GFP_KERNEL_ACCOUNT);
}

/* Take the first event out; its successor inherits nothing. */
static struct pindev_event *take_first(struct pindev_events *events)
{
	struct pindev_event *event;

	event = list_first_entry_or_null(&events->queue, struct pindev_event,
					 link);
	if (event) {
		list_del(&event->link);
		WRITE_ONCE(events->count, events->count - 1);
	}
	return event;
}

/* Forget the oldest event; the one after it tells of the loss. */
static struct pindev_event *lose_oldest(struct pindev_events *events)
{
	struct pindev_event *event, *next;

	if (events->count < EVENTS_MAX)
		return NULL;
	event = take_first(events);
	next = list_first_entry(&events->queue, struct pindev_event, link);
	next->record.lost += event->record.lost + 1;
	return event;
}

/**
 * pindev_events_push() - queue an event for the readers of a context
 * @events: the context's
 * @event: all but size, sequence, time and lost filled in; belongs to the queue
 *	from now on
 *
 * Context: any that may take a spinlock; does not sleep or allocate.
 */
void pindev_events_push(struct pindev_events *events, struct pindev_event *event)
{
	struct pindev_event *lost;

	event->record.size = sizeof(event->record);
	event->record.time_ns = ktime_get_real_ns();

	spin_lock(&events->lock);
	event->record.sequence = ++events->sequence;
	lost = lose_oldest(events);
	list_add_tail(&event->link, &events->queue);
	WRITE_ONCE(events->count, events->count + 1);
	spin_unlock(&events->lock);

	wake_up_interruptible_poll(&events->wait, EPOLLIN | EPOLLRDNORM);
	kfree(lost);
}

static struct pindev_event *pop(struct pindev_events *events)
{
	struct pindev_event *event;

	spin_lock(&events->lock);
	event = take_first(events);
	spin_unlock(&events->lock);
	return event;
}

static void put_back(struct pindev_events *events, struct pindev_event *event)
{
	spin_lock(&events->lock);
	list_add(&event->link, &events->queue);
	WRITE_ONCE(events->count, events->count + 1);
	spin_unlock(&events->lock);
	wake_up_interruptible_poll(&events->wait, EPOLLIN | EPOLLRDNORM);
}

static bool is_empty(struct pindev_events *events)
{
	return !READ_ONCE(events->count);
}

/* Copy whole records, as many as there are and fit; at least one fits. */
static ssize_t copy_records(struct pindev_events *events, char __user *to,
			    size_t length)
{
	const size_t size = sizeof(struct pin_event);
	struct pindev_event *event;
	size_t done = 0;

	while (length - done >= size) {
		event = pop(events);
		if (!event)
			break;
		if (copy_to_user(to + done, &event->record, size)) {
			put_back(events, event);
			return done ?: -EFAULT;
		}
		kfree(event);
		done += size;
	}
	return done;
}

/**
 * pindev_events_read() - read(2) on a context
 * @events: the context's
 * @nonblock: answer EAGAIN instead of waiting for the first event
 * @to: the caller's buffer
 * @length: its bytes
 *
 * Return: bytes of whole records, above 0; -EINVAL if not even one fits,
 * -EAGAIN, -EFAULT, or -ERESTARTSYS on a signal.
 */
ssize_t pindev_events_read(struct pindev_events *events, bool nonblock,
			   char __user *to, size_t length)
{
	ssize_t done;

	if (length < sizeof(struct pin_event))
		return -EINVAL;
	for (;;) {
		done = copy_records(events, to, length);
		if (done)
			return done;
		if (nonblock)
			return -EAGAIN;
		/* Somebody else can have read what there was. */
		if (wait_event_interruptible(events->wait, !is_empty(events)))
			return -ERESTARTSYS;
	}
}

__poll_t pindev_events_poll(struct pindev_events *events, struct file *file,
			    struct poll_table_struct *table)
{
	poll_wait(file, &events->wait, table);
	return is_empty(events) ? 0 : EPOLLIN | EPOLLRDNORM;
}
