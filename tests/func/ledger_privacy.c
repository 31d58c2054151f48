// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is told what of the ledger: of pins that are not one's own nothing, not even that
 * they exist; users and processes by the numbers of whoever asks.
 */
#include "ledger_client.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534

#define OF(pin, name)	((pin)->u64[PIN_NL_A_PIN_##name])

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void become_nobody(void)
{
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	/* Else /proc/self belongs to root since the change of user. */
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

/* Root of a user namespace, and of another one that CLONE_* flags name. */
static void become_namespace_root(int flags)
{
	char map[32];

	become_nobody();
	ck_assert_int_eq(unshare(CLONE_NEWUSER | flags), 0);
	snprintf(map, sizeof(map), "0 %d 1", NOBODY);
	write_file("/proc/self/uid_map", map);
}

static void as_user(void)
{
	become_nobody();
	ledger_connect();
}

static void as_namespace_root(void)
{
	become_namespace_root(0);
	ledger_connect();
}

/* With a socket from outside, because there is none of the family inside. */
static void as_container_root(void)
{
	become_nobody();
	ledger_connect();
	become_namespace_root(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP);
}

/* Every capability but the one, and no other than his own user's pins. */
static void as_almost_root(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct some[2];

	ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1), 0);
	ck_assert_int_eq(syscall(SYS_capget, &header, some), 0);
	some[0].permitted &= ~(1U << CAP_SYS_ADMIN | 1U << CAP_IPC_LOCK);
	some[0].effective = some[0].permitted;
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(syscall(SYS_capset, &header, some), 0);
	ledger_connect();
}

static void (*const becomes[])(void) = {
	as_user, as_namespace_root, as_container_root, as_almost_root,
};

#define BECOMES	(sizeof(becomes) / sizeof(*becomes))

struct foreign {
	int who;
	uint64_t id;
	uint64_t addr;
	uint64_t context;
};

static struct nl_msg *dump_request(int attr, uint64_t value, unsigned int bytes)
{
	struct nl_msg *request = ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP);

	ck_assert_int_eq(nla_put(request, attr, bytes, &value), 0);
	return request;
}

/* By id: as one that there is not, to the word. */
static void expect_not_found(uint64_t id)
{
	struct ledger_said foreign;
	struct ledger_pin told;

	ck_assert_int_eq(ledger_get(id, &told), -ENOENT);
	foreign = ledger_said;
	ck_assert_int_eq(ledger_get(UINT64_MAX - 1, &told), -ENOENT);
	ck_assert_int_eq(memcmp(&foreign, &ledger_said, sizeof(foreign)), 0);
}

static void expect_nothing_dumped(const struct foreign *foreign)
{
	struct ledger_pins pins;

	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_uint_eq(pins.count, 0);
	ck_assert_int_eq(ledger_dump(dump_request(PIN_NL_A_PIN_CONTEXT, foreign->context, 8),
				     &pins), 0);
	ck_assert_uint_eq(pins.count, 0);
	ck_assert_int_eq(ledger_dump(dump_request(PIN_NL_A_PIN_MODE, PIN_MODE_LONGTERM, 4),
				     &pins), 0);
	ck_assert_uint_eq(pins.count, 0);
}

static void expect_forbidden(void)
{
	struct nl_msg *request;
	struct ledger_totals totals;
	struct ledger_pins pins;
	uint64_t count = 1;

	ck_assert_int_eq(ledger_totals(&totals), -EPERM);
	ck_assert(ledger_has_words(false));
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP), NULL,
				    NULL), -EPERM);
	ck_assert(ledger_has_words(true));
	request = dump_request(PIN_NL_A_PIN_PFN, 1, 8);
	nla_put(request, PIN_NL_A_PIN_PFN_COUNT, 8, &count);
	ck_assert_int_eq(ledger_dump(request, &pins), -EPERM);
	ck_assert(ledger_has_words(true));
}

static int look_for_foreign(void *arg)
{
	const struct foreign *foreign = arg;

	expect_not_found(foreign->id);
	expect_nothing_dumped(foreign);
	expect_forbidden();
	return 0;
}

static int become_and_look_for_foreign(void *arg)
{
	becomes[((struct foreign *)arg)->who]();
	/* A pid namespace is that of children. */
	return in_child(look_for_foreign, arg);
}

START_TEST(test_foreign)
{
	struct foreign foreign = { .who = _i };
	char *memory = map_anon(page);
	struct ledger_pin told;

	ledger_connect();
	foreign.id = expect_pinned(memory, page, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(foreign.id, &told), 0);
	foreign.context = OF(&told, CONTEXT);
	ck_assert_int_eq(in_child(become_and_look_for_foreign, &foreign), 0);
	ck_assert_int_eq(unpin(foreign.id), 0);
}
END_TEST

/* His own pins he sees, among those of others in the same context. */
static int look_for_own(void *arg)
{
	struct ledger_pins pins;
	struct ledger_pin told;
	uint64_t id;

	id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	ck_assert_uint_eq(OF(&told, UID), getuid());
	ck_assert_uint_eq(OF(&told, PID), getpid());
	ck_assert_uint_eq(OF(&told, USER_CHARGED_PAGES), 1);
	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_uint_eq(pins.count, 1);
	ck_assert_uint_eq(OF(&pins.array[0], ID), id);
	ck_assert_int_eq(ledger_dump(dump_request(PIN_NL_A_PIN_UID, getuid(), 4), &pins), 0);
	ck_assert_uint_eq(pins.count, 1);
	return 0;
}

static int become_and_look_for_own(void *arg)
{
	becomes[((struct foreign *)arg)->who]();
	return in_child(look_for_own, arg);
}

