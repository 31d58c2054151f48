// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Check: asks the module about a range, step by step, until all of it has been
 * judged, and joins the answers into one verdict.
 *
 * The module decides how much one step covers.  It must advance, stay inside
 * the range and not write more reports than fit; otherwise -EPROTO, so that a
 * broken module can neither loop us nor lead us out of our buffers.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "private.h"

#define STEP_REPORTS 256

#define CHECK_FLAGS \
	(PIN_CHECK_WRITE | PIN_CHECK_REFUSED | PIN_CHECK_MAPPED | PIN_CHECK_LIMITS | \
	 PIN_CHECK_LEASE)

struct libpin_check_request {
	pid_t pid;
	uint64_t address;
	uint64_t length;
	uint32_t flags;
};

LIBPIN_API int libpin_check_request_new(struct libpin_check_request **request)
{
	if (!request)
		return -EINVAL;
	*request = calloc(1, sizeof(**request));
	return *request ? 0 : -ENOMEM;
}

LIBPIN_API void libpin_check_request_free(struct libpin_check_request *request)
{
	free(request);
}

LIBPIN_API int libpin_check_request_set_pid(struct libpin_check_request *request, pid_t pid)
{
	if (!request || pid < 0)
		return -EINVAL;
	request->pid = pid;
	return 0;
}

LIBPIN_API int libpin_check_request_set_address(struct libpin_check_request *request,
						uint64_t address)
{
	if (!request)
		return -EINVAL;
	request->address = address;
	return 0;
}

LIBPIN_API int libpin_check_request_set_length(struct libpin_check_request *request,
					       uint64_t length)
{
	if (!request || !length)
		return -EINVAL;
	request->length = length;
	return 0;
}

LIBPIN_API int libpin_check_request_set_flags(struct libpin_check_request *request, uint32_t flags)
{
	if (!request || flags & ~CHECK_FLAGS)
		return -EINVAL;
	request->flags = flags;
	return 0;
}

/* The page-aligned end of the range, at which @next stands when all is done. */
static int range_end(uint64_t address, uint64_t length, uint64_t *end)
{
	uint64_t mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;

	if (__builtin_add_overflow(address, length, end) ||
	    __builtin_add_overflow(*end, mask, end))
		return -EOVERFLOW;
	*end &= ~mask;
	return 0;
}

static int check_step(struct libpin_context *ctx, struct pin_check *raw, uint64_t end,
		      struct pin_report *reports, struct libpin_verdict *verdict)
{
	int ret;

	ret = libpin_ioctl(ctx, PIN_IOC_CHECK, raw);
	if (ret)
		return ret;
	if (raw->next <= raw->cursor || raw->next <= raw->addr || raw->next > end ||
	    raw->reports_count > STEP_REPORTS)
		return -EPROTO;
	if (!verdict->refusal.reason)
		verdict->refusal = raw->refusal;
	verdict->charge_pages = raw->charge_pages;
	return libpin_verdict_append(verdict, reports, raw->reports_count);
}

LIBPIN_API int libpin_check(struct libpin_context *ctx,
			    const struct libpin_check_request *request,
			    struct libpin_verdict **verdict)
{
	struct pin_check raw = { .size = sizeof(raw) };
	struct libpin_verdict *new;
	struct pin_report *reports;
	uint64_t end;
	int ret;

	if (!verdict)
		return -EINVAL;
	*verdict = NULL;
	if (!ctx || !request || !request->length)
		return -EINVAL;
	ret = range_end(request->address, request->length, &end);
	if (ret)
		return ret;
	reports = calloc(STEP_REPORTS, sizeof(*reports));
	if (!reports)
		return -ENOMEM;
	ret = libpin_verdict_new(&new);
	if (ret)
		goto out_free_reports;

	raw.flags = request->flags;
	raw.pid = request->pid;
	raw.report_size = sizeof(*reports);
	raw.addr = request->address;
	raw.length = request->length;
	raw.reports = (uintptr_t)reports;
	raw.reports_capacity = STEP_REPORTS;
	do {
		ret = check_step(ctx, &raw, end, reports, new);
		if (ret)
			goto err_free_verdict;
		raw.cursor = raw.next;
	} while (raw.next < end);
	ret = libpin_verdict_add_paths(new, request->pid);
	if (ret)
		goto err_free_verdict;
	*verdict = new;
	goto out_free_reports;

err_free_verdict:
	libpin_verdict_free(new);
out_free_reports:
	free(reports);
	return ret;
}
