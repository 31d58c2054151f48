// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Survey: asks the module, or has predict.c guess.
 *
 * The module is asked only about what it can tell: pinctl's own memory, and
 * other processes if it has the feature and lets us.  In every other case the
 * survey is marked as predicted and says why.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "survey.h"

/* Above this there is no user mapping but [vsyscall], which is the kernel's. */
#define USER_END (UINT64_C(1) << 63)

void survey_add(struct survey *survey, const struct segment *segment)
{
	struct segment *copy;

	if (survey->count == survey->capacity) {
		survey->capacity = survey->capacity ? 2 * survey->capacity : 64;
		survey->segments = reallocarray(survey->segments, survey->capacity,
						sizeof(*survey->segments));
		if (!survey->segments)
			out_of_memory();
	}
	copy = &survey->segments[survey->count++];
	*copy = *segment;
	if (segment->path) {
		copy->path = strdup(segment->path);
		if (!copy->path)
			out_of_memory();
	}
}

void survey_release(struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->count; i++)
		free(survey->segments[i].path);
	free(survey->segments);
	free(survey->name);
	area_release(&survey->area);
	*survey = (struct survey){ 0 };
}

bool survey_is_clean(const struct survey *survey)
{
	return !survey->refused && !survey->limit && !survey->rule;
}

static void survey_clear(struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->count; i++)
		free(survey->segments[i].path);
	survey->count = 0;
	survey->limit = PIN_REASON_NONE;
	survey->limit_error = 0;
}

static void survey_from_verdict(struct survey *survey, const struct libpin_verdict *verdict)
{
	size_t i;

	for (i = 0; i < libpin_verdict_report_count(verdict); i++) {
		const struct libpin_report *report = libpin_verdict_report(verdict, i);
		struct segment segment = {
			.start = libpin_report_start(report),
			.end = libpin_report_end(report),
			.kind = libpin_report_kind(report),
			.reason = libpin_report_reason(report),
			.error = libpin_report_error(report),
			.flags = libpin_report_flags(report),
			.page_size = libpin_report_page_size(report),
			.file_offset = libpin_report_file_offset(report),
			.inode = libpin_report_inode(report),
			.dev_major = libpin_report_dev_major(report),
			.dev_minor = libpin_report_dev_minor(report),
			.path = (char *)libpin_report_path(report),
		};

		survey_add(survey, &segment);
	}
	if (libpin_reason_is_resource(libpin_verdict_reason(verdict))) {
		survey->limit = libpin_verdict_reason(verdict);
		survey->limit_error = libpin_verdict_error(verdict);
	}
}

/* 0, or -errno of the module, which judges no limits but the caller's own. */
static int survey_ask(struct survey *survey, struct libpin_context *ctx, pid_t pid,
		      uint64_t features)
{
	uint32_t flags = survey->access;
	struct libpin_check_request *request;
	struct libpin_verdict *verdict;
	int ret;

	if (!survey->range)
		flags |= PIN_CHECK_MAPPED;
	else if (!pid && features & PIN_FEATURE_CHECK_LIMITS)
		flags |= PIN_CHECK_LIMITS;
	if (libpin_check_request_new(&request))
		out_of_memory();
	libpin_check_request_set_pid(request, pid);
	libpin_check_request_set_address(request, survey->start);
	libpin_check_request_set_length(request, survey->length);
	libpin_check_request_set_flags(request, flags);
	ret = libpin_check(ctx, request, &verdict);
	libpin_check_request_free(request);
	if (ret)
		return ret;
	survey_from_verdict(survey, verdict);
	libpin_verdict_free(verdict);
	if (pid)
		survey_predict_limit(survey);
	return 0;
}

static bool is_of_the_whole(uint32_t reason)
{
	return libpin_reason_is_resource(reason) || reason == PIN_REASON_INTERRUPTED;
}

/* What the try found: it names one page's reason, which check could not know. */
static void survey_from_refusal(struct survey *survey, const struct libpin_refusal *refusal)
{
	uint64_t address = libpin_refusal_address(refusal);
	uint32_t reason = libpin_refusal_reason(refusal);
	bool found = false;
	size_t i;

	for (i = 0; i < survey->count && !is_of_the_whole(reason); i++) {
		struct segment *segment = &survey->segments[i];

		if (address < segment->start || address >= segment->end || segment->reason)
			continue;
		segment->reason = reason;
		segment->error = libpin_refusal_error(refusal);
		segment->flags |= PIN_REPORT_PAGE;
		segment->flags &= ~(uint32_t)PIN_REPORT_TRY;
		found = true;
	}
	if (found)
		return;
	survey->limit = reason;
	survey->limit_error = libpin_refusal_error(refusal);
}

