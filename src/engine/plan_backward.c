/* SPDX-License-Identifier: MIT */
/* The backward half of a plan. Operations are visited from the loss backwards; the turn of one comes in the phase in which
 * the gradient to its value is complete. What a NORMALIZATION hands back depends on sums over the whole batch, so its
 * gradient is reduced in one phase and pulled by the operation before it in the next, straight into the padded image that
 * this one's own gradient needs, with the mask of the ReLU inside that one on the way. */
#include "engine/plan_backward.h"

#include "engine/operators/move.h"
#include "engine/plan_emit.h"
#include "engine/plan_forward.h"
#include "engine/plan_values.h"

static bool is_pulled(const struct planner *planner, size_t operation) {
    return planner_operator(planner, operation)->pull;
}

static size_t turn(const struct planner *planner, size_t operation) {
    return planner->backward_phase[operation] + (planner->plan->batch_statistics[operation] ? 1 : 0);
}

static size_t find_backward_phases(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    size_t last = 0;
    for (size_t i = lowered->logits; i > 0; i--) {
        if (!planner->live[i]) continue;
        const size_t phase = turn(planner, i);
        last = phase > last ? phase : last;
        for (size_t k = 0; k < lowered->operations[i].input_count; k++) {
            size_t *input = &planner->backward_phase[lowered->operations[i].inputs[k]];
            *input = phase > *input ? phase : *input;
        }
    }
    return last;
}

/* --- where gradients live --- */

/* The turn of one that runs per shard, and with it another segment, comes between the first gift to the gradient and its
 * use; one that is pulled is used by the operation before it. */
static bool crosses_per_shard(const struct planner *planner, size_t operation) {
    size_t first = is_pulled(planner, operation) ? planner_operation(planner, operation)->inputs[0] : operation,
           last = operation;
    const size_t end = planner->first_reader[operation + 1];
    if (planner->first_reader[operation] < end) last = planner->readers[end - 1];
    while (first <= last && !planner_operator(planner, first)->per_shard)
        first++;
    return first <= last;
}

/* A gradient that outlives the segment it is begun in needs the batch's scope. */
static bool needs_batch_diff(const struct planner *planner, size_t operation, size_t now) {
    return planner->plan->batch_statistics[operation] || planner->backward_phase[operation] != now ||
           planner->per_shard || crosses_per_shard(planner, operation);
}

static bool is_batch_view(const struct planner *planner, struct view view) {
    return view.buffer >= 0 && planner->plan->buffers[view.buffer].scope == SCOPE_BATCH;
}

ocellus_status plan_new_diff(struct planner *planner, size_t operation, size_t now) {
    const enum scope scope = needs_batch_diff(planner, operation, now) ? SCOPE_BATCH : SCOPE_IMAGE;
    return plan_new_view(planner, scope, ELEMENT_REAL, &planner_operation(planner, operation)->shape,
                         &planner->diff[operation]);
}

bool plan_is_shared(const struct planner *planner, size_t operation, size_t now) {
    for (size_t other = 0; other < planner->plan->lowered->count; other++) {
        if (other != operation && planner->diff[other].buffer == planner->diff[operation].buffer &&
            turn(planner, other) >= now)
            return true;
    }
    return false;
}

ocellus_status plan_give_begin(struct planner *planner, size_t input, size_t now, struct view *target) {
    if (view_exists(planner->diff[input]))
        return plan_passing_view(planner, &planner_operation(planner, input)->shape, target);
    TRY(plan_new_diff(planner, input, now));
    *target = planner->diff[input];
    return OCELLUS_OK;
}

/* Adds a value to the gradient that is there. */
static ocellus_status accumulate(struct planner *planner, size_t input, size_t now, struct view value) {
    const struct view diff = planner->diff[input];
    if (plan_is_shared(planner, input, now)) TRY(plan_new_diff(planner, input, now));
    return plan_sum(planner, input, shape_extent(&planner_operation(planner, input)->shape), diff, value,
                    planner->diff[input]);
}

