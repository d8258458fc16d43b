/* SPDX-License-Identifier: MIT */
/* How one run was judged: accuracies, confusion, classes, mistakes. */
#ifndef REPORT_PAGE_EVALUATION_H
#define REPORT_PAGE_EVALUATION_H

#include "report/html.h"
#include "report/page.h"

/* The confusion matrix is drawn into the run's folder. */
ocellus_status page_evaluation(const struct page *page, const struct page_run *run, struct html *out);

#endif
