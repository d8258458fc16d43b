/* SPDX-License-Identifier: MIT */
/* SimCNN against PyTorch in float64 (make_simcnn.py): activations, every gradient, ten steps of each optimizer, from
 * the same weights and images, within the tolerances that the script derived. */
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "kernels/kernels.h"
#include "model/simcnn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 16, PROJECTIONS = 16, SKIPPED = 77 };

/* Sixteen projections on random signs measure the L2 error as a root mean square of 16 about normal values: once in
 * 10,000 it comes out 1.67 times too large (the quantile of chi-square with 16 degrees of freedom is 44.5). */
static const double PROJECTION_SPREAD = 1.67;

struct golden {
    json_value *file;
    struct graph *graph;
    struct engine *engine;
    uint32_t seed;
    size_t image_size, classes, batch_size;
    float *images; /* of one batch, in the engine */
    int32_t labels[64];
};
static struct golden golden;

/* The largest error of a group, for people. */
struct worst {
    double error, share; /* relative; and as a part of its tolerance */
    char name[GRAPH_NAME_SIZE];
};

static uint32_t mix(uint32_t h) {
    h = (h ^ (h >> 16)) * UINT32_C(0x85EBCA6B);
    h = (h ^ (h >> 13)) * UINT32_C(0xC2B2AE35);
    return h ^ (h >> 16);
}

static uint32_t stream_key(uint32_t seed, uint32_t stream) {
    return mix(seed * UINT32_C(0x9E3779B9) + stream);
}

static const json_value *member(const json_value *map, const char *key) {
    const json_value *value = json_member(map, key);
    if (!value) fail_msg("golden file: %s is missing", key);
    return value;
}

static double number(const json_value *value) {
    double out = NAN;
    assert_true(json_get_real(value, &out));
    return out;
}

static int64_t integer(const json_value *value) {
    int64_t out = -1;
    assert_true(json_get_integer(value, &out));
    return out;
}

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static void set_parameters(void) {
    const json_value *list = member(golden.file, "parameters");
    for (size_t k = 0; k < json_count(list); k++) {
        const json_value *entry = json_element(list, k);
        const char *name;
        assert_true(json_get_text(member(entry, "name"), &name));
        const struct parameter *parameter = graph_parameter(golden.graph, name, NULL);
        assert_non_null(parameter);
        const json_value *dims = member(entry, "shape");
        assert_int_equal(json_count(dims), parameter->shape.rank);
        for (size_t d = 0; d < parameter->shape.rank; d++)
            assert_int_equal(integer(json_element(dims, d)), parameter->shape.dims[d]);
        const float centre = (float)number(member(entry, "centre")), scale = (float)number(member(entry, "scale"));
        const size_t count = shape_size(&parameter->shape);
        float *values = memory_allocate(count, sizeof *values);
        assert_non_null(values);
        const uint32_t key = stream_key(golden.seed, (uint32_t)k);
        for (size_t i = 0; i < count; i++) {
            const float unit = (float)(mix(key + (uint32_t)i) >> 8) * 0x1p-23F - 1.0F;
            const float part = scale * unit;
            values[i] = centre + part;
        }
        check(engine_set(golden.engine, name, values, count));
        memory_free(values);
    }
    assert_int_equal(json_count(list), 22);
}

/* An engine with the given weights. */
static void open_engine(struct optimizer optimizer) {
    const struct engine_options options = {
        .threads = 2, .batch_size = golden.batch_size, .training = true, .optimizer = optimizer};
    check(engine_open(NULL, golden.graph, &options, &golden.engine));
    const char *wanted = getenv("OCELLUS_CPU");
    if (wanted) assert_string_equal(wanted, engine_kernels_name(golden.engine));
    set_parameters();
    golden.images = engine_input(golden.engine, 0);
}

static int close_engine(void **state) {
    (void)state;
    engine_close(golden.engine);
    golden.engine = NULL;
    return 0;
}

/* Images first .. first + n - 1: a picture of the class and noise. */
static void set_batch(size_t first, size_t n) {
    const uint32_t label_key = stream_key(golden.seed, 500);
    for (size_t i = 0; i < n; i++) {
        golden.labels[i] = (int32_t)(mix(label_key + (uint32_t)(first + i)) % golden.classes);
        const uint32_t picture = stream_key(golden.seed, (uint32_t)(600 + golden.labels[i]));
        const uint32_t noise = stream_key(golden.seed, (uint32_t)(1000 + first + i));
        for (size_t p = 0; p < golden.image_size; p++) {
            const uint32_t pixel = (3 * (mix(picture + (uint32_t)p) >> 24) + (mix(noise + (uint32_t)p) >> 24)) / 4;
            golden.images[i * golden.image_size + p] = (float)pixel / 255.0F;
        }
    }
}

static size_t batch_at(size_t step) {
    return (size_t)integer(json_element(member(golden.file, "batches"), step));
}

