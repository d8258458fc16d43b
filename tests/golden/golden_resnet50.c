/* SPDX-License-Identifier: MIT */
/* ResNet50 with the ImageNet weights against PyTorch in float64 (make_resnet50.py): logits of photographs and of CIFAR-10's
 * images, every gradient of the fine-tuning network; and the network from the code against the one from the weights' own JSON.
 * Skipped where the cache lacks the weights or CIFAR-10. */
#include "app/network.h"
#include "base/file_kind.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "data/batch.h"
#include "data/cifar10.h"
#include "data/image.h"
#include "data/image_file.h"
#include "data/resnet50.h"
#include "engine/engine.h"
#include "inference/predict.h"
#include "kernels/kernels.h"
#include "model/graph_from_json.h"
#include "model/resnet50.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 8, PROJECTIONS = 16, SKIPPED = 77, SIDE = 224, CIFAR_SIDE = 32, VALUES = SIDE * SIDE * 3 };

/* What is asked for. Sixteen projections on random signs measure an L2 error as a root mean square of 16 values: it may come out
 * 1.67 times too large or small, and the errors found stay that far below. */
static const double LOGITS_TOLERANCE = 1e-3;   /* of the largest logit, L2 over all 1000 */
static const double GRADIENT_TOLERANCE = 1e-3; /* L2, relative */
static const double LOSS_TOLERANCE = 1e-5;
static const double BIAS_TOLERANCE = 1e-5; /* of the sum of |gradient| of the convolution's output */
static const double FILE_EPSILON = 1e-3;   /* what model.json says */

static struct {
    json_value *file;
    char weights[FILE_PATH_SIZE];
    struct source *train, *test; /* CIFAR-10 */
} golden;

struct worst {
    double error;
    char name[GRAPH_NAME_SIZE];
};

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

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

static const char *text(const json_value *value) {
    const char *out = NULL;
    assert_true(json_get_text(value, &out));
    return out;
}

static void note(struct worst *worst, double error, const char *name) {
    if (!(error > worst->error)) return;
    worst->error = error;
    snprintf(worst->name, sizeof worst->name, "%s", name);
}

static size_t place(size_t count, size_t sample) {
    return (2 * sample + 1) * count / (2 * SAMPLES);
}

/* The L2 error over all values, estimated; at least that of the samples. */
static double l2_error(const json_value *record, const float *values, size_t count) {
    double projections[PROJECTIONS] = {0}, estimated = 0, seen = 0;
    const uint32_t key = stream_key(0, 9999);
    for (size_t i = 0; i < count; i++) {
        const uint32_t signs = mix(key + (uint32_t)i);
        for (size_t j = 0; j < PROJECTIONS; j++)
            projections[j] += (signs >> j & 1) ? -(double)values[i] : (double)values[i];
    }
    for (size_t j = 0; j < PROJECTIONS; j++)
        estimated += pow(projections[j] - number(json_element(member(record, "projections"), j)), 2) / PROJECTIONS;
    for (size_t j = 0; j < SAMPLES && j < count; j++)
        seen = fmax(seen, fabs((double)values[place(count, j)] - number(json_element(member(record, "samples"), j))));
    return fmax(sqrt(estimated), seen);
}

static struct engine *open_engine(const struct graph *graph, size_t batch_size, bool training) {
    const struct engine_options options = {.threads = 2,
                                           .batch_size = batch_size,
                                           .training = training,
                                           .optimizer = {.kind = OPTIMIZER_SGD, .learning_rate = 0.01}};
    struct engine *engine;
    check(engine_open(NULL, graph, &options, &engine));
    const char *wanted = getenv("OCELLUS_CPU");
    if (wanted) assert_string_equal(wanted, engine_kernels_name(engine));
    check(engine_initialize(engine, 1));
    check(network_load_weights(engine, graph, golden.weights));
    return engine;
}

