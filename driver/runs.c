// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages to runs: the only form in which a pin remembers its pages.
 *
 * Runs stand in the order of the pin's addresses, so that the n-th page of the
 * range is found by adding up their lengths.  Two pages share a run only if
 * their page frame numbers are consecutive: pages of one folio need not be
 * mapped in order, and a run that claimed so would give away memory that is not
 * pinned.  Everything here is arithmetic on page frame numbers; no struct page
 * is touched.
 *
 * A run is stored as one word of 64 bits, or as two if it is longer than the first
 * has bits for, so that memory in which every page stands alone takes 8 bytes a page.
 * The last run is kept apart, unpacked, because it may grow; two words are reserved
 * for it.  Who reads runs does so after pindev_runs_seal() has put it there.
 */
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pindev.h"

#define CHUNK_WORDS \
	((PAGE_SIZE - sizeof(struct pindev_run_chunk)) / sizeof(u64))

#if PINDEV_PAGES_BITS < 8
#error "no room for the pages of a run: NODES_SHIFT is too large"
#endif

static_assert(!(PINDEV_RUN_LEASE >> PINDEV_TYPE_BITS));

void pindev_runs_init(struct pindev_runs *runs)
{
	INIT_LIST_HEAD(&runs->chunks);
	runs->tail = NULL;
	runs->spare = NULL;
	runs->count = 0;
	runs->pages = 0;
	runs->last = (struct pindev_run) { };
}

/* Room for the first runs, which lasts for as long as they; nothing is added yet. */
void pindev_runs_lend(struct pindev_runs *runs, struct pindev_run_chunk *chunk)
{
	chunk->capacity = PINDEV_FIRST_WORDS;
	chunk->lent = true;
	runs->spare = chunk;
}

struct pindev_run_chunk *pindev_runs_first_chunk(struct pindev_runs *runs)
{
	return list_first_entry_or_null(&runs->chunks, struct pindev_run_chunk,
					link);
}

/* Put the last run where readers find it. */
void pindev_runs_seal(struct pindev_runs *runs)
{
	struct pindev_run_chunk *chunk = runs->tail;

	if (chunk)
		pindev_run_pack(&runs->last, &chunk->words[chunk->used]);
}

/**
 * pindev_runs_follows() - could a run become part of the last one?
 * @runs: the runs
 * @run: consecutive pages
 * @grown: pages by which the last run counts as longer than it is
 *
 * Return: true if they are consecutive and alike.
 */
bool pindev_runs_follows(const struct pindev_runs *runs,
			 const struct pindev_run *run, u32 grown)
{
	const struct pindev_run *last = &runs->last;

	/* Nodes and types that differ make places differ by far more than pages do. */
	return last->pages && last->place + last->pages + grown == run->place &&
	       pindev_run_type(run) != PINDEV_RUN_HUGETLB &&
	       (u64)last->pages + grown + run->pages <= U32_MAX;
}

/* Make the last run longer; there is one, or @pages is 0. */
void pindev_runs_grow(struct pindev_runs *runs, u32 pages)
{
	runs->last.pages += pages;
	runs->pages += pages;
}

/* The first chunk is small, later ones are a page. */
static struct pindev_run_chunk *create_chunk(const struct pindev_runs *runs)
{
	u32 capacity = runs->tail ? CHUNK_WORDS : PINDEV_FIRST_WORDS;
	struct pindev_run_chunk *chunk;

	chunk = kmalloc(struct_size(chunk, words, capacity), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return NULL;
	chunk->capacity = capacity;
	chunk->lent = false;
	return chunk;
}

static struct pindev_run_chunk *add_chunk(struct pindev_runs *runs)
{
	struct pindev_run_chunk *chunk = runs->spare ?: create_chunk(runs);

	if (!chunk)
		return NULL;
	runs->spare = NULL;
	chunk->first_run = runs->count;
	chunk->first_page = runs->pages;
	chunk->used = 0;
	list_add_tail(&chunk->link, &runs->chunks);
	runs->tail = chunk;
	return chunk;
}

/* As pindev_runs_append(), when the last chunk is full or there is none. */
int pindev_runs_append_chunk(struct pindev_runs *runs, const struct pindev_run *run)
{
	struct pindev_run_chunk *chunk;

	pindev_runs_seal(runs);
	chunk = add_chunk(runs);
	if (!chunk)
		return -ENOMEM;
	chunk->count = 1;
	runs->last = *run;
	runs->count++;
	runs->pages += run->pages;
	return 0;
}

/**
 * pindev_runs_join() - put runs behind others
 * @runs: the runs
 * @from: those that come after them; left empty
 */
void pindev_runs_join(struct pindev_runs *runs, struct pindev_runs *from)
{
	struct pindev_run_chunk *chunk;

	if (!from->count)
		return;
	pindev_runs_seal(runs);
	pindev_runs_seal(from);
	list_for_each_entry(chunk, &from->chunks, link) {
		chunk->first_run += runs->count;
		chunk->first_page += runs->pages;
	}
	list_splice_tail(&from->chunks, &runs->chunks);
	runs->count += from->count;
	runs->pages += from->pages;
	runs->tail = from->tail;
	runs->last = from->last;
	pindev_runs_init(from);
}

void pindev_runs_free(struct pindev_runs *runs)
{
	struct pindev_run_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &runs->chunks, link) {
		if (!chunk->lent)
			kfree(chunk);
		cond_resched();
	}
	pindev_runs_init(runs);
}

static void enter_next(const struct pindev_runs *runs,
		       const struct list_head *link,
		       struct pindev_cursor *cursor)
{
	if (link == &runs->chunks)
		*cursor = (struct pindev_cursor) { .page = runs->pages };
	else
		pindev_cursor_enter(cursor, list_entry(link, struct pindev_run_chunk,
						       link));
}

/* Set a cursor to the first run. */
void pindev_runs_first(const struct pindev_runs *runs,
		       struct pindev_cursor *cursor)
{
	enter_next(runs, runs->chunks.next, cursor);
}

/* Move a cursor, which is at the last run of its chunk, to the next run. */
void pindev_runs_next_chunk(const struct pindev_runs *runs,
			    struct pindev_cursor *cursor)
{
	enter_next(runs, cursor->chunk->link.next, cursor);
}

/* Set a cursor to run @number, or beyond the last run. */
void pindev_runs_seek(const struct pindev_runs *runs, u64 number,
		      struct pindev_cursor *cursor)
{
	pindev_runs_first(runs, cursor);
	while (cursor->chunk &&
	       number >= cursor->chunk->first_run + cursor->chunk->count)
		enter_next(runs, cursor->chunk->link.next, cursor);
	while (cursor->chunk && number > cursor->chunk->first_run + cursor->index)
		pindev_runs_next(runs, cursor);
}

/**
 * pindev_runs_nodes() - pages by NUMA node
 * @runs: the runs
 * @nodes: zeroed array, added to
 * @count: its elements
 */
void pindev_runs_nodes(const struct pindev_runs *runs, u64 *nodes, u32 count)
{
	const struct pindev_run_chunk *chunk;
	struct pindev_cursor at;
	u16 node;

	list_for_each_entry(chunk, &runs->chunks, link) {
		pindev_cursor_enter(&at, chunk);
		do {
			node = pindev_run_node(&at.run);
			if (node < count)
				nodes[node] += at.run.pages;
		} while (pindev_cursor_step(&at));
		cond_resched();
	}
}
