// SPDX-License-Identifier: GPL-2.0-or-later
/* See stream.h. */
#include "stream.h"

bool stream_is_dry(const struct stream *in)
{
	return in->at >= in->length;
}

uint8_t stream_byte(struct stream *in)
{
	return stream_is_dry(in) ? 0 : in->bytes[in->at++];
}

uint64_t stream_take(struct stream *in, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		value |= (uint64_t)stream_byte(in) << 8 * i;
	return value;
}

unsigned int stream_choose(struct stream *in, unsigned int count)
{
	return stream_byte(in) % count;
}

struct stream stream_cut(struct stream *in, size_t length)
{
	struct stream part = { .bytes = in->bytes + in->at };
	size_t left = in->length - in->at;

	part.length = length < left ? length : left;
	in->at += part.length;
	return part;
}

/* splitmix64. */
uint64_t chance_next(struct chance *chance)
{
	uint64_t value = chance->state += 0x9E3779B97F4A7C15;

	value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
	value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
	return value ^ (value >> 31);
}

uint64_t chance_below(struct chance *chance, uint64_t count)
{
	return chance_next(chance) % count;
}
