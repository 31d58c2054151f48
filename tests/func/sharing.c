// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that share blocks (reflink) or exchange them, while one of them is leased.
 *
 * A filesystem that shares a block copies it on the next write, and one that exchanges
 * it gives it to another file; a page that a lease holds is neither. So each of these
 * takes the lease back without waiting for its holder, the old pin reaches neither file
 * any more, and a new lease has blocks of its own.
 *
 * XFS does all of it with DAX, if the filesystem is no partition; ranges are exchanged
 * from 6.10 on. Left out is what makes the kernel warn by itself, as sharing-mapped.sh
 * shows: sharing on 6.1, exchanging on 7.2. ext4 does none of it, its answers stand in
 * the table.
 */
#include "copy.h"
#include "extents.h"
#include "holder.h"
#include "mounted.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGES		64
#define LENGTH		(PAGES * page)
/* The part that is asked of ranges. */
#define PART		(4 * page)
#define PART_LENGTH	(8 * page)

/* --- XFS's own interface; no package of headers has all of it */

struct xfs_bstat_time {
	long sec;
	int nsec;
};

struct xfs_bstat {
	uint64_t ino;
	uint16_t mode, nlink;
	uint32_t uid, gid, rdev;
	int32_t blksize;
	int64_t size;
	struct xfs_bstat_time atime, mtime, ctime;
	int64_t blocks;
	uint32_t xflags;
	int32_t extsize, extents;
	uint32_t gen;
	uint16_t projid_lo, forkoff, projid_hi, sick, checked;
	unsigned char pad[2];
	uint32_t cowextsize, dmevmask;
	uint16_t dmstate, aextents;
};

struct xfs_swapext {
	int64_t version, fd_target, fd_tmp, offset, length;
	char pad[16];
	struct xfs_bstat stat;
};

struct xfs_exchange_range {
	int32_t file1_fd;
	uint32_t pad;
	uint64_t file1_offset, file2_offset, length, flags;
};

#define XFS_IOC_SWAPEXT		_IOWR('X', 109, struct xfs_swapext)
#define XFS_IOC_EXCHANGE_RANGE	_IOW('X', 129, struct xfs_exchange_range)

/* --- what can be asked of two files; all return 0 or an errno */

static int clone_from(int fd, int other)
{
	return ioctl(other, FICLONE, fd) ? errno : 0;
}

static int clone_onto(int fd, int other)
{
	return ioctl(fd, FICLONE, other) ? errno : 0;
}

static int clone_part(int fd, int other)
{
	struct file_clone_range arg = {
		.src_fd = fd,
		.src_offset = PART,
		.src_length = PART_LENGTH,
		.dest_offset = PART,
	};

	return ioctl(other, FICLONERANGE, &arg) ? errno : 0;
}

/* EILSEQ: the files differ. */
static int dedupe(int fd, int other)
{
	char room[sizeof(struct file_dedupe_range) +
		  sizeof(struct file_dedupe_range_info)] = { 0 };
	struct file_dedupe_range *arg = (void *)room;

	arg->src_length = LENGTH;
	arg->dest_count = 1;
	arg->info[0].dest_fd = other;
	if (ioctl(fd, FIDEDUPERANGE, arg))
		return errno;
	return arg->info[0].status == FILE_DEDUPE_RANGE_DIFFERS ? EILSEQ :
	       -arg->info[0].status;
}

static int dedupe_into(int fd, int other)
{
	return dedupe(other, fd);
}

/* A copy where files cannot share. */
static int copy_from(int fd, int other)
{
	loff_t in = 0, out = 0;
	ssize_t copied;

	do {
		copied = copy_file_range(fd, &in, other, &out, LENGTH - in, 0);
	} while (copied > 0 && in < (loff_t)LENGTH);
	return copied < 0 ? errno : 0;
}

