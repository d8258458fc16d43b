/* SPDX-License-Identifier: MIT */
/* The oracle's gradients, of every layer, of a small SimCNN and of networks by chance, against finite differences. */
#include "../graphs/generate.h"
#include "cases.h"
#include "check.h"
#include "model/simcnn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static void test_case(void **state) {
    const struct graph_case *made = *state;
    struct graph *graph;
    check(graph_case_make(made, &graph));
    const struct outcome outcome = check_graph(graph, made->n, made->samples);
    check_outcome(made->name, &outcome);
    graph_free(graph);
}

static void test_simcnn(void **state) {
    (void)state;
    struct graph *graph;
    check(graph_simcnn(20, 18, 3, 4, &graph));
    const struct outcome outcome = check_graph(graph, 3, 24);
    check_outcome("simcnn", &outcome);
    graph_free(graph);
}

static void test_random_graphs(void **state) {
    enum { NETWORKS = 200, SAMPLES = 3 };
    static const double PRODUCTS = 2e4;
    (void)state;
    struct outcome all = {0};
    for (uint32_t number = 0; number < NETWORKS; number++) {
        struct generated generated;
        check(generate(number, PRODUCTS, &generated));
        if (generated.size == SIZE_TINY) {
            const struct outcome outcome = check_graph(generated.graph, generated.n, SAMPLES);
            all.checked += outcome.checked;
            all.skipped += outcome.skipped;
            all.large += outcome.large;
            all.worst = outcome.worst > all.worst ? outcome.worst : all.worst;
        }
        graph_free(generated.graph);
    }
    check_outcome("networks by chance", &all);
}

int main(void) {
    struct CMUnitTest *tests = calloc(graph_case_count + 2, sizeof *tests);
    if (!tests) return 1;
    for (size_t k = 0; k < graph_case_count; k++)
        tests[k] = (struct CMUnitTest){graph_cases[k].name, test_case, NULL, NULL, (void *)(uintptr_t)&graph_cases[k]};
    tests[graph_case_count] = (struct CMUnitTest)cmocka_unit_test(test_simcnn);
    tests[graph_case_count + 1] = (struct CMUnitTest)cmocka_unit_test(test_random_graphs);
    const int failed = _cmocka_run_group_tests("gradients", tests, graph_case_count + 2, NULL, NULL);
    free(tests);
    return failed;
}
