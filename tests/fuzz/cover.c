// SPDX-License-Identifier: GPL-2.0-or-later
/* See cover.h. */
#include "cover.h"

#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACES_MAX	(1UL << 17)
#define EDGE_BITS	18

/* In memory that all processes share; by a hash of the edge. */
static struct edges {
	_Atomic uint32_t count;
	_Atomic uint8_t seen[1 << EDGE_BITS];
} *edges;

void cover_open(void)
{
	edges = mmap(NULL, sizeof(*edges), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (edges == MAP_FAILED)
		run_fail("edges: %s", strerror(errno));
}

void cover_start(struct cover *cover)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	cover->places = NULL;
	if (fd < 0)
		return;
	if (ioctl(fd, KCOV_INIT_TRACE, PLACES_MAX))
		run_fail("KCOV_INIT_TRACE: %s", strerror(errno));
	cover->places = mmap(NULL, PLACES_MAX * sizeof(uint64_t), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
	if (cover->places == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		run_fail("KCOV_ENABLE: %s", strerror(errno));
}

void cover_clear(struct cover *cover)
{
	if (cover->places)
		__atomic_store_n(&cover->places[0], 0, __ATOMIC_RELAXED);
}

void cover_mark(struct cover *cover)
{
	uint64_t count;

	if (!cover || !cover->places)
		return;
	count = __atomic_load_n(&cover->places[0], __ATOMIC_RELAXED);
	if (count + 1 >= PLACES_MAX)
		return;
	cover->places[count + 1] = 0;
	__atomic_store_n(&cover->places[0], count + 1, __ATOMIC_RELAXED);
}

static uint32_t hash_of(uint64_t from, uint64_t to)
{
	uint64_t both = (from * 31) ^ to;

	return (both * 0x9E3779B97F4A7C15) >> (64 - EDGE_BITS);
}

unsigned int cover_gather(const struct cover *cover)
{
	uint64_t count, i, last = 0;
	unsigned int found = 0;

	if (!cover->places)
		return 0;
	count = __atomic_load_n(&cover->places[0], __ATOMIC_RELAXED);
	for (i = 1; i <= count; i++) {
		uint32_t hash = hash_of(last, cover->places[i]);

		last = cover->places[i];
		if (last && !edges->seen[hash] && !atomic_exchange(&edges->seen[hash], 1))
			found++;
	}
	atomic_fetch_add(&edges->count, found);
	return found;
}

uint32_t cover_edges(void)
{
	return edges->count;
}
