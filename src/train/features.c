/* SPDX-License-Identifier: MIT */
#include "train/features.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/sizes.h"
#include "data/cache.h"
#include "data/feature_room.h"
#include "inference/batch_buffer.h"
#include "inference/weights.h"
#include "model/graph_to_json.h"
#include "model/prefix.h"
#include "train/plan.h"

#include <ocellus/version.h>

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, BATCH = 32 };
#define FOLDER "features"

ocellus_status features_check(const struct recipe *recipe) {
    const struct augmentation augmentation = train_augmentation(recipe);
    if (recipe->model_features != RECIPE_FEATURES_CACHED) return OCELLUS_OK;
    if (augmentation_mixes(&augmentation))
        return fail(OCELLUS_USAGE, "features: cached: pictures that are mixed anew in each epoch have none (mixup, "
                                   "cutmix)");
    if (augmentation_is_none(&augmentation) || recipe->views > 0) return OCELLUS_OK;
    return fail(OCELLUS_USAGE,
                "features: cached: augmented pictures need a number of fixed views (expected views of at "
                "least 1, got 0)");
}

/* --- one prefix, ready to run --- */

struct features {
    struct feature_store *store; /* NULL: each batch is made by the engine */
    struct graph *prefix;
    struct engine *engine;
    char output[GRAPH_NAME_SIZE + 16]; /* "avg_pool/output" */
    struct feature_form form;
};

struct making {
    const struct features_wish *wish;
    struct features *features;
    struct augmentation augmentation;
    struct batch_buffer buffer;
    float *values; /* [BATCH][form.values] */
};

static void making_free(struct making *making) {
    batch_buffer_free(&making->buffer);
    memory_free(making->values);
}

static void free_prefix(struct features *features) {
    engine_close(features->engine);
    graph_free(features->prefix);
    features->engine = NULL;
    features->prefix = NULL;
}

void features_close(struct features *features) {
    if (!features) return;
    feature_store_close(features->store);
    free_prefix(features);
    memory_free(features);
}

/* The features of the n pictures that are in the engine's slot. */
static ocellus_status run_prefix(void *owner, size_t n, float *dst) {
    struct features *features = owner;
    TRY(engine_forward(features->engine, ENGINE_INFERENCE, &(struct engine_batch){.n = n}));
    return engine_get(features->engine, features->output, dst, n * features->form.values);
}

struct loader_features features_given(struct features *features) {
    if (features->store) return (struct loader_features){.store = features->store};
    return (struct loader_features){.run = run_prefix, .input = engine_input(features->engine, 0), .owner = features};
}

static ocellus_status prepare(struct making *making) {
    const struct features_wish *wish = making->wish;
    const struct node *cut = &wish->graph->nodes[wish->cut];
    const char *keep = cut->name;
    const struct augmentation augmentation = train_augmentation(wish->recipe);
    making->features->form = (struct feature_form){.count = wish->count, .values = shape_size(&cut->shape), .views = 1};
    if (wish->augmented && !augmentation_is_none(&augmentation)) {
        making->augmentation = augmentation;
        making->features->form.views = (size_t)wish->recipe->views;
    }
    snprintf(making->features->output, sizeof making->features->output, "%s/output", cut->name);
    TRY(graph_prefix(wish->graph, wish->cut, &making->features->prefix));
    const struct engine_options options = {.pool = engine_pool(wish->engine),
                                           .batch_size = wish->batch_size > BATCH ? wish->batch_size : BATCH,
                                           .keep = &keep,
                                           .keep_count = 1};
    TRY(engine_open(NULL, making->features->prefix, &options, &making->features->engine));
    TRY(weights_copy(wish->engine, making->features->engine, making->features->prefix));
    return batch_buffer_create(wish->graph, BATCH, &making->buffer);
}

/* --- the key --- */

