/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine: what doctor examines.  The files of a system, and beside them what no
 * file tells: the device and the module's own answers.  Those are written down as
 * one more file, FACTS, so that a saved machine is examined by the same code.
 */
#ifndef _PINCTL_MACHINE_H
#define _PINCTL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "system.h"

#define DEVICE "/dev/pin"
#define FACTS "/pinctl/facts"

/*
 * @known: there are facts; otherwise nothing from @device_error on means anything.
 * @answered: the module has answered, and what follows it is its answer (see
 * struct pin_info).  Errors are positive errnos, 0 if there is none.
 */
struct machine {
	struct system *system;
	char process[32];
	bool self;
	bool known;
	unsigned int uid;
	uint64_t page_size;
	int device_error;
	bool device_is_character;
	unsigned int device_mode;
	unsigned int device_uid;
	unsigned int device_gid;
	int ask_error;
	int pin_error;
	bool answered;
	uint64_t abi_version;
	uint64_t features;
	uint64_t system_cap_pages;
	uint64_t system_pinned_pages;
	uint64_t user_limit_pages;
	uint64_t user_charged_pages;
};

/* Looks at @system; @pid 0: at pinctl itself, or at whom a saved one is about. */
void machine_look(struct machine *machine, struct system *system, pid_t pid);

/* Below /proc/PID of the process in question: "status" is /proc/self/status. */
const char *machine_path(const struct machine *machine, const char *name, char path[64]);
/* A field of the process's status; false if it is not there. */
bool machine_status(const struct machine *machine, const char *name, char *value, size_t size);
/* Soft and hard RLIMIT_MEMLOCK in bytes, UINT64_MAX: unlimited. */
bool machine_memlock(const struct machine *machine, uint64_t *soft, uint64_t *hard);
/* Whether the process has @capability (a CAP_*) at all. */
bool machine_capable(const struct machine *machine, int capability);
/* Whether its user namespace maps all users to themselves, as the initial one does. */
bool machine_initial_users(const struct machine *machine);
/*
 * Whether RLIMIT_MEMLOCK does not count for it: CAP_IPC_LOCK exempts where it is one of the
 * initial user namespace, and nowhere else.
 */
bool machine_exempt(const struct machine *machine);
/* The kind of container that this is, or NULL. */
const char *machine_container(const struct machine *machine);
/* Major and minor number of the kernel's release; false if there is no telling. */
bool machine_kernel(const struct machine *machine, unsigned int *major, unsigned int *minor);

#endif /* _PINCTL_MACHINE_H */