/* Compares one tensor with its record: relative L2 error over all values, and 16 values one by one. */
static void compare(const char *name, const json_value *record, const float *values, size_t count,
                    struct worst *worst) {
    size_t expected = 1;
    const json_value *dims = member(record, "shape");
    for (size_t d = 0; d < json_count(dims); d++)
        expected *= (size_t)integer(json_element(dims, d));
    assert_int_equal(count, expected);

    double projections[PROJECTIONS] = {0}, square = 0;
    const uint32_t key = stream_key(0, 9999);
    for (size_t i = 0; i < count; i++) {
        const double value = (double)values[i];
        const uint32_t signs = mix(key + (uint32_t)i);
        square += value * value;
        for (size_t j = 0; j < PROJECTIONS; j++)
            projections[j] += (signs >> j & 1) ? -value : value;
    }
    const double norm = number(member(record, "norm")), tolerance = number(member(record, "tolerance"));
    double sum = 0;
    for (size_t j = 0; j < PROJECTIONS; j++)
        sum += pow(projections[j] - number(json_element(member(record, "projections"), j)), 2);
    const double error = sqrt(sum / PROJECTIONS) / norm, norm_error = fabs(sqrt(square) - norm) / norm;
    if (!(error <= PROJECTION_SPREAD * tolerance) || !(norm_error <= tolerance))
        fail_msg("%s: relative error %.3g (norm %.3g), expected at most %.3g", name, error, norm_error, tolerance);

    const double element = number(member(record, "element"));
    for (size_t j = 0; j < SAMPLES; j++) {
        const size_t at = (2 * j + 1) * count / (2 * SAMPLES);
        const double wanted = number(json_element(member(record, "samples"), j)), got = (double)values[at];
        if (!(fabs(got - wanted) <= element))
            fail_msg("%s: value %zu: expected %.9g, got %.9g (error at most %.3g)", name, at, wanted, got, element);
    }
    if (error > worst->error) snprintf(worst->name, sizeof worst->name, "%s", name);
    worst->error = fmax(worst->error, error);
    worst->share = fmax(worst->share, error / tolerance);
}

static void compare_engine_tensor(const char *name, const char *suffix, const json_value *record, size_t count,
                                  struct worst *worst) {
    char full[GRAPH_NAME_SIZE + 16];
    snprintf(full, sizeof full, "%s%s", name, suffix);
    float *values = memory_allocate(count, sizeof *values);
    assert_non_null(values);
    check(engine_get(golden.engine, full, values, count));
    compare(name, record, values, count, worst);
    memory_free(values);
}

static void compare_logits(const json_value *record, size_t n, struct worst *worst) {
    const size_t count = n * golden.classes;
    float *values = memory_allocate(count, sizeof *values);
    assert_non_null(values);
    check(engine_read(golden.engine, ENGINE_LOGITS, values, count));
    compare("dense_1", record, values, count, worst);
    memory_free(values);
}

static void report(const char *what, const struct worst *worst) {
    printf("%s: %s: largest relative error %.2g (%s); at most %.2g of the tolerance\n",
           engine_kernels_name(golden.engine), what, worst->error, worst->name, worst->share);
}

static double forward_and_loss(size_t n) {
    struct engine_metrics metrics;
    check(engine_forward(golden.engine, ENGINE_TRAINING, &(struct engine_batch){.n = n}));
    check(engine_loss(golden.engine, &(struct engine_targets){.labels = golden.labels}));
    check(engine_metrics(golden.engine, &metrics));
    return metrics.loss_sum / (double)n;
}

/* The engine keeps these for the whole batch. BatchNormalization's outputs are made in passing and are seen here through
 * the layer after them. */
static void test_activations(void **state) {
    (void)state;
    static const char *const kept[] = {"conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1", "conv2d_2", "dense"};
    const json_value *records = member(golden.file, "activations");
    struct worst worst = {0};
    const size_t n = batch_at(0);
    open_engine((struct optimizer){.kind = OPTIMIZER_SGD});
    set_batch(0, n);
    check(engine_forward(golden.engine, ENGINE_TRAINING, &(struct engine_batch){.n = n}));
    for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
        const size_t count = n * shape_size(&graph_node(golden.graph, kept[k])->shape);
        compare_engine_tensor(kept[k], "/output", member(records, kept[k]), count, &worst);
    }
    compare_logits(member(records, "dense_1"), n, &worst);
    report("activations", &worst);
}

static void test_gradients(void **state) {
    (void)state;
    const json_value *records = member(golden.file, "gradients");
    struct worst worst = {0};
    size_t compared = 0;
    open_engine((struct optimizer){.kind = OPTIMIZER_SGD});
    set_batch(0, batch_at(0));
    forward_and_loss(batch_at(0));
    check(engine_backward(golden.engine));
    for (size_t i = 0; i < golden.graph->count; i++) {
        const struct node *node = &golden.graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            const struct parameter *parameter = &node->parameters[k];
            if (!parameter->trainable) continue;
            compare_engine_tensor(parameter->name, "/gradient", member(records, parameter->name),
                                  shape_size(&parameter->shape), &worst);
            compared++;
        }
    }
    assert_int_equal(compared, json_count(records));
    report("gradients", &worst);
}

