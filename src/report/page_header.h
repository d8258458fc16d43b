/* SPDX-License-Identifier: MIT */
/* The page's beginning: what the first run measured. */
#ifndef REPORT_PAGE_HEADER_H
#define REPORT_PAGE_HEADER_H

#include "report/html.h"
#include "report/page.h"

void page_header(const struct page *page, struct html *out);

#endif
