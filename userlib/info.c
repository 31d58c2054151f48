// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Info: an immutable snapshot of PIN_IOC_INFO, and the names of features.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

struct libpin_info {
	struct pin_info raw;
};

static const struct feature {
	uint64_t bit;
	const char *name;
} features[] = {
	{ PIN_FEATURE_LONGTERM, "longterm" },
	{ PIN_FEATURE_CHECK, "check" },
	{ PIN_FEATURE_CHECK_LIMITS, "check-limits" },
	{ PIN_FEATURE_CHECK_OTHER, "check-other" },
	{ PIN_FEATURE_LIST, "list" },
	{ PIN_FEATURE_RUNS, "runs" },
	{ PIN_FEATURE_ACCESS, "access" },
	{ PIN_FEATURE_LEASE, "lease" },
	{ PIN_FEATURE_LEDGER, "ledger" },
};

LIBPIN_API int libpin_info_get(struct libpin_context *ctx, struct libpin_info **info)
{
	struct libpin_info *new;
	int ret;

	if (!info)
		return -EINVAL;
	*info = NULL;
	if (!ctx)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->raw.size = sizeof(new->raw);
	ret = libpin_ioctl(ctx, PIN_IOC_INFO, &new->raw);
	if (ret) {
		free(new);
		return ret;
	}
	*info = new;
	return 0;
}

LIBPIN_API void libpin_info_free(struct libpin_info *info)
{
	free(info);
}

#define INFO_GETTER(type, member)						\
	LIBPIN_API type libpin_info_##member(const struct libpin_info *info)	\
	{									\
		return info ? info->raw.member : 0;				\
	}

INFO_GETTER(uint64_t, features)
INFO_GETTER(uint32_t, abi_version)
INFO_GETTER(uint32_t, page_size)
INFO_GETTER(uint64_t, system_cap_pages)
INFO_GETTER(uint64_t, system_pinned_pages)
INFO_GETTER(uint64_t, context_cap_pins)
INFO_GETTER(uint64_t, context_pins)
INFO_GETTER(uint64_t, user_limit_pages)
INFO_GETTER(uint64_t, user_charged_pages)
INFO_GETTER(uint64_t, mm_pinned_pages)

LIBPIN_API size_t libpin_feature_count(void)
{
	return ARRAY_SIZE(features);
}

LIBPIN_API const char *libpin_feature_name(size_t index)
{
	return index < ARRAY_SIZE(features) ? features[index].name : NULL;
}

LIBPIN_API uint64_t libpin_feature_bit(size_t index)
{
	return index < ARRAY_SIZE(features) ? features[index].bit : 0;
}
