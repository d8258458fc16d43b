/* SPDX-License-Identifier: MIT */
/* Text: growing buffers, numbers that do not depend on the locale, suggestions. */
#include "base/text.h"

#include "base/c_locale.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Makes room for `more` bytes and the final zero. */
static bool make_room(struct text *text, size_t more) {
    size_t wanted;
    if (text->failed) return false;
    if (!size_add(text->size, more, &wanted) || !size_add(wanted, 1, &wanted)) {
        fail(OCELLUS_IO, "memory: a text of %zu and %zu bytes is more than there can be", text->size, more);
        text->failed = true;
        return false;
    }
    if (memory_grow((void **)&text->bytes, &text->capacity, wanted, 1) != OCELLUS_OK) text->failed = true;
    return !text->failed;
}

void text_append(struct text *text, const char *format, ...) {
    if (!make_room(text, 63)) return; /* most pieces fit at the first try */
    locale_t before = c_locale_enter();
    for (int attempt = 0; attempt < 2; attempt++) {
        size_t room = text->capacity - text->size;
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(text->bytes + text->size, room, format, arguments);
        va_end(arguments);
        if (length >= 0 && (size_t)length < room) {
            text->size += (size_t)length;
            break;
        }
        text->bytes[text->size] = '\0';
        if (length < 0) {
            fail(OCELLUS_ERROR, "text: \"%s\" cannot be formatted", format);
            text->failed = true;
            break;
        }
        if (!make_room(text, (size_t)length)) break;
    }
    c_locale_leave(before);
}

void text_append_bytes(struct text *text, const char *bytes, size_t size) {
    if (!make_room(text, size)) return;
    if (size) memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

static void append_string(struct text *text, const char *string) {
    text_append_bytes(text, string, strlen(string));
}

void text_append_html(struct text *text, const char *raw) {
    size_t left = strlen(raw);
    if (left == 0) text_append_bytes(text, "", 0);
    while (left > 0) {
        size_t length = utf8_length(raw, left);
        unsigned char c = (unsigned char)*raw;
        if (c == '&') append_string(text, "&amp;");
        else if (c == '<') append_string(text, "&lt;");
        else if (c == '>') append_string(text, "&gt;");
        else if (c == '"') append_string(text, "&quot;");
        else if (c == '\'') append_string(text, "&#39;");
        else if (length == 0 || c == 0x7F || (c < 0x20 && c != '\t' && c != '\n')) append_string(text, replacement);
        else text_append_bytes(text, raw, length);
        raw += length ? length : 1;
        left -= length ? length : 1;
    }
}

void text_append_shell_word(struct text *text, const char *word) {
    if (*word && !word[strcspn(word, " \t\n\"'\\$`*?[](){}<>|&;#~!")]) {
        append_string(text, word);
        return;
    }
    append_string(text, "'");
    for (; *word; word++) {
        if (*word == '\'') append_string(text, "'\\''");
        else text_append_bytes(text, word, 1);
    }
    append_string(text, "'");
}

void text_append_csv(struct text *text, const char *raw) {
    if (!raw[strcspn(raw, ",;\t\"\r\n")]) {
        append_string(text, raw);
        return;
    }
    append_string(text, "\"");
    for (; *raw; raw++)
        text_append_bytes(text, *raw == '"' ? "\"\"" : raw, *raw == '"' ? 2 : 1);
    append_string(text, "\"");
}

static int small_letter(char c) {
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int text_compare_letters(const char *a, const char *b) {
    while (*a && small_letter(*a) == small_letter(*b))
        a++, b++;
    return small_letter(*a) - small_letter(*b);
}

void text_free(struct text *text) {
    free(text->bytes);
    *text = (struct text){0};
}

bool text_to_unsigned(const char *text, uint64_t *out) {
    uint64_t number = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        if (__builtin_mul_overflow(number, 10U, &number)) return false;
        if (__builtin_add_overflow(number, (unsigned)(*text - '0'), &number)) return false;
    }
    *out = number;
    return true;
}

bool text_to_integer(const char *text, int64_t *out) {
    bool negative = *text == '-';
    uint64_t size;
    if (!text_to_unsigned(text + negative, &size)) return false;
    if (size > (uint64_t)INT64_MAX + negative) return false;
    *out = negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

static size_t digits(const char *text) {
    return strspn(text, "0123456789");
}

/* -12.5e-3, with digits before or after the point; no space, sign "+", hexadecimal, infinity or NaN. */
static bool is_real(const char *text) {
    text += *text == '-';
    size_t whole = digits(text), fraction = 0;
    text += whole;
    if (*text == '.') {
        fraction = digits(++text);
        text += fraction;
    }
    if (whole + fraction == 0) return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        size_t exponent = digits(text);
        if (exponent == 0) return false;
        text += exponent;
    }
    return *text == '\0';
}

bool text_to_real(const char *text, double *out) {
    if (!is_real(text)) return false;
    locale_t before = c_locale_enter();
    double number = strtod(text, NULL);
    c_locale_leave(before);
    if (!isfinite(number)) return false;
    *out = number;
    return true;
}

bool text_to_bytes(const char *text, size_t *bytes) {
    static const char units[] = "kMGT";
    char number[32];
    double value, unit = 1;
    size_t length = strlen(text);
    if (length > 0 && (text[length - 1] == 'B' || text[length - 1] == 'b')) length--;
    const char *letter = length > 0 ? strchr(units, text[length - 1] == 'K' ? 'k' : text[length - 1]) : NULL;
    if (letter && *letter) {
        for (const char *each = units; each <= letter; each++)
            unit *= 1000;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length >= sizeof number) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!text_to_real(number, &value) || !(value * unit >= 1) || value * unit >= 9e18) return false;
    *bytes = (size_t)(value * unit);
    return true;
}

