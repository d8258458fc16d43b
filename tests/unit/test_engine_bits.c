/* SPDX-License-Identifier: MIT */
/* The same bits: for any number of threads, for batches smaller than planned, for an image in any company. */
#include "base/sha256.h"
#include "engine_fixture.h"
#include "model/layer.h"

#include <math.h>

/* Batches of full size, of two images a shard and one over, of fewer images than shards, of one. */
static const size_t batches[] = {35, 33, 7, 1};

static size_t add_layer(struct graph *graph, const struct layer_type *type, union layer_config config, size_t input) {
    size_t added;
    check(graph_add(graph, type, NULL, NULL, &config, &input, 1, &added));
    return added;
}

/* A convolution, its BatchNormalization and, if wanted, a ReLU. */
static size_t add_block(struct graph *graph, int64_t filters, int64_t kernel, int64_t stride, bool relu, size_t input) {
    const union layer_config conv = {.conv2d = {.filters = filters,
                                                .kernel_size = {kernel, kernel},
                                                .strides = {stride, stride},
                                                .padding = PADDING_SAME,
                                                .use_bias = true}};
    const union layer_config norm = {.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3}};
    const union layer_config activation = {.activation = {.activation = {.function = UNARY_RELU}}};
    input = add_layer(graph, &layer_batch_normalization, norm, add_layer(graph, &layer_conv2d, conv, input));
    return relu ? add_layer(graph, &layer_activation, activation, input) : input;
}

static struct graph *begin_network(const char *name) {
    struct graph *graph;
    const union layer_config input = {.input_layer = {.shape = {3, {HEIGHT, WIDTH, CHANNELS}}}};
    check(graph_create(name, &graph));
    check(graph_add(graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, NULL));
    return graph;
}

static size_t add_shortcut(struct graph *graph, size_t a, size_t b) {
    const union layer_config relu = {.activation = {.activation = {.function = UNARY_RELU}}};
    size_t sum;
    check(graph_add(graph, &layer_add, NULL, NULL, NULL, (size_t[]){a, b}, 2, &sum));
    return add_layer(graph, &layer_activation, relu, sum);
}

static struct graph *end_network(struct graph *graph, size_t last) {
    const union layer_config dense = {
        .dense = {.units = CLASSES, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}};
    last = add_layer(graph, &layer_global_average_pooling2d, (union layer_config){0}, last);
    add_layer(graph, &layer_dense, dense, last);
    return graph;
}

/* Small images and many weights at its end, which runs layer by layer; a shortcut that a convolution adds; a value with
 * several readers on the way from one part to the other. */
static struct graph *deep_network(void) {
    struct graph *graph = begin_network("deep");
    const size_t stem = add_block(graph, 8, 3, 1, true, 0);
    const size_t middle = add_block(graph, 64, 3, 1, true, add_block(graph, 64, 1, 4, true, stem));
    const size_t shortcut = add_block(graph, 1024, 1, 4, false, stem);
    const size_t sum = add_shortcut(graph, shortcut, add_block(graph, 1024, 1, 1, false, middle));
    return end_network(graph, add_block(graph, 1024, 1, 2, true, sum));
}

/* A residual block over images larger than a band, whose tasks run in chains. */
static struct graph *wide_network(void) {
    struct graph *graph = begin_network("wide");
    const size_t stem = add_block(graph, 192, 3, 1, true, 0), middle = add_block(graph, 16, 1, 1, true, stem);
    const size_t sum = add_shortcut(graph, stem, add_block(graph, 192, 1, 1, false, middle));
    return end_network(graph, add_block(graph, 16, 1, 2, true, sum));
}

/* A large 1x1 kernel over 4x3 pixels, whose gradient is summed by blocks that are not all whole. */
static struct graph *with_blocks(void) {
    struct graph *graph = begin_network("with_blocks");
    return end_network(graph, add_block(graph, 420, 1, 1, true, add_block(graph, 320, 3, 8, true, 0)));
}

static void train_and_hash(struct graph *(*build)(void), size_t threads, double learning_rate,
                           char text[SHA256_TEXT_SIZE]) {
    struct graph *graph = build();
    struct optimizer optimizer = adam;
    optimizer.learning_rate = learning_rate;
    struct engine *engine = open_engine(graph, threads, 35, &optimizer);
    assert_int_equal(engine_thread_count(engine), threads);
    for (uint32_t step = 0; step < sizeof batches / sizeof *batches; step++)
        train_step(engine, &optimizer, step, batches[step]);
    hash_engine(engine, text);
    engine_close(engine);
    graph_free(graph);
}

