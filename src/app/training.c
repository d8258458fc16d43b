/* SPDX-License-Identifier: MIT */
#include "app/training.h"

#include "app/network.h"
#include "app/recipe_data.h"
#include "app/recipes.h"
#include "app/start.h"
#include "base/folders.h"
#include "base/log.h"
#include "data/data_record.h"
#include "formats/model_file.h"
#include "inference/batch_buffer.h"
#include "inference/weights.h"
#include "model/builtin.h"
#include "model/summary.h"
#include "run/recipe_ini.h"
#include "run/records.h"
#include "train/checkpoint.h"

#include <string.h>
#include <unistd.h>

ocellus_status training_recipe(const char *name, struct recipe *recipe) {
    recipe_defaults(recipe);
    if (!name) return OCELLUS_OK;
    enum path_kind kind;
    TRY(path_look(name, &kind));
    if (kind != PATH_NONE) return recipe_read(name, recipe);
    const char *text = recipe_builtin(name);
    if (text) return recipe_parse(text, name, recipe);
    const char *names[32];
    size_t count = 0;
    for (const struct builtin_recipe *row = recipe_table; row->name && count < 32; row++)
        names[count++] = row->name;
    const char *nearest = text_nearest(name, names, count);
    if (nearest) return fail(OCELLUS_USAGE, "%s: no such recipe file (did you mean the built-in '%s'?)", name, nearest);
    struct text list = {0};
    training_append_recipes(&list);
    ocellus_status status = fail(OCELLUS_USAGE, "%s: no such recipe file, and no built-in recipe (there are: %s)", name,
                                 list.bytes && !list.failed ? list.bytes : "?");
    text_free(&list);
    return status;
}

void training_append_recipes(struct text *out) {
    for (const struct builtin_recipe *row = recipe_table; row->name; row++)
        text_append(out, "%s%s", row == recipe_table ? "" : ", ", row->name);
}

/* A run's relative paths begin where it was begun: that folder, where it is another than this process's; "" where it is not, or
 * was not recorded, and for a path that is not relative. */
