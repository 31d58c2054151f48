// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups: see groups.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "groups.h"
#include "ledger.h"

static bool is_same(enum grouping by, const struct group *group, const struct group *key)
{
	switch (by) {
	case BY_PROCESS:
		/* 0 is every process without a number here: told apart by their user. */
		return group->pid == key->pid && group->uid == key->uid;
	case BY_USER:
		return group->uid == key->uid;
	case BY_NODE:
		return group->node == key->node;
	default:
		return group->mode == key->mode;
	}
}

/* Mostly that of the pin before: a process's pins follow each other. */
static struct group *find(struct groups *groups, const struct group *key)
{
	size_t i;

	if (groups->last < groups->count &&
	    is_same(groups->by, &groups->array[groups->last], key))
		return &groups->array[groups->last];
	for (i = 0; i < groups->count; i++)
		if (is_same(groups->by, &groups->array[i], key))
			break;
	if (i == groups->count) {
		groups->array = reallocarray(groups->array, i + 1, sizeof(*groups->array));
		if (!groups->array)
			out_of_memory();
		groups->array[groups->count++] = *key;
	}
	groups->last = i;
	return &groups->array[i];
}

static void count_pin(struct group *group, const struct libpin_record *record)
{
	group->pins++;
	group->pages += libpin_record_pages(record);
	group->charged_pages += libpin_record_charged_pages(record);
	group->references += libpin_record_references(record);
}

static void add_pin(void *data, const struct libpin_record *record)
{
	struct groups *groups = data;
	struct group key = {
		.pid = libpin_record_pid(record),
		.uid = libpin_record_uid(record),
		.mode = libpin_record_mode(record),
	};
	struct group *group;
	size_t i;

	count_pin(&groups->total, record);
	snprintf(key.comm, sizeof(key.comm), "%s", libpin_record_comm(record));
	if (groups->by != BY_NODE) {
		count_pin(find(groups, &key), record);
		return;
	}
	for (i = 0; i < libpin_record_node_count(record); i++) {
		key.node = libpin_record_node(record, i);
		group = find(groups, &key);
		group->pins++;
		group->pages += libpin_record_node_pages(record, i);
	}
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? 1 : -(a > b);
}

static int by_pinned(const void *a, const void *b)
{
	return compare(((const struct group *)a)->pages, ((const struct group *)b)->pages);
}

static int by_charged(const void *a, const void *b)
{
	return compare(((const struct group *)a)->charged_pages,
		       ((const struct group *)b)->charged_pages);
}

static int by_pins(const void *a, const void *b)
{
	return compare(((const struct group *)a)->pins, ((const struct group *)b)->pins);
}

int groups_gather(struct groups *groups, struct libpin_ledger *ledger,
		  const struct libpin_filter *filter, enum grouping by, enum group_order order)
{
	static int (*const orders[])(const void *, const void *) = {
		[ORDER_PINNED] = by_pinned,
		[ORDER_CHARGED] = by_charged,
		[ORDER_PINS] = by_pins,
	};
	int ret;

	*groups = (struct groups){ .by = by };
	ret = ledger_visit(ledger, filter, add_pin, groups, &groups->interrupted);
	if (groups->count)
		qsort(groups->array, groups->count, sizeof(*groups->array), orders[order]);
	return ret;
}

void groups_release(struct groups *groups)
{
	free(groups->array);
}
