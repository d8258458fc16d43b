/* SPDX-License-Identifier: MIT */
/* The backward half of a plan. Layers are visited from the loss backwards; a layer's turn comes in the phase in which
 * the gradient to its output is complete. What a BatchNormalization hands back depends on sums over the whole batch, so
 * its gradient is summed in one phase and pulled by the layer before it in the next, straight into the padded image that
 * this layer's own gradient needs, with the mask of the ReLU inside that layer on the way. */
#include "engine/plan.h"

static bool is_norm(const struct planner *planner, size_t node) {
    return plan_kind(planner, node) == OPERATOR_BATCH_NORM;
}

/* The phase, counted from the first backward one, in which a layer hands its gradient to its inputs. */
static size_t turn(const struct planner *planner, size_t node) {
    return planner->backward_phase[node] + (plan_uses_batch_statistics(planner, node) ? 1 : 0);
}

static size_t find_backward_phases(struct planner *planner) {
    size_t last = 0;
    for (size_t node = planner->plan->logits_node; node > 0; node--) {
        size_t phase = turn(planner, node);
        last = phase > last ? phase : last;
        const struct node *n = plan_node(planner, node);
        for (size_t i = 0; i < n->input_count; i++) {
            size_t *input = &planner->backward_phase[n->inputs[i]];
            *input = phase > *input ? phase : *input;
        }
    }
    return last;
}

/* --- where gradients to outputs live --- */

/* A dense layer's turn, and with it another segment, comes between the first gift to the node's gradient and its use;
 * a BatchNormalization's is used by the layer before it. */
static bool crosses_dense(const struct planner *planner, size_t node) {
    size_t first = is_norm(planner, node) ? plan_node(planner, node)->inputs[0] : node, last = node;
    for (size_t reader = node + 1; reader < planner->plan->graph->count; reader++) {
        const struct node *n = plan_node(planner, reader);
        for (size_t i = 0; i < n->input_count; i++) {
            if (n->inputs[i] == node) { last = reader; }
        }
    }
    while (first <= last && plan_kind(planner, first) != OPERATOR_DENSE) {
        first++;
    }
    return first <= last;
}

/* A gradient that outlives the segment it is begun in needs a batch buffer. */
static bool needs_batch_diff(const struct planner *planner, size_t node, size_t now) {
    return plan_uses_batch_statistics(planner, node) || planner->backward_phase[node] != now || planner->per_shard ||
           crosses_dense(planner, node);
}

static bool is_batch_view(const struct planner *planner, struct view view) {
    return view.buffer >= 0 && planner->plan->buffers[view.buffer].batch;
}

static ocellus_status new_diff(struct planner *planner, size_t node, size_t now) {
    const struct shape *shape = &plan_node(planner, node)->shape;
    if (needs_batch_diff(planner, node, now)) { return plan_batch_view(planner, shape, &planner->diff[node]); }
    return plan_scratch_view(planner, shape, &planner->diff[node]);
}

/* Another layer whose turn is still to come has its gradient in the same buffer, which must not be changed then. */
static bool is_shared(const struct planner *planner, size_t node, size_t now) {
    for (size_t other = 0; other < planner->plan->graph->count; other++) {
        if (other != node && planner->diff[other].buffer == planner->diff[node].buffer && turn(planner, other) >= now) {
            return true;
        }
    }
    return false;
}

/* A layer hands a gradient to an input: it writes to *target, then calls give_end(). The first to come writes to the
 * gradient itself, the others to a passing value that is added. */
static ocellus_status give_begin(struct planner *planner, size_t input, size_t now, struct view *target) {
    if (view_exists(planner->diff[input])) {
        return plan_passing_view(planner, &plan_node(planner, input)->shape, target);
    }
    TRY(new_diff(planner, input, now));
    *target = planner->diff[input];
    return OCELLUS_OK;
}

/* Adds a value to the gradient that is there. */
static ocellus_status accumulate(struct planner *planner, size_t input, size_t now, struct view value) {
    const struct view diff = planner->diff[input];
    if (is_shared(planner, input, now)) { TRY(new_diff(planner, input, now)); }
    struct task task = plan_task(TASK_ADD, input, diff, planner->diff[input]);
    task.src2 = value;
    task.shape.rows = plan_rows(plan_extent(&plan_node(planner, input)->shape), diff, planner->diff[input]);
    return plan_add_task(planner, task);
}

