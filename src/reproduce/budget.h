/* SPDX-License-Identifier: MIT */
/* The arithmetic of doing as much as fits into a given time, and of saying how long the whole takes. All times are in
 * seconds. */
#ifndef REPRODUCE_BUDGET_H
#define REPRODUCE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "15m", "1h30m", "90s": hours, minutes, seconds, in this order, each at most once; a number alone is refused, as is 0. */
bool budget_parse(const char *text, double *seconds);

/* What the next of `rows` rows may use of the time left when `reserved` is kept for what comes after all of them: an even
 * share, so that what a row leaves over goes to those after it. 0 when nothing is left. */
double budget_share(double left, double reserved, size_t rows);

/* The time to keep for opening a model and judging `images` images, from what a training step of `batch_size` images was
 * measured to take. A forward pass is a third of a training step's arithmetic, and is done faster. */
double budget_evaluation(double step, size_t batch_size, size_t images);

/* Whether another step of this length fits before the evaluation. */
bool budget_fits(double left, double evaluation, double step);

/* What one image was measured to take, and the images of a work still to do: their product. */
struct budget_speed {
    double training, inference; /* of one image */
};
struct budget_work {
    uint64_t training, inference; /* images */
};
double budget_forecast(const struct budget_work *work, const struct budget_speed *speed);

#endif
