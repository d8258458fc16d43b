/* SPDX-License-Identifier: MIT */
/* What is the same for every engine: opening, names, what is checked before its functions are called. */
#include "engine/engine_class.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "base/threads.h"
#include "engine/optimizers.h"
#include "engine/tensors.h"
#include "model/graph.h"
#include "model/initialize.h"
#include "model/lowered_start.h"

#include <math.h>
#include <string.h>

/* --- opening --- */

static ocellus_status check_operations(const struct engine *engine) {
    const struct lowered *lowered = engine->lowered;
    for (size_t i = 0; i < lowered->count; i++) {
        const struct operation *operation = &lowered->operations[i];
        if (engine->class->supports(operation)) continue;
        return fail(OCELLUS_USAGE, "%s: layer %s: the engine \"%s\" has no %s", engine->graph->name,
                    engine->graph->nodes[operation->node].name, engine->class->name, operation_name(operation->kind));
    }
    return OCELLUS_OK;
}

static ocellus_status check_options(const struct engine *engine) {
    const struct engine_options *options = &engine->options;
    if (options->batch_size < 1) return fail(OCELLUS_USAGE, "engine: batch size: must be at least 1");
    if (options->training && !engine->class->training)
        return fail(OCELLUS_USAGE, "engine: \"%s\" is for inference only", engine->class->name);
    if (options->training && options->weights)
        return fail(OCELLUS_USAGE, "engine: a training owns its weights, and does not share them");
    if (options->weights && options->start_at)
        return fail(OCELLUS_USAGE, "engine: start_at: only of weights of its own");
    if (options->weights && weights_graph(options->weights) != engine->graph)
        return fail(OCELLUS_USAGE, "engine: the weights are of another network than %s", engine->graph->name);
    for (size_t i = 0; i < options->keep_count; i++) {
        if (engine_find_node(engine->graph, options->keep[i], strlen(options->keep[i])) == 0)
            return fail(OCELLUS_USAGE, "%s: keep: no layer %s", engine->graph->name, options->keep[i]);
    }
    return OCELLUS_OK;
}

static ocellus_status find_gradient_to(struct engine *engine) {
    const char *name = engine->options.gradient_to;
    if (!name) return OCELLUS_OK;
    engine->gradient_to = engine_find_node(engine->graph, name, strlen(name));
    if (engine->gradient_to == 0) return fail(OCELLUS_USAGE, "%s: gradient_to: no layer %s", engine->graph->name, name);
    if (engine->class->backward_from) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "engine: \"%s\" gives no gradient to a value", engine->class->name);
}

static ocellus_status take_weights(struct engine *engine) {
    struct weights *weights = engine->options.weights;
    const bool own = !weights;
    if (own) TRY(weights_create(engine->graph, engine->options.groups, engine->options.group_count, &weights));
    weights_join(weights);
    if (own) weights_release(weights); /* the session has its reference */
    engine->weights = weights;
    engine->lowered = weights_lowered(weights);
    return OCELLUS_OK;
}

static ocellus_status check_parameters(const struct engine *engine) {
    const struct lowered *lowered = engine->lowered;
    for (size_t p = 0; engine->options.training && p < lowered->parameter_count; p++) {
        const size_t node = lowered->parameters[p].node;
        if (lowered->parameters[p].trained && (lowered_leaves_out(lowered, node) || lowered->outputs[node] == 0))
            return fail(OCELLUS_USAGE, "%s: start_at: layer %s stands before it, and is not frozen",
                        engine->graph->name, engine->graph->nodes[node].name);
    }
    return OCELLUS_OK;
}

/* Begins in the middle of the network, where that was asked for. */
static ocellus_status start(struct engine *engine) {
    const struct engine_options *options = &engine->options;
    const struct graph *graph = engine->graph;
    if (!options->start_at) return OCELLUS_OK;
    const size_t node = engine_find_node(graph, options->start_at, strlen(options->start_at));
    if (node == 0) return fail(OCELLUS_USAGE, "%s: start_at: no layer %s", graph->name, options->start_at);
    TRY(weights_start_at(engine->weights, node));
    for (size_t i = 0; i < graph->count; i++) {
        const char *name = graph->nodes[i].name;
        bool asked = options->gradient_to && strcmp(options->gradient_to, name) == 0;
        for (size_t k = 0; k < options->keep_count; k++)
            asked = asked || strcmp(options->keep[k], name) == 0;
        if (asked && lowered_leaves_out(engine->lowered, i))
            return fail(OCELLUS_USAGE, "%s: layer %s stands before the start, %s", graph->name, name,
                        options->start_at);
    }
    return check_parameters(engine);
}

