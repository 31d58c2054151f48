// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How long does a large pin, or its release, keep everybody else waiting? And how soon
 * does it end when its process is killed?
 *
 * Pinned is a file of FILE_BYTES, mapped again and again. Meters are the kernel's latency
 * tracers, if it has them (interrupts off, preemption off, either), and "wakeup", a thread
 * before all others that wakes up again and again and looks at how late it is: on a kernel
 * without preemption that is the longest way to a point where it reschedules.
 *
 * What the kernel does without the module, too, is told by the same meter without it: "busy"
 * only reads the memory, "gup_test" is the kernel's own tester, which pins as much at once,
 * "free" gives a program's memory back, and "messages" removes a queue of System V messages,
 * whose pieces the kernel frees one by one and reschedules in between, as UNPIN does with
 * the records of a pin's runs: now and then the allocator takes thousands of pages back in
 * one go. A stretch is too long if it is longer than MOST_US and than each of these.
 *
 * Time is instructions; see clock.h. Fields are separated by tabs:
 *
 *	pinned		kind, meter, GiB, runs of the pin
 *	stretch		kind, meter, what was done, microseconds, task, from, to
 *	kill		what was done, instructions from the signal to the first page that was
 *			given back, and to the end of the process; calls of GUP before the
 *			signal and after it
 *	ok, FAILED	what was compared, the figure, what it may be
 *
 * usage: bench-latency [GIB [KIND...]]
 * The module is loaded, for as many pages. Exits 1 if anything takes too long.
 */
#include <fcntl.h>
#include <linux/types.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pin/ioctl.h>

#include "clock.h"
#include "device.h"
#include "memory.h"
#include "tracing.h"

#define PAGE		4096UL
#define MIB		(1UL << 20)
#define GIB		(1UL << 30)
#define FILE_BYTES	(256 * MIB)
#define CONTROL_BYTES	GIB
#define PART_BYTES	(4 * GIB)
#define CONTROL_NS	300000000ULL
#define MESSAGE_BYTES	(16 * MIB)
#define WAKEUP_NS	50000
#define MOST_US		1000
#define FAULT_AROUND	"/sys/kernel/debug/fault_around_bytes"
#define MESSAGE_MOST	"/proc/sys/kernel/msgmax"
#define QUEUE_MOST	"/proc/sys/kernel/msgmnb"
#define HUGE_FILES	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/**
 * struct backing - a kind of file to pin
 * @name: as the output has it
 * @file: the kind of memory.h that it is
 * @touch: in which order its pages come into being
 * @huge: of huge pages, where the kernel makes them
 */
struct backing {
	const char *name;
	const char *file;
	void (*touch)(const struct memory *memory);
	bool huge;
};

static const struct backing backings[] = {
	{ "memfd", "memfd", memory_touch_in_order, false },
	{ "memfd-scattered", "memfd", memory_touch_scattered, false },
	{ "memfd-thp", "memfd", memory_touch_in_order, true },
	{ "memfd-hugetlb", "memfd-hugetlb", memory_touch_in_order, false },
};

static const char *const meters[] = { "preemptirqsoff", "irqsoff", "preemptoff", "wakeup" };

#define COUNT(array)	(sizeof(array) / sizeof(*(array)))

static int device;
static int failed;

static void expect_at_most(const char *who, const char *meter, const char *what,
			   uint64_t figure, uint64_t most)
{
	bool ok = figure <= most;

	printf("%s\t%s, %s, %s\t%llu\t%llu\n", ok ? "ok" : "FAILED", who, meter, what,
	       (unsigned long long)figure, (unsigned long long)most);
	failed += !ok;
}

/* --- memory */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("'%s' to %s", text, path);
	close(fd);
}

/* So that 64 GiB are mapped before long. */
static void fault_around_more(void)
{
	if (!access(FAULT_AROUND, W_OK))
		write_file(FAULT_AROUND, "2097152");
}

static const struct kind *find_kind(const char *name)
{
	const struct kind *kind = kinds;

	while (kind->name && strcmp(kind->name, name))
		kind++;
	return kind;
}

static struct memory make_file(const struct backing *backing)
{
	struct memory file;

	if (backing->huge)
		write_file(HUGE_FILES, "force");
	memory_map(&file, find_kind(backing->file), FILE_BYTES);
	backing->touch(&file);
	if (backing->huge)
		write_file(HUGE_FILES, "never");
	return file;
}

/* Reading maps the pages around, too, and for writing: it is a shared file in memory. */
static void read_all(const char *addr, size_t bytes)
{
	const char *at = addr;

	for (; at < addr + bytes; at += PAGE)
		__atomic_load_n(at, __ATOMIC_RELAXED);
}