static void survey_tried(struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->count; i++)
		survey->segments[i].flags &= ~(uint32_t)PIN_REPORT_TRY;
}

static int survey_try(struct survey *survey, struct libpin_context *ctx)
{
	struct libpin_refusal *refusal;
	struct libpin_request *request;
	struct progress *progress;
	struct libpin_pin *pin;
	int ret;

	if (libpin_request_new(&request))
		out_of_memory();
	libpin_request_set_address(request, survey->start);
	libpin_request_set_length(request, survey->length);
	libpin_request_set_write(request, survey->access & PIN_CHECK_WRITE);
	libpin_request_set_lease(request, survey->access & PIN_CHECK_LEASE);
	progress = progress_start("trying", survey->length, progress_resident);
	ret = libpin_pin_create(ctx, request, &pin, &refusal);
	progress_stop(progress);
	libpin_request_free(request);
	survey->tried = true;
	if (refusal) {
		survey_from_refusal(survey, refusal);
		libpin_refusal_free(refusal);
		return 0;
	}
	if (ret) {
		check_refusal_memory(-ret, survey->access & PIN_CHECK_LEASE);
		return ret;
	}
	survey_tried(survey);
	ret = libpin_unpin(ctx, libpin_pin_id(pin));
	libpin_pin_free(pin);
	return ret;
}

static const char *why_not_open(int ret)
{
	switch (ret) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return "there is no /dev/pin: the module is not loaded";
	case -EACCES:
	case -EPERM:
		return "no permission to open /dev/pin";
	case -ENOTTY:
	case -EPROTO:
		return "/dev/pin is something else";
	default:
		return "/dev/pin does not answer";
	}
}

static bool has_refusal(const struct survey *survey)
{
	size_t i;

	for (i = 0; i < survey->count; i++)
		if (survey->segments[i].reason)
			return true;
	return false;
}

/* Why a module with these features cannot answer, or NULL. */
static const char *why_not_ask(const struct survey *survey, pid_t pid, uint64_t features)
{
	if (pid && !(features & PIN_FEATURE_CHECK_OTHER))
		return "the module cannot ask about other processes";
	if (!(features & PIN_FEATURE_CHECK))
		return "the module cannot check";
	if (survey->access & PIN_CHECK_LEASE && !(features & PIN_FEATURE_LEASE))
		return "the module has no leases";
	return NULL;
}

/* 0 when the module has answered; 1 when it cannot, @because says why. */
static int survey_by_module(struct survey *survey, pid_t pid, bool try, int *error)
{
	struct libpin_context *ctx;
	struct libpin_info *info;
	uint64_t features;
	int ret;

	*error = 0;
	ret = libpin_context_open(&ctx, NULL, try);
	if (ret) {
		check_memory(-ret);
		survey->because = why_not_open(ret);
		return 1;
	}
	ret = libpin_info_get(ctx, &info);
	features = libpin_info_features(info);
	libpin_info_free(info);
	if (!ret)
		survey->because = why_not_ask(survey, pid, features);
	if (survey->because) {
		ret = 1;
	} else if (!ret) {
		ret = survey_ask(survey, ctx, pid, features);
		if (!ret && try && !has_refusal(survey))
			ret = survey_try(survey, ctx);
	}
	libpin_context_close(ctx);
	if (ret == -EPERM || ret == -EACCES) {
		survey->because = "the module does not let us ask about this process";
		ret = 1;
	}
	if (ret < 0)
		*error = ret;
	return ret;
}

static char *process_name(pid_t pid)
{
	char path[64], *name = NULL;
	size_t size = 0;
	ssize_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	errno = 0;
	file = fopen(path, "re");
	length = file ? getline(&name, &size, file) : -1;
	if (length <= 0)
		check_memory(errno);
	if (file)
		fclose(file);
	if (length <= 0) {
		free(name);
		return NULL;
	}
	name[strcspn(name, "\n")] = '\0';
	return name;
}

