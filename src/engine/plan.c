/* SPDX-License-Identifier: MIT */
/* Making a plan: what the graph says about readers and phases, what is kept, and the two halves in turn. */
#include "engine/plan.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <stdlib.h>
#include <string.h>

bool plan_uses_batch_statistics(const struct planner *planner, size_t node) {
    const struct node *n = &planner->plan->graph->nodes[node];
    return planner->plan->training && n->type->operator_kind == OPERATOR_BATCH_NORM && !n->frozen;
}

/* Who reads whom. */
static void find_consumers(struct planner *planner) {
    const struct graph *graph = planner->plan->graph;
    for (size_t node = 0; node < graph->count; node++) {
        planner->only_consumer[node] = PLAN_NONE;
    }
    for (size_t node = 0; node < graph->count; node++) {
        for (size_t i = 0; i < graph->nodes[node].input_count; i++) {
            size_t input = graph->nodes[node].inputs[i];
            planner->consumer_count[input]++;
            planner->only_consumer[input] = planner->consumer_count[input] == 1 ? (int)node : PLAN_NONE;
        }
    }
}

static bool is_cheap(enum operator_kind kind) {
    return kind == OPERATOR_BATCH_NORM || kind == OPERATOR_ZERO_PAD || kind == OPERATOR_UPSAMPLE ||
           kind == OPERATOR_ADD || kind == OPERATOR_ACTIVATION || kind == OPERATOR_FLATTEN;
}

bool plan_can_fold(const struct planner *planner, size_t node) {
    const struct graph *graph = planner->plan->graph;
    int reader = planner->only_consumer[node];
    return !planner->plan->training && node != planner->plan->logits_node &&
           graph->nodes[node].type->operator_kind == OPERATOR_CONV2D &&
           graph->nodes[node].config.conv2d.activation.function == UNARY_LINEAR && reader != PLAN_NONE &&
           graph->nodes[reader].type->operator_kind == OPERATOR_BATCH_NORM;
}

/* One pass over kept outputs makes it: its inputs are kept, or BatchNormalizations and additions of kept ones. */
static bool is_near(const struct planner *planner, size_t node) {
    const struct node *n = &planner->plan->graph->nodes[node];
    for (size_t i = 0; i < n->input_count; i++) {
        size_t input = n->inputs[i];
        enum operator_kind kind = planner->plan->graph->nodes[input].type->operator_kind;
        if (input == 0 || planner->stored[input]) { continue; }
        if (planner->only_consumer[input] == PLAN_NONE || (kind != OPERATOR_BATCH_NORM && kind != OPERATOR_ADD) ||
            !is_near(planner, input)) {
            return false;
        }
    }
    return true;
}

/* Which outputs are kept: all that are dear to make, all that several read (but for large ones near to kept ones), what
 * dense layers read (they run over all images of a shard at once), what batch statistics are taken of, and the logits. */
static void decide_stored(struct planner *planner) {
    const struct graph *graph = planner->plan->graph;
    for (size_t node = 1; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        enum operator_kind kind = n->type->operator_kind;
        if (!is_cheap(kind) || node == planner->plan->logits_node) {
            planner->stored[node] = !plan_can_fold(planner, node);
        }
        if (planner->consumer_count[node] > 1 && kind != OPERATOR_FLATTEN) {
            bool remake = planner->plan->training && kind == OPERATOR_ACTIVATION &&
                          shape_size(&n->shape) >= PLAN_REMAKE_VALUES && is_near(planner, node);
            planner->stored[node] = planner->stored[node] || !remake;
        }
        for (size_t i = 0; i < n->input_count; i++) {
            size_t input = n->inputs[i];
            bool wanted = kind == OPERATOR_DENSE || plan_uses_batch_statistics(planner, node);
            if (wanted && input != 0) { planner->stored[input] = true; }
        }
    }
}

/* The first phase in which a node's output can be had: one more for every batch-statistics BatchNormalization passed. */
static void find_forward_phases(struct planner *planner) {
    const struct graph *graph = planner->plan->graph;
    for (size_t node = 1; node < graph->count; node++) {
        size_t phase = 0;
        for (size_t i = 0; i < graph->nodes[node].input_count; i++) {
            size_t input = planner->forward_phase[graph->nodes[node].inputs[i]];
            phase = input > phase ? input : phase;
        }
        planner->forward_phase[node] = phase + (plan_uses_batch_statistics(planner, node) ? 1 : 0);
    }
}