static int swap_extents(int fd, int other)
{
	struct stat now;
	struct xfs_swapext arg = {
		.fd_target = fd,
		.fd_tmp = other,
		.length = LENGTH,
	};

	if (fstat(fd, &now))
		return errno;
	arg.stat.ino = now.st_ino;
	arg.stat.mtime.sec = now.st_mtim.tv_sec;
	arg.stat.mtime.nsec = now.st_mtim.tv_nsec;
	arg.stat.ctime.sec = now.st_ctim.tv_sec;
	arg.stat.ctime.nsec = now.st_ctim.tv_nsec;
	return ioctl(fd, XFS_IOC_SWAPEXT, &arg) ? errno : 0;
}

static int exchange(int fd, int other, uint64_t offset, uint64_t length)
{
	struct xfs_exchange_range arg = {
		.file1_fd = other,
		.file1_offset = offset,
		.file2_offset = offset,
		.length = length,
	};

	return ioctl(fd, XFS_IOC_EXCHANGE_RANGE, &arg) ? errno : 0;
}

static int exchange_all(int fd, int other)
{
	return exchange(fd, other, 0, LENGTH);
}

static int exchange_part(int fd, int other)
{
	return exchange(other, fd, PART, PART_LENGTH);
}

/* Gives blocks that are shared to nobody else a copy; here none is. */
static int unshare_blocks(int fd, int other)
{
	(void)other;
	return fallocate(fd, FALLOC_FL_UNSHARE_RANGE, 0, LENGTH) ? errno : 0;
}

#define SAME	1	/* the files are the same before */
#define PARTLY	2	/* reaches only a part of them */
#define SHARES	4	/* and they have the same blocks after */
#define SWAPS	8	/* leaves the other's blocks in each */
#define RANGES	16	/* takes a feature that the filesystem is given for it */

/*
 * The leased file is full of 'l', the other of 'o', or of 'l' too if they are to be
 * the same.
 */
static const struct sharing {
	const char *name;
	int (*run)(int fd, int other);
	int flags;
	char leased, other;	/* what they are full of afterwards */
	int xfs, ext4;		/* errno */
} sharings[] = {
	{ "FICLONE from", clone_from, SHARES, 'l', 'l', 0, EOPNOTSUPP },
	{ "FICLONE onto", clone_onto, SHARES, 'o', 'o', 0, EOPNOTSUPP },
	{ "FICLONERANGE from", clone_part, SHARES | PARTLY, 'l', 'l', 0, EOPNOTSUPP },
	{ "FIDEDUPERANGE from", dedupe, SHARES | SAME, 'l', 'l', 0, EOPNOTSUPP },
	{ "FIDEDUPERANGE into", dedupe_into, SHARES | SAME, 'l', 'l', 0, EOPNOTSUPP },
	{ "FIDEDUPERANGE, differing", dedupe, 0, 'l', 'o', EILSEQ, EOPNOTSUPP },
	{ "copy_file_range from", copy_from, SHARES, 'l', 'l', 0, 0 },
	{ "FALLOC_FL_UNSHARE_RANGE", unshare_blocks, 0, 'l', 'o', 0, EOPNOTSUPP },
	{ "XFS_IOC_SWAPEXT", swap_extents, SWAPS, 'o', 'l', 0, ENOTTY },
	{ "XFS_IOC_EXCHANGE_RANGE", exchange_all, SWAPS | RANGES, 'o', 'l', 0, ENOTTY },
	{ "XFS_IOC_EXCHANGE_RANGE, part", exchange_part, SWAPS | RANGES | PARTLY, 'o', 'l',
	  0, ENOTTY },
};

#define SHARINGS	((int)(sizeof(sharings) / sizeof(*sharings)))

/* --- a filesystem that can exchange ranges, which no mkfs here makes */

#define SB_SECTOR_SIZE		102	/* big-endian, as everything but the checksum */
#define SB_FEATURES_INCOMPAT	216
#define SB_CRC			224
#define EXCHANGE_FEATURE	(1 << 6)

