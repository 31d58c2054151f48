// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The harness of the driver's suites; see harness.h.
 *
 * Tests fork (libcheck), so the fixture is a checked one: it runs in the same
 * process as the test, which is the process whose counters it compares.
 */
#include "harness.h"
#ifndef PIN_TEST_WITHOUT_NETLINK
#include "ledger_client.h"
#endif

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

int pin_fd = -1;
size_t page;

static struct counters at_start;

/*
 * The numbers after @keys in a file of "key value" lines, in their order there. Some files
 * are made anew for each read(2), so it takes few.
 */
static void read_counters(const char *path, const char *const *keys, uint64_t *values,
			  unsigned int count)
{
	char line[256], buffer[16384];
	FILE *file = fopen(path, "re");
	unsigned long long value;
	unsigned int found = 0;

	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(setvbuf(file, buffer, _IOFBF, sizeof(buffer)), 0);
	while (found < count && fgets(line, sizeof(line), file)) {
		if (strncmp(line, keys[found], strlen(keys[found])) ||
		    sscanf(line + strlen(keys[found]), " %llu", &value) != 1)
			continue;
		values[found++] = value;
	}
	fclose(file);
	ck_assert_msg(found == count, "%s has no %s", path, keys[found]);
}

static uint64_t read_vmpin(void)
{
	static const char *const key[] = { "VmPin:" };
	uint64_t vmpin;

	read_counters("/proc/self/status", key, &vmpin, 1);
	return vmpin;
}

/* The counters of /proc/vmstat lag behind, one difference a CPU, until read. */
static void refresh_vmstat(void)
{
	char byte;
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "stat_refresh: %s", strerror(errno));
	ck_assert_int_ge(read(fd, &byte, 1), 0);
	close(fd);
}

static uint64_t look_at_pinned(void)
{
	static const char *const keys[] = { "nr_foll_pin_acquired", "nr_foll_pin_released" };
	uint64_t values[2];

	refresh_vmstat();
	read_counters("/proc/vmstat", keys, values, 2);
	return values[0] - values[1];
}

void sleep_ms(int ms)
{
	if (poll(NULL, 0, ms) && errno != EINTR)
		ck_abort_msg("no sleep: %s", strerror(errno));
}

/*
 * Until two looks agree. The kernel's own, regular refresh takes the differences of its
 * processor out before it adds them up: preempted in between, it may have them in hand
 * while another one finds none (refresh_cpu_vm_stats(), with CONFIG_PREEMPT).
 */
static uint64_t read_pinned(void)
{
	uint64_t last, now = look_at_pinned();
	int looks = 1;

	do {
		last = now;
		/* Whoever is preempted goes on. */
		sleep_ms(1);
		now = look_at_pinned();
	} while (now != last && ++looks < 10);
	return now;
}

static struct counters read_others(uint64_t pinned)
{
	struct pin_info now = info();

	return (struct counters) {
		.pinned = pinned,
		.vmpin = read_vmpin(),
		.system = now.system_pinned_pages,
		.charged = now.user_charged_pages,
		.context = now.context_pins,
	};
}

struct counters counters_read(void)
{
	return read_others(read_pinned());
}

/* As they were, or else what they are: one look is enough if it shows what is expected. */
static struct counters counters_read_again(const struct counters *before)
{
	uint64_t pinned = look_at_pinned();

	return read_others(pinned == before->pinned ? pinned : read_pinned());
}

void counters_expect(const struct counters *before, const char *when)
{
	struct counters now = counters_read_again(before);

	ck_assert_msg(now.pinned == before->pinned,
		      "%s: %lld pages pinned in the system that were not",
		      when, (long long)(now.pinned - before->pinned));
	ck_assert_msg(now.vmpin == before->vmpin, "%s: VmPin %llu kB, was %llu",
		      when, (unsigned long long)now.vmpin,
		      (unsigned long long)before->vmpin);
	ck_assert_msg(now.system == before->system,
		      "%s: module cap holds %llu pages, was %llu", when,
		      (unsigned long long)now.system,
		      (unsigned long long)before->system);
	ck_assert_msg(now.charged == before->charged,
		      "%s: user is charged %llu pages, was %llu", when,
		      (unsigned long long)now.charged,
		      (unsigned long long)before->charged);
	ck_assert_msg(now.context == before->context,
		      "%s: context has %llu pins, had %llu", when,
		      (unsigned long long)now.context,
		      (unsigned long long)before->context);
}

/*
 * What the ledger knows of is what is pinned and charged: after every test.  A test that
 * has become somebody else is not told.
 */
#ifndef PIN_TEST_WITHOUT_NETLINK
static int64_t unknown_at_start;

