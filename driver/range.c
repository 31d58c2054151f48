// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pin and unpin ranges: batches, unwinding, publishing.
 *
 * A range is judged as a whole before any page is touched, then pinned mapping
 * by mapping, in batches of at most PINDEV_BATCH pages that become runs at once.
 * If there are several mappings, or the attempt had to wait for others, each is
 * judged once more right before.  All or nothing: whatever a failed attempt pinned
 * and charged is given back before it answers.
 *
 * Only the attempt itself knows a pin until everything that can fail is done,
 * copying the answer to the caller included; publishing cannot fail.
 *
 * Two things of ours are held across GUP: the ledger's semaphores, which bound
 * how many PINs run and guard no data, and for device-dax dax_read_lock(), an SRCU
 * section for which kill_dax() waits, so that the struct pages that GUP returned
 * exist until their pagemap is held.
 */
#include <linux/bits.h>
#include <linux/dax.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "delay.h"
#include "pindev.h"
#include "trace.h"

/* See MAX_RUNNING in ledger.c for why this leaves room enough. */
#define REFCOUNT_GUARD	((int)BIT(30))

/* A range of no more pages needs no memory to work with. */
#define FEW_PAGES	16

/* Pages released between two chances for others to run: well below a millisecond. */
#define RELEASE_PAGES	2048

/**
 * struct attempt - a PIN in progress
 * @pin: what it fills in
 * @range: what is to be pinned
 * @write: for write
 * @flags: how mappings are judged: WRITE and LEASE of enum pin_check_flags
 * @segment: the mapping at hand
 * @judged: it has been judged and nothing of it is pinned yet
 * @batch: as many pointers as the range has pages, or PINDEV_BATCH
 * @covered: pages that the runs so far ought to be charged
 * @last_pgmap: pagemap of the last device page, only to be compared
 * @refusal: why not
 */
struct attempt {
	struct pindev_pin *pin;
	struct pindev_range range;
	bool write;
	u32 flags;
	struct pindev_segment segment;
	bool judged;
	struct page **batch;
	unsigned long covered;
	struct dev_pagemap *last_pgmap;
	struct pin_refusal *refusal;
};

/**
 * pindev_range_init() - the whole pages that a request's bytes overlap
 * @range: filled in
 * @addr: first byte, tagged or not
 * @length: bytes
 *
 * Return: 0, -EINVAL for no bytes, -EOVERFLOW if the range wraps around.
 */
int pindev_range_init(struct pindev_range *range, u64 addr, u64 length)
{
	u64 start = untagged_addr(addr);
	u64 end;

	if (!length)
		return -EINVAL;
	if (check_add_overflow(start, length, &end) ||
	    check_add_overflow(end, (u64)PAGE_SIZE - 1, &end))
		return -EOVERFLOW;
	range->start = start & PAGE_MASK;
	range->end = end & PAGE_MASK;
	return 0;
}

/**
 * struct release - pages being given back
 * @pin: whose
 * @dirty: they may have been written to
 * @given: pages that the ledger still counts
 */
struct release {
	struct pindev_pin *pin;
	bool dirty;
	u32 given;
};

static void give_way(struct release *release)
{
	pindev_ledger_refer(release->pin, -(long)release->given);
	release->given = 0;
	cond_resched();
}

static void unpin_one(struct release *release, struct page *page)
{
	if (release->dirty && !PageDirty(page))
		set_page_dirty_lock(page);
	unpin_user_page(page);
	if (++release->given == RELEASE_PAGES)
		give_way(release);
}

/* Struct pages of consecutive page frames are neighbours, see compat.h. */
static void unpin_some(struct release *release, struct page *page, u32 pages)
{
	u32 some;

	for (; pages; pages -= some, page += some) {
		some = min(pages, RELEASE_PAGES - release->given);
		unpin_user_page_range_dirty_lock(page, some, release->dirty);
		release->given += some;
		if (release->given == RELEASE_PAGES)
			give_way(release);
	}
}