static void same_for_any_threads(struct graph *(*build)(void)) {
    char one[SHA256_TEXT_SIZE], other[SHA256_TEXT_SIZE];
    train_and_hash(build, 1, 1e-3, one);
    static const size_t counts[] = {2, 3, 5};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        train_and_hash(build, counts[i], 1e-3, other);
        assert_string_equal(one, other);
    }
    /* The hash does see a small change. */
    train_and_hash(build, 2, 1.000001e-3, other);
    assert_string_not_equal(one, other);
}

static void threads_on_row(void) {
    same_for_any_threads(small_simcnn);
    same_for_any_threads(with_blocks);
    if (strcmp(getenv("OCELLUS_CPU"), "ref") == 0) { return; } /* it takes a minute for the larger ones */
    same_for_any_threads(deep_network);
    same_for_any_threads(wide_network);
}
static void test_threads(void **state) {
    (void)state;
    for_every_row(threads_on_row);
}

/* An engine after one step of SGD on that many images, or before it. */
static struct engine *after_a_step(const char *row, const struct graph *graph, size_t images) {
    const struct optimizer sgd = {.kind = OPTIMIZER_SGD, .learning_rate = 1};
    setenv("OCELLUS_CPU", row, 1);
    struct engine *engine = open_engine(graph, 2, 19, &sgd);
    if (images > 0) train_step(engine, &sgd, 0, images);
    return engine;
}

/* How far a tensor is off, and how far the step was. */
static void compare_tensor(struct engine *const engines[3], size_t tensor, double *error, double *moved) {
    const struct engine_tensor t = engine_tensor_at(engines[0], tensor);
    const size_t count = shape_size(t.shape);
    float *values[3];
    for (size_t i = 0; i < 3; i++)
        values[i] = tensor_values(engines[i], t.name, count);
    *error = *moved = 0;
    for (size_t k = 0; k < count; k++) {
        *moved += pow((double)(values[1][k] - values[0][k]), 2);
        *error += pow((double)(values[2][k] - values[1][k]), 2);
    }
    for (size_t i = 0; i < 3; i++)
        memory_free(values[i]);
}

/* Every row computes the same gradients up to rounding, however it runs: by Winograd, by blocks, layer by layer, in
 * chains. Steps that are nothing but rounding (of biases before a BatchNormalization) are left out. */
static void rows_agree_on(struct graph *graph, size_t images) {
    struct engine *start = after_a_step("ref", graph, 0), *expected = after_a_step("ref", graph, images);
    for (const struct kernels *const *row = kernels_available() + 1; *row; row++) {
        struct engine *got = after_a_step((*row)->name, graph, images);
        size_t compared = 0;
        for (size_t i = 0; i < engine_tensor_count(got); i++) {
            double error, moved;
            compare_tensor((struct engine *const[]){start, expected, got}, i, &error, &moved);
            if (moved < 1e-10) continue;
            compared++;
            if (error > 1e-4 * moved)
                fail_msg("%s: %s: %s: a step is off by %.3g of its length", graph->name, (*row)->name,
                         engine_tensor_at(got, i).name, sqrt(error / moved));
        }
        assert_true(2 * compared > engine_tensor_count(got));
        engine_close(got);
    }
    engine_close(start);
    engine_close(expected);
    graph_free(graph);
    unsetenv("OCELLUS_CPU");
}
static void test_rows_agree(void **state) {
    (void)state;
    rows_agree_on(with_blocks(), 19);
    rows_agree_on(deep_network(), 19);
    rows_agree_on(wide_network(), 5);
}

/* A step on 7 images, in an engine planned for 7 and in one planned for 35 that has seen other batches before. */
static void smaller_batch_on_row(void) {
    char exact[SHA256_TEXT_SIZE], larger[SHA256_TEXT_SIZE];
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 2, 7, &adam);
    const double loss = train_step(engine, &adam, 3, 7);
    hash_engine(engine, exact);
    engine_close(engine);

    engine = open_engine(graph, 2, 35, &adam);
    train_step(engine, &adam, 0, 35);
    check(engine_initialize(engine, 7));
    assert_int_equal(engine_updates(engine), 0);
    assert_true(train_step(engine, &adam, 3, 7) == loss);
    hash_engine(engine, larger);
    assert_string_equal(exact, larger);
    engine_close(engine);
    graph_free(graph);
}
static void test_smaller_batch(void **state) {
    (void)state;
    for_every_row(smaller_batch_on_row);
}