static ocellus_status begun_elsewhere(const struct run_folder *run, const char *path, char folder[FILE_PATH_SIZE]) {
    struct run_environment environment;
    char here[FILE_PATH_SIZE];
    *folder = '\0';
    if (!*path || *path == '/') return OCELLUS_OK;
    TRY(run_folder_file(run, RUN_ENVIRONMENT, here));
    enum path_kind kind;
    TRY(path_look(here, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    ocellus_status status = run_environment_read(run, &environment);
    if (status != OCELLUS_OK) return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
    bool elsewhere = getcwd(here, sizeof here) && strcmp(here, environment.working_folder) != 0;
    if (elsewhere && environment.working_folder[0] == '/') memcpy(folder, environment.working_folder, FILE_PATH_SIZE);
    return OCELLUS_OK;
}

/* Where a relative path of a run's recipe leads when it is seen from where the run was begun; "" where nothing lies there. */
static ocellus_status find_from_there(const struct run_folder *run, const char *path, char found[FILE_PATH_SIZE]) {
    char folder[FILE_PATH_SIZE];
    TRY(begun_elsewhere(run, path, folder));
    *found = '\0';
    if (!*folder) return OCELLUS_OK;
    enum path_kind kind;
    TRY(path_join(found, folder, path));
    TRY(path_look(found, &kind));
    if (kind == PATH_NONE) *found = '\0';
    return OCELLUS_OK;
}

static ocellus_status read_recorded(const struct run_folder *run, struct recipe *recipe) {
    char path[FILE_PATH_SIZE];
    recipe_neutral(recipe);
    TRY(run_folder_file(run, RUN_RECIPE, path));
    return recipe_read(path, recipe);
}

ocellus_status training_recipe_of_run(const char *path, struct recipe *recipe) {
    struct run_folder run;
    char found[FILE_PATH_SIZE];
    TRY(run_folder_open(&run, path));
    TRY(read_recorded(&run, recipe));
    TRY(find_from_there(&run, recipe->data_path, found));
    return *found ? recipe_set(recipe, RECIPE_KEY(data_path), found, RUN_RECIPE) : OCELLUS_OK;
}

/* A path of a run's recipe as it leads to it from here. */
static ocellus_status path_from_here(const struct training_request *request, const char *word,
                                     char path[RECIPE_TEXT_SIZE]) {
    struct run_folder run;
    char found[FILE_PATH_SIZE];
    snprintf(path, RECIPE_TEXT_SIZE, "%s", word);
    if (!request->resume) return OCELLUS_OK;
    TRY(run_folder_open(&run, request->run));
    TRY(find_from_there(&run, word, found));
    if (*found && strlen(found) < RECIPE_TEXT_SIZE) memcpy(path, found, strlen(found) + 1);
    return OCELLUS_OK;
}

/* Not needed where a checkpoint holds all values: the files may be gone by then. */
static ocellus_status load_values(const struct training *training, const struct training_request *request,
                                  const struct start *start) {
    const char *weights = training->recipe.model_weights;
    char path[RECIPE_TEXT_SIZE];
    struct run_folder run;
    if (request->resume) {
        TRY(run_folder_open(&run, request->run));
        bool exists;
        TRY(checkpoint_exists(&run, &exists));
        if (exists) return OCELLUS_OK;
    }
    TRY(start_apply(start, training->graph, training->stages.engine));
    if (!*weights) return OCELLUS_OK;
    if (strcmp(weights, NETWORK_IMAGENET) == 0)
        return network_load_weights(training->stages.engine, training->graph, NETWORK_IMAGENET);
    TRY(path_from_here(request, weights, path));
    return network_load_weights(training->stages.engine, training->graph, path);
}

/* Where a run has its network made over once, with a checkpoint to go on from, what it was made of may be gone. */
static ocellus_status find_made_over(const struct training *training, const struct training_request *request,
                                     char path[FILE_PATH_SIZE]) {
    struct run_folder run;
    enum path_kind kind;
    bool exists;
    *path = '\0';
    if (!request->resume || graph_is_builtin(training->recipe.model_name)) return OCELLUS_OK;
    TRY(run_folder_open(&run, request->run));
    TRY(checkpoint_exists(&run, &exists));
    if (!exists) return OCELLUS_OK;
    TRY(run_folder_file(&run, RUN_LAST, path));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) *path = '\0';
    return OCELLUS_OK;
}

ocellus_status training_make_graph(const struct recipe *recipe, const char *name, const struct source *source,
                                   const char *made_over, struct start *start) {
    const bool builtin = graph_is_builtin(name);
    const struct start_wish wish = {
        .name = name, .input_size = (size_t)recipe->model_input_size, .source = source, .made_over = made_over};
    TRY(start_open(&wish, start));
    /* A file's own rule stays unless the recipe asks for another. */
    if (builtin || recipe->model_resize != RESIZE_STRETCH)
        start->graph->resize = (enum resize_rule)recipe->model_resize;
    if (builtin || recipe->model_jpeg_scaled) start->graph->jpeg_scaled = recipe->model_jpeg_scaled;
    return OCELLUS_OK;
}

/* The network with the values it starts from. */
static ocellus_status open_start(struct training *training, const struct training_request *request,
                                 struct start *start) {
    const struct recipe *recipe = &training->recipe;
    char name[RECIPE_TEXT_SIZE], made_over[FILE_PATH_SIZE];
    if (graph_is_builtin(recipe->model_name)) snprintf(name, sizeof name, "%s", recipe->model_name);
    else TRY(path_from_here(request, recipe->model_name, name));
    TRY(find_made_over(training, request, made_over));
    TRY(training_make_graph(recipe, name, training->sets.train_data, *made_over ? made_over : NULL, start));
    training->graph = start->graph;
    start->graph = NULL;
    TRY(stages_open(&training->stages, recipe, &training->sets, request->threads, training->graph));
    TRY(engine_initialize(training->stages.engine, recipe->seed));
    return load_values(training, request, start);
}

static ocellus_status open_network(struct training *training, const struct training_request *request) {
    struct start start = {0};
    const ocellus_status status = open_start(training, request, &start);
    start_free(&start);
    return status;
}

/* What a new run folder says about itself from the start. */
static ocellus_status write_records(const struct training *training, const struct training_request *request) {
    struct run_environment environment = {0};
    run_environment_fill(&environment);
    snprintf(environment.kernels, sizeof environment.kernels, "%s", engine_kernels_name(training->stages.engine));
    environment.threads = engine_thread_count(training->stages.engine);
    run_environment_set_command(&environment, request->argc, request->argv);
    TRY(run_environment_write(&training->run, &environment));

    char path[FILE_PATH_SIZE];
    if (training->opened.pictures) {
        TRY(run_folder_file(&training->run, RUN_PICTURES, path));
        TRY(data_record_write(training->opened.pictures, path));
        TRY(run_folder_file(&training->run, RUN_ASIDE, path));
        TRY(data_record_write_aside(training->opened.pictures, path));
    }
    if (request->choice) {
        TRY(run_folder_file(&training->run, RUN_CHOICE, path));
        TRY(file_write(path, request->choice, strlen(request->choice)));
    }
    TRY(run_folder_file(&training->run, RUN_SUMMARY, path));
    struct text summary = {0};
    struct summary_options options = {0};
    graph_summary(training->graph, &options, &summary);
    ocellus_status status = summary.failed ? fail(OCELLUS_IO, "%s: not enough memory", path)
                                           : file_write(path, summary.bytes, summary.size);
    text_free(&summary);
    return status;
}

/* Going on writes the run's model files anew. */
static ocellus_status guard_models(const struct run_folder *run) {
    static const char *const names[] = {RUN_LAST, RUN_BEST};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[FILE_PATH_SIZE];
        TRY(run_folder_file(run, names[i], path));
        TRY(model_file_guard(path));
    }
    return OCELLUS_OK;
}

