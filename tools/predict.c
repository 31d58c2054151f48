// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Predict: what the module would say, from /proc/PID/smaps, statx(2) and
 * RLIMIT_MEMLOCK.
 *
 * The rules are those of check_vma_flags() in the same order, as far as /proc
 * shows what they look at.  What it does not show (the rights of protection
 * keys, memory removed from the direct map, what a user has charged already)
 * is taken to be no obstacle: a predicted "yes" is weaker than a "no".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capability.h"
#include "rule.h"
#include "segment.h"
#include "survey.h"
#include "text.h"

/* The flags of VmFlags that rules look at, by their letters there. */
enum vm_flag {
	VM_IO = 1 << 0,
	VM_PFNMAP = 1 << 1,
	VM_HUGETLB = 1 << 2,
	VM_SHADOW_STACK = 1 << 3,
	VM_USERFAULT = 1 << 4,
	VM_MAYBE_GUARD = 1 << 5,
	VM_MIXEDMAP = 1 << 6
};

static const struct {
	const char *letters;
	enum vm_flag flag;
} vm_flags[] = {
	{ "io", VM_IO },
	{ "pf", VM_PFNMAP },
	{ "ht", VM_HUGETLB },
	{ "ss", VM_SHADOW_STACK },
	{ "um", VM_USERFAULT },
	{ "uw", VM_USERFAULT },
	{ "ui", VM_USERFAULT },
	{ "gu", VM_MAYBE_GUARD },
	{ "mm", VM_MIXEDMAP },
};

/* What smaps adds to maps, by the start of the mapping. */
struct detail {
	uint64_t start;
	uint64_t page_size;
	uint32_t vm_flags;
};

struct details {
	struct detail *list;
	size_t count;
	size_t capacity;
};

/* What the file behind a mapping is, if it could be looked at. */
struct backing {
	bool known;
	bool device;
	bool devdax;
	bool dax;
	bool memory;
	uint64_t size;
};

static struct detail *detail_new(struct details *details, uint64_t start)
{
	if (details->count == details->capacity) {
		details->capacity = details->capacity ? 2 * details->capacity : 64;
		details->list = reallocarray(details->list, details->capacity,
					     sizeof(*details->list));
		if (!details->list)
			out_of_memory();
	}
	details->list[details->count] = (struct detail){ .start = start };
	return &details->list[details->count++];
}

static uint32_t parse_vm_flags(char *words)
{
	uint32_t flags = 0;
	char *save, *word;
	size_t i;

	for (word = strtok_r(words, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		for (i = 0; i < ARRAY_SIZE(vm_flags); i++)
			if (!strcmp(word, vm_flags[i].letters))
				flags |= vm_flags[i].flag;
	return flags;
}

static void parse_smaps_line(struct details *details, char *line)
{
	struct detail *last = details->count ? &details->list[details->count - 1] : NULL;
	uint64_t start, end, value;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
		detail_new(details, start);
	else if (last && sscanf(line, "KernelPageSize: %" SCNu64 " kB", &value) == 1)
		last->page_size = value * 1024;
	else if (last && !strncmp(line, "VmFlags:", 8))
		last->vm_flags = parse_vm_flags(line + 8);
}

static int read_smaps(pid_t pid, struct details *details)
{
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *file;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;
	errno = 0;
	while (getline(&line, &size, file) > 0)
		parse_smaps_line(details, line);
	/* As in libpin: no memory for a line is not the end of the file. */
	if (!feof(file))
		ret = errno ? -errno : -EIO;
	free(line);
	fclose(file);
	return ret;
}

/* A mapping that has appeared since is judged by its permissions alone. */
static struct detail find_detail(const struct details *details, uint64_t start)
{
	size_t low = 0, high = details->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (details->list[middle].start == start)
			return details->list[middle];
		if (details->list[middle].start < start)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct detail){ .start = start };
}

static bool is_devdax(unsigned int device_major, unsigned int device_minor)
{
	char link[64], target[256];
	ssize_t length;

	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/subsystem", device_major, device_minor);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return strstr(target, "/dax");
}

/*
 * map_files leads to the very file, deleted or not, but only the privileged may
 * follow it; otherwise the path, seen from the process's own root.  O_PATH
 * opens nothing: no device is woken up, no lease broken.
 */
static int open_backing(pid_t pid, const struct libpin_mapping *mapping)
{
	char *path = text_format("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid,
				 libpin_mapping_start(mapping), libpin_mapping_end(mapping));
	int fd = open(path, O_PATH | O_CLOEXEC);

	free(path);
	if (fd >= 0)
		return fd;
	path = text_format("/proc/%d/root%s", pid, libpin_mapping_path(mapping));
	fd = open(path, O_PATH | O_CLOEXEC);
	free(path);
	return fd;
}

static struct backing look_at_backing(pid_t pid, const struct libpin_mapping *mapping)
{
	const char *path = libpin_mapping_path(mapping);
	struct backing backing = { 0 };
	struct statx stx;
	struct statfs fs;
	int fd;

	if (!path || path[0] != '/' || !libpin_mapping_inode(mapping))
		return backing;
	fd = open_backing(pid, mapping);
	if (fd < 0)
		return backing;
	/* The inode tells a file that has replaced the mapped one under its path. */
	if (!statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) && !fstatfs(fd, &fs) &&
	    stx.stx_ino == libpin_mapping_inode(mapping)) {
		backing.known = true;
		backing.device = S_ISCHR(stx.stx_mode);
		backing.devdax = backing.device &&
				 is_devdax(stx.stx_rdev_major, stx.stx_rdev_minor);
		backing.dax = S_ISREG(stx.stx_mode) && (stx.stx_attributes & STATX_ATTR_DAX);
		/* A block device has its pages elsewhere than its node in devtmpfs. */
		backing.memory = S_ISREG(stx.stx_mode) && fs.f_type == TMPFS_MAGIC;
		/* Only a regular file has an end that st_size tells. */
		backing.size = S_ISREG(stx.stx_mode) ? stx.stx_size : INT64_MAX;
	}
	close(fd);
	return backing;
}

