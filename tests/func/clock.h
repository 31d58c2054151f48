/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long something took, in the guest's own time, and how long it may.
 *
 * On an emulated machine that time passes while the emulator waits for a processor. A
 * machine whose clock counts executed instructions (QEMU's -icount, one a nanosecond;
 * PIN_TEST_CLOCK says "instructions") is not slower on a busy host. Elsewhere only a hang
 * is a failure; the figures are told all the same.
 */
#ifndef PIN_TEST_CLOCK_H
#define PIN_TEST_CLOCK_H

/* Of the monotonic clock. */
double clock_seconds(void);

/* @seconds, five times as many where the kernel checks every step, or what only a hang takes. */
double clock_allowed(double seconds);

#endif /* PIN_TEST_CLOCK_H */