static ocellus_status give_end(struct planner *planner, size_t input, size_t now, struct view target) {
    return target.buffer == planner->diff[input].buffer ? OCELLUS_OK : accumulate(planner, input, now, target);
}

/* Hands on a gradient that needs no arithmetic: shares the buffer where it is the first to come, and lives long enough. */
static ocellus_status give_view(struct planner *planner, size_t node, size_t input, size_t now, struct view view) {
    if (view_exists(planner->diff[input])) { return accumulate(planner, input, now, view); }
    if (is_batch_view(planner, view) || !needs_batch_diff(planner, input, now)) {
        planner->diff[input] = view;
        return OCELLUS_OK;
    }
    TRY(new_diff(planner, input, now));
    return plan_copy(planner, node, plan_extent(&plan_node(planner, input)->shape), view, planner->diff[input]);
}

/* The segment of a layer's turn. */
static ocellus_status begin_turn(struct planner *planner, size_t node, bool dense) {
    planner->by_layer = node >= planner->deep && !dense;
    return plan_begin_segment(planner, dense);
}

/* --- taking the complete gradient to a node's output --- */

/* The BatchNormalization that alone reads this node, when its gradient is there to be pulled. */
static int norm_to_pull(const struct planner *planner, size_t node) {
    int reader = planner->only_consumer[node];
    if (reader == PLAN_NONE || !is_norm(planner, (size_t)reader)) { return PLAN_NONE; }
    return view_exists(planner->diff[reader]) ? reader : PLAN_NONE;
}

static bool has_diff(const struct planner *planner, size_t node) {
    return view_exists(planner->diff[node]) || norm_to_pull(planner, node) != PLAN_NONE;
}

static ocellus_status pull_norm(struct planner *planner, size_t norm, bool mask, struct view dst) {
    size_t input = plan_node(planner, norm)->inputs[0];
    struct view src;
    TRY(plan_produce(planner, input, NULL, &src));
    struct task task = plan_task(TASK_BATCH_NORM_BACKWARD, norm, planner->diff[norm], dst);
    task.src2 = src;
    task.norm = norm;
    task.relu = mask;
    task.shape.rows = plan_rows(plan_extent(&plan_node(planner, input)->shape), src, dst);
    return plan_add_task(planner, task);
}

/* The gradient to a node's output, masked by the ReLU inside the node if it has one; at `want` if given. */
static ocellus_status take_diff(struct planner *planner, size_t node, bool mask, const struct view *want,
                                struct view *view) {
    const struct node *n = plan_node(planner, node);
    if (!view_exists(planner->diff[node])) {
        if (want) *view = *want;
        else TRY(plan_passing_view(planner, &n->shape, view));
        return pull_norm(planner, (size_t)norm_to_pull(planner, node), mask, *view);
    }
    struct view diff = planner->diff[node];
    struct extent extent = plan_extent(&n->shape);
    if (!mask) {
        *view = want ? *want : diff;
        return want ? plan_copy(planner, node, extent, diff, *want) : OCELLUS_OK;
    }
    if (want) *view = *want;
    else if (!is_shared(planner, node, turn(planner, node))) *view = diff;
    else TRY(plan_passing_view(planner, &n->shape, view));
    struct view output;
    TRY(plan_produce(planner, node, NULL, &output));
    struct task task = plan_task(TASK_RELU_BACKWARD, node, diff, *view);
    task.src2 = output;
    task.shape.rows = plan_rows(extent, diff, *view);
    return plan_add_task(planner, task);
}

/* --- one function per layer --- */