static bool starts_with(const char *path, const char *prefix)
{
	return path && !strncmp(path, prefix, strlen(prefix));
}

/* A name that the kernel gives to memory of its own: no such file is linked. */
static bool is_internal(const char *path, const char *prefix)
{
	static const char deleted[] = " (deleted)";
	size_t length = path ? strlen(path) : 0;

	/* The end alone: the name of a memfd may have the same words in it. */
	return starts_with(path, prefix) && length >= strlen(deleted) &&
	       !strcmp(path + length - strlen(deleted), deleted);
}

static uint32_t kind_of(const struct libpin_mapping *mapping, uint32_t flags,
			const struct backing *backing)
{
	const char *path = libpin_mapping_path(mapping);

	if (flags & VM_HUGETLB)
		return PIN_KIND_HUGETLB;
	if (is_internal(path, "/secretmem"))
		return PIN_KIND_SECRETMEM;
	if (starts_with(path, "[v") || starts_with(path, "[uprobes]"))
		return PIN_KIND_SPECIAL;
	if (is_internal(path, "/memfd:") || is_internal(path, "/dev/zero") ||
	    is_internal(path, "/SYSV") || starts_with(path, "[anon_shmem"))
		return PIN_KIND_SHMEM;
	if (flags & (VM_IO | VM_PFNMAP))
		return PIN_KIND_DEVICE;
	if (!libpin_mapping_inode(mapping))
		return PIN_KIND_ANON;
	if (backing->devdax)
		return PIN_KIND_DEVDAX;
	/* Without a slash it is no path: socket:[1], anon_inode:[perf_event]. */
	if (backing->device || (path && *path != '/' && *path != '['))
		return PIN_KIND_DEVICE;
	if (backing->dax)
		return PIN_KIND_FSDAX;
	if (backing->memory)
		return PIN_KIND_SHMEM;
	return PIN_KIND_FILE;
}

/*
 * By the rules; @access as that of a survey.  Of a file that cannot be looked at,
 * must_try() says all there is to say.
 */
static uint32_t reason_of(const struct segment *segment, uint32_t flags,
			  const struct backing *backing, uint32_t access)
{
	const uint32_t shared_writable = PIN_REPORT_SHARED | PIN_REPORT_WRITE;
	struct rule_facts facts = {
		.io = flags & VM_IO,
		.pfnmap = flags & VM_PFNMAP,
		.fsdax = segment->kind == PIN_KIND_FSDAX,
		.shared = segment->flags & PIN_REPORT_SHARED,
		.secretmem = segment->kind == PIN_KIND_SECRETMEM,
		.dirty_tracking = segment->kind == PIN_KIND_FILE && backing->known &&
				  (segment->flags & shared_writable) == shared_writable,
		.shadow_stack = flags & VM_SHADOW_STACK,
		.readable = segment->flags & PIN_REPORT_READ,
		.writable = segment->flags & PIN_REPORT_WRITE,
	};

	return rule_reason(&facts, access);
}

/* Refused, but only for the long term: see PIN_REPORT_LEASE. */
static bool lease_would_work(const struct segment *segment, uint32_t flags,
			     const struct backing *backing)
{
	return segment->reason == PIN_REASON_FSDAX &&
	       !reason_of(segment, flags, backing, PIN_CHECK_WRITE | PIN_CHECK_LEASE);
}

