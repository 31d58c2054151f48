// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that cannot be pinned: each with its own reason, errno and address. */
#include "harness.h"
#include "memory.h"
#include "phys.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

static void refused_both_ways(void *addr, size_t length, uint32_t reason)
{
	expect_refused(addr, length, 0, reason, addr, BY_MAPPING);
	expect_refused(addr, length, PIN_F_WRITE, reason, addr, BY_MAPPING);
}

START_TEST(hole)
{
	char *addr = map_anon(4 * page);

	munmap(addr, 4 * page);
	refused_both_ways(addr, 4 * page, PIN_REASON_HOLE);
	/* Below the stack, in kernel space, in no space at all. */
	refused_both_ways((char *)NULL + page, page, PIN_REASON_HOLE);
	refused_both_ways((void *)0xffff888000000000UL, page, PIN_REASON_HOLE);
	refused_both_ways((void *)0x8000000000000000UL, page, PIN_REASON_HOLE);
}
END_TEST

START_TEST(hole_at_the_end)
{
	char *addr = map_anon(4 * page);

	munmap(addr + 3 * page, page);
	expect_refused(addr, 4 * page, PIN_F_WRITE, PIN_REASON_HOLE,
		       addr + 3 * page, BY_MAPPING);
}
END_TEST

/*
 * A terabyte with a bad end is refused without a page of it being touched; a 32-bit
 * program has room for a gigabyte.
 */
START_TEST(large_range_untouched)
{
	const size_t length = (size_t)1 << (sizeof(size_t) == 8 ? 40 : 30);
	char *addr = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned char present;

	ck_assert_ptr_ne(addr, MAP_FAILED);
	munmap(addr + length - page, page);
	expect_refused(addr, length, PIN_F_WRITE, PIN_REASON_HOLE,
		       addr + length - page, BY_MAPPING);
	ck_assert_int_eq(mincore(addr, page, &present), 0);
	ck_assert_int_eq(present & 1, 0);
	munmap(addr, length - page);
}
END_TEST

static void fsdax_refused(const char *dir_variable)
{
	const char *path = make_file(dir_variable, 2 * HUGE);
	char *addr = map_file(path, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED);
	char *room;

	refused_both_ways(addr, 2 * HUGE, PIN_REASON_FSDAX);
	touch(addr, 2 * HUGE);
	refused_both_ways(addr, 2 * HUGE, PIN_REASON_FSDAX);
	munmap(addr, 2 * HUGE);

	addr = map_file(path, page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	refused_both_ways(addr, page, PIN_REASON_FSDAX);
	munmap(addr, page);

	/* The first bad address, not the first address. */
	room = map_anon(3 * page);
	munmap(room + page, 2 * page);
	addr = map_file(path, page, PROT_READ | PROT_WRITE, MAP_SHARED);
	ck_assert_ptr_eq(mremap(addr, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
				room + page), room + page);
	expect_refused(room, 2 * page, PIN_F_WRITE, PIN_REASON_FSDAX, room + page,
		       BY_MAPPING);
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(fsdax_ext4)
{
	fsdax_refused("PIN_TEST_EXT4DAX");
}
END_TEST

START_TEST(fsdax_xfs)
{
	fsdax_refused("PIN_TEST_XFSDAX");
}
END_TEST

START_TEST(dev_mem)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	void *addr;

	ck_assert_msg(fd >= 0, "/dev/mem: %s", strerror(errno));
	/* The VGA frame buffer: a hole in RAM on every PC. */
	addr = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0xa0000);
	ck_assert_msg(addr != MAP_FAILED, "mmap /dev/mem: %s", strerror(errno));
	refused_both_ways(addr, page, PIN_REASON_IO_MAPPING);
	close(fd);
}
END_TEST

START_TEST(pci_bar)
{
	void *addr = map_file(need_env("PIN_TEST_PCI_BAR"), page,
			      PROT_READ | PROT_WRITE, MAP_SHARED);

	refused_both_ways(addr, page, PIN_REASON_IO_MAPPING);
}
END_TEST