static ocellus_status open_parts(struct engine *engine) {
    const struct optimizer *optimizer = &engine->options.optimizer;
    size_t values;
    TRY(check_options(engine));
    TRY(find_gradient_to(engine));
    TRY(take_weights(engine));
    TRY(start(engine));
    TRY(check_operations(engine));
    if (engine->options.training) engine->state_count = optimizer_rows[optimizer->kind].state_count(optimizer);
    engine->image_size = shape_size(&engine->lowered->operations[0].shape);
    engine->classes = shape_size(&engine->lowered->operations[engine->lowered->logits].shape);
    if (!size_multiply(engine->options.batch_size, engine->image_size * sizeof *engine->inputs, &values) ||
        !size_multiply(values, engine->options.slots, &values))
        return fail(OCELLUS_USAGE, "engine: batch size: %zu is too large", engine->options.batch_size);
    TRY(engine_list_tensors(engine));
    TRY(engine->class->open(engine));
    engine->inputs = memory_allocate(values, 1);
    return engine->inputs ? OCELLUS_OK : OCELLUS_IO;
}

ocellus_status engine_open(const struct engine_class *class, const struct graph *graph,
                           const struct engine_options *options, struct engine **out) {
    if (!class) class = &engine_cpu;
    struct engine *engine = memory_allocate(1, class->size);
    if (!engine) return OCELLUS_IO;
    engine->class = class;
    engine->graph = graph;
    engine->options = *options;
    if (engine->options.slots == 0) engine->options.slots = 1;
    const struct float_mode before = float_mode_set();
    const ocellus_status status = open_parts(engine);
    float_mode_restore(before);
    if (status == OCELLUS_OK) *out = engine;
    else engine_close(engine);
    return status;
}

void engine_close(struct engine *engine) {
    if (!engine) return;
    engine->class->close(engine);
    weights_part(engine->weights);
    memory_free(engine->inputs);
    memory_free(engine->tensors);
    memory_free(engine->state_names);
    memory_free(engine);
}

/* --- tensors --- */

size_t engine_tensor_count(const struct engine *engine) {
    return engine->tensor_count;
}
struct engine_tensor engine_tensor_at(const struct engine *engine, size_t index) {
    return engine->tensors[index];
}

ocellus_status engine_set(struct engine *engine, const char *name, const float *values, size_t count) {
    struct engine_place place;
    TRY(engine_find_place(engine, name, count, false, &place));
    if (place.kind == PLACE_PARAMETER) TRY(weights_begin_change(engine->weights));
    engine->class->set(engine, &place, values);
    if (place.kind == PLACE_PARAMETER) weights_end_change(engine->weights);
    return OCELLUS_OK;
}

ocellus_status engine_get(const struct engine *engine, const char *name, float *values, size_t count) {
    struct engine_place place;
    TRY(engine_find_place(engine, name, count, true, &place));
    return engine->class->get(engine, &place, values);
}

/* `values` has room for the largest tensor. */
static ocellus_status initialize(struct engine *engine, uint64_t seed, float *values) {
    for (size_t i = 0; i < engine->tensor_count; i++) {
        const struct engine_tensor *tensor = &engine->tensors[i];
        const size_t count = shape_size(tensor->shape);
        if (tensor->kind == ENGINE_PARAMETER) TRY(graph_initial_values(engine->graph, tensor->name, seed, values));
        else memset(values, 0, count * sizeof *values);
        TRY(engine_set(engine, tensor->name, values, count));
    }
    engine->updates = 0;
    return OCELLUS_OK;
}

ocellus_status engine_initialize(struct engine *engine, uint64_t seed) {
    size_t largest = 1;
    for (size_t i = 0; i < engine->tensor_count; i++) {
        const size_t count = shape_size(engine->tensors[i].shape);
        if (count > largest) largest = count;
    }
    float *values = memory_allocate(largest, sizeof *values);
    if (!values) return OCELLUS_IO;
    const struct float_mode before = float_mode_set();
    const ocellus_status status = initialize(engine, seed, values);
    float_mode_restore(before);
    memory_free(values);
    return status;
}

uint64_t engine_updates(const struct engine *engine) {
    return engine->updates;
}
void engine_set_updates(struct engine *engine, uint64_t updates) {
    engine->updates = updates;
}

/* --- passes --- */

float *engine_input(struct engine *engine, size_t slot) {
    return slot < engine->options.slots ? engine_slot(engine, slot) : NULL;
}

