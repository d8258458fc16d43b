/* SPDX-License-Identifier: MIT */
/* The forward half of a plan. A stored output is made once, in its phase; every cheap one is made in the scratch of
 * each segment that reads it, written straight into the place its reader wants (the inside of a padded image), with a
 * BatchNormalization, the addition and the ReLU after it in one pass. The backward half calls the same functions to make
 * such values again. */
#include "engine/plan.h"

#include <math.h>

/* True when `node` is a cheap layer of this kind that only one layer reads: it can be part of that reader's pass. */
static bool can_ride(const struct planner *planner, size_t node, enum operator_kind kind) {
    return plan_kind(planner, node) == kind && !planner->stored[node] && planner->only_consumer[node] != PLAN_NONE &&
           !view_exists(planner->made[node]);
}

/* Keras's 'same': the output has ceil(size / stride) values; what is missing is split, the odd one goes behind. */
static void same_padding(size_t size, int64_t kernel, int64_t stride, size_t pad[2]) {
    size_t k = (size_t)kernel, s = (size_t)stride;
    size_t reach = ((size + s - 1) / s - 1) * s + k;
    size_t total = reach > size ? reach - size : 0;
    pad[0] = total / 2;
    pad[1] = total - total / 2;
}

struct padding_need plan_padding(const struct planner *planner, size_t node, size_t *source) {
    struct padding_need need = {0};
    const struct node *n = plan_node(planner, node);
    *source = n->inputs[0];
    if (n->type->operator_kind == OPERATOR_CONV2D) {
        struct extent extent = plan_extent(&plan_node(planner, *source)->shape);
        if (n->config.conv2d.padding == PADDING_SAME) {
            same_padding(extent.h, n->config.conv2d.kernel_size[0], n->config.conv2d.strides[0], need.pad[0]);
            same_padding(extent.w, n->config.conv2d.kernel_size[1], n->config.conv2d.strides[1], need.pad[1]);
        }
        if (plan_kind(planner, *source) == OPERATOR_ZERO_PAD && !planner->stored[*source] &&
            planner->only_consumer[*source] != PLAN_NONE) {
            const struct node *pad = plan_node(planner, *source);
            bool fits = true; /* the gradient to the source needs kernel - 1 - padding >= 0 */
            for (size_t axis = 0; axis < 2; axis++) {
                for (size_t end = 0; end < 2; end++) {
                    size_t total = need.pad[axis][end] + (size_t)pad->config.zero_padding2d.padding[axis][end];
                    fits = fits && total < (size_t)n->config.conv2d.kernel_size[axis];
                }
            }
            if (fits) {
                for (size_t axis = 0; axis < 2; axis++) {
                    for (size_t end = 0; end < 2; end++) {
                        need.pad[axis][end] += (size_t)pad->config.zero_padding2d.padding[axis][end];
                    }
                }
                *source = pad->inputs[0];
            }
        }
    } else if (n->type->operator_kind == OPERATOR_MAX_POOL && n->config.max_pooling2d.padding == PADDING_SAME) {
        struct extent extent = plan_extent(&plan_node(planner, *source)->shape);
        same_padding(extent.h, n->config.max_pooling2d.pool_size[0], n->config.max_pooling2d.strides[0], need.pad[0]);
        same_padding(extent.w, n->config.max_pooling2d.pool_size[1], n->config.max_pooling2d.strides[1], need.pad[1]);
    }
    need.any = need.pad[0][0] || need.pad[0][1] || need.pad[1][0] || need.pad[1][1];
    return need;
}

static struct view inside(struct view padded, const size_t pad[2][2], size_t c) {
    padded.offset += pad[0][0] * padded.row_stride + pad[1][0] * c;
    return padded;
}

