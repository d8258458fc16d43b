/* SPDX-License-Identifier: MIT */
#include "train/stages.h"

#include "base/log.h"
#include "base/threads.h"
#include "formats/named_tensors.h"
#include "model/prefix.h"

#include <inttypes.h>

static ocellus_status open_engine(struct stages *stages, uint64_t epochs) {
    struct engine_options options = stages->options;
    layer_groups_free(&stages->groups);
    layers_freeze(stages->recipe, epochs, stages->graph);
    TRY(layers_group(stages->recipe, stages->graph, epochs, stages->steps, &stages->groups));
    if (stages->recipe->model_features == RECIPE_FEATURES_CACHED) stages->cut = graph_frozen_prefix(stages->graph);
    if (stages->recipe->model_features == RECIPE_FEATURES_CACHED && stages->cut == 0)
        log_info("features: nothing at the network's beginning is frozen; it takes the pictures themselves");
    if (stages->cut > 0) options.start_at = stages->graph->nodes[stages->cut].name;
    options.groups = stages->groups.groups;
    options.group_count = stages->groups.count;
    stages->epochs = epochs;
    return engine_open(NULL, stages->graph, &options, &stages->engine);
}

ocellus_status stages_open(struct stages *stages, const struct recipe *recipe, const struct train_sets *sets,
                           size_t threads, struct graph *graph) {
    struct train_plan plan;
    *stages = (struct stages){.recipe = recipe, .graph = graph};
    TRY(layers_check(recipe, graph));
    TRY(features_check(recipe));
    TRY(thread_pool_create(threads, &stages->pool));
    TRY(train_plan_make(recipe, sets, &plan));
    stages->steps = plan.steps;
    stages->validation_images = (size_t)plan.validation_images;
    stages->options = (struct engine_options){.pool = stages->pool,
                                              .batch_size = train_batch_size(recipe, sets),
                                              .seed = recipe->seed,
                                              .training = true,
                                              .optimizer = train_optimizer(recipe)};
    return open_engine(stages, 0);
}

/* --- from one engine to the next: never both at once, for each has memory for a whole batch --- */

static ocellus_status keep_values(const struct engine *engine, struct named_tensors *kept) {
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        TRY(named_tensors_add(kept, tensor.name, tensor.shape));
        TRY(engine_get(engine, tensor.name, kept->items[i].values, shape_size(tensor.shape)));
    }
    return named_tensors_finish(kept, true);
}

/* What was not kept is 0, as it is when it is opened. */
static ocellus_status give_values(struct engine *engine, const struct named_tensors *kept) {
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const struct named_tensor *value = named_tensors_find(kept, tensor.name);
        if (value) TRY(engine_set(engine, tensor.name, value->values, shape_size(tensor.shape)));
    }
    return OCELLUS_OK;
}

static ocellus_status replace_engine(struct stages *stages, uint64_t epochs, struct named_tensors *kept) {
    const uint64_t updates = engine_updates(stages->engine);
    TRY(keep_values(stages->engine, kept));
    engine_close(stages->engine);
    stages->engine = NULL;
    TRY(open_engine(stages, epochs));
    TRY(give_values(stages->engine, kept));
    engine_set_updates(stages->engine, updates);
    return OCELLUS_OK;
}

static void tell(const struct stages *stages, uint64_t epochs) {
    const struct parameter_totals totals = graph_totals(stages->graph);
    log_info("after epoch %" PRIu64 ": %zu of %zu values are trained", epochs, totals.trainable, totals.total);
}

ocellus_status stages_enter(void *context, uint64_t epochs, struct engine **engine, bool *changed) {
    struct stages *stages = context;
    struct named_tensors kept = {0};
    ocellus_status status = OCELLUS_OK;
    if (layers_stage(stages->recipe, epochs) != layers_stage(stages->recipe, stages->epochs)) {
        status = replace_engine(stages, epochs, &kept);
        named_tensors_free(&kept);
        *changed = true;
        if (status == OCELLUS_OK) tell(stages, epochs);
    }
    *engine = stages->engine;
    return status;
}

/* --- features --- */

static ocellus_status open_features(struct stages *stages, bool validation, const struct trainer_options *options) {
    const struct image_set *set = validation ? &options->sets->validation : &options->sets->train;
    const struct features_wish wish = {.recipe = stages->recipe,
                                       .graph = stages->graph,
                                       .cut = stages->cut,
                                       .engine = stages->engine,
                                       .set = *set,
                                       .count = validation ? stages->validation_images : set->count,
                                       .augmented = !validation,
                                       .batch_size = stages->options.batch_size,
                                       .limits = options->limits,
                                       .stop = options->stop};
    features_close(stages->features[validation]); /* of another stage */
    stages->features[validation] = NULL;
    return features_open(&wish, &stages->features[validation]);
}

ocellus_status stages_features(void *context, bool validation, const struct trainer_options *options,
                               struct loader_features *given) {
    struct stages *stages = context;
    *given = (struct loader_features){0};
    if (stages->cut == 0) return OCELLUS_OK;
    TRY(open_features(stages, validation, options));
    *given = features_given(stages->features[validation]);
    return OCELLUS_OK;
}

void stages_close(struct stages *stages) {
    for (size_t i = 0; i < 2; i++)
        features_close(stages->features[i]);
    engine_close(stages->engine);
    layer_groups_free(&stages->groups);
    thread_pool_destroy(stages->pool);
    *stages = (struct stages){0};
}
