/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the files that speak netlink: netlink.c, which owns the family, notice.c, which
 * sends its events, and message.c, which fills in what both tell.
 */
#ifndef PINDEV_MESSAGE_H
#define PINDEV_MESSAGE_H

#include "pindev.h"

struct genl_family;
struct sk_buff;

/* netlink.c */
extern struct genl_family pindev_family;

/* message.c */
int pindev_message_put_pin(struct sk_buff *skb, const struct pindev_pin *pin,
			   const struct pin_query *told);
int pindev_message_fill_pin(struct sk_buff *skb, const struct pindev_pin *pin,
			    const struct pin_query *told, u64 *nodes);
int pindev_message_fill_context(struct sk_buff *skb, struct pindev_context *ctx,
				const struct pindev_viewer *viewer);
int pindev_message_fill_totals(struct sk_buff *skb,
			       const struct pindev_totals *totals);
size_t pindev_message_pin_size(void);

#endif /* PINDEV_MESSAGE_H */
