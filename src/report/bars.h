/* SPDX-License-Identifier: MIT */
/* How many images each class has, as bars in a terminal. */
#ifndef REPORT_BARS_H
#define REPORT_BARS_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* The images of each class in one part of the data. */
struct bars_part {
    const char *name;     /* heads its column */
    const size_t *counts; /* [classes] */
};
/* A line for each class, no wider than `columns`: its name, a bar for all its images, and how many each part has. Of more
 * classes than BARS_MOST the largest and the smallest have lines, and one line stands for those between. */
enum { BARS_MOST = 40, BARS_ENDS = 10 };
void bars_append(struct text *out, const char *const *names, size_t classes, const struct bars_part *parts,
                 size_t part_count, size_t columns, bool color);

#endif
