/* SPDX-License-Identifier: MIT */
/* The engine's tensors by name, what it refuses, statistics, and finding what is not finite. */
#include "base/sha256.h"
#include "engine_fixture.h"
#include "model/initialize.h"
#include "model/layer.h"

#include <math.h>
#include <stdio.h>

static void test_tensor_list(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    const struct {
        struct optimizer optimizer;
        size_t tensors;
        const char *state;
    } expected[] = {{adam, 22 + 2 * 16, "conv2d/kernel/adam_v"},
                    {{.kind = OPTIMIZER_SGD, .momentum = 0.9}, 22 + 16, "conv2d/kernel/velocity"},
                    {{.kind = OPTIMIZER_SGD}, 22, NULL}};
    for (size_t k = 0; k < 3; k++) {
        struct engine *engine = open_engine(graph, 1, 4, &expected[k].optimizer);
        assert_int_equal(engine_tensor_count(engine), expected[k].tensors);
        size_t values = 0, found = 0;
        for (size_t i = 0; i < engine_tensor_count(engine); i++) {
            const struct engine_tensor tensor = engine_tensor_at(engine, i);
            if (tensor.kind == ENGINE_PARAMETER) values += shape_size(tensor.shape);
            found += expected[k].state && strcmp(tensor.name, expected[k].state) == 0;
        }
        assert_int_equal(values, graph_totals(graph).total);
        assert_int_equal(found, expected[k].state ? 1 : 0);
        engine_close(engine);
    }
    graph_free(graph);
}

/* Every tensor of the state keeps what was set, to the bit, and no other changes. */
static void test_set_and_get(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 1, 4, &adam);
    for (int pass = 0; pass < 2; pass++) { /* all are set, then all are read */
        for (size_t i = 0; i < engine_tensor_count(engine); i++) {
            const struct engine_tensor tensor = engine_tensor_at(engine, i);
            const size_t count = shape_size(tensor.shape);
            struct random_stream stream = random_at(1, RANDOM_TEST, 0, (uint32_t)i);
            float *values = memory_allocate(count, sizeof *values);
            assert_non_null(values);
            for (size_t v = 0; v < count; v++)
                values[v] = random_unit(&stream);
            if (pass == 0) {
                check(engine_set(engine, tensor.name, values, count));
            } else {
                float *got = tensor_values(engine, tensor.name, count);
                assert_memory_equal(got, values, count * sizeof *got);
                memory_free(got);
            }
            memory_free(values);
        }
    }
    engine_set_updates(engine, 41);
    assert_int_equal(engine_updates(engine), 41);
    train_step(engine, &adam, 0, 4);
    assert_int_equal(engine_updates(engine), 42);
    engine_close(engine);
    graph_free(graph);
}

static void test_initial_values(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 1, 4, &adam);
    train_step(engine, &adam, 0, 4);
    check(engine_initialize(engine, 5));
    assert_int_equal(engine_updates(engine), 0);
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const size_t count = shape_size(tensor.shape);
        float *got = tensor_values(engine, tensor.name, count), *expected = memory_allocate(count, sizeof *expected);
        assert_non_null(expected);
        if (tensor.kind == ENGINE_PARAMETER) check(graph_initial_values(graph, tensor.name, 5, expected));
        assert_memory_equal(got, expected, count * sizeof *got);
        memory_free(got);
        memory_free(expected);
    }
    engine_close(engine);
    graph_free(graph);
}

