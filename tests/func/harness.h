/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every suite of the driver stands on: an open context whose clean-up is
 * proved, calls with poisoned outputs, and memory of every kind.
 */
#ifndef PIN_TEST_HARNESS_H
#define PIN_TEST_HARNESS_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <pin/ioctl.h>

/* Byte that outputs hold before a call. */
#define POISON	0xA5

/* The context of the running test, opened by the fixture. */
extern int pin_fd;
extern size_t page;

Suite *contract_suite(void);
Suite *hostile_suite(void);
Suite *boundaries_suite(void);
Suite *flips_suite(void);
Suite *descriptor_suite(void);
Suite *kinds_suite(void);
Suite *refusals_suite(void);
Suite *reports_suite(void);
Suite *account_suite(void);
Suite *limits_suite(void);
Suite *limits_owners_suite(void);
Suite *lifetime_suite(void);
Suite *access_suite(void);
Suite *races_suite(void);
Suite *runs_suite(void);
Suite *oracle_suite(void);
Suite *privacy_suite(void);
Suite *kill_suite(void);
Suite *oom_suite(void);
Suite *lifecycle_suite(void);
Suite *soak_suite(void);
Suite *lease_suite(void);
Suite *revoke_suite(void);
Suite *sharing_suite(void);
Suite *blocks_suite(void);
Suite *powercut_suite(void);
Suite *lasting_suite(void);
Suite *windows_suite(void);
Suite *matrix_suite(void);
Suite *trace_suite(void);
Suite *traced_suite(void);
Suite *ledger_suite(void);
Suite *ledger_churn_suite(void);
Suite *ledger_release_suite(void);
Suite *ledger_events_suite(void);
Suite *ledger_hostile_suite(void);
Suite *ledger_privacy_suite(void);
Suite *movable_suite(void);
Suite *cma_suite(void);
Suite *area_suite(void);
Suite *zone_suite(void);
Suite *pressure_suite(void);
Suite *removal_suite(void);
Suite *failnth_suite(void);
Suite *ledger_failnth_suite(void);
Suite *reconfigure_suite(void);
Suite *pairs_suite(void);
Suite *windows_runs_suite(void);
Suite *windows_lease_suite(void);
Suite *windows_ledger_suite(void);

/*
 * A group of tests with the fixture: it opens a context and notes every counter;
 * after the test it closes the context and expects the counters back.
 */
TCase *tcase_with_context(const char *name);

/* Says that @test cannot run here; the test then returns. */
void skip(const char *test, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One more than the highest reason. */
#define COUNT_REASON(constant, name, error, scope) COUNT_##constant,
enum { COUNT_NONE, PIN_REASON_TABLE(COUNT_REASON) REASONS };

/* What must be the same before and after anything that leaves no pin. */
struct counters {
	uint64_t pinned;	/* pages, all of the system, of /proc/vmstat */
	uint64_t vmpin;		/* KiB, this process */
	uint64_t system;	/* pages, the module's */
	uint64_t charged;	/* pages, this user */
	uint64_t context;	/* pins of this context */
};

struct counters counters_read(void);
void counters_expect(const struct counters *before, const char *when);

/* Calls: 0 or -errno.  Outputs are poisoned before. */
int call(unsigned int number, void *arg);
int pin_range(void *addr, size_t length, uint32_t flags, struct pin_pin *arg);
int unpin(uint64_t id);
/* Notes in the file that PIN_TEST_REASONS names that PIN has refused for this reason. */
void note_reason(uint32_t reason);
int query(uint64_t id, struct pin_query *arg);
struct pin_info info(void);

/* All reports of a range; returns their number. */
struct check_result {
	struct pin_report reports[4096];
	unsigned int count;
	struct pin_refusal refusal;
	uint64_t charge_pages;
};

void check_range(void *addr, size_t length, uint32_t flags,
		 struct check_result *result);

const char *reason_name(uint32_t reason);
int reason_errno(uint32_t reason);

/* PIN with room for reports, which go into @told. */
int pin_reported(void *addr, size_t length, uint32_t flags, struct pin_pin *arg,
		 struct check_result *told);
/*
 * PIN's own report of the refused address blames the mapping or the page if the reason
 * tells of them, and does not if it tells of a limit or of the attempt.
 */
void expect_blamed(const struct pin_pin *arg, const struct check_result *told);

/*
 * Pins, expects success and that CHECK had nothing against it, queries, and
 * returns the id.
 */
uint64_t expect_pinned(void *addr, size_t length, uint32_t flags);

/* What tells that a pin is refused. */
enum teller {
	BY_MAPPING,	/* CHECK and PIN say the same */
	BY_TRYING,	/* CHECK says that only trying can tell */
	BY_LIMIT,	/* CHECK has nothing against the mapping */
};

/* Expects a refusal with this reason at this address, and nothing changed. */
void expect_refused(void *addr, size_t length, uint32_t flags, uint32_t reason,
		    void *bad_addr, enum teller teller);

/* Memory; every maker aborts the test if it cannot. */
void *map_anon(size_t length);
void *map_file(const char *path, size_t length, int prot, int flags);
void *map_hugetlb(size_t length, int flags);
/* A page of memfd_secret(2). */
void *map_secret(void);
void touch(void *addr, size_t length);
/* A file of @length bytes under $DIR_VARIABLE; the path is static. */
const char *make_file(const char *dir_variable, size_t length);
const char *need_env(const char *name);

/* Is this kernel older than that? */
bool kernel_before(int major, int minor);

/*
 * fork() that fails the test if there is no child. Each assertion of check takes a lock
 * in the process: a child forked while another thread is about one would wait for it for
 * ever, so where there are threads the child asserts nothing, and nothing does before it.
 */
pid_t fork_child(void);

/*
 * For suites that are also 32-bit programs: what glibc 2.36 calls for usleep(3) in them a
 * kernel without COMPAT_32BIT_TIME does not have, and the test would spin.
 */
void sleep_ms(int ms);

/* Run in a forked child; the child's exit status, 0 if all is well. */
int in_child(int (*run)(void *), void *arg);

#endif /* PIN_TEST_HARNESS_H */
