/* SPDX-License-Identifier: MIT */
/* Making a plan: memory for what is noted on the way, then what the graph says, the two halves, and places. */
#include "engine/plan_create.h"

#include "base/memory.h"
#include "engine/plan_backward.h"
#include "engine/plan_chains.h"
#include "engine/plan_forward.h"
#include "engine/plan_memory.h"
#include "engine/plan_values.h"
#include "engine/planner.h"

static void planner_free(struct planner *planner) {
    void *arrays[] = {planner->live,           planner->first_reader, planner->readers,       planner->stored,
                      planner->needs_gradient, planner->of_input,     planner->forward_phase, planner->made_in,
                      planner->made,           planner->diff,         planner->backward_phase};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memory_free(arrays[i]);
}

/* Adds to `good` whether there was memory. */
static void *array(size_t count, size_t size, bool *good) {
    void *memory = *good ? memory_allocate(count, size) : NULL;
    *good = memory != NULL;
    return memory;
}

static ocellus_status planner_allocate(struct planner *planner) {
    struct plan *plan = planner->plan;
    const size_t count = plan->lowered->count;
    bool good = true;
    planner->live = array(count, sizeof *planner->live, &good);
    planner->first_reader = array(count + 1, sizeof *planner->first_reader, &good);
    planner->stored = array(count, sizeof *planner->stored, &good);
    planner->needs_gradient = array(count, sizeof *planner->needs_gradient, &good);
    planner->of_input = array(count, sizeof *planner->of_input, &good);
    planner->forward_phase = array(count, sizeof *planner->forward_phase, &good);
    planner->made_in = array(count, sizeof *planner->made_in, &good);
    planner->made = array(count, sizeof *planner->made, &good);
    planner->diff = array(count, sizeof *planner->diff, &good);
    planner->backward_phase = array(count, sizeof *planner->backward_phase, &good);
    plan->outputs = array(count, sizeof *plan->outputs, &good);
    plan->argmax = array(count, sizeof *plan->argmax, &good);
    plan->keeping = array(count, sizeof *plan->keeping, &good);
    plan->folded = array(count, sizeof *plan->folded, &good);
    plan->batch_statistics = array(count, sizeof *plan->batch_statistics, &good);
    plan->by_panels = array(count, sizeof *plan->by_panels, &good);
    for (size_t product = 0; product < PRODUCTS; product++)
        plan->tiles[product] = array(count, sizeof *plan->tiles[product], &good);
    for (size_t i = 0; good && i < count; i++) {
        planner->made[i] = planner->diff[i] = plan->outputs[i] = plan->argmax[i] = view_none();
        plan->folded[i] = PLAN_NONE;
    }
    return good ? OCELLUS_OK : OCELLUS_IO;
}

/* What was asked for by name is there after every pass. */
static void live_to_the_end(struct plan *plan) {
    for (size_t i = 0; i < plan->lowered->count; i++) {
        const int buffer = plan->outputs[i].buffer;
        if (plan->keeping[i] != KEEPING_NONE && buffer >= 0) plan->buffers[buffer].last = plan->phase_count - 1;
    }
}

static ocellus_status make(struct planner *planner) {
    struct plan *plan = planner->plan;
    TRY(planner_allocate(planner));
    TRY(planner_decide(planner));
    TRY(plan_forward(planner));
    plan->forward_phases = plan->phase_count;
    if (plan->backward) TRY(plan_backward(planner));
    live_to_the_end(plan);
    plan_find_chains(plan);
    return plan_assign_memory(plan);
}

ocellus_status plan_create(const struct lowered *lowered, const struct operation_type *const *operators,
                           const struct kernels *kernels, const struct plan_options *options, struct plan **out) {
    struct plan *plan = memory_allocate(1, sizeof *plan);
    if (!plan) return OCELLUS_IO;
    plan->lowered = lowered;
    plan->kernels = kernels;
    plan->training = options->training;
    plan->backward = options->training || options->gradient_to != PLAN_NONE;
    plan->batch_size = options->batch_size;
    plan->logits = plan->diff_logits = plan->gradient = view_none();
    struct planner planner = {.plan = plan, .operators = operators, .options = options};
    const ocellus_status status = make(&planner);
    planner_free(&planner);
    if (status != OCELLUS_OK) {
        plan_free(plan);
        return status;
    }
    *out = plan;
    return OCELLUS_OK;
}