static void test_refused_names(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 1, 4, &adam);
    float values[40] = {0};
    check_refused(engine_get(engine, "conv2d/bias", values, 31), OCELLUS_USAGE, "conv2d/bias");
    check_refused(engine_get(engine, "conv2d/bias", values, 31), OCELLUS_USAGE, "expected 32, got 31");
    check_refused(engine_set(engine, "conv2d/bias", values, 33), OCELLUS_USAGE, "expected 32, got 33");
    check_refused(engine_get(engine, "conv2d/bias/gradient", values, 1), OCELLUS_USAGE, "expected 32, got 1");
    check_refused(engine_set(engine, "conv2d/bias/adam_m", values, 0), OCELLUS_USAGE, "expected 32, got 0");
    static const char *const unknown[] = {"",
                                          "/",
                                          "conv2d",
                                          "conv2d/",
                                          "conv2d/bia",
                                          "conv2d/bias/",
                                          "conv2d/bias/velocity",
                                          "conv2d_9/bias",
                                          "conv2d/bias/gradient/gradient",
                                          "Conv2d/bias"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        check_refused(engine_get(engine, unknown[i], values, 32), OCELLUS_USAGE, unknown[i]);
        check_refused(engine_set(engine, unknown[i], values, 32), OCELLUS_USAGE, "no such tensor");
    }
    /* Moving statistics have no gradient and no optimizer state; outputs cannot be set. */
    check_refused(engine_get(engine, "batch_normalization/moving_mean/gradient", values, 32), OCELLUS_USAGE, "no such");
    check_refused(engine_get(engine, "batch_normalization/moving_mean/adam_m", values, 32), OCELLUS_USAGE, "no such");
    train_step(engine, &adam, 0, 4);
    check_refused(engine_set(engine, "dense_1/output", values, 20), OCELLUS_USAGE, "no such");
    float logits[20];
    check_refused(engine_read(engine, ENGINE_LOGITS, logits, 20), OCELLUS_USAGE, "backward");
    check(engine_forward(engine, ENGINE_TRAINING, &(struct engine_batch){.n = 4}));
    check(engine_get(engine, "dense_1/output", values, 20));
    check(engine_read(engine, ENGINE_LOGITS, logits, 20));
    assert_memory_equal(values, logits, sizeof logits);
    check_refused(engine_get(engine, "dense_1/output", values, 25), OCELLUS_USAGE, "expected 20, got 25");
    engine_close(engine);
    graph_free(graph);
}

/* Calls out of order, batches and labels out of range, another optimizer than the planned one. */
static void test_refused_calls(void **state) {
    (void)state;
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, 5, labels);
    struct graph *graph = small_simcnn();
    struct engine *engine;
    double loss;
    size_t correct;
    const struct engine_options none = {.threads = 1, .batch_size = 0};
    check_refused(engine_open(NULL, graph, &none, &engine), OCELLUS_USAGE, "batch size");

    engine = open_engine(graph, 1, 4, &adam);
    check_refused(engine_backward(engine), OCELLUS_USAGE, "forward");
    check_refused(label_loss(engine, labels, &loss, &correct), OCELLUS_USAGE, "forward");
    check_refused(engine_adopt_statistics(engine), OCELLUS_USAGE, "statistics");
    check_refused(engine_forward(engine, ENGINE_TRAINING, &(struct engine_batch){.n = 0}), OCELLUS_USAGE, "0 images");
    check_refused(engine_forward(engine, ENGINE_TRAINING, &(struct engine_batch){.n = 5}), OCELLUS_USAGE,
                  "expected 1 to 4");
    check(forward_images(engine, ENGINE_TRAINING, images, 4));
    labels[2] = CLASSES;
    check_refused(label_loss(engine, labels, &loss, &correct), OCELLUS_USAGE, "expected 0 to 4");
    labels[2] = -1;
    check_refused(label_loss(engine, labels, &loss, &correct), OCELLUS_USAGE, "label -1");
    labels[2] = 0;
    const struct optimizer sgd = {.kind = OPTIMIZER_SGD, .learning_rate = 0.1};
    check_refused(engine_update(engine, &sgd), OCELLUS_USAGE, "optimizer");
    assert_int_equal(engine_updates(engine), 0);
    check(forward_images(engine, ENGINE_INFERENCE, images, 4));
    check_refused(engine_backward(engine), OCELLUS_USAGE, "training");
    check(forward_images(engine, ENGINE_STATISTICS, images, 4));
    check_refused(engine_backward(engine), OCELLUS_USAGE, "training");
    engine_close(engine);

    const struct engine_options inference = {.threads = 1, .batch_size = 4};
    check(engine_open(NULL, graph, &inference, &engine));
    check_refused(engine_backward(engine), OCELLUS_USAGE, "training");
    check_refused(engine_update(engine, &adam), OCELLUS_USAGE, "training");
    check_refused(forward_images(engine, ENGINE_TRAINING, images, 4), OCELLUS_USAGE, "inference only");
    check_refused(engine_get(engine, "conv2d/bias/gradient", images, 32), OCELLUS_USAGE, "no such tensor");
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

