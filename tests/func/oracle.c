// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own long-term pinners beside ours: io_uring's registered buffers
 * and AF_XDP's frames (GUP with nothing around it) on every kernel, gup_test where
 * the kernel has it.  What we call refused they refuse, what we pin they pin; where
 * a kernel is more lenient than the newest, the test says so.
 */
#include "consumers.h"
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#define HUGE	(2UL << 20)

/* The kernel's test device; layout of mm/gup_test.h, the same in 6.12 and 7.2. */
struct gup_test {
	uint64_t get_delta_usec;
	uint64_t put_delta_usec;
	uint64_t addr;
	uint64_t size;
	uint32_t nr_pages_per_call;
	uint32_t gup_flags;
	uint32_t test_flags;
	uint32_t which_pages[8];
};

#define PIN_LONGTERM_BENCHMARK	_IOWR('g', 3, struct gup_test)
#define GUP_TEST_FOLL_WRITE	1

/* The project's own kernel, which has everything that the tests can use. */
static bool is_debug_kernel(void)
{
	struct utsname name;

	ck_assert_int_eq(uname(&name), 0);
	return strstr(name.release, "pin-debug");
}

/* 0 or -errno of GUP itself, or 1 if the kernel has no gup_test. */
static int gup_pins(void *addr, size_t length)
{
	struct gup_test arg = {
		.addr = (uintptr_t)addr,
		.size = length,
		.nr_pages_per_call = length / page,
		.gup_flags = GUP_TEST_FOLL_WRITE,
	};
	int fd = open("/sys/kernel/debug/gup_test", O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0) {
		ck_assert_msg(!is_debug_kernel(), "the debug kernel has no gup_test");
		return 1;
	}
	err = ioctl(fd, PIN_LONGTERM_BENCHMARK, &arg) ? -errno : 0;
	/* It reports success with the part it got; that is a refusal here. */
	if (!err && arg.size != length)
		err = -EFAULT;
	close(fd);
	return err;
}

static void all_refuse(void *addr, size_t length, uint32_t reason)
{
	expect_refused(addr, length, PIN_F_WRITE, reason, addr, BY_MAPPING);
	ck_assert_int_eq(io_uring_pins(addr, length), -reason_errno(reason));
	ck_assert_int_eq(xdp_pins(addr, length), -reason_errno(reason));
	ck_assert_int_ne(gup_pins(addr, length), 0);
}

static void all_pin(void *addr, size_t length)
{
	int gup = gup_pins(addr, length);

	ck_assert_int_eq(unpin(expect_pinned(addr, length, PIN_F_WRITE)), 0);
	ck_assert_int_eq(io_uring_pins(addr, length), 0);
	ck_assert_int_eq(xdp_pins(addr, length), 0);
	ck_assert_msg(gup >= 0, "gup_test: %s", strerror(-gup));
}

static void fsdax(const char *dir_variable)
{
	const char *path = make_file(dir_variable, HUGE);
	void *addr = map_file(path, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED);

	touch(addr, HUGE);
	all_refuse(addr, HUGE, PIN_REASON_FSDAX);
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(fsdax_ext4)
{
	fsdax("PIN_TEST_EXT4DAX");
}
END_TEST

START_TEST(fsdax_xfs)
{
	fsdax("PIN_TEST_XFSDAX");
}
END_TEST

START_TEST(secretmem)
{
	void *addr = map_secret();

	touch(addr, page);
	all_refuse(addr, page, PIN_REASON_SECRETMEM);
	munmap(addr, page);
}
END_TEST

START_TEST(hole)
{
	/* Low enough that no ring of io_uring is mapped there meanwhile. */
	all_refuse((char *)NULL + page, 2 * page, PIN_REASON_HOLE);
}
END_TEST

START_TEST(read_only)
{
	char *addr = map_anon(2 * page);

	touch(addr, 2 * page);
	ck_assert_int_eq(mprotect(addr, 2 * page, PROT_READ), 0);
	all_refuse(addr, 2 * page, PIN_REASON_NOT_WRITABLE);
}
END_TEST

/* GUP refuses it since 6.5; we refuse it on every kernel. */
START_TEST(shared_file)
{
	const char *path = make_file("PIN_TEST_EXT4", page);
	void *addr = map_file(path, page, PROT_READ | PROT_WRITE, MAP_SHARED);

	touch(addr, page);
	expect_refused(addr, page, PIN_F_WRITE, PIN_REASON_FILE_DIRTY_TRACKING,
		       addr, BY_MAPPING);
	ck_assert_int_eq(xdp_pins(addr, page), kernel_before(6, 5) ? 0 : -EFAULT);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(anonymous)
{
	all_pin(map_anon(700 * page), 700 * page);
}
END_TEST

START_TEST(hugetlb)
{
	void *addr = map_hugetlb(2 * HUGE, MAP_PRIVATE);

	all_pin(addr, 2 * HUGE);
	munmap(addr, 2 * HUGE);
}
END_TEST

Suite *oracle_suite(void)
{
	Suite *suite = suite_create("oracle");
	TCase *tcase = tcase_with_context("oracle");

	tcase_add_test(tcase, fsdax_ext4);
	tcase_add_test(tcase, fsdax_xfs);
	tcase_add_test(tcase, secretmem);
	tcase_add_test(tcase, hole);
	tcase_add_test(tcase, read_only);
	tcase_add_test(tcase, shared_file);
	tcase_add_test(tcase, anonymous);
	tcase_add_test(tcase, hugetlb);
	suite_add_tcase(suite, tcase);
	return suite;
}
