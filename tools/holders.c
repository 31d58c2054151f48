// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holders: see holders.h.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holders.h"
#include "pinctl.h"
#include "text.h"

/* PF_KTHREAD of the flags in /proc/PID/stat. */
#define KERNEL_THREAD 0x00200000ul

void holders_release(struct holders *holders)
{
	size_t i;

	for (i = 0; i < holders->count; i++) {
		free(holders->contexts[i].holders);
		free(holders->contexts[i].name);
	}
	free(holders->contexts);
	*holders = (struct holders){ 0 };
}

/*
 * Only the driver of /dev/pin writes all three of these lines.  The file is asked
 * rather than the descriptor's target, which may lie on a filesystem that hangs.
 */
static bool parse_fdinfo(FILE *file, struct held_context *context)
{
	bool pins = false, pinned = false, charged = false;
	unsigned int flags = 0;
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "flags: %o", &flags);
		pins |= sscanf(line, "pins: %" SCNu64, &context->pins) == 1;
		pinned |= sscanf(line, "pinned-pages: %" SCNu64, &context->pinned_pages) == 1;
		charged |= sscanf(line, "charged-pages: %" SCNu64, &context->charged_pages) == 1;
	}
	context->writable = (flags & O_ACCMODE) != O_RDONLY;
	return pins && pinned && charged;
}

/* Sockets, pipes and the like have no path, and there are many of them. */
static bool may_be_device(pid_t pid, int fd)
{
	char link[64], target[2];

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, fd);
	return readlink(link, target, sizeof(target)) > 0 && target[0] == '/';
}

static bool read_context(pid_t pid, int fd, struct held_context *context)
{
	char path[64];
	FILE *file;
	bool found;

	*context = (struct held_context){ 0 };
	if (!may_be_device(pid, fd))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	file = fopen(path, "re");
	if (!file) {
		check_memory(errno);
		return false;
	}
	found = parse_fdinfo(file, context);
	fclose(file);
	return found;
}

static void add_holder(struct held_context *context, pid_t pid, int fd)
{
	context->holders = reallocarray(context->holders, context->holder_count + 1,
					sizeof(*context->holders));
	if (!context->holders)
		out_of_memory();
	context->holders[context->holder_count++] = (struct holder){ .pid = pid, .fd = fd };
}

/* The context among those found that this descriptor leads to as well, or NULL. */
static struct held_context *same_context(struct holders *holders, pid_t pid, int fd)
{
	size_t i;

	for (i = 0; i < holders->count; i++) {
		const struct holder *first = holders->contexts[i].holders;
		long ret = syscall(SYS_kcmp, first->pid, pid, KCMP_FILE, first->fd, fd);

		if (!ret)
			return &holders->contexts[i];
		/* Whoever has ended meanwhile shares nothing any more. */
		if (ret < 0 && errno != ESRCH && errno != EBADF)
			holders->compared = false;
	}
	return NULL;
}

static void identify(struct held_context *context, pid_t pid)
{
	char path[64], line[128], *name = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		check_memory(errno);
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "Name:", 5) && !name) {
			line[strcspn(line, "\n")] = '\0';
			name = text_format("%s", line + 5 + strspn(line + 5, "\t "));
		}
		sscanf(line, "Uid: %u", &context->uid);
	}
	if (file)
		fclose(file);
	context->name = name ? name : text_format("%s", "");
}

static void add_descriptor(struct holders *holders, pid_t pid, int fd)
{
	struct held_context found, *context;

	if (!read_context(pid, fd, &found))
		return;
	context = same_context(holders, pid, fd);
	if (!context) {
		holders->contexts = reallocarray(holders->contexts, holders->count + 1,
						 sizeof(*holders->contexts));
		if (!holders->contexts)
			out_of_memory();
		context = &holders->contexts[holders->count++];
		*context = found;
		identify(context, pid);
	}
	add_holder(context, pid, fd);
}

/* -errno if the process cannot be looked into. */
static int add_process(struct holders *holders, pid_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	if (!directory) {
		check_memory(errno);
		return errno == ENOENT ? -ESRCH : -errno;
	}
	while ((entry = readdir(directory)))
		if (isdigit((unsigned char)entry->d_name[0]))
			add_descriptor(holders, pid, (int)strtol(entry->d_name, NULL, 10));
	closedir(directory);
	return 0;
}

static bool is_kernel_thread(pid_t pid)
{
	unsigned long flags = 0;
	char path[64], line[512];
	const char *end = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file) {
		check_memory(errno);
		return false;
	}
	/* The name, in parentheses, may contain anything. */
	if (fgets(line, sizeof(line), file))
		end = strrchr(line, ')');
	fclose(file);
	return end && sscanf(end, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 &&
	       flags & KERNEL_THREAD;
}

static int is_process(const struct dirent *entry)
{
	return isdigit((unsigned char)entry->d_name[0]);
}

/* By number, which versionsort() gives without being told. */
static int add_all(struct holders *holders)
{
	struct dirent **entries;
	int count = scandir("/proc", &entries, is_process, versionsort), i;

	if (count < 0) {
		check_memory(errno);
		return -errno;
	}
	for (i = 0; i < count; i++) {
		pid_t pid = (pid_t)strtol(entries[i]->d_name, NULL, 10);

		if (add_process(holders, pid) == -EACCES && !is_kernel_thread(pid))
			holders->hidden++;
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int holders_find(struct holders *holders, pid_t pid)
{
	*holders = (struct holders){ .compared = true };
	return pid ? add_process(holders, pid) : add_all(holders);
}

int holder_borrow(const struct holder *holder, int *fd)
{
	int process = (int)syscall(SYS_pidfd_open, holder->pid, 0), error;

	if (process < 0)
		return -errno;
	*fd = (int)syscall(SYS_pidfd_getfd, process, holder->fd, 0);
	error = errno;
	close(process);
	return *fd < 0 ? -error : 0;
}

char *user_name(uid_t uid)
{
	const struct passwd *user;

	errno = 0;
	user = getpwuid(uid);
	if (!user)
		check_memory(errno);
	return user ? text_format("%s", user->pw_name) : text_format("%u", uid);
}
