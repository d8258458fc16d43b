/* SPDX-License-Identifier: MIT */
/* Eight sessions of one ResNet50: what they share is there once, and each one's own is scratch and activations. */
#include "engine_networks.h"

#include "engine/weights.h"
#include "model/resnet50.h"

#include <malloc.h>
#include <unistd.h>

enum { SESSIONS = 8, N = 2, SIDE = 64, KINDS = 10 };

static struct weights *filled_weights(const struct graph *graph) {
    struct weights *weights;
    check(weights_create(graph, NULL, 0, &weights));
    const struct weights_list *list = weights_list(weights);
    for (size_t i = 0; i < list->count; i++) {
        const struct weights_parameter *parameter = &list->parameters[i];
        float *values = memory_allocate(parameter->size, sizeof *values);
        assert_non_null(values);
        parameter_values(parameter->parameter, values);
        check(weights_set(weights, parameter->parameter->name, values, parameter->size));
        memory_free(values);
    }
    return weights;
}

/* Bytes of this process that are in memory. */
static size_t resident(void) {
    unsigned long pages = 0, there = 0;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &pages, &there), 2);
    fclose(file);
    return there * (size_t)sysconf(_SC_PAGESIZE);
}

static struct engine *open_session(const struct graph *graph, struct weights *weights) {
    return open_filled(NULL, graph, (struct engine_options){.threads = 1, .batch_size = N, .weights = weights});
}

/* Scratch, activations and the like of one session. */
static size_t own_bytes(const struct engine *engine, struct weights *weights) {
    return engine_planned_bytes(engine) - weights_bytes(weights);
}

static float *run(struct engine *engine, const struct graph *graph, size_t first) {
    forward_network(engine, graph, ENGINE_INFERENCE, (struct engine_batch){.n = N, .first_place = first});
    return read_logits(engine, (size_t)N * KINDS);
}

/* What a session alone, with weights of its own, gives. */
static void logits_alone(const struct graph *graph, float *logits[SESSIONS]) {
    struct engine *engine = open_filled(NULL, graph, (struct engine_options){.threads = 1, .batch_size = N});
    for (size_t i = 0; i < SESSIONS; i++)
        logits[i] = run(engine, graph, N * i);
    assert_memory_not_equal(logits[0], logits[1], N * KINDS * sizeof *logits[0]);
    engine_close(engine);
}

/* What is resident follows from what is planned; large blocks are rounded up to huge pages, and a sanitizer keeps more. */
static void check_resident(size_t first, size_t others, double shared, double one) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true((double)first <= 1.1 * (shared + one));
    assert_true((double)others <= 1.1 * (SESSIONS - 1) * one);
#else
    (void)first, (void)others, (void)shared, (void)one;
#endif
}

static void test_memory(void **state) {
    (void)state;
    struct graph *graph;
    struct engine *engines[SESSIONS];
    float *alone[SESSIONS];
    size_t all = 0, first = 0;
    check(graph_resnet50(32, 32, 3, KINDS, SIDE, RESNET50_EPSILON, &graph));
    logits_alone(graph, alone);
    const size_t before = resident();
    struct weights *weights = filled_weights(graph);
    for (size_t i = 0; i < SESSIONS; i++) {
        engines[i] = open_session(graph, weights);
        all += own_bytes(engines[i], weights);
        float *logits = run(engines[i], graph, N * i);
        assert_memory_equal(logits, alone[i], N * KINDS * sizeof *logits);
        memory_free(logits);
        memory_free(alone[i]);
        if (i == 0) first = resident() - before;
    }
    const struct weights_memory memory = weights_memory(weights);
    const size_t grown = resident() - before, one = own_bytes(engines[0], weights);
    assert_int_equal(memory.sessions, SESSIONS);
    assert_int_equal(memory.plans.made, 1);
    assert_int_equal(memory.plans.count, 1);
    assert_int_equal(memory.forms.count, 56); /* 53 convolutions, 3 dense layers */
    assert_int_equal(memory.forms.made, memory.forms.count);
    assert_true(memory.values >= graph_totals(graph).total * sizeof(real));
    const double shared = (double)(memory.values + memory.forms.bytes);
    printf("values %.1f MB, forms %.1f, plan %.2f, a session %.1f: all %.1f; resident %.1f, of one session %.1f\n",
           (double)memory.values / 1e6, (double)memory.forms.bytes / 1e6, (double)memory.plans.bytes / 1e6,
           (double)one / 1e6, (shared + (double)all) / 1e6, (double)grown / 1e6, (double)first / 1e6);
    assert_true((double)all <= 1.1 * SESSIONS * (double)one);
    assert_true((double)one < 0.1 * shared); /* a session is not a copy of the weights */
    check_resident(first, grown - first, shared, (double)one);
    for (size_t i = 0; i < SESSIONS; i++)
        engine_close(engines[i]);
    assert_int_equal(weights_memory(weights).sessions, 0);
    weights_release(weights);
    graph_free(graph);
}

/* Sessions of another size or with other wishes have another plan, and the same forms where nothing else is folded. */
static void test_other_plans(void **state) {
    (void)state;
    static const char *const hidden[] = {"dense"}, *const conv[] = {"conv2d"};
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph);
    const struct engine_options options[] = {
        {.batch_size = N, .weights = weights},
        {.batch_size = N, .threads = 2, .weights = weights},
        {.batch_size = N + 1, .weights = weights},
        {.batch_size = N, .weights = weights, .keep = hidden, .keep_count = 1},
        {.batch_size = N, .weights = weights, .keep = conv, .keep_count = 1},
        {.batch_size = N, .weights = weights, .gradient_to = "dense"},
        {.batch_size = N, .weights = weights},
    };
    static const size_t made[] = {1, 1, 2, 3, 4, 5, 5};
    struct engine *engines[sizeof options / sizeof *options];
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        engines[i] = open_filled(NULL, graph, options[i]);
        assert_int_equal(weights_memory(weights).plans.made, made[i]);
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        engine_close(engines[i]);
    assert_int_equal(weights_memory(weights).plans.count, 5); /* kept for the next session of that size */
    engines[0] = open_filled(NULL, graph, options[2]);
    assert_int_equal(weights_memory(weights).plans.made, 5);
    engine_close(engines[0]);
    weights_release(weights);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_other_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
