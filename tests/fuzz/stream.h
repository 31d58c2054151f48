/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes that a case is made of, and where they come from.
 *
 * Whatever a case does is decided by its bytes, one after the other: the same bytes are
 * the same calls.  Bytes that are there no more are zeros.
 */
#ifndef PIN_FUZZ_STREAM_H
#define PIN_FUZZ_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_MAX	2048

/* A case as it is kept, changed and replayed. */
struct input {
	uint32_t length;
	uint8_t bytes[INPUT_MAX];
};

struct stream {
	const uint8_t *bytes;
	size_t length;
	size_t at;
};

bool stream_is_dry(const struct stream *in);
/* The next @bytes bytes, at most 8, as a number. */
uint64_t stream_take(struct stream *in, unsigned int bytes);
uint8_t stream_byte(struct stream *in);
/* Below @count, which is at most 256, by one byte. */
unsigned int stream_choose(struct stream *in, unsigned int count);
/* The next @length bytes, for somebody else. */
struct stream stream_cut(struct stream *in, size_t length);

/* Numbers of chance, the same for the same seed on every machine. */
struct chance {
	uint64_t state;
};

uint64_t chance_next(struct chance *chance);
/* Below @count. */
uint64_t chance_below(struct chance *chance, uint64_t count);

#endif /* PIN_FUZZ_STREAM_H */
