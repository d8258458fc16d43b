/* SPDX-License-Identifier: MIT */
/* A struct as a JSON map and back, by a table of its members, so that what is written and what is read cannot differ. */
#ifndef BASE_JSON_FIELDS_H
#define BASE_JSON_FIELDS_H

#include "base/json.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_field_kind {
    JSON_FIELD_COUNT, /* uint64_t, at most INT64_MAX */
    JSON_FIELD_BITS,  /* double, written as its 64 bits in hexadecimal: comes back the same, also NaN */
    JSON_FIELD_BOOL,  /* bool */
    JSON_FIELD_TEXT   /* char[size] */
};

struct json_field {
    const char *name;
    enum json_field_kind kind;
    size_t offset; /* in the struct */
    size_t size;   /* of a text, with its final zero */
    int64_t since; /* the format number of the file (base/format_number.h) that has it first; 0: every one has it */
};

/* Sets all members in the table's order. False without memory. */
bool json_fields_set(json_value *map, const struct json_field *fields, size_t count, const void *source);
/* Reads them. `path` names the file in messages, `format` is its number: a field that came later may be absent, and its
 * member stays as it is. OCELLUS_BAD_CONTENT for one that is absent otherwise, or is of another kind; the struct may then have
 * been filled in part. */
ocellus_status json_fields_get(const json_value *map, const char *path, int64_t format, const struct json_field *fields,
                               size_t count, void *target);

#endif