static uint32_t crc32c(const unsigned char *data, size_t length)
{
	uint32_t crc = ~0U;
	int bit;

	while (length--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Set or clear the feature in the superblock of a filesystem that is not mounted. */
static void set_feature(const char *device, bool set)
{
	unsigned char *sector = aligned_alloc(4096, 4096), byte;
	int fd = open(device, O_RDWR | O_CLOEXEC);
	unsigned int size, i;
	uint32_t crc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, sector, 4096, 0), 4096);
	ck_assert_int_eq(memcmp(sector, "XFSB", 4), 0);
	size = sector[SB_SECTOR_SIZE] << 8 | sector[SB_SECTOR_SIZE + 1];
	byte = sector[SB_FEATURES_INCOMPAT + 3] & ~EXCHANGE_FEATURE;
	sector[SB_FEATURES_INCOMPAT + 3] = byte | (set ? EXCHANGE_FEATURE : 0);
	memset(sector + SB_CRC, 0, sizeof(crc));
	crc = crc32c(sector, size);
	for (i = 0; i < sizeof(crc); i++)
		sector[SB_CRC + i] = crc >> 8 * i;
	ck_assert_int_eq(pwrite(fd, sector, size, 0), size);
	ck_assert_int_eq(fsync(fd), 0);
	close(fd);
	free(sector);
}

static void remount_with_ranges(bool with)
{
	struct mounted mounted;

	mounted_find(&mounted, need_env(dax_dirs[DAX_XFS]));
	mounted_unmount(&mounted);
	set_feature(mounted.device, with);
	mounted_mount(&mounted);
}

/* --- one sharing with two files */

/* What a test is about. */
static const struct sharing *sharing;
static const char *dir;
static bool is_xfs;

static bool is_unknown(void)
{
	return is_xfs && sharing->flags & RANGES && kernel_before(6, 10);
}

/* Until then pages that were shared once keep a note of it (page->mapping). */
static bool kernel_shares(void)
{
	if (!kernel_before(6, 2))
		return true;
	skip("sharing-of-dax", "the kernel warns without any lease");
	return false;
}

/* False: the kernel itself cannot stand it. */
static bool begin(int i)
{
	sharing = &sharings[i / DAX_DIRS];
	dir = dax_dirs[i % DAX_DIRS];
	is_xfs = i % DAX_DIRS == DAX_XFS;
	if (is_xfs && !(sharing->flags & (SWAPS | RANGES)) && !kernel_shares())
		return false;
	/* truncate_folio_batch_exceptionals() warns: DAX entries are still there. */
	if (is_xfs && sharing->flags & SWAPS && !kernel_before(6, 15)) {
		skip("exchange-of-dax", "the kernel warns without any lease");
		return false;
	}
	if (is_xfs && sharing->flags & RANGES && !is_unknown())
		remount_with_ranges(true);
	return true;
}

static void end(void)
{
	if (is_xfs && sharing->flags & RANGES && !is_unknown())
		remount_with_ranges(false);
}

static int expected_error(void)
{
	int known = is_xfs ? sharing->xfs : sharing->ext4;

	return is_unknown() ? ENOTTY : known;
}

/* The file that it is done with. */
static const char *other_path(const char *path)
{
	static char other[PATH_MAX];

	snprintf(other, sizeof(other), "%s.other", path);
	return other;
}

static void fill(int fd, char byte)
{
	char *data = malloc(LENGTH);

	memset(data, byte, LENGTH);
	ck_assert_int_eq(pwrite(fd, data, LENGTH, 0), (ssize_t)LENGTH);
	ck_assert_int_eq(fsync(fd), 0);
	free(data);
}