/* The loss and the count are those of the logits, computed here once more. */
static void test_loss(void **state) {
    (void)state;
    enum { N = 21 };
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, N, labels);
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 2, N, &adam);
    double loss, expected = 0;
    size_t correct, expected_correct = 0;
    check(forward_images(engine, ENGINE_TRAINING, images, N));
    check(label_loss(engine, labels, &loss, &correct));
    float logits[N * CLASSES], probabilities[N * CLASSES];
    check(engine_read(engine, ENGINE_LOGITS, logits, N * CLASSES));
    check(engine_read(engine, ENGINE_PROBABILITIES, probabilities, N * CLASSES));
    for (size_t i = 0; i < N; i++) {
        double sum = 0, total = 0;
        size_t best = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            sum += exp((double)logits[i * CLASSES + c]);
            total += (double)probabilities[i * CLASSES + c];
            if (logits[i * CLASSES + c] > logits[i * CLASSES + best]) best = c;
        }
        assert_true(fabs(total - 1) < 1e-6);
        expected += log(sum) - (double)logits[i * CLASSES + (size_t)labels[i]];
        expected_correct += best == (size_t)labels[i];
    }
    /* Each of the N losses of about 2 is a float: half an ULP, 2^-23, of each, some roundings before it. */
    assert_true(fabs(loss - expected) < N * 8 * 0x1p-23);
    assert_int_equal(correct, expected_correct);
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

/* A handful of roundings of 2^-24 of the numbers that are added may lie between. */
static void check_near(float got, double expected, double size) {
    const double tolerance = 6 * 0x1p-24 * size;
    if (!(fabs((double)got - expected) <= tolerance))
        fail_msg("expected %.9g, got %.9g (error at most %.3g)", expected, (double)got, tolerance);
}

/* Keras's formulas, in double, from the values before each step. */
static void check_updates(const struct optimizer *optimizer) {
    enum { COUNT = 64 * CLASSES };
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 2, 9, optimizer);
    const bool is_adam = optimizer->kind == OPTIMIZER_ADAM;
    float zeros[COUNT] = {0};
    for (uint32_t step = 1; step <= 3; step++) {
        const char *first = is_adam ? "dense_1/kernel/adam_m" : "dense_1/kernel/velocity";
        float *w0 = tensor_values(engine, "dense_1/kernel", COUNT), *m0 = zeros, *v0 = zeros, *m1 = zeros, *v1 = zeros;
        if (is_adam || optimizer->momentum > 0) m0 = tensor_values(engine, first, COUNT);
        if (is_adam) v0 = tensor_values(engine, "dense_1/kernel/adam_v", COUNT);
        train_step(engine, optimizer, step, 9);
        float *g = tensor_values(engine, "dense_1/kernel/gradient", COUNT);
        float *w1 = tensor_values(engine, "dense_1/kernel", COUNT);
        if (m0 != zeros) m1 = tensor_values(engine, first, COUNT);
        if (is_adam) v1 = tensor_values(engine, "dense_1/kernel/adam_v", COUNT);
        const double rate = optimizer->learning_rate;
        for (size_t i = 0; i < COUNT; i++) {
            const double w = (double)w0[i], m = (double)m0[i], v = (double)v0[i], d = (double)g[i];
            double change;
            if (is_adam) {
                const double corrected =
                    rate * sqrt(1 - pow(optimizer->beta2, step)) / (1 - pow(optimizer->beta1, step));
                check_near(m1[i], m + (d - m) * (1 - optimizer->beta1), fabs(m) + fabs(d));
                check_near(v1[i], v + (d * d - v) * (1 - optimizer->beta2), v + d * d * (1 - optimizer->beta2));
                change = -corrected * (double)m1[i] / (sqrt((double)v1[i]) + optimizer->epsilon);
            } else {
                const double velocity = optimizer->momentum * m - rate * d;
                if (m1 != zeros) check_near(m1[i], velocity, fabs(m) + fabs(rate * d));
                change = optimizer->nesterov ? optimizer->momentum * velocity - rate * d : velocity;
            }
            check_near(w1[i], w + change, fabs(w) + fabs(change) + optimizer->momentum * fabs(m) + rate * fabs(d));
        }
        float *const all[] = {w0, w1, g, m0, m1, v0, v1};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            if (all[k] != zeros) memory_free(all[k]);
        }
    }
    engine_close(engine);
    graph_free(graph);
}

