// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a user without privilege is not told: where his memory lies, and anything
 * about other processes, by no output, errno, fdinfo or line of the kernel's log.
 *
 * A process asks everything about pins of its own and hands over each byte that it
 * was given; the test, which is root, knows the true addresses and looks for them.
 * That it would find them shows the same search over what root is told.
 */
#include "harness.h"
#include "phys.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define NOBODY	65534
#define OTHER	20600

enum who {
	USER,			/* uid 65534 */
	NAMESPACE_ROOT,		/* the same, root of a user namespace */
	POWERLESS_ROOT,		/* uid 0 without capabilities */
	UNPRIVILEGED,		/* how many of them */
	ROOT = UNPRIVILEGED
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { 0 };

	ck_assert_int_eq(syscall(SYS_capset, &header, none), 0);
}

static void become(enum who who)
{
	char map[32];

	if (who == POWERLESS_ROOT)
		drop_capabilities();
	if (who == POWERLESS_ROOT || who == ROOT)
		return;
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	if (who == USER)
		return;
	/* Else /proc/self belongs to root since the change of user. */
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	ck_assert_int_eq(unshare(CLONE_NEWUSER), 0);
	snprintf(map, sizeof(map), "0 %d 1", NOBODY);
	write_file("/proc/self/uid_map", map);
	ck_assert_uint_eq(getuid(), 0);
}

/* Everything that the process was told, byte by byte; shared with the test. */
#define TOLD_ROOM	(4UL << 20)

struct told {
	struct {
		char *addr;
		size_t pages;
	} memory[3];
	size_t length;
	/* What it was told before it had the memory, which is not about that. */
	size_t before;
	unsigned char bytes[TOLD_ROOM];
};

static struct told *told;

static void tell(const void *bytes, size_t length)
{
	ck_assert_uint_le(told->length + length, TOLD_ROOM);
	memcpy(told->bytes + told->length, bytes, length);
	/* What was aligned stays so. */
	told->length += (length + 7) & ~7UL;
}

static int call_and_tell(unsigned int number, void *arg, size_t size)
{
	int64_t err = call(number, arg);

	tell(arg, size);
	tell(&err, sizeof(err));
	return err;
}

#define RECORDS		512
#define RECORD_SIZE	256	/* larger than the module's: the rest must be zeros */

static char records[RECORDS][RECORD_SIZE];

static uint64_t pin_and_tell(char *addr, uint64_t length)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = length,
		.reports = (uintptr_t)records,
		.reports_capacity = RECORDS,
		.report_size = RECORD_SIZE,
	};

	call_and_tell(PIN_IOC_PIN, &arg, sizeof(arg));
	tell(records, arg.reports_count * RECORD_SIZE);
	return arg.id;
}

static void check_and_tell(char *addr, uint64_t length, uint32_t flags)
{
	struct pin_check arg = {
		.size = sizeof(arg),
		.flags = flags,
		.report_size = RECORD_SIZE,
		.addr = (uintptr_t)addr,
		.length = length,
		.reports = (uintptr_t)records,
		.reports_capacity = RECORDS,
	};

	call_and_tell(PIN_IOC_CHECK, &arg, sizeof(arg));
	tell(records, arg.reports_count * RECORD_SIZE);
}

static void query_and_tell(uint64_t id)
{
	struct pin_query arg = {
		.size = sizeof(arg),
		.id = id,
		.nodes = (uintptr_t)records,
		.nodes_capacity = sizeof(records) / sizeof(uint64_t),
	};

	call_and_tell(PIN_IOC_QUERY, &arg, sizeof(arg));
	tell(records, arg.nodes_count * sizeof(uint64_t));
}

static void runs_and_tell(uint64_t id)
{
	struct pin_runs arg = { .next = 0 };

	do {
		arg = (struct pin_runs) {
			.size = sizeof(arg),
			.id = id,
			.cursor = arg.next,
			.runs = (uintptr_t)records,
			.runs_capacity = RECORDS,
			.run_size = RECORD_SIZE,
		};
		if (call_and_tell(PIN_IOC_RUNS, &arg, sizeof(arg)))
			break;
		tell(records, arg.runs_count * RECORD_SIZE);
	} while (arg.next != arg.total);
}

static void list_and_tell(void)
{
	struct pin_list arg = {
		.size = sizeof(arg),
		.ids = (uintptr_t)records,
		.ids_capacity = RECORDS,
	};

	call_and_tell(PIN_IOC_LIST, &arg, sizeof(arg));
	tell(records, arg.ids_count * sizeof(uint64_t));
}

