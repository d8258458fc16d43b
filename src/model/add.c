/* SPDX-License-Identifier: MIT */
/* Add: the sum of two tensors of one shape. */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    if (!shape_equal(inputs[0], inputs[1])) {
        char a[SHAPE_TEXT_SIZE], b[SHAPE_TEXT_SIZE];
        shape_text(inputs[0], true, a);
        shape_text(inputs[1], true, b);
        return fail(OCELLUS_USAGE, "%s: inputs: shapes differ (%s and %s)", node->name, a, b);
    }
    node->shape = *inputs[0];
    return OCELLUS_OK;
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    (void)node;
    return lowering_append_all(lowering, (struct operation){.kind = OPERATION_ADD});
}

const struct layer_type layer_add = {"Add", "add", OPERATOR_ADD, 2, 2, infer, NULL, NULL, lower};
