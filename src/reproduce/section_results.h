/* SPDX-License-Identifier: MIT */
/* The section of results: what was claimed beside what was measured. */
#ifndef REPRODUCE_SECTION_RESULTS_H
#define REPRODUCE_SECTION_RESULTS_H

#include "report/html.h"
#include "report/page.h"

/* A report_section; its context is a struct claims. */
ocellus_status section_results(struct page *page, void *claims, struct html *out);

#endif
