/* SPDX-License-Identifier: MIT */
/* The parts of one network's section, in their order; page_evaluation.h goes on with how it was judged. */
#ifndef REPORT_PAGE_NETWORK_H
#define REPORT_PAGE_NETWORK_H

#include "report/html.h"
#include "report/page.h"

/* The model table of row `index`; false where an earlier row has the same network: then that one's name. */
bool page_model(const struct page *page, size_t index, struct html *out);
/* What was for validation, and how much of the data an epoch sees. `aside` is put behind "The test set served as validation
 * data", where that is so. */
void page_recipe(const struct page_run *run, const char *aside, struct html *out);
/* The keys that decide the run, with their meaning. */
void page_settings(const struct recipe *recipe, struct html *out);
/* The curves, drawn into the run's folder, and the table of epochs; the run's mark is in both. */
ocellus_status page_training(const struct page_run *run, struct html *out);
/* Instead of all that: why the row was not run. */
void page_absent(const struct page_run *run, struct html *out);

#endif