static void release_run(struct release *release, const struct pindev_run *run)
{
	struct page *page = pfn_to_page(pindev_run_pfn(run));
	struct dev_pagemap *pgmap;

	switch (pindev_run_type(run)) {
	case PINDEV_RUN_RAM:
		/* The range helper is dear for a single page. */
		if (run->pages == 1)
			unpin_one(release, page);
		else
			unpin_some(release, page, run->pages);
		break;
	case PINDEV_RUN_HUGETLB:
		unpin_one(release, page);
		break;
	case PINDEV_RUN_DEVICE:
		/* The page leads to its pagemap only while that is held. */
		pgmap = pindev_page_pgmap(page);
		unpin_some(release, page, run->pages);
		put_dev_pagemap(pgmap);
		break;
	case PINDEV_RUN_LEASE:
		break;
	}
}

static void release_runs(struct pindev_pin *pin, bool dirty)
{
	struct release release = { .pin = pin, .dirty = dirty };
	const struct pindev_run_chunk *chunk;
	struct pindev_cursor at;

	list_for_each_entry(chunk, &pin->runs.chunks, link) {
		pindev_cursor_enter(&at, chunk);
		do
			release_run(&release, &at.run);
		while (pindev_cursor_step(&at));
	}
	give_way(&release);
}

/**
 * pindev_pin_release() - give back the pages of a pin and its charge
 * @pin: published or not; charged
 * @dirty: pages may have been written to
 *
 * The records of the runs stay until the pin itself goes: others may be reading
 * them.
 */
void pindev_pin_release(struct pindev_pin *pin, bool dirty)
{
	pindev_leases_release(pin);
	release_runs(pin, dirty);
	if (pin->published) {
		atomic64_sub(pin->runs.pages, &pin->ctx->pages);
		atomic64_sub(pin->charge.pages, &pin->ctx->charged_pages);
	}
	pindev_account_uncharge(&pin->charge);
	WRITE_ONCE(pin->released, true);
}

static void free_pin(struct pindev_pin *pin)
{
	pindev_leases_free(pin);
	pindev_runs_free(&pin->runs);
	pindev_context_put(pin->ctx);
	pindev_owner_free(&pin->owner);
	kfree(pin);
}

/* Drop a reference to what is known of a pin; its pages are not concerned. */
void pindev_record_put(struct pindev_pin *pin)
{
	if (refcount_dec_and_test(&pin->records))
		free_pin(pin);
}

/*
 * Drop a reference; the last one releases the pages and the charge.  Tells whether it
 * was the last one.
 */
bool pindev_pin_put(struct pindev_pin *pin)
{
	if (!refcount_dec_and_test(&pin->refs))
		return false;
	if (!pin->released)
		pindev_pin_release(pin, pin->flags & PIN_F_WRITE);
	pindev_ledger_remove(pin);
	trace_unpin(pin);
	pindev_notice_unpinned(pin);
	pindev_record_put(pin);
	return true;
}

static struct pindev_pin *create_pin(struct pindev_context *ctx,
				     const struct pin_pin *arg)
{
	struct pindev_pin *pin;

	pin = kzalloc(struct_size(pin, first_runs.words, PINDEV_FIRST_WORDS),
		      GFP_KERNEL_ACCOUNT);
	if (!pin)
		return NULL;
	refcount_set(&pin->refs, 1);
	refcount_set(&pin->records, 1);
	refcount_inc(&ctx->refs);
	pin->ctx = ctx;
	pin->id = pindev_ledger_next_id();
	pin->in_context.id = pin->id;
	pin->in_ledger.id = pin->id;
	pin->flags = arg->flags;
	pin->addr = arg->addr;
	pin->length = arg->length;
	pin->cookie = arg->cookie;
	pindev_runs_init(&pin->runs);
	pindev_runs_lend(&pin->runs, &pin->first_runs);
	pindev_owner_init(&pin->owner);
	return pin;
}

/*
 * Add pinned pages, of consecutive page frames and alike, to the runs; 0 or the reason
 * why that is impossible.  For device memory the run takes over a pagemap reference.
 */
