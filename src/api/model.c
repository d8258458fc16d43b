/* SPDX-License-Identifier: MIT */
/* The public API: networks, judging, predicting. */
#include "api/handles.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "formats/network_file.h"
#include "inference/predict.h"
#include "inference/weights.h"
#include "metrics/metrics.h"
#include "model/builtin.h"

#include <math.h>
#include <string.h>

enum { BATCH = 128 }; /* images of one inference call; no result depends on it */

ocellus_model_options ocellus_model_options_default(void) {
    return (ocellus_model_options){.threads = 0, .seed = 1};
}

ocellus_status model_enter(const ocellus_model *model, const char *call, struct model_use *use) {
    /* The flag is of the call, not of the model's contents: a const model has it too. */
    use->model = (ocellus_model *)(uintptr_t)model;
    if (atomic_exchange(&use->model->busy, true))
        return fail(OCELLUS_IN_USE, "%s: the model is in use by another call", call);
    use->host = float_mode_set();
    return OCELLUS_OK;
}

void model_leave(struct model_use *use) {
    float_mode_restore(use->host);
    atomic_store(&use->model->busy, false);
}

/* What the calls of this library feed to a network. */
static ocellus_status check_input(const struct graph *graph) {
    const struct shape *input = graph_input_shape(graph);
    char got[SHAPE_TEXT_SIZE];
    if (input->rank == 3 && input->dims[2] == 3) return OCELLUS_OK;
    shape_text(input, false, got);
    return fail(OCELLUS_BAD_CONTENT, "%s: input: not for colour images (expected (height, width, 3), got %s)",
                graph->name, got);
}

/* A model around a graph, which it takes over in any case. */
static ocellus_status open_model(struct graph *graph, const ocellus_model_options *options, ocellus_model **model) {
    ocellus_status fit = check_input(graph);
    ocellus_model *made = fit == OCELLUS_OK ? memory_allocate(1, sizeof *made) : NULL;
    if (!made) {
        graph_free(graph);
        return fit == OCELLUS_OK ? OCELLUS_IO : fit;
    }
    *made = (ocellus_model){.graph = graph, .threads = options->threads};
    struct engine_options engine = {.threads = options->threads, .batch_size = BATCH, .training = false};
    ocellus_status status = engine_open(NULL, graph, &engine, &made->engine);
    if (status == OCELLUS_OK) status = batch_buffer_create(graph, BATCH, &made->buffer);
    if (status == OCELLUS_OK) *model = made;
    else ocellus_model_free(made);
    return status;
}

static ocellus_status create(const char *name, const struct source *data, const ocellus_model_options *options,
                             ocellus_model **model) {
    struct graph *graph = NULL;
    ocellus_model *made = NULL;
    TRY(graph_builtin(name, data->height, data->width, data->channels, data->classes, &graph));
    ocellus_status status = graph_set_class_names(graph, (const char *const *)data->class_names, data->classes);
    if (status != OCELLUS_OK) {
        graph_free(graph);
        return status;
    }
    TRY(open_model(graph, options, &made));
    status = engine_initialize(made->engine, options->seed);
    if (status == OCELLUS_OK) *model = made;
    else ocellus_model_free(made);
    return status;
}

ocellus_status ocellus_model_create(const char *name, const ocellus_dataset *like, const ocellus_model_options *options,
                                    ocellus_model **model) {
    if (!name || !like || !model) return fail(OCELLUS_USAGE, "ocellus_model_create: NULL is not accepted");
    ocellus_model_options chosen = options ? *options : ocellus_model_options_default();
    const struct float_mode host = float_mode_set();
    ocellus_status status = create(name, like->source, &chosen, model);
    float_mode_restore(host);
    return status;
}

static ocellus_status load(const char *path, const ocellus_model_options *options, ocellus_model **model) {
    struct network_file file;
    ocellus_model *made = NULL;
    TRY(network_file_read(path, &network_forms_model, &file));
    ocellus_status status = network_file_require_graph(&file);
    if (status == OCELLUS_OK) {
        status = open_model(file.graph, options, &made);
        file.graph = NULL;
    }
    if (status == OCELLUS_OK) {
        made->epochs = file.epoch;
        status = weights_apply(made->engine, made->graph, &file.match);
    }
    network_file_free(&file);
    if (status == OCELLUS_OK) *model = made;
    else ocellus_model_free(made);
    return status;
}

