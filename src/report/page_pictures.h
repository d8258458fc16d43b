/* SPDX-License-Identifier: MIT */
/* Pictures in the page: figures as inline SVG, photographs as data URIs. */
#ifndef REPORT_PAGE_PICTURES_H
#define REPORT_PAGE_PICTURES_H

#include "report/html.h"
#include "report/page.h"

/* A figure in `folder`/figures as inline SVG with a caption (text). `row` keeps the ids of several rows' figures apart. */
ocellus_status page_append_figure(const char *folder, const char *name, const char *row, const char *caption,
                                  struct html *out);
/* Random training images with their class names. */
ocellus_status page_append_preview(const struct page *page, struct html *out);
/* The test images that the network got wrong with the largest probabilities. */
ocellus_status page_append_gallery(const struct page *page, const struct page_run *run, struct html *out);

#endif
