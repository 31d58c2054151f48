/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a series of figures grow, or does it only go up and down?
 *
 * The first half is left out: that is where caches fill and pools find their size. Of the
 * second one the test of Mann and Kendall says how sure it is that it rises, whatever the
 * shape and however wide it swings; the estimate of Theil and Sen, the median of the slopes
 * between all pairs, by how much. Neither is led astray by a few figures that lie far off,
 * as the line of the least squares is.
 */
#ifndef PIN_TEST_TREND_H
#define PIN_TEST_TREND_H

#include <stdbool.h>

struct trend {
	double sureness;	/* standard deviations from "does not rise" */
	double rise;		/* from the middle of the series to its end */
};

/* Of @count figures, 8 at least, taken at even intervals. */
struct trend trend_of(const double *series, unsigned int count);

/*
 * It rises: more likely than not by a thousand to one, and by more than @noise, below
 * which nobody could tell a leak from what differs between two looks.
 */
bool trend_grows(const struct trend *trend, double noise);

#endif /* PIN_TEST_TREND_H */