static ocellus_status add_parameter_tasks(struct planner *planner, size_t node, struct view diff) {
    const struct node *n = plan_node(planner, node);
    if (n->frozen) { return OCELLUS_OK; }
    struct view src;
    struct extent extent;
    TRY(plan_padded_source(planner, node, 0, &src, &extent));
    if (n->type->operator_kind == OPERATOR_DENSE) {
        TRY(plan_add_dense_finish(planner, node, src, diff));
    } else {
        struct task task = plan_task(TASK_CONV2D_DIFF_WEIGHTS, node, src, view_none());
        task.src2 = diff;
        task.shape.conv = plan_conv_shape(planner, node, src, extent, diff);
        if (kernels_want_blocks(&task.shape.conv)) {
            TRY(plan_add_blocks(planner, node, &task.shape.conv, src, diff));
        } else {
            TRY(plan_add_finish(planner, FINISH_KERNEL, node, shape_size(&n->parameters[0].shape), &task.parts));
            TRY(plan_add_task(planner, task));
        }
    }
    if (n->parameter_count < 2) { return OCELLUS_OK; }
    struct task task = plan_task(TASK_DIFF_BIAS, node, diff, view_none());
    task.shape.rows = plan_rows(plan_extent(&n->shape), diff, diff);
    TRY(plan_add_finish(planner, FINISH_BIAS, node, shape_size(&n->parameters[1].shape), &task.parts));
    return plan_add_task(planner, task);
}

static ocellus_status scatter(struct planner *planner, size_t node, struct view src, struct view dst, size_t sh,
                              size_t sw) {
    struct task task = plan_task(TASK_SCATTER, node, src, dst);
    task.shape.rows = plan_rows(plan_extent(&plan_node(planner, node)->shape), src, dst);
    task.factor_h = sh;
    task.factor_w = sw;
    return plan_add_task(planner, task);
}

/* The gradient to the source is a convolution, with the rotated weights, of the gradient to the output: spread by the
 * strides, and padded so that it comes out at the source's own size. */
struct spread {
    struct extent extent; /* of the padded image */
    size_t pad[2][2];     /* around the spread gradient */
    struct view padded, within;
};

static ocellus_status make_spread(struct planner *planner, size_t node, struct extent source,
                                  const struct padding_need *need, struct spread *spread) {
    const struct node *n = plan_node(planner, node);
    struct extent out = plan_extent(&n->shape);
    const size_t sizes[2] = {source.h, source.w}, outs[2] = {out.h, out.w};
    for (size_t axis = 0; axis < 2; axis++) {
        size_t kernel = (size_t)n->config.conv2d.kernel_size[axis], stride = (size_t)n->config.conv2d.strides[axis];
        size_t spread_size = (outs[axis] - 1) * stride + 1;
        spread->pad[axis][0] = kernel - 1 - need->pad[axis][0];
        spread->pad[axis][1] = sizes[axis] + kernel - 1 - spread->pad[axis][0] - spread_size;
    }
    spread->extent = (struct extent){source.h + (size_t)n->config.conv2d.kernel_size[0] - 1,
                                     source.w + (size_t)n->config.conv2d.kernel_size[1] - 1, out.c};
    TRY(plan_padded_view(planner, node, spread->extent, &spread->padded));
    spread->within = spread->padded;
    spread->within.offset = spread->pad[0][0] * spread->padded.row_stride + spread->pad[1][0] * out.c;
    return plan_fill_border(planner, node, spread->extent, spread->pad, 0, spread->padded);
}

static ocellus_status add_diff_src(struct planner *planner, size_t node, size_t source, struct view src,
                                   struct extent extent, struct view dst) {
    struct extent out = plan_extent(&plan_node(planner, source)->shape);
    struct task task = plan_task(TASK_CONV2D_DIFF_SRC, node, src, dst);
    struct conv_shape *conv = &task.shape.conv;
    *conv = plan_conv_shape(planner, node, src, extent, dst);
    conv->oh = out.h;
    conv->ow = out.w;
    conv->oc = out.c;
    conv->sh = conv->sw = 1;
    return plan_add_task(planner, task);
}

/* A 1x1 convolution or a dense layer adds its gradient, while it is summed, to what others gave already: *add, or no view
 * where it is the first to come. With strides it gives to the pixels that it read; the others are zero then. */
