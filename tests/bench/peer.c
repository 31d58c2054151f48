// SPDX-License-Identifier: GPL-2.0-or-later
/* What those who pin have in common; see peer.h. */
#include "peer.h"

#include "clock.h"

const struct peer *const peers[] = {
	&peer_pin, &peer_uring, &peer_rdma, &peer_vfio, &peer_iommufd, &peer_udmabuf,
	&peer_gup, &peer_gup_fast, &peer_mlock, NULL
};

unsigned int peer_divide(const struct memory *memory, struct part parts[PEER_PARTS])
{
	unsigned int count = 0;
	size_t at, left;

	for (at = 0; at < memory->bytes; at += PEER_PART) {
		if (count == PEER_PARTS)
			die("more than %u parts", PEER_PARTS);
		left = memory->bytes - at;
		parts[count].addr = memory->addr + at;
		parts[count++].bytes = left < PEER_PART ? left : PEER_PART;
	}
	return count;
}
