/* SPDX-License-Identifier: MIT */
/* All that operators share, for their files. */
#ifndef ENGINE_OPERATORS_COMMON_H
#define ENGINE_OPERATORS_COMMON_H

#include "engine/operator.h"
#include "engine/operators/move.h"
#include "engine/operators/padding.h"
#include "engine/operators/products.h"
#include "engine/place.h"
#include "engine/plan_backward.h"
#include "engine/plan_emit.h"
#include "engine/plan_forward.h"
#include "engine/plan_values.h"

#endif