ocellus_status plan_padded_source(struct planner *planner, size_t node, real fill, struct view *view,
                                  struct extent *extent) {
    size_t source;
    struct padding_need need = plan_padding(planner, node, &source);
    *extent = plan_extent(&plan_node(planner, source)->shape);
    if (!need.any) { return plan_produce(planner, source, NULL, view); }
    extent->h += need.pad[0][0] + need.pad[0][1];
    extent->w += need.pad[1][0] + need.pad[1][1];
    TRY(plan_padded_view(planner, node, *extent, view));
    TRY(plan_fill_border(planner, node, *extent, need.pad, fill, *view));
    struct view want = inside(*view, need.pad, extent->c), produced;
    return plan_produce(planner, source, &want, &produced);
}

struct conv_shape plan_conv_shape(const struct planner *planner, size_t node, struct view src, struct extent extent,
                                  struct view dst) {
    const struct node *n = plan_node(planner, node);
    struct extent out = plan_extent(&n->shape);
    bool dense = n->type->operator_kind == OPERATOR_DENSE;
    return (struct conv_shape){.ih = extent.h,
                               .iw = extent.w,
                               .ic = extent.c,
                               .oh = out.h,
                               .ow = out.w,
                               .oc = out.c,
                               .kh = dense ? 1 : (size_t)n->config.conv2d.kernel_size[0],
                               .kw = dense ? 1 : (size_t)n->config.conv2d.kernel_size[1],
                               .sh = dense ? 1 : (size_t)n->config.conv2d.strides[0],
                               .sw = dense ? 1 : (size_t)n->config.conv2d.strides[1],
                               .src_row_stride = src.row_stride,
                               .dst_row_stride = dst.row_stride};
}

/* `norm`: the BatchNormalization folded into the weights, or PLAN_NONE; `add`: what is added, or no view. */
static ocellus_status emit_conv2d(struct planner *planner, size_t node, int norm, struct view add, bool relu,
                                  struct view dst) {
    struct view src;
    struct extent extent;
    TRY(plan_padded_source(planner, node, 0, &src, &extent));
    struct task task = plan_task(TASK_CONV2D, node, src, dst);
    task.src2 = add;
    task.relu = relu;
    task.shape.conv = plan_conv_shape(planner, node, src, extent, dst);
    planner->plan->folded[node] = norm;
    return plan_add_task(planner, task);
}

static ocellus_status emit_heavy(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    bool dense = n->type->operator_kind == OPERATOR_DENSE;
    bool relu = (dense ? n->config.dense.activation : n->config.conv2d.activation).function == UNARY_RELU;
    return emit_conv2d(planner, node, PLAN_NONE, view_none(), relu, dst);
}

static ocellus_status emit_max_pool(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    size_t input = n->inputs[0], source;
    struct padding_need need = plan_padding(planner, node, &source);
    struct view src;
    struct extent extent = plan_extent(&plan_node(planner, input)->shape);
    bool ride = !need.any && can_ride(planner, input, OPERATOR_BATCH_NORM) &&
                !plan_can_fold(planner, plan_node(planner, input)->inputs[0]);
    if (ride) TRY(plan_produce(planner, plan_node(planner, input)->inputs[0], NULL, &src));
    else TRY(plan_padded_source(planner, node, -(real)INFINITY, &src, &extent));
    struct task task = plan_task(TASK_MAX_POOL, node, src, dst);
    task.normalize = ride;
    task.norm = input;
    task.shape.pool = plan_pool_shape(planner, node, extent, src, dst);
    if (planner->plan->training) {
        task.aux = (struct view){.row_stride = plan_row_values(&n->shape)};
        const size_t places = shape_size(&n->shape) * kernels_place_size(&task.shape.pool);
        TRY(plan_batch_buffer(planner, places, &task.aux.buffer));
        planner->plan->argmax[node] = task.aux;
    }
    return plan_add_task(planner, task);
}

