// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Consumer: a subsystem of the kernel that pins memory for the long term.  What
 * differs between them is whom they charge and, here and there, the errno; which
 * remedies suit which is in reason.c.
 *
 * Ledgers as of Linux 6.1 to 7.2: ib_umem_get() in drivers/infiniband/core/umem.c,
 * __io_account_mem() in io_uring/rsrc.c, vfio_lock_acct() in
 * drivers/vfio/vfio_iommu_type1.c, incr_user_locked_vm() in
 * drivers/iommu/iommufd/pages.c, xdp_umem_account_pages() in net/xdp/xdp_umem.c.
 */
#include <errno.h>
#include <string.h>

#include "private.h"

static const struct {
	const char *name;
	const char *call;
	const char *ledger;
} consumers[] = {
[LIBPIN_CONSUMER_ANY] = {
	.name = "any",
	.call = "PIN_IOC_PIN of /dev/pin",
	.ledger = "The user is charged, for all his processes together and along with io_uring, "
		  "AF_XDP and iommufd (user->locked_vm), against RLIMIT_MEMLOCK of the process "
		  "that asks. VmPin of the process shows it too. Exempt from the limit: "
		  "CAP_IPC_LOCK.",
},
[LIBPIN_CONSUMER_RDMA] = {
	.name = "rdma",
	.call = "ibv_reg_mr(3)",
	.ledger = "The process is charged (mm->pinned_vm, shown as VmPin in /proc/PID/status), "
		  "against its own RLIMIT_MEMLOCK. Exempt from the limit: CAP_IPC_LOCK.",
},
[LIBPIN_CONSUMER_IO_URING] = {
	.name = "io_uring",
	.call = "io_uring_register(2), IORING_REGISTER_BUFFERS",
	.ledger = "The user is charged, for all his processes together (user->locked_vm, which no "
		  "file in /proc shows), against RLIMIT_MEMLOCK of the process that asks. Not "
		  "charged: a ring that was made with CAP_IPC_LOCK.",
},
[LIBPIN_CONSUMER_VFIO] = {
	.name = "vfio",
	.call = "ioctl(2), VFIO_IOMMU_MAP_DMA",
	.ledger = "The process is charged (mm->locked_vm, shown as VmLck in /proc/PID/status, "
		  "together with what mlock(2) locks), against its own RLIMIT_MEMLOCK. Exempt "
		  "from the limit: CAP_IPC_LOCK.",
},
[LIBPIN_CONSUMER_IOMMUFD] = {
	.name = "iommufd",
	.call = "ioctl(2), IOMMU_IOAS_MAP",
	.ledger = "The user is charged, for all his processes together (user->locked_vm, which no "
		  "file in /proc shows), against RLIMIT_MEMLOCK of the process that asks; with "
		  "IOMMU_OPTION_RLIMIT_MODE set, the process (mm->locked_vm, VmLck). Not "
		  "charged: whoever has CAP_IPC_LOCK.",
},
[LIBPIN_CONSUMER_XDP] = {
	.name = "xdp",
	.call = "setsockopt(2), XDP_UMEM_REG",
	.ledger = "The user is charged, for all his processes together (user->locked_vm, which no "
		  "file in /proc shows), against RLIMIT_MEMLOCK of the process that asks. Above "
		  "the limit the errno is ENOBUFS. Not charged: whoever has CAP_IPC_LOCK.",
},
};

LIBPIN_API uint32_t libpin_consumer_last(void)
{
	return ARRAY_SIZE(consumers) - 1;
}

LIBPIN_API const char *libpin_consumer_name(uint32_t consumer)
{
	return consumer < ARRAY_SIZE(consumers) ? consumers[consumer].name : NULL;
}

LIBPIN_API int libpin_consumer_from_name(const char *name, uint32_t *consumer)
{
	uint32_t i;

	if (!name || !consumer)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(consumers); i++) {
		if (!strcmp(consumers[i].name, name)) {
			*consumer = i;
			return 0;
		}
	}
	*consumer = LIBPIN_CONSUMER_ANY;
	return -ENOENT;
}

LIBPIN_API const char *libpin_consumer_call(uint32_t consumer)
{
	return consumer < ARRAY_SIZE(consumers) ? consumers[consumer].call : NULL;
}

LIBPIN_API const char *libpin_consumer_ledger(uint32_t consumer)
{
	return consumer < ARRAY_SIZE(consumers) ? consumers[consumer].ledger : NULL;
}

LIBPIN_API int libpin_reason_error_for(uint32_t reason, uint32_t consumer)
{
	int over_limit = consumer == LIBPIN_CONSUMER_XDP ? ENOBUFS : ENOMEM;

	if (consumer > libpin_consumer_last())
		return 0;
	return reason == PIN_REASON_MEMLOCK_LIMIT ? over_limit : libpin_reason_error(reason);
}