/* References to pages of which the ledger does not know; others may have some. */
static int64_t unknown_references(const struct counters *now)
{
	struct ledger_totals totals;

	ledger_connect();
	ck_assert_int_eq(ledger_totals(&totals), 0);
	ledger_disconnect();
	ck_assert_uint_eq(totals.u64[PIN_NL_A_TOTALS_CHARGED_PAGES], now->system);
	return now->pinned - totals.u64[PIN_NL_A_TOTALS_REFERENCES];
}

static void note_unknown(void)
{
	unknown_at_start = unknown_references(&at_start);
}

static void expect_none_unknown(void)
{
	struct counters now;

	if (geteuid())
		return;
	now = read_others(at_start.pinned);
	ck_assert_int_eq(unknown_references(&now), unknown_at_start);
}
#else
static void note_unknown(void)
{
}

static void expect_none_unknown(void)
{
}
#endif

static void setup(void)
{
	page = sysconf(_SC_PAGESIZE);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_msg(pin_fd >= 0, "/dev/pin: %s", strerror(errno));
	at_start = counters_read();
	ck_assert_uint_eq(at_start.vmpin, 0);
	ck_assert_uint_eq(at_start.context, 0);
	note_unknown();
}

/* Closing releases what the test left pinned; then nothing may be left. */
static void teardown(void)
{
	close(pin_fd);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(pin_fd, 0);
	counters_expect(&at_start, "after the test");
	expect_none_unknown();
	close(pin_fd);
}

TCase *tcase_with_context(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	/* Emulated machines and debug kernels are slow; hangs are the runner's. */
	tcase_set_timeout(tcase, 120);
	return tcase;
}

void skip(const char *test, const char *format, ...)
{
	const char *path = getenv("PIN_SKIPS");
	FILE *file = path ? fopen(path, "ae") : NULL;
	va_list args;
	char why[256];

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	ck_assert_msg(file, "PIN_SKIPS does not name a file");
	fprintf(file, "%s %s\n", test, why);
	fclose(file);
}

int call(unsigned int number, void *arg)
{
	return ioctl(pin_fd, number, arg) ? -errno : 0;
}

void note_reason(uint32_t reason)
{
	static bool noted[256];
	const char *path = getenv("PIN_TEST_REASONS");
	int fd;

	ck_assert_uint_lt(reason, sizeof(noted));
	if (!path || noted[reason])
		return;
	/* The file is root's, in a directory of everybody: O_CREAT would be denied. */
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_gt(dprintf(fd, "%s\n", reason_name(reason)), 0);
	close(fd);
	noted[reason] = true;
}

static int pin_with(struct pin_pin *arg, void *addr, size_t length, uint32_t flags)
{
	int err;

	arg->size = sizeof(*arg);
	arg->flags = flags;
	arg->addr = (uintptr_t)addr;
	arg->length = length;
	arg->cookie = 0x600DC00C1EULL;
	err = call(PIN_IOC_PIN, arg);
	if (err && arg->refusal.reason)
		note_reason(arg->refusal.reason);
	return err;
}

int pin_range(void *addr, size_t length, uint32_t flags, struct pin_pin *arg)
{
	memset(arg, POISON, sizeof(*arg));
	arg->reports = 0;
	arg->reports_capacity = 0;
	return pin_with(arg, addr, length, flags);
}

int pin_reported(void *addr, size_t length, uint32_t flags, struct pin_pin *arg,
		 struct check_result *told)
{
	int err;

	memset(arg, POISON, sizeof(*arg));
	memset(told, POISON, sizeof(*told));
	arg->reports = (uintptr_t)told->reports;
	arg->reports_capacity = sizeof(told->reports) / sizeof(*told->reports);
	arg->report_size = sizeof(*told->reports);
	err = pin_with(arg, addr, length, flags);
	told->count = arg->reports_count;
	told->refusal = arg->refusal;
	return err;
}

int unpin(uint64_t id)
{
	struct pin_unpin arg = { .size = sizeof(arg), .id = id };

	return call(PIN_IOC_UNPIN, &arg);
}

