/* SPDX-License-Identifier: MIT */
/* The page's style sheet: one column, system fonts, tabular figures; it prints in black on white. */
#ifndef REPORT_PAGE_STYLE_H
#define REPORT_PAGE_STYLE_H

extern const char page_style[]; /* CSS */

#endif