/* An image of the golden file as the network's input: a photograph by its name, or "cifar10 N" up-sampled by 7. */
static void set_image(const struct graph *graph, const char *name, float *dst) {
    const struct pixel_transform transform = batch_transform(graph);
    struct image image;
    unsigned index;
    if (sscanf(name, "cifar10 %u", &index) == 1) {
        struct picture picture = {0};
        check(source_read(golden.test, index, NULL, &picture));
        const uint8_t *pixels = picture.pixels;
        check(image_create(SIDE, SIDE, &image));
        for (size_t y = 0; y < SIDE; y++) {
            for (size_t x = 0; x < SIDE; x++)
                memcpy(image.pixels + (y * SIDE + x) * 3, pixels + (y / 7 * CIFAR_SIDE + x / 7) * 3, 3);
        }
    } else {
        char path[FILE_PATH_SIZE];
        snprintf(path, sizeof path, "%s/photographs/%s.png", GOLDEN_FOLDER, name);
        check(image_read(path, &image));
        assert_int_equal(image.width, SIDE);
        assert_int_equal(image.height, SIDE);
    }
    batch_fill_image(image.pixels, VALUES, 3, &transform, dst);
    image_free(&image);
}

static void test_logits(void **state) {
    (void)state;
    struct worst worst = {0};
    struct graph *graph;
    check(graph_resnet50_imagenet(number(member(golden.file, "epsilon")), &graph));
    struct engine *engine = open_engine(graph, 1, false);
    const json_value *records = member(golden.file, "logits");
    assert_true(json_count(records) >= 16);
    for (size_t i = 0; i < json_count(records); i++) {
        const json_value *record = json_element(records, i);
        const char *name = text(member(record, "image"));
        const double largest = number(member(record, "largest"));
        float logits[IMAGENET_CLASSES];
        set_image(graph, name, engine_input(engine, 0));
        check(engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = 1}));
        check(engine_read(engine, ENGINE_LOGITS, logits, IMAGENET_CLASSES));
        double error = l2_error(record, logits, IMAGENET_CLASSES) / largest;
        for (size_t k = 0; k < 5; k++) {
            const size_t class = (size_t)integer(json_element(member(record, "top"), k));
            const double wanted = number(json_element(member(record, "top_values"), k));
            error = fmax(error, fabs((double)logits[class] - wanted) / largest);
            for (size_t c = 0; k == 0 && c < IMAGENET_CLASSES; c++)
                assert_true(logits[c] <= logits[class]);
        }
        if (!(error <= LOGITS_TOLERANCE)) fail_msg("%s: logits: error %.3g of the largest", name, error);
        note(&worst, error, name);
    }
    printf("%s: logits of %zu images: largest error %.2g of the largest logit (%s); PyTorch in float: %.2g\n",
           engine_kernels_name(engine), json_count(records), worst.error, worst.name,
           number(member(golden.file, "pytorch_float32_error")));
    engine_close(engine);
    graph_free(graph);
}

/* The head's values, by the script's formula. */
static void set_head(struct engine *engine) {
    const json_value *head = member(golden.file, "head");
    const uint32_t seed = (uint32_t)integer(member(golden.file, "seed"));
    for (size_t layer = 0; layer < json_count(head); layer++) {
        const json_value *row = json_element(head, layer);
        const size_t inputs = (size_t)integer(member(row, "inputs")), outputs = (size_t)integer(member(row, "outputs"));
        for (size_t bias = 0; bias < 2; bias++) {
            const size_t count = bias ? outputs : inputs * outputs;
            const double limit = round(sqrt(6.0 / (double)(inputs + outputs)) * 1024) / 1024;
            const float scale = bias ? 0.125F : (float)limit;
            const uint32_t key = stream_key(seed, (uint32_t)(2 * layer + bias));
            char name[GRAPH_NAME_SIZE];
            snprintf(name, sizeof name, "%s/%s", text(member(row, "name")), bias ? "bias" : "kernel");
            float *values = memory_allocate(count, sizeof *values);
            assert_non_null(values);
            for (size_t i = 0; i < count; i++)
                values[i] = scale * ((float)(mix(key + (uint32_t)i) >> 8) * 0x1p-23F - 1.0F);
            check(engine_set(engine, name, values, count));
            memory_free(values);
        }
    }
}