/* Whether only trying can tell: see PIN_REPORT_TRY. */
static bool must_try(const struct segment *segment, uint32_t flags, const struct backing *backing)
{
	uint64_t file_end;

	if (flags & (VM_USERFAULT | VM_MAYBE_GUARD | VM_MIXEDMAP))
		return true;
	if (segment->kind == PIN_KIND_HUGETLB || segment->kind == PIN_KIND_DEVICE ||
	    segment->kind == PIN_KIND_SPECIAL)
		return true;
	if (segment->kind != PIN_KIND_FILE && segment->kind != PIN_KIND_FSDAX)
		return false;
	file_end = segment->file_offset + (segment->end - segment->start);
	return !backing->known || file_end > backing->size + (uint64_t)sysconf(_SC_PAGESIZE) - 1;
}

static void predict_mapping(struct survey *survey, const struct libpin_mapping *mapping,
			    const struct details *details, uint64_t from, uint64_t to)
{
	struct detail detail = find_detail(details, libpin_mapping_start(mapping));
	struct backing backing = look_at_backing(survey->pid, mapping);
	uint64_t skipped = from - libpin_mapping_start(mapping);
	struct segment segment = {
		.start = from,
		.end = to,
		.kind = kind_of(mapping, detail.vm_flags, &backing),
		.flags = libpin_mapping_flags(mapping),
		.page_size = detail.page_size ? detail.page_size : (uint64_t)sysconf(_SC_PAGESIZE),
		.inode = libpin_mapping_inode(mapping),
		.dev_major = libpin_mapping_dev_major(mapping),
		.dev_minor = libpin_mapping_dev_minor(mapping),
		.path = (char *)libpin_mapping_path(mapping),
	};

	if (segment.inode)
		segment.file_offset = libpin_mapping_file_offset(mapping) + skipped;
	segment.reason = reason_of(&segment, detail.vm_flags, &backing, survey->access);
	segment.error = libpin_reason_error(segment.reason);
	if (!segment.reason && must_try(&segment, detail.vm_flags, &backing))
		segment.flags |= PIN_REPORT_TRY;
	if (lease_would_work(&segment, detail.vm_flags, &backing))
		segment.flags |= PIN_REPORT_LEASE;
	survey_add(survey, &segment);
}

static void predict_hole(struct survey *survey, uint64_t from, uint64_t to)
{
	struct segment segment = {
		.start = from,
		.end = to,
		.kind = PIN_KIND_HOLE,
		.reason = PIN_REASON_HOLE,
		.error = libpin_reason_error(PIN_REASON_HOLE),
	};

	if (survey->range && from < to)
		survey_add(survey, &segment);
}

static void predict_range(struct survey *survey, const struct libpin_maps *maps,
			  const struct details *details)
{
	uint64_t mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	uint64_t at = survey->start & ~mask;
	uint64_t end = (survey->start + survey->length + mask) & ~mask;
	size_t i;

	for (i = 0; i < libpin_maps_count(maps); i++) {
		const struct libpin_mapping *mapping = libpin_maps_get(maps, i);
		uint64_t from = libpin_mapping_start(mapping), to = libpin_mapping_end(mapping);

		if (to <= at)
			continue;
		if (from >= end)
			break;
		if (from < at)
			from = at;
		if (to > end)
			to = end;
		predict_hole(survey, at, from);
		predict_mapping(survey, mapping, details, from, to);
		at = to;
	}
	predict_hole(survey, at, end);
}

/*
 * The limit is judged last, only if nothing else refuses, and against the range
 * alone: no file shows what the user has charged already.
 */
void survey_predict_limit(struct survey *survey)
{
	struct rlimit limit;
	size_t i;

	for (i = 0; i < survey->count; i++)
		if (survey->segments[i].reason)
			return;
	if (!survey->range || prlimit(survey->pid, RLIMIT_MEMLOCK, NULL, &limit) ||
	    limit.rlim_cur == RLIM_INFINITY ||
	    segments_charge(survey->segments, survey->count, true) <= limit.rlim_cur ||
	    capability_exempt(survey->pid))
		return;
	survey->limit = PIN_REASON_MEMLOCK_LIMIT;
	survey->limit_error = libpin_reason_error(PIN_REASON_MEMLOCK_LIMIT);
}

int survey_predict(struct survey *survey)
{
	struct details details = { 0 };
	struct libpin_maps *maps;
	int ret;

	ret = read_smaps(survey->pid, &details);
	if (!ret)
		ret = libpin_maps_read(survey->pid, &maps);
	if (!ret) {
		predict_range(survey, maps, &details);
		survey_predict_limit(survey);
		libpin_maps_free(maps);
	}
	free(details.list);
	return ret;
}
