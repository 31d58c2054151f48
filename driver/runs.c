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
 */
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pindev.h"

/* Most pins are one or a few runs: the first chunk is small, later ones a page. */
#define FIRST_CHUNK_RUNS	4
#define CHUNK_RUNS \
	((PAGE_SIZE - sizeof(struct pindev_run_chunk)) / sizeof(struct pindev_run))

void pindev_runs_init(struct pindev_runs *runs)
{
	INIT_LIST_HEAD(&runs->chunks);
	runs->count = 0;
	runs->pages = 0;
}

struct pindev_run_chunk *pindev_runs_first_chunk(struct pindev_runs *runs)
{
	return list_first_entry_or_null(&runs->chunks, struct pindev_run_chunk,
					link);
}

struct pindev_run_chunk *pindev_runs_last_chunk(struct pindev_runs *runs)
{
	if (list_empty(&runs->chunks))
		return NULL;
	return list_last_entry(&runs->chunks, struct pindev_run_chunk, link);
}

/* The last run, or NULL. */
struct pindev_run *pindev_runs_last(struct pindev_runs *runs)
{
	struct pindev_run_chunk *chunk = pindev_runs_last_chunk(runs);

	return chunk ? &chunk->runs[chunk->used - 1] : NULL;
}

/**
 * pindev_runs_follows() - could a run become part of the last one?
 * @runs: the runs
 * @run: consecutive pages
 * @grown: pages by which the last run counts as longer than it is
 *
 * Return: true if they are consecutive and alike.
 */
bool pindev_runs_follows(struct pindev_runs *runs, const struct pindev_run *run,
			 u32 grown)
{
	const struct pindev_run *last = pindev_runs_last(runs);

	return last && last->pfn + last->pages + grown == run->pfn &&
	       last->type == run->type && last->node == run->node &&
	       last->type != PINDEV_RUN_HUGETLB &&
	       (u64)last->pages + grown + run->pages <= U32_MAX;
}

/* Make the last run longer; there is one, or @pages is 0. */
void pindev_runs_grow(struct pindev_runs *runs, u32 pages)
{
	if (!pages)
		return;
	pindev_runs_last(runs)->pages += pages;
	runs->pages += pages;
}

/**
 * pindev_runs_extend() - make the last run longer by a run that follows it
 * @runs: the runs
 * @run: consecutive pages; not a hugetlb run, whose pin is not per page
 *
 * Return: false if @run does not follow the last run and has to be appended.
 */
bool pindev_runs_extend(struct pindev_runs *runs, const struct pindev_run *run)
{
	if (!pindev_runs_follows(runs, run, 0))
		return false;
	pindev_runs_grow(runs, run->pages);
	return true;
}

/**
 * pindev_runs_append() - add a run of its own
 * @runs: the runs
 * @run: the run, copied
 *
 * Return: 0, or -ENOMEM with @runs unchanged.
 */
int pindev_runs_append(struct pindev_runs *runs, const struct pindev_run *run)
{
	struct pindev_run_chunk *chunk = pindev_runs_last_chunk(runs);
	u32 capacity;

	if (!chunk || chunk->used == chunk->capacity) {
		capacity = chunk ? CHUNK_RUNS : FIRST_CHUNK_RUNS;
		chunk = kmalloc(struct_size(chunk, runs, capacity),
				GFP_KERNEL_ACCOUNT);
		if (!chunk)
			return -ENOMEM;
		chunk->first_run = runs->count;
		chunk->first_page = runs->pages;
		chunk->used = 0;
		chunk->capacity = capacity;
		list_add_tail(&chunk->link, &runs->chunks);
	}
	chunk->runs[chunk->used++] = *run;
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

	list_for_each_entry(chunk, &from->chunks, link) {
		chunk->first_run += runs->count;
		chunk->first_page += runs->pages;
	}
	list_splice_tail(&from->chunks, &runs->chunks);
	runs->count += from->count;
	runs->pages += from->pages;
	pindev_runs_init(from);
}

void pindev_runs_free(struct pindev_runs *runs)
{
	struct pindev_run_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &runs->chunks, link) {
		kfree(chunk);
		cond_resched();
	}
	pindev_runs_init(runs);
}

static void enter_chunk(const struct pindev_runs *runs,
			const struct list_head *link,
			struct pindev_cursor *cursor)
{
	*cursor = (struct pindev_cursor) { .page = runs->pages };
	if (link == &runs->chunks)
		return;
	cursor->chunk = list_entry(link, struct pindev_run_chunk, link);
	cursor->run = cursor->chunk->runs;
	cursor->page = cursor->chunk->first_page;
}

/* Set a cursor to the first run. */
void pindev_runs_first(const struct pindev_runs *runs,
		       struct pindev_cursor *cursor)
{
	enter_chunk(runs, runs->chunks.next, cursor);
}

/* Move a cursor, which is not beyond the last run, to the next run. */
void pindev_runs_next(const struct pindev_runs *runs,
		      struct pindev_cursor *cursor)
{
	if (cursor->index + 1 == cursor->chunk->used) {
		enter_chunk(runs, cursor->chunk->link.next, cursor);
		return;
	}
	cursor->page += cursor->run->pages;
	cursor->run = &cursor->chunk->runs[++cursor->index];
}

/* Set a cursor to run @number, or beyond the last run. */
void pindev_runs_seek(const struct pindev_runs *runs, u64 number,
		      struct pindev_cursor *cursor)
{
	pindev_runs_first(runs, cursor);
	while (cursor->run &&
	       number >= cursor->chunk->first_run + cursor->chunk->used)
		enter_chunk(runs, cursor->chunk->link.next, cursor);
	while (cursor->run && number > cursor->chunk->first_run + cursor->index)
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
	u32 i;

	list_for_each_entry(chunk, &runs->chunks, link) {
		for (i = 0; i < chunk->used; i++)
			if (chunk->runs[i].node < count)
				nodes[chunk->runs[i].node] += chunk->runs[i].pages;
		cond_resched();
	}
}
