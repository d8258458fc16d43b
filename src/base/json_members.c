/* SPDX-License-Identifier: MIT */
#include "base/json_members.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BITS_DIGITS = 16 };

static const char *const expected[] = {[MEMBER_COUNT] = "a count",
                                       [MEMBER_BOOL] = "true or false",
                                       [MEMBER_REAL] = "a number",
                                       [MEMBER_MEASURED] = "a number or null",
                                       [MEMBER_BITS] = "16 hexadecimal digits",
                                       [MEMBER_TEXT] = "text"};

static bool get_count(const json_value *value, uint64_t *out) {
    int64_t number;
    if (!json_get_integer(value, &number) || number < 0) return false;
    *out = (uint64_t)number;
    return true;
}

static bool get_measured(const json_value *value, double *out) {
    if (json_get_real(value, out)) return true;
    if (!value || json_type_of(value) != JSON_TYPE_NULL) return false;
    *out = NAN;
    return true;
}

static bool get_bits(const json_value *value, double *out) {
    const char *text;
    if (!json_get_text(value, &text) || strlen(text) != BITS_DIGITS) return false;
    if (strspn(text, "0123456789abcdef") != BITS_DIGITS) return false;
    uint64_t bits = strtoull(text, NULL, 16);
    memcpy(out, &bits, sizeof bits);
    return true;
}

static ocellus_status get_member(const json_value *value, const char *where, const struct json_member_row *row,
                                 void *out) {
    const char *text = NULL;
    bool good = false;
    assert(row->kind == MEMBER_TEXT || row->size == (row->kind == MEMBER_BOOL ? sizeof(bool) : sizeof(uint64_t)));
    switch (row->kind) {
    case MEMBER_COUNT:
        good = get_count(value, out);
        break;
    case MEMBER_BOOL:
        good = json_get_bool(value, out);
        break;
    case MEMBER_REAL:
        good = json_get_real(value, out);
        break;
    case MEMBER_MEASURED:
        good = get_measured(value, out);
        break;
    case MEMBER_BITS:
        good = get_bits(value, out);
        break;
    case MEMBER_TEXT:
        good = json_get_text(value, &text);
        break;
    }
    if (!good) return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or not %s", where, row->key, expected[row->kind]);
    if (row->kind != MEMBER_TEXT) return OCELLUS_OK;
    if (strlen(text) >= row->size)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: too long (expected at most %zu bytes, got %zu)", where, row->key,
                    row->size - 1, strlen(text));
    strcpy(out, text);
    return OCELLUS_OK;
}

ocellus_status json_members_get(const json_value *map, const char *where, const struct json_member_row *rows,
                                void *out) {
    for (const struct json_member_row *row = rows; row->key; row++) {
        const json_value *value = json_member(map, row->key);
        if (value || !row->optional) TRY(get_member(value, where, row, (char *)out + row->offset));
    }
    return OCELLUS_OK;
}

/* Of the member at `from`; NULL without memory. */
static json_value *new_member(const struct json_member_row *row, const void *from) {
    double real = 0;
    uint64_t count = 0;
    char digits[BITS_DIGITS + 1];
    switch (row->kind) {
    case MEMBER_COUNT:
        memcpy(&count, from, sizeof count);
        return json_new_integer((int64_t)count);
    case MEMBER_BOOL:
        return json_new_bool(*(const bool *)from);
    case MEMBER_REAL:
    case MEMBER_MEASURED:
        memcpy(&real, from, sizeof real);
        return json_new_real(real);
    case MEMBER_BITS:
        memcpy(&count, from, sizeof count);
        snprintf(digits, sizeof digits, "%016" PRIx64, count);
        return json_new_text(digits);
    case MEMBER_TEXT:
        return json_new_text(from);
    }
    return NULL;
}

/* 0, false, +0.0 or "". */
static bool is_empty(const struct json_member_row *row, const char *from) {
    size_t size = row->kind == MEMBER_TEXT ? 1 : row->size;
    for (size_t i = 0; i < size; i++)
        if (from[i]) return false;
    return true;
}

bool json_members_set(json_value *map, const struct json_member_row *rows, const void *from) {
    for (const struct json_member_row *row = rows; row->key; row++) {
        const char *member = (const char *)from + row->offset;
        if (row->optional && is_empty(row, member)) continue;
        if (!json_set(map, row->key, new_member(row, member))) return false;
    }
    return true;
}

ocellus_status json_member_list(const json_value *map, const char *where, const char *key, const json_value **list) {
    *list = json_member(map, key);
    if (*list && json_type_of(*list) == JSON_TYPE_LIST) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or not a list", where, key);
}