static int proc_failed(struct pinctl *pinctl, const struct survey *survey, int error)
{
	const char *fix = NULL;

	if (error == EACCES || error == EPERM)
		fix = "ask as that process's user, or with sudo";
	return complain(pinctl, EXIT_UNKNOWN, NULL, fix,
			"cannot read the mappings of process %d: %s", survey->pid,
			strerror(error));
}

/* User mappings of @maps, which are sorted. */
static size_t user_mappings(const struct libpin_maps *maps)
{
	size_t count = libpin_maps_count(maps);

	while (count && libpin_mapping_end(libpin_maps_get(maps, count - 1)) > USER_END)
		count--;
	return count;
}

/*
 * A process without any memory has no holes either.  Without a range: from the
 * first to the last mapping.
 */
static int locate_process(struct pinctl *pinctl, struct survey *survey)
{
	const struct libpin_mapping *first, *last;
	struct libpin_maps *maps;
	size_t count;
	int ret;

	ret = libpin_maps_read(survey->pid, &maps);
	/* The process is there: newer kernels say this of one without memory. */
	if (ret && ret != -ESRCH)
		return survey->range ? EXIT_YES : proc_failed(pinctl, survey, -ret);
	count = user_mappings(maps);
	if (!count) {
		libpin_maps_free(maps);
		return complain(pinctl, EXIT_UNKNOWN,
				"kernel threads and processes that have ended have none", NULL,
				"process %d has no memory of its own", survey->pid);
	}
	if (!survey->range) {
		first = libpin_maps_get(maps, 0);
		last = libpin_maps_get(maps, count - 1);
		survey->start = libpin_mapping_start(first);
		survey->length = libpin_mapping_end(last) - survey->start;
	}
	libpin_maps_free(maps);
	return EXIT_YES;
}

static int locate(struct pinctl *pinctl, const struct target *target, struct survey *survey)
{
	int ret;

	survey->pid = target->pid ? target->pid : getpid();
	survey->name = process_name(survey->pid);
	if (!survey->name)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "there is no process %d",
				survey->pid);
	if (target->type != TARGET_PROCESS) {
		ret = area_create(pinctl, target, survey->access, &survey->area);
		survey->start = survey->area.start;
		survey->length = survey->area.length;
		survey->range = true;
		return ret;
	}
	survey->start = target->start;
	survey->length = target->length;
	survey->range = target->length != 0;
	return locate_process(pinctl, survey);
}

static bool is_left_out(const struct survey *survey, const struct segment *segment)
{
	bool write = survey->access & PIN_CHECK_WRITE;
	uint32_t needed = write ? PIN_REPORT_WRITE : PIN_REPORT_READ;

	return !survey->range &&
	       (segment->kind == PIN_KIND_SPECIAL || !(segment->flags & needed));
}

static void survey_count(struct survey *survey)
{
	size_t i;

	survey->refused = 0;
	survey->left_out = 0;
	for (i = 0; i < survey->count; i++) {
		struct segment *segment = &survey->segments[i];

		if (survey->access & PIN_CHECK_LEASE && segment->kind == PIN_KIND_FSDAX &&
		    !segment->reason)
			segment->flags |= PIN_REPORT_LEASE;
		segment->left_out = is_left_out(survey, segment);
		if (segment->left_out)
			survey->left_out++;
		else if (segment->reason)
			survey->refused++;
	}
}

int survey_make(struct pinctl *pinctl, const struct target *target, uint32_t access, bool try,
		struct survey *survey)
{
	pid_t pid = target->pid == getpid() ? 0 : target->pid;
	int ret, error;

	*survey = (struct survey){ .access = access };
	ret = locate(pinctl, target, survey);
	if (ret)
		return ret;
	if (try && (pid || !survey->range))
		return complain_usage(pinctl, NULL,
				      "--try needs a range of pinctl's own memory: file: or new:");
	ret = survey_by_module(survey, pid, try, &error);
	if (ret < 0)
		return complain(pinctl, EXIT_UNKNOWN, NULL, "pinctl doctor",
				"/dev/pin cannot check the range: %s", strerror(-error));
	if (ret && try)
		return complain(pinctl, EXIT_UNKNOWN, survey->because, "pinctl doctor",
				"cannot try");
	if (ret) {
		survey_clear(survey);
		survey->predicted = true;
		ret = survey_predict(survey);
		if (ret)
			return proc_failed(pinctl, survey, -ret);
	}
	survey_count(survey);
	return EXIT_YES;
}
