// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To whom a pin is charged, and from whom it is taken again: whatever becomes of
 * the process that pinned, and whoever releases the pin, in whatever way.
 *
 * The test itself only watches; a process that follows orders pins, and either it
 * or a second one, of another user, releases.
 */
#include "limits_owners.h"

#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWNER	20201
#define OTHER	20202
#define PAGES	16	/* of the owner's pin */
#define MORE	4	/* of the pin that comes after the change */

/* What becomes of the owner between the pin and its release. */
enum change {
	STAYS,
	LOWERS_LIMIT,
	SETUID,
	EXEC,
	PASSES_FD,
	DIES,
	CHANGES
};

enum release {
	BY_UNPIN,
	BY_CLOSE,
	BY_EXIT,
	RELEASES
};

enum what {
	OPEN,		/* become @number and open a context */
	PIN,		/* pin @number pages */
	UNPIN,		/* release @number */
	CLOSE,
	LIMIT_ZERO,
	SET_USER,	/* become @number, who is not root either */
	EXECUTE,
	SEND_FD,
	RECEIVE_FD,
	EXIT,
};

struct order {
	enum what what;
	uint64_t number;
};

struct answer {
	int err;
	uint32_t reason;
	uint64_t id;
	uint64_t vmpin;		/* pages of this process */
};

/* A process that follows orders, with its half of the line to the other one. */
struct servant {
	pid_t pid;
	int orders;
	int line;
};

