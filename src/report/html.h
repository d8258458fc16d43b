/* SPDX-License-Identifier: MIT */
/* HTML in the making. A type of its own, so that no text gets into a page but through these functions: what is not escaped
 * has to say so. Used by sections of pages alone. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/text.h"

/* Start with {0}; failures are kept as in base/text.h. Free with html_free(). */
struct html {
    struct text markup;
};

/* The format is markup and must be a literal; what its conversions bring is text and is escaped. Conversions: %s, %.Ns, %u,
 * %zu, %llu, %%. */
void html_append(struct html *html, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Markup that was made elsewhere, as it is: the style sheet, a picture's SVG. */
void html_append_markup(struct html *html, const char *markup, size_t size);
void html_free(struct html *html);

#endif
