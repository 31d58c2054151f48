// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/pin: long-term pins of user memory, and why memory cannot be pinned.
 *
 * Starts and stops the module and carries ioctls in and out: one table says for
 * each command how large its struct is, where its outputs begin and who handles
 * it.  A handler gets a plain kernel struct with zeroed outputs.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>

#include "pindev.h"

/**
 * struct pindev_command - an entry of the ioctl table
 * @number: the ioctl number
 * @size: bytes of the struct as this module knows it
 * @min_size: bytes of its first version
 * @out: where its outputs begin; they reach to the end
 * @write: needs a descriptor that is open for writing
 * @handler: does it; returns 0 or -errno and leaves outputs zero that it does
 *	not mean
 */
struct pindev_command {
	unsigned int number;
	u16 size;
	u16 min_size;
	u16 out;
	bool write;
	int (*handler)(struct pindev_request *req);
};

#define COMMAND(_number, _type, _last, _out, _write, _handler)		\
	[_IOC_NR(_number)] = {						\
		.number = _number,					\
		.size = sizeof(struct _type),				\
		.min_size = offsetofend(struct _type, _last),		\
		.out = _out,						\
		.write = _write,					\
		.handler = _handler,					\
	}

static const struct pindev_command commands[] = {
	COMMAND(PIN_IOC_INFO, pin_info, mm_pinned_pages,
		offsetof(struct pin_info, features), false,
		pindev_context_info),
	COMMAND(PIN_IOC_PIN, pin_pin, __reserved,
		offsetof(struct pin_pin, id), true, pindev_range_pin),
	COMMAND(PIN_IOC_UNPIN, pin_unpin, id,
		sizeof(struct pin_unpin), true, pindev_context_unpin),
	COMMAND(PIN_IOC_CHECK, pin_check, __reserved2,
		offsetof(struct pin_check, next), false, pindev_report_check),
	COMMAND(PIN_IOC_QUERY, pin_query, comm,
		offsetof(struct pin_query, nodes_count), true,
		pindev_context_query),
	COMMAND(PIN_IOC_LIST, pin_list, __reserved2,
		offsetof(struct pin_list, next), true, pindev_context_list),
	COMMAND(PIN_IOC_RUNS, pin_runs, __reserved,
		offsetof(struct pin_runs, next), true, pindev_context_runs),
	COMMAND(PIN_IOC_READ, pin_access, done,
		offsetof(struct pin_access, done), true, pindev_access_read),
	COMMAND(PIN_IOC_WRITE, pin_access, done,
		offsetof(struct pin_access, done), true, pindev_access_write),
};

/* Bytes of outputs that both sides know. */
static u32 reply_size(const struct pindev_request *req)
{
	u32 size = min_t(u32, req->size, req->op->size);

	return size > req->op->out ? size - req->op->out : 0;
}

/**
 * pindev_request_reply() - copy the outputs to the caller
 * @req: the request
 *
 * A handler that has to know whether the caller got the answer calls it itself;
 * for the others the dispatcher does.
 *
 * Return: 0 or -EFAULT.
 */
int pindev_request_reply(struct pindev_request *req)
{
	u32 out = req->op->out;

	if (copy_to_user(req->uarg + out, (u8 *)&req->arg + out,
			 reply_size(req)))
		return -EFAULT;
	req->replied = true;
	return 0;
}

/**
 * pindev_request_copy() - copy an array of records to the caller
 * @uaddr: the caller's array
 * @record_size: bytes of the caller's records: shorter ones are cut, longer ones
 *	filled with zeros
 * @records: the records
 * @known_size: bytes of each
 * @count: how many
 *
 * Return: 0 or -EFAULT.
 */
int pindev_request_copy(u64 uaddr, u32 record_size, const void *records,
			u32 known_size, u32 count)
{
	size_t bytes = min(record_size, known_size);
	u8 __user *to = u64_to_user_ptr(uaddr);

	if (record_size == known_size)
		return copy_to_user(to, records, array_size(count, known_size)) ?
		       -EFAULT : 0;
	for (; count; count--, to += record_size, records += known_size)
		if (copy_to_user(to, records, bytes) ||
		    clear_user(to + bytes, record_size - bytes))
			return -EFAULT;
	return 0;
}

