// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who pinned, and who opened a context: noted at the time, because a process can
 * change its user, its name and its cgroup, and can be gone.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "pindev.h"

static u64 current_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

/* Note the caller; to be freed with pindev_owner_free(). */
void pindev_owner_init(struct pindev_owner *owner)
{
	owner->uid = current_uid();
	owner->tgid = get_pid(task_tgid(current));
	get_task_comm(owner->comm, current->group_leader);
	owner->cgroup = current_cgroup();
	owner->start_time_ns = ktime_get_real_ns();
}

void pindev_owner_free(struct pindev_owner *owner)
{
	put_pid(owner->tgid);
}
