/* SPDX-License-Identifier: MIT */
/* What is the same for every engine: what open refuses, slots, reads, the order of calls. */
#include "engine_fixture.h"

#include "engine/engine_class.h"

#include <math.h>

static bool all_but_dense(const struct operation *operation) {
    return operation->kind != OPERATION_DENSE;
}

/* A class is asked for each operation of the network, and whether it can train. */
static void test_capabilities(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = NULL;
    struct engine_class other = engine_cpu;
    other.name = "other";
    other.supports = all_but_dense;
    struct engine_options options = {.threads = 1, .batch_size = 2};
    check_refused(engine_open(&other, graph, &options, &engine), OCELLUS_USAGE,
                  "layer dense: the engine \"other\" has no dense");
    other.supports = engine_cpu.supports;
    other.training = false;
    check(engine_open(&other, graph, &options, &engine));
    engine_close(engine);
    engine = NULL;
    options.training = true;
    check_refused(engine_open(&other, graph, &options, &engine), OCELLUS_USAGE, "\"other\" is for inference only");
    assert_null(engine);
    graph_free(graph);
}

static void test_refused_options(void **state) {
    (void)state;
    struct graph *graph = small_simcnn(), *twin = small_simcnn();
    struct engine *engine = NULL;
    struct weights *weights, *others;
    const char *const unknown[] = {"conv2d", "conv3d"};
    check(weights_create(graph, NULL, 0, &weights));
    check(weights_create(twin, NULL, 0, &others));
    const struct {
        struct engine_options options;
        const char *words;
    } cases[] = {
        {{.batch_size = 0}, "batch size: must be at least 1"},
        {{.batch_size = SIZE_MAX / 4}, "is too large"},
        {{.batch_size = 1, .slots = SIZE_MAX / 1024}, "is too large"},
        {{.batch_size = 1, .keep = unknown, .keep_count = 2}, "keep: no layer conv3d"},
        {{.batch_size = 1, .gradient_to = "conv3d"}, "gradient_to: no layer conv3d"},
        {{.batch_size = 1, .weights = others}, "of another network"},
        {{.batch_size = 1, .weights = weights, .training = true}, "a training owns its weights"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_refused(engine_open(NULL, graph, &cases[i].options, &engine), OCELLUS_USAGE, cases[i].words);
        assert_null(engine);
    }
    weights_release(weights);
    weights_release(others);
    graph_free(graph);
    graph_free(twin);
}

/* A batch gives the same in every slot, and leaves the others alone. */
static void test_slots(void **state) {
    (void)state;
    enum { N = 3, SLOTS = 3 };
    struct graph *graph = small_simcnn();
    const struct engine_options options = {.threads = 2, .batch_size = N, .slots = SLOTS};
    struct engine *engine;
    int32_t labels[MOST_IMAGES];
    float logits[SLOTS][N * CLASSES], again[N * CLASSES];
    check(engine_open(NULL, graph, &options, &engine));
    check(engine_initialize(engine, 7));
    assert_null(engine_input(engine, SLOTS));
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        float *images = noise_images(slot, N, labels);
        memcpy(engine_input(engine, slot), images, N * IMAGE_SIZE * sizeof *images);
        check(forward_images(engine, ENGINE_INFERENCE, images, N)); /* in slot 0 */
        check(engine_read(engine, ENGINE_LOGITS, logits[slot], N * CLASSES));
        memory_free(images);
    }
    for (size_t slot = 1; slot < SLOTS; slot++) {
        check(engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.slot = slot, .n = N}));
        check(engine_read(engine, ENGINE_LOGITS, again, N * CLASSES));
        assert_memory_equal(again, logits[slot], sizeof again);
        assert_memory_not_equal(again, logits[slot - 1], sizeof again);
    }
    check_refused(engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.slot = SLOTS, .n = N}),
                  OCELLUS_USAGE, "slot 3 of the input (expected 0 to 2)");
    engine_close(engine);
    graph_free(graph);
}

static void test_reads(void **state) {
    (void)state;
    enum { N = 4 };
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 1, N, &adam);
    struct engine_metrics metrics;
    int32_t labels[MOST_IMAGES];
    float values[N * CLASSES], *images = noise_images(0, N, labels);
    double loss;
    size_t correct;
    check_refused(engine_read(engine, ENGINE_LOGITS, values, N * CLASSES), OCELLUS_USAGE, "no forward pass");
    check_refused(engine_metrics(engine, &metrics), OCELLUS_USAGE, "no loss");
    check(forward_images(engine, ENGINE_INFERENCE, images, N));
    check_refused(engine_read(engine, ENGINE_LOGITS, values, N), OCELLUS_USAGE, "expected 20, got 4");
    check_refused(engine_read(engine, ENGINE_LOSSES, values, N), OCELLUS_USAGE, "no loss");
    check(label_loss(engine, labels, &loss, &correct));
    check_refused(engine_read(engine, ENGINE_LOSSES, values, N * CLASSES), OCELLUS_USAGE, "expected 4, got 20");
    check(engine_read(engine, ENGINE_LOSSES, values, N));
    assert_true(fabs((double)values[0] + (double)values[1] + (double)values[2] + (double)values[3] - loss) < 1e-12);
    check(forward_images(engine, ENGINE_INFERENCE, images, N)); /* the loss was the last batch's */
    check_refused(engine_metrics(engine, &metrics), OCELLUS_USAGE, "no loss");
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

/* Forward, loss, backward, update, and none of them twice but the loss. */
static void test_order(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *engine = open_engine(graph, 1, 2, &adam);
    int32_t labels[MOST_IMAGES];
    float logits[2 * CLASSES] = {0}, *images = noise_images(0, 2, labels);
    double loss;
    size_t correct;
    check(forward_images(engine, ENGINE_TRAINING, images, 2));
    check_refused(engine_backward(engine), OCELLUS_USAGE, "needs a loss before it");
    check_refused(engine_update(engine, &adam), OCELLUS_USAGE, "needs a backward pass before it");
    check(label_loss(engine, labels, &loss, &correct));
    check(label_loss(engine, labels, &loss, &correct));
    check_refused(engine_update(engine, &adam), OCELLUS_USAGE, "needs a backward pass before it");
    check(engine_backward(engine));
    check_refused(engine_backward(engine), OCELLUS_USAGE, "needs a loss before it");
    check_refused(label_loss(engine, labels, &loss, &correct), OCELLUS_USAGE, "comes before the backward pass");
    const struct optimizer sgd = {.kind = OPTIMIZER_SGD};
    check_refused(engine_update(engine, &sgd), OCELLUS_USAGE, "another optimizer");
    assert_int_equal(engine_updates(engine), 0);
    check(engine_update(engine, &adam));
    check_refused(engine_update(engine, &adam), OCELLUS_USAGE, "needs a backward pass before it");
    assert_int_equal(engine_updates(engine), 1);
    check_refused(engine_backward_from(engine, logits, 2), OCELLUS_USAGE, "without a value");
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capabilities), cmocka_unit_test(test_refused_options), cmocka_unit_test(test_slots),
        cmocka_unit_test(test_reads),        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
