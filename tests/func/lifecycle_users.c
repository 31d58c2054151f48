// SPDX-License-Identifier: GPL-2.0-or-later
/* See lifecycle_users.h. */
#include "lifecycle_users.h"

#include "harness.h"
#include "leased.h"
#include "ledger_client.h"

#include <fcntl.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES		8
#define PARAMETER	"/sys/module/pin/parameters/max_pages"

/* A context, or false: there is no device now. */
static bool open_context(void)
{
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	if (pin_fd < 0 && errno != ENOENT && errno != ENODEV && errno != ENXIO)
		ck_abort_msg("/dev/pin: %s", strerror(errno));
	return pin_fd >= 0;
}

static uint64_t pin_some(void *addr, uint32_t flags)
{
	struct pin_pin arg;
	int err = pin_range(addr, PAGES * page, flags, &arg);

	ck_assert_msg(!err, "PIN: %s, %s", strerror(-err), reason_name(arg.refusal.reason));
	return arg.id;
}

/* Of two pins one is left for close to release. */
static bool use_context(void *memory)
{
	struct pin_query queried;
	uint64_t id;

	if (!open_context())
		return false;
	id = pin_some(memory, PIN_F_WRITE);
	pin_some(memory, 0);
	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_int_eq(unpin(id), 0);
	close(pin_fd);
	return true;
}

/* One that is taken away by the kernel, and one that is not. */
static bool use_lease(void *memory)
{
	struct leased *leased = memory;

	if (!open_context())
		return false;
	pin_some(leased->addr, PIN_F_WRITE | PIN_F_LEASE);
	ck_assert_int_eq(ftruncate(leased->fd, 0), 0);
	ck_assert_int_eq(ftruncate(leased->fd, leased->length), 0);
	pin_some(leased->addr, PIN_F_WRITE | PIN_F_LEASE);
	close(pin_fd);
	return true;
}

/*
 * A family that goes between being found and being asked is unknown to netlink, and a dump
 * of one that is just going is refused as __netlink_dump_start() does.
 */
static bool dump(void *memory)
{
	struct ledger_totals totals;
	struct ledger_pins pins;
	int err = ledger_try_connect();

	(void)memory;
	ck_assert_msg(!err || err == -NLE_OBJ_NOTFOUND, "netlink: %s", nl_geterror(err));
	if (!err)
		err = ledger_dump(NULL, &pins);
	if (!err)
		err = ledger_totals(&totals);
	ledger_disconnect();
	ck_assert_msg(!err || err == -NLE_OBJ_NOTFOUND || err == -ENOENT ||
		      err == -EPROTONOSUPPORT, "netlink: %s", strerror(-err));
	return !err;
}

/* Stays in the group when that is gone. */
static bool listen_for_a_while(void *memory)
{
	struct nl_sock *sock = nl_socket_alloc();
	int group, err;

	(void)memory;
	ck_assert_ptr_nonnull(sock);
	ck_assert_int_eq(genl_connect(sock), 0);
	group = genl_ctrl_resolve_grp(sock, PIN_NL_FAMILY, PIN_NL_GROUP_EVENTS);
	ck_assert_msg(group > 0 || group == -NLE_OBJ_NOTFOUND, "group: %s", nl_geterror(group));
	err = group > 0 ? nl_socket_add_membership(sock, group) : group;
	ck_assert_msg(!err || err == -NLE_OBJ_NOTFOUND, "join: %s", nl_geterror(err));
	usleep(10000);
	nl_socket_free(sock);
	return !err;
}

static bool use_parameter(void *memory)
{
	int fd = open(PARAMETER, O_RDWR | O_CLOEXEC);
	char text[32];
	ssize_t got;

	(void)memory;
	if (fd < 0) {
		ck_assert_msg(errno == ENOENT || errno == ENODEV, "%s: %s", PARAMETER,
			      strerror(errno));
		return false;
	}
	got = read(fd, text, sizeof(text));
	/* It is 0 until the module has begun, and 0 is no limit to be set afterwards. */
	if (got > 0 && *text != '0')
		got = pwrite(fd, text, got, 0);
	/* sysfs says so of an attribute that was removed after it was opened. */
	ck_assert_msg(got > 0 || errno == ENODEV, "%s: %s", PARAMETER, strerror(errno));
	close(fd);
	return got > 0;
}

static const struct user {
	const char *name;
	bool (*use)(void *memory);
} users[] = {
	{ "context", use_context },
	{ "lease", use_lease },
	{ "dump", dump },
	{ "listener", listen_for_a_while },
	{ "parameter", use_parameter },
};

#define USERS	(sizeof(users) / sizeof(*users))

/* Shared with the processes. */
struct tally {
	uint64_t done[USERS];
	uint64_t absent[USERS];
	bool stop;
};

static struct tally *tally;
static pid_t pids[USERS];
static struct leased leased;

static int use_over_and_over(unsigned int number)
{
	void *memory = users[number].use == use_lease ? (void *)&leased :
			map_anon(PAGES * page);
	unsigned int seed = number;

	while (!__atomic_load_n(&tally->stop, __ATOMIC_RELAXED)) {
		uint64_t *count = users[number].use(memory) ? tally->done : tally->absent;

		__atomic_add_fetch(&count[number], 1, __ATOMIC_RELAXED);
		/* Somebody has to find the moment in which nobody uses it. */
		usleep(rand_r(&seed) % 4000);
	}
	return 0;
}

void users_start(void)
{
	unsigned int i;

	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ck_assert_ptr_ne(tally, MAP_FAILED);
	leased_open(&leased, "PIN_TEST_EXT4DAX", PAGES * page);
	for (i = 0; i < USERS; i++) {
		pids[i] = fork_child();
		if (!pids[i])
			_exit(use_over_and_over(i));
	}
}

uint64_t users_done(void)
{
	uint64_t done = 0;
	unsigned int i;

	for (i = 0; i < USERS; i++)
		done += __atomic_load_n(&tally->done[i], __ATOMIC_RELAXED);
	return done;
}

void users_stop(void)
{
	unsigned int i;
	int status;

	__atomic_store_n(&tally->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < USERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_msg(!status, "%s: status %#x", users[i].name, status);
		printf("note: %s: did %llu, found no module %llu\n", users[i].name,
		       (unsigned long long)tally->done[i],
		       (unsigned long long)tally->absent[i]);
		ck_assert_msg(tally->done[i], "%s did nothing", users[i].name);
	}
	fflush(stdout);
	leased_close(&leased);
	munmap(tally, sizeof(*tally));
}
