// SPDX-License-Identifier: GPL-2.0-or-later
/* See world.h. */
#include "world.h"

#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool world_is_certain(const struct player *player)
{
	return !player->world->others && !player->world->uncertain;
}

bool world_open_context(uint32_t context, int flags)
{
	int fd = open("/dev/pin", flags);
	bool opened;

	if (fd < 0)
		return false;
	opened = dup2(fd, CONTEXT_FD + context) >= 0;
	close(fd);
	return opened;
}

void world_open(struct world *world)
{
	memset(world, 0, sizeof(*world));
	if (!world_open_context(0, O_RDWR | O_NONBLOCK))
		run_fail("/dev/pin: %s", strerror(errno));
}

void world_close(struct world *world)
{
	uint32_t context;
	int i;

	for (i = 0; i < CHILDREN; i++)
		if (world->children[i] > 0)
			waitpid(world->children[i], NULL, 0);
	for (context = 0; context < CONTEXTS; context++)
		close(CONTEXT_FD + context);
}

int world_context(struct player *player, uint32_t *context)
{
	uint8_t which = stream_byte(&player->in);

	*context = which < 0xf0 ? 0 : which % CONTEXTS;
	return CONTEXT_FD + *context;
}

/* From an entry on the next that is one, if there is any. */
static const struct known_pin *some_pin(const struct world *world, uint8_t which)
{
	uint32_t kept = world->kept < PINS ? world->kept : PINS, i;

	for (i = 0; i < kept; i++)
		if (world->pins[(which + i) % kept].id)
			return &world->pins[(which + i) % kept];
	return &world->pins[0];
}

uint64_t world_id(struct player *player, const struct known_pin **pin)
{
	uint8_t which = stream_byte(&player->in);

	*pin = NULL;
	if (which >= 0xfc)
		return stream_take(&player->in, 8);
	*pin = some_pin(player->world, which);
	/* One that is none yet, or never will be. */
	if (which >= 0xf4) {
		uint64_t id = (*pin)->id + (which & 1 ? 1 : -1);

		*pin = NULL;
		return id;
	}
	return (*pin)->id;
}

void world_keep(struct player *player, const struct known_pin *pin)
{
	struct world *world = player->world;

	world->pins[world->kept++ % PINS] = *pin;
}

void world_forget(struct player *player, uint64_t id)
{
	struct world *world = player->world;
	int i;

	for (i = 0; i < PINS; i++)
		if (world->pins[i].id == id)
			world->pins[i] = (struct known_pin) { };
}
