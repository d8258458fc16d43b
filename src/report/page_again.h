/* SPDX-License-Identifier: MIT */
/* What it takes to do it again: the command, what it was computed on, and whether the same bits can be expected. */
#ifndef REPORT_PAGE_AGAIN_H
#define REPORT_PAGE_AGAIN_H

#include "report/html.h"
#include "report/page.h"

/* A whole section (report/request.h). */
ocellus_status page_again(struct page *page, void *context, struct html *out);

#endif