static void find_needs_gradient(struct planner *planner) {
    const struct graph *graph = planner->plan->graph;
    for (size_t node = 1; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        for (size_t i = 0; i < n->parameter_count; i++) {
            if (n->parameters[i].trainable && !n->frozen) { planner->needs_gradient[node] = true; }
        }
        for (size_t i = 0; i < n->input_count; i++) {
            if (planner->needs_gradient[n->inputs[i]]) { planner->needs_gradient[node] = true; }
        }
    }
}

size_t plan_block(const struct plan *plan) {
    if (plan->training) { return (plan->batch_size + PLAN_SHARDS - 1) / PLAN_SHARDS; }
    return plan->batch_size < PLAN_BLOCK ? plan->batch_size : PLAN_BLOCK;
}

/* Large weights pass through the cache with every image; small outputs stay in it for several. So the end of a network
 * runs layer by layer, where all outputs are small and the convolutions' weights are more than a cache has; in training
 * when a shard has several images, and no more than there is room for. */
static void find_deep(struct planner *planner) {
    enum { MOST_PIXELS = 256, LEAST_WEIGHTS = 1024 * 1024 };
    const struct graph *graph = planner->plan->graph;
    size_t first = graph->count, weights = 0;
    while (first > 1) {
        const struct node *n = &graph->nodes[first - 1];
        struct extent extent = plan_extent(&n->shape);
        if (extent.h * extent.w > MOST_PIXELS) { break; }
        if (n->type->operator_kind == OPERATOR_CONV2D) { weights += shape_size(&n->parameters[0].shape); }
        first--;
    }
    const size_t images = plan_block(planner->plan);
    const bool fits = !planner->plan->training || (images > 1 && images <= PLAN_BLOCK);
    planner->deep = fits && weights >= LEAST_WEIGHTS ? first : graph->count;
}

static void planner_free(struct planner *planner) {
    memory_free(planner->made);
    memory_free(planner->consumer_count);
    memory_free(planner->only_consumer);
    memory_free(planner->stored);
    memory_free(planner->forward_phase);
    memory_free(planner->needs_gradient);
    memory_free(planner->diff);
    memory_free(planner->backward_phase);
}

static ocellus_status planner_allocate(struct planner *planner) {
    size_t count = planner->plan->graph->count;
    planner->made = memory_allocate(count, sizeof *planner->made);
    planner->consumer_count = memory_allocate(count, sizeof *planner->consumer_count);
    planner->only_consumer = memory_allocate(count, sizeof *planner->only_consumer);
    planner->stored = memory_allocate(count, sizeof *planner->stored);
    planner->forward_phase = memory_allocate(count, sizeof *planner->forward_phase);
    planner->needs_gradient = memory_allocate(count, sizeof *planner->needs_gradient);
    planner->diff = memory_allocate(count, sizeof *planner->diff);
    planner->backward_phase = memory_allocate(count, sizeof *planner->backward_phase);
    planner->plan->outputs = memory_allocate(count, sizeof *planner->plan->outputs);
    planner->plan->argmax = memory_allocate(count, sizeof *planner->plan->argmax);
    planner->plan->folded = memory_allocate(count, sizeof *planner->plan->folded);
    planner->plan->by_blocks = memory_allocate(count, sizeof *planner->plan->by_blocks);
    bool tiles = planner->plan->by_blocks;
    for (size_t product = 0; product < PRODUCTS; product++) {
        planner->plan->tiles[product] = memory_allocate(count, sizeof *planner->plan->tiles[product]);
        tiles = tiles && planner->plan->tiles[product];
    }
    if (!planner->made || !planner->consumer_count || !planner->only_consumer || !planner->stored ||
        !planner->forward_phase || !planner->needs_gradient || !planner->diff || !planner->backward_phase ||
        !planner->plan->outputs || !planner->plan->argmax || !planner->plan->folded || !tiles) {
        return OCELLUS_IO;
    }
    for (size_t node = 0; node < count; node++) {
        planner->made[node] = planner->diff[node] = planner->plan->outputs[node] = planner->plan->argmax[node] =
            view_none();
        planner->plan->folded[node] = PLAN_NONE;
    }
    return OCELLUS_OK;
}