static void updates_on_row(void) {
    check_updates(&adam);
    check_updates(&(struct optimizer){.kind = OPTIMIZER_SGD, .learning_rate = 0.1});
    check_updates(&(struct optimizer){.kind = OPTIMIZER_SGD, .learning_rate = 0.1, .momentum = 0.9});
    check_updates(&(struct optimizer){.kind = OPTIMIZER_SGD, .learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
}
static void test_updates(void **state) {
    (void)state;
    for_every_row(updates_on_row);
}

enum { FILTERS = 32, STATISTICS_BATCH = 12, PASSES = 3 };

/* Mean and biased variance of each channel of the first convolution's output in the last forward pass. */
static void channel_statistics(const struct engine *engine, const struct graph *graph, double *mean, double *variance) {
    const size_t count = STATISTICS_BATCH * shape_size(&graph_node(graph, "conv2d")->shape);
    float *output = tensor_values(engine, "conv2d/output", count);
    const double pixels = (double)(count / FILTERS);
    for (size_t c = 0; c < FILTERS; c++) {
        mean[c] = variance[c] = 0;
        for (size_t i = c; i < count; i += FILTERS)
            mean[c] += (double)output[i] / pixels;
        for (size_t i = c; i < count; i += FILTERS)
            variance[c] += pow((double)output[i] - mean[c], 2) / pixels;
    }
    memory_free(output);
}

/* The tolerance: the mean of 5,760 floats summed in blocks, some 50 roundings of 2^-24 one after the other. */
static void check_statistics(const struct engine *engine, const double *mean, const double *variance) {
    float *moving_mean = tensor_values(engine, "batch_normalization/moving_mean", FILTERS);
    float *moving_variance = tensor_values(engine, "batch_normalization/moving_variance", FILTERS);
    for (size_t c = 0; c < FILTERS; c++) {
        assert_true(fabs((double)moving_mean[c] - mean[c]) <= 3e-6 * fabs(mean[c]) + 1e-9);
        assert_true(fabs((double)moving_variance[c] - variance[c]) <= 3e-6 * variance[c] + 1e-9);
    }
    memory_free(moving_mean);
    memory_free(moving_variance);
}

/* The average over the passes, which replaces the moving statistics only when it is adopted, and begins anew after it. */
static void test_statistics(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 2, STATISTICS_BATCH, &adam);
    int32_t labels[MOST_IMAGES];
    char before[SHA256_TEXT_SIZE], after[SHA256_TEXT_SIZE];
    for (uint32_t round = 0; round < 2; round++) {
        double mean[FILTERS] = {0}, variance[FILTERS] = {0}, one_mean[FILTERS], one_variance[FILTERS];
        train_step(engine, &adam, 100 + round, STATISTICS_BATCH); /* moves moving statistics and weights */
        hash_engine(engine, before);
        for (uint32_t pass = 0; pass < PASSES; pass++) {
            float *images = noise_images(10 * round + pass, STATISTICS_BATCH, labels);
            for (size_t i = 0; i < STATISTICS_BATCH * IMAGE_SIZE; i++)
                images[i] *= (float)(pass + 1); /* so that the passes differ */
            check(forward_images(engine, ENGINE_STATISTICS, images, STATISTICS_BATCH));
            channel_statistics(engine, graph, one_mean, one_variance);
            for (size_t c = 0; c < FILTERS; c++) {
                mean[c] += one_mean[c] / PASSES;
                variance[c] += one_variance[c] / PASSES;
            }
            memory_free(images);
        }
        hash_engine(engine, after);
        assert_string_equal(before, after);
        check(engine_adopt_statistics(engine));
        check_statistics(engine, mean, variance);
    }
    engine_close(engine);
    graph_free(graph);
}

/* Batch statistics and the moving average of one training step: 0.99 old + 0.01 new, biased variance. */
static void test_moving_average(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 2, STATISTICS_BATCH, &adam);
    double mean[FILTERS], variance[FILTERS];
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, STATISTICS_BATCH, labels);
    check(forward_images(engine, ENGINE_TRAINING, images, STATISTICS_BATCH));
    memory_free(images);
    channel_statistics(engine, graph, mean, variance);
    for (size_t c = 0; c < FILTERS; c++) {
        mean[c] *= 0.01; /* from 0 */
        variance[c] = 0.99 + 0.01 * variance[c];
    }
    check_statistics(engine, mean, variance);
    engine_close(engine);
    graph_free(graph);
}

