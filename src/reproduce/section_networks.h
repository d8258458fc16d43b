/* SPDX-License-Identifier: MIT */
/* The data and the networks, with what the original report says about them. */
#ifndef REPRODUCE_SECTION_NETWORKS_H
#define REPRODUCE_SECTION_NETWORKS_H

#include "report/html.h"
#include "report/page.h"

/* A report_section; its context is a struct claims. */
ocellus_status section_data(struct page *page, void *claims, struct html *out);
ocellus_status section_networks(struct page *page, void *claims, struct html *out);

#endif