/* Both files; writing to the leased one leaves its lease alone. */
static void files_open(const char *path, int *fd, int *other)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);
	*other = open(other_path(path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_ge(*other, 0);
	fill(*fd, 'l');
	fill(*other, sharing->flags & SAME ? 'l' : 'o');
}

static void files_close(const char *path, int fd, int other)
{
	close(fd);
	close(other);
	unlink(other_path(path));
}

static int share(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int other = open(other_path(path), O_RDWR | O_CLOEXEC);
	int err = fd < 0 || other < 0 ? errno : sharing->run(fd, other);

	close(fd);
	close(other);
	return err;
}

/* Is the file full of this, where the sharing reached and elsewhere? */
static void expect_full(int fd, char within, char elsewhere)
{
	char *data = malloc(LENGTH), expected;
	size_t i;

	ck_assert_int_eq(pread(fd, data, LENGTH, 0), (ssize_t)LENGTH);
	for (i = 0; i < LENGTH; i++) {
		expected = within;
		if (sharing->flags & PARTLY && (i < PART || i >= PART + PART_LENGTH))
			expected = elsewhere;
		/* An assertion is a system call, for each byte too many. */
		if (data[i] != expected)
			ck_abort_msg("%s: byte %zu is %c, not %c", sharing->name, i,
				     data[i], expected);
	}
	free(data);
}

static void expect_both(int fd, int other)
{
	char was = sharing->flags & SAME ? 'l' : 'o';

	if (expected_error()) {
		expect_full(fd, 'l', 'l');
		expect_full(other, was, was);
		return;
	}
	expect_full(fd, sharing->leased, 'l');
	expect_full(other, sharing->other, was);
	if (!is_xfs || !(sharing->flags & SHARES))
		return;
	ck_assert(extents_shared(fd, PART));
	ck_assert(extents_shared(other, PART));
	ck_assert_uint_eq(extents_block(fd, PART), extents_block(other, PART));
}

/*
 * XFS gives way before it compares or looks whether anything is shared; on ext4 nothing
 * of it touches the blocks.
 */
static void expect_outcome(uint64_t id)
{
	if (!is_xfs || is_unknown()) {
		expect_live(id);
		expect_no_event();
		return;
	}
	expect_revoked(id);
	ck_assert_uint_eq(expect_event(id).cause, PIN_CAUSE_FILE);
	expect_no_event();
}

/* --- tests */

/* By another process, while the holder of the lease is stopped. */
START_TEST(by_another)
{
	struct counters before = counters_read();
	struct holder holder;
	int fd, other;
	long took;

	if (!begin(_i))
		return;
	holder_start(&holder, dir, LENGTH, true);
	files_open(holder.leased.path, &fd, &other);
	expect_live(holder.leased.id);
	took = run_beside(sharing->name, share, holder.leased.path, expected_error());
	expect_outcome(holder.leased.id);
	expect_both(fd, other);
	holder_kill(&holder);
	ck_assert_int_eq(unpin(holder.leased.id), 0);
	counters_expect(&before, sharing->name);
	files_close(holder.leased.path, fd, other);
	unlink(holder.leased.path);
	end();
	printf("%-30s %-16s %6ld us\n", sharing->name, dir, took);
}
END_TEST

/* A lease of what was shared has blocks of its own, and what it writes stays there. */
static void expect_apart(struct leased *leased, int other)
{
	char *written = malloc(LENGTH), *before = malloc(LENGTH), *after = malloc(LENGTH);

	memset(written, 'w', LENGTH);
	ck_assert_int_eq(pread(other, before, LENGTH, 0), (ssize_t)LENGTH);
	leased_pin(leased);
	expect_own_blocks(leased->id, leased->fd, LENGTH);
	expect_written(leased->id, 0, written, LENGTH);
	ck_assert_int_eq(pread(other, after, LENGTH, 0), (ssize_t)LENGTH);
	ck_assert_int_eq(memcmp(before, after, LENGTH), 0);
	ck_assert_int_eq(pread(leased->fd, after, LENGTH, 0), (ssize_t)LENGTH);
	ck_assert_int_eq(memcmp(written, after, LENGTH), 0);
	ck_assert_int_eq(memcmp(written, leased->addr, LENGTH), 0);
	expect_live(leased->id);
	ck_assert_int_eq(unpin(leased->id), 0);
	free(written);
	free(before);
	free(after);
}

START_TEST(by_the_owner)
{
	struct leased leased;
	uint64_t first;
	int fd, other;

	if (!begin(_i))
		return;
	leased_open(&leased, dir, LENGTH);
	files_open(leased.path, &fd, &other);
	leased_pin(&leased);
	first = leased.id;
	expect_own_blocks(first, fd, LENGTH);
	ck_assert_int_eq(sharing->run(fd, other), expected_error());
	expect_outcome(first);
	expect_both(fd, other);
	ck_assert_int_eq(unpin(first), 0);
	expect_apart(&leased, other);
	files_close(leased.path, fd, other);
	leased_close(&leased);
	end();
}
END_TEST

/* --- clones while somebody writes through leases */

struct writer {
	struct leased leased;
	_Atomic unsigned int written;
	_Atomic unsigned int lost;
	_Atomic bool stop;
};

/* Write ever different pages, with a new lease whenever the last one is lost. */
static void *write_on(void *data)
{
	struct writer *writer = data;
	struct leased *leased = &writer->leased;
	char *room = malloc(page);
	struct pin_pin arg;
	unsigned int i = 0;
	uint64_t done;
	int err;

	while (!writer->stop) {
		/* device-busy or mapping-changed: a clone is faster. */
		err = pin_range(leased->addr, LENGTH, PIN_F_WRITE | PIN_F_LEASE, &arg);
		if (err)
			continue;
		do {
			memset(room, i, page);
			err = pin_write(arg.id, i++ % PAGES * page, room, page, &done);
			writer->written += !err;
		} while (!err && !writer->stop);
		writer->lost += err == -ESTALE;
		if (unpin(arg.id) || (err && err != -ESTALE))
			abort();
	}
	free(room);
	return NULL;
}

static void await_writes(struct writer *writer, unsigned int count)
{
	unsigned int from = writer->written;

	while (writer->written - from < count)
		sched_yield();
}

/* A clone is what the file was: what is written afterwards is not in it. */
START_TEST(clones_stay)
{
	const char *rounds = getenv("PIN_TEST_CLONES");
	unsigned int left = rounds ? strtoul(rounds, NULL, 10) : 10;
	char *before = malloc(LENGTH), *after = malloc(LENGTH);
	struct writer writer = { .stop = false };
	struct leased *leased = &writer.leased;
	pthread_t thread;
	int other;

	if (!kernel_shares())
		return;
	leased_open(leased, dax_dirs[DAX_XFS], LENGTH);
	other = open(other_path(leased->path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(other, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_on, &writer), 0);
	while (left--) {
		await_writes(&writer, 1);
		ck_assert_int_eq(ioctl(other, FICLONE, leased->fd), 0);
		ck_assert_int_eq(pread(other, before, LENGTH, 0), (ssize_t)LENGTH);
		await_writes(&writer, PAGES);
		ck_assert_int_eq(pread(other, after, LENGTH, 0), (ssize_t)LENGTH);
		ck_assert_int_eq(memcmp(before, after, LENGTH), 0);
	}
	writer.stop = true;
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	printf("%u writes, %u leases lost\n", writer.written, writer.lost);
	ck_assert_uint_gt(writer.lost, 0);
	close(other);
	unlink(other_path(leased->path));
	leased_close(leased);
	free(before);
	free(after);
}
END_TEST

Suite *sharing_suite(void)
{
	Suite *suite = suite_create("sharing");
	TCase *tcase = tcase_with_context("sharing");

	tcase_add_loop_test(tcase, by_another, 0, SHARINGS * DAX_DIRS);
	tcase_add_loop_test(tcase, by_the_owner, 0, SHARINGS * DAX_DIRS);
	tcase_add_test(tcase, clones_stay);
	suite_add_tcase(suite, tcase);
	return suite;
}
