// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Place: see place.h.  What is asked about this machine is read from /sys and /proc.
 *
 * The pages of a file are those that it has in memory: they are looked up through a
 * mapping of it in /proc/self/pagemap, which tells page frames to who has CAP_SYS_ADMIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger.h"
#include "place.h"
#include "size.h"
#include "text.h"

/* Bytes of a file that are mapped at a time. */
#define STEP	(64ULL << 20)
/* No physical address of a processor of today is higher. */
#define PHYS_END	(1ULL << 52)
#define PAGEMAP_PRESENT	(1ULL << 63)
#define PAGEMAP_PFN	((1ULL << 55) - 1)

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add(struct place *place, uint64_t first, uint64_t count)
{
	struct frames *last = place->count ? &place->frames[place->count - 1] : NULL;

	if (!count)
		return;
	if (last && last->first + last->count == first) {
		last->count += count;
		return;
	}
	place->frames = reallocarray(place->frames, place->count + 1, sizeof(*place->frames));
	if (!place->frames)
		out_of_memory();
	place->frames[place->count++] = (struct frames){ .first = first, .count = count };
}

/* --- numbers ---------------------------------------------------------------- */

/* START, START-END (with END, or up to it) or START+COUNT; COUNT may be a size. */
static int parse_interval(const char *text, bool sizes, uint64_t *first, uint64_t *end)
{
	uint64_t number = 1;
	int ret = size_parse_number(text, first, &text);

	if (ret)
		return ret;
	if (*text == '-') {
		ret = size_parse_number(text + 1, end, &text);
		/* The kernel's own messages name page frames as [first, end). */
		if (!ret && (*text || *end <= *first))
			ret = -EINVAL;
		return ret;
	}
	if (*text == '+') {
		ret = sizes ? size_parse(text + 1, &number) :
			      size_parse_number(text + 1, &number, &text);
		if (!ret && !sizes && *text)
			ret = -EINVAL;
	} else if (*text) {
		ret = -EINVAL;
	}
	if (!ret && (!number || __builtin_add_overflow(*first, number, end)))
		ret = -EINVAL;
	return ret;
}

static int parse_pfns(struct pinctl *pinctl, const char *text, struct place *place)
{
	uint64_t first, end;

	if (parse_interval(text, false, &first, &end))
		return complain_usage(pinctl, NULL, "'%s': page frames are FIRST-END or "
				      "FIRST+COUNT, as pfn:0x45900-0x45dcf", text);
	add(place, first, end - first);
	return 0;
}

static int parse_phys(struct pinctl *pinctl, const char *text, struct place *place)
{
	uint64_t first, end;

	if (parse_interval(text, true, &first, &end))
		return complain_usage(pinctl, NULL, "'%s': physical memory is START-END or "
				      "START+SIZE, as phys:0x140000000+128M", text);
	first /= page_size();
	end = (end - 1) / page_size() + 1;
	add(place, first, end - first);
	return 0;
}

/* --- /sys and /proc --------------------------------------------------------- */

/* The hexadecimal number in a file of /sys. */
static int read_hex(const char *path, uint64_t *number)
{
	FILE *file = fopen(path, "re");
	int ret;

	if (!file)
		return -errno;
	ret = fscanf(file, "%" SCNx64, number) == 1 ? 0 : -EINVAL;
	fclose(file);
	return ret;
}

static int parse_block(struct pinctl *pinctl, const char *text, struct place *place)
{
	const char *name = strncmp(text, "memory", 6) ? text : text + 6;
	uint64_t number, size, index;
	char *path;
	int ret;

	if (number_parse(name, &number))
		return complain_usage(pinctl, NULL, "'%s': a memory block is block:memory40", text);
	path = text_format("/sys/devices/system/memory/memory%" PRIu64 "/phys_index", number);
	ret = read_hex(path, &index);
	free(path);
	if (!ret)
		ret = read_hex("/sys/devices/system/memory/block_size_bytes", &size);
	check_memory(-ret);
	if (ret)
		return complain(pinctl, EXIT_UNKNOWN, NULL, "lsmem -a",
				"there is no memory block memory%" PRIu64, number);
	add(place, index * (size / page_size()), size / page_size());
	return 0;
}

static int parse_node(struct pinctl *pinctl, const char *text, struct place *place)
{
	uint64_t number;
	char *path;
	int missing;

	if (number_parse(text, &number) || number > INT32_MAX)
		return complain_usage(pinctl, NULL, "'%s': a NUMA node is node:1", text);
	path = text_format("/sys/devices/system/node/node%" PRIu64, number);
	missing = access(path, F_OK);
	free(path);
	if (missing && number)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL,
				"there is no NUMA node %" PRIu64, number);
	place->node = (int)number;
	return 0;
}

/* NULL, which is told, if it cannot be read. */
static FILE *open_proc(struct pinctl *pinctl, const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file) {
		check_memory(errno);
		complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "cannot read %s: %s", path,
			 strerror(errno));
	}
	return file;
}

/*
 * Where a zone lies /proc/zoneinfo says of those only that the page allocator has pages
 * of, which never are device memory. But whatever has pages and is no RAM is.
 */
