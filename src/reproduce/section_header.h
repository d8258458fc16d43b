/* SPDX-License-Identifier: MIT */
/* The page's beginning: what each row claims and measured. */
#ifndef REPRODUCE_SECTION_HEADER_H
#define REPRODUCE_SECTION_HEADER_H

#include "report/html.h"
#include "report/page.h"

/* A report_section; its context is a struct claims. */
ocellus_status section_header(struct page *page, void *claims, struct html *out);

#endif
