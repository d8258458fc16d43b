/* SPDX-License-Identifier: MIT */
/* JSON, over jansson, which keeps the values and is named here and in json_parse.c alone. The text is written here, because
 * jansson writes reals with a fixed count of digits (0.1 as 0.10000000000000001). A json_value is a json_t. */
#include "base/json.h"

#include "base/files.h"
#include "base/text.h"
#include "base/utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void json_release(json_value *root) {
    json_decref((json_t *)root);
}

static const json_t *inner(const json_value *value) {
    return (const json_t *)value;
}

enum json_type json_type_of(const json_value *value) {
    if (!value) return JSON_TYPE_NULL;
    switch (json_typeof(inner(value))) {
    case JSON_OBJECT:
        return JSON_TYPE_MAP;
    case JSON_ARRAY:
        return JSON_TYPE_LIST;
    case JSON_STRING:
        return JSON_TYPE_TEXT;
    case JSON_INTEGER:
        return JSON_TYPE_INTEGER;
    case JSON_REAL:
        return JSON_TYPE_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_TYPE_BOOL;
    default:
        return JSON_TYPE_NULL;
    }
}

const json_value *json_member(const json_value *map, const char *key) {
    return (const json_value *)json_object_get(inner(map), key);
}

size_t json_count(const json_value *list_or_map) {
    const json_t *value = inner(list_or_map);
    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

const json_value *json_element(const json_value *list, size_t index) {
    return (const json_value *)json_array_get(inner(list), index);
}

ocellus_status json_each_member(const json_value *map,
                                ocellus_status (*visit)(void *context, const char *key, const json_value *value),
                                void *context) {
    json_t *object = (json_t *)(uintptr_t)map; /* iteration changes nothing, but jansson's iterators take no const */
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        TRY(visit(context, json_object_iter_key(at), (const json_value *)json_object_iter_value(at)));
    return OCELLUS_OK;
}

bool json_get_integer(const json_value *value, int64_t *out) {
    if (!json_is_integer(inner(value))) return false;
    *out = json_integer_value(inner(value));
    return true;
}

bool json_get_real(const json_value *value, double *out) {
    if (!json_is_number(inner(value))) return false;
    *out = json_number_value(inner(value));
    return true;
}

bool json_get_bool(const json_value *value, bool *out) {
    if (!json_is_boolean(inner(value))) return false;
    *out = json_is_true(inner(value));
    return true;
}

bool json_get_text(const json_value *value, const char **out) {
    if (!json_is_string(inner(value))) return false;
    *out = json_string_value(inner(value));
    return true;
}

/* jansson tells nothing of a failure: this keeps the message. */
static bool is_made(bool made) {
    if (!made) fail(OCELLUS_IO, "memory: no room for a JSON value");
    return made;
}

static json_value *new_value(json_t *made) {
    is_made(made);
    return (json_value *)made;
}

json_value *json_new_map(void) {
    return new_value(json_object());
}
json_value *json_new_list(void) {
    return new_value(json_array());
}
json_value *json_new_integer(int64_t number) {
    return new_value(json_integer(number));
}
json_value *json_new_bool(bool truth) {
    return new_value(json_boolean(truth));
}
json_value *json_new_null(void) {
    return new_value(json_null());
}

json_value *json_new_real(double number) {
    return new_value(isfinite(number) ? json_real(number) : json_null());
}

json_value *json_new_text(const char *text) {
    json_t *made = json_string(text);
    if (made) return (json_value *)made;
    struct text clean = {0}; /* jansson refuses invalid UTF-8, as a file name may be */
    for (size_t left = strlen(text); left > 0;) {
        size_t length = utf8_length(text, left), taken = length ? length : 1;
        if (length) text_append_bytes(&clean, text, length);
        else text_append_bytes(&clean, "\xEF\xBF\xBD", 3);
        text += taken;
        left -= taken;
    }
    if (!clean.failed && clean.bytes) made = json_string(clean.bytes);
    text_free(&clean);
    return new_value(made);
}

bool json_set(json_value *map, const char *key, json_value *child) {
    if (!map || !child) { /* made without memory, which left its message */
        json_release(child);
        return false;
    }
    return is_made(json_object_set_new((json_t *)map, key, (json_t *)child) == 0);
}

bool json_append(json_value *list, json_value *child) {
    if (!list || !child) {
        json_release(child);
        return false;
    }
    return is_made(json_array_append_new((json_t *)list, (json_t *)child) == 0);
}

/* What could do something to a terminal is written as \uNNNN: JSON is shown there too. */
static void write_text(struct text *out, const char *text) {
    size_t left = strlen(text), length;
    text_append_bytes(out, "\"", 1);
    for (; left > 0; text += length, left -= length) {
        length = utf8_length(text, left); /* jansson holds nothing else */
        if (length == 0) length = 1;
        const unsigned char *c = (const unsigned char *)text;
        if (*text == '"' || *text == '\\') text_append(out, "\\%c", *text);
        else if (*text == '\n') text_append_bytes(out, "\\n", 2);
        else if (*text == '\t') text_append_bytes(out, "\\t", 2);
        else if (*text == '\r') text_append_bytes(out, "\\r", 2);
        else if (!utf8_is_unsafe(text, length)) text_append_bytes(out, text, length);
        else if (length == 1) text_append(out, "\\u%04x", c[0]);
        else if (length == 2) text_append(out, "\\u%04x", (c[0] & 0x1FU) << 6 | (c[1] & 0x3FU));
        else text_append(out, "\\u%04x", (c[0] & 0xFU) << 12 | (c[1] & 0x3FU) << 6 | (c[2] & 0x3FU));
    }
    text_append_bytes(out, "\"", 1);
}

static void write_real(struct text *out, double number) {
    char digits[32];
    text_from_real(number, digits);
    text_append_bytes(out, digits, strlen(digits));
    if (!strpbrk(digits, ".e")) text_append_bytes(out, ".0", 2); /* stays a real when it is read again */
}

static void start_line(struct text *out, int indent, int depth) {
    if (indent > 0) text_append(out, "\n%*s", indent * depth, "");
}

static void write_value(struct text *out, const json_t *value, int indent, int depth);

static void write_list(struct text *out, const json_t *list, int indent, int depth) {
    size_t count = json_array_size(list);
    text_append_bytes(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_append_bytes(out, ", ", indent > 0 ? 1 : 2);
        start_line(out, indent, depth + 1);
        write_value(out, json_array_get(list, i), indent, depth + 1);
    }
    if (count > 0) start_line(out, indent, depth);
    text_append_bytes(out, "]", 1);
}

static void write_map(struct text *out, const json_t *map, int indent, int depth) {
    json_t *object = (json_t *)(uintptr_t)map;
    text_append_bytes(out, "{", 1);
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        start_line(out, indent, depth + 1);
        write_text(out, json_object_iter_key(at));
        text_append_bytes(out, ": ", 2);
        write_value(out, json_object_iter_value(at), indent, depth + 1);
        if (json_object_iter_next(object, at)) text_append_bytes(out, ", ", indent > 0 ? 1 : 2);
    }
    if (json_object_size(map) > 0) start_line(out, indent, depth);
    text_append_bytes(out, "}", 1);
}

