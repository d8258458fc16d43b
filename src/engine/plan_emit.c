/* SPDX-License-Identifier: MIT */
/* The grammar of a plan: phases, segments, tasks, finishes, buffers, and the tasks that both halves emit. */
#include "engine/plan.h"

#include "base/memory.h"
#include "base/sizes.h"

struct view view_none(void) {
    return (struct view){.buffer = PLAN_NONE};
}
bool view_exists(struct view view) {
    return view.buffer != PLAN_NONE;
}

struct extent plan_extent(const struct shape *shape) {
    if (shape->rank == 3) {
        return (struct extent){(size_t)shape->dims[0], (size_t)shape->dims[1], (size_t)shape->dims[2]};
    }
    return (struct extent){1, 1, shape_size(shape)};
}

size_t plan_row_values(const struct shape *shape) {
    struct extent extent = plan_extent(shape);
    return extent.w * extent.c;
}

ocellus_status plan_begin_phase(struct planner *planner) {
    struct plan *plan = planner->plan;
    TRY(memory_grow((void **)&plan->phases, &plan->phase_capacity, plan->phase_count + 1, sizeof *plan->phases));
    plan->phases[plan->phase_count++] =
        (struct phase){.first_segment = plan->segment_count, .first_finish = plan->finish_count};
    return OCELLUS_OK;
}

ocellus_status plan_begin_segment(struct planner *planner, bool per_shard) {
    struct plan *plan = planner->plan;
    struct phase *phase = &plan->phases[plan->phase_count - 1];
    planner->per_shard = per_shard;
    if (phase->segment_count > 0) {
        const struct segment *now = &plan->segments[plan->segment_count - 1];
        if (now->per_shard == per_shard && now->by_layer == planner->by_layer) { return OCELLUS_OK; }
    }
    TRY(memory_grow((void **)&plan->segments, &plan->segment_capacity, plan->segment_count + 1,
                    sizeof *plan->segments));
    plan->segments[plan->segment_count++] =
        (struct segment){.per_shard = per_shard, .by_layer = planner->by_layer, .first_task = plan->task_count};
    phase->segment_count++;
    for (size_t node = 0; node < plan->graph->count; node++) {
        int buffer = planner->made[node].buffer;
        if (phase->segment_count == 1 || buffer < 0 || !plan->buffers[buffer].block) {
            planner->made[node] = view_none();
        }
    }
    return OCELLUS_OK;
}

/* Extends the life of an operand's buffer to now. */
static ocellus_status touch(struct plan *plan, struct view view) {
    if (view.buffer < 0) { return OCELLUS_OK; }
    struct buffer *buffer = &plan->buffers[view.buffer];
    if (!buffer->batch && !buffer->block && buffer->segment != plan->segment_count - 1) {
        return fail(OCELLUS_ERROR,
                    "%s: a value of one image would have to outlive its segment: this graph cannot be planned",
                    plan->graph->name);
    }
    size_t now = buffer->batch ? plan->phase_count - 1 : plan->task_count;
    if (now < buffer->first) { buffer->first = now; }
    if (now > buffer->last) { buffer->last = now; }
    return OCELLUS_OK;
}

/* PRODUCTS for tasks that only move values. */
static enum product product_of(enum task_kind kind) {
    if (kind == TASK_CONV2D) { return PRODUCT_FORWARD; }
    if (kind == TASK_CONV2D_DIFF_SRC) { return PRODUCT_DIFF_SRC; }
    return kind == TASK_CONV2D_DIFF_WEIGHTS ? PRODUCT_DIFF_WEIGHTS : PRODUCTS;
}

