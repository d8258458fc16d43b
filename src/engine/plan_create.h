/* SPDX-License-Identifier: MIT */
/* Making a plan. */
#ifndef ENGINE_PLAN_CREATE_H
#define ENGINE_PLAN_CREATE_H

#include "engine/plan.h"

struct operation_type;
/* operators: [OPERATION_KINDS], see operator.h. OCELLUS_USAGE when nothing on the way to the logits reads
 * gradient_to: a PAD that a convolution takes in is none of its readers'. */
ocellus_status plan_create(const struct lowered *lowered, const struct operation_type *const *operators,
                           const struct kernels *kernels, const struct plan_options *options, struct plan **plan);

#endif
