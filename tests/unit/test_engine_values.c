/* SPDX-License-Identifier: MIT */
/* Values that are asked for by name: read after a forward pass though the plan would fold them away, and the gradient to
 * one of them in inference. The oracle in double says what they are. */
#include "engine_networks.h"

#include "oracle/engine_oracle.h"

enum { IMAGES = 5 };

/* What arithmetic in float may miss of a network of a dozen layers. */
static const double NEAR = 2e-5;

/* Values that a plan folds, that ride on others, or that are made where they are read. */
static struct graph *folding_network(void) {
    struct graph *graph = new_network("folding", 12, 10, CHANNELS);
    size_t at = add_conv(graph, "folded_conv", 0, 8, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_norm(graph, "folded_norm", at);
    const size_t shortcut = at = add_relu(graph, "relu", at);
    at = add_border(graph, "padding", at);
    at = add_conv(graph, "middle_conv", at, 8, 3, 1, PADDING_VALID, UNARY_RELU);
    at = add_norm(graph, "riding_norm", at);
    at = add_two(graph, &layer_add, "first_add", at, shortcut);
    at = add_depthwise(graph, "folded_depthwise", at, 3, 1);
    at = add_norm(graph, "depthwise_norm", at);
    const size_t middle = at = add_unary(graph, "swish", at, (struct unary){.function = UNARY_SWISH});
    at = add_conv(graph, "adding_conv", at, 8, 1, 1, PADDING_VALID, UNARY_LINEAR);
    at = add_norm(graph, "adding_norm", at);
    at = add_two(graph, &layer_add, "second_add", at, middle);
    at = add_relu(graph, "second_relu", at);
    at = add_two(graph, &layer_concatenate, "concatenation", at, shortcut);
    at = add_dropout(graph, "dropout", at, 0.3);
    at = add_excite(graph, "excited", at, 16, true);
    at = add_pool(graph, &layer_max_pooling2d, "pooled", at, 2, 2);
    at = add_plain(graph, &layer_flatten, "flattened", at);
    at = add_dense(graph, "hidden", at, 12, UNARY_RELU);
    at = add_dropout(graph, "second_dropout", at, 0.5);
    add_dense(graph, "logits", at, CLASSES, UNARY_SOFTMAX);
    return graph;
}

static const char *const names[] = {"folded_conv",    "folded_norm", "relu",       "padding",          "middle_conv",
                                    "riding_norm",    "first_add",   "swish",      "folded_depthwise", "depthwise_norm",
                                    "adding_conv",    "adding_norm", "second_add", "second_relu",      "concatenation",
                                    "dropout",        "excited",     "pooled",     "flattened",        "hidden",
                                    "second_dropout", "logits"};
enum { NAMES = sizeof names / sizeof *names };

static bool is_folded(const char *name) {
    return strcmp(name, "folded_conv") == 0 || strcmp(name, "adding_conv") == 0 ||
           strcmp(name, "folded_depthwise") == 0;
}

static const struct engine_batch batch = {.n = IMAGES, .epoch = 3, .first_place = 17};

static void check_values(struct engine *engine, struct engine *oracle, const struct graph *graph, const char *layer,
                         size_t n) {
    size_t count;
    float *got = layer_output(engine, graph, layer, n, &count),
          *expected = layer_output(oracle, graph, layer, n, &count);
    const double off = difference(got, expected, count);
    if (!(off < NEAR)) fail_msg("%s/output is off by %g", layer, off);
    memory_free(got);
    memory_free(expected);
}

static void compare(struct engine *engine, struct engine *oracle, const struct graph *graph, const char *const *kept,
                    size_t count, enum engine_mode mode) {
    forward_network(engine, graph, mode, batch);
    forward_network(oracle, graph, mode, batch);
    for (size_t i = 0; i < count; i++)
        check_values(engine, oracle, graph, kept[i], IMAGES);
}

/* One engine that keeps these, for inference and then for training, beside the oracle. Training last: statistics move. */
static void keep_and_compare(const struct graph *graph, const char *const *kept, size_t count) {
    struct engine_options options = {
        .batch_size = IMAGES + 1, .threads = 2, .seed = 99, .keep = kept, .keep_count = count};
    struct engine *inference = open_filled(NULL, graph, options);
    options.training = true;
    options.optimizer = adam;
    struct engine *training = open_filled(NULL, graph, options),
                  *oracle = open_filled(&engine_oracle_double, graph, options);
    compare(inference, oracle, graph, kept, count, ENGINE_INFERENCE);
    compare(training, oracle, graph, kept, count, ENGINE_INFERENCE);
    compare(training, oracle, graph, kept, count, ENGINE_TRAINING);
    engine_close(inference);
    engine_close(training);
    engine_close(oracle);
}

static void keep_on_row(void) {
    struct graph *graph = folding_network();
    keep_and_compare(graph, names, NAMES);
    graph_free(graph);
}

static void test_all_kept(void **state) {
    (void)state;
    for_every_row(keep_on_row);
}

/* The logits do not change in a bit, but where a kernel is not folded any more. */
static void check_logits(const struct graph *graph, const char *kept, const float *expected) {
    const struct engine_options options = {.batch_size = IMAGES, .keep = &kept, .keep_count = 1};
    struct engine *engine = open_filled(NULL, graph, options);
    forward_network(engine, graph, ENGINE_INFERENCE, batch);
    float *logits = read_logits(engine, (size_t)IMAGES * CLASSES);
    const double off = difference(logits, expected, (size_t)IMAGES * CLASSES);
    if (!(off < NEAR) || (off > 0 && !is_folded(kept))) fail_msg("%s is kept: the logits are off by %g", kept, off);
    engine_close(engine);
    memory_free(logits);
}

static void test_each_kept(void **state) {
    (void)state;
    struct graph *graph = folding_network();
    struct engine *engine = open_filled(NULL, graph, (struct engine_options){.batch_size = IMAGES});
    forward_network(engine, graph, ENGINE_INFERENCE, batch);
    float *logits = read_logits(engine, (size_t)IMAGES * CLASSES);
    for (size_t i = 0; i < NAMES; i++) {
        keep_and_compare(graph, &names[i], 1);
        check_logits(graph, names[i], logits);
    }
    engine_close(engine);
    memory_free(logits);
    graph_free(graph);
}

/* What asking has changed is said in words. */
static void test_described(void **state) {
    (void)state;
    static const char *const kept[] = {"folded_conv", "relu", "padding", "hidden"};
    struct graph *graph = folding_network();
    struct engine *engine =
        open_filled(NULL, graph, (struct engine_options){.batch_size = 1, .keep = kept, .keep_count = 4});
    struct engine *plain = open_filled(NULL, graph, (struct engine_options){.batch_size = 1});
    struct text text = {0};
    engine_describe(engine, &text);
    assert_non_null(
        strstr(text.bytes, "\nkept folded_conv              stored, and what follows is not folded into it\n"));
    assert_non_null(strstr(text.bytes, "\nkept relu                     stored in any case\n"));
    assert_non_null(strstr(text.bytes, "\nkept padding                  stored, not made on the way\n"));
    assert_non_null(strstr(text.bytes, "\nkept hidden                   stored in any case\n"));
    text_free(&text);
    engine_describe(plain, &text);
    assert_null(strstr(text.bytes, "\nkept "));
    text_free(&text);
    engine_close(engine);
    engine_close(plain);
    graph_free(graph);
}

/* What is kept by name outlives a backward pass; what the plan had stored for itself is refused then. */
static void test_kept_through_backward(void **state) {
    (void)state;
    struct graph *graph = folding_network();
    struct engine_options options = {
        .batch_size = IMAGES, .training = true, .optimizer = adam, .keep = names, .keep_count = NAMES};
    struct engine *engine = open_filled(NULL, graph, options);
    float *before[NAMES], *after;
    size_t count;
    forward_network(engine, graph, ENGINE_TRAINING, batch);
    for (size_t i = 0; i < NAMES; i++)
        before[i] = layer_output(engine, graph, names[i], IMAGES, &count);
    backward_network(engine, IMAGES, CLASSES);
    for (size_t i = 0; i < NAMES; i++) {
        after = layer_output(engine, graph, names[i], IMAGES, &count);
        assert_memory_equal(after, before[i], count * sizeof *after);
        memory_free(before[i]);
        memory_free(after);
    }
    engine_close(engine);
    options.keep_count = 0;
    engine = open_filled(NULL, graph, options);
    forward_network(engine, graph, ENGINE_TRAINING, batch);
    after = layer_output(engine, graph, "hidden", IMAGES, &count);
    backward_network(engine, IMAGES, CLASSES);
    check_refused(engine_get(engine, "hidden/output", after, count), OCELLUS_USAGE,
                  "does not keep this output beyond the backward pass");
    memory_free(after);
    engine_close(engine);
    graph_free(graph);
}

/* --- gradients to a value --- */

static float *gradient_of(struct engine *engine, const struct graph *graph, const char *layer, const float *diff_logits,
                          size_t n, size_t *count) {
    char name[GRAPH_NAME_SIZE + 32];
    snprintf(name, sizeof name, "%s/output_gradient", layer);
    *count = n * shape_size(&graph_node(graph, layer)->shape);
    check(engine_backward_from(engine, diff_logits, n));
    return tensor_values(engine, name, *count);
}

static void fill_diff(float *diff, size_t count, uint32_t number) {
    struct random_stream stream = random_at(13, RANDOM_TEST, 0, number);
    for (size_t i = 0; i < count; i++)
        diff[i] = 2 * random_unit(&stream) - 1;
}

/* Beside the oracle, for a whole batch and a part of it; the second time as the first; with any number of threads. */
static void check_gradient_to(const struct graph *graph, const char *layer) {
    struct engine_options options = {.batch_size = IMAGES, .gradient_to = layer};
    struct engine *engines[3], *oracle = open_filled(&engine_oracle_double, graph, options);
    float diff[IMAGES * CLASSES], other[IMAGES * CLASSES];
    fill_diff(diff, IMAGES * CLASSES, 1);
    fill_diff(other, IMAGES * CLASSES, 2);
    for (size_t t = 0; t < 3; t++) {
        options.threads = t + 1;
        engines[t] = open_filled(NULL, graph, options);
    }
    for (size_t n = IMAGES; n > 0; n /= 2) {
        const struct engine_batch part = {.n = n, .first_place = 17};
        size_t count;
        forward_network(oracle, graph, ENGINE_INFERENCE, part);
        float *expected = gradient_of(oracle, graph, layer, diff, n, &count), *first = NULL;
        for (size_t t = 0; t < 3; t++) {
            forward_network(engines[t], graph, ENGINE_INFERENCE, part);
            memory_free(gradient_of(engines[t], graph, layer, other, n, &count));
            float *got = gradient_of(engines[t], graph, layer, diff, n, &count);
            const double off = difference(got, expected, count);
            if (!(off < NEAR)) fail_msg("%s: %s/output_gradient is off by %g", graph->name, layer, off);
            check_values(engines[t], oracle, graph, layer, n);
            if (t == 0) first = got;
            else assert_memory_equal(got, first, count * sizeof *got);
            if (t > 0) memory_free(got);
        }
        memory_free(first);
        memory_free(expected);
    }
    for (size_t t = 0; t < 3; t++)
        engine_close(engines[t]);
    engine_close(oracle);
}

static void check_gradients(struct graph *graph) {
    for (size_t i = 1; i < graph->count; i++) {
        if (graph->nodes[i].type != &layer_zero_padding2d) check_gradient_to(graph, graph->nodes[i].name);
    }
    graph_free(graph);
}

static void gradients_on_row(void) {
    check_gradients(folding_network());
}

static void test_gradients(void **state) {
    (void)state;
    check_gradients(small_simcnn());
    check_gradients(network_of_everything());
    for_every_row(gradients_on_row);
}

/* The oracle itself: the change of sum(logits * diff) when the values of a convolution move, which its bias moves. */
static void test_gradient_is_a_slope(void **state) {
    (void)state;
    static const char *const layers[] = {"middle_conv", "adding_conv", "folded_depthwise", "hidden"};
    struct graph *graph = folding_network();
    float diff[IMAGES * CLASSES];
    fill_diff(diff, IMAGES * CLASSES, 1);
    for (size_t k = 0; k < sizeof layers / sizeof *layers; k++) {
        struct engine *engine =
            open_filled(NULL, graph, (struct engine_options){.batch_size = IMAGES, .gradient_to = layers[k]});
        char name[GRAPH_NAME_SIZE + 8];
        snprintf(name, sizeof name, "%s/bias", layers[k]);
        const size_t channels = shape_size(&graph_parameter(graph, name, NULL)->shape), c = channels / 2;
        float *bias = tensor_values(engine, name, channels);
        size_t count;
        forward_network(engine, graph, ENGINE_INFERENCE, batch);
        float *gradient = gradient_of(engine, graph, layers[k], diff, IMAGES, &count),
              *values = layer_output(engine, graph, layers[k], IMAGES, &count);
        double expected = 0, slope = 0;
        for (size_t i = c; i < count; i += channels) /* through the layer's own ReLU where it has one */
            expected += k % 3 > 0 || values[i] > 0 ? (double)gradient[i] : 0;
        static const double STEP = 1e-3;
        for (int side = -1; side <= 1; side += 2) {
            const float was = bias[c];
            bias[c] = (float)((double)was + side * STEP);
            check(engine_set(engine, name, bias, channels));
            bias[c] = was;
            forward_network(engine, graph, ENGINE_INFERENCE, batch);
            float *logits = read_logits(engine, (size_t)IMAGES * CLASSES);
            for (size_t i = 0; i < IMAGES * CLASSES; i++)
                slope += side * (double)diff[i] * (double)logits[i] / (2 * STEP);
            memory_free(logits);
        }
        if (!(fabs(slope - expected) < 0.01 * fabs(expected) + 0.005))
            fail_msg("%s: gradient %g, slope %g", layers[k], expected, slope);
        memory_free(bias);
        memory_free(gradient);
        memory_free(values);
        engine_close(engine);
    }
    graph_free(graph);
}

/* A layer that computes nothing has its input's value: here the network's. */
static void test_input_by_name(void **state) {
    (void)state;
    static const char *const kept[] = {"nothing"};
    struct graph *graph = new_network("plain", 6, 5, CHANNELS);
    size_t at = add_unary(graph, "nothing", 0, (struct unary){.function = UNARY_LINEAR});
    at = add_conv(graph, NULL, at, 4, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_plain(graph, &layer_flatten, NULL, add_relu(graph, NULL, add_norm(graph, NULL, at)));
    add_dense(graph, NULL, at, CLASSES, UNARY_SOFTMAX);
    keep_and_compare(graph, kept, 1);
    check_gradient_to(graph, "nothing");
    graph_free(graph);
}

static void test_gradient_to_nowhere(void **state) {
    (void)state;
    struct graph *graph = new_network("dangling", 6, 5, CHANNELS);
    struct engine *engine = NULL;
    const size_t at = add_conv(graph, "used", 0, 4, 3, 1, PADDING_SAME, UNARY_LINEAR);
    add_relu(graph, "unused", at);
    add_dense(graph, NULL, add_plain(graph, &layer_flatten, NULL, at), CLASSES, UNARY_SOFTMAX);
    const char *const kept[] = {"unused"};
    for (size_t keep_count = 0; keep_count < 2; keep_count++) {
        const struct engine_options options = {
            .batch_size = 1, .gradient_to = "unused", .keep = kept, .keep_count = keep_count};
        check_refused(engine_open(NULL, graph, &options, &engine), OCELLUS_USAGE,
                      "nothing on the way to the logits reads layer unused");
    }
    keep_and_compare(graph, kept, 1);
    graph_free(graph);
    graph = folding_network();
    const struct engine_options options = {.batch_size = 1, .gradient_to = "padding"};
    check_refused(engine_open(NULL, graph, &options, &engine), OCELLUS_USAGE, "the convolution after it pads");
    graph_free(graph);
}

/* --- the other end of a network --- */

/* A sigmoid at the end is taken off: what the loss makes of it, beside the oracle. */
static void sigmoid_on_row(void) {
    struct graph *graph = new_network("sigmoid", 9, 8, CHANNELS);
    size_t at = add_conv(graph, "conv", 0, 6, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_relu(graph, NULL, add_norm(graph, NULL, at));
    at = add_plain(graph, &layer_global_average_pooling2d, NULL, at);
    add_dense(graph, "last", at, CLASSES, UNARY_SIGMOID);
    const struct engine_options options = {.batch_size = IMAGES, .training = true, .optimizer = adam};
    struct engine *engines[2] = {open_filled(NULL, graph, options), open_filled(&engine_oracle_double, graph, options)};
    float shares[IMAGES * CLASSES], weights[IMAGES], *gradients[2], probabilities[2][IMAGES * CLASSES];
    const struct engine_targets targets = {.shares = shares, .weights = weights, .smoothing = 0.1, .denominator = 3};
    struct engine_metrics metrics[2];
    static const char *const tensors[] = {"conv/kernel", "batch_normalization/gamma", "last/kernel", "last/bias"};
    fill_diff(shares, IMAGES * CLASSES, 3);
    for (size_t i = 0; i < IMAGES * CLASSES; i++)
        shares[i] = shares[i] > 0 ? 1 : 0;
    for (size_t i = 0; i < IMAGES; i++)
        weights[i] = (float)(i + 1) / 4;
    for (size_t e = 0; e < 2; e++) {
        forward_network(engines[e], graph, ENGINE_TRAINING, batch);
        check(engine_loss(engines[e], &targets));
        check(engine_metrics(engines[e], &metrics[e]));
        check(engine_read(engines[e], ENGINE_PROBABILITIES, probabilities[e], IMAGES * CLASSES));
        check(engine_backward(engines[e]));
    }
    assert_true(difference(probabilities[0], probabilities[1], IMAGES * CLASSES) < NEAR);
    assert_true(fabs(metrics[0].loss_sum - metrics[1].loss_sum) < NEAR * metrics[1].loss_sum);
    assert_int_equal(metrics[0].correct, metrics[1].correct);
    double sum = 0; /* of one image's probabilities: not 1 */
    for (size_t c = 0; c < CLASSES; c++)
        sum += (double)probabilities[0][c];
    assert_true(fabs(sum - 1) > 0.01);
    for (size_t k = 0; k < sizeof tensors / sizeof *tensors; k++) {
        char name[GRAPH_NAME_SIZE + 16];
        const size_t count = shape_size(&graph_parameter(graph, tensors[k], NULL)->shape);
        snprintf(name, sizeof name, "%s/gradient", tensors[k]);
        for (size_t e = 0; e < 2; e++)
            gradients[e] = tensor_values(engines[e], name, count);
        const double off = difference(gradients[0], gradients[1], count);
        if (!(off < NEAR)) fail_msg("%s is off by %g", name, off);
        memory_free(gradients[0]);
        memory_free(gradients[1]);
    }
    engine_close(engines[0]);
    engine_close(engines[1]);
    graph_free(graph);
}

static void test_sigmoid(void **state) {
    (void)state;
    for_every_row(sigmoid_on_row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kept),      cmocka_unit_test(test_each_kept),
        cmocka_unit_test(test_described),     cmocka_unit_test(test_kept_through_backward),
        cmocka_unit_test(test_gradients),     cmocka_unit_test(test_gradient_is_a_slope),
        cmocka_unit_test(test_input_by_name), cmocka_unit_test(test_gradient_to_nowhere),
        cmocka_unit_test(test_sigmoid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