static ocellus_status add_pictures(const struct making *making, struct text *text) {
    const struct features_wish *wish = making->wish;
    const struct view_form view = making->buffer.form.view;
    char identity[SHA256_TEXT_SIZE];
    struct sha256 hash;
    TRY(source_identity(wish->set.source, identity));
    text_append(text, "pictures %s\n", identity);
    sha256_begin(&hash);
    for (size_t i = 0; i < wish->count; i++) {
        const uint64_t index = image_set_index(&wish->set, i);
        sha256_add(&hash, &index, sizeof index);
    }
    sha256_end(&hash, identity);
    text_append(text, "of which %zu %s\n", wish->count, identity);
    text_append(text, "as %zu x %zu x %zu, %s, jpeg scaled %d, %s\n", view.height, view.width, view.channels,
                resize_rule_names[view.resize], view.jpeg_scaled, preprocessing_name(wish->graph->preprocessing));
    return OCELLUS_OK;
}

static void add_views(const struct making *making, struct text *text) {
    const struct recipe *recipe = making->wish->recipe;
    text_append(text, "views %zu\n", making->features->form.views);
    if (augmentation_is_none(&making->augmentation)) return;
    text_append(text, "seed %llu\n", (unsigned long long)recipe->seed);
    for (size_t i = 0; i < recipe_key_count(); i++) {
        const struct recipe_key *key = recipe_key_at(i);
        char value[RECIPE_TEXT_SIZE];
        if (strcmp(key->section, "augment") != 0) continue;
        recipe_value(recipe, key, value);
        text_append(text, "%s %s\n", key->key, value);
    }
}

static ocellus_status add_network(const struct making *making, struct text *text) {
    char hash[SHA256_TEXT_SIZE];
    json_value *json = NULL;
    TRY(graph_to_json(making->features->prefix, &json));
    char *written = json_write(json, 0);
    json_release(json);
    if (!written) return OCELLUS_IO;
    text_append(text, "layer %s of %s\n", making->wish->graph->nodes[making->wish->cut].name, written);
    free(written);
    TRY(weights_hash(making->features->engine, making->features->prefix, hash));
    text_append(text, "values %s\nkernels %s\nversion %s, %d\n", hash, engine_kernels_name(making->features->engine),
                OCELLUS_VERSION, FORMAT);
    return OCELLUS_OK;
}

static ocellus_status make_key(struct making *making) {
    struct text text = {0};
    ocellus_status status = add_pictures(making, &text);
    add_views(making, &text);
    if (status == OCELLUS_OK) status = add_network(making, &text);
    if (status == OCELLUS_OK && text.failed) status = OCELLUS_IO;
    if (status == OCELLUS_OK) sha256_bytes(text.bytes, text.size, making->features->form.key);
    text_free(&text);
    return status;
}

/* --- making them --- */

static ocellus_status make_view(struct making *making, struct loader *loader, uint32_t view,
                                struct feature_writer *writer, struct progress *progress) {
    const struct features_wish *wish = making->wish;
    for (size_t done = 0; done < wish->count;) {
        struct loader_batch batch;
        TRY(loader_batch(loader, view, done / BATCH, engine_input(making->features->engine, 0), &batch));
        TRY(run_prefix(making->features, batch.n, making->values));
        feature_writer_add(writer, making->values, batch.n * making->features->form.values);
        done += batch.n;
        progress_update(progress, view * wish->count + done);
        const ocellus_status stop = stop_requested(wish->stop);
        if (stop != OCELLUS_OK)
            return fail(stop, "stopped at picture %zu of %zu, features are made anew", done, wish->count);
    }
    return OCELLUS_OK;
}

