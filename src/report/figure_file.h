/* SPDX-License-Identifier: MIT */
/* A figure in the making: a table and a gnuplot script over it, which gnuplot draws (figures.h says what is left in the
 * folder). Names that come from data stand only in the tables, never in a script, so that none of them is ever run. For the
 * files that draw figures. */
#ifndef REPORT_FIGURE_FILE_H
#define REPORT_FIGURE_FILE_H

#include "base/status.h"
#include "base/text.h"

/* Okabe and Ito's colours, which everyone can tell apart; text and lines in greys. */
#define COLOR_TRAINING   "#0072B2"
#define COLOR_TEST       "#D55E00"
#define COLOR_VALIDATION "#009E73"
#define COLOR_MARKED     "#5b6670"
#define COLOR_KEPT       "#8c4a75"
#define COLOR_TEXT       "#3c464f"
#define COLOR_GRID       "#e4e8ec"
#define COLOR_FAINT      "#9cc3dd"

/* A figure in the making; release with figure_end(). */
struct figure {
    const char *folder, *name;
    int width, height;  /* of the SVG, in CSS pixels */
    struct text table;  /* CSV with a header */
    struct text script; /* settings of its own */
    struct text plot;   /* the plot command */
};

/* A name as a cell that gnuplot reads as it is and that no spreadsheet runs: these begin a formula with = + - @. */
void figure_append_name(struct text *table, const char *name);
/* A comma and the number, the shortest that reads back; one that is not finite is an empty cell. */
void figure_append_real(struct text *table, double value);

/* Writes the table and the script, lets gnuplot draw, and releases the figure. */
ocellus_status figure_end(struct figure *figure);

#endif