/* The first to come wrote to the gradient itself, the others to a passing value that is added. */
ocellus_status plan_give_end(struct planner *planner, size_t input, size_t now, struct view target) {
    return target.buffer == planner->diff[input].buffer ? OCELLUS_OK : accumulate(planner, input, now, target);
}

/* Shares the buffer where it is the first to come, and the view lives long enough. */
ocellus_status plan_give_view(struct planner *planner, size_t input, size_t now, struct view view) {
    if (view_exists(planner->diff[input])) return accumulate(planner, input, now, view);
    if (is_batch_view(planner, view) || !needs_batch_diff(planner, input, now)) {
        planner->diff[input] = view;
        return OCELLUS_OK;
    }
    TRY(plan_new_diff(planner, input, now));
    return plan_copy(planner, input, shape_extent(&planner_operation(planner, input)->shape), view,
                     planner->diff[input]);
}

ocellus_status plan_begin_turn(struct planner *planner, size_t operation, bool per_shard) {
    planner->layer_major = operation >= planner->first_layer_major && !per_shard;
    return plan_begin_segment(planner, per_shard);
}

/* --- taking the complete gradient to a value --- */

/* The one that alone reads this value and is pulled, when its gradient is there. */
static int reader_to_pull(const struct planner *planner, size_t operation) {
    const int reader = planner_only_reader(planner, operation);
    if (reader == PLAN_NONE || !is_pulled(planner, (size_t)reader)) return PLAN_NONE;
    return view_exists(planner->diff[reader]) ? reader : PLAN_NONE;
}

bool plan_has_diff(const struct planner *planner, size_t operation) {
    return view_exists(planner->diff[operation]) || reader_to_pull(planner, operation) != PLAN_NONE;
}

ocellus_status plan_take_diff(struct planner *planner, size_t operation, bool mask, const struct view *want,
                              struct view *view) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent extent = shape_extent(&o->shape);
    if (!view_exists(planner->diff[operation])) {
        const size_t reader = (size_t)reader_to_pull(planner, operation);
        if (want) *view = *want;
        else TRY(plan_passing_view(planner, &o->shape, view));
        return planner_operator(planner, reader)->pull(planner, reader, mask, *view);
    }
    const struct view diff = planner->diff[operation];
    if (!mask) {
        *view = want ? *want : diff;
        return want ? plan_copy(planner, operation, extent, diff, *want) : OCELLUS_OK;
    }
    if (want) *view = *want;
    else if (!plan_is_shared(planner, operation, turn(planner, operation))) *view = diff;
    else TRY(plan_passing_view(planner, &o->shape, view));
    struct view output;
    TRY(plan_produce(planner, operation, NULL, &output));
    return plan_relu_mask(planner, operation, extent, diff, output, *view);
}

/* --- the turns --- */

/* Two that are pulled in a row: what the first one pulls from the second is kept, for the one before pulls it. */
static ocellus_status keep_pulled(struct planner *planner, size_t operation, size_t now) {
    if (view_exists(planner->diff[operation])) return OCELLUS_OK;
    const size_t reader = (size_t)reader_to_pull(planner, operation);
    TRY(plan_new_diff(planner, operation, now));
    return planner_operator(planner, reader)->pull(planner, reader, false, planner->diff[operation]);
}

/* Only where the operation before cannot pull: it is read by others too. */
static ocellus_status push(struct planner *planner, size_t operation, size_t now) {
    TRY(keep_pulled(planner, operation, now));
    const size_t input = planner_operation(planner, operation)->inputs[0];
    if (planner_only_reader(planner, input) == (int)operation || !planner->needs_gradient[input]) return OCELLUS_OK;
    struct view target;
    TRY(plan_give_begin(planner, input, now, &target));
    TRY(planner_operator(planner, operation)->pull(planner, operation, false, target));
    return plan_give_end(planner, input, now, target);
}

