/* SPDX-License-Identifier: MIT */
/* What came out: accuracies beside each other, as a figure and in tables. */
#ifndef REPORT_PAGE_RESULTS_H
#define REPORT_PAGE_RESULTS_H

#include "report/figures.h"
#include "report/html.h"
#include "report/page.h"

/* The rows of the figure, in its order. Start with {0}; points into itself. */
enum { PAGE_MOST_RESULTS = 32 };
struct page_results {
    struct figure_result rows[PAGE_MOST_RESULTS];
    char labels[PAGE_MOST_RESULTS][96];
    size_t count;
};
/* One of them, called "ROW: WHAT"; beyond the most nothing is added. */
void page_results_add(struct page_results *results, const char *row, const char *what, enum figure_kind kind,
                      double accuracy, struct interval interval);
/* What run `index` of the page measured; nothing when it was not run. */
void page_results_add_run(struct page_results *results, const struct page *page, size_t index);
/* Draws them into the page's folder. The caption names their colours: `first` ends in the colour of training ("Blue:"), and
 * `last` is put behind that of test. */
ocellus_status page_results_figure(const struct page *page, const struct page_results *results, const char *first,
                                   const char *last, struct html *out);

/* Accuracies by split, what each row saw, and whether rows differ by more than chance. */
void page_results_tables(const struct page *page, struct html *out);

#endif