static ocellus_status open_run(struct training *training, const struct training_request *request) {
    char path[FILE_PATH_SIZE];
    if (request->resume) {
        TRY(run_folder_open_locked(&training->run, request->run));
        return guard_models(&training->run);
    }
    if (request->run) return run_folder_create(&training->run, request->run);
    const char *name = training->recipe.model_name;
    TRY(run_folder_default(graph_is_builtin(name) ? name : training->graph->name, path));
    return run_folder_create(&training->run, path);
}

/* A relative path that was given here would be taken as one from where the run was begun, the next time. */
static ocellus_status anchor_data_path(struct training *training) {
    struct recipe *recipe = &training->recipe;
    char folder[FILE_PATH_SIZE], here[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    TRY(begun_elsewhere(&training->run, recipe->data_path, folder));
    if (!*folder || !getcwd(here, sizeof here)) return OCELLUS_OK;
    TRY(path_join(path, here, recipe->data_path));
    return recipe_set(recipe, RECIPE_KEY(data_path), path, "--data-path");
}

ocellus_status training_check_run(const char *run) {
    bool is_free;
    TRY(run_folder_is_free(run, &is_free));
    return is_free
               ? OCELLUS_OK
               : fail(OCELLUS_USAGE, "%s: exists already (a run is never overwritten; --resume goes on with one)", run);
}

static ocellus_status open_all(struct training *training, const struct training_request *request) {
    char path[FILE_PATH_SIZE];
    if (!request->resume) TRY(recipe_check(&training->recipe));
    if (!request->resume && request->run) TRY(training_check_run(request->run));
    const struct source *train = request->train, *validation = request->validation, *test = request->test;
    if (!train) {
        TRY(recipe_data_open(&training->recipe, request->resume ? request->run : request->pictures_of, request->threads,
                             &training->opened));
        train = training->opened.train;
        validation = training->opened.validation;
        test = training->opened.test;
    }
    TRY(train_sets_create(&training->recipe, train, validation, test, &training->sets));
    struct train_plan plan;
    TRY(train_plan_make(&training->recipe, &training->sets, &plan));
    TRY(open_network(training, request));
    TRY(open_run(training, request));
    if (request->resume) TRY(anchor_data_path(training));
    TRY(run_folder_file(&training->run, RUN_LOG, training->log_path));
    log_set_file(training->log_path);
    if (request->resume) return OCELLUS_OK;
    TRY(write_records(training, request));
    if (graph_is_builtin(training->recipe.model_name)) return OCELLUS_OK;
    /* The run has its network from the start: what it was made over from may be gone when it goes on. */
    TRY(run_folder_file(&training->run, RUN_LAST, path));
    return weights_write(training->stages.engine, training->graph, 0, path);
}

ocellus_status training_open(const struct training_request *request, struct training *training) {
    *training = (struct training){
        .recipe = *request->recipe, .resume = request->resume, .limits = request->limits, .run = {.lock = -1}};
    ocellus_status status = open_all(training, request);
    if (status != OCELLUS_OK) training_close(training);
    return status;
}

ocellus_status training_run(struct training *training, const struct stop_flag *stop, train_observer observer,
                            void *context, struct train_result *result) {
    struct recipe recorded;
    if (training->resume) TRY(read_recorded(&training->run, &recorded));
    struct trainer_options options = {
        .recipe = &training->recipe,
        .graph = training->graph,
        .engine = training->stages.engine,
        .enter = stages_enter,
        .features = stages_features,
        .owner = &training->stages,
        .sets = &training->sets,
        .run = &training->run,
        .recorded = training->resume ? &recorded : NULL,
        .limits = training->limits,
        .stop = stop,
        .observer = observer,
        .context = context,
    };
    return train_run(&options, result);
}

/* The time of the batch in the engine, in training or inference: of a second pass, which finds everything warm, and of more
 * where one is too short to measure. */
static ocellus_status time_batch(const struct training *training, const struct batch_buffer *buffer, bool train,
                                 double *seconds) {
    static const double shortest = 0.5;
    struct optimizer optimizer = train_optimizer(&training->recipe);
    const struct engine_batch batch = {.n = buffer->batch_size};
    const struct engine_targets targets = {.labels = buffer->labels};
    size_t passes = 0;
    double started = 0;
    for (; passes < 2 || clock_seconds() - started < shortest; passes++) {
        if (passes == 1) started = clock_seconds();
        TRY(engine_forward(training->stages.engine, train ? ENGINE_TRAINING : ENGINE_INFERENCE, &batch));
        TRY(engine_loss(training->stages.engine, &targets));
        if (!train) continue;
        TRY(engine_backward(training->stages.engine));
        TRY(engine_update(training->stages.engine, &optimizer));
    }
    *seconds = (clock_seconds() - started) / (double)(passes - 1) / (double)batch.n;
    return OCELLUS_OK;
}

ocellus_status training_measure(const struct training_request *request, struct training_speed *speed) {
    struct training training = {.recipe = *request->recipe, .run = {.lock = -1}};
    struct batch_buffer buffer = {0};
    size_t batch = (size_t)request->recipe->batch_size;
    batch = batch < request->train->count ? batch : request->train->count;
    ocellus_status status =
        train_sets_create(&training.recipe, request->train, request->validation, request->test, &training.sets);
    if (status == OCELLUS_OK) status = open_network(&training, request);
    if (status == OCELLUS_OK) status = batch_buffer_create(training.graph, batch, &buffer);
    /* Features take the time of any numbers; theirs are 0. */
    if (status == OCELLUS_OK && training.stages.cut == 0)
        status = batch_buffer_fill(&buffer, &training.sets.train, 0, batch, engine_input(training.stages.engine, 0));
    if (status == OCELLUS_OK) status = time_batch(&training, &buffer, true, &speed->training);
    if (status == OCELLUS_OK) status = time_batch(&training, &buffer, false, &speed->inference);
    batch_buffer_free(&buffer);
    training_close(&training);
    return status;
}

void training_close(struct training *training) {
    log_set_file(NULL);
    run_folder_close(&training->run);
    stages_close(&training->stages);
    graph_free(training->graph);
    train_sets_free(&training->sets);
    data_parts_close(&training->opened);
    *training = (struct training){.run = {.lock = -1}};
}