static ocellus_status make_views(struct making *making, struct feature_writer *writer) {
    const struct features_wish *wish = making->wish;
    const struct loader_options options = {.set = wish->set,
                                           .images = wish->count,
                                           .epochs = making->features->form.views,
                                           .keeps = making->features->form.views > 1,
                                           .views = making->features->form.views,
                                           .seed = wish->recipe->seed,
                                           .batch_size = BATCH,
                                           .form = &making->buffer.form,
                                           .augmentation = &making->augmentation,
                                           .pool = engine_pool(wish->engine),
                                           .limits = wish->limits};
    struct loader *loader = NULL;
    struct progress progress;
    TRY(loader_open(&options, &loader));
    progress_begin(&progress, "features", "pictures", making->features->form.views * wish->count);
    ocellus_status status = OCELLUS_OK;
    for (size_t view = 0; view < making->features->form.views && status == OCELLUS_OK; view++)
        status = make_view(making, loader, (uint32_t)view, writer, &progress);
    progress_end(&progress, status == OCELLUS_OK ? making->features->form.views * wish->count : 0);
    loader_close(loader);
    return status;
}

static ocellus_status make_file(struct making *making, const char *path) {
    struct feature_writer writer;
    char folder[FILE_PATH_SIZE];
    uint64_t bytes;
    TRY(feature_form_bytes(&making->features->form, &bytes));
    TRY(cache_folder(FOLDER, folder));
    TRY(feature_room_make(folder, bytes, 0));
    making->values = memory_allocate(making->features->form.values, BATCH * sizeof *making->values);
    if (!making->values) return OCELLUS_IO;
    TRY(feature_writer_begin(&writer, path, &making->features->form));
    const ocellus_status status = make_views(making, &writer);
    if (status == OCELLUS_OK) return feature_writer_commit(&writer);
    feature_writer_discard(&writer);
    return status;
}

/* A run may be stopped while they are made; that alone is no reason to go on without. */
static ocellus_status try_to_make(struct making *making, const char *path) {
    const ocellus_status status = make_file(making, path);
    if (status == OCELLUS_OK) return feature_store_open(path, &making->features->form, &making->features->store);
    if (status != OCELLUS_IO) return status;
    log_warning("%s; features are made for every batch instead", status_message());
    return OCELLUS_OK;
}

static ocellus_status find_path(const struct making *making, char path[FILE_PATH_SIZE]) {
    char folder[FILE_PATH_SIZE], name[SHA256_TEXT_SIZE + 16];
    TRY(cache_folder(FOLDER, folder));
    TRY(folder_make(folder));
    snprintf(name, sizeof name, "%s" FEATURE_FILE_END, making->features->form.key);
    return path_join(path, folder, name);
}

static void tell(const struct making *making, uint64_t bytes) {
    const struct features_wish *wish = making->wish;
    const struct features *features = making->features;
    log_info("%s of %zu pictures at %s%s: %.1f MB, %s", wish->augmented ? "features" : "validation's features",
             wish->count, wish->graph->nodes[wish->cut].name, features->form.views > 1 ? " in fixed views" : "",
             size_megabytes((size_t)bytes), features->store ? "from the cache" : "made once");
}

static ocellus_status open_or_make(struct making *making) {
    struct features *features = making->features;
    char path[FILE_PATH_SIZE];
    uint64_t bytes;
    TRY(prepare(making));
    TRY(make_key(making));
    TRY(feature_form_bytes(&features->form, &bytes));
    ocellus_status status = find_path(making, path);
    if (status == OCELLUS_OK) status = feature_store_open(path, &features->form, &features->store);
    if (status != OCELLUS_OK) {
        log_warning("%s; features are made for every batch instead", status_message());
        return OCELLUS_OK;
    }
    tell(making, bytes);
    return features->store ? OCELLUS_OK : try_to_make(making, path);
}

ocellus_status features_open(const struct features_wish *wish, struct features **features) {
    struct making making = {.wish = wish, .features = memory_allocate(1, sizeof *making.features)};
    if (!making.features) return OCELLUS_IO;
    const ocellus_status status = open_or_make(&making);
    making_free(&making);
    if (status == OCELLUS_OK && making.features->store) free_prefix(making.features);
    if (status == OCELLUS_OK) *features = making.features;
    else features_close(making.features);
    return status;
}
