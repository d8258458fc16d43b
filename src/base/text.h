/* SPDX-License-Identifier: MIT */
/* Text: growing buffers, numbers that do not depend on the locale, suggestions for misspelt words. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string. Start with {0}; after a failed append `failed` stays set and later appends do nothing, so that
 * only the end needs a check. `bytes` is zero-terminated once anything was appended. Free with text_free(). */
struct text {
    char *bytes;
    size_t size, capacity;
    bool failed;
};
void text_append(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append_bytes(struct text *text, const char *bytes, size_t size);
/* Escapes & < > " ' for HTML and SVG; what XML cannot hold (control characters, invalid UTF-8) becomes U+FFFD. */
void text_append_html(struct text *text, const char *raw);
/* A word as a shell would have to be given it: quoted where the shell would read anything into it. */
void text_append_shell_word(struct text *text, const char *word);
/* A cell of a CSV file, quoted as RFC 4180 has it where that is needed, and where other readers of CSV part cells: anything goes
 * through, line breaks too. */
void text_append_csv(struct text *text, const char *raw);
void text_free(struct text *text);

/* As strcmp(), "A" being "a", in any locale. */
int text_compare_letters(const char *a, const char *b);

/* Whole numbers and reals in the C locale, the whole string or nothing ("32x", "", " 1" are refused); finite only. */
bool text_to_integer(const char *text, int64_t *out);
bool text_to_unsigned(const char *text, uint64_t *out);
bool text_to_real(const char *text, double *out);
/* "2G", "1.5 GB", "300M", "64k", "5000": bytes, by powers of 1000. False for anything else, and for 0. */
bool text_to_bytes(const char *text, size_t *bytes);
/* The shortest decimal that reads back as the same double ("0.001", "1e-07"). */
void text_from_real(double number, char out[32]);
/* 123210 as "123,210". */
void text_with_commas(uint64_t number, char out[32]);

/* The candidate nearest to `word` by edit distance, when it is near enough to be a slip; else NULL. */
const char *text_nearest(const char *word, const char *const *candidates, size_t count);

/* As utf8_escape(), whole, at the end of a text: how a string that came from a file gets into what a terminal shows. */
void text_append_escaped(struct text *text, const char *raw);
/* The same for text of several lines: its line breaks stay. */
void text_append_escaped_lines(struct text *text, const char *raw);

#endif
