/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of pins by id: that of a context and that of the ledger.  See table.c.
 */
#ifndef PINDEV_TABLE_H
#define PINDEV_TABLE_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct pindev_entry - a place in a table, part of what stands there
 * @node: in struct pindev_table
 * @id: set before it is inserted
 */
struct pindev_entry {
	struct rb_node node;
	u64 id;
};

/**
 * struct pindev_table - entries by id
 * @lock: for all of this
 * @root: struct pindev_entry
 */
struct pindev_table {
	spinlock_t lock;	/* of the tree */
	struct rb_root root;
};

#define PINDEV_TABLE(_name) {					\
	.lock = __SPIN_LOCK_UNLOCKED((_name).lock),		\
	.root = RB_ROOT,					\
}

void pindev_table_init(struct pindev_table *table);
void pindev_table_insert(struct pindev_table *table, struct pindev_entry *entry);
void pindev_table_erase(struct pindev_table *table, struct pindev_entry *entry);
struct pindev_entry *pindev_table_find(struct pindev_table *table, u64 id);
struct pindev_entry *pindev_table_after(struct pindev_table *table, u64 id);

#endif /* PINDEV_TABLE_H */