static int send_fd(int line, int fd)
{
	char byte = 0, room[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	if (sendmsg(line, &message, 0) != 1)
		return -errno;
	return close(fd) ? -errno : 0;
}

static int receive_fd(int line)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	int fd;

	if (recvmsg(line, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Without capabilities as far as they count, and able to change once more. */
static int set_user(uid_t uid)
{
	return setresuid(uid, uid, 0) ? -errno : 0;
}

static int set_limit_zero(void)
{
	struct rlimit limit = { 0, 0 };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static int execute(const struct servant *self)
{
	char orders[16], line[16], fd[16];

	snprintf(orders, sizeof(orders), "%d", self->orders);
	snprintf(line, sizeof(line), "%d", self->line);
	snprintf(fd, sizeof(fd), "%d", pin_fd);
	execl("/proc/self/exe", "pin-func", OWNERS_AFTER_EXEC, orders, line, fd,
	      NULL);
	return -errno;
}

static int pin_pages(size_t pages, struct answer *answer)
{
	/* After exec there is no test that an assertion could fail. */
	void *addr = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pin_pin arg;
	int err = pin_range(addr, pages * page, PIN_F_WRITE, &arg);

	answer->id = arg.id;
	answer->reason = arg.refusal.reason;
	return err;
}

static int follow(const struct servant *self, const struct order *order,
		  struct answer *answer)
{
	switch (order->what) {
	case OPEN:
		pin_fd = open("/dev/pin", O_RDWR);
		return pin_fd < 0 ? -errno : set_user(order->number);
	case PIN:
		return pin_pages(order->number, answer);
	case UNPIN:
		return unpin(order->number);
	case CLOSE:
		return close(pin_fd) ? -errno : 0;
	case LIMIT_ZERO:
		return set_limit_zero();
	case SET_USER:
		return setresuid(0, 0, 0) ? -errno : set_user(order->number);
	case EXECUTE:
		return execute(self);
	case SEND_FD:
		return send_fd(self->line, pin_fd);
	case RECEIVE_FD:
		if (set_user(order->number))
			return -errno;
		pin_fd = receive_fd(self->line);
		return pin_fd < 0 ? -EBADF : 0;
	default:
		_exit(0);
	}
}

static uint64_t own_vmpin(void)
{
	char line[128];
	unsigned long long kib = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmPin: %llu", &kib);
	if (file)
		fclose(file);
	return kib * 1024 / page;
}

static void serve(const struct servant *self)
{
	struct answer answer;
	struct order order;

	while (read(self->orders, &order, sizeof(order)) == sizeof(order)) {
		answer = (struct answer) { .id = 0 };
		answer.err = follow(self, &order, &answer);
		answer.vmpin = own_vmpin();
		if (write(self->orders, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

/* The process goes on here after exec: the answer to that order comes first. */
int owners_after_exec(char **argv)
{
	struct servant self = { .orders = atoi(argv[2]), .line = atoi(argv[3]) };
	struct answer answer = { .err = 0 };

	page = sysconf(_SC_PAGESIZE);
	pin_fd = atoi(argv[4]);
	answer.vmpin = own_vmpin();
	if (write(self.orders, &answer, sizeof(answer)) == sizeof(answer))
		serve(&self);
	return 1;
}

static struct servant start(int line)
{
	struct servant servant = { .line = line };
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	servant.pid = fork_child();
	if (!servant.pid) {
		close(pin_fd);
		close(ends[0]);
		servant.orders = ends[1];
		serve(&servant);
	}
	close(ends[1]);
	servant.orders = ends[0];
	return servant;
}

static struct answer tell(const struct servant *servant, enum what what,
			  uint64_t number)
{
	struct order order = { .what = what, .number = number };
	struct answer answer;

	ck_assert_int_eq(write(servant->orders, &order, sizeof(order)),
			 sizeof(order));
	ck_assert_int_eq(read(servant->orders, &answer, sizeof(answer)),
			 sizeof(answer));
	return answer;
}

static struct answer order(const struct servant *servant, enum what what,
			   uint64_t number)
{
	struct answer answer = tell(servant, what, number);

	ck_assert_msg(!answer.err, "order %d: %s, %s", what, strerror(-answer.err),
		      reason_name(answer.reason));
	return answer;
}

static void let_die(const struct servant *servant)
{
	struct order order = { .what = EXIT };
	int status;

	ck_assert_int_eq(write(servant->orders, &order, sizeof(order)),
			 sizeof(order));
	ck_assert_int_eq(waitpid(servant->pid, &status, 0), servant->pid);
	ck_assert_int_eq(status, 0);
}

/* Only a process of the user can ask. */
static uint64_t charged_to(uid_t uid)
{
	uint64_t charged = 0;
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork_child();
	if (!pid) {
		if (setuid(uid))
			_exit(1);
		charged = info().user_charged_pages;
		_exit(write(ends[1], &charged, sizeof(charged)) != sizeof(charged));
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &charged, sizeof(charged)), sizeof(charged));
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return charged;
}

static void expect_charges(const struct counters *before, uint64_t owner,
			   uint64_t other, const char *when)
{
	struct counters now = counters_read();
	uint64_t is_owner = charged_to(OWNER), is_other = charged_to(OTHER);

	ck_assert_msg(is_owner == owner, "%s: owner is charged %llu, not %llu", when,
		      (unsigned long long)is_owner, (unsigned long long)owner);
	ck_assert_msg(is_other == other, "%s: other is charged %llu, not %llu", when,
		      (unsigned long long)is_other, (unsigned long long)other);
	ck_assert_uint_eq(now.system, before->system + owner + other);
	ck_assert_uint_eq(now.pinned, before->pinned + owner + other);
	ck_assert_uint_eq(now.charged, before->charged);
}

/* One case of the matrix. */
struct owners {
	struct counters before;
	struct servant owner;
	struct servant other;
	const struct servant *holder;	/* who releases */
	uint64_t id;
	uint64_t more_id;
	uint64_t owner_pages;
	uint64_t other_pages;
};

/* The descriptor goes to a process of another user, who pins into it as well. */
static void pass_fd(struct owners *owners)
{
	order(&owners->owner, SEND_FD, 0);
	order(&owners->other, RECEIVE_FD, OTHER);
	owners->holder = &owners->other;
}

static void change(struct owners *owners, enum change change)
{
	struct answer answer;

	switch (change) {
	case LOWERS_LIMIT:
		order(&owners->owner, LIMIT_ZERO, 0);
		answer = tell(&owners->owner, PIN, 1);
		ck_assert_int_eq(answer.err, -ENOMEM);
		ck_assert_uint_eq(answer.reason, PIN_REASON_MEMLOCK_LIMIT);
		return;
	case SETUID:
		order(&owners->owner, SET_USER, OTHER);
		break;
	case EXEC:
		ck_assert_uint_eq(order(&owners->owner, EXECUTE, 0).vmpin, 0);
		break;
	case PASSES_FD:
		pass_fd(owners);
		break;
	case DIES:
		pass_fd(owners);
		let_die(&owners->owner);
		break;
	default:
		break;
	}
	answer = order(owners->holder, PIN, MORE);
	owners->more_id = answer.id;
	ck_assert_uint_eq(answer.vmpin, change == STAYS || change == SETUID ?
					PAGES + MORE : MORE);
	if (change == STAYS || change == EXEC)
		owners->owner_pages += MORE;
	else
		owners->other_pages += MORE;
}

static void release(struct owners *owners, enum release release)
{
	switch (release) {
	case BY_UNPIN:
		order(owners->holder, UNPIN, owners->id);
		expect_charges(&owners->before, owners->owner_pages - PAGES,
			       owners->other_pages, "after the first UNPIN");
		if (owners->more_id)
			order(owners->holder, UNPIN, owners->more_id);
		break;
	case BY_CLOSE:
		order(owners->holder, CLOSE, 0);
		break;
	default:
		let_die(owners->holder);
		break;
	}
}

START_TEST(charged_to_the_right_user)
{
	enum change changed = _i / RELEASES;
	enum release released = _i % RELEASES;
	struct owners owners = { .before = counters_read() };
	int line[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
	owners.owner = start(line[0]);
	owners.other = start(line[1]);
	owners.holder = &owners.owner;
	order(&owners.owner, OPEN, OWNER);
	owners.id = order(&owners.owner, PIN, PAGES).id;
	owners.owner_pages = PAGES;
	expect_charges(&owners.before, PAGES, 0, "after PIN");

	change(&owners, changed);
	expect_charges(&owners.before, owners.owner_pages, owners.other_pages,
		       "after the change");
	release(&owners, released);
	expect_charges(&owners.before, 0, 0, "after the release");
	/* Whoever still lives: nothing of the pin is left with him either. */
	if (changed != DIES && (changed == PASSES_FD || released != BY_EXIT))
		ck_assert_uint_eq(tell(&owners.owner, LIMIT_ZERO, 0).vmpin, 0);
	/* The others end when they hear no more. */
	close(owners.owner.orders);
	close(owners.other.orders);
	while (wait(NULL) > 0)
		;
}
END_TEST

Suite *limits_owners_suite(void)
{
	Suite *suite = suite_create("limits-owners");
	TCase *tcase = tcase_with_context("limits-owners");

	tcase_add_loop_test(tcase, charged_to_the_right_user, 0, CHANGES * RELEASES);
	suite_add_tcase(suite, tcase);
	return suite;
}