static int add_devices(struct pinctl *pinctl, struct place *place)
{
	FILE *file = open_proc(pinctl, "/proc/iomem");
	uint64_t begin, last = 0, next = 0;
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return EXIT_UNKNOWN;
	errno = 0;
	while (getline(&line, &size, file) > 0) {
		if (!strstr(line, " : System RAM") ||
		    sscanf(line, " %" SCNx64 "-%" SCNx64, &begin, &last) != 2)
			continue;
		if (begin / page_size() > next)
			add(place, next, begin / page_size() - next);
		next = last / page_size() + 1;
	}
	check_memory(errno);
	free(line);
	fclose(file);
	if (!last)
		return complain(pinctl, EXIT_UNKNOWN, "it takes CAP_SYS_ADMIN", "ask with sudo",
				"where zone Device lies is withheld");
	add(place, next, PHYS_END / page_size() - next);
	return 0;
}

/* Every zone of that name, on whatever node. */
static int parse_zone(struct pinctl *pinctl, const char *text, struct place *place)
{
	FILE *file = open_proc(pinctl, "/proc/zoneinfo");
	bool known = false, inside = false;
	uint64_t spanned = 0, number;
	char *line = NULL, name[32];
	size_t size = 0;

	if (!file)
		return EXIT_UNKNOWN;
	errno = 0;
	while (getline(&line, &size, file) > 0) {
		if (sscanf(line, "Node %*u, zone %31s", name) == 1) {
			inside = !strcmp(name, text);
			known |= inside;
		} else if (inside && sscanf(line, " spanned %" SCNu64, &number) == 1) {
			spanned = number;
		} else if (inside && sscanf(line, " start_pfn: %" SCNu64, &number) == 1) {
			add(place, number, spanned);
		}
	}
	check_memory(errno);
	free(line);
	fclose(file);
	if (!known)
		return complain(pinctl, EXIT_UNKNOWN,
				"zones are DMA, DMA32, Normal, Movable, Device", NULL,
				"there is no zone '%s'", text);
	return strcmp(text, "Device") ? 0 : add_devices(pinctl, place);
}

/* --- files ------------------------------------------------------------------ */

/* The page frames of what is mapped at @map: 0, -errno, or 1 if they are withheld. */
static int look_up(int pagemap, const char *map, uint64_t length, struct place *place)
{
	uint64_t entries[512], pages = (length - 1) / page_size() + 1, at, i, count;
	bool withheld = true, present = false;

	for (at = 0; at < pages; at += count) {
		off_t offset = (off_t)(((uintptr_t)map / page_size() + at) * sizeof(*entries));

		count = pages - at < ARRAY_SIZE(entries) ? pages - at : ARRAY_SIZE(entries);
		if (pread(pagemap, entries, count * sizeof(*entries), offset) !=
		    (ssize_t)(count * sizeof(*entries)))
			return -EIO;
		for (i = 0; i < count; i++) {
			if (!(entries[i] & PAGEMAP_PRESENT))
				continue;
			present = true;
			withheld &= !(entries[i] & PAGEMAP_PFN);
			if (entries[i] & PAGEMAP_PFN)
				add(place, entries[i] & PAGEMAP_PFN, 1);
		}
	}
	return present && withheld;
}

static int file_frames(int fd, int pagemap, struct place *place)
{
	uint64_t at, length, size, step = STEP;
	struct stat status;
	char *map;
	int ret = 0;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	size = (uint64_t)status.st_size;
	/* A file of huge pages is mapped by whole ones, which can be larger. */
	if ((uint64_t)status.st_blksize > step)
		step = (uint64_t)status.st_blksize;
	for (at = 0; !ret && at < size; at += step) {
		length = size - at < step ? size - at : step;
		map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)at);
		if (map == MAP_FAILED)
			return -errno;
		/* What cannot be read is not mapped, and what is pinned can be. */
		madvise(map, length, MADV_POPULATE_READ);
		ret = look_up(pagemap, map, length, place);
		munmap(map, length);
	}
	return ret;
}

static int parse_file(struct pinctl *pinctl, const char *path, struct place *place)
{
	/* As for check: a FIFO is not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), pagemap = -1, ret;

	if (fd >= 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ret = pagemap < 0 ? -errno : file_frames(fd, pagemap, place);
	if (fd >= 0)
		close(fd);
	if (pagemap >= 0)
		close(pagemap);
	check_memory(-ret);
	if (ret > 0)
		return complain(pinctl, EXIT_UNKNOWN, "it takes CAP_SYS_ADMIN", "ask with sudo",
				"the page frames of %s are withheld", path);
	if (ret < 0)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "cannot look up %s: %s", path,
				ret == -EINVAL ? "not a regular file" : strerror(-ret));
	return 0;
}

/* --- all of them ------------------------------------------------------------ */

static const struct {
	const char *prefix;
	int (*parse)(struct pinctl *pinctl, const char *text, struct place *place);
} kinds[] = {
	{ "pfn:", parse_pfns },
	{ "phys:", parse_phys },
	{ "block:", parse_block },
	{ "node:", parse_node },
	{ "zone:", parse_zone },
	{ "file:", parse_file },
};

int place_parse(struct pinctl *pinctl, const char *text, struct place *place)
{
	size_t i, length;

	*place = (struct place){ .text = text, .node = -1 };
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		length = strlen(kinds[i].prefix);
		if (!strncmp(text, kinds[i].prefix, length))
			return kinds[i].parse(pinctl, text + length, place);
	}
	return complain_usage(pinctl, NULL, "place '%s': not pfn:, phys:, block:, node:, zone: or "
			      "file:", text);
}

void place_release(struct place *place)
{
	free(place->frames);
}
