// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and writing through a pin: what a device would see.
 *
 * Bytes go to the pinned pages themselves, whatever the address range maps by
 * now.  Each page goes through a bounce page: user memory is touched with
 * nothing mapped, because touching it can fault, and the pinned page may be the
 * very page that the user's buffer is in.  The pin cannot go away meanwhile: the
 * request holds a reference.  What a lease holds can: its pages are touched under
 * the lock of the leases, one at a time.
 */
#include <linux/errno.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "delay.h"
#include "pindev.h"

/**
 * struct transfer - a READ or WRITE in progress
 * @pin: the pin
 * @at: where it has got to, bytes from the page-aligned start of the range
 * @left: bytes to go
 * @buffer: the user's
 * @bounce: one page
 * @cursor: the run that @at lies in
 * @page: the page that @at lies in
 */
struct transfer {
	struct pindev_pin *pin;
	u64 at;
	u64 left;
	u8 __user *buffer;
	u8 *bounce;
	struct pindev_cursor cursor;
	struct page *page;
};

/* Bytes from @at to the end of its page, of the transfer at most. */
static size_t step_bytes(const struct transfer *transfer)
{
	return min_t(u64, PAGE_SIZE - offset_in_page(transfer->at),
		     transfer->left);
}

static struct page *page_at(struct transfer *transfer)
{
	u64 index = transfer->at >> PAGE_SHIFT;
	struct pindev_cursor *cursor = &transfer->cursor;

	while (index >= cursor->page + cursor->run.pages)
		pindev_runs_next(&transfer->pin->runs, cursor);
	return pfn_to_page(pindev_run_pfn(&cursor->run) + (index - cursor->page));
}

/* Pinned page to bounce page.  A memory error is EIO, not a machine check. */
static int copy_out(void *data)
{
	struct transfer *transfer = data;
	unsigned long failed;
	u8 *from;

	from = kmap_local_page(transfer->page);
	failed = copy_mc_to_kernel(transfer->bounce,
				   from + offset_in_page(transfer->at),
				   step_bytes(transfer));
	kunmap_local(from);
	return failed ? -EIO : 0;
}

/* Bounce page to pinned page; persistent memory is written past the cache. */
static int copy_in(void *data)
{
	struct transfer *transfer = data;
	u8 *to, *at;

	to = kmap_local_page(transfer->page);
	at = to + offset_in_page(transfer->at);
	if (pindev_page_is_device(transfer->page))
		memcpy_flushcache(at, transfer->bounce, step_bytes(transfer));
	else
		memcpy(at, transfer->bounce, step_bytes(transfer));
	flush_dcache_page(transfer->page);
	kunmap_local(to);
	return 0;
}

static int read_step(struct transfer *transfer)
{
	int err;

	transfer->page = page_at(transfer);
	pindev_delay(PINDEV_DELAY_ACCESS);
	err = pindev_leases_guard(transfer->pin, copy_out, transfer);
	if (err)
		return err;
	return copy_to_user(transfer->buffer, transfer->bounce,
			    step_bytes(transfer)) ? -EFAULT : 0;
}

static int write_step(struct transfer *transfer)
{
	if (copy_from_user(transfer->bounce, transfer->buffer,
			   step_bytes(transfer)))
		return -EFAULT;
	transfer->page = page_at(transfer);
	pindev_delay(PINDEV_DELAY_ACCESS);
	return pindev_leases_guard(transfer->pin, copy_in, transfer);
}

static int run_transfer(struct transfer *transfer,
			int (*step)(struct transfer *transfer))
{
	size_t bytes;
	int err = 0;

	while (transfer->left) {
		if (fatal_signal_pending(current))
			return -EINTR;
		bytes = step_bytes(transfer);
		err = step(transfer);
		if (err)
			break;
		transfer->at += bytes;
		transfer->left -= bytes;
		transfer->buffer += bytes;
		cond_resched();
	}
	return err;
}

static int access_pin(struct pindev_pin *pin, struct pin_access *arg,
		      int (*step)(struct transfer *transfer))
{
	u64 length = min_t(u64, arg->length, pin->length - arg->offset);
	struct transfer transfer = {
		.pin = pin,
		.at = (pin->addr & ~PAGE_MASK) + arg->offset,
		.left = length,
		.buffer = u64_to_user_ptr(arg->buffer),
	};
	int err;

	transfer.bounce = kmalloc(PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!transfer.bounce)
		return -ENOMEM;
	pindev_runs_first(&pin->runs, &transfer.cursor);
	err = run_transfer(&transfer, step);
	kfree(transfer.bounce);
	arg->done = length - transfer.left;
	/* As with read(2), what was done counts more than why it was not more. */
	return arg->done ? 0 : err;
}

static int access(struct pindev_request *req, u32 needed_flags,
		  int (*step)(struct transfer *transfer))
{
	struct pin_access *arg = &req->arg.access;
	struct pindev_pin *pin;
	int err;

	if (arg->flags)
		return -EINVAL;
	pin = pindev_context_get(req->ctx, arg->id);
	if (!pin)
		return -ENOENT;
	if (needed_flags & ~pin->flags)
		err = -EPERM;
	else if (arg->offset > pin->length)
		err = -EINVAL;
	else
		err = access_pin(pin, arg, step);
	pindev_pin_put(pin);
	return err;
}

/* PIN_IOC_READ */
int pindev_access_read(struct pindev_request *req)
{
	return access(req, 0, read_step);
}

/* PIN_IOC_WRITE */
int pindev_access_write(struct pindev_request *req)
{
	return access(req, PIN_F_WRITE, write_step);
}