static ocellus_status emit_affine(struct planner *planner, size_t node, size_t norm, bool normalize, size_t source,
                                  bool relu, struct view dst) {
    if (normalize && plan_can_fold(planner, source)) {
        return emit_conv2d(planner, source, (int)norm, view_none(), relu, dst);
    }
    struct view src;
    TRY(plan_produce(planner, source, NULL, &src));
    struct task task = plan_task(TASK_AFFINE, node, src, dst);
    task.normalize = normalize;
    task.norm = norm;
    task.relu = relu;
    task.shape.rows = plan_rows(plan_extent(&plan_node(planner, node)->shape), src, dst);
    return plan_add_task(planner, task);
}

/* The node is a BatchNormalization folded into a convolution that can add on the way: not one by Winograd. */
static bool can_add(const struct planner *planner, size_t node) {
    if (!can_ride(planner, node, OPERATOR_BATCH_NORM)) { return false; }
    size_t source = plan_node(planner, node)->inputs[0];
    if (!plan_can_fold(planner, source)) { return false; }
    const int64_t *kernel = plan_node(planner, source)->config.conv2d.kernel_size;
    return kernel[0] == 1 && kernel[1] == 1;
}

/* A BatchNormalization that only the addition reads is applied on the way. */
static ocellus_status add_operand(struct planner *planner, size_t input, struct view *view, bool *normalize,
                                  size_t *norm) {
    *normalize =
        can_ride(planner, input, OPERATOR_BATCH_NORM) && !plan_can_fold(planner, plan_node(planner, input)->inputs[0]);
    *norm = input;
    return plan_produce(planner, *normalize ? plan_node(planner, input)->inputs[0] : input, NULL, view);
}

/* In inference the last convolution of a residual block adds the shortcut to its sums, the same bits in one pass less. */
static ocellus_status emit_add(struct planner *planner, size_t node, bool relu, struct view dst) {
    const struct node *n = plan_node(planner, node);
    struct view a;
    size_t last = can_add(planner, n->inputs[1]) ? 1 : 0;
    if (n->inputs[0] != n->inputs[1] && can_add(planner, n->inputs[last])) {
        TRY(plan_produce(planner, n->inputs[1 - last], NULL, &a));
        if (a.row_stride == dst.row_stride) {
            size_t norm = n->inputs[last];
            return emit_conv2d(planner, plan_node(planner, norm)->inputs[0], (int)norm, a, relu, dst);
        }
    }
    struct task task = plan_task(TASK_ADD, node, view_none(), dst);
    TRY(add_operand(planner, n->inputs[0], &task.src, &task.normalize, &task.norm));
    TRY(add_operand(planner, n->inputs[1], &task.src2, &task.normalize2, &task.norm2));
    task.relu = relu;
    task.shape.rows = plan_rows(plan_extent(&n->shape), task.src, dst);
    return plan_add_task(planner, task);
}

static ocellus_status emit_activation(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    size_t input = n->inputs[0];
    enum unary_function activation = n->config.activation.activation.function;
    if (activation == UNARY_SOFTMAX) {
        return fail(OCELLUS_USAGE, "%s: layer %s: a softmax can only be the network's last layer",
                    planner->plan->graph->name, n->name);
    }
    bool relu = activation == UNARY_RELU;
    if (can_ride(planner, input, OPERATOR_BATCH_NORM)) {
        return emit_affine(planner, node, input, true, plan_node(planner, input)->inputs[0], relu, dst);
    }
    if (can_ride(planner, input, OPERATOR_ADD)) { return emit_add(planner, input, relu, dst); }
    return emit_affine(planner, node, 0, false, input, relu, dst);
}

static ocellus_status emit_zero_pad(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    struct extent extent = plan_extent(&n->shape);
    size_t pad[2][2];
    for (size_t axis = 0; axis < 2; axis++) {
        for (size_t end = 0; end < 2; end++) {
            pad[axis][end] = (size_t)n->config.zero_padding2d.padding[axis][end];
        }
    }
    TRY(plan_fill_border(planner, node, extent, pad, 0, dst));
    struct view want = inside(dst, pad, extent.c), produced;
    return plan_produce(planner, n->inputs[0], &want, &produced);
}