/* The gradient that was asked for by name. */
static ocellus_status keep_gradient(struct planner *planner, size_t operation) {
    struct view *view = &planner->plan->gradient;
    TRY(plan_begin_turn(planner, operation, false));
    TRY(plan_new_view(planner, SCOPE_BATCH, ELEMENT_REAL, &planner_operation(planner, operation)->shape, view));
    return plan_take_diff(planner, operation, false, view, view);
}

static bool hands_on(const struct planner *planner, size_t operation) {
    const struct operation *o = planner_operation(planner, operation);
    for (size_t role = 0; role < PARAMETER_ROLES; role++) {
        if (planner_trains(planner, operation, (enum parameter_role)role)) return true;
    }
    for (size_t k = 0; k < o->input_count; k++) {
        if (planner->needs_gradient[o->inputs[k]]) return true;
    }
    return false;
}

static ocellus_status take_turn(struct planner *planner, size_t operation, size_t now) {
    const struct operation_type *row = planner_operator(planner, operation);
    if (!planner->needs_gradient[operation] || !plan_has_diff(planner, operation)) return OCELLUS_OK;
    if (planner->options->gradient_to == (int)operation) TRY(keep_gradient(planner, operation));
    if (!hands_on(planner, operation)) return OCELLUS_OK;
    TRY(plan_begin_turn(planner, operation, row->per_shard));
    return row->pull ? push(planner, operation, now) : row->backward(planner, operation, now);
}

static ocellus_status reduce(struct planner *planner, size_t operation, size_t now) {
    TRY(plan_begin_turn(planner, operation, false));
    TRY(keep_pulled(planner, operation, now));
    return planner_operator(planner, operation)->reduce(planner, operation, planner->diff[operation]);
}

/* The gradient to the logits comes from the loss, between the passes. */
static ocellus_status begin_with_loss(struct planner *planner) {
    struct plan *plan = planner->plan;
    const size_t logits = plan->lowered->logits;
    planner->per_shard = true;
    TRY(plan_new_diff(planner, logits, 0));
    plan->diff_logits = planner->diff[logits];
    plan->buffers[plan->diff_logits.buffer].first = plan->forward_phases - 1;
    if (plan->logits.buffer >= 0) plan->buffers[plan->logits.buffer].last = plan->phase_count - 1;
    return OCELLUS_OK;
}

/* After a forward pass in inference several gradients may be asked for, and all be read: what it made is not written over. */
static void keep_for_more(struct plan *plan) {
    for (size_t i = 0; i < plan->buffer_count; i++) {
        struct buffer *buffer = &plan->buffers[i];
        const bool made_before = buffer->first < plan->forward_phases || (int)i == plan->gradient.buffer;
        if (buffer->scope == SCOPE_BATCH && made_before) buffer->last = plan->phase_count - 1;
    }
}

static ocellus_status hand_out_gradient(struct planner *planner) {
    struct plan *plan = planner->plan;
    if (!view_exists(plan->gradient))
        return fail(OCELLUS_USAGE, "%s: gradient_to: nothing on the way to the logits reads layer %s%s",
                    plan->lowered->graph->name, planner_layer(planner, (size_t)planner->options->gradient_to),
                    planner_operation(planner, (size_t)planner->options->gradient_to)->kind == OPERATION_PAD
                        ? ": the convolution after it pads"
                        : "");
    keep_for_more(plan);
    return OCELLUS_OK;
}

ocellus_status plan_backward(struct planner *planner) {
    const size_t last = find_backward_phases(planner);
    for (size_t now = 0; now <= last; now++) {
        TRY(plan_begin_phase(planner));
        if (now == 0) TRY(begin_with_loss(planner));
        for (size_t i = planner->plan->lowered->logits + 1; i-- > 0;) {
            if (planner->plan->batch_statistics[i] && planner->backward_phase[i] == now && plan_has_diff(planner, i))
                TRY(reduce(planner, i, now));
            if (turn(planner, i) == now) TRY(take_turn(planner, i, now));
        }
    }
    return planner->options->gradient_to == PLAN_NONE ? OCELLUS_OK : hand_out_gradient(planner);
}
