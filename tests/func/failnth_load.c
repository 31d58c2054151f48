// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module is loaded while something fails: either it is there, and works, or
 * nothing of it is, and it can be loaded.
 *
 * Most of what loading a module allocates is the kernel's own affair, and there is a
 * lot of it: unless PIN_TEST_FAILNTH is set, only what the module does as it starts is
 * swept. The module is unloaded before and loaded again afterwards.
 */
#include "failnth_load.h"

#include "faults.h"
#include "harness.h"
#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A sweep that goes on for longer does not end. */
#define FAULTS_MAX	20000

static int module_fd;

struct loading {
	unsigned int nth;
	int err;
	bool faulty;
};

/* Its own fail-nth, and what it answers is shared. */
static int load_faulty(void *data)
{
	struct loading *loading = data;

	faults_open();
	faults_arm(loading->nth);
	loading->err = module_load(module_fd);
	loading->faulty = faults_disarm() && loading->nth;
	return 0;
}

static void unload(void)
{
	ck_assert_int_eq(module_unload(), 0);
}

static void expect_nothing_there(unsigned int nth)
{
	char when[32];

	snprintf(when, sizeof(when), "load, fault %u", nth);
	module_expect_gone(when);
}

/* misc_register() takes any number that it cannot get for one that somebody has. */
static bool is_allowed(const struct loading *loading)
{
	if (!loading->faulty)
		return !loading->err;
	return !loading->err || loading->err == -ENOMEM || loading->err == -EBUSY;
}

static bool attempt(struct loading *loading, unsigned int nth)
{
	loading->nth = nth;
	loading->err = 1;
	ck_assert_int_eq(in_child(load_faulty, loading), 0);
	ck_assert_msg(is_allowed(loading), "load, fault %u: %s", nth,
		      strerror(-loading->err));
	if (!loading->err)
		unload();
	expect_nothing_there(nth);
	return loading->faulty || !nth;
}

START_TEST(load_module)
{
	struct loading *loading = mmap(NULL, page, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int nth = 0;

	ck_assert_ptr_ne(loading, MAP_FAILED);
	faults_setup();
	if (!getenv("PIN_TEST_FAILNTH"))
		faults_below("do_init_module");
	while (attempt(loading, nth)) {
		nth++;
		ck_assert_msg(nth < FAULTS_MAX, "load: no end");
	}
	printf("note: load: %u faults\n", nth - 1);
	fflush(stdout);
}
END_TEST

static void setup(void)
{
	page = sysconf(_SC_PAGESIZE);
	module_fd = module_open();
	unload();
}

static void teardown(void)
{
	faults_below(NULL);
	ck_assert_int_eq(module_load(module_fd), 0);
	close(module_fd);
}

TCase *failnth_load(void)
{
	TCase *tcase = tcase_create("load");

	/* Not checked, so that it also runs after a test that was given up. */
	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 1800);
	tcase_add_test(tcase, load_module);
	return tcase;
}