static void access_and_tell(uint64_t id)
{
	struct pin_access arg = {
		.size = sizeof(arg),
		.id = id,
		.buffer = (uintptr_t)records,
		.length = sizeof(records),
	};

	/* The bytes are the process's own. */
	call_and_tell(PIN_IOC_READ, &arg, sizeof(arg));
	call_and_tell(PIN_IOC_WRITE, &arg, sizeof(arg));
}

static void fdinfo_and_tell(void)
{
	char path[64], text[4096];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pin_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* Not even that is his, if he has changed his user. */
	if (fd < 0)
		return;
	got = read(fd, text, sizeof(text));
	ck_assert_int_gt(got, 0);
	tell(text, got);
	close(fd);
}

static void ask_everything(void)
{
	struct pin_info arg = { .size = sizeof(arg) };
	struct pin_unpin unpin_arg = { .size = sizeof(unpin_arg) };
	uint64_t ids[3];
	int i;

	for (i = 0; i < 3; i++) {
		size_t length = told->memory[i].pages * page;

		ids[i] = pin_and_tell(told->memory[i].addr, length);
		ck_assert_uint_ne(ids[i], 0);
		check_and_tell(told->memory[i].addr, length, PIN_CHECK_LIMITS);
		query_and_tell(ids[i]);
		runs_and_tell(ids[i]);
		access_and_tell(ids[i]);
	}
	call_and_tell(PIN_IOC_INFO, &arg, sizeof(arg));
	list_and_tell();
	fdinfo_and_tell();
	check_and_tell(NULL, 1ULL << 47, PIN_CHECK_MAPPED);
	/* Refusals: a hole, kernel memory, a limit. */
	pin_and_tell((char *)page, page);
	pin_and_tell((char *)-(16 * page), page);
	pin_and_tell(told->memory[0].addr, 1ULL << 46);
	query_and_tell(ids[2] + 1);
	unpin_arg.id = ids[0];
	call_and_tell(PIN_IOC_UNPIN, &unpin_arg, sizeof(unpin_arg));
	call_and_tell(PIN_IOC_UNPIN, &unpin_arg, sizeof(unpin_arg));
}

/* Limits and such are numbers, too, and as large as those of frames. */
static void ask_without_memory(void)
{
	struct pin_info arg = { .size = sizeof(arg) };

	call_and_tell(PIN_IOC_INFO, &arg, sizeof(arg));
	check_and_tell(NULL, 1ULL << 47, PIN_CHECK_MAPPED);
	told->before = told->length;
}

static void make_memories(void)
{
	char *room = map_anon(2 * HUGE);

	told->memory[0].addr = map_anon(300 * page);
	told->memory[0].pages = 300;
	room = (char *)(((uintptr_t)room + HUGE - 1) & ~(HUGE - 1));
	madvise(room, HUGE, MADV_HUGEPAGE);
	told->memory[1].addr = room;
	told->memory[1].pages = HUGE / page;
	told->memory[2].addr = map_hugetlb(HUGE, MAP_PRIVATE);
	told->memory[2].pages = HUGE / page;
}

static int line[2];

/* Asks, then waits until its page tables have been looked at. */
static void ask_as(enum who who)
{
	struct rlimit limit = { .rlim_cur = 16 << 20, .rlim_max = 16 << 20 };
	char byte = 0;
	int i;

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ask_without_memory();
	make_memories();
	for (i = 0; i < 3; i++)
		touch(told->memory[i].addr, told->memory[i].pages * page);
	become(who);
	ask_everything();
	ck_assert_int_eq(write(line[1], &byte, 1), 1);
	ck_assert_int_eq(read(line[1], &byte, 1), 1);
	_exit(0);
}

static bool is_among(uint64_t number, size_t begin, size_t end)
{
	uint64_t found;
	size_t i;

	for (i = begin; i < end; i += sizeof(found)) {
		memcpy(&found, told->bytes + i, sizeof(found));
		if (found == number)
			return true;
	}
	return false;
}

/* Does a number occur where a number can be, and did it not before? */
static bool occurs(uint64_t number)
{
	return is_among(number, told->before, told->length) &&
	       !is_among(number, 0, told->before);
}

/*
 * A frame number that no other number is likely to be: not page aligned, as offsets
 * in files are, nor as small as inode numbers.
 */
static bool is_telling(uint64_t frame)
{
	return frame % page && frame > 0xffff;
}

/* While a page is moved to another frame it is in no page table. */
static bool all_mapped(pid_t pid, const void *addr, uint64_t *phys, size_t pages)
{
	size_t i;

	phys_of_process(pid, addr, phys, pages);
	for (i = 0; i < pages; i++)
		if (!phys[i])
			return false;
	return true;
}

