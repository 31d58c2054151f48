/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where one player's requests and arrays lie: memory of its own between pages that
 * cannot be touched, so that the driver writes where it may or is seen to.
 */
#ifndef PIN_FUZZ_DESK_H
#define PIN_FUZZ_DESK_H

#include <stddef.h>
#include <stdint.h>

#define DESK_PAGE	4096UL
#define DESK_MARGIN	64
/* The longest request that the driver takes, and more. */
#define DESK_REQUEST	(DESK_PAGE + DESK_MARGIN)
#define DESK_ROOM	(4 * DESK_PAGE)

/**
 * struct desk - places; each is followed by a page that cannot be touched
 * @request: DESK_REQUEST bytes, between margins
 * @sent: the same as it was sent
 * @read_only: a page that can be read
 * @room: DESK_ROOM bytes for arrays
 * @file: through which memory is read and written that may not be there
 */
struct desk {
	uint8_t *request;
	uint8_t *sent;
	uint8_t *read_only;
	uint8_t *room;
	int file;
};

void desk_open(struct desk *desk, unsigned int number);
/* Copies as the kernel does; as many bytes as could be, or -errno. */
long desk_write(const struct desk *desk, uint64_t to, const void *from, size_t length);
long desk_read(const struct desk *desk, uint64_t from, size_t length);

#endif /* PIN_FUZZ_DESK_H */