/* Logits of n images, in inference. */
static void infer(struct engine *engine, const float *images, size_t n, float *logits) {
    check(forward_images(engine, ENGINE_INFERENCE, images, n));
    check(engine_read(engine, ENGINE_LOGITS, logits, n * CLASSES));
}

/* An image alone, in batches of any size, at any place, with 1, 2 and 3 threads, and in an engine opened for inference. */
static void infer_in_any_company(struct graph *graph, size_t count) {
    int32_t labels[MOST_IMAGES];
    const size_t bytes = count * CLASSES * sizeof(float);
    float together[MOST_IMAGES * CLASSES], alone[MOST_IMAGES * CLASSES];
    float *images = noise_images(20, count, labels), *turned = memory_allocate(count * IMAGE_SIZE, sizeof *turned);
    assert_non_null(turned);
    for (size_t i = 0; i < count; i++)
        memcpy(turned + i * IMAGE_SIZE, images + (count - 1 - i) * IMAGE_SIZE, IMAGE_SIZE * sizeof *images);
    struct engine *trained = open_engine(graph, 2, count, &adam);
    train_step(trained, &adam, 0, count); /* so that moving statistics are not the initial ones */
    infer(trained, images, count, together);
    for (size_t i = 1; i < count; i++) /* the images must tell themselves apart */
        assert_memory_not_equal(together, together + i * CLASSES, CLASSES * sizeof *together);

    for (size_t threads = 1; threads <= 3; threads++) {
        const struct engine_options options = {.threads = threads, .batch_size = count};
        struct engine *engine;
        check(engine_open(NULL, graph, &options, &engine));
        for (size_t i = 0; i < engine_tensor_count(engine); i++) {
            const struct engine_tensor tensor = engine_tensor_at(engine, i);
            float *values = tensor_values(trained, tensor.name, shape_size(tensor.shape));
            check(engine_set(engine, tensor.name, values, shape_size(tensor.shape)));
            memory_free(values);
        }
        for (size_t size = 1; size <= count; size += size < 4 ? 1 : 7) {
            for (size_t first = 0; first < count; first += size) {
                const size_t n = count - first < size ? count - first : size;
                infer(engine, images + first * IMAGE_SIZE, n, alone + first * CLASSES);
            }
            assert_memory_equal(alone, together, bytes);
        }
        infer(engine, turned, count, alone);
        for (size_t i = 0; i < count; i++)
            assert_memory_equal(alone + (count - 1 - i) * CLASSES, together + i * CLASSES, CLASSES * sizeof *alone);
        engine_close(engine);
    }
    engine_close(trained);
    graph_free(graph);
    memory_free(images);
    memory_free(turned);
}

static void inference_on_row(void) {
    infer_in_any_company(small_simcnn(), 33);
    infer_in_any_company(deep_network(), 9);
}
static void test_inference(void **state) {
    (void)state;
    for_every_row(inference_on_row);
}

/* A learning rate of zero changes no bit of what is trained. */
static void zero_rate_with(struct optimizer optimizer) {
    struct graph *graph = small_simcnn();
    optimizer.learning_rate = 0;
    struct engine *engine = open_engine(graph, 2, 35, &optimizer);
    for (uint32_t step = 0; step < 3; step++)
        train_step(engine, &optimizer, step, 35);
    struct engine *fresh = open_engine(graph, 2, 35, &optimizer);
    size_t compared = 0, moved = 0;
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        if (tensor.kind != ENGINE_PARAMETER) continue;
        const size_t count = shape_size(tensor.shape);
        float *now = tensor_values(engine, tensor.name, count), *before = tensor_values(fresh, tensor.name, count);
        if (graph_parameter(graph, tensor.name, NULL)->trainable) {
            assert_memory_equal(now, before, count * sizeof *now);
            compared++;
        } else {
            moved += memcmp(now, before, count * sizeof *now) != 0;
        }
        memory_free(now);
        memory_free(before);
    }
    assert_int_equal(compared, 16);
    assert_int_equal(moved, 6); /* the moving statistics do move: the steps were float */
    engine_close(engine);
    engine_close(fresh);
    graph_free(graph);
}

static void zero_rate_on_row(void) {
    zero_rate_with(adam);
    zero_rate_with((struct optimizer){.kind = OPTIMIZER_SGD});
    zero_rate_with((struct optimizer){.kind = OPTIMIZER_SGD, .momentum = 0.9, .nesterov = true});
}
static void test_zero_learning_rate(void **state) {
    (void)state;
    for_every_row(zero_rate_on_row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_rows_agree),
        cmocka_unit_test(test_smaller_batch),
        cmocka_unit_test(test_inference),
        cmocka_unit_test(test_zero_learning_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
