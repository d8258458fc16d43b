/* SPDX-License-Identifier: MIT */
/* Layout on a terminal: widths, cells, lines. */
#ifndef BASE_TEXT_LAYOUT_H
#define BASE_TEXT_LAYOUT_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

enum { TEXT_COLUMNS = 80 }; /* nothing that is printed is wider, but for a word that is wider by itself */

/* The width of a UTF-8 string in terminal columns: 2 for a character of a wide script, 0 for a combining one. */
size_t text_columns(const char *utf8);
/* The size in bytes of the longest beginning that fits in `columns`; never ends inside a character. */
size_t text_prefix(const char *utf8, size_t columns);
/* A cell of a table: escaped, cut with an ellipsis where it is wider than `width`, filled up with blanks on the right. */
void text_append_cell(struct text *text, const char *raw, size_t width);
/* Words separated by blanks, in lines of at most `columns`. The first line begins at `column`, where the text stands
 * already; the others are indented by `indent`. No word is broken. No line break at the end. */
void text_append_wrapped(struct text *text, const char *words, size_t column, size_t indent, size_t columns);
/* "1 thread", "2 threads". */
void text_append_count(struct text *text, uint64_t count, const char *noun);

#endif
