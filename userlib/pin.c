// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pin: the request for one, the making and the releasing of it.
 *
 * A struct libpin_pin is only the kernel's answer; freeing it does not touch
 * the pin.  It is allocated before the kernel is asked, so that no pin is ever
 * made that nobody hears of.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

/*
 * Reports beyond these are cut.  The one that matters, the lowest refusal, is
 * then found by its address alone.
 */
#define PIN_REPORTS 128

struct libpin_request {
	uint64_t address;
	uint64_t length;
	uint64_t cookie;
	uint32_t flags;
};

struct libpin_pin {
	uint64_t id;
	uint64_t pages;
	uint64_t runs;
};

LIBPIN_API int libpin_request_new(struct libpin_request **request)
{
	if (!request)
		return -EINVAL;
	*request = calloc(1, sizeof(**request));
	return *request ? 0 : -ENOMEM;
}

LIBPIN_API void libpin_request_free(struct libpin_request *request)
{
	free(request);
}

LIBPIN_API int libpin_request_set_address(struct libpin_request *request, uint64_t address)
{
	if (!request)
		return -EINVAL;
	request->address = address;
	return 0;
}

LIBPIN_API int libpin_request_set_length(struct libpin_request *request, uint64_t length)
{
	if (!request || !length)
		return -EINVAL;
	request->length = length;
	return 0;
}

static int request_set_flag(struct libpin_request *request, uint32_t flag, int on)
{
	if (!request)
		return -EINVAL;
	if (on)
		request->flags |= flag;
	else
		request->flags &= ~flag;
	return 0;
}

LIBPIN_API int libpin_request_set_write(struct libpin_request *request, int write)
{
	return request_set_flag(request, PIN_F_WRITE, write);
}

LIBPIN_API int libpin_request_set_lease(struct libpin_request *request, int lease)
{
	return request_set_flag(request, PIN_F_LEASE, lease);
}

LIBPIN_API int libpin_request_set_cookie(struct libpin_request *request, uint64_t cookie)
{
	if (!request)
		return -EINVAL;
	request->cookie = cookie;
	return 0;
}

/*
 * Without memory for the refusal the errno still tells the truth; the reason
 * is lost, as libpin.h says.
 */
static struct libpin_refusal *refusal_from_pin(const struct pin_pin *raw,
					       const struct pin_report *reports)
{
	size_t count = raw->reports_count < PIN_REPORTS ? raw->reports_count : PIN_REPORTS;
	struct libpin_refusal *refusal;
	struct libpin_verdict *verdict;

	if (libpin_verdict_new(&verdict))
		return NULL;
	verdict->refusal = raw->refusal;
	if (libpin_verdict_append(verdict, reports, count) ||
	    libpin_verdict_add_paths(verdict, 0))
		goto err_free;
	refusal = libpin_refusal_new(&raw->refusal, verdict);
	if (!refusal)
		goto err_free;
	return refusal;

err_free:
	libpin_verdict_free(verdict);
	return NULL;
}

LIBPIN_API int libpin_pin_create(struct libpin_context *ctx,
				 const struct libpin_request *request,
				 struct libpin_pin **pin, struct libpin_refusal **refusal)
{
	struct pin_report *reports = NULL;
	struct pin_pin raw = { .size = sizeof(raw) };
	struct libpin_pin *new;
	int ret;

	if (refusal)
		*refusal = NULL;
	if (!pin)
		return -EINVAL;
	*pin = NULL;
	if (!ctx || !request)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	raw.flags = request->flags;
	raw.addr = request->address;
	raw.length = request->length;
	raw.cookie = request->cookie;
	if (refusal) {
		reports = calloc(PIN_REPORTS, sizeof(*reports));
		if (!reports) {
			ret = -ENOMEM;
			goto err_free;
		}
		raw.reports = (uintptr_t)reports;
		raw.reports_capacity = PIN_REPORTS;
		raw.report_size = sizeof(*reports);
	}
	ret = libpin_ioctl(ctx, PIN_IOC_PIN, &raw);
	if (ret) {
		if (refusal && raw.refusal.reason)
			*refusal = refusal_from_pin(&raw, reports);
		goto err_free;
	}
	free(reports);
	new->id = raw.id;
	new->pages = raw.pages;
	new->runs = raw.runs;
	*pin = new;
	return 0;

err_free:
	free(reports);
	free(new);
	return ret;
}

LIBPIN_API void libpin_pin_free(struct libpin_pin *pin)
{
	free(pin);
}

LIBPIN_API uint64_t libpin_pin_id(const struct libpin_pin *pin)
{
	return pin ? pin->id : 0;
}

LIBPIN_API uint64_t libpin_pin_pages(const struct libpin_pin *pin)
{
	return pin ? pin->pages : 0;
}

LIBPIN_API uint64_t libpin_pin_runs(const struct libpin_pin *pin)
{
	return pin ? pin->runs : 0;
}

LIBPIN_API int libpin_unpin(struct libpin_context *ctx, uint64_t id)
{
	struct pin_unpin raw = { .size = sizeof(raw), .id = id };

	if (!ctx)
		return -EINVAL;
	return libpin_ioctl(ctx, PIN_IOC_UNPIN, &raw);
}