/* Frozen layers do not move: not their weights, nor a frozen BatchNormalization's statistics, in any mode. */
static void test_frozen(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    size_t matched;
    check(graph_freeze(graph, "*_1", &matched));
    assert_int_equal(matched, 4); /* conv2d_1, batch_normalization_1, max_pooling2d_1, dense_1 */
    struct engine *engine = open_engine(graph, 2, 8, &adam), *fresh = open_engine(graph, 2, 8, &adam);
    float values[64];
    check_refused(engine_get(engine, "conv2d_1/bias/gradient", values, 64), OCELLUS_USAGE, "no such tensor");
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, 8, labels);
    for (uint32_t step = 0; step < 2; step++)
        train_step(engine, &adam, step, 8);
    check(forward_images(engine, ENGINE_STATISTICS, images, 8));
    check(engine_adopt_statistics(engine));
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const struct node *node;
        if (tensor.kind != ENGINE_PARAMETER) continue;
        const size_t count = shape_size(tensor.shape);
        float *now = tensor_values(engine, tensor.name, count), *before = tensor_values(fresh, tensor.name, count);
        assert_non_null(graph_parameter(graph, tensor.name, &node));
        assert_int_equal(memcmp(now, before, count * sizeof *now) == 0, node->frozen);
        memory_free(now);
        memory_free(before);
    }
    engine_close(engine);
    engine_close(fresh);
    graph_free(graph);
    memory_free(images);
}

/* Sets one value of a parameter. */
static void spoil(struct engine *engine, const char *name, size_t count, size_t at, float value) {
    float *values = tensor_values(engine, name, count);
    values[at] = value;
    check(engine_set(engine, name, values, count));
    memory_free(values);
}

static void test_nonfinite(void **state) {
    (void)state;
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, 6, labels);
    struct graph *graph = small_simcnn();
    static const struct {
        const char *parameter;
        size_t count;
        float value;
        const char *named; /* after a forward pass: the first output kept that is spoilt */
    } cases[] = {
        {"conv2d/bias", 32, NAN, "conv2d"},
        {"conv2d_1/kernel", 9 * 32 * 64, INFINITY, "conv2d_1"},
        {"batch_normalization_1/gamma", 64, NAN, "max_pooling2d_1"},
        {"dense/bias", 64, INFINITY, "dense"},
        {"dense_1/bias", CLASSES, NAN, "dense_1"},
        {"dense_1/kernel", 64 * CLASSES, -INFINITY, "dense_1"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct engine *engine = open_engine(graph, 2, 6, &adam);
        check(forward_images(engine, ENGINE_TRAINING, images, 6));
        assert_null(engine_find_nonfinite(engine));
        /* Before a forward pass nothing but the parameter itself is wrong. */
        spoil(engine, cases[k].parameter, cases[k].count, cases[k].count - 1, cases[k].value);
        assert_string_equal(engine_find_nonfinite(engine), cases[k].parameter);
        check(forward_images(engine, ENGINE_TRAINING, images, 6));
        assert_string_equal(engine_find_nonfinite(engine), cases[k].named);
        engine_close(engine);
    }
    /* A bad pixel of the last image shows in the first layer. */
    struct engine *engine = open_engine(graph, 2, 6, &adam);
    images[6 * IMAGE_SIZE - 1] = NAN;
    check(forward_images(engine, ENGINE_TRAINING, images, 6));
    assert_string_equal(engine_find_nonfinite(engine), "conv2d");
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

/* A batch of one is trained like any other: the loss of one image falls. */
static void test_batch_of_one(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 3, 1, &adam);
    const double first = train_step(engine, &adam, 0, 1);
    double last = first;
    for (int step = 0; step < 5; step++)
        last = train_step(engine, &adam, 0, 1);
    if (!(isfinite(first) && last < first / 4)) fail_msg("loss %g, then %g", first, last);
    assert_null(engine_find_nonfinite(engine));
    engine_close(engine);
    graph_free(graph);
}

