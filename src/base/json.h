/* SPDX-License-Identifier: MIT */
/* JSON, over jansson, which is named in json.c and json_parse.c alone. (jansson's own functions start with json_ as well;
 * the names here are chosen not to meet them.) Numbers are written the same in every locale. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A JSON value. Values got from inside another belong to it; only roots are freed. */
typedef struct json_value json_value;

enum json_type {
    JSON_TYPE_NULL,
    JSON_TYPE_BOOL,
    JSON_TYPE_INTEGER,
    JSON_TYPE_REAL,
    JSON_TYPE_TEXT,
    JSON_TYPE_LIST,
    JSON_TYPE_MAP
};

void json_release(json_value *root);

enum json_type json_type_of(const json_value *value); /* NULL counts as JSON_TYPE_NULL */
/* The member of a map or NULL (also when value is NULL or no map). */
const json_value *json_member(const json_value *map, const char *key);
size_t json_count(const json_value *list_or_map);                     /* 0 for anything else */
const json_value *json_element(const json_value *list, size_t index); /* NULL when there is none */
/* Calls visit for each member in the order of the file, until it returns a failure. */
ocellus_status json_each_member(const json_value *map,
                                ocellus_status (*visit)(void *context, const char *key, const json_value *value),
                                void *context);
/* False, with *out as it was, when the value is absent or of another type; a real takes an integer too. */
bool json_get_integer(const json_value *value, int64_t *out);
bool json_get_real(const json_value *value, double *out);
bool json_get_bool(const json_value *value, bool *out);
bool json_get_text(const json_value *value, const char **out); /* belongs to the value */

/* Building. Each new_ returns NULL only without memory, with a message kept; json_set and json_append take the child over, in
 * any case (and accept NULL for map, list and child, made without memory: they return false). */
json_value *json_new_map(void);
json_value *json_new_list(void);
json_value *json_new_text(const char *text); /* invalid UTF-8 becomes U+FFFD */
json_value *json_new_integer(int64_t number);
json_value *json_new_real(double number); /* NaN and infinities become null: JSON has none */
json_value *json_new_bool(bool truth);
json_value *json_new_null(void);
bool json_set(json_value *map, const char *key, json_value *child);
bool json_append(json_value *list, json_value *child);
/* The text, members in the order they were set; indent 0 writes one line. Free with free(); NULL, with a message kept, without
 * memory, and where root is NULL: so a value that could not be made needs no check before. */
char *json_write(const json_value *root, int indent);
/* The same into a file, with a line break at the end; replaced whole or not at all. Releases root. */
ocellus_status json_write_file(const char *path, json_value *root, int indent);

#endif