ocellus_status ocellus_model_load(const char *path, const ocellus_model_options *options, ocellus_model **model) {
    if (!path || !model) return fail(OCELLUS_USAGE, "ocellus_model_load: NULL is not accepted");
    ocellus_model_options chosen = options ? *options : ocellus_model_options_default();
    const struct float_mode host = float_mode_set(); /* the file's decimals too are rounded in it */
    ocellus_status status = load(path, &chosen, model);
    float_mode_restore(host);
    return status;
}

ocellus_status ocellus_model_save(const ocellus_model *model, const char *path) {
    if (!model || !path) return fail(OCELLUS_USAGE, "ocellus_model_save: NULL is not accepted");
    struct model_use use;
    TRY(model_enter(model, "ocellus_model_save", &use));
    ocellus_status status = weights_write(model->engine, model->graph, model->epochs, path);
    model_leave(&use);
    return status;
}

void ocellus_model_free(ocellus_model *model) {
    if (!model) return;
    batch_buffer_free(&model->buffer);
    engine_close(model->engine);
    graph_free(model->graph);
    memory_free(model);
}

void ocellus_model_sizes(const ocellus_model *model, size_t *height, size_t *width, size_t *classes) {
    const struct shape *input = model ? graph_input_shape(model->graph) : NULL; /* (h, w, 3) */
    if (height) *height = model ? (size_t)input->dims[0] : 0;
    if (width) *width = model ? (size_t)input->dims[1] : 0;
    if (classes) *classes = model ? shape_size(graph_output_shape(model->graph)) : 0;
}

static ocellus_status evaluate(ocellus_model *model, const struct source *data, ocellus_score *score) {
    struct image_set set = image_set_all(data);
    struct predict_hooks hooks = {0};
    struct predict_score sums;
    TRY(batch_check(model->graph, data));
    TRY(predict_score(model->engine, &model->buffer, &set, &hooks, &sums));
    if (!isfinite(sums.loss_sum)) return fail(OCELLUS_DIVERGED, "%s: the network's loss is not finite", data->name);
    struct interval interval = wilson_interval(sums.correct, sums.count);
    *score = (ocellus_score){.count = sums.count,
                             .correct = sums.correct,
                             .accuracy = (double)sums.correct / (double)sums.count,
                             .low = interval.low,
                             .high = interval.high,
                             .loss = sums.loss_sum / (double)sums.count};
    return OCELLUS_OK;
}

ocellus_status ocellus_model_evaluate(ocellus_model *model, const ocellus_dataset *dataset, ocellus_score *score) {
    if (!model || !dataset || !score) return fail(OCELLUS_USAGE, "ocellus_model_evaluate: NULL is not accepted");
    struct model_use use;
    TRY(model_enter(model, "ocellus_model_evaluate", &use));
    ocellus_status status = evaluate(model, dataset->source, score);
    model_leave(&use);
    return status;
}

static ocellus_status predict(ocellus_model *model, const uint8_t *pixels, size_t count, float *probabilities) {
    const struct shape *input = graph_input_shape(model->graph); /* (h, w, 3) */
    size_t values = shape_size(input), channels = (size_t)input->dims[2];
    size_t classes = shape_size(graph_output_shape(model->graph)), all;
    if (!size_multiply(count, values, &all) || !size_multiply(count, classes * sizeof(float), &all))
        return fail(OCELLUS_USAGE, "ocellus_model_predict: %zu images cannot be in memory", count);
    for (size_t first = 0; first < count; first += BATCH) {
        size_t n = count - first < BATCH ? count - first : BATCH;
        for (size_t i = 0; i < n; i++)
            batch_fill_image(pixels + (first + i) * values, values, channels, &model->buffer.form.transform,
                             engine_input(model->engine, 0) + i * values);
        float *dst = probabilities + first * classes;
        TRY(engine_forward(model->engine, ENGINE_INFERENCE, &(struct engine_batch){.n = n}));
        TRY(engine_read(model->engine, ENGINE_LOGITS, dst, n * classes));
        size_t bad = predict_first_nonfinite(dst, n, classes);
        if (bad < n) return fail(OCELLUS_DIVERGED, "image %zu: the network's output is not finite", first + bad);
        TRY(engine_read(model->engine, ENGINE_PROBABILITIES, dst, n * classes));
    }
    return OCELLUS_OK;
}

ocellus_status ocellus_model_predict(ocellus_model *model, const uint8_t *pixels, size_t count, float *probabilities) {
    if (!model || !pixels || !probabilities) return fail(OCELLUS_USAGE, "ocellus_model_predict: NULL is not accepted");
    struct model_use use;
    TRY(model_enter(model, "ocellus_model_predict", &use));
    ocellus_status status = predict(model, pixels, count, probabilities);
    model_leave(&use);
    return status;
}
