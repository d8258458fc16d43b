/* SPDX-License-Identifier: MIT */
/* Graphs from JSON and back, for the tests of models. */
#ifndef TESTS_MODEL_FIXTURE_H
#define TESTS_MODEL_FIXTURE_H

#include "base/json_parse.h"
#include "model/graph_from_json.h"
#include "model/graph_to_json.h"
#include "model/layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline ocellus_status parse(const char *text, struct graph **graph) {
    json_value *json;
    *graph = NULL;
    assert_int_equal(json_parse(text, strlen(text), "m.json", &json), OCELLUS_OK);
    const ocellus_status status = graph_from_json(json, "m.json", graph);
    json_release(json);
    return status;
}

static inline void assert_same(const struct graph *a, const struct graph *b) {
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->sequential, b->sequential);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct node *x = &a->nodes[i], *y = &b->nodes[i];
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->path, y->path);
        assert_ptr_equal(x->type, y->type);
        assert_int_equal(x->frozen, y->frozen);
        assert_true(shape_equal(&x->shape, &y->shape));
        assert_int_equal(x->input_count, y->input_count);
        for (size_t k = 0; k < x->input_count; k++)
            assert_int_equal(x->inputs[k], y->inputs[k]);
        assert_int_equal(x->parameter_count, y->parameter_count);
        for (size_t k = 0; k < x->parameter_count; k++)
            assert_string_equal(x->parameters[k].name, y->parameters[k].name);
    }
}

static inline char *to_text(const struct graph *graph) {
    json_value *json;
    assert_int_equal(graph_to_json(graph, &json), OCELLUS_OK);
    char *text = json_write(json, 0);
    json_release(json);
    return text;
}

/* Takes the graph over. */
static inline void assert_round_trip(struct graph *graph) {
    struct graph *again;
    char *text = to_text(graph);
    if (parse(text, &again) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_same(graph, again);
    char *text_again = to_text(again);
    assert_string_equal(text, text_again);
    free(text);
    free(text_again);
    graph_free(again);
    graph_free(graph);
}

static inline size_t add_node(struct graph *graph, const struct layer_type *type, union layer_config config,
                              const size_t *inputs, size_t count) {
    size_t index;
    if (graph_add(graph, type, NULL, NULL, &config, inputs, count, &index) != OCELLUS_OK)
        fail_msg("%s", status_message());
    return index;
}

#endif
