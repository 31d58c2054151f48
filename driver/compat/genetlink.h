/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ in generic netlink; as compat.h, but only for who includes it.
 */
#ifndef PINDEV_COMPAT_GENETLINK_H
#define PINDEV_COMPAT_GENETLINK_H

#include <net/genetlink.h>

/* The attributes of the request that a dump answers. */
static inline struct nlattr **pindev_dump_attrs(struct netlink_callback *cb)
{
#if PINDEV_HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/*
 * Early 6.1 asks for CAP_NET_ADMIN at most; as the family is in the initial network
 * namespace only, in the initial user namespace.
 */
#ifndef GENL_MCAST_CAP_SYS_ADMIN
#define GENL_MCAST_CAP_SYS_ADMIN	GENL_UNS_ADMIN_PERM
#endif

#endif /* PINDEV_COMPAT_GENETLINK_H */
