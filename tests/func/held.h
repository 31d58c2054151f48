/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call in another thread, held up at a delay point. */
#ifndef PIN_TEST_HELD_H
#define PIN_TEST_HELD_H

#include <pthread.h>
#include <stdatomic.h>

struct held {
	pthread_t thread;
	unsigned int number;
	void *arg;
	int err;
	atomic_bool done;
};

/*
 * Makes the call and returns when it is held up; @nth: the how-manieth time that it
 * comes to the point, or 0 for the first and every other.
 */
void held_start(struct held *held, unsigned int number, void *arg,
		const char *point, unsigned long nth);
/* Lets it go on and returns its result, 0 or -errno. */
int held_finish(struct held *held, const char *point);

#endif /* PIN_TEST_HELD_H */
