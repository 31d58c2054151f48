/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the actors of the race matrix share (pairs.c): memory of four kinds, and the ids of
 * pins on it.
 *
 * Actors are threads of one process.  None touches the memory itself, because another may
 * have taken it away that moment; they let the kernel do it, which has an errno for that.
 * Their children may be hit by a signal, and assert nothing (fork_child()).
 */
#ifndef PIN_TEST_ARENA_H
#define PIN_TEST_ARENA_H

#include "harness.h"

enum area_kind {
	AREA_ANON,	/* private, of small pages */
	AREA_HUGE,	/* private, where a huge page fits */
	AREA_SHARED,	/* a memfd */
	AREA_DAX,	/* a file of a DAX filesystem: pins are leases */
	AREAS
};

struct area {
	char *addr;
	size_t length;
	int fd;			/* or -1 */
	size_t offset;		/* in that */
};

#define ARENA_SLOTS	8
#define ARENA_ACTORS	3

/*
 * In memory that children share.  A slot has the id of a pin, or 0; who takes an id out of
 * it may unpin it, who only looks at it may find it gone.
 */
struct arena {
	struct area areas[AREAS];
	char *spare[ARENA_ACTORS];	/* reserved address space, for this actor alone */
	uint64_t ids[ARENA_SLOTS];
	bool stop;
};

/* One of the threads. */
struct player {
	struct arena *arena;
	unsigned int seed;
	unsigned int number;	/* below ARENA_ACTORS */
};

#define ARENA_PAGES	64

struct arena *arena_open(void);
void arena_close(struct arena *arena);

unsigned int arena_choose(struct player *player, unsigned int count);
/* Some pages of some area. */
struct area arena_part(struct player *player);
/* Some pages of this one. */
struct area arena_part_of(struct player *player, enum area_kind kind);
/* The id in some slot, which is left there, or taken; 0 if there is none. */
uint64_t arena_look(struct player *player);
uint64_t arena_take(struct player *player);
/* Into some slot; the id that was there, or 0. */
uint64_t arena_put(struct player *player, uint64_t id);
/* Leases some pages of some area in the context @fd; asserts nothing. The id, or 0. */
uint64_t arena_pin(struct player *player, int fd);

/*
 * What somebody does, once: true if it came to what he wanted, false if he was refused as
 * he may be.  Anything else fails the test.
 */
struct actor {
	const char *name;
	bool (*act)(struct player *player);
	/* In its thread, before and after; or NULL. */
	void (*begin)(struct player *player);
	void (*end)(struct player *player);
	/* For something that others may do or not. */
	bool waits;
};

extern const struct actor actors_driver[], actors_memory[], actors_system[];
extern const unsigned int actors_driver_count, actors_memory_count, actors_system_count;

/* Puts a pin into a slot. */
bool actor_pin(struct player *player);
/* Keeps pins in the slots, so that whoever else acts has some to meet. */
bool actor_keep(struct player *player);

#endif /* PIN_TEST_ARENA_H */
