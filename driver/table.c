// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of pins by id.
 *
 * A tree whose nodes are part of the pins: an entry takes no memory of its own, so that
 * publishing a pin cannot fail, and ids that only rise cost no more than others.  An
 * array indexed by id would need nodes of half a KiB for few and far ids.
 *
 * The caller holds the table's lock, a leaf but for what its head says; what an entry
 * belongs to he keeps alive himself.
 */
#include <linux/lockdep.h>

#include "table.h"

static struct pindev_entry *entry_of(struct rb_node *node)
{
	return rb_entry(node, struct pindev_entry, node);
}

void pindev_table_init(struct pindev_table *table)
{
	spin_lock_init(&table->lock);
	table->root = RB_ROOT;
}

/* There is no entry of its id. */
void pindev_table_insert(struct pindev_table *table, struct pindev_entry *entry)
{
	struct rb_node **link = &table->root.rb_node, *parent = NULL;

	lockdep_assert_held(&table->lock);
	while (*link) {
		parent = *link;
		link = entry->id < entry_of(parent)->id ? &parent->rb_left :
							  &parent->rb_right;
	}
	rb_link_node(&entry->node, parent, link);
	rb_insert_color(&entry->node, &table->root);
}

void pindev_table_erase(struct pindev_table *table, struct pindev_entry *entry)
{
	lockdep_assert_held(&table->lock);
	rb_erase(&entry->node, &table->root);
}

/* The first entry whose id is above @id, or NULL. */
struct pindev_entry *pindev_table_after(struct pindev_table *table, u64 id)
{
	struct rb_node *node = table->root.rb_node;
	struct pindev_entry *found = NULL;

	lockdep_assert_held(&table->lock);
	while (node) {
		if (entry_of(node)->id > id) {
			found = entry_of(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* The entry of an id, or NULL. */
struct pindev_entry *pindev_table_find(struct pindev_table *table, u64 id)
{
	struct rb_node *node = table->root.rb_node;
	struct pindev_entry *entry;

	lockdep_assert_held(&table->lock);
	while (node) {
		entry = entry_of(node);
		if (entry->id == id)
			return entry;
		node = id < entry->id ? node->rb_left : node->rb_right;
	}
	return NULL;
}
