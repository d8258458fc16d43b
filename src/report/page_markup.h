/* SPDX-License-Identifier: MIT */
/* The pieces of markup that sections share. */
#ifndef REPORT_PAGE_MARKUP_H
#define REPORT_PAGE_MARKUP_H

#include "metrics/metrics.h"
#include "report/html.h"
#include "report/page.h"

/* <header> with the page's title: "TITLE on DATA". Still open: its parts follow, then page_end_header(). */
void page_begin_header(const struct page *page, const char *title, struct html *out);
/* What the page is of, and where and when that was begun; `run` for a single one, with its training. */
void page_end_header(const struct page *page, const struct page_run *run, struct html *out);

/* <section><h2>N Title</h2>, numbered; and its end. */
void page_begin_section(struct page *page, const char *title, struct html *out);
void page_end_section(struct html *out);

/* <p class="style"> with what `words` hold, escaped; nothing when they are empty. */
void page_append_words(const char *style, const struct text *words, struct html *out);
void page_append_fact(struct html *out, const char *name, const char *style, const char *value);

/* A large number with a small line below it, still open; `kind` is a style. They stand in a <dl class="numbers">. */
void page_begin_number(struct html *out, const char *kind, const char *name, const char *value);
void page_end_number(struct html *out);
/* "8 threads"; nothing when they changed. */
void page_append_threads(const struct page_run *run, struct html *out);

/* A table: PAGE_BEGIN_TABLE("<th>Network</th>...", out), rows, page_end_table(). The head is a literal. */
#define PAGE_BEGIN_TABLE(head, out)                                                                                    \
    html_append(out, "<div class=\"wide\"><table class=\"full\"><thead><tr>" head "</tr></thead><tbody>\n")
void page_end_table(struct html *out);
#define PAGE_EMPTY_CELL "<td>\u2013</td>"
/* A cell of an accuracy, its interval, and a remark below it; what comes from a part of a run is told from what comes from a
 * whole one. */
void page_append_accuracy(double accuracy, struct interval interval, bool whole, const char *remark, struct html *out);

#endif