static ocellus_status prepare_pointwise(struct planner *planner, size_t node, size_t source, bool strided, size_t now,
                                        struct view *add) {
    const struct extent extent = plan_extent(&plan_node(planner, source)->shape);
    const size_t reduction = plan_extent(&plan_node(planner, node)->shape).c;
    *add = planner->diff[source];
    const bool first = !view_exists(*add),
               moves = first || is_shared(planner, source, now) || reduction > KERNELS_ADD_IN_PLACE;
    if (moves) { TRY(new_diff(planner, source, now)); }
    if (!moves || !strided) { return OCELLUS_OK; }
    const struct view dst = planner->diff[source];
    const size_t everything[2][2] = {{0, extent.h}, {0, extent.w}};
    if (first) { return plan_fill_border(planner, source, extent, everything, 0, dst); }
    return plan_copy(planner, source, extent, *add, dst);
}

static ocellus_status give_pointwise(struct planner *planner, size_t node, size_t source, struct view diff,
                                     struct view add) {
    const struct node *n = plan_node(planner, node);
    const bool dense = n->type->operator_kind == OPERATOR_DENSE;
    const struct extent out = plan_extent(&n->shape), in = plan_extent(&plan_node(planner, source)->shape);
    const size_t sh = dense ? 1 : (size_t)n->config.conv2d.strides[0],
                 sw = dense ? 1 : (size_t)n->config.conv2d.strides[1];
    struct task task = plan_task(TASK_CONV2D_DIFF_SRC, node, diff, planner->diff[source]);
    task.src2 = add;
    task.shape.conv = (struct conv_shape){.ih = out.h,
                                          .iw = out.w,
                                          .ic = out.c,
                                          .oh = out.h,
                                          .ow = out.w,
                                          .oc = in.c,
                                          .kh = 1,
                                          .kw = 1,
                                          .sh = 1,
                                          .sw = 1,
                                          .src_row_stride = diff.row_stride,
                                          .dst_row_stride = sh * task.dst.row_stride,
                                          .dst_pixel_stride = sw * in.c};
    return plan_add_task(planner, task);
}

static ocellus_status backward_conv2d(struct planner *planner, size_t node, size_t now) {
    const struct node *n = plan_node(planner, node);
    bool dense = n->type->operator_kind == OPERATOR_DENSE;
    bool mask = (dense ? n->config.dense.activation : n->config.conv2d.activation).function == UNARY_RELU;
    TRY(begin_turn(planner, node, dense));
    size_t source;
    struct padding_need need = plan_padding(planner, node, &source);
    bool gives = planner->needs_gradient[source];
    bool strided = !dense && (n->config.conv2d.strides[0] > 1 || n->config.conv2d.strides[1] > 1);
    bool pointwise =
        dense || (n->config.conv2d.kernel_size[0] == 1 && n->config.conv2d.kernel_size[1] == 1 && !need.any);
    struct extent extent = plan_extent(&plan_node(planner, source)->shape);
    struct view diff, target, add;
    if (gives && pointwise) { TRY(prepare_pointwise(planner, node, source, strided, now, &add)); }
    if (!gives || pointwise) {
        TRY(take_diff(planner, node, mask, NULL, &diff));
        TRY(add_parameter_tasks(planner, node, diff));
        return gives ? give_pointwise(planner, node, source, diff, add) : OCELLUS_OK;
    }
    struct spread spread;
    if (strided) {
        TRY(take_diff(planner, node, mask, NULL, &diff));
        TRY(make_spread(planner, node, extent, &need, &spread));
        const size_t everything[2][2] = {{0, spread.extent.h}, {0, spread.extent.w}};
        TRY(plan_fill_border(planner, node, spread.extent, everything, 0, spread.padded));
        TRY(scatter(planner, node, diff, spread.within, (size_t)n->config.conv2d.strides[0],
                    (size_t)n->config.conv2d.strides[1]));
    } else {
        TRY(make_spread(planner, node, extent, &need, &spread));
        TRY(take_diff(planner, node, mask, &spread.within, &diff));
    }
    TRY(add_parameter_tasks(planner, node, diff));
    TRY(give_begin(planner, source, now, &target));
    TRY(add_diff_src(planner, node, source, spread.padded, spread.extent, target));
    return give_end(planner, source, now, target);
}

