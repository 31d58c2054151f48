/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System: the files that describe a machine, read from this machine, from a
 * directory that has them, or from a bundle that doctor has saved.  Everything read
 * is kept, so that it can be saved in turn.
 */
#ifndef _PINCTL_SYSTEM_H
#define _PINCTL_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct system;

/*
 * @root NULL: this machine; a directory; or a bundle.  0 or -errno, -EINVAL if it
 * is a file but no bundle.  An error gives no object.
 */
int system_open(struct system **system, const char *root);
void system_close(struct system *system);
/* Whether it is this very machine. */
bool system_is_live(const struct system *system);

/*
 * The content of @path, which is absolute; it belongs to @system and ends in a zero
 * beyond its *@size (may be NULL) bytes.  NULL, and errno, if it cannot be read.
 */
const char *system_read(struct system *system, const char *path, size_t *size);
/* As system_read(), only of lines that contain @word: nothing else is kept. */
const char *system_grep(struct system *system, const char *path, const char *word);
/* Whether there is such a file or directory. */
bool system_has(struct system *system, const char *path);
/* Name @index in directory @path, sorted, to be freed; NULL beyond the last. */
char *system_entry(struct system *system, const char *path, size_t index);
/* Says what @path contains, of which there is no file.  Copies @text. */
void system_state(struct system *system, const char *path, const char *text);

/* The first line, without its end; false if there is none. */
bool system_line(struct system *system, const char *path, char *line, size_t size);
/* The decimal number that a file begins with. */
bool system_number(struct system *system, const char *path, uint64_t *number);
/*
 * What follows "@name:" or "@name " at the beginning of a line, without blanks
 * around it.
 */
bool system_field(struct system *system, const char *path, const char *name, char *value,
		  size_t size);

/* Files that have been read so far. */
size_t system_count(const struct system *system);
/* Writes them to a new bundle; 0 or -errno. */
int system_save(const struct system *system, const char *path);

#endif /* _PINCTL_SYSTEM_H */