START_TEST(test_own)
{
	struct foreign foreign = { .who = _i };

	ledger_connect();
	foreign.id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	ck_assert_int_eq(in_child(become_and_look_for_own, &foreign), 0);
}
END_TEST

/*
 * A socket that root opened does not make a user root, and one that a user opened does
 * not show him what is root's because root writes to it.
 */
static int ask_by_roots_socket(void *arg)
{
	const struct foreign *foreign = arg;

	become_nobody();
	expect_not_found(foreign->id);
	expect_nothing_dumped(foreign);
	expect_forbidden();
	return 0;
}

static int ask_by_users_socket(void *arg)
{
	const struct foreign *foreign = arg;

	ck_assert_int_eq(setresuid(NOBODY, NOBODY, 0), 0);
	ledger_connect();
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	expect_not_found(foreign->id);
	expect_nothing_dumped(foreign);
	expect_forbidden();
	return 0;
}

START_TEST(test_sockets)
{
	struct foreign foreign = { .id = 0 };
	struct ledger_pin told;

	ledger_connect();
	foreign.id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(foreign.id, &told), 0);
	foreign.context = OF(&told, CONTEXT);
	ck_assert_int_eq(in_child(ask_by_roots_socket, &foreign), 0);
	ck_assert_int_eq(in_child(ask_by_users_socket, &foreign), 0);
}
END_TEST

/* Who knows the family's number from outside gets no further than who looks for its name. */
static void expect_no_family(int family)
{
	static const struct {
		uint8_t cmd;
		int flags;
	} requests[] = {
		{ PIN_NL_CMD_PIN_GET, 0 },
		{ PIN_NL_CMD_PIN_GET, NLM_F_DUMP },
		{ PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP },
		{ PIN_NL_CMD_TOTALS_GET, 0 },
		{ PIN_NL_CMD_PIN_RELEASE, 0 },
	};
	struct nl_msg *request;
	size_t i;

	ck_assert_int_eq(ledger_try_connect(), -NLE_OBJ_NOTFOUND);
	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		request = nlmsg_alloc();
		ck_assert_ptr_nonnull(genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, family,
						  0, NLM_F_REQUEST | requests[i].flags,
						  requests[i].cmd, PIN_NL_VERSION));
		ck_assert_int_eq(ledger_ask(request, NULL, NULL), -ENOENT);
	}
}

static int look_as_its_root(void *arg)
{
	become_namespace_root(CLONE_NEWNET);
	expect_no_family(*(int *)arg);
	return 0;
}

static int look_as_administrator(void *arg)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	expect_no_family(*(int *)arg);
	return 0;
}

/* In another network namespace the family is not there, not even for an administrator. */
START_TEST(test_network_namespace)
{
	int family;

	ledger_connect();
	family = ledger_family();
	ck_assert_int_eq(in_child(look_as_its_root, &family), 0);
	ck_assert_int_eq(in_child(look_as_administrator, &family), 0);
}
END_TEST

static uint64_t inode_of(const char *path)
{
	struct stat status;

	ck_assert_msg(!stat(path, &status), "%s: %s", path, strerror(errno));
	return status.st_ino;
}

/* What a process in a pid namespace of its own leaves for the test. */
struct inside {
	uint64_t outer;
	uint64_t id;
	uint64_t pid_ns;
};

static int look_inside(void *arg)
{
	struct inside *inside = arg;
	struct ledger_pins pins;
	struct ledger_pin told;

	ledger_connect();
	ck_assert_int_eq(getpid(), 1);
	inside->pid_ns = inode_of("/proc/self/ns/pid");
	inside->id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(inside->id, &told), 0);
	ck_assert_uint_eq(OF(&told, PID), 1);
	ck_assert_uint_eq(OF(&told, NS_PID), 1);
	/* Who is not in the namespace has no number there. */
	ck_assert_int_eq(ledger_get(inside->outer, &told), 0);
	ck_assert_uint_eq(OF(&told, PID), 0);
	ck_assert_uint_ne(OF(&told, NS_PID), 0);
	ck_assert_int_eq(ledger_dump(dump_request(PIN_NL_A_PIN_PID, 1, 4), &pins), 0);
	ck_assert_uint_eq(pins.count, 1);
	ck_assert_uint_eq(OF(&pins.array[0], ID), inside->id);
	return 0;
}

static int enter_pid_namespace(void *arg)
{
	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	return in_child(look_inside, arg);
}

START_TEST(test_pid_namespace)
{
	struct inside *inside = mmap(NULL, page, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ledger_pin told;

	ledger_connect();
	inside->outer = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	ck_assert_int_eq(in_child(enter_pid_namespace, inside), 0);
	ck_assert_int_eq(ledger_get(inside->id, &told), 0);
	ck_assert_uint_ne(OF(&told, PID), 1);
	ck_assert_uint_ne(OF(&told, PID), 0);
	ck_assert_uint_eq(OF(&told, NS_PID), 1);
	ck_assert_uint_eq(OF(&told, PID_NS), inside->pid_ns);
	ck_assert_uint_ne(OF(&told, PID_NS), inode_of("/proc/self/ns/pid"));
	ck_assert_int_eq(unpin(inside->id), 0);
}
END_TEST

Suite *ledger_privacy_suite(void)
{
	Suite *suite = suite_create("ledger-privacy");
	TCase *tcase = tcase_with_context("ledger-privacy");

	tcase_add_loop_test(tcase, test_foreign, 0, BECOMES);
	tcase_add_loop_test(tcase, test_own, 0, BECOMES);
	tcase_add_test(tcase, test_sockets);
	tcase_add_test(tcase, test_network_namespace);
	tcase_add_test(tcase, test_pid_namespace);
	suite_add_tcase(suite, tcase);
	return suite;
}
