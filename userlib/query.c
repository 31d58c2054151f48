// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Query: an immutable snapshot of one pin, its pages on each NUMA node among
 * it, and the names of modes and states.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* More nodes than any kernel has (MAX_NUMNODES is at most 1024). */
#define NODES_MAX 65536

/* @nodes has @raw.nodes_count elements; @comm is terminated. */
struct libpin_query {
	struct pin_query raw;
	uint64_t *nodes;
	char comm[PIN_COMM_LEN + 1];
};

static int query_nodes(struct libpin_context *ctx, struct libpin_query *query)
{
	uint32_t capacity = query->raw.nodes_count;
	int ret;

	if (!capacity)
		return 0;
	if (capacity > NODES_MAX)
		return -EPROTO;
	query->nodes = calloc(capacity, sizeof(*query->nodes));
	if (!query->nodes)
		return -ENOMEM;
	query->raw.nodes = (uintptr_t)query->nodes;
	query->raw.nodes_capacity = capacity;
	ret = libpin_ioctl(ctx, PIN_IOC_QUERY, &query->raw);
	if (!ret && query->raw.nodes_count > capacity)
		ret = -EPROTO;
	return ret;
}

LIBPIN_API int libpin_pin_query(struct libpin_context *ctx, uint64_t id,
				struct libpin_query **query)
{
	struct libpin_query *new;
	int ret;

	if (!query)
		return -EINVAL;
	*query = NULL;
	if (!ctx)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->raw.size = sizeof(new->raw);
	new->raw.id = id;
	ret = libpin_ioctl(ctx, PIN_IOC_QUERY, &new->raw);
	if (!ret)
		ret = query_nodes(ctx, new);
	if (ret) {
		libpin_query_free(new);
		return ret;
	}
	memcpy(new->comm, new->raw.comm, sizeof(new->raw.comm));
	*query = new;
	return 0;
}

LIBPIN_API void libpin_query_free(struct libpin_query *query)
{
	if (!query)
		return;
	free(query->nodes);
	free(query);
}

#define QUERY_GETTER(type, name, member)					\
	LIBPIN_API type libpin_query_##name(const struct libpin_query *query)	\
	{									\
		return query ? query->raw.member : 0;				\
	}

QUERY_GETTER(uint64_t, id, id)
QUERY_GETTER(uint64_t, address, addr)
QUERY_GETTER(uint64_t, length, length)
QUERY_GETTER(uint64_t, cookie, cookie)
QUERY_GETTER(uint32_t, flags, pin_flags)
QUERY_GETTER(uint32_t, mode, mode)
QUERY_GETTER(uint32_t, state, state)
QUERY_GETTER(uint64_t, pages, pages)
QUERY_GETTER(uint64_t, runs, runs)
QUERY_GETTER(uint64_t, charged_pages, charged_pages)
QUERY_GETTER(uint64_t, start_time_ns, start_time_ns)
QUERY_GETTER(uid_t, uid, uid)
QUERY_GETTER(pid_t, pid, pid)
QUERY_GETTER(size_t, node_count, nodes_count)

LIBPIN_API const char *libpin_query_comm(const struct libpin_query *query)
{
	return query ? query->comm : NULL;
}

LIBPIN_API uint64_t libpin_query_node_pages(const struct libpin_query *query, size_t node)
{
	return query && node < query->raw.nodes_count ? query->nodes[node] : 0;
}

LIBPIN_API const char *libpin_mode_name(uint32_t mode)
{
	static const char *const names[] = {
		[PIN_MODE_LONGTERM] = "longterm",
		[PIN_MODE_LEASE] = "lease",
	};

	return mode < ARRAY_SIZE(names) ? names[mode] : NULL;
}

LIBPIN_API const char *libpin_state_name(uint32_t state)
{
	static const char *const names[] = {
		[PIN_STATE_LIVE] = "live",
		[PIN_STATE_REVOKED] = "revoked",
	};

	return state < ARRAY_SIZE(names) ? names[state] : NULL;
}