/* By shape and instruction set alone, so that both plans decide alike. */
static void choose_tile(struct plan *plan, struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    enum product product = product_of(task->kind);
    if (product == PRODUCTS || conv->kh != 3 || conv->kw != 3 || conv->sh != 1 || conv->sw != 1) { return; }
    task->tile = plan->kernels->winograd.tile(conv, product == PRODUCT_DIFF_WEIGHTS);
    plan->tiles[product][task->node] = task->tile;
    if (task->tile == 0) { return; }
    size_t values = plan->kernels->winograd.scratch_size(task->tile, conv->ic, conv->oc);
    plan->winograd_values = values > plan->winograd_values ? values : plan->winograd_values;
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

static ocellus_status append_finish(struct plan *plan, struct finish finish) {
    TRY(memory_grow((void **)&plan->finishes, &plan->finish_capacity, plan->finish_count + 1, sizeof *plan->finishes));
    plan->finishes[plan->finish_count++] = finish;
    plan->phases[plan->phase_count - 1].finish_count++;
    return OCELLUS_OK;
}

ocellus_status plan_add_finish(struct planner *planner, enum finish_kind kind, size_t node, size_t count,
                               size_t *parts) {
    struct plan *plan = planner->plan;
    struct phase *phase = &plan->phases[plan->phase_count - 1];
    size_t *used = kind == FINISH_KERNEL ? &phase->parts : &phase->sums;
    size_t *most = kind == FINISH_KERNEL ? &plan->parts_values : &plan->sums_values;
    *parts = *used;
    *used += (count + 15) / 16 * 16; /* keeps every vector on its own cache lines */
    *most = *used > *most ? *used : *most;
    return append_finish(plan, (struct finish){.kind = kind, .node = node, .parts = *parts, .count = count});
}

ocellus_status plan_add_dense_finish(struct planner *planner, size_t node, struct view src, struct view diff) {
    struct plan *plan = planner->plan;
    TRY(touch(plan, src));
    TRY(touch(plan, diff));
    return append_finish(plan, (struct finish){.kind = FINISH_DENSE,
                                               .node = node,
                                               .count = shape_size(&plan->graph->nodes[node].parameters[0].shape),
                                               .src = src,
                                               .diff = diff});
}

static ocellus_status pack_pixels(struct planner *planner, size_t node, struct pixels_shape shape, struct view src,
                                  struct view *panels) {
    *panels = (struct view){0};
    size_t values = kernels_packed_size(planner->plan->kernels, shape.rows * shape.width, shape.c);
    TRY(plan_batch_buffer(planner, values * sizeof(real), &panels->buffer));
    struct task task = plan_task(TASK_PACK_PIXELS, node, src, *panels);
    task.shape.pixels = shape;
    return plan_add_task(planner, task);
}

ocellus_status plan_add_blocks(struct planner *planner, size_t node, const struct conv_shape *conv, struct view src,
                               struct view diff) {
    size_t side = PLAN_BLOCK_CHANNELS;
    struct finish finish = {.kind = FINISH_BLOCKS,
                            .node = node,
                            .count = (conv->ic + side - 1) / side * ((conv->oc + side - 1) / side),
                            .pixels = conv->oh * conv->ow};
    const struct pixels_shape read = {conv->oh, conv->ow, conv->ic, conv->sh * conv->src_row_stride,
                                      conv->sw * conv->ic};
    const struct pixels_shape written = {conv->oh, conv->ow, conv->oc, conv->dst_row_stride, conv->oc};
    TRY(pack_pixels(planner, node, read, src, &finish.src));
    TRY(pack_pixels(planner, node, written, diff, &finish.diff));
    planner->plan->by_blocks[node] = true;
    return append_finish(planner->plan, finish);
}

static ocellus_status new_buffer(struct planner *planner, bool batch, bool block, size_t bytes, int *buffer) {
    struct plan *plan = planner->plan;
    TRY(memory_grow((void **)&plan->buffers, &plan->buffer_capacity, plan->buffer_count + 1, sizeof *plan->buffers));
    size_t now = batch ? plan->phase_count - 1 : plan->task_count;
    plan->buffers[plan->buffer_count] =
        (struct buffer){.batch = batch,
                        .block = block,
                        .size = (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT,
                        .first = now,
                        .last = now,
                        .segment = plan->segment_count - 1};
    if (batch) { plan->buffers[plan->buffer_count].size = bytes; } /* images of a batch lie back to back */
    *buffer = (int)plan->buffer_count++;
    return OCELLUS_OK;
}

ocellus_status plan_batch_buffer(struct planner *planner, size_t bytes, int *buffer) {
    return new_buffer(planner, true, false, bytes, buffer);
}

ocellus_status plan_scratch_buffer(struct planner *planner, size_t bytes, int *buffer) {
    return new_buffer(planner, false, planner->by_layer, bytes, buffer);
}

ocellus_status plan_scratch_view(struct planner *planner, const struct shape *shape, struct view *view) {
    *view = (struct view){.row_stride = plan_row_values(shape)};
    return plan_scratch_buffer(planner, shape_size(shape) * sizeof(real), &view->buffer);
}

ocellus_status plan_padded_view(struct planner *planner, size_t node, struct extent padded, struct view *view) {
    size_t bytes;
    *view = (struct view){.row_stride = padded.w * padded.c};
    if (!size_multiply(padded.w, padded.c, &bytes) || !size_multiply(bytes, padded.h, &bytes) ||
        !size_multiply(bytes, sizeof(real), &bytes) || bytes > PLAN_MOST_BYTES) {
        return fail(OCELLUS_BAD_CONTENT, "%s: layer %s: its padded image is larger than any memory",
                    planner->plan->graph->name, plan_node(planner, node)->name);
    }
    return plan_scratch_buffer(planner, bytes, &view->buffer);
}

ocellus_status plan_block_view(struct planner *planner, const struct shape *shape, struct view *view) {
    *view = (struct view){.row_stride = plan_row_values(shape)};
    return new_buffer(planner, false, true, shape_size(shape) * sizeof(real), &view->buffer);
}

ocellus_status plan_batch_view(struct planner *planner, const struct shape *shape, struct view *view) {
    *view = (struct view){.row_stride = plan_row_values(shape)};
    return plan_batch_buffer(planner, shape_size(shape) * sizeof(real), &view->buffer);
}

ocellus_status plan_passing_view(struct planner *planner, const struct shape *shape, struct view *view) {
    return planner->per_shard ? plan_batch_view(planner, shape, view) : plan_scratch_view(planner, shape, view);
}

struct rows_shape plan_rows(struct extent extent, struct view src, struct view dst) {
    return (struct rows_shape){.rows = extent.h,
                               .width = extent.w,
                               .c = extent.c,
                               .src_row_stride = src.row_stride,
                               .dst_row_stride = dst.row_stride};
}

ocellus_status plan_copy(struct planner *planner, size_t node, struct extent extent, struct view src, struct view dst) {
    return plan_add_task(planner, (struct task){.kind = TASK_AFFINE,
                                                .node = node,
                                                .src = src,
                                                .src2 = view_none(),
                                                .dst = dst,
                                                .aux = view_none(),
                                                .shape.rows = plan_rows(extent, src, dst)});
}

const struct node *plan_node(const struct planner *planner, size_t node) {
    return &planner->plan->graph->nodes[node];
}

enum operator_kind plan_kind(const struct planner *planner, size_t node) {
    return plan_node(planner, node)->type->operator_kind;
}

struct task plan_task(enum task_kind kind, size_t node, struct view src, struct view dst) {
    return (struct task){.kind = kind, .node = node, .src = src, .src2 = view_none(), .dst = dst, .aux = view_none()};
}

ocellus_status plan_fill_border(struct planner *planner, size_t node, struct extent padded, const size_t (*pad)[2],
                                real fill, struct view dst) {
    struct task task = plan_task(TASK_FILL_BORDER, node, view_none(), dst);
    task.fill = fill;
    task.shape.rows = plan_rows(padded, dst, dst);
    for (size_t axis = 0; axis < 2; axis++) {
        for (size_t end = 0; end < 2; end++) {
            task.pad[axis][end] = pad[axis][end];
        }
    }
    return plan_add_task(planner, task);
}

struct pool_shape plan_pool_shape(const struct planner *planner, size_t node, struct extent padded, struct view image,
                                  struct view pooled) {
    const struct node *n = plan_node(planner, node);
    struct extent out = plan_extent(&n->shape);
    return (struct pool_shape){.ih = padded.h,
                               .iw = padded.w,
                               .c = padded.c,
                               .oh = out.h,
                               .ow = out.w,
                               .kh = (size_t)n->config.pooling2d.pool_size[0],
                               .kw = (size_t)n->config.pooling2d.pool_size[1],
                               .sh = (size_t)n->config.pooling2d.strides[0],
                               .sw = (size_t)n->config.pooling2d.strides[1],
                               .src_row_stride = image.row_stride,
                               .dst_row_stride = pooled.row_stride};
}