ocellus_status engine_forward(struct engine *engine, enum engine_mode mode, const struct engine_batch *batch) {
    const struct engine_options *options = &engine->options;
    if (batch->n < 1 || batch->n > options->batch_size)
        return fail(OCELLUS_USAGE, "engine: batch of %zu images (expected 1 to %zu)", batch->n, options->batch_size);
    if (batch->slot >= options->slots)
        return fail(OCELLUS_USAGE, "engine: slot %zu of the input (expected 0 to %zu)", batch->slot,
                    options->slots - 1);
    if (mode != ENGINE_INFERENCE && !options->training)
        return fail(OCELLUS_USAGE, "engine: it was opened for inference only");
    engine->stage = STAGE_NONE;
    engine->has_loss = false;
    engine->mode = mode;
    engine->batch = *batch;
    if (mode == ENGINE_TRAINING) weights_changed(engine->weights); /* moving statistics will be */
    const struct float_mode before = float_mode_set();
    const ocellus_status status = engine->class->forward(engine);
    float_mode_restore(before);
    TRY(status);
    if (mode == ENGINE_STATISTICS) engine->statistics_passes++;
    engine->stage = STAGE_FORWARD;
    return OCELLUS_OK;
}

ocellus_status engine_read(struct engine *engine, enum engine_value value, float *dst, size_t count) {
    if (engine->stage == STAGE_NONE) return fail(OCELLUS_USAGE, "engine: no forward pass to read from");
    if (value == ENGINE_LOSSES && !engine->has_loss) return fail(OCELLUS_USAGE, "engine: no loss was taken");
    if (value != ENGINE_LOSSES && engine->stage >= STAGE_BACKWARD && engine->mode != ENGINE_INFERENCE)
        return fail(OCELLUS_USAGE, "engine: the backward pass left nothing of the logits to read");
    const size_t there = engine->batch.n * (value == ENGINE_LOSSES ? 1 : engine->classes);
    if (count != there)
        return fail(OCELLUS_USAGE, "engine: wrong number of values to read (expected %zu, got %zu)", there, count);
    const struct float_mode before = float_mode_set();
    const ocellus_status status = engine->class->read(engine, value, dst);
    float_mode_restore(before);
    return status;
}

static bool all_finite(const float *values, size_t count, bool negative) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]) || (!negative && values[i] < 0)) return false;
    }
    return true;
}

static ocellus_status check_labels(const struct engine *engine, const int32_t *labels) {
    if (!labels) return fail(OCELLUS_USAGE, "engine: targets: neither labels nor shares");
    for (size_t i = 0; i < engine->batch.n; i++) {
        if (labels[i] < 0 || (size_t)labels[i] >= engine->classes)
            return fail(OCELLUS_USAGE, "engine: image %zu of the batch: label %d (expected 0 to %zu)", i,
                        (int)labels[i], engine->classes - 1);
    }
    return OCELLUS_OK;
}

static ocellus_status check_targets(const struct engine *engine, const struct engine_targets *targets) {
    const size_t n = engine->batch.n;
    if (!targets->shares) TRY(check_labels(engine, targets->labels));
    else if (!all_finite(targets->shares, n * engine->classes, true))
        return fail(OCELLUS_USAGE, "engine: targets: a share is not finite");
    if (targets->weights && !all_finite(targets->weights, n, false))
        return fail(OCELLUS_USAGE, "engine: targets: a weight is negative or not finite");
    if (!(targets->smoothing >= 0 && targets->smoothing < 1))
        return fail(OCELLUS_USAGE, "engine: targets: smoothing %g (expected 0 to below 1)", targets->smoothing);
    if (!(targets->denominator >= 0) || !isfinite(targets->denominator))
        return fail(OCELLUS_USAGE, "engine: targets: denominator %g (expected 0 or more)", targets->denominator);
    return OCELLUS_OK;
}

ocellus_status engine_loss(struct engine *engine, const struct engine_targets *targets) {
    if (engine->stage == STAGE_NONE) return fail(OCELLUS_USAGE, "engine: no forward pass to take the loss of");
    if (engine->stage >= STAGE_BACKWARD) return fail(OCELLUS_USAGE, "engine: the loss comes before the backward pass");
    TRY(check_targets(engine, targets));
    engine->metrics = (struct engine_metrics){.images = engine->batch.n};
    const struct float_mode before = float_mode_set();
    const ocellus_status status = engine->class->loss(engine, targets, &engine->metrics);
    float_mode_restore(before);
    TRY(status);
    engine->metrics.finite = isfinite(engine->metrics.loss_sum);
    engine->has_loss = true;
    engine->stage = STAGE_LOSS;
    return OCELLUS_OK;
}

