/* SPDX-License-Identifier: MIT */
#include "train/features.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/sizes.h"
#include "data/cache.h"
#include "inference/batch_buffer.h"
#include "inference/weights.h"
#include "model/graph_to_json.h"
#include "model/prefix.h"
#include "train/plan.h"

#include <ocellus/version.h>

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, BATCH = 32 };

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

struct making {
    const struct features_wish *wish;
    struct graph *prefix;
    struct engine *engine;
    struct augmentation augmentation;
    struct batch_buffer buffer;
    struct feature_form form;
    float *values; /* [BATCH][form.values] */
};

static void making_free(struct making *making) {
    engine_close(making->engine);
    graph_free(making->prefix);
    batch_buffer_free(&making->buffer);
    memory_free(making->values);
}

static ocellus_status prepare(struct making *making) {
    const struct features_wish *wish = making->wish;
    const struct node *cut = &wish->graph->nodes[wish->cut];
    const char *keep = cut->name;
    const struct augmentation augmentation = train_augmentation(wish->recipe);
    making->form = (struct feature_form){.count = wish->count, .values = shape_size(&cut->shape), .views = 1};
    if (wish->augmented && !augmentation_is_none(&augmentation)) {
        making->augmentation = augmentation;
        making->form.views = (size_t)wish->recipe->views;
    }
    TRY(graph_prefix(wish->graph, wish->cut, &making->prefix));
    const struct engine_options options = {
        .pool = engine_pool(wish->engine), .batch_size = BATCH, .keep = &keep, .keep_count = 1};
    TRY(engine_open(NULL, making->prefix, &options, &making->engine));
    TRY(weights_copy(wish->engine, making->engine, making->prefix));
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
    text_append(text, "views %zu\n", making->form.views);
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
    TRY(graph_to_json(making->prefix, &json));
    char *written = json_write(json, 0);
    json_release(json);
    if (!written) return OCELLUS_IO;
    text_append(text, "layer %s of %s\n", making->wish->graph->nodes[making->wish->cut].name, written);
    free(written);
    TRY(weights_hash(making->engine, making->prefix, hash));
    text_append(text, "values %s\nkernels %s\nversion %s, %d\n", hash, engine_kernels_name(making->engine),
                OCELLUS_VERSION, FORMAT);
    return OCELLUS_OK;
}

static ocellus_status make_key(struct making *making) {
    struct text text = {0};
    ocellus_status status = add_pictures(making, &text);
    add_views(making, &text);
    if (status == OCELLUS_OK) status = add_network(making, &text);
    if (status == OCELLUS_OK && text.failed) status = OCELLUS_IO;
    if (status == OCELLUS_OK) sha256_bytes(text.bytes, text.size, making->form.key);
    text_free(&text);
    return status;
}

/* --- making them --- */

static ocellus_status make_view(struct making *making, struct loader *loader, uint32_t view,
                                struct feature_writer *writer, struct progress *progress) {
    const struct features_wish *wish = making->wish;
    char name[GRAPH_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s/output", wish->graph->nodes[wish->cut].name);
    for (size_t done = 0; done < wish->count;) {
        struct loader_batch batch;
        TRY(loader_batch(loader, view, done / BATCH, engine_input(making->engine, 0), &batch));
        TRY(engine_forward(making->engine, ENGINE_INFERENCE, &(struct engine_batch){.n = batch.n}));
        TRY(engine_get(making->engine, name, making->values, batch.n * making->form.values));
        feature_writer_add(writer, making->values, batch.n * making->form.values);
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
                                           .epochs = making->form.views,
                                           .keeps = making->form.views > 1,
                                           .views = making->form.views,
                                           .seed = wish->recipe->seed,
                                           .batch_size = BATCH,
                                           .form = &making->buffer.form,
                                           .augmentation = &making->augmentation,
                                           .pool = engine_pool(wish->engine),
                                           .limits = wish->limits};
    struct loader *loader = NULL;
    struct progress progress;
    TRY(loader_open(&options, &loader));
    progress_begin(&progress, "features", "pictures", making->form.views * wish->count);
    ocellus_status status = OCELLUS_OK;
    for (size_t view = 0; view < making->form.views && status == OCELLUS_OK; view++)
        status = make_view(making, loader, (uint32_t)view, writer, &progress);
    progress_end(&progress, status == OCELLUS_OK ? making->form.views * wish->count : 0);
    loader_close(loader);
    return status;
}

static ocellus_status make_file(struct making *making, const char *path) {
    struct feature_writer writer;
    making->values = memory_allocate(making->form.values, BATCH * sizeof *making->values);
    if (!making->values) return OCELLUS_IO;
    TRY(feature_writer_begin(&writer, path, &making->form));
    const ocellus_status status = make_views(making, &writer);
    if (status == OCELLUS_OK) return feature_writer_commit(&writer);
    feature_writer_discard(&writer);
    return status;
}

static ocellus_status open_or_make(struct making *making, struct feature_store **store) {
    const struct features_wish *wish = making->wish;
    char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE], name[SHA256_TEXT_SIZE + 16];
    uint64_t bytes;
    TRY(prepare(making));
    TRY(make_key(making));
    TRY(feature_form_bytes(&making->form, &bytes));
    TRY(cache_folder("features", folder));
    TRY(folder_make(folder));
    snprintf(name, sizeof name, "%s.features", making->form.key);
    TRY(path_join(path, folder, name));
    TRY(feature_store_open(path, &making->form, store));
    const bool there = *store != NULL;
    log_info("%s of %zu pictures at %s%s: %.1f MB, %s", wish->augmented ? "features" : "validation's features",
             wish->count, wish->graph->nodes[wish->cut].name, making->form.views > 1 ? " in fixed views" : "",
             size_megabytes((size_t)bytes), there ? "from the cache" : "made once");
    if (there) return OCELLUS_OK;
    TRY(make_file(making, path));
    TRY(feature_store_open(path, &making->form, store));
    return *store ? OCELLUS_OK : fail(OCELLUS_IO, "%s: is not as it was written", path);
}

ocellus_status features_open(const struct features_wish *wish, struct feature_store **store) {
    struct making making = {.wish = wish};
    const ocellus_status status = open_or_make(&making, store);
    making_free(&making);
    return status;
}