static u32 add_stretch(struct attempt *try, struct page *page, u32 pages)
{
	struct pindev_runs *runs = &try->pin->runs;
	enum pindev_run_type type = PINDEV_RUN_RAM;
	struct pindev_run run;
	struct dev_pagemap *pgmap = NULL;

	if (unlikely(pindev_page_is_device(page))) {
		/* Not in the section that makes taking the pagemap safe. */
		if (try->segment.report.kind != PIN_KIND_DEVDAX)
			return PIN_REASON_MAPPING_CHANGED;
		pgmap = pindev_get_dev_pagemap(page_to_pfn(page));
		if (!pgmap)
			return PIN_REASON_DEVICE_BUSY;
		type = PINDEV_RUN_DEVICE;
	}
	run = pindev_run(page_to_pfn(page), pages, pindev_page_nid(page), type);
	if (pgmap == try->last_pgmap && pindev_runs_extend(runs, &run)) {
		put_dev_pagemap(pgmap);
		return PIN_REASON_NONE;
	}
	if (pindev_runs_append(runs, &run)) {
		put_dev_pagemap(pgmap);
		return PIN_REASON_NO_MEMORY;
	}
	try->last_pgmap = pgmap;
	return PIN_REASON_NONE;
}

/* Has the page so many pins that some more could make the count overflow? */
bool pindev_page_is_overpinned(struct page *page)
{
	return page_ref_count(compound_head(page)) > REFCOUNT_GUARD;
}

/* What speaks against a page that GUP has pinned, or 0. */
static u32 page_reason(const struct attempt *try, struct page *page)
{
	bool hugetlb = PageCompound(page) && folio_test_hugetlb(page_folio(page));
	bool wanted = try->segment.report.kind == PIN_KIND_HUGETLB;

	if (unlikely(pindev_page_is_overpinned(page)))
		return PIN_REASON_REFCOUNT;
	if (unlikely(try->segment.stale_reason) && !PageAnon(page))
		return try->segment.stale_reason;
	/* One small page of a huge page holds, and would have to pay for, all. */
	if (unlikely(hugetlb != wanted))
		return PIN_REASON_MAPPING_CHANGED;
	return PIN_REASON_NONE;
}

/* What speaks against one page of a folio speaks against all. */
static long like_the_first_of_folio(struct page **pages, long count)
{
	struct folio *folio = page_folio(pages[0]);
	long rest = folio_nr_pages(folio) - folio_page_idx(folio, pages[0]);
	long i;

	count = min(count, rest);
	for (i = 1; i < count && pages[i] == pages[0] + i; i++)
		;
	return i;
}

/* The node of small pages of RAM with this page's key, as part of a place. */
static bool node_of_small(struct page *page, u64 *node)
{
	if (PageHead(page) || pindev_page_is_device(page))
		return false;
	*node = pindev_place(0, pindev_page_nid(page), PINDEV_RUN_RAM);
	return true;
}

/*
 * Add small pages of RAM, one by one; returns how many there were at the front that
 * nothing speaks against.  This is what most pages go through: only what may differ from
 * one to the next is looked at.  Pages of one zone are of one node and all of RAM or
 * none, and what follows a small page is no tail.
 */
static long add_small_pages(struct attempt *try, struct page **pages, long count)
{
	struct pindev_runs *runs = &try->pin->runs;
	unsigned long key = ~0UL;
	struct pindev_tail tail;
	struct page *page, *next;
	u64 node = 0;
	long i;

	if (!pindev_tail_open(&tail, runs, count))
		return 0;
	for (i = 0, next = NULL; i < count; i++, next = page + 1) {
		page = pages[i];
		if (page_ref_count(page) > REFCOUNT_GUARD)
			break;
		if (unlikely(pindev_page_key(page) != key)) {
			if (!node_of_small(page, &node))
				break;
			key = pindev_page_key(page);
			next = NULL;
		}
		if (likely(page == next)) {
			tail.last.pages++;
			continue;
		}
		if (PageTail(page) ||
		    !pindev_tail_add(&tail, page_to_pfn(page) | node))
			break;
	}
	pindev_tail_close(&tail, runs, i);
	if (i)
		try->last_pgmap = NULL;
	return i;
}