/* A bias before a BatchNormalization: its true gradient is 0, and rounding is measured against what was summed. */
static double bias_error(const json_value *record, const float *values, size_t count) {
    double total = 0, error = 0;
    for (size_t i = 0; i < count; i++)
        total += fabs((double)values[i]);
    for (size_t j = 0; j < SAMPLES; j++)
        error = fmax(error, fabs((double)values[place(count, j)]) / number(json_element(member(record, "samples"), j)));
    return fmax(error, total / number(member(record, "total")));
}

static void compare_gradient(const struct engine *engine, const json_value *records, const struct parameter *parameter,
                             struct worst *worst, struct worst *worst_bias) {
    const json_value *bias = json_member(member(records, "biases"), parameter->name);
    const json_value *record = bias ? bias : member(member(records, "tensors"), parameter->name);
    char name[GRAPH_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s/gradient", parameter->name);
    const size_t count = shape_size(&parameter->shape);
    float *values = memory_allocate(count, sizeof *values);
    assert_non_null(values);
    check(engine_get(engine, name, values, count));
    if (bias) {
        note(worst_bias, bias_error(record, values, count), parameter->name);
    } else {
        note(worst, l2_error(record, values, count) / number(member(record, "norm")), parameter->name);
    }
    memory_free(values);
}

/* The few values that the script moved, so that no rounding decides at a kink. */
static ocellus_status move_values(void *context, const char *name, const json_value *list) {
    struct engine *engine = context;
    float values[2048];
    size_t count = 0;
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        if (strcmp(tensor.name, name) == 0) count = shape_size(tensor.shape);
    }
    assert_true(count > 0 && count <= sizeof values / sizeof *values);
    TRY(engine_get(engine, name, values, count));
    for (size_t i = 0; i < json_count(list); i++) {
        const size_t channel = (size_t)integer(json_element(json_element(list, i), 0));
        assert_true(channel < count);
        values[channel] = (float)number(json_element(json_element(list, i), 1));
    }
    return engine_set(engine, name, values, count);
}

static void run_step(struct engine *engine, const struct graph *graph, const json_value *records) {
    const size_t n = (size_t)integer(member(records, "batch"));
    const struct pixel_form form = {batch_view_form(graph), batch_transform(graph)};
    const struct image_set test = image_set_all(golden.test);
    struct batch_room room = {0};
    int32_t labels[4];
    struct engine_metrics metrics;
    assert_true(n <= 4);
    set_head(engine);
    check(json_each_member(member(records, "moved"), move_values, engine));
    check(batch_fill(&test, 0, n, &form, &room, engine_input(engine, 0), labels));
    check(engine_forward(engine, ENGINE_TRAINING, &(struct engine_batch){.n = n}));
    check(engine_loss(engine, &(struct engine_targets){.labels = labels}));
    check(engine_metrics(engine, &metrics));
    check(engine_backward(engine));
    const double wanted = number(member(records, "loss")), error = fabs(metrics.loss_sum / (double)n - wanted) / wanted;
    printf("%s: loss: relative error %.2g\n", engine_kernels_name(engine), error);
    assert_true(error <= LOSS_TOLERANCE);
}