START_TEST(secretmem)
{
	void *addr = map_secret();

	refused_both_ways(addr, page, PIN_REASON_SECRETMEM);
	touch(addr, page);
	refused_both_ways(addr, page, PIN_REASON_SECRETMEM);
	/* The page itself is charged to the user, as locked memory. */
	munmap(addr, page);
}
END_TEST

/* On every kernel, also where GUP itself would let it through. */
static void shared_file_refused(const char *dir_variable)
{
	const char *path = make_file(dir_variable, 4 * page);
	void *addr = map_file(path, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED);

	expect_refused(addr, 4 * page, PIN_F_WRITE,
		       PIN_REASON_FILE_DIRTY_TRACKING, addr, BY_MAPPING);
	touch(addr, 4 * page);
	expect_refused(addr, 4 * page, PIN_F_WRITE,
		       PIN_REASON_FILE_DIRTY_TRACKING, addr, BY_MAPPING);
	ck_assert_int_eq(unpin(expect_pinned(addr, 4 * page, 0)), 0);
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(shared_ext4)
{
	shared_file_refused("PIN_TEST_EXT4");
}
END_TEST

START_TEST(shared_xfs)
{
	shared_file_refused("PIN_TEST_XFS");
}
END_TEST

START_TEST(protections)
{
	char *addr = map_anon(page);

	touch(addr, page);
	ck_assert_int_eq(mprotect(addr, page, PROT_READ), 0);
	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_NOT_WRITABLE, addr,
		       BY_MAPPING);
	ck_assert_int_eq(unpin(expect_pinned(addr, page, 0)), 0);

	/* The fast path would let a read pin of these through. */
	ck_assert_int_eq(mprotect(addr, page, PROT_WRITE), 0);
	expect_refused(addr, page, 0, PIN_REASON_NOT_READABLE, addr, BY_MAPPING);
	ck_assert_int_eq(unpin(expect_pinned(addr, page, PIN_F_WRITE)), 0);
	ck_assert_int_eq(mprotect(addr, page, PROT_EXEC), 0);
	expect_refused(addr, page, 0, PIN_REASON_NOT_READABLE, addr, BY_MAPPING);
	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_NOT_WRITABLE, addr,
		       BY_MAPPING);

	ck_assert_int_eq(mprotect(addr, page, PROT_NONE), 0);
	expect_refused(addr, page, 0, PIN_REASON_NOT_READABLE, addr, BY_MAPPING);
	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_NOT_WRITABLE, addr,
		       BY_MAPPING);
}
END_TEST

START_TEST(protection_key)
{
	char *addr = map_anon(page);
	int key = pkey_alloc(0, 0);

	if (key < 0) {
		skip("protection_key", "no protection keys: %s", strerror(errno));
		return;
	}
	touch(addr, page);
	ck_assert_int_eq(pkey_mprotect(addr, page, PROT_READ | PROT_WRITE, key), 0);
	ck_assert_int_eq(pkey_set(key, PKEY_DISABLE_WRITE), 0);
	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_PKEY, addr, BY_MAPPING);
	ck_assert_int_eq(unpin(expect_pinned(addr, page, 0)), 0);
	ck_assert_int_eq(pkey_set(key, PKEY_DISABLE_ACCESS), 0);
	refused_both_ways(addr, page, PIN_REASON_PKEY);
	ck_assert_int_eq(pkey_set(key, 0), 0);
	pkey_free(key);
}
END_TEST

