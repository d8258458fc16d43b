/* SPDX-License-Identifier: MIT */
/* The oracle behind engine.h, beside the planned engine: steps of each optimizer, parameter groups, statistics, targets,
 * gradients to a value, and what both precisions refuse. */
#include "engine_fixture.h"

#include "engine/weights.h"
#include "model/layer.h"
#include "oracle/engine_oracle.h"

#include <math.h>

enum { N = 6 };
static const struct parameter_group groups[] = {{"conv2d_1", 0.5, 2}, {"dense", 0, 0}};

static struct engine *open_class(const struct engine_class *class, const struct graph *graph,
                                 const struct optimizer *optimizer) {
    struct engine *engine;
    const struct engine_options options = {
        .threads = 1, .batch_size = N, .training = true, .optimizer = *optimizer, .groups = groups, .group_count = 2};
    check(engine_open(class, graph, &options, &engine));
    check(engine_initialize(engine, 7));
    return engine;
}

static void check_close(const char *name, const float *a, const float *b, size_t count, double tolerance) {
    for (size_t k = 0; k < count; k++) {
        if (!(fabs((double)a[k] - (double)b[k]) <= tolerance))
            fail_msg("%s: %zu: %g, %g, at most %g apart", name, k, (double)a[k], (double)b[k], tolerance);
    }
}

static double largest_change(const float *a, const float *b, size_t count) {
    double most = 0;
    for (size_t k = 0; k < count; k++)
        most = fmax(most, fabs((double)a[k] - (double)b[k]));
    return most;
}

/* A step of both from the same state: each tensor moves alike, to a share of its largest move. */
static void check_step(struct engine *planned, struct engine *oracle, const struct optimizer *optimizer,
                       uint32_t number) {
    float **before = memory_allocate(engine_tensor_count(planned), sizeof *before);
    assert_non_null(before);
    for (size_t i = 0; i < engine_tensor_count(planned); i++) {
        const struct engine_tensor tensor = engine_tensor_at(planned, i);
        before[i] = tensor_values(planned, tensor.name, shape_size(tensor.shape));
        check(engine_set(oracle, tensor.name, before[i], shape_size(tensor.shape)));
    }
    const double loss = train_step(planned, optimizer, number, N), other = train_step(oracle, optimizer, number, N);
    assert_true(fabs(loss - other) <= 1e-4 * fabs(loss));
    for (size_t i = 0; i < engine_tensor_count(planned); i++) {
        const struct engine_tensor tensor = engine_tensor_at(planned, i);
        const size_t count = shape_size(tensor.shape);
        float *a = tensor_values(planned, tensor.name, count), *b = tensor_values(oracle, tensor.name, count);
        check_close(tensor.name, a, b, count, 1e-6 + 0.01 * largest_change(a, before[i], count));
        memory_free(a);
        memory_free(b);
        memory_free(before[i]);
    }
    memory_free(before);
}

static void check_optimizer(const struct engine_class *class, const struct optimizer *optimizer) {
    struct graph *graph = small_simcnn();
    struct engine *planned = open_class(NULL, graph, optimizer), *oracle = open_class(class, graph, optimizer);
    assert_int_equal(engine_tensor_count(planned), engine_tensor_count(oracle));
    for (uint32_t number = 0; number < 3; number++)
        check_step(planned, oracle, optimizer, number);
    assert_int_equal(engine_updates(oracle), 3);
    engine_close(planned);
    engine_close(oracle);
    graph_free(graph);
}

/* Adam with an epsilon above most gradients: else the first step has the rate's size, and a rounding decides its sign. */
static void test_optimizers(void **state) {
    (void)state;
    static const struct optimizer optimizers[] = {
        {.kind = OPTIMIZER_SGD, .learning_rate = 0.02},
        {.kind = OPTIMIZER_SGD, .learning_rate = 0.02, .momentum = 0.9},
        {.kind = OPTIMIZER_SGD, .learning_rate = 0.02, .momentum = 0.9, .nesterov = true},
        {.kind = OPTIMIZER_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-1},
    };
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        check_optimizer(&engine_oracle, &optimizers[i]);
        check_optimizer(&engine_oracle_double, &optimizers[i]);
    }
}

static void test_statistics(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *planned = open_class(NULL, graph, &adam), *oracle = open_class(&engine_oracle_double, graph, &adam);
    for (uint32_t pass = 0; pass < 2; pass++) {
        int32_t labels[MOST_IMAGES];
        float *images = noise_images(pass, N, labels);
        check(forward_images(planned, ENGINE_STATISTICS, images, N));
        check(forward_images(oracle, ENGINE_STATISTICS, images, N));
        memory_free(images);
    }
    check(engine_adopt_statistics(planned));
    check(engine_adopt_statistics(oracle));
    for (size_t i = 0; i < engine_tensor_count(planned); i++) {
        const struct engine_tensor tensor = engine_tensor_at(planned, i);
        const size_t count = shape_size(tensor.shape);
        float *a = tensor_values(planned, tensor.name, count), *b = tensor_values(oracle, tensor.name, count);
        check_close(tensor.name, a, b, count, 1e-5);
        memory_free(a);
        memory_free(b);
    }
    engine_close(planned);
    engine_close(oracle);
    graph_free(graph);
}

