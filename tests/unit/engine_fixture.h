/* SPDX-License-Identifier: MIT */
/* What the engine's tests share: a small SimCNN, batches of noise, and a hash of all that a checkpoint would hold. */
#ifndef UNIT_ENGINE_FIXTURE_H
#define UNIT_ENGINE_FIXTURE_H

#include "base/files.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/sha256.h"
#include "engine/engine.h"
#include "kernels/kernels.h"
#include "model/simcnn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Large enough that a single image's convolution is shared by threads (the second has 3 MFLOP), and that the last
 * convolution gives several pixels: one alone, in a batch of one, has no variance. */
enum { HEIGHT = 26, WIDTH = 22, CHANNELS = 3, CLASSES = 5, MOST_IMAGES = 40 };
enum { IMAGE_SIZE = HEIGHT * WIDTH * CHANNELS };

static const struct optimizer adam = {
    .kind = OPTIMIZER_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};

static inline void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

/* The call must fail with this status, and its message must hold these words. */
static inline void check_refused(ocellus_status got, ocellus_status expected, const char *words) {
    assert_int_equal(got, expected);
    if (!strstr(status_message(), words)) fail_msg("message \"%s\" lacks \"%s\"", status_message(), words);
}

/* Runs a test once for every row of kernels that this machine has. */
static inline void for_every_row(void (*test)(void)) {
    for (const struct kernels *const *row = kernels_available(); *row; row++) {
        setenv("OCELLUS_CPU", (*row)->name, 1);
        test();
    }
    unsetenv("OCELLUS_CPU");
}

static inline struct graph *small_simcnn(void) {
    struct graph *graph;
    check(graph_simcnn(HEIGHT, WIDTH, CHANNELS, CLASSES, &graph));
    return graph;
}

static inline struct engine *open_engine(const struct graph *graph, size_t threads, size_t batch_size,
                                         const struct optimizer *optimizer) {
    struct engine *engine;
    const struct engine_options options = {
        .threads = threads, .batch_size = batch_size, .training = true, .optimizer = *optimizer};
    check(engine_open(NULL, graph, &options, &engine));
    check(engine_initialize(engine, 7));
    const char *wanted = getenv("OCELLUS_CPU");
    if (wanted) assert_string_equal(engine_kernels_name(engine), wanted);
    return engine;
}

/* n images of noise, and their labels; to be freed with memory_free(). */
static inline float *noise_images(uint32_t number, size_t n, int32_t labels[MOST_IMAGES]) {
    struct random_stream stream = random_at(11, RANDOM_TEST, number, 0);
    float *images = memory_allocate(n * IMAGE_SIZE, sizeof *images);
    assert_true(images && n <= MOST_IMAGES);
    for (size_t i = 0; i < n * IMAGE_SIZE; i++)
        images[i] = random_unit(&stream);
    for (size_t i = 0; i < n; i++)
        labels[i] = (int32_t)random_below(&stream, CLASSES);
    return images;
}

/* A forward pass over images that are copied into the engine's first slot. */
static inline ocellus_status forward_images(struct engine *engine, enum engine_mode mode, const float *images,
                                            size_t n) {
    memcpy(engine_input(engine, 0), images, n * IMAGE_SIZE * sizeof *images);
    return engine_forward(engine, mode, &(struct engine_batch){.n = n});
}

/* The loss of plain labels, and its metrics. */
static inline ocellus_status label_loss(struct engine *engine, const int32_t *labels, double *loss, size_t *correct) {
    struct engine_metrics metrics = {0};
    ocellus_status status = engine_loss(engine, &(struct engine_targets){.labels = labels});
    if (status == OCELLUS_OK) status = engine_metrics(engine, &metrics);
    *loss = metrics.loss_sum;
    *correct = metrics.correct;
    return status;
}

/* One step on a batch of noise; returns the sum of the losses. */
static inline double train_step(struct engine *engine, const struct optimizer *optimizer, uint32_t number, size_t n) {
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(number, n, labels);
    double loss;
    size_t correct;
    check(forward_images(engine, ENGINE_TRAINING, images, n));
    check(label_loss(engine, labels, &loss, &correct));
    check(engine_backward(engine));
    check(engine_update(engine, optimizer));
    memory_free(images);
    return loss;
}

/* The bits of a tensor; to be freed with memory_free(). */
static inline float *tensor_values(const struct engine *engine, const char *name, size_t count) {
    float *values = memory_allocate(count, sizeof *values);
    assert_non_null(values);
    check(engine_get(engine, name, values, count));
    return values;
}

/* All parameters and the optimizer's state. */
static inline void hash_engine(const struct engine *engine, char text[SHA256_TEXT_SIZE]) {
    struct sha256 hash;
    sha256_begin(&hash);
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const size_t count = shape_size(tensor.shape);
        float *values = tensor_values(engine, tensor.name, count);
        sha256_add(&hash, tensor.name, strlen(tensor.name));
        sha256_add(&hash, values, count * sizeof *values);
        memory_free(values);
    }
    sha256_end(&hash, text);
}

#endif