ocellus_status engine_metrics(struct engine *engine, struct engine_metrics *metrics) {
    if (!engine->has_loss) return fail(OCELLUS_USAGE, "engine: no loss was taken");
    *metrics = engine->metrics;
    return OCELLUS_OK;
}

ocellus_status engine_backward(struct engine *engine) {
    if (engine->stage == STAGE_NONE || engine->mode != ENGINE_TRAINING)
        return fail(OCELLUS_USAGE, "engine: a backward pass needs a forward pass for training before it");
    if (engine->stage != STAGE_LOSS) return fail(OCELLUS_USAGE, "engine: a backward pass needs a loss before it");
    const struct float_mode before = float_mode_set();
    const ocellus_status status = engine->class->backward(engine);
    float_mode_restore(before);
    TRY(status);
    engine->stage = STAGE_BACKWARD;
    return OCELLUS_OK;
}

ocellus_status engine_backward_from(struct engine *engine, const float *diff_logits, size_t n) {
    if (engine->gradient_to == 0)
        return fail(OCELLUS_USAGE, "engine: it was opened without a value to give the gradient to");
    if (engine->stage == STAGE_NONE || engine->mode != ENGINE_INFERENCE)
        return fail(OCELLUS_USAGE, "engine: the gradient to a value needs a forward pass in inference before it");
    if (n != engine->batch.n)
        return fail(OCELLUS_USAGE, "engine: gradients of %zu images (expected %zu)", n, engine->batch.n);
    const struct float_mode before = float_mode_set();
    const ocellus_status status = engine->class->backward_from(engine, diff_logits);
    float_mode_restore(before);
    TRY(status);
    engine->stage = STAGE_BACKWARD;
    return OCELLUS_OK;
}

static ocellus_status check_update(const struct engine *engine, const struct optimizer *optimizer) {
    const struct engine_options *options = &engine->options;
    if (!options->training || optimizer->kind != options->optimizer.kind ||
        optimizer_rows[optimizer->kind].state_count(optimizer) != engine->state_count)
        return fail(OCELLUS_USAGE, "engine: it was opened for another optimizer, or not for training");
    if (engine->stage != STAGE_BACKWARD || engine->mode != ENGINE_TRAINING)
        return fail(OCELLUS_USAGE, "engine: an update needs a backward pass before it");
    if (engine->metrics.finite) return OCELLUS_OK;
    return fail(OCELLUS_DIVERGED, "engine: the loss is not finite; nothing was updated");
}

ocellus_status engine_update(struct engine *engine, const struct optimizer *optimizer) {
    TRY(check_update(engine, optimizer));
    const struct float_mode before = float_mode_set();
    engine->updates++;
    const ocellus_status status = engine->class->update(engine, optimizer);
    weights_changed(engine->weights);
    engine->stage = STAGE_UPDATED;
    float_mode_restore(before);
    return status;
}

ocellus_status engine_adopt_statistics(struct engine *engine) {
    if (engine->statistics_passes == 0) return fail(OCELLUS_USAGE, "engine: no statistics were gathered");
    const struct float_mode before = float_mode_set();
    const ocellus_status status = engine->class->adopt_statistics(engine);
    float_mode_restore(before);
    weights_changed(engine->weights);
    engine->statistics_passes = 0;
    return status;
}

const char *engine_find_nonfinite(struct engine *engine) {
    return engine->class->find_nonfinite(engine);
}

/* --- for people --- */

void engine_describe(const struct engine *engine, struct text *out) {
    if (engine->class->describe) engine->class->describe(engine, out);
}

ocellus_status engine_profile_start(struct engine *engine) {
    if (engine->class->profile_start) return engine->class->profile_start(engine);
    return fail(OCELLUS_USAGE, "engine: \"%s\" times nothing", engine->class->name);
}

void engine_profile(const struct engine *engine, struct text *out) {
    if (engine->class->profile) engine->class->profile(engine, out);
    else text_append(out, "nothing was timed\n");
}

static struct engine_facts facts_of(const struct engine *engine) {
    struct engine_facts facts = {0};
    engine->class->facts(engine, &facts);
    return facts;
}

size_t engine_planned_bytes(const struct engine *engine) {
    return facts_of(engine).planned_bytes;
}
const char *engine_kernels_name(const struct engine *engine) {
    return facts_of(engine).kernels;
}
size_t engine_thread_count(const struct engine *engine) {
    return facts_of(engine).threads;
}
struct thread_pool *engine_pool(const struct engine *engine) {
    return facts_of(engine).pool;
}