static void read_targets(const struct engine_class *class, const struct graph *graph, float *out) {
    struct engine *engine = open_class(class, graph, &adam);
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(3, N, labels), shares[N * CLASSES], weights[N];
    for (size_t i = 0; i < N * CLASSES; i++)
        shares[i] = (float)(i % 7) / 8;
    for (size_t i = 0; i < N; i++)
        weights[i] = (float)i / 2;
    const struct engine_targets targets = {
        .shares = shares, .weights = weights, .smoothing = 0.1, .denominator = 2 * N};
    struct engine_metrics metrics;
    check(forward_images(engine, ENGINE_TRAINING, images, N));
    check(engine_loss(engine, &targets));
    check(engine_metrics(engine, &metrics));
    check(engine_read(engine, ENGINE_LOGITS, out, N * CLASSES));
    check(engine_read(engine, ENGINE_PROBABILITIES, out + N * CLASSES, N * CLASSES));
    check(engine_read(engine, ENGINE_LOSSES, out + 2 * N * CLASSES, N));
    out[2 * N * CLASSES + N] = (float)metrics.loss_sum;
    out[2 * N * CLASSES + N + 1] = (float)metrics.correct;
    assert_true(metrics.finite && metrics.images == N);
    engine_close(engine);
    memory_free(images);
}

static void test_targets(void **state) {
    (void)state;
    enum { COUNT = 2 * N * CLASSES + N + 2 };
    struct graph *graph = small_simcnn();
    float planned[COUNT], oracle[COUNT];
    read_targets(NULL, graph, planned);
    read_targets(&engine_oracle, graph, oracle);
    check_close("logits, probabilities, losses, metrics", planned, oracle, COUNT, 1e-3);
    graph_free(graph);
}

/* Twice the gradient to the logits is twice the gradient to a layer; and a layer's output can be read. */
static void test_gradient_to(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    const char *last = graph->nodes[graph->count - 1].name;
    struct engine *engine;
    const struct engine_options options = {.batch_size = 1, .gradient_to = "conv2d"};
    char name[GRAPH_NAME_SIZE + 32];
    check(engine_open(&engine_oracle, graph, &options, &engine));
    check(engine_initialize(engine, 3));
    int32_t labels[MOST_IMAGES];
    const size_t count = shape_size(&graph_node(graph, "conv2d")->shape);
    float *images = noise_images(1, 1, labels), diff[CLASSES] = {1}, twice[CLASSES] = {2};
    check(forward_images(engine, ENGINE_INFERENCE, images, 1));
    check(engine_backward_from(engine, diff, 1));
    float *one = tensor_values(engine, "conv2d/output_gradient", count);
    check(forward_images(engine, ENGINE_INFERENCE, images, 1));
    check(engine_backward_from(engine, twice, 1));
    float *two = tensor_values(engine, "conv2d/output_gradient", count), most = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs((double)two[i] - 2 * (double)one[i]) <= 1e-5 * fabs((double)two[i]));
        most = fmaxf(most, fabsf(one[i]));
    }
    assert_true(most > 0);
    check(forward_images(engine, ENGINE_INFERENCE, images, 1));
    snprintf(name, sizeof name, "%s/output", last);
    float *output = tensor_values(engine, name, CLASSES), logits[CLASSES];
    check(engine_read(engine, ENGINE_LOGITS, logits, CLASSES));
    assert_memory_equal(output, logits, sizeof logits); /* the softmax is taken off */
    memory_free(output);
    memory_free(images);
    memory_free(one);
    memory_free(two);
    engine_close(engine);
    graph_free(graph);
}

static void test_refused(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights;
    struct engine *engine = NULL;
    check(weights_create(graph, NULL, 0, &weights));
    const struct engine_options options = {.batch_size = 1, .weights = weights};
    check_refused(engine_open(&engine_oracle, graph, &options, &engine), OCELLUS_USAGE, "\"oracle\" shares no weights");
    check_refused(engine_open(&engine_oracle_double, graph, &options, &engine), OCELLUS_USAGE,
                  "\"oracle-double\" shares no weights");
    assert_null(engine);
    weights_release(weights);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizers), cmocka_unit_test(test_statistics),  cmocka_unit_test(test_targets),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_gradient_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
