/* SPDX-License-Identifier: MIT */
/* The data: in two parts, so that something may stand between them. */
#ifndef REPORT_PAGE_DATA_H
#define REPORT_PAGE_DATA_H

#include "report/html.h"
#include "report/page.h"

/* How many images of which size, some of them, and the shapes. */
ocellus_status page_data_images(const struct page *page, struct html *out);
/* The pixels' values, and how many images each class has: drawn into the page's folder. */
ocellus_status page_data_values(const struct page *page, struct html *out);

#endif
