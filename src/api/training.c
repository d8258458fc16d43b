/* SPDX-License-Identifier: MIT */
/* The public API: training. */
#include "api/handles.h"

#include "base/memory.h"
#include "train/train.h"

#include <string.h>

ocellus_train_options ocellus_train_options_default(void) {
    struct recipe recipe;
    recipe_defaults(&recipe);
    return (ocellus_train_options){.epochs = recipe.epochs,
                                   .batch_size = recipe.batch_size,
                                   .learning_rate = recipe.learning_rate,
                                   .seed = recipe.seed};
}

/* Every parameter's values from one engine to another of the same graph. */
static ocellus_status copy_parameters(const struct engine *src, struct engine *dst) {
    for (size_t i = 0; i < engine_tensor_count(src); i++) {
        struct engine_tensor tensor = engine_tensor_at(src, i);
        if (tensor.kind != ENGINE_PARAMETER) continue;
        size_t count = shape_size(tensor.shape);
        float *values = memory_allocate(count, sizeof *values);
        if (!values) return OCELLUS_IO;
        ocellus_status status = engine_get(src, tensor.name, values, count);
        if (status == OCELLUS_OK) status = engine_set(dst, tensor.name, values, count);
        memory_free(values);
        if (status != OCELLUS_OK) return status;
    }
    return OCELLUS_OK;
}

struct epoch_hook {
    const ocellus_train_options *options;
    struct stop_flag stop;
};

static void tell_epoch(void *context, const struct train_event *event) {
    struct epoch_hook *hook = context;
    if (event->kind != TRAIN_EPOCH || !hook->options->on_epoch) return;
    ocellus_epoch epoch = {.epoch = (size_t)event->epoch,
                           .accuracy = event->row->accuracy,
                           .loss = event->row->loss,
                           .val_accuracy = event->row->val_accuracy,
                           .val_loss = event->row->val_loss,
                           .seconds = event->row->time};
    if (hook->options->on_epoch(hook->options->context, &epoch)) stop_request(&hook->stop, OCELLUS_STOPPED);
}

/* The options as a recipe, each checked by the recipe's own rules. */
static ocellus_status make_recipe(const ocellus_train_options *options, bool validation, struct recipe *recipe) {
    recipe_defaults(recipe);
    char rate[32];
    text_from_real(options->learning_rate, rate);
    TRY(recipe_set(recipe, recipe_key_for_flag("learning-rate"), rate, "learning_rate"));
    if (options->epochs == 0 || options->batch_size == 0)
        return fail(OCELLUS_USAGE, "epochs and batch_size must be at least 1");
    recipe->epochs = options->epochs;
    recipe->batch_size = options->batch_size;
    recipe->steps_per_epoch = options->steps_per_epoch;
    recipe->seed = options->seed;
    recipe->validation = validation ? RECIPE_VALIDATION_TEST : RECIPE_VALIDATION_NONE;
    return OCELLUS_OK;
}

static ocellus_status train_in(struct engine *engine, ocellus_model *model, const struct recipe *recipe,
                               const struct train_sets *sets, const ocellus_train_options *options) {
    TRY(copy_parameters(model->engine, engine));
    struct epoch_hook hook = {.options = options};
    struct train_result result = {0};
    struct train_options train = {.recipe = recipe,
                                  .graph = model->graph,
                                  .engine = engine,
                                  .sets = sets,
                                  .stop = &hook.stop,
                                  .observer = tell_epoch,
                                  .context = &hook};
    ocellus_status status = train_run(&train, &result);
    history_free(&result.history);
    if (status != OCELLUS_OK && status != OCELLUS_STOPPED) return status;
    TRY(copy_parameters(engine, model->engine));
    model->epochs += (int64_t)result.epochs;
    return status == OCELLUS_STOPPED ? fail(status, "stopped by on_epoch") : OCELLUS_OK;
}

ocellus_status ocellus_model_train(ocellus_model *model, const ocellus_dataset *train,
                                   const ocellus_dataset *validation, const ocellus_train_options *options) {
    if (!model || !train) return fail(OCELLUS_USAGE, "ocellus_model_train: model and train must not be NULL");
    ocellus_train_options chosen = options ? *options : ocellus_train_options_default();
    TRY(predict_check(model->graph, &train->data));
    if (validation) TRY(predict_check(model->graph, &validation->data));
    struct recipe recipe;
    TRY(make_recipe(&chosen, validation != NULL, &recipe));
    struct train_sets sets;
    TRY(train_sets_create(&recipe, &train->data, validation ? &validation->data : NULL, &sets));
    struct engine_options engine_options = {.threads = model->threads,
                                            .batch_size = recipe.batch_size,
                                            .training = true,
                                            .optimizer = train_optimizer(&recipe)};
    struct engine *engine = NULL;
    ocellus_status status = engine_open(model->graph, &engine_options, &engine);
    if (status == OCELLUS_OK) status = train_in(engine, model, &recipe, &sets, &chosen);
    engine_close(engine);
    train_sets_free(&sets);
    return status;
}
