/* SPDX-License-Identifier: MIT */
/* The audit: of the recipes, as on every page, and of what the original report leaves out or gets wrong. */
#ifndef REPRODUCE_SECTION_AUDIT_H
#define REPRODUCE_SECTION_AUDIT_H

#include "report/html.h"
#include "report/page.h"

/* A report_section; its context is a struct claims. */
ocellus_status section_audit(struct page *page, void *claims, struct html *out);

#endif
