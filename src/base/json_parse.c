/* SPDX-License-Identifier: MIT */
/* Parsing JSON into jansson's values. By hand, because jansson's own parser goes on when memory is short: a text then
 * loses bytes, or an assertion ends the process. Here no memory is OCELLUS_IO, and what the text holds is
 * OCELLUS_BAD_CONTENT with its line and column. */
#include "base/json_parse.h"

#include "base/files.h"
#include "base/text.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 64 };

struct reading {
    const char *source, *start, *at, *end;
    int depth; /* of lists and maps around `at`: the recursion is bounded by it */
};

static ocellus_status read_value(struct reading *reading, json_t **value);

static ocellus_status damaged(const struct reading *reading, const char *what) {
    size_t line = 1, column = 1;
    for (const char *at = reading->start; at < reading->at; at++) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: line %zu, column %zu: %s", reading->source, line, column, what);
}

static ocellus_status no_memory(const struct reading *reading) {
    return fail(OCELLUS_IO, "%s: no memory for what it holds", reading->source);
}

static ocellus_status keep(const struct reading *reading, json_t *made, json_t **value) {
    *value = made;
    return made ? OCELLUS_OK : no_memory(reading);
}

static bool starts_with(const struct reading *reading, char c) {
    return reading->at < reading->end && *reading->at == c;
}

static void pass_blanks(struct reading *reading) {
    while (reading->at < reading->end && *reading->at && strchr(" \t\r\n", *reading->at))
        reading->at++;
}

/* Passes over blanks, and over `c` when it is what follows. */
static bool take(struct reading *reading, char c) {
    pass_blanks(reading);
    if (!starts_with(reading, c)) return false;
    reading->at++;
    return true;
}

static bool take_word(struct reading *reading, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(reading->end - reading->at) < size || memcmp(reading->at, word, size) != 0) return false;
    reading->at += size;
    return true;
}

/* --- texts --- */

/* Four hexadecimal digits; false when there are no four. */
static bool take_unit(struct reading *reading, unsigned *unit) {
    static const char digits[] = "0123456789abcdefABCDEF";
    *unit = 0;
    for (int i = 0; i < 4; i++, reading->at++) {
        const char *digit = reading->at < reading->end && *reading->at ? strchr(digits, *reading->at) : NULL;
        if (!digit) return false;
        unsigned place = (unsigned)(digit - digits);
        *unit = *unit << 4 | (place < 16 ? place : place - 6);
    }
    return true;
}

static void append_utf8(struct text *text, unsigned code) {
    char bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(marks[size] | code);
    text_append_bytes(text, bytes, size);
}

/* What follows \u: one unit of UTF-16, or the two of a pair. A zero would end the text early for all who read it. */
static ocellus_status read_unicode(struct reading *reading, struct text *text) {
    unsigned code, low;
    if (!take_unit(reading, &code)) return damaged(reading, "\\u without four hexadecimal digits");
    if (code == 0) return damaged(reading, "\\u0000 is not taken");
    if (code >= 0xDC00 && code < 0xE000) return damaged(reading, "the second half of a character alone");
    if (code >= 0xD800 && code < 0xDC00) {
        if (!take_word(reading, "\\u") || !take_unit(reading, &low) || low < 0xDC00 || low >= 0xE000)
            return damaged(reading, "the first half of a character alone");
        code = 0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00));
    }
    append_utf8(text, code);
    return OCELLUS_OK;
}

static ocellus_status read_escape(struct reading *reading, struct text *text) {
    static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
    reading->at++;
    if (take_word(reading, "u")) return read_unicode(reading, text);
    const char *name = reading->at < reading->end && *reading->at ? strchr(names, *reading->at) : NULL;
    if (!name) return damaged(reading, "an unknown escape");
    text_append_bytes(text, &characters[name - names], 1);
    reading->at++;
    return OCELLUS_OK;
}

/* A text, `at` being its first quotation mark, into an empty *text. */
static ocellus_status read_text(struct reading *reading, struct text *text) {
    reading->at++;
    while (!starts_with(reading, '"')) {
        const char *plain = reading->at;
        while (reading->at < reading->end && *reading->at != '"' && *reading->at != '\\') {
            size_t length = utf8_length(reading->at, (size_t)(reading->end - reading->at));
            if (length == 0) return damaged(reading, "not UTF-8");
            if ((unsigned char)*reading->at < 0x20) return damaged(reading, "a control character in a text");
            reading->at += length;
        }
        text_append_bytes(text, plain, (size_t)(reading->at - plain));
        if (reading->at == reading->end) return damaged(reading, "a text without its end");
        if (*reading->at == '\\') TRY(read_escape(reading, text));
    }
    reading->at++;
    text_append_bytes(text, "", 0);
    return text->failed ? no_memory(reading) : OCELLUS_OK;
}

static ocellus_status read_text_value(struct reading *reading, json_t **value) {
    struct text text = {0};
    ocellus_status status = read_text(reading, &text);
    if (status == OCELLUS_OK) status = keep(reading, json_stringn_nocheck(text.bytes, text.size), value);
    text_free(&text);
    return status;
}

