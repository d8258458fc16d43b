/* SPDX-License-Identifier: MIT */
/* Figures of a data set; each call leaves files as those of figures.h do. */
#ifndef REPORT_FIGURES_DATA_H
#define REPORT_FIGURES_DATA_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define FIGURE_CLASSES "class-distribution"
#define FIGURE_SIZES   "sizes"

/* The images of each class in a part of the data. */
enum { FIGURE_MOST_PARTS = 3 };
struct figure_part {
    const char *name;     /* "training", "test"; the program's own words, for they stand in gnuplot's script */
    const size_t *counts; /* [classes] */
};
/* A bar for each class and part; of more than FIGURE_MOST_BARS classes a curve over them, the largest first. */
enum { FIGURE_MOST_BARS = 60 };
ocellus_status figure_class_distribution(const char *folder, const char *const *names, size_t classes,
                                         const struct figure_part *parts, size_t part_count);

/* How many images there are of a width and a height, in pixels. */
struct figure_size {
    uint32_t width, height;
    size_t images;
};
/* Each size as a dot, the larger the more images have it. Sizes are put in order by width, then height; where there are more
 * than FIGURE_MOST_SIZES, what differs by less than a sixteenth of a side is one dot. */
enum { FIGURE_MOST_SIZES = 2000 };
ocellus_status figure_sizes(const char *folder, struct figure_size *sizes, size_t count);

#endif
