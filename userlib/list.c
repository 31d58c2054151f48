// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * List: an immutable snapshot of the ids of the pins in a context.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

/* Ids asked for in one step. */
#define STEP 256

/* @ids has room for a whole step beyond @count while it is being filled. */
struct libpin_list {
	uint64_t *ids;
	size_t count;
};

/* One step from @cursor; 0 and the next cursor, which is 0 at the end. */
static int list_step(struct libpin_context *ctx, struct libpin_list *list, uint64_t *cursor)
{
	struct pin_list raw = { .size = sizeof(raw), .cursor = *cursor, .ids_capacity = STEP };
	uint64_t *ids = reallocarray(list->ids, list->count + STEP, sizeof(*ids));
	int ret;

	if (!ids)
		return -ENOMEM;
	list->ids = ids;
	raw.ids = (uintptr_t)&ids[list->count];
	ret = libpin_ioctl(ctx, PIN_IOC_LIST, &raw);
	if (ret)
		return ret;
	/* A cursor that does not move on would be asked for ever. */
	if (raw.ids_count > STEP || (raw.next && (!raw.ids_count || raw.next <= *cursor)))
		return -EPROTO;
	list->count += raw.ids_count;
	*cursor = raw.next;
	return 0;
}

LIBPIN_API int libpin_list_get(struct libpin_context *ctx, struct libpin_list **list)
{
	struct libpin_list *new;
	uint64_t cursor = 0;
	int ret;

	if (!list)
		return -EINVAL;
	*list = NULL;
	if (!ctx)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	do {
		ret = list_step(ctx, new, &cursor);
	} while (!ret && cursor);
	if (ret) {
		libpin_list_free(new);
		return ret;
	}
	*list = new;
	return 0;
}

LIBPIN_API void libpin_list_free(struct libpin_list *list)
{
	if (!list)
		return;
	free(list->ids);
	free(list);
}

LIBPIN_API size_t libpin_list_count(const struct libpin_list *list)
{
	return list ? list->count : 0;
}

LIBPIN_API uint64_t libpin_list_id(const struct libpin_list *list, size_t index)
{
	return list && index < list->count ? list->ids[index] : 0;
}
