// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Filter: which pins a dump is about, by the attributes that the request then has.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>

#include "filter.h"

LIBPIN_API int libpin_filter_new(struct libpin_filter **filter)
{
	if (!filter)
		return -EINVAL;
	*filter = calloc(1, sizeof(**filter));
	return *filter ? 0 : -ENOMEM;
}

LIBPIN_API void libpin_filter_free(struct libpin_filter *filter)
{
	free(filter);
}

static int set(struct libpin_filter *filter, int attribute, uint64_t value)
{
	if (!filter)
		return -EINVAL;
	filter->attributes |= 1U << attribute;
	filter->numbers[attribute] = value;
	return 0;
}

static int set_interval(struct libpin_filter *filter, int first_attribute, uint64_t first,
			int count_attribute, uint64_t count)
{
	if (!filter || !count)
		return -EINVAL;
	if (first + (count - 1) < first)
		return -EOVERFLOW;
	set(filter, first_attribute, first);
	return set(filter, count_attribute, count);
}

LIBPIN_API int libpin_filter_set_context(struct libpin_filter *filter, uint64_t context)
{
	return set(filter, PIN_NL_A_PIN_CONTEXT, context);
}

LIBPIN_API int libpin_filter_set_range(struct libpin_filter *filter, uint64_t address,
				       uint64_t length)
{
	return set_interval(filter, PIN_NL_A_PIN_ADDR, address, PIN_NL_A_PIN_LENGTH, length);
}

LIBPIN_API int libpin_filter_set_mode(struct libpin_filter *filter, uint32_t mode)
{
	return set(filter, PIN_NL_A_PIN_MODE, mode);
}

LIBPIN_API int libpin_filter_set_state(struct libpin_filter *filter, uint32_t state)
{
	return set(filter, PIN_NL_A_PIN_STATE, state);
}

LIBPIN_API int libpin_filter_set_uid(struct libpin_filter *filter, uid_t uid)
{
	return set(filter, PIN_NL_A_PIN_UID, uid);
}

LIBPIN_API int libpin_filter_set_pid(struct libpin_filter *filter, pid_t pid)
{
	return set(filter, PIN_NL_A_PIN_PID, (uint32_t)pid);
}

LIBPIN_API int libpin_filter_set_node(struct libpin_filter *filter, uint32_t node)
{
	return set(filter, PIN_NL_A_PIN_NODE_ID, node);
}

LIBPIN_API int libpin_filter_set_pfns(struct libpin_filter *filter, uint64_t first,
				      uint64_t count)
{
	return set_interval(filter, PIN_NL_A_PIN_PFN, first, PIN_NL_A_PIN_PFN_COUNT, count);
}

static int is_u64(int attribute)
{
	return attribute == PIN_NL_A_PIN_CONTEXT || attribute == PIN_NL_A_PIN_ADDR ||
	       attribute == PIN_NL_A_PIN_LENGTH || attribute == PIN_NL_A_PIN_PFN ||
	       attribute == PIN_NL_A_PIN_PFN_COUNT;
}

int libpin_filter_put(const struct libpin_filter *filter, struct nl_msg *request)
{
	int attribute, ret = 0;

	for (attribute = 0; filter && attribute <= PIN_NL_A_PIN_PFN_COUNT; attribute++) {
		uint64_t value = filter->numbers[attribute];

		if (!(filter->attributes & 1U << attribute))
			continue;
		ret = is_u64(attribute) ? nla_put_u64(request, attribute, value) :
					  nla_put_u32(request, attribute, (uint32_t)value);
		if (ret)
			return -ENOMEM;
	}
	return ret;
}