static ocellus_status backward_max_pool(struct planner *planner, size_t node, size_t now) {
    size_t input;
    struct padding_need need = plan_padding(planner, node, &input);
    if (!planner->needs_gradient[input]) { return OCELLUS_OK; }
    struct extent extent = plan_extent(&plan_node(planner, input)->shape);
    struct view diff, target, whole;
    TRY(take_diff(planner, node, false, NULL, &diff));
    TRY(give_begin(planner, input, now, &target));
    whole = target;
    struct extent padded = {extent.h + need.pad[0][0] + need.pad[0][1], extent.w + need.pad[1][0] + need.pad[1][1],
                            extent.c};
    if (need.any) { TRY(plan_padded_view(planner, node, padded, &whole)); }
    struct task task = plan_task(TASK_MAX_POOL_BACKWARD, node, diff, whole);
    task.aux = planner->plan->argmax[node];
    task.shape.pool = plan_pool_shape(planner, node, padded, whole, diff);
    TRY(plan_add_task(planner, task));
    if (need.any) {
        struct view within = whole;
        within.offset = need.pad[0][0] * whole.row_stride + need.pad[1][0] * padded.c;
        TRY(plan_copy(planner, node, extent, within, target));
    }
    return give_end(planner, input, now, target);
}

static ocellus_status backward_zero_pad(struct planner *planner, size_t node, size_t now) {
    const struct node *n = plan_node(planner, node);
    size_t input = n->inputs[0];
    struct extent extent = plan_extent(&plan_node(planner, input)->shape);
    struct view diff, target;
    TRY(take_diff(planner, node, false, NULL, &diff));
    TRY(give_begin(planner, input, now, &target));
    diff.offset += (size_t)n->config.zero_padding2d.padding[0][0] * diff.row_stride +
                   (size_t)n->config.zero_padding2d.padding[1][0] * extent.c;
    TRY(plan_copy(planner, node, extent, diff, target));
    return give_end(planner, input, now, target);
}

static ocellus_status backward_resampling(struct planner *planner, size_t node, size_t now, enum task_kind kind) {
    const struct node *n = plan_node(planner, node);
    size_t input = n->inputs[0];
    struct view diff, target;
    TRY(take_diff(planner, node, false, NULL, &diff));
    TRY(give_begin(planner, input, now, &target));
    struct task task = plan_task(kind, node, diff, target);
    task.shape.rows = plan_rows(plan_extent(&plan_node(planner, input)->shape), target, diff);
    if (kind == TASK_UPSAMPLE_BACKWARD) {
        task.factor_h = (size_t)n->config.up_sampling2d.size[0];
        task.factor_w = (size_t)n->config.up_sampling2d.size[1];
    }
    TRY(plan_add_task(planner, task));
    return give_end(planner, input, now, target);
}

static ocellus_status backward_activation(struct planner *planner, size_t node, size_t now) {
    const struct node *n = plan_node(planner, node);
    struct view diff;
    TRY(take_diff(planner, node, n->config.activation.activation.function == UNARY_RELU, NULL, &diff));
    return give_view(planner, node, n->inputs[0], now, diff);
}

/* Both inputs get the same gradient. */
static ocellus_status backward_add(struct planner *planner, size_t node, size_t now) {
    const struct node *n = plan_node(planner, node);
    struct view diff;
    TRY(take_diff(planner, node, false, NULL, &diff));
    for (size_t i = 0; i < 2; i++) {
        if (planner->needs_gradient[n->inputs[i]]) { TRY(give_view(planner, node, n->inputs[i], now, diff)); }
    }
    return OCELLUS_OK;
}

static ocellus_status backward_flatten(struct planner *planner, size_t node, size_t now) {
    size_t input = plan_node(planner, node)->inputs[0];
    struct view diff;
    TRY(take_diff(planner, node, false, NULL, &diff));
    diff.row_stride = plan_row_values(&plan_node(planner, input)->shape);
    return give_view(planner, node, input, now, diff);
}

/* Two BatchNormalizations in a row: what the first one pulls from the second is kept, for the layer before pulls it. */
static ocellus_status keep_pulled(struct planner *planner, size_t node, size_t now) {
    if (view_exists(planner->diff[node])) { return OCELLUS_OK; }
    TRY(new_diff(planner, node, now));
    return pull_norm(planner, (size_t)planner->only_consumer[node], false, planner->diff[node]);
}