#define HUGE_FILES	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* A huge page of a file, mapped as such, and privately. */
static char *map_private_huge_page(int fd)
{
	char *addr = map_anon(2 * HUGE);

	addr = (char *)(((uintptr_t)addr + HUGE - 1) & -HUGE);
	ck_assert_int_eq(ftruncate(fd, HUGE), 0);
	ck_assert_int_eq(kernel_write(HUGE_FILES, "advise"), 0);
	memory_map(addr, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_int_eq(madvise(addr, HUGE, MADV_HUGEPAGE), 0);
	touch(addr, HUGE);
	ck_assert_int_eq(kernel_write(HUGE_FILES, "never"), 0);
	ck_assert_msg(phys_is_thp(addr), "no transparent huge page");
	memory_map(addr, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	memory_read(addr, HUGE);
	return addr;
}

/*
 * Linux 6.12 and 7.2 would try for ever to give the process pages of its own for those of
 * a huge page of a file. The driver asks for them by asking to write, which a key may deny.
 */
START_TEST(protection_key_of_a_huge_file)
{
	enum teller teller = kernel_before(6, 12) ? BY_TRYING : BY_MAPPING;
	int key = pkey_alloc(0, 0), fd = memfd_create("huge", MFD_CLOEXEC);
	char *addr;

	if (key < 0) {
		skip("protection_key_of_a_huge_file", "no protection keys: %s",
		     strerror(errno));
		return;
	}
	addr = map_private_huge_page(fd);
	ck_assert_int_eq(pkey_mprotect(addr, HUGE, PROT_READ | PROT_WRITE, key), 0);
	ck_assert_int_eq(pkey_set(key, PKEY_DISABLE_WRITE), 0);
	expect_refused(addr, page, 0, PIN_REASON_PKEY, addr, teller);
	expect_refused(addr + page, HUGE - page, 0, PIN_REASON_PKEY, addr + page, teller);
	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_PKEY, addr, BY_MAPPING);
	/* Half of it cannot be mapped as a huge page. */
	ck_assert_int_eq(munmap(addr + HUGE / 2, HUGE / 2), 0);
	if (teller == BY_MAPPING)
		ck_assert_int_eq(unpin(expect_pinned(addr, HUGE / 2, 0)), 0);
	else
		expect_refused(addr, page, 0, PIN_REASON_PKEY, addr, teller);
	ck_assert_int_eq(pkey_set(key, 0), 0);
	pkey_free(key);
	close(fd);
}
END_TEST

START_TEST(vvar)
{
	unsigned long start, end;
	char line[256];
	FILE *maps = fopen("/proc/self/maps", "re");

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar]")) {
			fclose(maps);
			ck_assert_int_eq(sscanf(line, "%lx-%lx", &start, &end), 2);
			refused_both_ways((void *)start, end - start,
					  PIN_REASON_IO_MAPPING);
			return;
		}
	ck_abort_msg("no vvar");
}
END_TEST

START_TEST(beyond_end_of_file)
{
	const char *path = make_file("PIN_TEST_EXT4", page + 1);
	char *addr = map_file(path, 4 * page, PROT_READ, MAP_SHARED);
	int fd = memfd_create("eof", MFD_CLOEXEC);

	expect_refused(addr, 4 * page, 0, PIN_REASON_BEYOND_EOF, addr + 2 * page,
		       BY_TRYING);
	ck_assert_int_eq(ftruncate(fd, 3 * page), 0);
	addr = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	expect_refused(addr, 8 * page, PIN_F_WRITE, PIN_REASON_BEYOND_EOF,
		       addr + 3 * page, BY_TRYING);
	ck_assert_int_eq(unlink(path), 0);
	close(fd);
}
END_TEST

START_TEST(hugetlb_pool_empty)
{
	char *addr = mmap(NULL, 128 * HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE,
			  -1, 0);
	struct pin_pin arg;

	ck_assert_ptr_ne(addr, MAP_FAILED);
	/* Where the pool ends depends on the machine: find it, then expect it. */
	ck_assert_int_eq(pin_range(addr, 128 * HUGE, PIN_F_WRITE, &arg), -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_HUGETLB_EMPTY);
	ck_assert_uint_gt(arg.refusal.addr, (uintptr_t)addr);
	expect_refused(addr, 128 * HUGE, PIN_F_WRITE, PIN_REASON_HUGETLB_EMPTY,
		       (void *)(uintptr_t)arg.refusal.addr, BY_TRYING);
	munmap(addr, 128 * HUGE);
}
END_TEST

