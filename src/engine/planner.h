/* SPDX-License-Identifier: MIT */
/* Making a plan: the state of it, the grammar, and what operators may ask and emit. */
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

/* --- what the graph says (plan_values.c) --- */
const struct operation *planner_operation(const struct planner *planner, size_t operation);
const struct operation_type *planner_operator(const struct planner *planner, size_t operation);
const char *planner_layer(const struct planner *planner, size_t operation); /* its name, for messages */
/* It has this parameter, and training changes it. */
bool planner_trains(const struct planner *planner, size_t operation, enum parameter_role role);
/* The reader when there is exactly one, else PLAN_NONE. */
int planner_only_reader(const struct planner *planner, size_t operation);
/* The kernel's only reader is a NORMALIZATION on moving statistics that its weights take in. */
bool planner_can_fold(const struct planner *planner, size_t operation);
/* The operation is of this kind, cheap and read once: it can be part of its reader's pass. */
bool planner_can_ride(const struct planner *planner, size_t operation, enum operation_kind kind);
/* What is said of values before any is emitted: liveness, readers, what is stored, phases, segments. */
ocellus_status planner_decide(struct planner *planner);
/* A stored value that another segment reads, and that SCOPE_BATCH does not hold. */
bool planner_is_read_elsewhere(const struct planner *planner, size_t operation);
bool planner_is_batch_value(const struct planner *planner, size_t operation);

/* --- the grammar (plan_emit.c): begin a phase, begin segments in it, add tasks and reductions. Fails for memory. --- */
ocellus_status plan_begin_phase(struct planner *planner);
ocellus_status plan_begin_segment(struct planner *planner, bool per_shard);
/* A task with these operands; the rest is zero, PLAN_NONE and no views. */
struct task plan_task(const struct task_type *type, size_t operation, struct view src, struct view dst);
ocellus_status plan_add_task(struct planner *planner, struct task task);
/* reduction.partials is set here and given back: `values` in a shard's partials (in_waves) or sums. */
ocellus_status plan_add_reduction(struct planner *planner, struct reduction reduction, size_t values, size_t *partials);
/* A new view of dense rows for a value of this shape; PLAN_MOST_BYTES is the limit. */
ocellus_status plan_new_view(struct planner *planner, enum scope scope, enum element element, const struct shape *shape,
                             struct view *view);
/* For a value that passes within a segment: scratch, or SCOPE_BATCH in a per-shard segment. */
ocellus_status plan_passing_view(struct planner *planner, const struct shape *shape, struct view *view);
/* A new scratch image of that extent, which padding may make as large as a file says: refused where it is larger than any
 * memory. */
ocellus_status plan_padded_view(struct planner *planner, size_t operation, struct extent padded, struct view *view);
ocellus_status plan_batch_buffer(struct planner *planner, enum element element, size_t bytes, int *buffer);

/* --- values (plan_forward.c) --- */
/* Emits what makes the value available in the current segment, unless it already is, and gives the view. When `want` is
 * given (the inside of a padded image), the value is written there. */
ocellus_status plan_produce(struct planner *planner, size_t operation, const struct view *want, struct view *view);
/* The same with rows back to back. */
ocellus_status plan_produce_dense(struct planner *planner, size_t operation, struct view *view);
/* The inside of a padded image. */
struct view view_inside(struct view padded, const size_t pad[2][2], size_t c);
ocellus_status plan_forward(struct planner *planner);

/* --- gradients (plan_backward.c) --- */
/* The segment in which an operation hands its gradient on. */
ocellus_status plan_begin_turn(struct planner *planner, size_t operation, bool per_shard);
/* The gradient to the value, masked by the ReLU inside the operation if `mask`; at `want` if given. */
ocellus_status plan_take_diff(struct planner *planner, size_t operation, bool mask, const struct view *want,
                              struct view *view);
/* An operation hands a gradient to an input: it writes to *target, then calls plan_give_end(). */
ocellus_status plan_give_begin(struct planner *planner, size_t input, size_t now, struct view *target);
ocellus_status plan_give_end(struct planner *planner, size_t input, size_t now, struct view target);
/* Hands on a gradient that needs no arithmetic. */
ocellus_status plan_give_view(struct planner *planner, size_t input, size_t now, struct view view);
/* The memory of a gradient, anew. */
ocellus_status plan_new_diff(struct planner *planner, size_t operation, size_t now);
/* An operation whose turn is still to come has its gradient in the same buffer, which must not be changed then. */
bool plan_is_shared(const struct planner *planner, size_t operation, size_t now);
bool plan_has_diff(const struct planner *planner, size_t operation);
ocellus_status plan_backward(struct planner *planner);

/* Chains of tasks that run a few rows at a time, while these are in the cache. (plan_chains.c) */
void plan_find_chains(struct plan *plan);
/* Assigns places to buffers by lifetime, smallest total found by first fit, largest first. (plan_memory.c) */
ocellus_status plan_assign_memory(struct plan *plan);

#endif
