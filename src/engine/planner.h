/* SPDX-License-Identifier: MIT */
/* What is noted while a plan is made. What operators may ask and emit: plan_values.h, plan_emit.h, plan_forward.h and
 * plan_backward.h. */
#ifndef ENGINE_PLANNER_H
#define ENGINE_PLANNER_H

#include "engine/operator.h"

/* All arrays are [lowered->count]. */
struct planner {
    struct plan *plan;
    const struct operation_type *const *operators;
    const struct plan_options *options;
    bool *live;                     /* the logits or a kept value need it */
    size_t *first_reader, *readers; /* [count + 1] and all of them: who reads an operation, live ones alone */
    bool *stored;                   /* made once, where it comes first; else made where it is read */
    bool *needs_gradient;           /* something at or before it is trained, or its gradient is asked for */
    bool *of_input;                 /* cheap, and of nothing but the network's input */
    size_t *forward_phase;          /* in which the value can first be had */
    size_t *made_in;                /* stored: the number of the segment that makes it */
    struct view *made;              /* this segment's scratch copy of a value */
    struct view *diff;              /* the gradient to the value, once something was added to it */
    size_t *backward_phase;         /* when that gradient is complete */
    bool per_shard, layer_major;    /* the current segment's sort */
    size_t first_layer_major;       /* from this operation on segments are layer-major; count where none is */
};

#endif
