/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a case has made so far and can use: contexts, and the pins it knows of.  Lies in
 * memory that children share; who uses an entry may find it gone.
 */
#ifndef PIN_FUZZ_WORLD_H
#define PIN_FUZZ_WORLD_H

#include "stream.h"

#define CONTEXTS	4
#define PINS		32
#define CHILDREN	8

/* Descriptors of contexts: numbers that nothing else has. */
#define CONTEXT_FD	200

/* A pin as it was asked for; all but the id may be of another when others act. */
struct known_pin {
	uint64_t id;
	uint64_t addr;
	uint64_t length;
	uint64_t cookie;
	uint64_t pages;
	uint64_t runs;
	uint32_t flags;
	uint32_t context;
};

struct world {
	struct known_pin pins[PINS];
	_Atomic uint32_t kept;		/* pins, also those that are gone */
	_Atomic int32_t children[CHILDREN];	/* -1: one is being made */
	_Atomic uint32_t others;	/* who act now beside the first */
	/* Something that takes pins away without being asked to has happened. */
	_Atomic bool uncertain;
	_Atomic bool parameters_changed;	/* of the module */
};

/* One thread or process that acts; nobody else knows its memory. */
struct player {
	struct stream in;
	struct world *world;
	struct desk *desk;
	struct cover *cover;	/* NULL: what it does is not recorded */
	unsigned int number;
	int ledger;		/* a netlink socket, or -1 */
	int listener;		/* another, of the group of events, or -1 */
	uint32_t serial;
};

/* Does nobody else act, so that what was asked for is what is? */
bool world_is_certain(const struct player *player);
void world_open(struct world *world);
/* Everything that is open is closed. */
void world_close(struct world *world);
/* The descriptor of some context, mostly the first. */
int world_context(struct player *player, uint32_t *context);
bool world_open_context(uint32_t context, int flags);

/* Mostly the id of a pin; @pin is NULL if nothing is known of it. */
uint64_t world_id(struct player *player, const struct known_pin **pin);
void world_keep(struct player *player, const struct known_pin *pin);
void world_forget(struct player *player, uint64_t id);

#endif /* PIN_FUZZ_WORLD_H */
