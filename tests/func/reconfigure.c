// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Persistent memory that an administrator reconfigures while others have pins in it:
 * what is left of a lost lease keeps nobody waiting, a longterm pin keeps the struct
 * pages and tells who holds it, and threads that pin all the time get over it. Needs a
 * machine of its own, whose devices come and go.
 */
#include "leased.h"

#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES	64
#define HUGE	(2UL << 20)

/* The exit status of a shell command, what it says in the log. */
static int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int shell(const char *format, ...)
{
	char command[256];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	status = system(command);
	ck_assert_msg(WIFEXITED(status), "%s: ended by a signal", command);
	return WEXITSTATUS(status);
}

static pid_t shell_start(const char *command)
{
	pid_t pid = fork_child();

	if (!pid) {
		/* It is not to hold what it removes. */
		close(pin_fd);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* --- leases */

/* What is mounted on a directory: device, type and options. */
struct mounted {
	char device[64], type[16];
};

static struct mounted mounted_on(const char *dir)
{
	struct mounted mounted;
	char line[512], at[128];
	FILE *file = fopen("/proc/mounts", "re");

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %127s %15s", mounted.device, at, mounted.type) == 3 &&
		    !strcmp(at, dir)) {
			fclose(file);
			return mounted;
		}
	}
	ck_abort_msg("nothing is mounted on %s", dir);
}

static void by_truncate(const struct leased *leased)
{
	ck_assert_int_eq(ftruncate(leased->fd, 0), 0);
}

static void by_munmap(const struct leased *leased)
{
	ck_assert_int_eq(munmap(leased->addr, leased->length), 0);
}

static void (*const takes[])(const struct leased *leased) = { by_truncate, by_munmap };

#define TAKES	((int)(sizeof(takes) / sizeof(*takes)))

/* While a lease lives its file is in use; once it is lost nothing of it is. */
START_TEST(lost_lease)
{
	const char *dir = need_env(dax_dirs[_i / TAKES]);
	struct mounted mounted = mounted_on(dir);
	struct leased leased;
	char name[64];

	leased_namespace(dir, name, sizeof(name));
	leased_open(&leased, dax_dirs[_i / TAKES], PAGES * page);
	leased_pin(&leased);
	ck_assert_int_ne(shell("ndctl disable-namespace %s", name), 0);
	ck_assert_int_eq(umount(dir), -1);
	ck_assert_int_eq(errno, EBUSY);
	expect_live(leased.id);
	expect_no_event();

	takes[_i % TAKES](&leased);
	leased_close(&leased);
	ck_assert_msg(!umount(dir), "umount %s: %s", dir, strerror(errno));
	ck_assert_int_eq(shell("ndctl disable-namespace %s", name), 0);
	/* The struct pages of its runs are gone. */
	expect_revoked(leased.id);
	expect_event(leased.id);
	ck_assert_int_eq(shell("ndctl enable-namespace %s", name), 0);
	expect_revoked(leased.id);
	ck_assert_int_eq(unpin(leased.id), 0);
	ck_assert_msg(!mount(mounted.device, dir, mounted.type, 0, "dax=always"),
		      "mount %s: %s", dir, strerror(errno));
	/* And can be leased as before. */
	leased_open(&leased, dax_dirs[_i / TAKES], PAGES * page);
	leased_pin(&leased);
	ck_assert_int_eq(unpin(leased.id), 0);
	leased_close(&leased);
}
END_TEST

/* --- device-dax */

/* The name of the device, and that of its namespace. */
static const char *dax_name(void)
{
	return strrchr(need_env("PIN_TEST_DEVDAX"), '/') + 1;
}

static const char *dax_namespace(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "namespace%s", dax_name() + strlen("dax"));
	return name;
}

static void start_disable(char *command, size_t size)
{
	snprintf(command, size, "daxctl disable-device %s", dax_name());
}

static void undo_disable(void)
{
	ck_assert_int_eq(shell("daxctl enable-device %s", dax_name()), 0);
}

static void start_destroy(char *command, size_t size)
{
	snprintf(command, size, "ndctl destroy-namespace -f %s", dax_namespace());
}

static void undo_destroy(void)
{
	ck_assert_int_eq(shell("ndctl create-namespace -f -e %s -m devdax -a 2M",
			       dax_namespace()), 0);
}

static const struct removal {
	void (*start)(char *command, size_t size);
	void (*undo)(void);
} removals[] = {
	{ start_disable, undo_disable },
	{ start_destroy, undo_destroy },
};

#define REMOVALS	((int)(sizeof(removals) / sizeof(*removals)))