static void find_frames(pid_t pid, const void *addr, uint64_t *phys, size_t pages)
{
	int tries;

	for (tries = 0; !all_mapped(pid, addr, phys, pages); tries++) {
		ck_assert_msg(tries < 5000, "a page of the asker is not mapped");
		usleep(1000);
	}
}

/* Addresses and frame numbers of the process's memory among what it was told. */
static unsigned int count_addresses(pid_t pid)
{
	uint64_t *phys = calloc(HUGE / page, sizeof(*phys));
	unsigned int found = 0;
	size_t i, j;

	for (i = 0; i < 3; i++) {
		find_frames(pid, told->memory[i].addr, phys, told->memory[i].pages);
		for (j = 0; j < told->memory[i].pages; j++) {
			found += occurs(phys[j]);
			found += is_telling(phys[j] / page) &&
				 occurs(phys[j] / page);
		}
	}
	free(phys);
	return found;
}

/* Numbers that could be addresses of the kernel's own. */
static unsigned int count_kernel_pointers(void)
{
	unsigned int found = 0;
	uint64_t number;
	size_t i;

	for (i = 0; i < told->length; i += sizeof(number)) {
		memcpy(&number, told->bytes + i, sizeof(number));
		/* Not PIN_ALL_PAGES, nor a negative errno, nor what was asked. */
		found += number >= 0xffff800000000000ULL &&
			 number < (uint64_t)-(16 * page);
	}
	return found;
}

/* What the kernel says meanwhile must not be about this. */
static int watch_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(lseek(fd, 0, SEEK_END), 0);
	return fd;
}

static void expect_silent_log(int fd)
{
	char text[8192];
	ssize_t got;

	while ((got = read(fd, text, sizeof(text) - 1)) > 0) {
		text[got] = 0;
		ck_assert_msg(!strstr(text, "pin") && !strstr(text, "ffff"),
			      "the log says: %s", text);
	}
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
}

