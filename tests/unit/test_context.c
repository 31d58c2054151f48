// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Opening, info and features; and that NULL never crashes.
 */
#include <errno.h>
#include <fcntl.h>
#include <libpin.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "suites.h"

static int not_ours(unsigned long command, void *argument)
{
	(void)command;
	(void)argument;
	return -ENOTTY;
}

static int other_driver(unsigned long command, void *argument)
{
	(void)command;
	(void)argument;
	return 7;
}

START_TEST(test_open_missing)
{
	struct libpin_context *ctx = (void *)1;

	ck_assert_int_eq(libpin_context_open(&ctx, "/nowhere/pin", 0), -ENOENT);
	ck_assert_ptr_null(ctx);
}
END_TEST

START_TEST(test_open_other_device)
{
	struct libpin_context *ctx = (void *)1;

	fake_set(not_ours);
	ck_assert_int_eq(libpin_context_open(&ctx, "/dev/null", 0), -ENOTTY);
	ck_assert_ptr_null(ctx);
	fake_set(other_driver);
	ck_assert_int_eq(libpin_context_open(&ctx, "/dev/null", 0), -EPROTO);
	ck_assert_ptr_null(ctx);
}
END_TEST

START_TEST(test_open_flags)
{
	struct libpin_context *ctx = fake_context(NULL);
	int fd = libpin_context_fd(ctx);

	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	libpin_context_close(ctx);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(libpin_context_open(&ctx, "/dev/null", 0), 0);
	ck_assert_int_eq(fcntl(libpin_context_fd(ctx), F_GETFL) & O_ACCMODE, O_RDONLY);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_from_fd)
{
	struct libpin_context *ctx = (void *)1;
	int fd = open("/dev/null", O_RDWR);

	fake_set(not_ours);
	ck_assert_int_eq(libpin_context_from_fd(&ctx, fd), -ENOTTY);
	ck_assert_ptr_null(ctx);
	/* It stays the caller's. */
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	fake_set(NULL);
	ck_assert_int_eq(libpin_context_from_fd(NULL, fd), -EINVAL);
	ck_assert_int_eq(libpin_context_from_fd(&ctx, fd), 0);
	ck_assert_int_eq(libpin_context_fd(ctx), fd);
	libpin_context_close(ctx);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

static int info_reply(unsigned long command, void *argument)
{
	struct pin_info *info = argument;

	ck_assert_uint_eq(command, PIN_IOC_INFO);
	ck_assert_uint_eq(info->size, sizeof(*info));
	info->features = PIN_FEATURE_CHECK | PIN_FEATURE_LEASE;
	info->abi_version = 1;
	info->page_size = 4096;
	info->system_cap_pages = 2;
	info->system_pinned_pages = 3;
	info->context_cap_pins = 4;
	info->context_pins = 5;
	info->user_limit_pages = PIN_ALL_PAGES;
	info->user_charged_pages = 6;
	info->mm_pinned_pages = 7;
	return 0;
}

START_TEST(test_info)
{
	struct libpin_context *ctx = fake_context(info_reply);
	struct libpin_info *info;

	ck_assert_int_eq(libpin_info_get(ctx, &info), 0);
	ck_assert_uint_eq(libpin_info_features(info), PIN_FEATURE_CHECK | PIN_FEATURE_LEASE);
	ck_assert_uint_eq(libpin_info_abi_version(info), 1);
	ck_assert_uint_eq(libpin_info_page_size(info), 4096);
	ck_assert_uint_eq(libpin_info_system_cap_pages(info), 2);
	ck_assert_uint_eq(libpin_info_system_pinned_pages(info), 3);
	ck_assert_uint_eq(libpin_info_context_cap_pins(info), 4);
	ck_assert_uint_eq(libpin_info_context_pins(info), 5);
	ck_assert_uint_eq(libpin_info_user_limit_pages(info), PIN_ALL_PAGES);
	ck_assert_uint_eq(libpin_info_user_charged_pages(info), 6);
	ck_assert_uint_eq(libpin_info_mm_pinned_pages(info), 7);
	libpin_info_free(info);
	fake_set(not_ours);
	ck_assert_int_eq(libpin_info_get(ctx, &info), -ENOTTY);
	ck_assert_ptr_null(info);
	libpin_context_close(ctx);
}
END_TEST

START_TEST(test_features)
{
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < libpin_feature_count(); i++) {
		ck_assert_ptr_nonnull(libpin_feature_name(i));
		ck_assert_uint_ne(libpin_feature_bit(i), 0);
		ck_assert_uint_eq(all & libpin_feature_bit(i), 0);
		all |= libpin_feature_bit(i);
	}
	/* PIN_FEATURE_LEDGER is the last one. */
	ck_assert_uint_eq(all, 2 * PIN_FEATURE_LEDGER - 1);
	ck_assert_ptr_null(libpin_feature_name(i));
	ck_assert_uint_eq(libpin_feature_bit(i), 0);
}
END_TEST

START_TEST(test_version)
{
	unsigned int part;
	int length = 0;

	ck_assert_int_eq(sscanf(libpin_version(), "%u.%u.%u%n", &part, &part, &part, &length), 3);
	ck_assert_uint_eq(strlen(libpin_version()), length);
}
END_TEST

START_TEST(test_null_objects)
{
	struct libpin_info *info;
	struct libpin_query *query;

	ck_assert_int_eq(libpin_context_open(NULL, NULL, 0), -EINVAL);
	ck_assert_int_eq(libpin_context_fd(NULL), -EINVAL);
	libpin_context_close(NULL);
	ck_assert_int_eq(libpin_info_get(NULL, &info), -EINVAL);
	ck_assert_ptr_null(info);
	ck_assert_int_eq(libpin_info_get(NULL, NULL), -EINVAL);
	libpin_info_free(NULL);
	ck_assert_uint_eq(libpin_info_features(NULL), 0);
	ck_assert_int_eq(libpin_unpin(NULL, 1), -EINVAL);
	ck_assert_int_eq(libpin_pin_query(NULL, 1, &query), -EINVAL);
	ck_assert_ptr_null(query);
	libpin_query_free(NULL);
	ck_assert_ptr_null(libpin_query_comm(NULL));
	ck_assert_uint_eq(libpin_query_node_pages(NULL, 0), 0);
	libpin_pin_free(NULL);
	ck_assert_uint_eq(libpin_pin_id(NULL), 0);
}
END_TEST

Suite *suite_context(void)
{
	Suite *suite = suite_create("context");
	TCase *open = tcase_create("open"), *info = tcase_create("info");

	tcase_add_test(open, test_open_missing);
	tcase_add_test(open, test_open_other_device);
	tcase_add_test(open, test_open_flags);
	tcase_add_test(open, test_from_fd);
	tcase_add_test(open, test_null_objects);
	tcase_add_test(info, test_version);
	tcase_add_test(info, test_info);
	tcase_add_test(info, test_features);
	suite_add_tcase(suite, open);
	suite_add_tcase(suite, info);
	return suite;
}
