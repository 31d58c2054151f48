// SPDX-License-Identifier: GPL-2.0-only
/* genl_info_dump() (6.7; not 6.1). */
#include <net/genetlink.h>

const struct genl_info *pindev_probe(struct netlink_callback *cb);
const struct genl_info *pindev_probe(struct netlink_callback *cb)
{
	return genl_info_dump(cb);
}