/* How many pages, of consecutive page frames, the first one can be judged for. */
static long like_the_first(const struct attempt *try, struct page **pages, long count)
{
	if (unlikely(try->segment.stale_reason) || !PageCompound(pages[0]))
		return 1;
	return like_the_first_of_folio(pages, count);
}

/* Turn @count pinned pages at @addr into runs, or unpin what is left of them. */
static int add_batch(struct attempt *try, unsigned long addr, long count)
{
	bool simple = !try->segment.stale_reason;
	long i = 0, some;
	u32 reason;

	while (i < count) {
		if (simple)
			i += add_small_pages(try, try->batch + i, count - i);
		if (i == count)
			break;
		some = like_the_first(try, try->batch + i, count - i);
		reason = page_reason(try, try->batch[i]);
		if (!reason)
			reason = add_stretch(try, try->batch[i], some);
		if (reason)
			goto err_unpin;
		i += some;
	}
	try->covered += count;
	pindev_ledger_refer(try->pin, count);
	return 0;

err_unpin:
	unpin_user_pages(try->batch + i, count - i);
	pindev_ledger_refer(try->pin, i);
	return pindev_refuse(try->refusal, reason, addr + i * PAGE_SIZE);
}

/*
 * GUP said no to one page.  If the mapping is not what was judged any more, the
 * segment ends here and what is there now will be judged.
 */
static int page_failed(struct attempt *try, unsigned long addr, int err)
{
	if (err == -ESTALE) {
		try->segment.report.end = addr;
		return -ESTALE;
	}
	return pindev_diagnose(addr, &try->segment, try->flags, err,
			       try->refusal);
}

/*
 * GUP failed somewhere in a batch.  Its errno says neither where nor, after a
 * failed migration, for which page; so go page by page.  If all of them can be
 * had alone, the trouble was transient and the attempt goes on.
 */
static int pin_singly(struct attempt *try, unsigned long *addr, long count)
{
	long got;
	int err;

	for (; count; count--, *addr += PAGE_SIZE) {
		got = pindev_gup(&try->segment, try->write, *addr, 1,
				 try->batch);
		if (got < 0)
			return page_failed(try, *addr, got);
		pindev_delay(PINDEV_DELAY_PINNED);
		err = add_batch(try, *addr, 1);
		if (err)
			return err;
	}
	return 0;
}

/* Pages up to the end of the segment, the batch or the next 2 MiB boundary. */
long pindev_batch_pages(unsigned long addr, unsigned long end)
{
	unsigned long stop = min(end, round_down(addr, SZ_2M) + SZ_2M);

	return min_t(unsigned long, (stop - addr) >> PAGE_SHIFT, PINDEV_BATCH);
}

/* Pin one batch; @addr moves on by what was pinned. */
static int pin_batch(struct attempt *try, unsigned long *addr)
{
	long count = pindev_batch_pages(*addr, try->segment.report.end);
	long got;
	int err;

	got = pindev_gup(&try->segment, try->write, *addr, count, try->batch);
	if (got < 0)
		return pin_singly(try, addr, count);
	pindev_delay(PINDEV_DELAY_PINNED);
	err = add_batch(try, *addr, got);
	*addr += got * PAGE_SIZE;
	return err;
}

/*
 * Device-dax.  Only between the look at the device in pindev_gup() and the end of
 * the SRCU section do the struct pages that GUP returns certainly exist;
 * afterwards the pagemap references keep them.
 */
static int pin_device_batch(struct attempt *try, unsigned long *addr)
{
	int id, err;

	id = dax_read_lock();
	err = pin_batch(try, addr);
	dax_read_unlock(id);
	return err;
}

/*
 * The mapping can have been replaced since it was judged.  A run that claims a
 * huge page for a pin of something else would give away memory.
 */
