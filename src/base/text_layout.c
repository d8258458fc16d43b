/* SPDX-License-Identifier: MIT */
/* Text laid out on a terminal: widths, cells of tables, lines broken between words. */
#include "base/text_layout.h"

#include "base/utf8.h"

#include <string.h>

/* The characters that do not take one column, in ascending order: of the wide scripts and pictures two, of what is put
 * over or between others none. The large blocks only: a table of every character would be larger than this program's use
 * of it. */
static const struct {
    uint32_t first, last;
    size_t columns;
} widths[] = {
    {0x0300, 0x036F, 0},                                                 /* combining accents */
    {0x1100, 0x115F, 2},                                                 /* Hangul letters */
    {0x200B, 0x200F, 0},                                                 /* spaces and joiners without a width */
    {0x20D0, 0x20FF, 0},                                                 /* combining marks of symbols */
    {0x2E80, 0x303E, 2},   {0x3041, 0xA4CF, 2},                          /* Chinese, Japanese, Yi */
    {0xAC00, 0xD7A3, 2},                                                 /* Hangul */
    {0xF900, 0xFAFF, 2},                                                 /* compatibility ideographs */
    {0xFE00, 0xFE0F, 0},                                                 /* variants */
    {0xFE30, 0xFE6F, 2},   {0xFF00, 0xFF60, 2},   {0xFFE0, 0xFFE6, 2},   /* full-width forms */
    {0x1F300, 0x1F64F, 2}, {0x1F680, 0x1F6FF, 2}, {0x1F900, 0x1F9FF, 2}, /* pictures */
    {0x20000, 0x3FFFD, 2},                                               /* more ideographs */
};

/* The width of the first character; *size gets its bytes (1 for what is no UTF-8). */
static size_t first_columns(const char *text, size_t left, size_t *size) {
    size_t length = utf8_length(text, left);
    *size = length ? length : 1;
    if (length < 2) return 1;
    uint32_t point = (unsigned char)text[0] & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3FU);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (point >= widths[i].first && point <= widths[i].last) return widths[i].columns;
    return 1;
}

static size_t columns_of(const char *text, size_t left) {
    size_t columns = 0, size;
    for (; left > 0; text += size, left -= size)
        columns += first_columns(text, left, &size);
    return columns;
}

size_t text_columns(const char *utf8) {
    return columns_of(utf8, strlen(utf8));
}

size_t text_prefix(const char *utf8, size_t columns) {
    size_t left = strlen(utf8), at = 0, size, used = 0;
    for (; at < left; at += size) {
        used += first_columns(utf8 + at, left - at, &size);
        if (used > columns) break;
    }
    return at;
}

static void append_blanks(struct text *text, size_t count) {
    text_append(text, "%*s", (int)count, "");
}

void text_append_cell(struct text *text, const char *raw, size_t width) {
    struct text safe = {0};
    text_append_escaped(&safe, raw);
    if (safe.failed) {
        text->failed = true;
    } else if (text_columns(safe.bytes) <= width) {
        text_append_bytes(text, safe.bytes, safe.size);
        append_blanks(text, width - text_columns(safe.bytes));
    } else if (width > 0) {
        size_t size = text_prefix(safe.bytes, width - 1);
        text_append_bytes(text, safe.bytes, size);
        text_append(text, "\u2026");
        append_blanks(text, width - 1 - columns_of(safe.bytes, size));
    }
    text_free(&safe);
}

void text_append_wrapped(struct text *text, const char *words, size_t column, size_t indent, size_t columns) {
    bool begins = true; /* the first word of all stands where the text stands */
    for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
        size_t size = strcspn(words, " "), width = columns_of(words, size);
        if (!begins && column + 1 + width > columns) {
            text_append(text, "\n%*s", (int)indent, "");
            column = indent;
            begins = true;
        }
        text_append(text, "%s", begins ? "" : " ");
        text_append_bytes(text, words, size);
        column += width + !begins;
        words += size;
        begins = false;
    }
}

void text_append_count(struct text *text, uint64_t count, const char *noun) {
    text_append(text, "%llu %s%s", (unsigned long long)count, noun, count == 1 ? "" : "s");
}
