/* SPDX-License-Identifier: MIT */
/* The grammar of a plan: phases, segments, tasks, reductions, buffers. */
#include "engine/plan_emit.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "engine/plan_values.h"
#include "engine/planner.h"
#include "model/graph.h"

ocellus_status plan_begin_phase(struct planner *planner) {
    struct plan *plan = planner->plan;
    TRY(memory_grow((void **)&plan->phases, &plan->phase_capacity, plan->phase_count + 1, sizeof *plan->phases));
    plan->phases[plan->phase_count++] =
        (struct phase){.first_segment = plan->segment_count, .first_reduction = plan->reduction_count};
    return OCELLUS_OK;
}

/* Of what this phase has made, a new segment sees what a whole shard has. */
static void forget_made(struct planner *planner, bool all) {
    const struct plan *plan = planner->plan;
    for (size_t i = 0; i < plan->lowered->count; i++) {
        const int buffer = planner->made[i].buffer;
        if (all || buffer < 0 || plan->buffers[buffer].scope == SCOPE_IMAGE) planner->made[i] = view_none();
    }
}

ocellus_status plan_begin_segment(struct planner *planner, bool per_shard) {
    struct plan *plan = planner->plan;
    struct phase *phase = &plan->phases[plan->phase_count - 1];
    planner->per_shard = per_shard;
    if (phase->segment_count > 0) {
        const struct segment *now = &plan->segments[plan->segment_count - 1];
        if (now->per_shard == per_shard && now->layer_major == planner->layer_major) return OCELLUS_OK;
    }
    TRY(memory_grow((void **)&plan->segments, &plan->segment_capacity, plan->segment_count + 1,
                    sizeof *plan->segments));
    plan->segments[plan->segment_count++] =
        (struct segment){.per_shard = per_shard, .layer_major = planner->layer_major, .first_task = plan->task_count};
    phase->segment_count++;
    forget_made(planner, phase->segment_count == 1);
    return OCELLUS_OK;
}

/* Extends the life of an operand's buffer to now. */
static ocellus_status touch(struct plan *plan, struct view view) {
    if (view.buffer < 0) return OCELLUS_OK;
    struct buffer *buffer = &plan->buffers[view.buffer];
    if (buffer->scope == SCOPE_IMAGE && buffer->segment != plan->segment_count - 1)
        return fail(OCELLUS_ERROR,
                    "%s: a value of one image would have to outlive its segment: this graph cannot be planned",
                    plan->lowered->graph->name);
    const size_t now = buffer->scope == SCOPE_BATCH ? plan->phase_count - 1 : plan->task_count;
    if (now < buffer->first) buffer->first = now;
    if (now > buffer->last) buffer->last = now;
    return OCELLUS_OK;
}

/* By shape and instruction set alone, so that every plan decides alike. */
static void choose_tile(struct plan *plan, struct task *task) {
    const enum product product = task->type->product;
    const struct conv_shape *conv = &task->shape.conv;
    if (product == PRODUCTS || conv->kh != 3 || conv->kw != 3 || conv->sh != 1 || conv->sw != 1) return;
    task->tile = plan->kernels->winograd.tile(conv, product == PRODUCT_DIFF_WEIGHTS);
    plan->tiles[product][task->operation] = task->tile;
    if (task->tile == 0) return;
    const size_t values = plan->kernels->winograd.scratch_size(task->tile, conv->ic, conv->oc);
    plan->conv_scratch = values > plan->conv_scratch ? values : plan->conv_scratch;
}

struct task plan_task(const struct task_type *type, size_t operation, struct view src, struct view dst) {
    return (struct task){.type = type,
                         .operation = operation,
                         .norm = PLAN_NONE,
                         .norm2 = PLAN_NONE,
                         .src = src,
                         .src2 = view_none(),
                         .dst = dst,
                         .aux = view_none()};
}

