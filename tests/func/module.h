/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module, loaded and unloaded by the suite itself: its file is the one that
 * PIN_TEST_MODULE names.
 */
#ifndef PIN_TEST_MODULE_H
#define PIN_TEST_MODULE_H

/* A descriptor of that file. */
int module_open(void);
/* One system call, and nothing else; 0 or -errno. */
int module_load(int fd);
/* Without waiting for those who use it. */
int module_unload(void);

/* No file of it is left; @when is for the message. */
void module_expect_gone(const char *when);

#endif /* PIN_TEST_MODULE_H */
