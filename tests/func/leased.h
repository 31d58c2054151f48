/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of a DAX filesystem with a lease on it, for the suites about leases: all of
 * them run once for each filesystem in dax_dirs.
 */
#ifndef PIN_TEST_LEASED_H
#define PIN_TEST_LEASED_H

#include "copy.h"
#include "harness.h"

/* Environment variables that name the DAX filesystems' directories. */
extern const char *const dax_dirs[];
#define DAX_DIRS	2
#define DAX_EXT4	0
#define DAX_XFS		1

struct leased {
	const char *path;
	int fd;
	char *addr;
	size_t length;
	uint64_t id;
};

/* A file of @length bytes, its blocks allocated, mapped shared and for writing. */
void leased_open(struct leased *leased, const char *dir_variable, size_t length);
/* Lease all of it; the lease is checked to be one. */
void leased_pin(struct leased *leased);
/* Unmap, close and remove; the pin is not touched. */
void leased_close(struct leased *leased);

/* The namespace of the block device that a directory is mounted from. */
void leased_namespace(const char *dir, char *name, size_t size);

/* Live: in QUERY, LIST, READ; READ sees what is mapped. */
void expect_live(uint64_t id);
/* Revoked: in QUERY, LIST, RUNS, READ, WRITE; nothing is pinned for it any more. */
void expect_revoked(uint64_t id);
/* The same of a pin of another mode. */
void expect_revoked_of(uint64_t id, uint32_t mode);
/* The next event, which there is, of the context; it tells of this pin. */
struct pin_event expect_event(uint64_t id);
/* No event is there. */
void expect_no_event(void);

#endif /* PIN_TEST_LEASED_H */
