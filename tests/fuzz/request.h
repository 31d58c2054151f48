/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of the ioctls: what each member of each struct means, and so what a sound
 * request looks like and how it can be unsound.  Numbers, sizes and flags of a command
 * are those of the suites (commands.h).
 */
#ifndef PIN_FUZZ_REQUEST_H
#define PIN_FUZZ_REQUEST_H

#include "world.h"

#include "../func/commands.h"

/**
 * struct request - one ioctl as it was made up
 * @index: of the command
 * @fd: where to
 * @context: its number
 * @where: the pointer that is given
 * @at_desk: it is the desk's, so that what is written there can be judged
 * @sound: nothing was distorted on purpose
 * @size: that it says it has
 * @pin: the pin that it is about, if it is known
 */
struct request {
	enum command_index index;
	int fd;
	uint32_t context;
	void *where;
	bool at_desk;
	bool sound;
	uint32_t size;
	const struct known_pin *pin;
};

/* Makes one up, at the player's desk. */
void request_make(struct player *player, enum command_index index, struct request *request);

#endif /* PIN_FUZZ_REQUEST_H */
