/* SPDX-License-Identifier: MIT */
/* A convolution's gradients. */
#ifndef ENGINE_OPERATORS_CONVOLUTION_BACKWARD_H
#define ENGINE_OPERATORS_CONVOLUTION_BACKWARD_H

#include "engine/planner.h"

ocellus_status plan_conv2d_backward(struct planner *planner, size_t operation, size_t now);

#endif
