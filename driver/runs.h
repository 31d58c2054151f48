/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: the only form in which a pin remembers its pages.  The rules stand at the head
 * of runs.c; here is what is done for each page or run.
 */
#ifndef PINDEV_RUNS_H
#define PINDEV_RUNS_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/nodemask.h>
#include <linux/types.h>

/**
 * enum pindev_run_type - how the pages of a run are released
 * @PINDEV_RUN_RAM: one pin a page
 * @PINDEV_RUN_DEVICE: one pin a page, and a dev_pagemap reference for the run
 * @PINDEV_RUN_HUGETLB: one pin, on the first page, holds the whole huge page
 * @PINDEV_RUN_LEASE: as DEVICE, but by the lease that it belongs to
 */
enum pindev_run_type {
	PINDEV_RUN_RAM,
	PINDEV_RUN_DEVICE,
	PINDEV_RUN_HUGETLB,
	PINDEV_RUN_LEASE,
};

/*
 * The bits of a place, and of the word that a run is stored in:
 *
 *	| pages, or 0: in the next word | type | node | page frame number |
 */
#define PINDEV_PFN_BITS		44
#define PINDEV_TYPE_SHIFT	(PINDEV_PFN_BITS + NODES_SHIFT)
#define PINDEV_TYPE_BITS	2
#define PINDEV_PAGES_SHIFT	(PINDEV_TYPE_SHIFT + PINDEV_TYPE_BITS)
#define PINDEV_PAGES_BITS	(64 - PINDEV_PAGES_SHIFT)

/* Words that a run takes at most. */
#define PINDEV_RUN_WORDS	2

/**
 * struct pindev_run - physically consecutive pages of one pin
 * @place: first page frame, NUMA node of all of them, enum pindev_run_type
 * @pages: pages of the range in this run, which for hugetlb is not the number
 *	of pins
 */
struct pindev_run {
	u64 place;
	u32 pages;
};

/* Most pins are one or a few runs: these words are part of the pin. */
#define PINDEV_FIRST_WORDS	8

/**
 * struct pindev_run_chunk - some of the runs of a pin, at least one
 * @link: in struct pindev_runs
 * @first_run: number of its first run in the pin
 * @first_page: number of that run's first page in the pin
 * @count: runs in it
 * @used: words of all of them but the last
 * @capacity: words that fit
 * @lent: part of something else
 * @words: the runs
 */
struct pindev_run_chunk {
	struct list_head link;
	u64 first_run;
	u64 first_page;
	u32 count;
	u32 used;
	u32 capacity;
	bool lent;
	u64 words[];
};

/**
 * struct pindev_runs - the runs of a pin, in the order of its addresses
 * @chunks: struct pindev_run_chunk
 * @tail: the last of them; NULL if there is none
 * @spare: what will be the first of them, if somebody lends it
 * @count: runs
 * @pages: their pages
 * @last: the last run, which can grow; of 0 pages if there is none
 */
struct pindev_runs {
	struct list_head chunks;
	struct pindev_run_chunk *tail;
	struct pindev_run_chunk *spare;
	u64 count;
	u64 pages;
	struct pindev_run last;
};

/**
 * struct pindev_tail - the end of the runs of a pin, while pages are added one by one
 * @word: where the last run is going to be
 * @end: where no other one may begin behind it
 * @last: the last run
 * @added: runs
 *
 * A copy that the compiler can keep in registers: it is in the innermost loop.
 */
struct pindev_tail {
	u64 *word;
	u64 *end;
	struct pindev_run last;
	u32 added;
};

/**
 * struct pindev_cursor - a run among the runs of a pin
 * @chunk: where it lies; NULL beyond the last run
 * @run: the run
 * @page: number of its first page in the pin
 * @index: its number in @chunk
 * @word: its place there
 */
struct pindev_cursor {
	const struct pindev_run_chunk *chunk;
	struct pindev_run run;
	u64 page;
	u32 index;
	u32 word;
};

void pindev_runs_init(struct pindev_runs *runs);
void pindev_runs_lend(struct pindev_runs *runs, struct pindev_run_chunk *chunk);
void pindev_runs_free(struct pindev_runs *runs);
bool pindev_runs_follows(const struct pindev_runs *runs,
			 const struct pindev_run *run, u32 grown);
void pindev_runs_grow(struct pindev_runs *runs, u32 pages);
int pindev_runs_append_chunk(struct pindev_runs *runs, const struct pindev_run *run);
void pindev_runs_seal(struct pindev_runs *runs);
void pindev_runs_join(struct pindev_runs *runs, struct pindev_runs *from);
struct pindev_run_chunk *pindev_runs_first_chunk(struct pindev_runs *runs);
void pindev_runs_first(const struct pindev_runs *runs,
		       struct pindev_cursor *cursor);
void pindev_runs_seek(const struct pindev_runs *runs, u64 number,
		      struct pindev_cursor *cursor);
void pindev_runs_next_chunk(const struct pindev_runs *runs,
			    struct pindev_cursor *cursor);
void pindev_runs_nodes(const struct pindev_runs *runs, u64 *nodes, u32 count);

static inline u64 pindev_place(unsigned long pfn, u16 node, enum pindev_run_type type)
{
	return pfn | (u64)node << PINDEV_PFN_BITS | (u64)type << PINDEV_TYPE_SHIFT;
}

