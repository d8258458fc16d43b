/* SPDX-License-Identifier: MIT */
/* Add: the sum of tensors of one shape, from the first to the last. */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    for (size_t i = 1; i < node->input_count; i++) {
        if (shape_equal(inputs[0], inputs[i])) continue;
        char a[SHAPE_TEXT_SIZE], b[SHAPE_TEXT_SIZE];
        shape_text(inputs[0], true, a);
        shape_text(inputs[i], true, b);
        return fail(OCELLUS_USAGE, "%s: inputs: shapes differ (%s and %s)", node->name, a, b);
    }
    node->shape = *inputs[0];
    return OCELLUS_OK;
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    for (size_t i = 1; i < node->input_count; i++) {
        const size_t both[] = {lowering->value, lowering->lowered->outputs[node->inputs[i]]};
        TRY(lowering_append_on(lowering, (struct operation){.kind = OPERATION_ADD}, both, 2));
    }
    return OCELLUS_OK;
}

const struct layer_type layer_add = {"Add", "add", 2, 0, infer, NULL, NULL, lower};