static void test_gradients(void **state) {
    (void)state;
    const json_value *records = member(golden.file, "gradients");
    struct worst worst = {0}, worst_bias = {0};
    size_t compared = 0;
    struct graph *graph;
    check(graph_resnet50(CIFAR_SIDE, CIFAR_SIDE, 3, 10, RESNET50_SIDE, number(member(golden.file, "epsilon")), &graph));
    struct engine *engine = open_engine(graph, (size_t)integer(member(records, "batch")), true);
    run_step(engine, graph, records);
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++) {
            const struct parameter *parameter = &graph->nodes[i].parameters[k];
            if (!parameter->trainable) continue;
            compare_gradient(engine, records, parameter, &worst, &worst_bias);
            compared++;
        }
    }
    printf("%s: gradients of %zu tensors: largest relative error %.2g (%s; PyTorch in float: %.2g); biases before "
           "BatchNormalization: %.2g of what was summed (%s)\n",
           engine_kernels_name(engine), compared, worst.error, worst.name,
           number(member(records, "pytorch_float32_error")), worst_bias.error, worst_bias.name);
    assert_int_equal(compared, json_count(member(records, "tensors")) + json_count(member(records, "biases")));
    if (!(worst.error <= GRADIENT_TOLERANCE)) fail_msg("%s: gradient: relative error %.3g", worst.name, worst.error);
    if (!(worst_bias.error <= BIAS_TOLERANCE)) fail_msg("%s: gradient: %.3g", worst_bias.name, worst_bias.error);
    engine_close(engine);
    graph_free(graph);
}

/* The logits of two images as they lie in memory. */
static void two_images(const struct graph *graph, float logits[2 * IMAGENET_CLASSES]) {
    struct engine *engine = open_engine(graph, 2, false);
    set_image(graph, "cat", engine_input(engine, 0));
    set_image(graph, "cifar10 0", engine_input(engine, 0) + VALUES);
    check(engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = 2}));
    check(engine_read(engine, ENGINE_LOGITS, logits, (size_t)2 * IMAGENET_CLASSES));
    engine_close(engine);
}

/* Other layer names, another order, the same bits: at equal epsilon. */
static void test_graph_from_json(void **state) {
    (void)state;
    static float of_code[2 * IMAGENET_CLASSES], of_json[2 * IMAGENET_CLASSES];
    char path[FILE_PATH_SIZE];
    check(path_join(path, golden.weights, FILE_KIND_TFJS_NAME));
    if (!path_exists(path)) {
        printf("the cache holds no %s\n", FILE_KIND_TFJS_NAME);
        skip();
    }
    json_value *json;
    struct graph *graph;
    check(json_parse_file(path, 16 << 20, &json));
    check(graph_from_json(member(json, "modelTopology"), path, &graph));
    json_release(json);
    graph->preprocessing = PREPROCESSING_CAFFE; /* no part of Keras's JSON */
    two_images(graph, of_json);
    graph_free(graph);
    check(graph_resnet50_imagenet(FILE_EPSILON, &graph));
    two_images(graph, of_code);
    graph_free(graph);
    assert_memory_equal(of_code, of_json, sizeof of_code);
    check(graph_resnet50_imagenet(RESNET50_EPSILON, &graph)); /* and the comparison can tell */
    two_images(graph, of_code);
    graph_free(graph);
    assert_memory_not_equal(of_code, of_json, sizeof of_code);
}

static int close_all(void **state) {
    (void)state;
    json_release(golden.file);
    source_close(golden.train);
    source_close(golden.test);
    return 0;
}

int main(void) {
    const char *why = NULL;
    const char *wanted = getenv("OCELLUS_CPU");
    bool built = false;
    for (const struct kernels *const *row = kernels_available(); *row; row++)
        built = built || (wanted && strcmp((*row)->name, wanted) == 0);
    if (wanted && !built && !kernels_select(&why)) {
        printf("%s: skipped: %s\n", wanted, why);
        return SKIPPED;
    }
    if (resnet50_find(golden.weights) != OCELLUS_OK ||
        cifar10_open(NULL, true, &golden.train, &golden.test) != OCELLUS_OK) {
        printf("skipped: %s\n", status_message());
        return SKIPPED;
    }
    if (json_parse_file(GOLDEN_FOLDER "/resnet50.json", 1 << 20, &golden.file) != OCELLUS_OK) {
        fprintf(stderr, "%s\n", status_message());
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logits),
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_graph_from_json),
    };
    return cmocka_run_group_tests_name("golden/resnet50", tests, NULL, close_all);
}