/* The loss takes logits: the output of the last layer before its softmax. */
static ocellus_status find_logits(struct plan *plan) {
    const struct graph *graph = plan->graph;
    size_t last = graph->count - 1;
    const struct node *output = &graph->nodes[last];
    if (output->type->operator_kind == OPERATOR_ACTIVATION &&
        output->config.activation.activation.function == UNARY_SOFTMAX) {
        last = output->inputs[0];
    }
    if (graph->nodes[last].shape.rank != 1) {
        return fail(OCELLUS_USAGE, "%s: layer %s: the output of the network must be a vector of classes", graph->name,
                    graph->nodes[last].name);
    }
    plan->logits_node = last;
    return OCELLUS_OK;
}

static bool is_known_function(const struct unary *unary, bool last) {
    return unary->function == UNARY_LINEAR || (unary->function == UNARY_SOFTMAX && last) ||
           (unary->function == UNARY_RELU && !(unary->negative_slope > 0) && !(unary->max_value > 0));
}

static bool is_known(const struct node *node, bool last) {
    switch (node->type->operator_kind) {
    case OPERATOR_CONV2D:
        return is_known_function(&node->config.conv2d.activation, last);
    case OPERATOR_DENSE:
        return is_known_function(&node->config.dense.activation, last);
    case OPERATOR_ACTIVATION:
        return is_known_function(&node->config.activation.activation, last);
    case OPERATOR_ADD:
        return node->input_count == 2;
    case OPERATOR_BATCH_NORM:
        return node->parameter_count == 4;
    case OPERATOR_GLOBAL_AVERAGE:
        return node->shape.rank == 1;
    default:
        return node->type->operator_kind != OPERATOR_NONE;
    }
}

static ocellus_status check_layers(const struct graph *graph) {
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (!is_known(node, i + 1 == graph->count))
            return fail(OCELLUS_USAGE, "%s: layer %s: this form of %s cannot be run yet", graph->name, node->name,
                        node->type->class_name);
    }
    return OCELLUS_OK;
}

static ocellus_status make(struct planner *planner) {
    TRY(planner_allocate(planner));
    TRY(check_layers(planner->plan->graph));
    TRY(find_logits(planner->plan));
    find_consumers(planner);
    decide_stored(planner);
    find_forward_phases(planner);
    find_deep(planner);
    TRY(plan_forward(planner));
    planner->plan->forward_phases = planner->plan->phase_count;
    if (planner->plan->training) {
        find_needs_gradient(planner);
        TRY(plan_backward(planner));
    }
    return plan_assign_memory(planner->plan);
}

ocellus_status plan_create(const struct graph *graph, const struct kernels *kernels, bool training, size_t batch_size,
                           struct plan **out) {
    if (graph->count < 2) {
        return fail(OCELLUS_USAGE, "%s: a network needs at least one layer after its input", graph->name);
    }
    struct plan *plan = memory_allocate(1, sizeof *plan);
    if (!plan) { return OCELLUS_IO; }
    plan->graph = graph;
    plan->kernels = kernels;
    plan->training = training;
    plan->batch_size = batch_size;
    struct planner planner = {.plan = plan};
    ocellus_status status = make(&planner);
    planner_free(&planner);
    if (status != OCELLUS_OK) {
        plan_free(plan);
        return status;
    }
    *out = plan;
    return OCELLUS_OK;
}

void plan_free(struct plan *plan) {
    if (!plan) { return; }
    free(plan->buffers);
    free(plan->tasks);
    free(plan->segments);
    free(plan->phases);
    free(plan->finishes);
    memory_free(plan->outputs);
    memory_free(plan->argmax);
    memory_free(plan->folded);
    memory_free(plan->by_blocks);
    for (size_t product = 0; product < PRODUCTS; product++) {
        memory_free(plan->tiles[product]);
    }
    memory_free(plan);
}
