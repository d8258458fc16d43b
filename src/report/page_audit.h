/* SPDX-License-Identifier: MIT */
/* What is doubtful about the method. */
#ifndef REPORT_PAGE_AUDIT_H
#define REPORT_PAGE_AUDIT_H

#include "report/html.h"
#include "report/page.h"

enum { PAGE_FINDING_SIZE = 256 };

/* The section and its list, still open: findings follow. */
void page_begin_audit(struct page *page, struct html *out);
/* any: something was found. */
void page_end_audit(bool any, struct html *out);

/* The rules of report/audit.h over all recipes. These return whether anything was found. */
bool page_audit_recipes(const struct page *page, struct html *out);
/* One rule: findings[i] is what it says about row i, "" nothing; rows of which it says the same stand together. `why` it
 * matters is said once. */
bool page_append_findings(const struct page *page, const char *title, const char *why,
                          char (*findings)[PAGE_FINDING_SIZE], struct html *out);

#endif
