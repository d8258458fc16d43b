/* SPDX-License-Identifier: MIT */
/* The forward half of a plan. A stored value is made once, in its phase; every cheap one is made in the scratch of each
 * segment that reads it, written straight into the place its reader wants (the inside of a padded image), with what
 * rides on it in one pass. The backward half calls the same functions to make such values again. */
#include "engine/plan_forward.h"

#include "engine/operators/move.h"
#include "engine/plan_emit.h"
#include "engine/plan_values.h"

struct view view_inside(struct view padded, const size_t pad[2][2], size_t c) {
    padded.offset += pad[0][0] * padded.row_stride + pad[1][0] * c;
    return padded;
}

static size_t dense_row(const struct planner *planner, size_t operation) {
    const struct extent extent = shape_extent(&planner_operation(planner, operation)->shape);
    return extent.w * extent.c;
}

/* What is there already, without making anything: the input, a stored value, or this segment's copy. */
static struct view available(const struct planner *planner, size_t operation) {
    if (view_exists(planner->plan->outputs[operation])) return planner->plan->outputs[operation];
    return planner->made[operation];
}

static ocellus_status emit(struct planner *planner, size_t operation, struct view dst) {
    return planner_operator(planner, operation)->forward(planner, operation, false, dst);
}

ocellus_status plan_produce(struct planner *planner, size_t operation, const struct view *want, struct view *view) {
    const struct operation *o = planner_operation(planner, operation);
    const struct view there = available(planner, operation);
    if (view_exists(there)) {
        *view = want ? *want : there;
        return want ? plan_copy(planner, operation, shape_extent(&o->shape), there, *want) : OCELLUS_OK;
    }
    if (want) *view = *want;
    else TRY(plan_passing_view(planner, &o->shape, view));
    TRY(emit(planner, operation, *view));
    planner->made[operation] = *view;
    return OCELLUS_OK;
}

ocellus_status plan_produce_dense(struct planner *planner, size_t operation, struct view *view) {
    const struct operation *o = planner_operation(planner, operation);
    struct view there;
    TRY(plan_produce(planner, operation, NULL, &there));
    *view = there;
    if (there.row_stride == dense_row(planner, operation)) return OCELLUS_OK;
    TRY(plan_passing_view(planner, &o->shape, view));
    return plan_copy(planner, operation, shape_extent(&o->shape), there, *view);
}

/* What those who normalise this value over the batch take of it, while it is in the cache. */
static ocellus_status observe(struct planner *planner, size_t operation, struct view view) {
    for (size_t r = planner->first_reader[operation]; r < planner->first_reader[operation + 1]; r++) {
        const size_t reader = planner->readers[r];
        if (planner->plan->batch_statistics[reader])
            TRY(planner_operator(planner, reader)->observe(planner, reader, view));
    }
    return OCELLUS_OK;
}

static ocellus_status make_batch_value(struct planner *planner, size_t operation) {
    const struct operation *o = planner_operation(planner, operation);
    const struct operation_type *row = planner_operator(planner, operation);
    struct view *output = &planner->plan->outputs[operation];
    const bool alias = row->is_alias && row->is_alias(planner, operation);
    if (alias && view_exists(planner->plan->outputs[o->inputs[0]])) {
        *output = planner->plan->outputs[o->inputs[0]];
        output->row_stride = dense_row(planner, operation);
    } else {
        struct view view;
        TRY(plan_new_view(planner, SCOPE_BATCH, ELEMENT_REAL, &o->shape, &view));
        TRY(emit(planner, operation, view));
        *output = view;
    }
    return observe(planner, operation, *output);
}

static ocellus_status make_stored(struct planner *planner, size_t operation) {
    const struct operation *o = planner_operation(planner, operation);
    const bool per_shard = planner_operator(planner, operation)->per_shard;
    struct view view;
    planner->layer_major = operation >= planner->first_layer_major && !per_shard;
    TRY(plan_begin_segment(planner, per_shard));
    if (planner_is_batch_value(planner, operation)) return make_batch_value(planner, operation);
    if (!planner_is_read_elsewhere(planner, operation)) return plan_produce(planner, operation, NULL, &view);
    TRY(plan_new_view(planner, SCOPE_SHARD, ELEMENT_REAL, &o->shape, &view));
    TRY(emit(planner, operation, view));
    planner->made[operation] = view;
    return OCELLUS_OK;
}

ocellus_status plan_forward(struct planner *planner) {
    const struct lowered *lowered = planner->plan->lowered;
    size_t last = 0;
    planner->plan->outputs[0] =
        (struct view){.buffer = PLAN_INPUT, .element = ELEMENT_REAL, .row_stride = dense_row(planner, 0)};
    for (size_t i = 0; i < lowered->count; i++)
        last = planner->stored[i] && planner->forward_phase[i] > last ? planner->forward_phase[i] : last;
    for (size_t phase = 0; phase <= last; phase++) {
        TRY(plan_begin_phase(planner));
        if (phase == 0) {
            TRY(plan_begin_segment(planner, false));
            TRY(observe(planner, 0, available(planner, 0)));
        }
        for (size_t i = 1; i < lowered->count; i++) {
            if (planner->stored[i] && planner->forward_phase[i] == phase) TRY(make_stored(planner, i));
        }
    }
    planner->plan->logits = planner->plan->outputs[lowered->logits];
    return OCELLUS_OK;
}