static int request_read(struct pindev_request *req, struct file *file)
{
	const struct pindev_command *op = req->op;
	int err;

	if (req->size < op->min_size)
		return -EINVAL;
	if (req->size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&req->arg, op->size, req->uarg, req->size);
	if (err)
		return err;
	if (op->write && !(file->f_mode & FMODE_WRITE))
		return -EACCES;
	memset((u8 *)&req->arg + op->out, 0, op->size - op->out);
	return 0;
}

static const struct pindev_command *find_command(unsigned int number)
{
	unsigned int index = _IOC_NR(number);

	if (index >= ARRAY_SIZE(commands))
		return NULL;
	index = array_index_nospec(index, ARRAY_SIZE(commands));
	return commands[index].number == number ? &commands[index] : NULL;
}

static long pindev_ioctl(struct file *file, unsigned int number,
			 unsigned long uarg)
{
	struct pindev_request req = {
		.ctx = file->private_data,
		.uarg = (void __user *)uarg,
		.op = find_command(number),
	};
	int err;

	if (!req.op)
		return -ENOTTY;
	if (get_user(req.size, (u32 __user *)req.uarg))
		return -EFAULT;
	err = request_read(&req, file);
	if (err) {
		/* Outputs are overwritten on failure too. */
		if (clear_user(req.uarg + req.op->out, reply_size(&req)))
			return -EFAULT;
		return err;
	}
	err = req.op->handler(&req);
	if (!req.replied && pindev_request_reply(&req))
		return -EFAULT;
	return err;
}

static int pindev_open(struct inode *inode, struct file *file)
{
	file->private_data = pindev_context_create();
	if (!file->private_data)
		return -ENOMEM;
	return stream_open(inode, file);
}

static int pindev_release(struct inode *inode, struct file *file)
{
	pindev_context_close(file->private_data);
	return 0;
}

static ssize_t pindev_read(struct file *file, char __user *to, size_t length,
			   loff_t *offset)
{
	struct pindev_context *ctx = file->private_data;

	return pindev_events_read(&ctx->events, file->f_flags & O_NONBLOCK, to,
				  length);
}

static __poll_t pindev_poll(struct file *file, struct poll_table_struct *table)
{
	struct pindev_context *ctx = file->private_data;

	return pindev_events_poll(&ctx->events, file, table);
}

static void pindev_show_fdinfo(struct seq_file *out, struct file *file)
{
	pindev_context_show(file->private_data, out);
}

static const struct file_operations pindev_fops = {
	.owner = THIS_MODULE,
	.open = pindev_open,
	.release = pindev_release,
	.read = pindev_read,
	.poll = pindev_poll,
	.unlocked_ioctl = pindev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = pindev_show_fdinfo,
};

/* Who may only read may ask about his own memory; the group is udev's. */
static struct miscdevice pindev_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "pin",
	.fops = &pindev_fops,
	.mode = 0664,
};

static int __init pindev_init(void)
{
	int err;

	pindev_ledger_init();
	err = pindev_netlink_init();
	if (err)
		return err;
	err = pindev_revocation_init();
	if (err)
		goto err_netlink;
	err = misc_register(&pindev_misc);
	if (err)
		goto err_revocation;
	return 0;

err_revocation:
	pindev_revocation_exit();
err_netlink:
	pindev_netlink_exit();
	return err;
}
module_init(pindev_init);

static void __exit pindev_exit(void)
{
	misc_deregister(&pindev_misc);
	pindev_leases_exit();
	/* What it still has to do is told, too. */
	pindev_revocation_exit();
	pindev_netlink_exit();
}
module_exit(pindev_exit);

MODULE_DESCRIPTION("Long-term pins of user memory, and why memory cannot be pinned");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
