/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a player can do: operations, each with how often it is done.
 */
#ifndef PIN_FUZZ_OPERATION_H
#define PIN_FUZZ_OPERATION_H

#include "world.h"

/**
 * struct operation - something that a player does
 * @name: for counts
 * @weight: how many values of a byte choose it; all together 256
 * @run: does it; the result, or -errno
 * @driver: is a call to the driver
 */
struct operation {
	const char *name;
	unsigned int weight;
	long (*run)(struct player *player);
	bool driver;
};

/* Ended by one without a name. */
extern const struct operation operations_ioctl[];
extern const struct operation operations_descriptor[];
extern const struct operation operations_ledger[];
extern const struct operation operations_memory[];
extern const struct operation operations_process[];

/* A call's result, or -errno. */
long result_of(long result);

#endif /* PIN_FUZZ_OPERATION_H */
