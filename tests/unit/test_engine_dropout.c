/* SPDX-License-Identifier: MIT */
/* Dropout is a function of seed, layer, epoch and the image's place alone: no batch size, slot or thread changes it. */
#include "engine_networks.h"

#include "base/sha256.h"

enum { IMAGES = 32 };

static const char *const layers[] = {"first_dropout", "second_dropout", "vector_dropout"};
static const double rates[] = {0.25, 0.5, 0.7};
enum { LAYERS = 3 };

/* No values are 0 but those that are dropped. */
static struct graph *dropping_network(void) {
    struct graph *graph = new_network("dropping", 10, 9, CHANNELS);
    const struct unary sigmoid = {.function = UNARY_SIGMOID};
    size_t at = add_conv(graph, NULL, 0, 8, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_dropout(graph, layers[0], add_unary(graph, NULL, at, sigmoid), rates[0]);
    at = add_conv(graph, NULL, at, 8, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_dropout(graph, layers[1], add_unary(graph, "whole", at, sigmoid), rates[1]);
    at = add_dense(graph, NULL, add_plain(graph, &layer_flatten, NULL, at), 40, UNARY_SIGMOID);
    at = add_dropout(graph, layers[2], at, rates[2]);
    add_dense(graph, "logits", at, CLASSES, UNARY_SOFTMAX);
    return graph;
}

static const char *const kept[] = {"first_dropout", "second_dropout", "vector_dropout", "whole", "logits"};

static struct engine *open_dropping(const struct graph *graph, size_t batch_size, size_t threads, uint64_t seed) {
    return open_filled(NULL, graph,
                       (struct engine_options){.batch_size = batch_size,
                                               .threads = threads,
                                               .slots = 2,
                                               .training = true,
                                               .optimizer = adam,
                                               .seed = seed,
                                               .keep = kept,
                                               .keep_count = sizeof kept / sizeof *kept});
}

/* A layer's values for the images of an epoch, batch by batch in slots that take turns. */
static float *dropped(const struct graph *graph, const char *layer, size_t batch_size, size_t threads, uint64_t seed,
                      uint32_t epoch, enum engine_mode mode) {
    struct engine *engine = open_dropping(graph, batch_size, threads, seed);
    const size_t size = shape_size(&graph_node(graph, layer)->shape);
    float *all = memory_allocate(IMAGES * size, sizeof *all);
    assert_non_null(all);
    for (size_t first = 0, slot = 0; first < IMAGES; first += batch_size, slot = 1 - slot) {
        const size_t n = IMAGES - first < batch_size ? IMAGES - first : batch_size;
        size_t count;
        forward_network(engine, graph, mode,
                        (struct engine_batch){.slot = slot, .n = n, .epoch = epoch, .first_place = first});
        float *values = layer_output(engine, graph, layer, n, &count);
        memcpy(all + first * size, values, count * sizeof *values);
        memory_free(values);
    }
    engine_close(engine);
    return all;
}

static void same_values(const struct graph *graph, const char *layer) {
    static const size_t batches[] = {1, 7, IMAGES};
    const size_t count = IMAGES * shape_size(&graph_node(graph, layer)->shape);
    float *expected = dropped(graph, layer, 5, 1, 42, 3, ENGINE_TRAINING);
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        for (size_t threads = 1; threads <= 3; threads++) {
            float *values = dropped(graph, layer, batches[b], threads, 42, 3, ENGINE_TRAINING);
            if (memcmp(values, expected, count * sizeof *values) != 0)
                fail_msg("%s: others in batches of %zu by %zu threads", layer, batches[b], threads);
            memory_free(values);
        }
    }
    memory_free(expected);
}

static void same_values_on_row(void) {
    struct graph *graph = dropping_network();
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        same_values(graph, kept[i]);
    graph_free(graph);
}

static void test_same_values(void **state) {
    (void)state;
    for_every_row(same_values_on_row);
}

/* Share of values that are 0 in one and not in the other. */
static double others(const float *a, const float *b, size_t count) {
    size_t differ = 0;
    for (size_t i = 0; i < count; i++)
        differ += (a[i] == 0) != (b[i] == 0);
    return (double)differ / (double)count;
}

/* Another epoch, place, seed or layer drops independently: a share of 2 rate (1 - rate) differs. */
static void test_other_values(void **state) {
    (void)state;
    struct graph *graph = dropping_network();
    for (size_t i = 0; i < LAYERS; i++) {
        const size_t size = shape_size(&graph_node(graph, layers[i])->shape), count = IMAGES * size;
        const double expected = 2 * rates[i] * (1 - rates[i]), close = 4 * sqrt(0.25 / (double)count);
        float *values = dropped(graph, layers[i], 7, 1, 42, 3, ENGINE_TRAINING),
              *epoch = dropped(graph, layers[i], 7, 1, 42, 4, ENGINE_TRAINING),
              *seed = dropped(graph, layers[i], 7, 1, 43, 3, ENGINE_TRAINING);
        size_t zeros = 0;
        for (size_t k = 0; k < count; k++)
            zeros += values[k] == 0;
        assert_true(fabs((double)zeros / (double)count - rates[i]) < close);
        assert_true(fabs(others(values, epoch, count) - expected) < close);
        assert_true(fabs(others(values, seed, count) - expected) < close);
        assert_true(fabs(others(values, values + size, count - size) - expected) < 2 * close);
        memory_free(values);
        memory_free(epoch);
        memory_free(seed);
    }
    float *first = dropped(graph, layers[0], 7, 1, 42, 3, ENGINE_TRAINING),
          *second = dropped(graph, layers[1], 7, 1, 42, 3, ENGINE_TRAINING);
    const size_t count = IMAGES * shape_size(&graph_node(graph, layers[0])->shape);
    assert_true(fabs(others(first, second, count) - (0.25 * 0.5 + 0.75 * 0.5)) < 0.02);
    memory_free(first);
    memory_free(second);
    graph_free(graph);
}

/* What is not dropped grows by 1 / (1 - rate); in inference nothing happens. */
static void test_scale(void **state) {
    (void)state;
    struct graph *graph = dropping_network();
    const size_t count = IMAGES * shape_size(&graph_node(graph, "whole")->shape);
    for (int training = 0; training < 2; training++) {
        const enum engine_mode mode = training ? ENGINE_TRAINING : ENGINE_INFERENCE;
        float *whole = dropped(graph, "whole", 7, 1, 42, 3, mode),
              *values = dropped(graph, layers[1], 7, 1, 42, 3, mode);
        for (size_t i = 0; i < count; i++) {
            assert_true(whole[i] > 0);
            if (training) assert_true(values[i] == 0 || fabs((double)(values[i] / whole[i]) - 2) < 1e-6);
            else assert_true(values[i] == whole[i]);
        }
        memory_free(whole);
        memory_free(values);
    }
    graph_free(graph);
}

static void steps_on_row(void) {
    struct graph *graph = network_of_everything();
    char first[SHA256_TEXT_SIZE], text[SHA256_TEXT_SIZE];
    for (size_t threads = 1; threads <= 3; threads++) {
        struct engine *engine =
            open_filled(NULL, graph,
                        (struct engine_options){
                            .batch_size = 9, .threads = threads, .training = true, .optimizer = adam, .seed = 42});
        for (size_t step = 0; step < 3; step++) {
            const size_t n = step == 2 ? 2 : 9;
            forward_network(engine, graph, ENGINE_TRAINING, (struct engine_batch){.n = n, .first_place = 9 * step});
            backward_network(engine, n, CLASSES);
            check(engine_update(engine, &adam));
        }
        hash_engine(engine, threads == 1 ? first : text);
        if (threads > 1) assert_string_equal(text, first);
        engine_close(engine);
    }
    graph_free(graph);
}

/* Steps of a network with every operation have the same bits for any number of threads. */
static void test_steps(void **state) {
    (void)state;
    for_every_row(steps_on_row);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_values),
        cmocka_unit_test(test_other_values),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