static bool is_expected_huge_page(const struct attempt *try, struct page *page,
				  unsigned long addr)
{
	struct folio *folio = page_folio(page);
	u64 page_size = try->segment.report.page_size;

	return folio_test_hugetlb(folio) && folio_size(folio) == page_size &&
	       folio_page_idx(folio, page) ==
			(addr & (page_size - 1)) >> PAGE_SHIFT;
}

static u32 huge_page_reason(const struct attempt *try, struct page *page,
			    unsigned long addr)
{
	return is_expected_huge_page(try, page, addr) ?
	       page_reason(try, page) : PIN_REASON_MAPPING_CHANGED;
}

/* Pin one huge page by one of its subpages; @addr moves on to the next one. */
static int pin_huge_page(struct attempt *try, unsigned long *addr)
{
	u64 page_size = try->segment.report.page_size;
	unsigned long stop = min_t(unsigned long, try->segment.report.end,
				   round_down(*addr, page_size) + page_size);
	u32 pages = (stop - *addr) >> PAGE_SHIFT;
	struct pindev_run run;
	u32 reason;
	long got;

	got = pindev_gup(&try->segment, try->write, *addr, 1, try->batch);
	/* As for small pages, trouble that passes is none. */
	if (got == -ENOMEM)
		got = pindev_gup(&try->segment, try->write, *addr, 1,
				 try->batch);
	if (got < 0)
		return page_failed(try, *addr, got);

	pindev_delay(PINDEV_DELAY_PINNED);
	reason = huge_page_reason(try, try->batch[0], *addr);
	if (reason)
		goto err_unpin;
	run = pindev_run(page_to_pfn(try->batch[0]), pages,
			 pindev_page_nid(try->batch[0]), PINDEV_RUN_HUGETLB);
	reason = PIN_REASON_NO_MEMORY;
	if (pindev_runs_append(&try->pin->runs, &run))
		goto err_unpin;
	try->covered += page_size >> PAGE_SHIFT;
	pindev_ledger_refer(try->pin, 1);
	*addr = stop;
	return 0;

err_unpin:
	unpin_user_page(try->batch[0]);
	return pindev_refuse(try->refusal, reason, *addr);
}

/* Leave the mapping to a lease, which is filled when everything else is pinned. */
static int add_lease(struct attempt *try, unsigned long *addr)
{
	struct pindev_range range = {
		.start = *addr,
		.end = try->segment.report.end,
	};
	int err = pindev_lease_add(try->pin, &range);

	if (err)
		return pindev_refuse(try->refusal,
				     err == -EINTR ? PIN_REASON_INTERRUPTED :
						     PIN_REASON_NO_MEMORY,
				     *addr);
	try->covered += (range.end - range.start) >> PAGE_SHIFT;
	try->last_pgmap = NULL;
	*addr = range.end;
	return 0;
}

/*
 * Pin the mapping at @addr; @addr moves on to its end, that of the range, or where
 * the mapping changed.
 */
static int pin_segment(struct attempt *try, unsigned long *addr)
{
	int err = 0;

	if (!try->judged &&
	    pindev_classify_at(*addr, try->range.end, try->flags, &try->segment))
		return pindev_refuse(try->refusal, PIN_REASON_INTERRUPTED,
				     *addr);
	try->judged = false;
	if (try->segment.report.reason)
		return pindev_refuse(try->refusal, PIN_REASON_MAPPING_CHANGED,
				     *addr);

	pindev_delay(PINDEV_DELAY_JUDGED);
	if (try->segment.lease)
		return add_lease(try, addr);
	while (!err && *addr < try->segment.report.end) {
		if (fatal_signal_pending(current))
			return pindev_refuse(try->refusal,
					     PIN_REASON_INTERRUPTED, *addr);
		switch (try->segment.report.kind) {
		case PIN_KIND_HUGETLB:
			err = pin_huge_page(try, addr);
			break;
		case PIN_KIND_DEVDAX:
			err = pin_device_batch(try, addr);
			break;
		default:
			err = pin_batch(try, addr);
		}
		cond_resched();
	}
	return err == -ESTALE ? 0 : err;
}

