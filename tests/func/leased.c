// SPDX-License-Identifier: GPL-2.0-or-later
/* A leased file, and what tells whether its lease lives; see leased.h. */
#include "leased.h"

#include "phys.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const char *const dax_dirs[DAX_DIRS] = {
	[DAX_EXT4] = "PIN_TEST_EXT4DAX",
	[DAX_XFS] = "PIN_TEST_XFSDAX",
};

/* Room that begins where a batch of the driver does, so that it is one batch. */
static char *aligned_room(size_t length)
{
	const size_t batch = 2UL << 20;
	char *room = mmap(NULL, length + batch, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *addr = (char *)(((uintptr_t)room + batch - 1) & ~(batch - 1));

	ck_assert_ptr_ne(room, MAP_FAILED);
	if (addr != room)
		munmap(room, addr - room);
	munmap(addr + length, room + batch - addr);
	return addr;
}

void leased_open(struct leased *leased, const char *dir_variable, size_t length)
{
	leased->path = strdup(make_file(dir_variable, length));
	leased->length = length;
	leased->id = 0;
	leased->fd = open(leased->path, O_RDWR | O_CLOEXEC);
	ck_assert_msg(leased->fd >= 0, "%s: %s", leased->path, strerror(errno));
	leased->addr = mmap(aligned_room(length), length, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_FIXED, leased->fd, 0);
	ck_assert_ptr_ne(leased->addr, MAP_FAILED);
}

void leased_pin(struct leased *leased)
{
	struct pin_query queried;
	struct pin_pin arg;

	ck_assert_int_eq(pin_range(leased->addr, leased->length,
				   PIN_F_WRITE | PIN_F_LEASE, &arg), 0);
	leased->id = arg.id;
	ck_assert_uint_eq(arg.pages, leased->length / page);
	ck_assert_int_eq(query(arg.id, &queried), 0);
	ck_assert_uint_eq(queried.mode, PIN_MODE_LEASE);
	ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	ck_assert_uint_eq(queried.pages, arg.pages);
	ck_assert_uint_eq(queried.runs, arg.runs);
	ck_assert_uint_eq(queried.charged_pages, arg.pages);
}

void leased_close(struct leased *leased)
{
	munmap(leased->addr, leased->length);
	close(leased->fd);
	unlink(leased->path);
	free((char *)leased->path);
}

void leased_namespace(const char *dir, char *name, size_t size)
{
	char link[64], target[256];
	struct stat stat_dir;
	ssize_t length;

	ck_assert_int_eq(stat(dir, &stat_dir), 0);
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u/device",
		 major(stat_dir.st_dev), minor(stat_dir.st_dev));
	length = readlink(link, target, sizeof(target) - 1);
	ck_assert_int_gt(length, 0);
	target[length] = 0;
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
}

/* Does LIST list the pin, with these flags? */
static bool is_listed(uint64_t id, uint32_t flags)
{
	uint64_t ids[1] = { 0 };
	struct pin_list arg;

	memset(&arg, POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = flags;
	arg.cursor = id - 1;
	arg.ids = (uintptr_t)ids;
	arg.ids_capacity = 1;
	arg.__reserved = 0;
	ck_assert_int_eq(call(PIN_IOC_LIST, &arg), 0);
	return arg.ids_count == 1 && ids[0] == id;
}

static int runs_of(uint64_t id)
{
	struct pin_run run;
	struct pin_runs arg;
	int err = ask_runs(id, 0, &run, 1, &arg);

	ck_assert_uint_eq(arg.runs_count, err ? 0 : 1);
	return err;
}

void expect_live(uint64_t id)
{
	struct pin_query queried;
	uint64_t done;
	char byte;

	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	ck_assert_uint_gt(queried.pages, 0);
	ck_assert(is_listed(id, 0));
	ck_assert(!is_listed(id, PIN_LIST_REVOKED));
	ck_assert_int_eq(runs_of(id), 0);
	ck_assert_int_eq(pin_read(id, 0, &byte, 1, &done), 0);
	ck_assert_uint_eq(done, 1);
}

/* The charge goes with the last pages, which a worker may still be releasing. */
static void await_uncharged(uint64_t id)
{
	struct pin_query queried;
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		ck_assert_int_eq(query(id, &queried), 0);
		if (!queried.charged_pages)
			return;
		usleep(10000);
	}
	ck_abort_msg("a revoked pin is still charged %llu pages",
		     (unsigned long long)queried.charged_pages);
}

void expect_revoked_of(uint64_t id, uint32_t mode)
{
	struct pin_query queried;
	uint64_t done;
	char byte = 'x';

	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_uint_eq(queried.mode, mode);
	ck_assert_uint_eq(queried.state, PIN_STATE_REVOKED);
	ck_assert_uint_eq(queried.pages, 0);
	ck_assert_uint_eq(queried.runs, 0);
	ck_assert(is_listed(id, 0));
	ck_assert(is_listed(id, PIN_LIST_REVOKED));
	ck_assert_int_eq(runs_of(id), -ESTALE);
	ck_assert_int_eq(pin_read(id, 0, &byte, 1, &done), -ESTALE);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(pin_write(id, 0, &byte, 1, &done), -ESTALE);
	ck_assert_uint_eq(done, 0);
	await_uncharged(id);
}

void expect_revoked(uint64_t id)
{
	expect_revoked_of(id, PIN_MODE_LEASE);
}

static bool has_event(void)
{
	struct pollfd poll_fd = { .fd = pin_fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLIN;
}

struct pin_event expect_event(uint64_t id)
{
	struct pin_event event;

	memset(&event, POISON, sizeof(event));
	ck_assert(has_event());
	ck_assert_int_eq(read(pin_fd, &event, sizeof(event)), sizeof(event));
	ck_assert_uint_eq(event.size, sizeof(event));
	ck_assert_uint_eq(event.type, PIN_EVENT_REVOKED);
	ck_assert_uint_eq(event.id, id);
	return event;
}

void expect_no_event(void)
{
	ck_assert(!has_event());
}