static void write_value(struct text *out, const json_t *value, int indent, int depth) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_map(out, value, indent, depth);
        break;
    case JSON_ARRAY:
        write_list(out, value, indent, depth);
        break;
    case JSON_STRING:
        write_text(out, json_string_value(value));
        break;
    case JSON_INTEGER:
        text_append(out, "%lld", (long long)json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(out, json_real_value(value));
        break;
    case JSON_TRUE:
        text_append_bytes(out, "true", 4);
        break;
    case JSON_FALSE:
        text_append_bytes(out, "false", 5);
        break;
    default:
        text_append_bytes(out, "null", 4);
        break;
    }
}

char *json_write(const json_value *root, int indent) {
    struct text out = {0};
    if (!root) return NULL;
    write_value(&out, inner(root), indent, 0);
    if (!out.failed) return out.bytes;
    text_free(&out);
    return NULL;
}

ocellus_status json_write_file(const char *path, json_value *root, int indent) {
    struct text out = {0};
    if (!root) return OCELLUS_IO;
    write_value(&out, inner(root), indent, 0);
    text_append_bytes(&out, "\n", 1);
    json_release(root);
    ocellus_status status = out.failed ? OCELLUS_IO : file_write(path, out.bytes, out.size);
    text_free(&out);
    return status;
}