static ocellus_status emit_upsample(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    struct view src;
    TRY(plan_produce(planner, n->inputs[0], NULL, &src));
    struct task task = plan_task(TASK_UPSAMPLE, node, src, dst);
    task.shape.rows = plan_rows(plan_extent(&plan_node(planner, n->inputs[0])->shape), src, dst);
    task.factor_h = (size_t)n->config.up_sampling2d.size[0];
    task.factor_w = (size_t)n->config.up_sampling2d.size[1];
    return plan_add_task(planner, task);
}

static ocellus_status emit_global_average(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    const struct extent extent = plan_extent(&plan_node(planner, n->inputs[0])->shape);
    struct view src;
    TRY(plan_produce(planner, n->inputs[0], NULL, &src));
    if (src.row_stride != extent.w * extent.c) { /* inside a padded image, and the kernel takes dense pixels */
        struct view dense;
        TRY(plan_scratch_view(planner, &plan_node(planner, n->inputs[0])->shape, &dense));
        TRY(plan_copy(planner, n->inputs[0], extent, src, dense));
        src = dense;
    }
    struct task task = plan_task(TASK_GLOBAL_AVERAGE, node, src, dst);
    task.shape.rows = plan_rows(extent, src, dst);
    return plan_add_task(planner, task);
}

/* The tasks that write a node's output to dst. */
static ocellus_status emit(struct planner *planner, size_t node, struct view dst) {
    const struct node *n = plan_node(planner, node);
    switch (n->type->operator_kind) {
    case OPERATOR_CONV2D:
    case OPERATOR_DENSE:
        return emit_heavy(planner, node, dst);
    case OPERATOR_MAX_POOL:
        return emit_max_pool(planner, node, dst);
    case OPERATOR_GLOBAL_AVERAGE:
        return emit_global_average(planner, node, dst);
    case OPERATOR_BATCH_NORM:
        return emit_affine(planner, node, node, true, n->inputs[0], false, dst);
    case OPERATOR_ACTIVATION:
        return emit_activation(planner, node, dst);
    case OPERATOR_ADD:
        return emit_add(planner, node, false, dst);
    case OPERATOR_ZERO_PAD:
        return emit_zero_pad(planner, node, dst);
    case OPERATOR_UPSAMPLE:
        return emit_upsample(planner, node, dst);
    case OPERATOR_FLATTEN: {
        struct view want = dst, produced;
        want.row_stride = plan_row_values(&plan_node(planner, n->inputs[0])->shape);
        return plan_produce(planner, n->inputs[0], &want, &produced);
    }
    case OPERATOR_INPUT:
    case OPERATOR_NONE:
        break;
    }
    return fail(OCELLUS_ERROR, "%s: layer %s: this engine cannot run %s", planner->plan->graph->name, n->name,
                n->type->class_name);
}

/* What is there already, without making anything: the input, a stored output, or this segment's copy. */
static struct view available(const struct planner *planner, size_t node) {
    if (node == 0) {
        return (struct view){.buffer = PLAN_INPUT, .row_stride = plan_row_values(&plan_node(planner, 0)->shape)};
    }
    if (view_exists(planner->plan->outputs[node])) { return planner->plan->outputs[node]; }
    return planner->made[node];
}

ocellus_status plan_produce(struct planner *planner, size_t node, const struct view *want, struct view *view) {
    struct view there = available(planner, node);
    if (view_exists(there)) {
        *view = want ? *want : there;
        return want ? plan_copy(planner, node, plan_extent(&plan_node(planner, node)->shape), there, *want)
                    : OCELLUS_OK;
    }
    if (want) *view = *want;
    else TRY(plan_passing_view(planner, &plan_node(planner, node)->shape, view));
    TRY(emit(planner, node, *view));
    planner->made[node] = *view;
    return OCELLUS_OK;
}

