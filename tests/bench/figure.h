/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures of the benchmarks, as programs read them: a line each, "figure", the name
 * and the value, with tabs between them.
 *
 * A name is words with slashes between them, the first is whose the figure is: "pin" for
 * what /dev/pin costs, another for what is there to compare with. Instructions, or bytes
 * where the name says so.
 */
#ifndef PIN_BENCH_FIGURE_H
#define PIN_BENCH_FIGURE_H

#include <stdint.h>

void figure_tell(uint64_t value, const char *name, ...) __attribute__((format(printf, 2, 3)));

#endif /* PIN_BENCH_FIGURE_H */