int query(uint64_t id, struct pin_query *arg)
{
	memset(arg, POISON, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->flags = 0;
	arg->id = id;
	arg->nodes = 0;
	arg->nodes_capacity = 0;
	arg->__reserved = 0;
	return call(PIN_IOC_QUERY, arg);
}

struct pin_info info(void)
{
	struct pin_info arg;

	memset(&arg, POISON, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = 0;
	ck_assert_int_eq(call(PIN_IOC_INFO, &arg), 0);
	return arg;
}

void check_range(void *addr, size_t length, uint32_t flags,
		 struct check_result *result)
{
	uint64_t end = ((uintptr_t)addr + length + page - 1) & ~(page - 1);
	const unsigned int room = 4096;
	struct pin_check arg = { .next = 0 };

	result->count = 0;
	result->refusal = (struct pin_refusal) { };
	do {
		uint64_t cursor = arg.next;

		memset(&arg, POISON, sizeof(arg));
		arg.size = sizeof(arg);
		arg.flags = flags;
		arg.pid = 0;
		arg.report_size = sizeof(struct pin_report);
		arg.addr = (uintptr_t)addr;
		arg.length = length;
		arg.cursor = cursor;
		arg.reports = (uintptr_t)&result->reports[result->count];
		arg.reports_capacity = room - result->count;
		arg.__reserved = 0;
		ck_assert_int_eq(call(PIN_IOC_CHECK, &arg), 0);
		ck_assert_uint_le(arg.reports_count, room - result->count);
		result->count += arg.reports_count;
		if (!result->refusal.reason)
			result->refusal = arg.refusal;
		ck_assert_uint_gt(arg.next, cursor);
	} while (arg.next != end);
	result->charge_pages = arg.charge_pages;
}

#define NAME(constant, name, error, scope)	[constant] = (name),
static const char *const names[] = { PIN_REASON_TABLE(NAME) };

#define ERROR(constant, name, error, scope)	[constant] = (error),
static const int errors[] = { PIN_REASON_TABLE(ERROR) };

#define SCOPE(constant, name, error, scope)	[constant] = (scope),
static const enum pin_reason_scope scopes[] = { PIN_REASON_TABLE(SCOPE) };

const char *reason_name(uint32_t reason)
{
	if (reason >= sizeof(names) / sizeof(*names))
		return "unknown";
	return reason ? names[reason] : "none";
}

int reason_errno(uint32_t reason)
{
	return errors[reason];
}

static bool blames_memory(uint32_t reason)
{
	return scopes[reason] == PIN_SCOPE_MAPPING || scopes[reason] == PIN_SCOPE_PAGE;
}

uint64_t expect_pinned(void *addr, size_t length, uint32_t flags)
{
	uint64_t start = (uintptr_t)addr & ~(page - 1);
	uint64_t end = ((uintptr_t)addr + length + page - 1) & ~(page - 1);
	uint32_t check_flags = flags & PIN_F_WRITE ? PIN_CHECK_WRITE : 0;
	static struct check_result checked;
	struct pin_query queried;
	struct pin_pin arg;
	int err;

	check_range(addr, length, check_flags, &checked);
	ck_assert_msg(!checked.refusal.reason, "CHECK refuses: %s at %#llx",
		      reason_name(checked.refusal.reason),
		      (unsigned long long)checked.refusal.addr);

	err = pin_range(addr, length, flags, &arg);
	ck_assert_msg(!err, "PIN: %s, %s at %#llx", strerror(-err),
		      reason_name(arg.refusal.reason),
		      (unsigned long long)arg.refusal.addr);
	ck_assert_uint_ne(arg.id, 0);
	ck_assert_uint_eq(arg.pages, (end - start) / page);
	ck_assert_uint_ge(arg.runs, 1);
	ck_assert_uint_le(arg.runs, arg.pages);
	ck_assert_uint_eq(arg.refusal.reason, 0);
	ck_assert_uint_eq(arg.refusal.error, 0);
	ck_assert_uint_eq(arg.refusal.addr, 0);

	ck_assert_int_eq(query(arg.id, &queried), 0);
	ck_assert_uint_eq(queried.addr, (uintptr_t)addr);
	ck_assert_uint_eq(queried.length, length);
	ck_assert_uint_eq(queried.cookie, arg.cookie);
	ck_assert_uint_eq(queried.pin_flags, flags);
	ck_assert_uint_eq(queried.mode, PIN_MODE_LONGTERM);
	ck_assert_uint_eq(queried.state, PIN_STATE_LIVE);
	ck_assert_uint_eq(queried.pages, arg.pages);
	ck_assert_uint_eq(queried.runs, arg.runs);
	ck_assert_uint_eq(queried.charged_pages, checked.charge_pages);
	ck_assert_int_eq(queried.pid, getpid());
	return arg.id;
}

static const struct pin_report *report_over(const struct check_result *told, uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < told->count; i++)
		if (addr >= told->reports[i].start && addr < told->reports[i].end)
			return &told->reports[i];
	ck_abort_msg("no report covers %#llx", (unsigned long long)addr);
}

void expect_blamed(const struct pin_pin *arg, const struct check_result *told)
{
	const struct pin_report *report = report_over(told, arg->refusal.addr);
	uint32_t reason = arg->refusal.reason;

	if (!blames_memory(reason))
		reason = 0;
	ck_assert_msg(report->reason == reason, "PIN says %s, its report %s",
		      reason_name(arg->refusal.reason), reason_name(report->reason));
	ck_assert_int_eq(report->error, reason ? reason_errno(reason) : 0);
}

/* Does CHECK's report over @bad_addr say what the refusal says? */
static void expect_report(const struct check_result *checked, uintptr_t bad_addr,
			  uint32_t reason, enum teller teller)
{
	const struct pin_report *report = report_over(checked, bad_addr);

	if (teller == BY_MAPPING) {
		ck_assert_uint_eq(report->reason, reason);
		ck_assert_int_eq(report->error, reason_errno(reason));
		return;
	}
	ck_assert_uint_eq(report->reason, 0);
	ck_assert_msg(teller == BY_LIMIT || report->flags & PIN_REPORT_TRY,
		      "CHECK does not say that only trying can tell");
}

void expect_refused(void *addr, size_t length, uint32_t flags, uint32_t reason,
		    void *bad_addr, enum teller teller)
{
	uint32_t check_flags = flags & PIN_F_WRITE ? PIN_CHECK_WRITE : 0;
	static struct check_result checked, told;
	struct counters before = counters_read();
	struct pin_pin arg;
	int err;

	check_range(addr, length, check_flags, &checked);
	if (teller != BY_MAPPING) {
		ck_assert_msg(!checked.refusal.reason, "CHECK refuses: %s",
			      reason_name(checked.refusal.reason));
	} else {
		ck_assert_msg(checked.refusal.reason == reason,
			      "CHECK says %s, not %s",
			      reason_name(checked.refusal.reason),
			      reason_name(reason));
		ck_assert_uint_eq(checked.refusal.addr, (uintptr_t)bad_addr);
	}
	expect_report(&checked, (uintptr_t)bad_addr, reason, teller);

	err = pin_reported(addr, length, flags, &arg, &told);
	ck_assert_msg(err, "PIN succeeds, expected %s", reason_name(reason));
	ck_assert_msg(arg.refusal.reason == reason, "PIN says %s (%s), not %s",
		      reason_name(arg.refusal.reason), strerror(-err),
		      reason_name(reason));
	ck_assert_int_eq(-err, reason_errno(reason));
	ck_assert_int_eq(arg.refusal.error, -err);
	ck_assert_uint_eq(arg.refusal.addr, (uintptr_t)bad_addr);
	ck_assert_uint_eq(arg.id, 0);
	ck_assert_uint_eq(arg.pages, 0);
	ck_assert_uint_eq(arg.runs, 0);
	expect_blamed(&arg, &told);
	counters_expect(&before, "after a refusal");
}

void *map_anon(size_t length)
{
	void *addr = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(addr, MAP_FAILED);
	/* What is one page is to be one page. */
	madvise(addr, length, MADV_NOHUGEPAGE);
	return addr;
}

void *map_file(const char *path, size_t length, int prot, int flags)
{
	int fd = open(path, (prot & PROT_WRITE && flags & MAP_SHARED ?
			     O_RDWR : O_RDONLY) | O_CLOEXEC);
	void *addr;

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	addr = mmap(NULL, length, prot, flags, fd, 0);
	ck_assert_msg(addr != MAP_FAILED, "mmap %s: %s", path, strerror(errno));
	close(fd);
	return addr;
}

void *map_hugetlb(size_t length, int flags)
{
	void *addr = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);

	ck_assert_msg(addr != MAP_FAILED, "hugetlb: %s", strerror(errno));
	return addr;
}

