/* SPDX-License-Identifier: MIT */
/* Multiply: the product of tensors value by value, from the first to the last. As in Keras, dimensions of 1 are repeated, and
 * a tensor of lower rank gets dimensions of 1 in front: (c), as (1, 1, c), scales the channels of (h, w, c). */
#include "model/layer_config.h"

/* The same values with dimensions of 1 in front. */
static struct shape raised(const struct shape *shape, size_t rank) {
    struct shape out = {rank, {0}};
    for (size_t i = 0; i < rank; i++)
        out.dims[i] = i + shape->rank < rank ? 1 : shape->dims[i + shape->rank - rank];
    return out;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* The shape of a product; false where there is none. */
static bool product(const struct shape *a, const struct shape *b, struct shape *out) {
    const struct shape x = raised(a, larger(a->rank, b->rank)), y = raised(b, x.rank);
    *out = x;
    for (size_t i = 0; i < x.rank; i++) {
        if (x.dims[i] != y.dims[i] && x.dims[i] != 1 && y.dims[i] != 1) return false;
        if (x.dims[i] == 1) out->dims[i] = y.dims[i];
    }
    return true;
}

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    node->shape = *inputs[0];
    for (size_t i = 1; i < node->input_count; i++) {
        const struct shape before = node->shape;
        if (product(&before, inputs[i], &node->shape)) continue;
        char a[SHAPE_TEXT_SIZE], b[SHAPE_TEXT_SIZE];
        shape_text(&before, true, a);
        shape_text(inputs[i], true, b);
        return fail(OCELLUS_USAGE, "%s: inputs: shapes do not fit (%s and %s)", node->name, a, b);
    }
    return OCELLUS_OK;
}

/* The value of an operation, of the node's rank. */
static ocellus_status raise(struct lowering *lowering, size_t *value) {
    const struct shape *shape = &lowering->lowered->operations[*value].shape;
    const size_t rank = lowering->node->shape.rank;
    if (shape->rank == rank) return OCELLUS_OK;
    const struct operation reshape = {.kind = OPERATION_RESHAPE, .shape = raised(shape, rank)};
    TRY(lowering_append_on(lowering, reshape, value, 1));
    *value = lowering->value;
    return OCELLUS_OK;
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    size_t both[2] = {lowering->value, 0};
    TRY(raise(lowering, &both[0]));
    for (size_t i = 1; i < node->input_count; i++) {
        both[1] = lowering->lowered->outputs[node->inputs[i]];
        TRY(raise(lowering, &both[1]));
        const struct operation *operations = lowering->lowered->operations;
        struct operation multiply = {.kind = OPERATION_MULTIPLY};
        product(&operations[both[0]].shape, &operations[both[1]].shape, &multiply.shape);
        TRY(lowering_append_on(lowering, multiply, both, 2));
        both[0] = lowering->value;
    }
    return OCELLUS_OK;
}

const struct layer_type layer_multiply = {"Multiply", "multiply", 2, 0, infer, NULL, NULL, lower};
