/* SPDX-License-Identifier: MIT */
#include "model/shape.h"

#include <inttypes.h>
#include <stdio.h>

size_t shape_size(const struct shape *shape) {
    size_t size = 1;
    for (size_t i = 0; i < shape->rank; i++)
        size *= (size_t)shape->dims[i];
    return size;
}

bool shape_equal(const struct shape *a, const struct shape *b) {
    if (a->rank != b->rank) return false;
    for (size_t i = 0; i < a->rank; i++) {
        if (a->dims[i] != b->dims[i]) return false;
    }
    return true;
}

void shape_text(const struct shape *shape, bool batch, char out[SHAPE_TEXT_SIZE]) {
    size_t used = (size_t)snprintf(out, SHAPE_TEXT_SIZE, batch ? "(None" : "(");
    for (size_t i = 0; i < shape->rank; i++)
        used += (size_t)snprintf(out + used, SHAPE_TEXT_SIZE - used, "%s%" PRId64, batch || i > 0 ? ", " : "",
                                 shape->dims[i]);
    /* Python writes a tuple of one as "(3,)". */
    snprintf(out + used, SHAPE_TEXT_SIZE - used, shape->rank + (batch ? 1 : 0) == 1 ? ",)" : ")");
}

/* A dimension of at most 2^63 has 19 digits and a sign, and ", " before it. */
_Static_assert(SHAPE_TEXT_SIZE > 5 + GRAPH_MAX_RANK * 22 + 2, "a shape's text must fit");

json_value *shape_to_json(const struct shape *shape) {
    json_value *list = json_new_list();
    bool good = list && json_append(list, json_new_null());
    for (size_t i = 0; good && i < shape->rank; i++)
        good = json_append(list, json_new_integer(shape->dims[i]));
    if (good) return list;
    json_release(list);
    return NULL;
}
