/* SPDX-License-Identifier: MIT */
/* Values kept by name, and the gradient to one of them in inference. */
#include "engine_fixture.h"
#include "model/layer.h"

#include <math.h>
#include <stdio.h>

enum { N = 3, FIRST = 12, SECOND = 20 };
enum { PIXELS = HEIGHT * WIDTH };

static size_t add(struct graph *graph, const struct layer_type *type, const char *name, union layer_config config) {
    size_t newest = graph->count - 1;
    check(graph_add(graph, type, name, NULL, &config, &newest, 1, &newest));
    return newest;
}

static union layer_config convolution(int64_t filters, enum unary_function function) {
    return (union layer_config){.conv2d = {.filters = filters,
                                           .kernel_size = {3, 3},
                                           .strides = {1, 1},
                                           .padding = PADDING_SAME,
                                           .activation = {.function = function},
                                           .use_bias = true}};
}

/* A convolution whose BatchNormalization is folded into it, another with a ReLU inside, and a head. The normalization is
 * frozen, so that a training computes what an inference does. */
static struct graph *make_network(void) {
    struct graph *graph;
    size_t matched;
    const union layer_config input = {.input_layer = {.shape = {3, {HEIGHT, WIDTH, CHANNELS}}}};
    check(graph_create("values", &graph));
    check(graph_add(graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, NULL));
    add(graph, &layer_conv2d, "first", convolution(FIRST, UNARY_LINEAR));
    add(graph, &layer_batch_normalization, "norm",
        (union layer_config){.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3}});
    add(graph, &layer_activation, "relu", (union layer_config){.activation = {.activation = {.function = UNARY_RELU}}});
    add(graph, &layer_conv2d, "second", convolution(SECOND, UNARY_RELU));
    add(graph, &layer_global_average_pooling2d, "mean", (union layer_config){0});
    add(graph, &layer_dense, "head",
        (union layer_config){.dense = {.units = CLASSES, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}});
    check(graph_freeze(graph, "norm", &matched));
    return graph;
}

static struct engine *open_network(const struct graph *graph, const struct engine_options *options) {
    struct engine *engine;
    struct engine_options all = *options;
    all.threads = 2;
    all.batch_size = N + 1;
    check(engine_open(NULL, graph, &all, &engine));
    check(engine_initialize(engine, 3));
    const struct {
        const char *name;
        double from, to;
    } norms[] = {{"norm/gamma", 0.5, 1.5},
                 {"norm/beta", -0.3, 0.3},
                 {"norm/moving_mean", -0.2, 0.2},
                 {"norm/moving_variance", 0.5, 2}};
    for (uint32_t i = 0; i < 4; i++) {
        float values[FIRST];
        struct random_stream stream = random_at(9, RANDOM_TEST, 0, i);
        for (size_t c = 0; c < FIRST; c++)
            values[c] = (float)(norms[i].from + (norms[i].to - norms[i].from) * (double)random_unit(&stream));
        check(engine_set(engine, norms[i].name, values, FIRST));
    }
    return engine;
}

static void infer(struct engine *engine, float logits[N * CLASSES]) {
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(4, N, labels);
    check(forward_images(engine, ENGINE_INFERENCE, images, N));
    check(engine_read(engine, ENGINE_LOGITS, logits, (size_t)N * CLASSES));
    memory_free(images);
}

static void describe(const struct engine *engine, struct text *out) {
    engine_describe(engine, out);
    assert_false(out->failed);
}

/* What folding removes is there when it was asked for, the plan says so, and the rest stays as it was. */
static void keep_on_row(void) {
    struct graph *graph = make_network();
    const char *const names[] = {"first", "norm", "relu"};
    struct engine *plain = open_network(graph, &(struct engine_options){0});
    struct engine *keeping = open_network(graph, &(struct engine_options){.keep = names, .keep_count = 3});
    float expected[N * CLASSES], logits[N * CLASSES];
    infer(plain, expected);
    infer(keeping, logits);
    for (size_t i = 0; i < N * CLASSES; i++)
        assert_true(fabsf(logits[i] - expected[i]) < 1e-5F);
    const size_t count = (size_t)N * PIXELS * FIRST;
    float *first = tensor_values(keeping, "first/output", count), *norm = tensor_values(keeping, "norm/output", count);
    float *relu = tensor_values(keeping, "relu/output", count);
    float *gamma = tensor_values(keeping, "norm/gamma", FIRST), *beta = tensor_values(keeping, "norm/beta", FIRST);
    float *mean = tensor_values(keeping, "norm/moving_mean", FIRST);
    float *variance = tensor_values(keeping, "norm/moving_variance", FIRST);
    size_t positive = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % FIRST;
        const double scale = (double)gamma[c] / sqrt((double)variance[c] + 1e-3);
        const double wanted = ((double)first[i] - (double)mean[c]) * scale + (double)beta[c];
        assert_true(fabs((double)norm[i] - wanted) < 1e-5);
        assert_true(relu[i] == (norm[i] > 0 ? norm[i] : 0));
        positive += norm[i] > 0;
    }
    assert_true(positive > count / 10 && positive < count - count / 10);
    check_refused(engine_get(plain, "first/output", first, count), OCELLUS_USAGE, "does not keep");
    struct text with = {0}, without = {0};
    describe(keeping, &with);
    describe(plain, &without);
    assert_string_not_equal(with.bytes, without.bytes);
    text_free(&with);
    text_free(&without);
    float *const all[] = {first, norm, relu, gamma, beta, mean, variance};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        memory_free(all[i]);
    engine_close(plain);
    engine_close(keeping);
    graph_free(graph);
}
static void test_keep(void **state) {
    (void)state;
    for_every_row(keep_on_row);
}