/* 8 x 8 pixels that become 8192 x 8192: refused by its plan, before anything is allocated. */
static void test_memory_is_bounded(void **state) {
    (void)state;
    const size_t from[] = {0, 1, 2, 3};
    const union layer_config layers[] = {{.input_layer = {.shape = {3, {8, 8, 3}}}},
                                         {.up_sampling2d = {.size = {1024, 1024}}},
                                         {.activation = {{.function = UNARY_LINEAR}}},
                                         {.dense = {.units = 2, .activation = {.function = UNARY_SOFTMAX}}}};
    const struct layer_type *const types[] = {&layer_input_layer, &layer_up_sampling2d, &layer_global_average_pooling2d,
                                              &layer_dense};
    struct graph *graph = NULL;
    struct engine *engine = NULL;
    check(graph_create("wide", &graph));
    for (size_t i = 0; i < 4; i++)
        check(graph_add(graph, types[i], NULL, NULL, &layers[i], i > 0 ? &from[i - 1] : NULL, i > 0, NULL));
    const struct engine_options one = {.threads = 1, .batch_size = 1};
    assert_int_equal(engine_open(NULL, graph, &one, &engine), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "wide: the values of one image need 805.3 MB (expected at most 512)");
    assert_null(engine);
    graph_free(graph);
    graph = small_simcnn();
    const struct engine_options huge = {.threads = 1, .batch_size = (size_t)1 << 28};
    assert_int_equal(engine_open(NULL, graph, &huge, &engine), OCELLUS_IO);
    assert_non_null(strstr(status_message(), "MB are free"));
    graph_free(graph);
}

/* A window of 'same' far larger than its image: the padded one has 2^64 bytes or so. */
static void test_padding_is_bounded(void **state) {
    (void)state;
    static const int64_t windows[] = {1 << 15, INT32_MAX};
    static const char *const words[] = {"the values of one image need", "its padded image is larger than any memory"};
    for (size_t k = 0; k < 2; k++) {
        struct graph *graph = NULL;
        struct engine *engine = NULL;
        size_t node;
        const union layer_config input = {.input_layer = {.shape = {3, {4, 4, 1}}}};
        const union layer_config pool = {
            .pooling2d = {.pool_size = {windows[k], windows[k]}, .strides = {1, 1}, .padding = PADDING_SAME}};
        const union layer_config head = {.dense = {.units = 2, .activation = {.function = UNARY_SOFTMAX}}};
        check(graph_create("windows", &graph));
        check(graph_add(graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, &node));
        check(graph_add(graph, &layer_max_pooling2d, NULL, NULL, &pool, &node, 1, &node));
        check(graph_add(graph, &layer_flatten, NULL, NULL, NULL, &node, 1, &node));
        check(graph_add(graph, &layer_dense, NULL, NULL, &head, &node, 1, &node));
        const struct engine_options options = {.threads = 1, .batch_size = 1};
        assert_int_equal(engine_open(NULL, graph, &options, &engine), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), words[k]));
        graph_free(graph);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_list),       cmocka_unit_test(test_set_and_get),
        cmocka_unit_test(test_initial_values),    cmocka_unit_test(test_refused_names),
        cmocka_unit_test(test_refused_calls),     cmocka_unit_test(test_loss),
        cmocka_unit_test(test_updates),           cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_moving_average),    cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_nonfinite),         cmocka_unit_test(test_batch_of_one),
        cmocka_unit_test(test_memory_is_bounded), cmocka_unit_test(test_padding_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
