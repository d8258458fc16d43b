/* SPDX-License-Identifier: MIT */
#include "inference/predict.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <math.h>

ocellus_status predict_open_loader(struct engine *engine, const struct batch_buffer *buffer,
                                   const struct image_set *set, bool keeps, struct loader **loader) {
    const struct loader_options options = {.set = *set,
                                           .images = set->count,
                                           .epochs = 1,
                                           .keeps = keeps,
                                           .batch_size = buffer->batch_size,
                                           .form = &buffer->form,
                                           .pool = engine_pool(engine),
                                           .features = buffer->features,
                                           .limits = buffer->limits};
    return loader_open(&options, loader);
}

/* Runs batch `index`, which *batch then tells of. */
static ocellus_status run_batch(struct engine *engine, struct loader *loader, size_t index,
                                struct loader_batch *batch) {
    TRY(loader_batch(loader, 0, index, engine_input(engine, 0), batch));
    return engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = batch->n});
}

/* After a batch: tells how far it is; a status when the pass was asked to stop. */
static ocellus_status after_batch(const struct predict_hooks *hooks, size_t done, size_t total) {
    if (!hooks) return OCELLUS_OK;
    if (hooks->progress) hooks->progress(hooks->context, done, total);
    ocellus_status stop = stop_requested(hooks->stop);
    return stop == OCELLUS_OK ? OCELLUS_OK : fail(stop, "stopped after %zu of %zu images", done, total);
}

ocellus_status predict_score_from(struct engine *engine, struct loader *loader, size_t count,
                                  const struct predict_hooks *hooks, struct predict_score *score) {
    ocellus_status status = OCELLUS_OK;
    *score = (struct predict_score){0};
    for (size_t index = 0; status == OCELLUS_OK && score->count < count; index++) {
        struct loader_batch batch;
        struct engine_metrics metrics;
        TRY(run_batch(engine, loader, index, &batch));
        TRY(engine_loss(engine, &(struct engine_targets){.labels = batch.labels}));
        TRY(engine_metrics(engine, &metrics));
        score->loss_sum += metrics.loss_sum;
        score->correct += metrics.correct;
        score->count += batch.n;
        status = after_batch(hooks, score->count, count);
    }
    return status;
}

ocellus_status predict_score(struct engine *engine, struct batch_buffer *buffer, const struct image_set *set,
                             const struct predict_hooks *hooks, struct predict_score *score) {
    struct loader *loader;
    *score = (struct predict_score){0};
    if (set->count == 0) return OCELLUS_OK;
    TRY(predict_open_loader(engine, buffer, set, false, &loader));
    const ocellus_status status = predict_score_from(engine, loader, set->count, hooks, score);
    loader_close(loader);
    return status;
}

static ocellus_status predictions_create(size_t count, size_t classes, struct predictions *predictions) {
    size_t values = 0;
    *predictions = (struct predictions){.count = count, .classes = classes};
    if (!size_multiply(count, classes, &values)) return fail(OCELLUS_IO, "too many predictions");
    predictions->labels = memory_allocate(count, sizeof *predictions->labels);
    predictions->predicted = memory_allocate(count, sizeof *predictions->predicted);
    predictions->losses = memory_allocate(count, sizeof *predictions->losses);
    predictions->probabilities = memory_allocate(values, sizeof *predictions->probabilities);
    bool complete = predictions->labels && predictions->predicted && predictions->losses && predictions->probabilities;
    return complete ? OCELLUS_OK : OCELLUS_IO;
}

void predictions_free(struct predictions *predictions) {
    memory_free(predictions->labels);
    memory_free(predictions->predicted);
    memory_free(predictions->losses);
    memory_free(predictions->probabilities);
    *predictions = (struct predictions){0};
}

size_t predict_first_nonfinite(const float *logits, size_t n, size_t classes) {
    size_t place = 0;
    while (place < n * classes && isfinite(logits[place]))
        place++;
    return classes ? place / classes : n;
}

/* The first of the largest, as the engine counts correct images. */
static size_t largest_index(const float *values, size_t count) {
    size_t largest = 0;
    for (size_t i = 1; i < count; i++) {
        if (values[i] > values[largest]) largest = i;
    }
    return largest;
}

static ocellus_status judge_batch(struct engine *engine, const struct loader_batch *batch,
                                  struct predictions *predictions) {
    const size_t classes = predictions->classes, first = batch->first_place, n = batch->n;
    float *values = predictions->probabilities + first * classes, *losses = predictions->losses + first;
    TRY(engine_loss(engine, &(struct engine_targets){.labels = batch->labels}));
    TRY(engine_read(engine, ENGINE_LOSSES, losses, n));
    TRY(engine_read(engine, ENGINE_LOGITS, values, n * classes));
    for (size_t i = 0; i < n; i++) {
        const float *logits = values + i * classes;
        /* A logit may be infinite and the loss a number; the loss may overflow by itself. */
        if (predict_first_nonfinite(logits, 1, classes) < 1 || !isfinite(losses[i]))
            return fail(OCELLUS_DIVERGED, "image %zu: the network's output is not finite", first + i);
        predictions->labels[first + i] = batch->labels[i];
        predictions->predicted[first + i] = (int32_t)largest_index(logits, classes);
    }
    return engine_read(engine, ENGINE_PROBABILITIES, values, n * classes);
}

static ocellus_status judge_all(struct engine *engine, struct loader *loader, const struct predict_hooks *hooks,
                                struct predictions *predictions) {
    struct loader_batch batch;
    for (size_t index = 0, done = 0; done < predictions->count; index++, done += batch.n) {
        TRY(run_batch(engine, loader, index, &batch));
        TRY(judge_batch(engine, &batch, predictions));
        TRY(after_batch(hooks, done + batch.n, predictions->count));
    }
    return OCELLUS_OK;
}

ocellus_status predict_all(struct engine *engine, struct batch_buffer *buffer, const struct image_set *set,
                           const struct predict_hooks *hooks, struct predictions *predictions) {
    struct loader *loader = NULL;
    ocellus_status status = predictions_create(set->count, set->source->classes, predictions);
    if (status == OCELLUS_OK && set->count > 0) status = predict_open_loader(engine, buffer, set, false, &loader);
    if (status == OCELLUS_OK) status = judge_all(engine, loader, hooks, predictions);
    loader_close(loader);
    if (status != OCELLUS_OK) predictions_free(predictions);
    return status;
}
