/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of every kind that the verdict matrix names.
 *
 * A maker puts memory of its kind into place and proves by the kernel's own word
 * that it is of that kind, or aborts the test. What can be placed anywhere follows
 * MEMORY_LEAD pages that can be pinned, so that a refusal has an address that is
 * not the first one, and pages to give back.
 */
#ifndef PIN_TEST_MEMORY_H
#define PIN_TEST_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Anonymous pages that lie before what is made. */
#define MEMORY_LEAD	2

#define MEMORY_HUGE	(2UL << 20)

/**
 * struct memory - a range that a maker has laid out
 * @addr: what to ask about
 * @length: bytes
 * @absent: this kernel or machine has no such memory; nothing was made
 * @unaddressable: a 32-bit program has no pointer to it
 * @asked_handler: times that the handler was asked for a page
 * @room: all of the mapping, to be unmapped
 * @room_length: bytes; 0 if nothing was mapped
 * @fds: descriptors to be closed; @fd_count of them
 * @child: a process that shares the memory, or 0
 * @path: a file to be removed, or empty
 * @uffd: a userfaultfd that a thread serves, or -1
 * @uffd_resolve: answers a fault of that userfaultfd
 */
struct memory {
	char *addr;
	size_t length;
	bool absent;
	bool unaddressable;
	atomic_uint asked_handler;
	char *room;
	size_t room_length;
	int fds[8];
	int fd_count;
	pid_t child;
	char path[256];
	int uffd;
	void (*uffd_resolve)(int uffd, uint64_t addr);
	pthread_t handler;
	int handler_stop;
};

struct memory_kind {
	const char *name;
	void (*make)(struct memory *memory);
};

/* Ended by an entry without a name. */
extern const struct memory_kind memory_anonymous[];
extern const struct memory_kind memory_shared[];
extern const struct memory_kind memory_file[];
extern const struct memory_kind memory_special[];
/* Of the machines with movablecore= and cma=. */
extern const struct memory_kind memory_movable[];
extern const struct memory_kind memory_cma[];

/* Makes memory; memory_free() undoes whatever was done. */
void memory_make(const struct memory_kind *kind, struct memory *memory);
void memory_free(struct memory *memory);

/* For makers. */

/*
 * Where @length bytes go that begin at a multiple of @align, behind the lead; the
 * range becomes all of it. The place is reserved: map over it with MAP_FIXED.
 */
char *memory_place(struct memory *memory, size_t length, size_t align);

/* The same with anonymous memory there, of small pages; not touched. */
char *memory_place_anonymous(struct memory *memory, size_t length);

/* The range is [@addr, @addr + @length), mapped by somebody else, or by nobody. */
void memory_is(struct memory *memory, void *addr, size_t length);

/* The same at an address that not every program can have a pointer to. */
void memory_is_at(struct memory *memory, uint64_t addr, size_t length);

/* Map a file at a place; fails the test if that is impossible. */
void memory_map(char *place, size_t length, int prot, int flags, int fd,
		off_t offset);

/* The descriptor is closed with the memory; a negative one fails the test. */
int memory_owns(struct memory *memory, int fd, const char *what);

/* Read one byte of each page. */
void memory_read(const char *addr, size_t length);

/* Make the kernel believe that the page at @addr has a hardware memory error. */
void memory_poison(char *addr);

/* All pages of a range have the flag, or none has, of /proc/kpageflags. */
void memory_prove_flag(const char *addr, size_t length, uint64_t flag);

/* The file "@name = value" of the kernel; returns -1 if it does not exist. */
int kernel_write(const char *path, const char *value);
long kernel_read(const char *path);

#endif /* PIN_TEST_MEMORY_H */