/* Only where the layer before cannot pull: it is read by others too. */
static ocellus_status backward_batch_norm(struct planner *planner, size_t node, size_t now) {
    TRY(keep_pulled(planner, node, now));
    size_t input = plan_node(planner, node)->inputs[0];
    if (planner->only_consumer[input] == (int)node || !planner->needs_gradient[input]) { return OCELLUS_OK; }
    struct view target;
    TRY(give_begin(planner, input, now, &target));
    TRY(pull_norm(planner, node, false, target));
    return give_end(planner, input, now, target);
}

static ocellus_status backward_node(struct planner *planner, size_t node, size_t now) {
    if (!planner->needs_gradient[node] || !has_diff(planner, node)) { return OCELLUS_OK; }
    enum operator_kind kind = plan_kind(planner, node);
    if (kind == OPERATOR_CONV2D || kind == OPERATOR_DENSE) { return backward_conv2d(planner, node, now); }
    TRY(begin_turn(planner, node, false));
    if (kind != OPERATOR_BATCH_NORM && kind != OPERATOR_ADD && kind != OPERATOR_MAX_POOL &&
        !planner->needs_gradient[plan_node(planner, node)->inputs[0]]) {
        return OCELLUS_OK;
    }
    switch (kind) {
    case OPERATOR_BATCH_NORM:
        return backward_batch_norm(planner, node, now);
    case OPERATOR_MAX_POOL:
        return backward_max_pool(planner, node, now);
    case OPERATOR_GLOBAL_AVERAGE:
        return backward_resampling(planner, node, now, TASK_GLOBAL_AVERAGE_BACKWARD);
    case OPERATOR_UPSAMPLE:
        return backward_resampling(planner, node, now, TASK_UPSAMPLE_BACKWARD);
    case OPERATOR_ZERO_PAD:
        return backward_zero_pad(planner, node, now);
    case OPERATOR_FLATTEN:
        return backward_flatten(planner, node, now);
    case OPERATOR_ADD:
        return backward_add(planner, node, now);
    case OPERATOR_ACTIVATION:
        return backward_activation(planner, node, now);
    case OPERATOR_CONV2D:
    case OPERATOR_DENSE:
    case OPERATOR_INPUT:
    case OPERATOR_NONE:
        break;
    }
    return OCELLUS_OK;
}

/* The sums over the batch that a BatchNormalization's gradient needs, taken while the gradient to its output is in
 * the cache. */
static ocellus_status reduce_norm(struct planner *planner, size_t node, size_t now) {
    size_t input = plan_node(planner, node)->inputs[0];
    struct extent extent = plan_extent(&plan_node(planner, node)->shape);
    TRY(begin_turn(planner, node, false));
    TRY(keep_pulled(planner, node, now));
    struct view diff = planner->diff[node], src;
    TRY(plan_produce(planner, input, NULL, &src));
    struct task task = plan_task(TASK_BATCH_NORM_REDUCE, node, diff, view_none());
    task.src2 = src;
    task.norm = node;
    task.shape.rows = plan_rows(extent, diff, src);
    TRY(plan_add_finish(planner, FINISH_BATCH_NORM, node, 2 * extent.c, &task.parts));
    return plan_add_task(planner, task);
}

ocellus_status plan_backward(struct planner *planner) {
    struct plan *plan = planner->plan;
    size_t last = find_backward_phases(planner);
    for (size_t now = 0; now <= last; now++) {
        TRY(plan_begin_phase(planner));
        if (now == 0) {
            planner->per_shard = true;
            TRY(new_diff(planner, plan->logits_node, now));
            plan->diff_logits = planner->diff[plan->logits_node];
            plan->buffers[plan->diff_logits.buffer].first = plan->forward_phases - 1;
            plan->buffers[plan->logits.buffer].last = plan->phase_count - 1;
        }
        for (size_t node = plan->logits_node; node > 0; node--) {
            bool norm = plan_uses_batch_statistics(planner, node);
            if (norm && planner->backward_phase[node] == now && planner->needs_gradient[node] &&
                has_diff(planner, node)) {
                TRY(reduce_norm(planner, node, now));
            }
            if (turn(planner, node) == now) { TRY(backward_node(planner, node, now)); }
        }
    }
    return OCELLUS_OK;
}
