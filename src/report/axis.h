/* SPDX-License-Identifier: MIT */
/* Axes of figures: a range that ends at ticks, with few ticks at round numbers whatever the numbers are. */
#ifndef REPORT_AXIS_H
#define REPORT_AXIS_H

struct axis {
    double low, high, step;
};

/* The smallest of ..., 0.1, 0.2, 0.5, 1, 2, 5, ... that goes into the range at most `most` times. */
double axis_step(double low, double high, double most);
/* An axis of at most eleven ticks that holds low..high. Whatever is given, the axis is finite, has a width, and its ticks
 * differ in the six digits that they are printed with. */
struct axis axis_covering(double low, double high);

#endif
