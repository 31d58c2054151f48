// SPDX-License-Identifier: GPL-2.0-or-later
/* What makers of memory share; see memory.h. */
#include "memory.h"

#include "harness.h"
#include "pageproof.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

char *memory_place(struct memory *memory, size_t length, size_t align)
{
	size_t lead = MEMORY_LEAD * page;
	char *place;

	memory->room_length = lead + length + align;
	memory->room = mmap(NULL, memory->room_length, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(memory->room, MAP_FAILED);
	place = (char *)(((uintptr_t)memory->room + lead + align - 1) & -align);
	memory_map(place - lead, lead, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_int_eq(madvise(place - lead, lead, MADV_NOHUGEPAGE), 0);
	touch(place - lead, lead);
	memory->addr = place - lead;
	memory->length = lead + length;
	return place;
}

char *memory_place_anonymous(struct memory *memory, size_t length)
{
	char *place = memory_place(memory, length, page);

	memory_map(place, length, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_int_eq(madvise(place, length, MADV_NOHUGEPAGE), 0);
	return place;
}

void memory_is(struct memory *memory, void *addr, size_t length)
{
	memory->addr = addr;
	memory->length = length;
}

void memory_is_at(struct memory *memory, uint64_t addr, size_t length)
{
	memory->unaddressable = addr > UINTPTR_MAX;
	memory_is(memory, (void *)(uintptr_t)addr, length);
}

void memory_map(char *place, size_t length, int prot, int flags, int fd,
		off_t offset)
{
	void *mapped = mmap(place, length, prot, flags | MAP_FIXED, fd, offset);

	ck_assert_msg(mapped == place, "mmap: %s", strerror(errno));
}

int memory_owns(struct memory *memory, int fd, const char *what)
{
	const int room = sizeof(memory->fds) / sizeof(*memory->fds);

	ck_assert_msg(fd >= 0, "%s: %s", what, strerror(errno));
	ck_assert_int_lt(memory->fd_count, room);
	memory->fds[memory->fd_count++] = fd;
	return fd;
}

void memory_read(const char *addr, size_t length)
{
	size_t i;

	for (i = 0; i < length; i += page)
		__atomic_load_n(&addr[i], __ATOMIC_RELAXED);
}

void memory_prove_flag(const char *addr, size_t length, uint64_t flag)
{
	size_t i;

	for (i = 0; i < length; i += page)
		ck_assert_msg(page_flags_at(addr + i) & flag,
			      "page %zu lacks flag %#llx: %#llx", i / page,
			      (unsigned long long)flag,
			      (unsigned long long)page_flags_at(addr + i));
}

static void ignore_signal(int signal)
{
}

void memory_poison(char *addr)
{
	uint64_t pfn = pfn_at(addr);

	/* Some kernels tell the process at once, whether it asked or not. */
	ck_assert_ptr_ne(signal(SIGBUS, ignore_signal), SIG_ERR);
	ck_assert_msg(!madvise(addr, page, MADV_HWPOISON), "MADV_HWPOISON: %s",
		      strerror(errno));
	ck_assert(page_flags(pfn) & PAGEFLAG_HWPOISON);
}

int kernel_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ck_assert_msg(write(fd, value, strlen(value)) == (ssize_t)strlen(value),
		      "%s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

long kernel_read(const char *path)
{
	FILE *file = fopen(path, "re");
	long value;

	if (!file)
		return -1;
	ck_assert_int_eq(fscanf(file, "%ld", &value), 1);
	fclose(file);
	return value;
}

/* Answers faults until it is told to stop. */
static void *serve_faults(void *data)
{
	struct memory *memory = data;
	struct pollfd polled[2] = {
		{ .fd = memory->uffd, .events = POLLIN },
		{ .fd = memory->handler_stop, .events = POLLIN },
	};
	struct uffd_msg message;

	while (poll(polled, 2, -1) >= 0 && !polled[1].revents) {
		if (read(memory->uffd, &message, sizeof(message)) != sizeof(message))
			continue;
		ck_assert_int_eq(message.event, UFFD_EVENT_PAGEFAULT);
		memory->asked_handler++;
		memory->uffd_resolve(memory->uffd,
				     message.arg.pagefault.address & -page);
	}
	return NULL;
}

void memory_make(const struct memory_kind *kind, struct memory *memory)
{
	*memory = (struct memory) { .uffd = -1 };
	kind->make(memory);
	if (memory->uffd < 0)
		return;
	memory->handler_stop = memory_owns(memory, eventfd(0, EFD_CLOEXEC), "eventfd");
	ck_assert_int_eq(pthread_create(&memory->handler, NULL, serve_faults,
					memory), 0);
}

void memory_free(struct memory *memory)
{
	if (memory->uffd >= 0) {
		ck_assert_int_eq(eventfd_write(memory->handler_stop, 1), 0);
		pthread_join(memory->handler, NULL);
	}
	if (memory->child) {
		ck_assert_int_eq(kill(memory->child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(memory->child, NULL, 0), memory->child);
	}
	if (memory->room_length)
		ck_assert_int_eq(munmap(memory->room, memory->room_length), 0);
	while (memory->fd_count)
		close(memory->fds[--memory->fd_count]);
	if (*memory->path)
		ck_assert_int_eq(unlink(memory->path), 0);
}
