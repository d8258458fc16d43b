/* SPDX-License-Identifier: MIT */
#include "formats/named_tensors.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void named_tensors_free(struct named_tensors *tensors) {
    for (size_t i = 0; i < tensors->count; i++)
        if (!tensors->items[i].lent) memory_free(tensors->items[i].values);
    free(tensors->items);
    free(tensors->bytes);
    memory_free(tensors->path);
    *tensors = (struct named_tensors){0};
}

ocellus_status named_tensor_check(const char *path, const char *name, const struct shape *shape, size_t *bytes) {
    const size_t length = strlen(name);
    if (length < 1 || length >= TENSOR_NAME_SIZE)
        return fail(OCELLUS_BAD_CONTENT, "%s: %.100s: name: wrong length (expected 1 to %d bytes, got %zu)", path, name,
                    TENSOR_NAME_SIZE - 1, length);
    for (size_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < 1)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: dimension %zu is no whole number above 0", path, name, i);
    }
    if (!size_product(shape->dims, shape->rank, bytes) || !size_multiply(*bytes, sizeof(float), bytes))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: more values than there can be", path, name);
    return OCELLUS_OK;
}

ocellus_status named_tensors_lend(struct named_tensors *tensors, const char *name, const struct shape *shape,
                                  float *values) {
    if (tensors->count == NAMED_TENSORS_MAX)
        return fail(OCELLUS_BAD_CONTENT, "%s: too many tensors (expected at most %d)", tensors->path,
                    NAMED_TENSORS_MAX);
    void *items = tensors->items;
    TRY(memory_grow(&items, &tensors->capacity, tensors->count + 1, sizeof *tensors->items));
    tensors->items = items;
    struct named_tensor *tensor = &tensors->items[tensors->count];
    *tensor =
        (struct named_tensor){.shape = *shape, .values = values, .lent = true, .type = "F32", .place = tensors->count};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensors->count++;
    return OCELLUS_OK;
}

ocellus_status named_tensors_add(struct named_tensors *tensors, const char *name, const struct shape *shape) {
    float *values = memory_allocate(shape_size(shape), sizeof *values);
    if (!values) return OCELLUS_IO;
    const ocellus_status status = named_tensors_lend(tensors, name, shape, values);
    if (status == OCELLUS_OK) tensors->items[tensors->count - 1].lent = false;
    else memory_free(values);
    return status;
}

static int by_name(const void *a, const void *b) {
    const struct named_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

ocellus_status named_tensors_finish(struct named_tensors *tensors, bool allow_nonfinite) {
    if (tensors->count > 1) qsort(tensors->items, tensors->count, sizeof *tensors->items, by_name);
    for (size_t i = 0; i < tensors->count; i++) {
        const struct named_tensor *tensor = &tensors->items[i];
        if (i > 0 && strcmp(tensor[-1].name, tensor->name) == 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: name: given to two tensors", tensors->path, tensor->name);
        const size_t count = allow_nonfinite ? 0 : shape_size(&tensor->shape);
        for (size_t k = 0; k < count; k++) {
            if (!isfinite(tensor->values[k]))
                return fail(OCELLUS_BAD_CONTENT, "%s: %s: value %zu is %s", tensors->path, tensor->name, k,
                            isnan(tensor->values[k]) ? "not a number" : "infinite");
        }
    }
    return OCELLUS_OK;
}

static int name_against(const void *name, const void *tensor) {
    return strcmp(name, ((const struct named_tensor *)tensor)->name);
}

const struct named_tensor *named_tensors_find(const struct named_tensors *tensors, const char *name) {
    return tensors->count == 0 ? NULL
                               : bsearch(name, tensors->items, tensors->count, sizeof *tensors->items, name_against);
}