static char *map_again_and_again(const struct memory *file, size_t bytes)
{
	char *addr = mmap(NULL, bytes + FILE_BYTES, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t at;

	if (addr == MAP_FAILED)
		die("addresses");
	addr = (char *)(((uintptr_t)addr + FILE_BYTES - 1) & -FILE_BYTES);
	for (at = 0; at < bytes; at += FILE_BYTES)
		if (mmap(addr + at, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 file->fd, 0) == MAP_FAILED)
			die("a file again");
	read_all(addr, bytes);
	return addr;
}

static uint64_t count_runs(uint64_t id)
{
	struct pin_query arg = { .size = sizeof(arg), .id = id };

	if (ioctl(device, PIN_IOC_QUERY, &arg))
		die("QUERY");
	return arg.runs;
}

/* --- meters */

static struct {
	pthread_t thread;
	_Atomic bool stop;
	uint64_t latest;
} wakeup;

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec) { ns / 1000000000, ns % 1000000000 };
}

static void *wake_up_again_and_again(void *unused)
{
	uint64_t due = clock_now() + WAKEUP_NS, late;
	struct timespec time;

	(void)unused;
	while (!wakeup.stop) {
		time = timespec_of(due);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
		late = clock_now() - due;
		if (late > wakeup.latest)
			wakeup.latest = late;
		due += late + WAKEUP_NS;
	}
	return NULL;
}

static void start_wakeup(void)
{
	struct sched_param param = { .sched_priority = 90 };
	pthread_attr_t attr;

	wakeup.stop = false;
	wakeup.latest = 0;
	if (pthread_attr_init(&attr) ||
	    pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED) ||
	    pthread_attr_setschedpolicy(&attr, SCHED_FIFO) ||
	    pthread_attr_setschedparam(&attr, &param) ||
	    pthread_create(&wakeup.thread, &attr, wake_up_again_and_again, NULL))
		die("a thread that wakes up");
	pthread_attr_destroy(&attr);
}

static struct stretch stop_wakeup(void)
{
	wakeup.stop = true;
	pthread_join(wakeup.thread, NULL);
	return (struct stretch) { wakeup.latest, "-", "-", "-" };
}

static bool is_wakeup(const char *meter)
{
	return !strcmp(meter, "wakeup");
}

static void start(const char *meter)
{
	if (is_wakeup(meter))
		start_wakeup();
	else
		tracing_watch(meter);
}

static struct stretch stop(const char *meter)
{
	return is_wakeup(meter) ? stop_wakeup() : tracing_longest();
}

static void tell(const char *kind, const char *meter, const char *what, struct stretch stretch)
{
	printf("stretch\t%s\t%s\t%s\t%llu\t%s\t%s\t%s\n", kind, meter, what,
	       (unsigned long long)stretch.ns / 1000, stretch.task, stretch.from, stretch.to);
}

/* --- what is done while they run */

/* As the kernel's mm/gup_test.h has it, which is not among its headers for programs. */
struct gup_test {
	__u64 get_delta_usec;
	__u64 put_delta_usec;
	__u64 addr;
	__u64 size;
	__u32 nr_pages_per_call;
	__u32 gup_flags;
	__u32 test_flags;
	__u32 which_pages[8];
};

#define PIN_FAST_BENCHMARK	_IOWR('g', 2, struct gup_test)
#define GUP_TEST		"/sys/kernel/debug/gup_test"
#define FOLL_WRITE		(1 << 0)
#define FOLL_LONGTERM		(1 << 8)
#define BATCH			512	/* as the driver */

static uint64_t control_gup_test(const char *kind, const char *meter, char *addr)
{
	struct stretch stretch;
	struct gup_test arg = {
		.addr = (uintptr_t)addr,
		.size = CONTROL_BYTES,
		.nr_pages_per_call = BATCH,
		.gup_flags = FOLL_WRITE | FOLL_LONGTERM,
	};
	int fd = open(GUP_TEST, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		printf("absent\t%s\n", GUP_TEST);
		return 0;
	}
	start(meter);
	if (ioctl(fd, PIN_FAST_BENCHMARK, &arg))
		die("PIN_FAST_BENCHMARK");
	stretch = stop(meter);
	tell(kind, meter, "gup_test", stretch);
	close(fd);
	return stretch.ns;
}

static uint64_t control_busy(const char *kind, const char *meter, char *addr)
{
	uint64_t until = clock_now() + CONTROL_NS;
	struct stretch stretch;

	start(meter);
	while (clock_now() < until)
		read_all(addr, FILE_BYTES);
	stretch = stop(meter);
	tell(kind, meter, "busy", stretch);
	return stretch.ns;
}

static uint64_t control_free(const char *kind, const char *meter)
{
	struct stretch stretch;
	struct memory memory;

	memory_map(&memory, find_kind("4k"), FILE_BYTES);
	memory_touch_in_order(&memory);
	start(meter);
	memory_unmap(&memory);
	stretch = stop(meter);
	tell(kind, meter, "free", stretch);
	return stretch.ns;
}

