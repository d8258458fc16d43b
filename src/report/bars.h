/* SPDX-License-Identifier: MIT */
/* Bars in the terminal. */
#ifndef REPORT_BARS_H
#define REPORT_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One line a class: name, bar (in eighths of a column), count; the longest fits in `columns`. */
void bars_print(FILE *stream, const char *const *names, const size_t *counts, size_t count, int columns, bool color);

#endif
