/* SPDX-License-Identifier: MIT */
/* The grammar of plans: begin a phase, begin segments in it, add tasks and reductions. All fails for memory. */
#ifndef ENGINE_PLAN_EMIT_H
#define ENGINE_PLAN_EMIT_H

#include "engine/planner.h"

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

#endif