static unsigned int addresses_told_to(enum who who)
{
	int log = watch_log(), status;
	unsigned int found;
	char byte = 0;
	pid_t pid;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(told, MAP_FAILED);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
	pid = fork_child();
	if (!pid)
		ask_as(who);
	close(line[1]);
	ck_assert_int_eq(read(line[0], &byte, 1), 1);
	ck_assert_uint_gt(told->length, 10000);
	found = count_addresses(pid);
	ck_assert_uint_eq(count_kernel_pointers(), 0);
	ck_assert_int_eq(write(line[0], &byte, 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	expect_silent_log(log);
	return found;
}

START_TEST(no_address)
{
	ck_assert_uint_eq(addresses_told_to(_i), 0);
}
END_TEST

/* The search would find them. */
START_TEST(root_is_told)
{
	ck_assert_uint_ge(addresses_told_to(ROOT), 3);
}
END_TEST

static int check_process(pid_t pid)
{
	struct pin_check arg = {
		.size = sizeof(arg),
		.pid = pid,
		.report_size = sizeof(struct pin_report),
		.length = 1ULL << 47,
		.reports = (uintptr_t)records,
		.reports_capacity = 1,
	};
	int err;

	memset(records, POISON, sizeof(struct pin_report));
	err = call(PIN_IOC_CHECK, &arg);
	if (err) {
		ck_assert_uint_eq(arg.next, 0);
		ck_assert_uint_eq(arg.charge_pages, 0);
		ck_assert_uint_eq(arg.reports_count, 0);
		ck_assert_uint_eq(arg.refusal.reason, 0);
		ck_assert_int_eq(records[0][0], (char)POISON);
	}
	return err;
}

/* Maps the file, to be seen by that. */
static pid_t start_sleeper(uid_t uid, int file)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	if (mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ||
	    setuid(uid))
		_exit(1);
	for (;;)
		pause();
}

/* A number that no process has. */
static pid_t free_pid(void)
{
	pid_t pid = fork_child();

	if (!pid)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* Other processes: of root, of another user, of the same one, and of no memory. */
struct others {
	enum who who;
	pid_t root;
	pid_t other;
	pid_t same;
	pid_t zombie;
	pid_t none;
	int fd;
};

/*
 * No more than kill(2) tells: whether the number is a process's.  Not whose, nor
 * whether it is the kernel's or dead, nor that it is the same user's.
 */
static int look_at_others(void *data)
{
	const struct others *others = data;
	char path[64];

	become(others->who);
	ck_assert_int_eq(check_process(0), 0);
	ck_assert_int_eq(check_process(getpid()), 0);
	ck_assert_int_eq(check_process(1), -EPERM);
	ck_assert_int_eq(check_process(2), -EPERM);
	ck_assert_int_eq(check_process(others->root), -EPERM);
	ck_assert_int_eq(check_process(others->other), -EPERM);
	ck_assert_int_eq(check_process(others->same), -EPERM);
	ck_assert_int_eq(check_process(others->zombie), -EPERM);
	ck_assert_int_eq(check_process(others->none), -ESRCH);
	ck_assert_int_eq(check_process(-1), -ESRCH);
	ck_assert_int_eq(check_process(INT32_MAX), -ESRCH);

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", others->root, others->fd);
	ck_assert_int_eq(open(path, O_RDONLY | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, EACCES);
	return 0;
}

START_TEST(nothing_of_others)
{
	int file = memfd_create("sleepers", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct others others = {
		.who = _i,
		.root = getpid(),
		.other = start_sleeper(OTHER, file),
		.same = start_sleeper(NOBODY, file),
		.none = free_pid(),
		.fd = pin_fd,
	};

	others.zombie = fork_child();
	if (!others.zombie)
		_exit(0);
	ck_assert_int_eq(waitid(P_PID, others.zombie, NULL, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(in_child(look_at_others, &others), 0);
	/* An administrator learns that there is nothing to see. */
	ck_assert_int_eq(check_process(others.other), 0);
	ck_assert_int_eq(check_process(others.zombie), -ESRCH);
	ck_assert_int_eq(check_process(2), -ESRCH);
	kill(others.other, SIGKILL);
	kill(others.same, SIGKILL);
	while (wait(NULL) > 0)
		;
	/* Nobody who looked, or was not let, keeps the memory of who is gone. */
	ck_assert_msg(!fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), "still mapped: %s",
		      strerror(errno));
	close(file);
}
END_TEST

/* A pin of another context is as unknown as one that never was. */
static int guess_ids(void *data)
{
	uint64_t id = *(uint64_t *)data, guesses[] = { id, id + 1000, 0, UINT64_MAX };
	size_t i;

	become(USER);
	for (i = 0; i < sizeof(guesses) / sizeof(*guesses); i++) {
		struct pin_query queried;
		struct pin_runs runs;
		struct pin_access access = {
			.size = sizeof(access), .id = guesses[i],
			.buffer = (uintptr_t)records, .length = 1,
		};

		ck_assert_int_eq(query(guesses[i], &queried), -ENOENT);
		ck_assert_uint_eq(queried.addr | queried.pages | queried.uid, 0);
		ck_assert_int_eq(ask_runs(guesses[i], 0, (void *)records, 1, &runs),
				 -ENOENT);
		ck_assert_int_eq(call(PIN_IOC_READ, &access), -ENOENT);
		ck_assert_int_eq(call(PIN_IOC_WRITE, &access), -ENOENT);
		ck_assert_int_eq(unpin(guesses[i]), -ENOENT);
	}
	list_and_tell();
	return info().context_pins;
}

START_TEST(ids_of_others)
{
	char *addr = map_anon(page);
	uint64_t id = expect_pinned(addr, page, PIN_F_WRITE);
	int own = pin_fd;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(told, MAP_FAILED);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(in_child(guess_ids, &id), 0);
	ck_assert(!occurs(id));
	close(pin_fd);
	pin_fd = own;
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* Who gets the descriptor of a privileged process gets no privilege with it. */
static int receive_context(void *id)
{
	struct pin_run run;
	struct pin_runs runs;

	become(NAMESPACE_ROOT);
	ck_assert_int_eq(ask_runs(*(uint64_t *)id, 0, &run, 1, &runs), 0);
	ck_assert_uint_eq(run.flags, PIN_RUN_PHYS_WITHHELD);
	ck_assert_uint_eq(run.phys, 0);
	return 0;
}

START_TEST(context_of_root)
{
	uint64_t id = expect_pinned(map_anon(page), page, PIN_F_WRITE);

	ck_assert_int_eq(in_child(receive_context, &id), 0);
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

Suite *privacy_suite(void)
{
	Suite *suite = suite_create("privacy");
	TCase *tcase = tcase_with_context("privacy");

	tcase_add_loop_test(tcase, no_address, 0, UNPRIVILEGED);
	tcase_add_test(tcase, root_is_told);
	tcase_add_loop_test(tcase, nothing_of_others, 0, UNPRIVILEGED);
	tcase_add_test(tcase, ids_of_others);
	tcase_add_test(tcase, context_of_root);
	suite_add_tcase(suite, tcase);
	return suite;
}