/* A kept value does not depend on the company of its image, nor on the threads. */
static void test_kept_in_any_company(void **state) {
    (void)state;
    struct graph *graph = make_network();
    const char *const names[] = {"norm"};
    struct engine *engine = open_network(graph, &(struct engine_options){.keep = names, .keep_count = 1});
    const size_t image = (size_t)PIXELS * FIRST;
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(4, N, labels);
    check(forward_images(engine, ENGINE_INFERENCE, images, N));
    float *together = tensor_values(engine, "norm/output", N * image);
    for (size_t i = 0; i < N; i++) {
        check(forward_images(engine, ENGINE_INFERENCE, images + i * IMAGE_SIZE, 1));
        float *alone = tensor_values(engine, "norm/output", image);
        assert_memory_equal(alone, together + i * image, image * sizeof *alone);
        memory_free(alone);
    }
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
    memory_free(together);
}

/* The gradients of a training whose loss has this gradient to the logits: of a layer's bias. */
struct training {
    float diff[N * CLASSES], first[FIRST], second[SECOND];
};

static struct training train(const struct graph *graph) {
    struct training out;
    struct engine *engine = open_network(
        graph, &(struct engine_options){.training = true, .optimizer = {.kind = OPTIMIZER_SGD, .learning_rate = 1}});
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(4, N, labels);
    check(forward_images(engine, ENGINE_TRAINING, images, N));
    check(engine_read(engine, ENGINE_PROBABILITIES, out.diff, (size_t)N * CLASSES));
    for (size_t i = 0; i < N; i++) {
        out.diff[i * CLASSES + (size_t)labels[i]] -= 1;
        for (size_t c = 0; c < CLASSES; c++)
            out.diff[i * CLASSES + c] /= N;
    }
    check(engine_loss(engine, &(struct engine_targets){.labels = labels}));
    check(engine_backward(engine));
    check(engine_get(engine, "first/bias/gradient", out.first, FIRST));
    check(engine_get(engine, "second/bias/gradient", out.second, SECOND));
    engine_close(engine);
    memory_free(images);
    return out;
}

/* The gradient to a layer's output of `values` an image; `output` gets the output too. Freed with memory_free(). */
static float *gradient_to(const struct graph *graph, const char *layer, const float *diff, size_t values,
                          float **output) {
    struct engine *engine = open_network(graph, &(struct engine_options){.gradient_to = layer});
    float logits[N * CLASSES];
    char name[32];
    check_refused(engine_backward_from(engine, diff, N), OCELLUS_USAGE, "needs a forward pass in inference");
    infer(engine, logits);
    snprintf(name, sizeof name, "%s/output", layer);
    *output = tensor_values(engine, name, N * values);
    check_refused(engine_backward_from(engine, diff, N + 1), OCELLUS_USAGE, "4 images (expected 3)");
    check(engine_backward_from(engine, diff, N));
    check_refused(engine_get(engine, name, *output, N * values), OCELLUS_USAGE, "left nothing of it");
    check_refused(engine_read(engine, ENGINE_LOGITS, logits, (size_t)N * CLASSES), OCELLUS_USAGE, "left nothing");
    check_refused(engine_backward_from(engine, diff, N), OCELLUS_USAGE, "needs a forward pass in inference");
    snprintf(name, sizeof name, "%s/output_gradient", layer);
    float *gradient = tensor_values(engine, name, N * values);
    infer(engine, logits); /* and once more */
    check_refused(engine_get(engine, name, gradient, N * values), OCELLUS_USAGE, "no such tensor");
    check(engine_backward_from(engine, diff, N));
    float *again = tensor_values(engine, name, N * values);
    assert_memory_equal(again, gradient, N * values * sizeof *again);
    memory_free(again);
    engine_close(engine);
    return gradient;
}

/* Summed over pixels and images, where the layer's own ReLU let them pass, it is the gradient of the layer's bias. */
static void check_bias(const struct graph *graph, const char *layer, const float *diff, size_t channels, bool relu,
                       const float *expected) {
    float *output, *gradient = gradient_to(graph, layer, diff, PIXELS * channels, &output);
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, size = 0;
        for (size_t i = c; i < N * PIXELS * channels; i += channels) {
            if (relu && !(output[i] > 0)) continue;
            sum += (double)gradient[i];
            size += fabs((double)gradient[i]);
        }
        if (!(fabs(sum - (double)expected[c]) <= 1e-5 * size + 1e-9))
            fail_msg("%s: channel %zu: %.9g, expected %.9g", layer, c, sum, (double)expected[c]);
    }
    memory_free(output);
    memory_free(gradient);
}

static void gradient_on_row(void) {
    struct graph *graph = make_network();
    const struct training training = train(graph);
    check_bias(graph, "first", training.diff, FIRST, false, training.first);
    check_bias(graph, "second", training.diff, SECOND, true, training.second);
    /* Of the head's input: the kernel's rows times the gradient. */
    float *output, *gradient = gradient_to(graph, "mean", training.diff, SECOND, &output);
    struct engine *engine = open_network(graph, &(struct engine_options){0});
    float *kernel = tensor_values(engine, "head/kernel", (size_t)SECOND * CLASSES);
    for (size_t i = 0; i < N * SECOND; i++) {
        double expected = 0;
        for (size_t k = 0; k < CLASSES; k++)
            expected += (double)kernel[i % SECOND * CLASSES + k] * (double)training.diff[i / SECOND * CLASSES + k];
        assert_true(fabs((double)gradient[i] - expected) < 1e-6);
    }
    memory_free(output);
    memory_free(gradient);
    memory_free(kernel);
    engine_close(engine);
    graph_free(graph);
}
static void test_gradient(void **state) {
    (void)state;
    for_every_row(gradient_on_row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_kept_in_any_company),
        cmocka_unit_test(test_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
