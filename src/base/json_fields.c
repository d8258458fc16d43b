/* SPDX-License-Identifier: MIT */
#include "base/json_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BITS_DIGITS = 16 };

static json_value *new_bits(double number) {
    uint64_t bits = 0;
    char text[BITS_DIGITS + 1];
    memcpy(&bits, &number, sizeof bits);
    snprintf(text, sizeof text, "%016" PRIx64, bits);
    return json_new_text(text);
}

static json_value *new_value(const struct json_field *field, const void *member) {
    switch (field->kind) {
    case JSON_FIELD_COUNT:
        return json_new_integer((int64_t) * (const uint64_t *)member);
    case JSON_FIELD_BITS:
        return new_bits(*(const double *)member);
    case JSON_FIELD_BOOL:
        return json_new_bool(*(const bool *)member);
    case JSON_FIELD_TEXT:
        break;
    }
    return json_new_text(member);
}

bool json_fields_set(json_value *map, const struct json_field *fields, size_t count, const void *source) {
    for (size_t i = 0; i < count; i++)
        if (!json_set(map, fields[i].name, new_value(&fields[i], (const char *)source + fields[i].offset)))
            return false;
    return true;
}

static bool get_count(const json_value *value, uint64_t *member) {
    int64_t number;
    if (!json_get_integer(value, &number) || number < 0) return false;
    *member = (uint64_t)number;
    return true;
}

static bool get_bits(const json_value *value, double *member) {
    const char *text;
    if (!json_get_text(value, &text) || strlen(text) != BITS_DIGITS) return false;
    if (strspn(text, "0123456789abcdef") != BITS_DIGITS) return false;
    const uint64_t bits = strtoull(text, NULL, 16);
    memcpy(member, &bits, sizeof bits);
    return true;
}

static bool get_text(const json_value *value, char *member, size_t size) {
    const char *text;
    if (!json_get_text(value, &text) || strlen(text) >= size) return false;
    strcpy(member, text);
    return true;
}

static bool get_value(const json_value *value, const struct json_field *field, void *member) {
    switch (field->kind) {
    case JSON_FIELD_COUNT:
        return get_count(value, member);
    case JSON_FIELD_BITS:
        return get_bits(value, member);
    case JSON_FIELD_BOOL:
        return json_get_bool(value, member);
    case JSON_FIELD_TEXT:
        break;
    }
    return get_text(value, member, field->size);
}

ocellus_status json_fields_get(const json_value *map, const char *path, int64_t format, const struct json_field *fields,
                               size_t count, void *target) {
    for (size_t i = 0; i < count; i++) {
        const json_value *value = json_member(map, fields[i].name);
        if (!value && format < fields[i].since) continue;
        if (!get_value(value, &fields[i], (char *)target + fields[i].offset))
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing or not what it should be", path, fields[i].name);
    }
    return OCELLUS_OK;
}