/* --- numbers --- */

static bool take_digits(struct reading *reading) {
    const char *first = reading->at;
    while (reading->at < reading->end && *reading->at >= '0' && *reading->at <= '9')
        reading->at++;
    return reading->at > first;
}

/* Passes over a number; *whole when it has neither fraction nor exponent. */
static bool take_number(struct reading *reading, bool *whole) {
    take_word(reading, "-");
    if (!take_word(reading, "0") && !take_digits(reading)) return false;
    const char *rest = reading->at;
    if (take_word(reading, ".") && !take_digits(reading)) return false;
    if (take_word(reading, "e") || take_word(reading, "E")) {
        if (!take_word(reading, "+")) take_word(reading, "-");
        if (!take_digits(reading)) return false;
    }
    *whole = reading->at == rest;
    return true;
}

static ocellus_status read_number(struct reading *reading, json_t **value) {
    const char *first = reading->at;
    bool whole;
    if (!take_number(reading, &whole)) return damaged(reading, "no value that JSON knows");
    struct text digits = {0};
    text_append_bytes(&digits, first, (size_t)(reading->at - first));
    int64_t integer = 0;
    double real = 0;
    ocellus_status status;
    if (digits.failed) status = no_memory(reading);
    else if (!(whole ? text_to_integer(digits.bytes, &integer) : text_to_real(digits.bytes, &real)))
        status = damaged(reading, "a number that is too large");
    else status = keep(reading, whole ? json_integer(integer) : json_real(real), value);
    text_free(&digits);
    return status;
}

/* --- lists and maps --- */

static ocellus_status read_list(struct reading *reading, json_t *list) {
    if (take(reading, ']')) return OCELLUS_OK;
    do {
        json_t *child;
        TRY(read_value(reading, &child));
        if (json_array_append_new(list, child) != 0) return no_memory(reading);
    } while (take(reading, ','));
    return take(reading, ']') ? OCELLUS_OK : damaged(reading, "expected \",\" or \"]\"");
}

static ocellus_status read_member(struct reading *reading, json_t *map, struct text *key) {
    json_t *child;
    pass_blanks(reading);
    if (!starts_with(reading, '"')) return damaged(reading, "expected a key in quotation marks");
    TRY(read_text(reading, key));
    if (json_object_get(map, key->bytes)) {
        char what[160];
        snprintf(what, sizeof what, "duplicate key \"%.120s\"", key->bytes);
        return damaged(reading, what);
    }
    if (!take(reading, ':')) return damaged(reading, "expected \":\"");
    TRY(read_value(reading, &child));
    return json_object_set_new_nocheck(map, key->bytes, child) == 0 ? OCELLUS_OK : no_memory(reading);
}

static ocellus_status read_map(struct reading *reading, json_t *map) {
    if (take(reading, '}')) return OCELLUS_OK;
    do {
        struct text key = {0};
        ocellus_status status = read_member(reading, map, &key);
        text_free(&key);
        TRY(status);
    } while (take(reading, ','));
    return take(reading, '}') ? OCELLUS_OK : damaged(reading, "expected \",\" or \"}\"");
}

static ocellus_status read_nested(struct reading *reading, bool is_map, json_t **value) {
    if (reading->depth == DEPTH_MOST)
        return fail(OCELLUS_BAD_CONTENT, "%s: lists and maps nested more than %d deep", reading->source, DEPTH_MOST);
    json_t *made = is_map ? json_object() : json_array();
    if (!made) return no_memory(reading);
    reading->at++;
    reading->depth++;
    ocellus_status status = is_map ? read_map(reading, made) : read_list(reading, made);
    reading->depth--;
    if (status == OCELLUS_OK) *value = made;
    else json_decref(made);
    return status;
}

static ocellus_status read_value(struct reading *reading, json_t **value) {
    pass_blanks(reading);
    if (reading->at == reading->end) return damaged(reading, "ends too early");
    if (*reading->at == '{' || *reading->at == '[') return read_nested(reading, *reading->at == '{', value);
    if (*reading->at == '"') return read_text_value(reading, value);
    if (take_word(reading, "true")) return keep(reading, json_true(), value);
    if (take_word(reading, "false")) return keep(reading, json_false(), value);
    if (take_word(reading, "null")) return keep(reading, json_null(), value);
    return read_number(reading, value);
}

ocellus_status json_parse(const char *text, size_t size, const char *source, json_value **root) {
    struct reading reading = {.source = source, .start = text, .at = text, .end = text + size};
    json_t *value;
    TRY(read_value(&reading, &value));
    pass_blanks(&reading);
    if (reading.at == reading.end) {
        *root = (json_value *)value;
        return OCELLUS_OK;
    }
    json_decref(value);
    return damaged(&reading, "more after the end of the value");
}

ocellus_status json_parse_file(const char *path, size_t limit, json_value **root) {
    unsigned char *bytes;
    size_t size;
    TRY(file_read(path, limit, &bytes, &size));
    ocellus_status status = json_parse((const char *)bytes, size, path, root);
    free(bytes);
    return status;
}
