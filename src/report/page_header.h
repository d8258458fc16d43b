/* SPDX-License-Identifier: MIT */
/* The page's beginning: what the first run measured. */
#ifndef REPORT_PAGE_HEADER_H
#define REPORT_PAGE_HEADER_H

#include "report/html.h"
#include "report/page.h"

/* A whole section (report/request.h). */
ocellus_status page_header(struct page *page, void *context, struct html *out);

#endif