static inline struct pindev_run pindev_run(unsigned long pfn, u32 pages, u16 node,
					   enum pindev_run_type type)
{
	return (struct pindev_run) {
		.place = pindev_place(pfn, node, type),
		.pages = pages,
	};
}

static inline unsigned long pindev_run_pfn(const struct pindev_run *run)
{
	return run->place & (BIT(PINDEV_PFN_BITS) - 1);
}

static inline u16 pindev_run_node(const struct pindev_run *run)
{
	return run->place >> PINDEV_PFN_BITS & (BIT(NODES_SHIFT) - 1);
}

static inline enum pindev_run_type pindev_run_type(const struct pindev_run *run)
{
	return run->place >> PINDEV_TYPE_SHIFT;
}

static inline bool pindev_run_is_wide(const struct pindev_run *run)
{
	return run->pages >= BIT(PINDEV_PAGES_BITS);
}

static inline u32 pindev_run_words(const struct pindev_run *run)
{
	return pindev_run_is_wide(run) ? 2 : 1;
}

static inline void pindev_run_pack(const struct pindev_run *run, u64 *words)
{
	if (unlikely(pindev_run_is_wide(run))) {
		words[0] = run->place;
		words[1] = run->pages;
	} else {
		words[0] = run->place | (u64)run->pages << PINDEV_PAGES_SHIFT;
	}
}

static inline void pindev_run_unpack(const u64 *words, struct pindev_run *run)
{
	run->place = words[0] & (BIT(PINDEV_PAGES_SHIFT) - 1);
	run->pages = words[0] >> PINDEV_PAGES_SHIFT ?: words[1];
}

/**
 * pindev_runs_extend() - make the last run longer by a run that follows it
 * @runs: the runs
 * @run: consecutive pages; not a hugetlb run, whose pin is not per page
 *
 * Return: false if @run does not follow the last run and has to be appended.
 */
static inline bool pindev_runs_extend(struct pindev_runs *runs,
				      const struct pindev_run *run)
{
	/* What most often is not so, before the rest is looked at. */
	if (runs->last.place + runs->last.pages != run->place ||
	    !pindev_runs_follows(runs, run, 0))
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
static inline int pindev_runs_append(struct pindev_runs *runs,
				     const struct pindev_run *run)
{
	struct pindev_run_chunk *chunk = runs->tail;

	if (unlikely(!chunk ||
		     chunk->used + 2 * PINDEV_RUN_WORDS > chunk->capacity))
		return pindev_runs_append_chunk(runs, run);
	pindev_run_pack(&runs->last, &chunk->words[chunk->used]);
	chunk->used += pindev_run_words(&runs->last);
	chunk->count++;
	runs->last = *run;
	runs->count++;
	runs->pages += run->pages;
	return 0;
}

/* False if the next page cannot be added so but has to be appended. */
static inline bool pindev_tail_open(struct pindev_tail *tail,
				    struct pindev_runs *runs, u32 pages)
{
	struct pindev_run_chunk *chunk = runs->tail;

	if (!chunk || runs->last.pages > U32_MAX - pages)
		return false;
	tail->word = &chunk->words[chunk->used];
	tail->end = &chunk->words[chunk->capacity - PINDEV_RUN_WORDS];
	tail->last = runs->last;
	tail->added = 0;
	return true;
}

/* Add a page of RAM; false if there is no room for it. */
static inline bool pindev_tail_add(struct pindev_tail *tail, u64 place)
{
	if (place == tail->last.place + tail->last.pages) {
		tail->last.pages++;
		return true;
	}
	if (unlikely(tail->word + 1 >= tail->end))
		return false;
	pindev_run_pack(&tail->last, tail->word);
	tail->word += pindev_run_words(&tail->last);
	tail->last.place = place;
	tail->last.pages = 1;
	tail->added++;
	return true;
}

/* @pages have been added. */
static inline void pindev_tail_close(const struct pindev_tail *tail,
				     struct pindev_runs *runs, u32 pages)
{
	struct pindev_run_chunk *chunk = runs->tail;

	chunk->used = tail->word - chunk->words;
	chunk->count += tail->added;
	runs->count += tail->added;
	runs->pages += pages;
	runs->last = tail->last;
}

/* Read the run that a cursor is at once more: it may have grown. */
static inline void pindev_cursor_reread(struct pindev_cursor *cursor)
{
	pindev_run_unpack(&cursor->chunk->words[cursor->word], &cursor->run);
}

/* Set a cursor to the first run of a chunk. */
static inline void pindev_cursor_enter(struct pindev_cursor *cursor,
				       const struct pindev_run_chunk *chunk)
{
	cursor->chunk = chunk;
	cursor->page = chunk->first_page;
	cursor->index = 0;
	cursor->word = 0;
	pindev_cursor_reread(cursor);
}

/* Move a cursor to the next run of its chunk; false if there is none. */
static inline bool pindev_cursor_step(struct pindev_cursor *cursor)
{
	if (cursor->index + 1 == cursor->chunk->count)
		return false;
	cursor->index++;
	cursor->page += cursor->run.pages;
	cursor->word += pindev_run_words(&cursor->run);
	pindev_cursor_reread(cursor);
	return true;
}

/* Move a cursor, which is not beyond the last run, to the next run. */
static inline void pindev_runs_next(const struct pindev_runs *runs,
				    struct pindev_cursor *cursor)
{
	if (!pindev_cursor_step(cursor))
		pindev_runs_next_chunk(runs, cursor);
}

#endif /* PINDEV_RUNS_H */