/* As much as the records of two million runs. */
static uint64_t control_messages(const char *kind, const char *meter)
{
	struct msgbuf *message = calloc(1, sizeof(*message) + MESSAGE_BYTES);
	struct stretch stretch;
	int queue;

	write_file(MESSAGE_MOST, "16777216");
	write_file(QUEUE_MOST, "16777216");
	queue = msgget(IPC_PRIVATE, 0600);
	if (!message || queue < 0)
		die("a queue of messages");
	message->mtype = 1;
	if (msgsnd(queue, message, MESSAGE_BYTES, 0))
		die("a message");
	free(message);
	start(meter);
	if (msgctl(queue, IPC_RMID, NULL))
		die("IPC_RMID");
	stretch = stop(meter);
	tell(kind, meter, "messages", stretch);
	return stretch.ns;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What a stretch may last, in microseconds. */
static uint64_t bench_control(const char *kind, const char *meter, char *addr)
{
	uint64_t ns = control_busy(kind, meter, addr);

	ns = larger(ns, control_gup_test(kind, meter, addr));
	ns = larger(ns, control_free(kind, meter));
	ns = larger(ns, control_messages(kind, meter));
	return larger(ns / 1000, MOST_US);
}

static void bench_pin(const char *kind, const char *meter, char *addr, size_t bytes, uint64_t most)
{
	struct stretch pin, unpin;
	uint64_t id;

	start(meter);
	id = device_pin(device, addr, bytes);
	pin = stop(meter);
	tell(kind, meter, "PIN", pin);
	if (!is_wakeup(meter))
		tracing_print();
	printf("pinned\t%s\t%s\t%zu\t%llu\n", kind, meter, (size_t)(bytes / GIB),
	       (unsigned long long)count_runs(id));
	start(meter);
	device_unpin(device, id);
	unpin = stop(meter);
	tell(kind, meter, "UNPIN", unpin);
	if (!is_wakeup(meter))
		tracing_print();
	expect_at_most(kind, meter, "PIN", pin.ns / 1000, most);
	expect_at_most(kind, meter, "UNPIN", unpin.ns / 1000, most);
}

static bool has_meter(const char *meter)
{
	return is_wakeup(meter) || tracing_has(meter);
}

/* What the first meter sees is the longest of all, so the others need not see all. */
static void bench_backing(const struct backing *backing, size_t bytes)
{
	struct memory file = make_file(backing);
	char *addr = map_again_and_again(&file, bytes);
	size_t i, part = bytes;
	uint64_t most;

	for (i = 0; i < COUNT(meters); i++) {
		if (!has_meter(meters[i])) {
			printf("absent\t%s\n", meters[i]);
			continue;
		}
		most = bench_control(backing->name, meters[i], addr);
		bench_pin(backing->name, meters[i], addr, part, most);
		if (part > PART_BYTES)
			part = PART_BYTES;
	}
	munmap(addr, bytes);
	memory_unmap(&file);
}

/* --- a process that is killed */

static void be_killed(int ready, size_t bytes, bool pins)
{
	struct memory file = make_file(&backings[0]);
	char *addr = map_again_and_again(&file, bytes);

	if (write(ready, "", 1) != 1)
		_exit(1);
	while (!pins)
		pause();
	device_pin(device, addr, bytes);
	/* It was not killed in time. */
	_exit(1);
}

/* The killer runs before all others, so that nothing keeps the signal waiting. */
static uint64_t kill_after(pid_t child, uint64_t ns)
{
	struct timespec time = timespec_of(ns);
	uint64_t killed;
	int status;

	run_before_all_others(true);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
	killed = clock_ticks();
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
		die("a process to kill, status %x", status);
	killed = clock_ticks() - killed;
	run_before_all_others(false);
	return killed;
}

static void bench_kill(size_t bytes, bool pins)
{
	struct course course;
	uint64_t gone;
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready))
		die("a pipe");
	child = fork();
	if (!child)
		be_killed(ready[1], bytes, pins);
	if (child < 0 || read(ready[0], &byte, 1) != 1)
		die("a process");
	tracing_follow(child);
	/* On the way: a page takes more than a hundred instructions. */
	gone = kill_after(child, bytes / PAGE * 100);
	course = tracing_course();
	close(ready[0]);
	close(ready[1]);
	printf("kill\t%s\t%llu\t%llu\t%lu\t%lu\n", pins ? "PIN" : "nothing",
	       course.release ? (unsigned long long)(course.release - course.kill) : 0ULL,
	       (unsigned long long)gone, course.calls, course.calls_after);
	if (!pins)
		return;
	if (!course.kill || !course.release || !course.calls) {
		printf("FAILED\tno process was killed while it pinned\n");
		failed++;
	}
	expect_at_most("kill", "calls of GUP", "after the signal", course.calls_after, 1);
	expect_at_most("kill", "microseconds", "from the signal to the release",
		       (course.release - course.kill) / 1000, MOST_US);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc <= 2;
}

int main(int argc, char **argv)
{
	size_t bytes = (argc > 1 ? strtoul(argv[1], NULL, 10) : 64) * GIB;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (mlockall(MCL_CURRENT))
		die("mlockall");
	clock_check();
	fault_around_more();
	device = device_open();
	for (i = 0; i < COUNT(backings); i++)
		if (is_wanted(backings[i].name, argc, argv))
			bench_backing(&backings[i], bytes);
	if (tracing_has("function")) {
		bench_kill(bytes, false);
		bench_kill(bytes, true);
	} else {
		printf("absent\tfunction\n");
	}
	return failed != 0;
}