/* With the batch at hand. */
static int pin_batches(struct attempt *try)
{
	unsigned long addr = try->range.start;
	int err = 0;

	while (!err && addr < try->range.end)
		err = pin_segment(try, &addr);
	pindev_runs_seal(&try->pin->runs);
	if (!err && try->pin->leases)
		err = pindev_leases_fill(try->pin, try->batch, try->refusal);
	/* A mapping that became hugetlb holds more than was charged. */
	if (!err && try->covered > try->pin->charge.pages)
		err = pindev_refuse(try->refusal, PIN_REASON_MAPPING_CHANGED,
				    try->range.start);
	return err;
}

static int pin_all(struct attempt *try)
{
	struct page *few[FEW_PAGES];
	int err;

	try->batch = few;
	if ((try->range.end - try->range.start) >> PAGE_SHIFT <= FEW_PAGES)
		return pin_batches(try);
	try->batch = kmalloc_array(PINDEV_BATCH, sizeof(*try->batch),
				   GFP_KERNEL_ACCOUNT);
	if (!try->batch)
		return pindev_refuse(try->refusal, PIN_REASON_NO_MEMORY,
				     try->range.start);
	err = pin_batches(try);
	kfree(try->batch);
	return err;
}

/* Does the reason tell of the memory, and not of who asks or when? */
static bool blames_memory(u32 reason)
{
	enum pin_reason_scope scope = pindev_reason_scope(reason);

	return scope == PIN_SCOPE_MAPPING || scope == PIN_SCOPE_PAGE;
}

/* Charge, then pin; on failure nothing stays charged or pinned. */
static int charge_and_pin(struct attempt *try, struct pindev_reports *reports)
{
	struct pindev_pin *pin = try->pin;
	unsigned long charge_pages = (try->range.end - try->range.start) >> PAGE_SHIFT;
	u32 reason;
	int err;

	if (!try->judged &&
	    pindev_classify_charge(current->mm, &try->range, try->flags,
				   &charge_pages, &try->segment))
		return pindev_refuse(try->refusal, PIN_REASON_INTERRUPTED,
				     try->range.start);
	try->judged = true;
	reason = pindev_account_charge(&pin->charge, charge_pages);
	if (reason)
		return pindev_refuse(try->refusal, reason, try->range.start);
	err = pin_all(try);
	if (!err)
		return 0;
	if (blames_memory(try->refusal->reason))
		pindev_reports_blame(reports, try->refusal);
	/* Nothing was written through the pin. */
	pindev_pin_release(pin, false);
	return err;
}

/* Within the bounds on how many PINs run. */
static int pin_bounded(struct attempt *try, struct pindev_reports *reports)
{
	struct pindev_turn turn;
	int err;

	err = pindev_ledger_enter(try->pin->ctx->user, &turn);
	if (err)
		return pindev_refuse(try->refusal,
				     err == -EINTR ? PIN_REASON_INTERRUPTED :
						     PIN_REASON_NO_MEMORY,
				     try->range.start);
	/* That can take as long as somebody else's pages do to come. */
	if (turn.waited)
		try->judged = false;
	err = charge_and_pin(try, reports);
	pindev_ledger_leave(&turn);
	return err;
}

/* Is the range one mapping, and what it is charged no more than its pages? */
static bool is_one_segment(const struct attempt *try)
{
	const struct pin_report *report = &try->segment.report;

	return report->start == try->range.start && report->end == try->range.end &&
	       report->kind != PIN_KIND_HUGETLB;
}

/* Judge the whole range before a page of it is touched. */
static int judge(struct attempt *try, struct pindev_reports *reports)
{
	struct pindev_range left = try->range;
	int more;

	do {
		more = pindev_classify_range(current->mm, &left,
					     try->flags, reports, true, try->refusal,
					     &try->segment);
		cond_resched();
	} while (more > 0);
	if (more < 0)
		return pindev_refuse(try->refusal, PIN_REASON_INTERRUPTED,
				     try->range.start);
	try->judged = is_one_segment(try);
	return -(int)try->refusal->error;
}