/* The statistics that BatchNormalizations after this node need are taken while its output is in the cache. */
static ocellus_status add_statistics(struct planner *planner, size_t node, struct view view) {
    const struct graph *graph = planner->plan->graph;
    struct extent extent = plan_extent(&graph->nodes[node].shape);
    for (size_t reader = node + 1; reader < graph->count; reader++) {
        if (!plan_uses_batch_statistics(planner, reader) || graph->nodes[reader].inputs[0] != node) { continue; }
        struct task task = plan_task(TASK_STATISTICS, reader, view, view_none());
        task.shape.rows = plan_rows(extent, view, view);
        TRY(plan_add_finish(planner, FINISH_STATISTICS, reader, 2 * extent.c, &task.parts));
        TRY(plan_add_task(planner, task));
    }
    return OCELLUS_OK;
}

/* In inference a stored output is a batch buffer only where dense layers or the loss read it: the rest is scratch. */
static bool is_batch_value(const struct planner *planner, size_t node) {
    if (planner->plan->training || node == planner->plan->logits_node || plan_kind(planner, node) == OPERATOR_DENSE) {
        return true;
    }
    int reader = planner->only_consumer[node];
    if (reader != PLAN_NONE) { return plan_kind(planner, (size_t)reader) == OPERATOR_DENSE; }
    for (size_t i = node + 1; i < planner->plan->graph->count; i++) {
        const struct node *n = plan_node(planner, i);
        if (n->type->operator_kind == OPERATOR_DENSE && n->inputs[0] == node) { return true; }
    }
    return false;
}

/* Something made in a segment that runs layer by layer reads it. */
static bool is_read_in_deep(const struct planner *planner, size_t node) {
    const struct graph *graph = planner->plan->graph;
    for (size_t reader = node + 1; reader < graph->count; reader++) {
        for (size_t i = 0; i < graph->nodes[reader].input_count; i++) {
            if (graph->nodes[reader].inputs[i] != node) { continue; }
            if (planner->stored[reader] ? reader >= planner->deep : is_read_in_deep(planner, reader)) { return true; }
        }
    }
    return false;
}

static ocellus_status make_stored(struct planner *planner, size_t node) {
    const struct node *n = plan_node(planner, node);
    bool dense = n->type->operator_kind == OPERATOR_DENSE;
    planner->by_layer = node >= planner->deep && !dense;
    TRY(plan_begin_segment(planner, dense));
    if (n->type->operator_kind == OPERATOR_FLATTEN && view_exists(planner->plan->outputs[n->inputs[0]])) {
        planner->plan->outputs[node] = planner->plan->outputs[n->inputs[0]];
        planner->plan->outputs[node].row_stride = plan_row_values(&n->shape);
        return OCELLUS_OK;
    }
    struct view view;
    if (!is_batch_value(planner, node)) {
        if (planner->by_layer || !is_read_in_deep(planner, node)) { return plan_produce(planner, node, NULL, &view); }
        TRY(plan_block_view(planner, &n->shape, &view));
        TRY(emit(planner, node, view));
        planner->made[node] = view;
        return OCELLUS_OK;
    }
    TRY(plan_batch_view(planner, &n->shape, &view));
    TRY(emit(planner, node, view));
    planner->plan->outputs[node] = view;
    return add_statistics(planner, node, view);
}

ocellus_status plan_forward(struct planner *planner) {
    const struct graph *graph = planner->plan->graph;
    size_t logits = planner->plan->logits_node;
    for (size_t phase = 0; phase <= planner->forward_phase[logits]; phase++) {
        TRY(plan_begin_phase(planner));
        if (phase == 0) {
            TRY(plan_begin_segment(planner, false));
            TRY(add_statistics(planner, 0, available(planner, 0)));
        }
        for (size_t node = 1; node < graph->count && node <= logits; node++) {
            if (planner->stored[node] && planner->forward_phase[node] == phase) { TRY(make_stored(planner, node)); }
        }
    }
    planner->plan->logits = planner->plan->outputs[logits];
    return OCELLUS_OK;
}