/* A page-level refusal leaves its reason in the report that covers the page. */
START_TEST(reports_of_a_page_refusal)
{
	int fd = memfd_create("blame", MFD_CLOEXEC);
	struct pin_report report;
	struct pin_pin arg;
	char *addr;

	ck_assert_int_eq(ftruncate(fd, page), 0);
	addr = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(addr, MAP_FAILED);
	memset(&arg, POISON, sizeof(arg));
	memset(&report, POISON, sizeof(report));
	arg.size = sizeof(arg);
	arg.flags = PIN_F_WRITE;
	arg.addr = (uintptr_t)addr;
	arg.length = 2 * page;
	arg.reports = (uintptr_t)&report;
	arg.reports_capacity = 1;
	arg.report_size = sizeof(report);
	ck_assert_int_eq(call(PIN_IOC_PIN, &arg), -EFAULT);
	ck_assert_uint_eq(arg.refusal.reason, PIN_REASON_BEYOND_EOF);
	ck_assert_uint_eq(arg.reports_count, 1);
	ck_assert_uint_eq(report.reason, PIN_REASON_BEYOND_EOF);
	ck_assert_int_eq(report.error, EFAULT);
	ck_assert_uint_eq(report.flags & (PIN_REPORT_PAGE | PIN_REPORT_TRY),
			  PIN_REPORT_PAGE);
	close(fd);
}
END_TEST

struct long_pin {
	char *addr;
	struct pin_pin *arg;	/* shared with the process that reads the answer */
};

#define LONG_PIN	(256UL << 20)

static int pin_for_long(void *data)
{
	struct long_pin *long_pin = data;

	pin_range(long_pin->addr, LONG_PIN, PIN_F_WRITE, long_pin->arg);
	return 0;
}

/*
 * Killed in the middle: nobody is left to be told, but the answer lies in memory that
 * another process sees.  The memory has never been touched, so it takes a while; a
 * kill that comes too early or too late is tried again.
 */
START_TEST(interrupted)
{
	struct counters before = counters_read();
	struct long_pin long_pin = {
		.addr = map_anon(LONG_PIN),
		.arg = mmap(NULL, page, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	};
	uint32_t reason = 0;
	int tries;
	pid_t pid;

	ck_assert_ptr_ne(long_pin.arg, MAP_FAILED);
	for (tries = 1; tries < 60 && !reason; tries++) {
		memset(long_pin.arg, 0, sizeof(*long_pin.arg));
		pid = fork_child();
		if (!pid)
			_exit(pin_for_long(&long_pin));
		usleep(tries * 5000);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		/* Before the call it is the caller's poison. */
		if (long_pin.arg->refusal.reason < REASONS)
			reason = long_pin.arg->refusal.reason;
		counters_expect(&before, "after a kill");
	}
	ck_assert_msg(reason == PIN_REASON_INTERRUPTED, "%s after %d tries",
		      reason_name(reason), tries);
	ck_assert_uint_eq(long_pin.arg->refusal.error, EINTR);
	ck_assert_uint_ge(long_pin.arg->refusal.addr, (uintptr_t)long_pin.addr);
	ck_assert_uint_lt(long_pin.arg->refusal.addr,
			  (uintptr_t)long_pin.addr + LONG_PIN);
	ck_assert_uint_eq(long_pin.arg->id, 0);
	note_reason(reason);
}
END_TEST

Suite *refusals_suite(void)
{
	Suite *suite = suite_create("refusals");
	TCase *tcase = tcase_with_context("refusals");

	tcase_add_test(tcase, hole);
	tcase_add_test(tcase, hole_at_the_end);
	tcase_add_test(tcase, large_range_untouched);
	tcase_add_test(tcase, fsdax_ext4);
	tcase_add_test(tcase, fsdax_xfs);
	tcase_add_test(tcase, dev_mem);
	tcase_add_test(tcase, pci_bar);
	tcase_add_test(tcase, secretmem);
	tcase_add_test(tcase, shared_ext4);
	tcase_add_test(tcase, shared_xfs);
	tcase_add_test(tcase, protections);
	tcase_add_test(tcase, protection_key);
	tcase_add_test(tcase, protection_key_of_a_huge_file);
	tcase_add_test(tcase, vvar);
	tcase_add_test(tcase, beyond_end_of_file);
	tcase_add_test(tcase, hugetlb_pool_empty);
	tcase_add_test(tcase, reports_of_a_page_refusal);
	tcase_add_test(tcase, interrupted);
	suite_add_tcase(suite, tcase);
	return suite;
}