/* Tell the caller of a pin that is complete but not yet published. */
static int answer(struct pindev_request *req, const struct pindev_pin *pin,
		  const struct pindev_reports *reports)
{
	struct pin_pin *arg = &req->arg.pin;
	struct pin_pin failed = *arg;
	int err;

	arg->id = pin->id;
	arg->pages = pin->runs.pages;
	arg->runs = pin->runs.count;
	arg->reports_count = reports->count;
	err = pindev_reports_copy(reports, arg->reports, arg->report_size);
	if (!err)
		err = pindev_request_reply(req);
	if (err)
		*arg = failed;
	return err;
}

/*
 * Everything that can fail comes before the pin is published: the cap, the pages,
 * both copies to the caller.
 */
static int pin_and_publish(struct pindev_request *req, struct attempt *try,
			   struct pindev_reports *reports)
{
	struct pindev_pin *pin = try->pin;
	int err;

	err = judge(try, reports);
	if (err)
		return err;
	if (!pindev_context_reserve(req->ctx))
		return pindev_refuse(try->refusal, PIN_REASON_CONTEXT_CAP,
				     try->range.start);
	err = pin_bounded(try, reports);
	if (err)
		goto err_cancel;
	err = answer(req, pin, reports);
	if (err)
		goto err_discard;
	pindev_delay(PINDEV_DELAY_PUBLISH);
	pindev_context_publish(req->ctx, pin);
	return 0;

err_discard:
	pindev_pin_release(pin, false);
err_cancel:
	pindev_context_cancel(req->ctx);
	return err;
}

static int pin_validate(const struct pin_pin *arg)
{
	if (arg->flags & ~(PIN_F_WRITE | PIN_F_LEASE))
		return -EINVAL;
	/* On 6.1 and 6.12 a pin for reading of a reflinked page never ends. */
	if (arg->flags & PIN_F_LEASE && !(arg->flags & PIN_F_WRITE))
		return -EINVAL;
	return 0;
}

/* A refusal whose reports cannot be told is a bad pointer. */
static int tell_refusal(struct pin_pin *arg, const struct pindev_reports *reports,
			int err)
{
	if (pindev_reports_copy(reports, arg->reports, arg->report_size)) {
		arg->refusal = (struct pin_refusal) { };
		return -EFAULT;
	}
	arg->reports_count = reports->count;
	return err;
}

/* PIN_IOC_PIN */
int pindev_range_pin(struct pindev_request *req)
{
	struct pin_pin *arg = &req->arg.pin;
	struct pindev_reports reports;
	struct attempt try = {
		.write = arg->flags & PIN_F_WRITE,
		.flags = (arg->flags & PIN_F_WRITE ? PIN_CHECK_WRITE : 0) |
			 (arg->flags & PIN_F_LEASE ? PIN_CHECK_LEASE : 0),
		.refusal = &arg->refusal,
	};
	int err;

	err = pin_validate(arg);
	if (!err)
		err = pindev_range_init(&try.range, arg->addr, arg->length);
	if (!err)
		err = pindev_reports_init(&reports, arg->reports_capacity,
					  arg->report_size);
	if (err == -ENOMEM)
		return pindev_refuse(try.refusal, PIN_REASON_NO_MEMORY,
				     try.range.start);
	if (err)
		return err;

	try.pin = create_pin(req->ctx, arg);
	if (!try.pin) {
		err = pindev_refuse(try.refusal, PIN_REASON_NO_MEMORY,
				    try.range.start);
		goto out_reports;
	}
	err = pin_and_publish(req, &try, &reports);
	if (!err)
		goto out_reports;
	if (arg->refusal.reason) {
		pindev_ledger_refuse(arg->refusal.reason);
		trace_refuse(try.pin, &arg->refusal);
		pindev_notice_refused(try.pin, &arg->refusal);
	}
	pindev_record_put(try.pin);
	if (arg->refusal.reason)
		err = tell_refusal(arg, &reports, err);
out_reports:
	pindev_reports_free(&reports);
	return err;
}