/* glibc hides the number where the headers are older than the kernel. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret	447
#endif

void *map_secret(void)
{
	int fd = syscall(SYS_memfd_secret, 0);
	void *addr;

	ck_assert_msg(fd >= 0, "memfd_secret: %s", strerror(errno));
	ck_assert_int_eq(ftruncate(fd, page), 0);
	addr = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	close(fd);
	return addr;
}

void touch(void *addr, size_t length)
{
	char *byte = addr;
	size_t i;

	for (i = 0; i < length; i += page)
		__atomic_store_n(&byte[i], 1, __ATOMIC_RELAXED);
}

const char *need_env(const char *name)
{
	const char *value = getenv(name);

	ck_assert_msg(value && *value, "%s is not set: run tests/func/guest.sh",
		      name);
	return value;
}

const char *make_file(const char *dir_variable, size_t length)
{
	static char path[512];
	static unsigned int serial;
	char *data = calloc(1, length);
	int fd;

	snprintf(path, sizeof(path), "%s/file-%d-%u", need_env(dir_variable),
		 getpid(), serial++);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, data, length), (ssize_t)length);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
	free(data);
	return path;
}

bool kernel_before(int major, int minor)
{
	struct utsname name;
	int is_major, is_minor;

	ck_assert_int_eq(uname(&name), 0);
	ck_assert_int_eq(sscanf(name.release, "%d.%d", &is_major, &is_minor), 2);
	return is_major < major || (is_major == major && is_minor < minor);
}

pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid)
		ck_assert_int_gt(pid, 0);
	return pid;
}

int in_child(int (*run)(void *), void *arg)
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(run(arg));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
