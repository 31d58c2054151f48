/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of FUSE whose server never answers when somebody reads from it: whoever touches
 * the page of it that is mapped is stuck. The server is a process of its own, without
 * libfuse.
 */
#ifndef PIN_TEST_SILENT_H
#define PIN_TEST_SILENT_H

#include <stdbool.h>
#include <sys/types.h>

struct silent {
	pid_t server;
	int asked;	/* has a byte for each read that the server was asked for */
	int answer;	/* closed: the server answers now */
	char path[64];
	char *addr;	/* a private, writable mapping of the file, a page */
};

/* The first @errors reads fail with EIO at once. */
void silent_open(struct silent *silent, unsigned int errors);
/* Is there somebody who waits? */
bool silent_is_asked(const struct silent *silent);
/* Returns when somebody waits. */
void silent_await(struct silent *silent);
/* From now on it answers: zeros. */
void silent_answer(struct silent *silent);
/* Nobody waits any more. */
void silent_close(struct silent *silent);

#endif /* PIN_TEST_SILENT_H */
