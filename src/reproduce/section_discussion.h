/* SPDX-License-Identifier: MIT */
/* The section of what the rows say beside each other. */
#ifndef REPRODUCE_SECTION_DISCUSSION_H
#define REPRODUCE_SECTION_DISCUSSION_H

#include "report/html.h"
#include "report/page.h"

/* A report_section; its context is a struct claims. */
ocellus_status section_discussion(struct page *page, void *claims, struct html *out);

#endif