static void test_inference(void **state) {
    (void)state;
    struct worst worst = {0};
    const size_t n = batch_at(0);
    open_engine((struct optimizer){.kind = OPTIMIZER_SGD});
    set_batch(0, n);
    check(engine_forward(golden.engine, ENGINE_INFERENCE, &(struct engine_batch){.n = n}));
    compare_logits(member(member(golden.file, "inference"), "dense_1"), n, &worst);
    report("inference logits", &worst);
}

static void compare_training(const char *key, struct optimizer optimizer) {
    const json_value *expected = member(golden.file, key);
    const json_value *losses = member(expected, "losses"), *tolerances = member(expected, "tolerances");
    struct worst worst = {0};
    open_engine(optimizer);
    size_t first = 0;
    assert_int_equal(json_count(losses), 10);
    for (size_t step = 0; step < json_count(losses); step++) {
        const size_t n = batch_at(step);
        set_batch(first, n);
        first += n;
        const double loss = forward_and_loss(n), wanted = number(json_element(losses, step));
        const double error = fabs(loss - wanted) / wanted, tolerance = number(json_element(tolerances, step));
        if (!(error <= tolerance))
            fail_msg("%s: step %zu: loss %.9g (expected %.9g within %.3g)", key, step, loss, wanted, tolerance);
        if (error > worst.error) snprintf(worst.name, sizeof worst.name, "step %zu", step);
        worst.error = fmax(worst.error, error);
        worst.share = fmax(worst.share, error / tolerance);
        check(engine_backward(golden.engine));
        check(engine_update(golden.engine, &optimizer));
    }
    char what[64];
    snprintf(what, sizeof what, "losses of ten steps of %s", key);
    report(what, &worst);

    struct worst moving = {0};
    const json_value *records = member(expected, "moving");
    size_t compared = 0;
    for (size_t k = 0; k < engine_tensor_count(golden.engine); k++) {
        const struct engine_tensor tensor = engine_tensor_at(golden.engine, k);
        if (!strstr(tensor.name, "/moving_")) continue;
        compare_engine_tensor(tensor.name, "", member(records, tensor.name), shape_size(tensor.shape), &moving);
        compared++;
    }
    assert_int_equal(compared, json_count(records));
    snprintf(what, sizeof what, "moving statistics after %s", key);
    report(what, &moving);
}

static void test_adam(void **state) {
    (void)state;
    const json_value *settings = member(member(golden.file, "adam"), "settings");
    compare_training("adam", (struct optimizer){.kind = OPTIMIZER_ADAM,
                                                .learning_rate = number(member(settings, "learning_rate")),
                                                .beta1 = number(member(settings, "beta1")),
                                                .beta2 = number(member(settings, "beta2")),
                                                .epsilon = number(member(settings, "epsilon"))});
}

static void test_sgd(void **state) {
    (void)state;
    const json_value *settings = member(member(golden.file, "sgd"), "settings");
    compare_training("sgd", (struct optimizer){.kind = OPTIMIZER_SGD,
                                               .learning_rate = number(member(settings, "learning_rate")),
                                               .momentum = number(member(settings, "momentum"))});
}

static int open_all(void **state) {
    (void)state;
    check(json_parse_file(GOLDEN_FILE, 1 << 20, &golden.file));
    const json_value *input = member(golden.file, "input");
    const size_t height = (size_t)integer(json_element(input, 0)), width = (size_t)integer(json_element(input, 1)),
                 channels = (size_t)integer(json_element(input, 2));
    golden.seed = (uint32_t)integer(member(golden.file, "seed"));
    golden.classes = (size_t)integer(member(golden.file, "classes"));
    golden.image_size = height * width * channels;
    golden.batch_size = batch_at(0);
    assert_true(golden.batch_size <= sizeof golden.labels / sizeof *golden.labels);
    check(graph_simcnn(height, width, channels, golden.classes, &golden.graph));
    return 0;
}

static int close_all(void **state) {
    (void)state;
    graph_free(golden.graph);
    json_release(golden.file);
    return 0;
}

int main(void) {
    const char *why;
    const char *wanted = getenv("OCELLUS_CPU");
    bool built = false;
    for (const struct kernels *const *row = kernels_available(); *row; row++)
        built = built || (wanted && strcmp((*row)->name, wanted) == 0);
    if (wanted && !built && !kernels_select(&why)) {
        printf("%s: skipped: %s\n", wanted, why);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_activations, close_engine),
        cmocka_unit_test_teardown(test_gradients, close_engine),
        cmocka_unit_test_teardown(test_inference, close_engine),
        cmocka_unit_test_teardown(test_adam, close_engine),
        cmocka_unit_test_teardown(test_sgd, close_engine),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