static char *map_device(size_t length)
{
	return map_file(need_env("PIN_TEST_DEVDAX"), length, PROT_READ | PROT_WRITE,
			MAP_SHARED);
}

/* The processes that hold pins, as anybody finds them: in fdinfo. */
static unsigned int find_holders(pid_t *holder)
{
	unsigned int found = 0;
	glob_t files;
	size_t i;

	ck_assert_int_eq(glob("/proc/[0-9]*/fdinfo/*", 0, NULL, &files), 0);
	for (i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "re");
		unsigned int pins = 0, pid;
		char line[128];

		while (file && fgets(line, sizeof(line), file))
			sscanf(line, "pins: %u", &pins);
		if (file)
			fclose(file);
		if (!pins)
			continue;
		ck_assert_int_eq(sscanf(files.gl_pathv[i], "/proc/%u/", &pid), 1);
		*holder = pid;
		found++;
	}
	globfree(&files);
	return found;
}

/* A process that pins the device's memory, in a context of its own, and waits. */
static pid_t start_holder(void)
{
	int pipes[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork_child();
	if (!pid) {
		struct pin_pin arg;

		close(pin_fd);
		pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
		if (pin_range(map_device(HUGE), HUGE, PIN_F_WRITE, &arg) ||
		    write(pipes[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	return pid;
}

static bool is_over(pid_t pid)
{
	int status, got = waitpid(pid, &status, WNOHANG);

	ck_assert_int_ge(got, 0);
	if (got)
		ck_assert_int_eq(status, 0);
	return got;
}

static void expect_success(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!status, "the removal has failed: %#x", status);
}

/* Whoever removes the device waits for the pin, and finds out whose it is. */
START_TEST(holder_is_told)
{
	const struct removal *removal = &removals[_i];
	pid_t holder = start_holder(), found = 0, remover;
	char *addr = map_device(HUGE), command[128];
	struct pin_pin arg;
	int tries;

	ck_assert_uint_eq(find_holders(&found), 1);
	ck_assert_int_eq(found, holder);
	removal->start(command, sizeof(command));
	remover = shell_start(command);
	/* It has begun when nothing more can be pinned. */
	for (tries = 0; tries < 3000; tries++) {
		if (pin_range(addr, HUGE, PIN_F_WRITE, &arg))
			break;
		ck_assert_int_eq(unpin(arg.id), 0);
		usleep(10000);
	}
	ck_assert_int_lt(tries, 3000);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_DEVICE_BUSY);
	sleep(1);
	ck_assert(!is_over(remover));
	ck_assert_uint_eq(find_holders(&found), 1);
	ck_assert_int_eq(found, holder);
	/* The way out for an administrator. */
	ck_assert_int_eq(kill(found, SIGKILL), 0);
	ck_assert_int_eq(waitpid(holder, NULL, 0), holder);
	expect_success(remover);
	munmap(addr, HUGE);
	removal->undo();
	addr = map_device(HUGE);
	ck_assert_int_eq(unpin(expect_pinned(addr, HUGE, PIN_F_WRITE)), 0);
	munmap(addr, HUGE);
}
END_TEST

/* --- all at once */

#define LOAD_LENGTH	(2 * HUGE)
#define LOAD_PIN	(64 * page)
#define LOAD_CALLS	50

static atomic_bool stop;
static atomic_ulong pins, refusals, copies, faults, lost_faults;

/*
 * Two things that Linux 6.12 cannot stand, with pins or without, are kept out. Who opens
 * device-dax as it goes and maps it then makes check_vma() of device_dax oops: so the lock
 * is held for reading while the device is opened and mapped, for writing while it is not
 * there. And dev_dax_probe() begins to count the references to its cdev anew, while old
 * mappings have some: so all of those go while @gone, before the device comes back.
 */
static pthread_rwlock_t device_lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_bool gone;
static atomic_uint mapped;

static __thread sigjmp_buf after_sigbus;

static void handle_sigbus(int number)
{
	siglongjmp(after_sigbus, 1);
}

/* Pin somewhere in it, copy through the pin, let go; false if the device is gone. */
static bool load_pin(char *addr, unsigned int *seed)
{
	size_t offset = rand_r(seed) % (LOAD_LENGTH - LOAD_PIN);
	size_t length = 1 + rand_r(seed) % LOAD_PIN;
	struct pin_pin arg;
	char bytes[64];
	uint64_t done;

	if (pin_range(addr + offset, length, rand_r(seed) % 2 ? PIN_F_WRITE : 0, &arg)) {
		/* Nothing but what a device in motion explains. */
		ck_assert_msg(arg.refusal.reason == PIN_REASON_DEVICE_BUSY ||
			      arg.refusal.reason == PIN_REASON_FAULT_FAILED ||
			      arg.refusal.reason == PIN_REASON_MAPPING_CHANGED,
			      "PIN says %s", reason_name(arg.refusal.reason));
		refusals++;
		return false;
	}
	pins++;
	if (!pin_read(arg.id, 0, bytes, length < 64 ? length : 64, &done))
		copies++;
	ck_assert_int_eq(unpin(arg.id), 0);
	return true;
}

static bool load_fault(char *addr, unsigned int *seed)
{
	_Atomic char *at = (_Atomic char *)addr + rand_r(seed) % LOAD_LENGTH;

	if (sigsetjmp(after_sigbus, 1)) {
		lost_faults++;
		return false;
	}
	if (rand_r(seed) % 2)
		*at = 1;
	else
		(void)*at;
	faults++;
	if (!(rand_r(seed) % 8))
		madvise(addr, LOAD_LENGTH, MADV_DONTNEED);
	return true;
}

struct loader {
	pthread_t thread;
	unsigned int seed;
	char *addr;
};

static void unmap(struct loader *loader)
{
	if (!loader->addr)
		return;
	munmap(loader->addr, LOAD_LENGTH);
	loader->addr = NULL;
	mapped--;
}

/* Map the device anew if it is there; while it goes the loader stays with what it has. */
static void remap(struct loader *loader)
{
	if (gone)
		unmap(loader);
	if (!loader->addr)
		pthread_rwlock_rdlock(&device_lock);
	else if (pthread_rwlock_tryrdlock(&device_lock))
		return;
	unmap(loader);
	loader->addr = map_device(LOAD_LENGTH);
	mapped++;
	pthread_rwlock_unlock(&device_lock);
}

static void *run_loader(void *data)
{
	struct loader *loader = data;
	bool (*use)(char *addr, unsigned int *seed);
	unsigned int i;

	while (!stop) {
		remap(loader);
		use = rand_r(&loader->seed) % 2 ? load_pin : load_fault;
		for (i = 0; i < LOAD_CALLS && !stop; i++)
			if (!use(loader->addr, &loader->seed))
				usleep(1000);
	}
	unmap(loader);
	return NULL;
}

static unsigned int rounds(void)
{
	const char *set = getenv("PIN_TEST_ROUNDS");

	return set ? strtoul(set, NULL, 10) : 2;
}

static void remove_once(const struct removal *removal)
{
	unsigned long pins_before = pins, faults_before = faults;
	char command[128];

	/* Not before somebody has got at it again. */
	while (pins < pins_before + 4 || faults < faults_before + 4)
		usleep(10000);
	pthread_rwlock_wrlock(&device_lock);
	removal->start(command, sizeof(command));
	expect_success(shell_start(command));
	/* Those who still have it mapped find out. */
	pins_before = refusals;
	faults_before = lost_faults;
	while (refusals == pins_before && lost_faults == faults_before)
		usleep(10000);
	gone = true;
	while (mapped)
		usleep(10000);
	removal->undo();
	gone = false;
	pthread_rwlock_unlock(&device_lock);
}

START_TEST(under_load)
{
	enum { LOADERS = 4 };
	struct sigaction action = { .sa_handler = handle_sigbus };
	struct loader loaders[LOADERS];
	unsigned int i;

	ck_assert_int_eq(sigaction(SIGBUS, &action, NULL), 0);
	stop = false;
	for (i = 0; i < LOADERS; i++) {
		loaders[i] = (struct loader) { .seed = i + 1 };
		ck_assert_int_eq(pthread_create(&loaders[i].thread, NULL, run_loader,
						&loaders[i]), 0);
	}
	for (i = 0; i < rounds() * REMOVALS; i++)
		remove_once(&removals[i % REMOVALS]);
	stop = true;
	for (i = 0; i < LOADERS; i++)
		pthread_join(loaders[i].thread, NULL);
	printf("%u removals: %lu pins, %lu refusals, %lu copies, %lu faults, %lu SIGBUS\n",
	       rounds() * REMOVALS, pins, refusals, copies, faults, lost_faults);
	fflush(stdout);
	/* Each happened, or the load proves nothing. */
	ck_assert(pins && refusals && copies && faults && lost_faults);
}
END_TEST

Suite *reconfigure_suite(void)
{
	Suite *suite = suite_create("reconfigure");
	TCase *tcase = tcase_with_context("reconfigure");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, lost_lease, 0, DAX_DIRS * TAKES);
	tcase_add_loop_test(tcase, holder_is_told, 0, REMOVALS);
	suite_add_tcase(suite, tcase);
	tcase = tcase_with_context("under-load");
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, under_load);
	suite_add_tcase(suite, tcase);
	return suite;
}
