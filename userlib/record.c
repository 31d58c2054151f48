// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Record: a pin or a context as the ledger tells it, decoded from the attributes of
 * <pin/netlink.h>; immutable once it is handed out.
 *
 * A newer module may tell attributes that are not known here: they are skipped.  A known
 * one of another length is -EPROTO, and so is a pin or a context without an id.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int libpin_attr_number(struct nlattr *attr, uint64_t *number)
{
	switch (nla_len(attr)) {
	case sizeof(uint32_t):
		*number = nla_get_u32(attr);
		return 0;
	case sizeof(uint64_t):
		memcpy(number, nla_data(attr), sizeof(*number));
		return 0;
	default:
		return -EPROTO;
	}
}

/* Cut to fit; ends in a zero even if the attribute does not. */
void libpin_attr_text(struct nlattr *attr, char *text, size_t size)
{
	size_t length = strnlen(nla_data(attr), (size_t)nla_len(attr));

	if (length > size - 1)
		length = size - 1;
	memcpy(text, nla_data(attr), length);
	text[length] = '\0';
}

static struct record_node *add_node(struct record_nodes *nodes)
{
	size_t capacity = nodes->capacity ? 2 * nodes->capacity : 4;
	struct record_node *array;

	if (nodes->count == nodes->capacity) {
		array = reallocarray(nodes->array, capacity, sizeof(*array));
		if (!array)
			return NULL;
		nodes->array = array;
		nodes->capacity = capacity;
	}
	return &nodes->array[nodes->count++];
}

static int parse_node(struct nlattr *nest, struct record_nodes *nodes)
{
	uint64_t numbers[PIN_NL_A_NODE_PAGES + 1] = { 0 };
	int ret, left = nla_len(nest);
	struct record_node *node;
	struct nlattr *attr;

	for (attr = nla_data(nest); nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		if (type != PIN_NL_A_NODE_ID && type != PIN_NL_A_NODE_PAGES)
			continue;
		ret = libpin_attr_number(attr, &numbers[type]);
		if (ret)
			return ret;
	}
	node = add_node(nodes);
	if (!node)
		return -ENOMEM;
	node->node = (uint32_t)numbers[PIN_NL_A_NODE_ID];
	node->pages = numbers[PIN_NL_A_NODE_PAGES];
	return 0;
}

void libpin_record_clear(struct libpin_record *record)
{
	memset(record->numbers, 0, sizeof(record->numbers));
	record->comm[0] = '\0';
	record->nodes.count = 0;
}

/* @record may have been used before. A pin that was refused has an id, too. */
int libpin_record_parse(struct nlattr *attr, int left, struct libpin_record *record)
{
	int ret = 0;

	libpin_record_clear(record);
	for (; !ret && nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		if (type == PIN_NL_A_PIN_NODE)
			ret = parse_node(attr, &record->nodes);
		else if (type == PIN_NL_A_PIN_COMM)
			libpin_attr_text(attr, record->comm, sizeof(record->comm));
		else if (type > PIN_NL_A_PIN_PAD && type < (int)ARRAY_SIZE(record->numbers))
			ret = libpin_attr_number(attr, &record->numbers[type]);
	}
	return ret;
}

int libpin_context_record_parse(struct nlattr *attr, int left,
				struct libpin_context_record *record)
{
	int ret = 0;

	memset(record, 0, sizeof(*record));
	for (; !ret && nla_ok(attr, left); attr = nla_next(attr, &left)) {
		int type = nla_type(attr);

		if (type == PIN_NL_A_CONTEXT_COMM)
			libpin_attr_text(attr, record->comm, sizeof(record->comm));
		else if (type > PIN_NL_A_CONTEXT_PAD &&
			 type < (int)ARRAY_SIZE(record->numbers))
			ret = libpin_attr_number(attr, &record->numbers[type]);
	}
	if (!ret && !record->numbers[PIN_NL_A_CONTEXT_ID])
		ret = -EPROTO;
	return ret;
}

LIBPIN_API void libpin_record_free(struct libpin_record *record)
{
	if (!record)
		return;
	free(record->nodes.array);
	free(record);
}

#define RECORD_GETTER(type, name, attribute)					\
	LIBPIN_API type libpin_record_##name(const struct libpin_record *record)	\
	{									\
		return record ? (type)record->numbers[PIN_NL_A_PIN_##attribute] : 0; \
	}

RECORD_GETTER(uint64_t, id, ID)
RECORD_GETTER(uint64_t, context, CONTEXT)
RECORD_GETTER(uint64_t, address, ADDR)
RECORD_GETTER(uint64_t, length, LENGTH)
RECORD_GETTER(uint32_t, flags, FLAGS)
RECORD_GETTER(uint32_t, mode, MODE)
RECORD_GETTER(uint32_t, state, STATE)
RECORD_GETTER(uint64_t, cookie, COOKIE)
RECORD_GETTER(uint64_t, pages, PAGES)
RECORD_GETTER(uint64_t, references, REFERENCES)
RECORD_GETTER(uint64_t, runs, RUNS)
RECORD_GETTER(uint64_t, charged_pages, CHARGED_PAGES)
RECORD_GETTER(uint64_t, user_charged_pages, USER_CHARGED_PAGES)
RECORD_GETTER(uid_t, uid, UID)
RECORD_GETTER(pid_t, pid, PID)
RECORD_GETTER(pid_t, ns_pid, NS_PID)
RECORD_GETTER(uint32_t, pid_ns, PID_NS)
RECORD_GETTER(uint64_t, cgroup, CGROUP)
RECORD_GETTER(uint64_t, start_time_ns, START_TIME)

LIBPIN_API const char *libpin_record_comm(const struct libpin_record *record)
{
	return record ? record->comm : NULL;
}

LIBPIN_API size_t libpin_record_node_count(const struct libpin_record *record)
{
	return record ? record->nodes.count : 0;
}

LIBPIN_API uint32_t libpin_record_node(const struct libpin_record *record, size_t index)
{
	return index < libpin_record_node_count(record) ? record->nodes.array[index].node : 0;
}

LIBPIN_API uint64_t libpin_record_node_pages(const struct libpin_record *record, size_t index)
{
	return index < libpin_record_node_count(record) ? record->nodes.array[index].pages : 0;
}

#define CONTEXT_GETTER(type, name, attribute)						\
	LIBPIN_API type									\
	libpin_context_record_##name(const struct libpin_context_record *record)	\
	{										\
		return record ? (type)record->numbers[PIN_NL_A_CONTEXT_##attribute] : 0; \
	}

CONTEXT_GETTER(uint64_t, id, ID)
CONTEXT_GETTER(uint64_t, pins, PINS)
CONTEXT_GETTER(uint64_t, pages, PAGES)
CONTEXT_GETTER(uint64_t, charged_pages, CHARGED_PAGES)
CONTEXT_GETTER(uid_t, uid, UID)
CONTEXT_GETTER(pid_t, pid, PID)
CONTEXT_GETTER(pid_t, ns_pid, NS_PID)
CONTEXT_GETTER(uint32_t, pid_ns, PID_NS)
CONTEXT_GETTER(uint64_t, cgroup, CGROUP)
CONTEXT_GETTER(uint64_t, start_time_ns, START_TIME)

LIBPIN_API const char *
libpin_context_record_comm(const struct libpin_context_record *record)
{
	return record ? record->comm : NULL;
}
