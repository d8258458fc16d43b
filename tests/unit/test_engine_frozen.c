/* SPDX-License-Identifier: MIT */
/* The frozen prefix of a network runs in a training as in inference, bit for bit, and what stands on it is trained as if
 * its values were the images. */
#include "engine_networks.h"

#include "engine/weights.h"
#include "oracle/engine_oracle.h"

enum { MOST = 20, FEATURES = 8 };

/* What is frozen: a convolution that is folded, a residual block, a Dropout. */
static size_t add_prefix(struct graph *graph) {
    size_t at = add_conv(graph, "f_conv", 0, FEATURES, 3, 1, PADDING_SAME, UNARY_LINEAR);
    const size_t shortcut = at = add_relu(graph, "f_relu", add_norm(graph, "f_norm", at));
    at = add_conv(graph, "f_conv_1", at, FEATURES, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_relu(graph, "f_relu_1", add_norm(graph, "f_norm_1", at));
    at = add_dropout(graph, "f_dropout", at, 0.5);
    at = add_depthwise(graph, "f_depthwise", at, 3, 1);
    at = add_norm(graph, "f_norm_2", at);
    at = add_conv(graph, "f_conv_2", at, FEATURES, 1, 1, PADDING_VALID, UNARY_LINEAR);
    at = add_norm(graph, "f_norm_3", at);
    at = add_two(graph, &layer_add, "f_add", at, shortcut);
    at = add_excite(graph, "f_excited", at, FEATURES, true);
    return add_relu(graph, "f_last", at);
}

/* What is trained. */
static void add_tail(struct graph *graph, size_t at) {
    const size_t shortcut = at;
    at = add_conv(graph, "conv", at, FEATURES, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_relu(graph, "relu", add_norm(graph, "norm", at));
    at = add_two(graph, &layer_add, "add", at, shortcut);
    at = add_dropout(graph, "dropout", at, 0.25);
    at = add_pool(graph, &layer_max_pooling2d, "pool", at, 2, 2);
    at = add_plain(graph, &layer_flatten, "flat", at);
    at = add_dense(graph, "hidden", at, 10, UNARY_RELU);
    add_dense(graph, "logits", at, CLASSES, UNARY_SOFTMAX);
}

/* The dense layers of the squeeze-and-excite have Keras's names. */
static struct graph *frozen_network(void) {
    struct graph *graph = new_network("frozen", 12, 10, CHANNELS);
    size_t matched;
    const size_t last = add_prefix(graph);
    for (size_t i = 1; i <= last; i++)
        check(graph_freeze(graph, graph->nodes[i].name, &matched));
    add_tail(graph, last);
    return graph;
}

/* The tail alone. Random numbers go by a Dropout's number: here too one that does nothing stands in front. */
static struct graph *tail_network(void) {
    struct graph *graph = new_network("tail", 12, 10, FEATURES);
    size_t matched;
    const size_t at = add_dropout(graph, "f_dropout", 0, 0.5);
    check(graph_freeze(graph, "f_dropout", &matched));
    add_tail(graph, at);
    return graph;
}

static const char *const frontier[] = {"f_last"};
static const char *const inside[] = {"f_conv_2", "f_relu", "f_relu_1", "f_add", "f_last"};

static struct engine_options trained(size_t n, size_t threads, const char *const *keep, size_t keep_count) {
    return (struct engine_options){.batch_size = n,
                                   .threads = threads,
                                   .training = true,
                                   .optimizer = adam,
                                   .seed = 5,
                                   .keep = keep,
                                   .keep_count = keep_count};
}

/* Training forward, training inference and an engine for inference; every n up to the batch size, any threads. */
static void same_bits(const char *const *kept, size_t kept_count, size_t n, size_t threads) {
    struct graph *graph = frozen_network();
    struct engine_options options = trained(n, threads, kept, kept_count);
    struct engine *training = open_filled(NULL, graph, options);
    options.training = false;
    options.batch_size = 3;
    struct engine *inference = open_filled(NULL, graph, options);
    forward_network(training, graph, ENGINE_TRAINING, (struct engine_batch){.n = n});
    for (size_t k = 0; k < kept_count; k++) {
        size_t count, whole;
        float *got = layer_output(training, graph, kept[k], n, &whole);
        for (size_t first = 0; first < n; first += 3) {
            const size_t some = n - first < 3 ? n - first : 3;
            forward_network(inference, graph, ENGINE_INFERENCE, (struct engine_batch){.n = some, .first_place = first});
            float *expected = layer_output(inference, graph, kept[k], some, &count);
            if (memcmp(got + first * (whole / n), expected, count * sizeof *got) != 0)
                fail_msg("%s, batch of %zu, %zu threads: other bits in training", kept[k], n, threads);
            memory_free(expected);
        }
        memory_free(got);
    }
    engine_close(training);
    engine_close(inference);
    graph_free(graph);
}

static void same_bits_on_row(void) {
    static const size_t batches[] = {1, 2, 7, MOST};
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        for (size_t threads = 1; threads <= 3; threads++) {
            same_bits(frontier, 1, batches[b], threads);
            same_bits(inside, sizeof inside / sizeof *inside, batches[b], threads);
        }
    }
}

static void test_same_bits(void **state) {
    (void)state;
    for_every_row(same_bits_on_row);
}

/* Bit for bit: the tail's tasks are the same. */
static void check_gradients(const struct graph *whole, const struct graph *tail, struct engine *a, struct engine *b) {
    size_t compared = 0;
    for (size_t i = 0; i < engine_tensor_count(b); i++) {
        const struct engine_tensor tensor = engine_tensor_at(b, i);
        char name[GRAPH_NAME_SIZE + 16];
        const size_t count = shape_size(tensor.shape);
        if (tensor.kind != ENGINE_PARAMETER || !graph_parameter(tail, tensor.name, NULL)->trainable) continue;
        assert_non_null(graph_parameter(whole, tensor.name, NULL));
        snprintf(name, sizeof name, "%s/gradient", tensor.name);
        float *got = tensor_values(a, name, count), *expected = tensor_values(b, name, count);
        double largest = 0;
        for (size_t k = 0; k < count; k++)
            largest = fmax(largest, fabs((double)expected[k]));
        /* The gradient to a bias before a normalization is what cancels. */
        if (strcmp(tensor.name, "conv/bias") != 0) assert_true(largest > 0);
        if (memcmp(got, expected, count * sizeof *got) != 0)
            fail_msg("%s: off by %g", name, difference(got, expected, count));
        memory_free(got);
        memory_free(expected);
        compared++;
    }
    assert_int_equal(compared, 8);
}

static void tail_on_row(void) {
    enum { N = 9 };
    struct graph *whole = frozen_network(), *tail = tail_network();
    struct engine *engine = open_filled(NULL, whole, trained(N, 2, frontier, 1)),
                  *on_features = open_filled(NULL, tail, trained(N, 1, NULL, 0));
    size_t count;
    forward_network(engine, whole, ENGINE_TRAINING, (struct engine_batch){.n = N, .epoch = 2});
    float *features = layer_output(engine, whole, "f_last", N, &count);
    memcpy(engine_input(on_features, 0), features, count * sizeof *features);
    check(engine_forward(on_features, ENGINE_TRAINING, &(struct engine_batch){.n = N, .epoch = 2}));
    backward_network(engine, N, CLASSES);
    backward_network(on_features, N, CLASSES);
    check_gradients(whole, tail, engine, on_features);
    check_refused(engine_get(engine, "f_conv/kernel/gradient", features, 1), OCELLUS_USAGE, "no such tensor");
    memory_free(features);
    engine_close(engine);
    engine_close(on_features);
    graph_free(whole);
    graph_free(tail);
}

static void test_tail(void **state) {
    (void)state;
    for_every_row(tail_on_row);
}

/* Zeros in a layer's output of a training forward pass. */
static double share_of_zeros(const struct graph *graph, const char *layer) {
    struct engine *engine = open_filled(NULL, graph, trained(MOST, 1, &layer, 1));
    size_t count, zeros = 0;
    forward_network(engine, graph, ENGINE_TRAINING, (struct engine_batch){.n = MOST});
    float *values = layer_output(engine, graph, layer, MOST, &count);
    for (size_t i = 0; i < count; i++)
        zeros += values[i] == 0;
    memory_free(values);
    engine_close(engine);
    return (double)zeros / (double)count;
}

/* One that is not frozen is active though all parameters before and behind it are frozen; one that is frozen never is. */
static void test_dropout_in_front(void **state) {
    (void)state;
    for (int frozen = 0; frozen < 2; frozen++) {
        struct graph *graph = new_network("front", 12, 10, CHANNELS);
        size_t matched, at = add_conv(graph, "f_conv", 0, FEATURES, 3, 1, PADDING_SAME, UNARY_LINEAR);
        at = add_dropout(graph, "dropping", at, 0.5);
        at = add_norm(graph, "f_norm", add_conv(graph, "f_conv_1", at, FEATURES, 3, 1, PADDING_SAME, UNARY_LINEAR));
        add_dense(graph, "logits", add_plain(graph, &layer_flatten, NULL, at), CLASSES, UNARY_SOFTMAX);
        check(graph_freeze(graph, "f_*", &matched));
        if (frozen) check(graph_freeze(graph, "dropping", &matched));
        const double zeros = share_of_zeros(graph, "dropping");
        if (frozen) assert_true(zeros < 0.01);
        else assert_true(fabs(zeros - 0.5) < 0.02);
        graph_free(graph);
    }
}

/* --- engines that begin behind the prefix --- */

/* Three steps on images, or on the values that the prefix makes of them; then the logits. */
static void run_steps(const struct engine_class *class, const struct graph *graph, const char *start_at, size_t threads,
                      char hash[SHA256_TEXT_SIZE], float logits[9 * CLASSES]) {
    enum { N = 9 };
    struct engine_options options = trained(N, threads, NULL, 0), making = trained(N, 1, frontier, 1);
    options.start_at = start_at;
    making.training = false;
    struct engine *engine = open_filled(class, graph, options), *prefix = open_filled(class, graph, making);
    for (size_t step = 0; step <= 3; step++) {
        const struct engine_batch batch = {.n = N, .epoch = (uint32_t)step, .first_place = 5 * step};
        const enum engine_mode mode = step < 3 ? ENGINE_TRAINING : ENGINE_INFERENCE;
        size_t count;
        if (start_at) {
            forward_network(prefix, graph, ENGINE_INFERENCE, batch);
            float *features = layer_output(prefix, graph, start_at, N, &count);
            memcpy(engine_input(engine, 0), features, count * sizeof *features);
            memory_free(features);
            check(engine_forward(engine, mode, &batch));
        } else {
            forward_network(engine, graph, mode, batch);
        }
        if (step == 3) break;
        backward_network(engine, N, CLASSES);
        check(engine_update(engine, &adam));
    }
    check(engine_read(engine, ENGINE_LOGITS, logits, N * CLASSES));
    hash_engine(engine, hash);
    engine_close(engine);
    engine_close(prefix);
}

static void same_start(const struct engine_class *class) {
    struct graph *graph = frozen_network();
    char whole[SHA256_TEXT_SIZE], begun[SHA256_TEXT_SIZE];
    float logits[9 * CLASSES], begun_logits[9 * CLASSES];
    for (size_t threads = 1; threads <= 3; threads++) {
        run_steps(class, graph, NULL, 1, whole, logits);
        run_steps(class, graph, "f_last", threads, begun, begun_logits);
        assert_string_equal(begun, whole);
        assert_memory_equal(logits, begun_logits, sizeof logits);
    }
    graph_free(graph);
}

static void start_on_row(void) {
    same_start(NULL);
}

static void test_start(void **state) {
    (void)state;
    for_every_row(start_on_row);
    same_start(&engine_oracle);
}

static void refuse_start(const char *start_at, const char *frozen, const char *keep, const char *message) {
    struct graph *graph = frozen_network();
    struct engine_options options = trained(2, 1, &keep, keep ? 1 : 0);
    struct engine *engine = NULL;
    for (size_t i = 0; frozen && i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, frozen) == 0) graph->nodes[i].frozen = false;
    options.start_at = start_at;
    check_refused(engine_open(NULL, graph, &options, &engine), OCELLUS_USAGE, message);
    graph_free(graph);
}

static void test_start_refused(void **state) {
    (void)state;
    refuse_start("nowhere", NULL, NULL, "frozen: start_at: no layer nowhere");
    refuse_start("f_conv_1", NULL, NULL, "layer f_conv_1 is not the one way"); /* in a branch */
    refuse_start("norm", NULL, NULL, "layer norm is not the one way");         /* f_last goes around it */
    refuse_start("logits", NULL, NULL, "layer logits is not the one way");
    refuse_start("f_last", NULL, "f_relu", "layer f_relu stands before the start, f_last");
    refuse_start("f_last", "f_conv_1", NULL, "layer f_conv_1 stands before it, and is not frozen");
    struct graph *graph = frozen_network();
    struct weights *weights;
    struct engine *engine = NULL;
    check(weights_create(graph, NULL, 0, &weights));
    const struct engine_options shared = {.batch_size = 1, .weights = weights, .start_at = "f_last"};
    check_refused(engine_open(NULL, graph, &shared, &engine), OCELLUS_USAGE, "only of weights of its own");
    weights_release(weights);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_tail),          cmocka_unit_test(test_dropout_in_front),
        cmocka_unit_test(test_start),     cmocka_unit_test(test_start_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
