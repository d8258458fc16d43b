/* SPDX-License-Identifier: MIT */
/* The public API: training. */
#include "api/handles.h"

#include "inference/weights.h"
#include "train/train.h"

#include <stdio.h>
#include <string.h>

ocellus_train_options ocellus_train_options_default(void) {
    struct recipe recipe;
    const struct float_mode host = float_mode_set(); /* the table's numbers are text */
    recipe_defaults(&recipe);
    float_mode_restore(host);
    return (ocellus_train_options){.epochs = recipe.epochs,
                                   .batch_size = recipe.batch_size,
                                   .learning_rate = recipe.learning_rate,
                                   .seed = recipe.seed};
}

struct epoch_hook {
    const ocellus_train_options *options;
    struct float_mode host; /* in which the host's own code runs */
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
    const struct float_mode ours = float_mode_set();
    float_mode_restore(hook->host);
    int stop = hook->options->on_epoch(hook->options->context, &epoch);
    hook->host = float_mode_set(); /* the host may have changed it */
    float_mode_restore(ours);
    if (stop) stop_request(&hook->stop, OCELLUS_STOPPED);
}

/* Given as a recipe would give it, so that its rule is checked. */
static ocellus_status set_count(struct recipe *recipe, const struct recipe_key *key, size_t count) {
    char text[32];
    snprintf(text, sizeof text, "%zu", count);
    return recipe_set(recipe, key, text, key->key);
}

/* The options as a recipe, each checked by the recipe's own rules. */
static ocellus_status make_recipe(const ocellus_train_options *options, bool validation, struct recipe *recipe) {
    recipe_defaults(recipe);
    char rate[32];
    text_from_real(options->learning_rate, rate);
    TRY(recipe_set(recipe, RECIPE_KEY(learning_rate), rate, "learning_rate"));
    TRY(set_count(recipe, RECIPE_KEY(epochs), options->epochs));
    TRY(set_count(recipe, RECIPE_KEY(batch_size), options->batch_size));
    TRY(set_count(recipe, RECIPE_KEY(steps_per_epoch), options->steps_per_epoch));
    recipe->seed = options->seed;
    recipe->validation = validation ? RECIPE_VALIDATION_TEST : RECIPE_VALIDATION_NONE;
    return OCELLUS_OK;
}

static ocellus_status train_in(struct engine *engine, struct model_use *use, const struct recipe *recipe,
                               const struct train_sets *sets, const ocellus_train_options *options) {
    ocellus_model *model = use->model;
    TRY(weights_copy(model->engine, engine, model->graph));
    struct epoch_hook hook = {.options = options, .host = use->host};
    struct train_result result = {0};
    struct trainer_options train = {.recipe = recipe,
                                    .graph = model->graph,
                                    .engine = engine,
                                    .sets = sets,
                                    .stop = &hook.stop,
                                    .observer = tell_epoch,
                                    .context = &hook};
    ocellus_status status = train_run(&train, &result);
    use->host = hook.host;
    history_free(&result.history);
    if (status != OCELLUS_OK && status != OCELLUS_STOPPED) return status;
    TRY(weights_copy(engine, model->engine, model->graph));
    model->epochs += (int64_t)result.epochs;
    return status == OCELLUS_STOPPED ? fail(status, "stopped by on_epoch") : OCELLUS_OK;
}

static ocellus_status train_model(struct model_use *use, const struct source *train, const struct source *validation,
                                  const ocellus_train_options *options) {
    ocellus_model *model = use->model;
    struct recipe recipe;
    struct train_sets sets;
    TRY(batch_check(model->graph, train));
    if (validation) TRY(batch_check(model->graph, validation));
    TRY(make_recipe(options, validation != NULL, &recipe));
    TRY(train_sets_create(&recipe, train, NULL, validation, &sets));
    struct engine_options engine_options = {.threads = model->threads,
                                            .batch_size = train_batch_size(&recipe, &sets),
                                            .seed = recipe.seed,
                                            .training = true,
                                            .optimizer = train_optimizer(&recipe)};
    struct engine *engine = NULL;
    ocellus_status status = engine_open(NULL, model->graph, &engine_options, &engine);
    if (status == OCELLUS_OK) status = train_in(engine, use, &recipe, &sets, options);
    engine_close(engine);
    train_sets_free(&sets);
    return status;
}

ocellus_status ocellus_model_train(ocellus_model *model, const ocellus_dataset *train,
                                   const ocellus_dataset *validation, const ocellus_train_options *options) {
    if (!model || !train) return fail(OCELLUS_USAGE, "ocellus_model_train: model and train must not be NULL");
    ocellus_train_options chosen = options ? *options : ocellus_train_options_default();
    struct model_use use;
    TRY(model_enter(model, "ocellus_model_train", &use));
    ocellus_status status = train_model(&use, train->source, validation ? validation->source : NULL, &chosen);
    model_leave(&use);
    return status;
}