ocellus_status plan_add_task(struct planner *planner, struct task task) {
    struct plan *plan = planner->plan;
    choose_tile(plan, &task);
    TRY(memory_grow((void **)&plan->tasks, &plan->task_capacity, plan->task_count + 1, sizeof *plan->tasks));
    TRY(touch(plan, task.src));
    TRY(touch(plan, task.src2));
    TRY(touch(plan, task.dst));
    TRY(touch(plan, task.aux));
    plan->tasks[plan->task_count++] = task;
    plan->segments[plan->segment_count - 1].task_count++;
    return OCELLUS_OK;
}

ocellus_status plan_add_reduction(struct planner *planner, struct reduction reduction, size_t values,
                                  size_t *partials) {
    struct plan *plan = planner->plan;
    struct phase *phase = &plan->phases[plan->phase_count - 1];
    size_t *used = reduction.type->in_waves ? &phase->partials : &phase->sums;
    size_t *most = reduction.type->in_waves ? &plan->partials_values : &plan->sums_values;
    reduction.partials = *used;
    if (partials) *partials = *used;
    *used += (values + 15) / 16 * 16; /* keeps every vector on its own cache lines */
    *most = *used > *most ? *used : *most;
    TRY(touch(plan, reduction.src));
    TRY(touch(plan, reduction.diff));
    TRY(memory_grow((void **)&plan->reductions, &plan->reduction_capacity, plan->reduction_count + 1,
                    sizeof *plan->reductions));
    plan->reductions[plan->reduction_count++] = reduction;
    phase->reduction_count++;
    return OCELLUS_OK;
}

static ocellus_status new_buffer(struct planner *planner, enum scope scope, enum element element, size_t bytes,
                                 int *buffer) {
    struct plan *plan = planner->plan;
    TRY(memory_grow((void **)&plan->buffers, &plan->buffer_capacity, plan->buffer_count + 1, sizeof *plan->buffers));
    const size_t now = scope == SCOPE_BATCH ? plan->phase_count - 1 : plan->task_count;
    plan->buffers[plan->buffer_count] =
        (struct buffer){.scope = scope,
                        .element = element,
                        .size = (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT,
                        .first = now,
                        .last = now,
                        .segment = plan->segment_count - 1};
    if (scope == SCOPE_BATCH) plan->buffers[plan->buffer_count].size = bytes; /* images lie back to back */
    *buffer = (int)plan->buffer_count++;
    return OCELLUS_OK;
}

ocellus_status plan_batch_buffer(struct planner *planner, enum element element, size_t bytes, int *buffer) {
    return new_buffer(planner, SCOPE_BATCH, element, bytes, buffer);
}

/* Scratch of a layer-major segment is for all images of the shard. */
static enum scope scratch_scope(const struct planner *planner) {
    return planner->layer_major ? SCOPE_SHARD : SCOPE_IMAGE;
}

ocellus_status plan_new_view(struct planner *planner, enum scope scope, enum element element, const struct shape *shape,
                             struct view *view) {
    const struct extent extent = shape_extent(shape);
    *view = (struct view){.element = element, .row_stride = extent.w * extent.c};
    if (scope == SCOPE_IMAGE) scope = scratch_scope(planner);
    return new_buffer(planner, scope, element, shape_size(shape) * element_size(element), &view->buffer);
}

ocellus_status plan_passing_view(struct planner *planner, const struct shape *shape, struct view *view) {
    return plan_new_view(planner, planner->per_shard ? SCOPE_BATCH : SCOPE_IMAGE, ELEMENT_REAL, shape, view);
}

ocellus_status plan_padded_view(struct planner *planner, size_t operation, struct extent padded, struct view *view) {
    size_t bytes;
    *view = (struct view){.element = ELEMENT_REAL, .row_stride = padded.w * padded.c};
    if (!size_multiply(padded.w, padded.c, &bytes) || !size_multiply(bytes, padded.h, &bytes) ||
        !size_multiply(bytes, sizeof(real), &bytes) || bytes > PLAN_MOST_BYTES)
        return fail(OCELLUS_BAD_CONTENT, "%s: layer %s: its padded image is larger than any memory",
                    planner->plan->lowered->graph->name, planner_layer(planner, operation));
    return new_buffer(planner, scratch_scope(planner), ELEMENT_REAL, bytes, &view->buffer);
}
