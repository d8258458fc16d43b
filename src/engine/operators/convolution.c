/* SPDX-License-Identifier: MIT */
/* Convolutions: an operator of conv2d.c's tasks and convolution_backward.c's. */
#include "engine/operators/common.h"

#include "engine/operators/conv2d.h"
#include "engine/operators/convolution_backward.h"

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    return plan_conv2d(planner, operation, PLAN_NONE, view_none(), relu || products_mask(planner, operation), dst);
}

/* Not by Winograd. */
static bool adds(const struct operation *operation) {
    return operation->window.size[0] == 1 && operation->window.size[1] == 1;
}

const struct operation_type operator_convolution = {.weighs = true,
                                                    .forward = forward,
                                                    .folded = plan_conv2d,
                                                    .adds = adds,
                                                    .backward = plan_conv2d_backward,
                                                    .flops = products_flops,
                                                    .packing = &conv2d_packing};