/* Bits, not ==: where subnormals count as zero (float_mode_set()), == would take any of them for another. */
static bool same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

void text_from_real(double number, char out[32]) {
    enum { OUT_SIZE = 32 };
    if (!isfinite(number)) {
        snprintf(out, OUT_SIZE, "%s", isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
        return;
    }
    locale_t before = c_locale_enter();
    int places = 0;
    do
        snprintf(out, OUT_SIZE, "%.*e", places, number);
    while (!same_bits(strtod(out, NULL), number) && ++places < 17);
    /* 17 significant digits always read back, so the loop ends at 16 places. Near 1 the plain form is easier to read. */
    int exponent = atoi(strchr(out, 'e') + 1);
    if (exponent >= -4 && exponent < 16)
        snprintf(out, OUT_SIZE, "%.*f", places > exponent ? places - exponent : 0, number);
    c_locale_leave(before);
}

void text_with_commas(uint64_t number, char out[32]) {
    char plain[24];
    int length = snprintf(plain, sizeof plain, "%llu", (unsigned long long)number);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) out[used++] = ',';
        out[used++] = plain[i];
    }
    out[used] = '\0';
}

enum { WORD_SIZE = 64 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; both shorter than WORD_SIZE. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][WORD_SIZE + 1]; /* distances of a's first i-2, i-1 and i bytes to each start of b */
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    size_t length_a = strlen(a), length_b = strlen(b);
    for (size_t j = 0; j <= length_b; j++)
        above[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = smaller(best, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) best = smaller(best, before[j - 2] + 1);
            row[j] = best;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[length_b];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count) {
    size_t length = strlen(word);
    if (length == 0 || length > WORD_SIZE) return NULL;
    size_t limit = length / 3 < 1 ? 1 : smaller(length / 3, 3);
    /* A distance of the whole length leaves nothing in common. */
    size_t best = smaller(limit, length - 1) + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > WORD_SIZE) continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

static void append_escaped(struct text *text, const char *raw, bool lines) {
    char character[UTF8_ESCAPED_SIZE];
    size_t left = strlen(raw), taken;
    if (left == 0) text_append_bytes(text, "", 0);
    for (; left > 0; raw += taken, left -= taken) {
        size_t size = utf8_escape_first(raw, left, &taken, character);
        if (lines && *raw == '\n') text_append_bytes(text, "\n", 1);
        else text_append_bytes(text, character, size);
    }
}

void text_append_escaped(struct text *text, const char *raw) {
    append_escaped(text, raw, false);
}

void text_append_escaped_lines(struct text *text, const char *raw) {
    append_escaped(text, raw, true);
}
