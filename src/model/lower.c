/* SPDX-License-Identifier: MIT */
/* Lowering: every layer appends its operations; then padding is given to the convolutions that can take it, and what ends
 * a classifier is taken off. */
#include "model/lowered.h"

#include "base/memory.h"
#include "model/graph.h"
#include "model/layer.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[OPERATION_KINDS] = {
    [OPERATION_INPUT] = "input",
    [OPERATION_CONVOLUTION] = "convolution",
    [OPERATION_DEPTHWISE] = "depthwise",
    [OPERATION_DENSE] = "dense",
    [OPERATION_NORMALIZATION] = "normalization",
    [OPERATION_UNARY] = "unary",
    [OPERATION_ADD] = "add",
    [OPERATION_MULTIPLY] = "multiply",
    [OPERATION_CONCATENATE] = "concatenate",
    [OPERATION_MAX_POOL] = "max_pool",
    [OPERATION_AVERAGE_POOL] = "average_pool",
    [OPERATION_GLOBAL_AVERAGE] = "global_average",
    [OPERATION_PAD] = "pad",
    [OPERATION_UPSAMPLE] = "upsample",
    [OPERATION_RESHAPE] = "reshape",
    [OPERATION_DROPOUT] = "dropout",
};

const char *operation_name(enum operation_kind kind) {
    return names[kind];
}

ocellus_status lowering_append_on(struct lowering *lowering, struct operation operation, const size_t *inputs,
                                  size_t count) {
    struct lowered *lowered = lowering->lowered;
    void *operations = lowered->operations;
    TRY(memory_grow(&operations, &lowered->capacity, lowered->count + 1, sizeof operation));
    lowered->operations = operations;
    operation.node = lowering->index;
    operation.frozen = lowering->node->frozen;
    operation.input_count = count;
    operation.inputs = memory_allocate(count + 1, sizeof *operation.inputs);
    if (!operation.inputs) return OCELLUS_IO;
    for (size_t i = 0; i < count; i++)
        operation.inputs[i] = inputs[i];
    if (operation.shape.rank == 0) operation.shape = lowering->node->shape;
    lowering->value = lowered->count;
    lowered->operations[lowered->count++] = operation;
    return OCELLUS_OK;
}

ocellus_status lowering_append(struct lowering *lowering, struct operation operation) {
    const size_t value = lowering->value;
    return lowering_append_on(lowering, operation, &value, 1);
}

ocellus_status lowering_append_all(struct lowering *lowering, struct operation operation) {
    const struct node *node = lowering->node;
    size_t *inputs = memory_allocate(node->input_count + 1, sizeof *inputs);
    if (!inputs) return OCELLUS_IO;
    for (size_t i = 0; i < node->input_count; i++)
        inputs[i] = lowering->lowered->outputs[node->inputs[i]];
    const ocellus_status status = lowering_append_on(lowering, operation, inputs, node->input_count);
    memory_free(inputs);
    return status;
}

static bool has_products(enum operation_kind kind) {
    return kind == OPERATION_CONVOLUTION || kind == OPERATION_DEPTHWISE || kind == OPERATION_DENSE;
}

ocellus_status lowering_append_unary(struct lowering *lowering, struct unary unary) {
    struct operation *before = &lowering->lowered->operations[lowering->value];
    const bool plain = unary.function == UNARY_RELU && !(unary.negative_slope > 0) && !(unary.max_value > 0);
    if (unary.function == UNARY_LINEAR) return OCELLUS_OK;
    if (plain && has_products(before->kind) && before->node == lowering->index) {
        before->unary = unary;
        return OCELLUS_OK;
    }
    return lowering_append(lowering, (struct operation){.kind = OPERATION_UNARY, .unary = unary});
}

struct window lowering_window(const struct shape *input, const int64_t size[2], const int64_t strides[2],
                              enum padding padding) {
    struct window window = {0};
    for (size_t axis = 0; axis < 2; axis++) {
        const size_t values = (size_t)input->dims[axis], k = (size_t)size[axis], s = (size_t)strides[axis];
        const size_t reach = ((values + s - 1) / s - 1) * s + k;
        const size_t missing = padding == PADDING_SAME && reach > values ? reach - values : 0;
        window.size[axis] = k;
        window.strides[axis] = s;
        window.pad[axis][0] = missing / 2;
        window.pad[axis][1] = missing - missing / 2;
    }
    return window;
}

/* All roles without a parameter. */
static void no_parameters(struct operation *operation) {
    for (size_t role = 0; role < PARAMETER_ROLES; role++)
        operation->parameters[role] = PARAMETER_NONE;
}

static ocellus_status list_parameters(struct lowered *lowered) {
    const struct graph *graph = lowered->graph;
    size_t count = 0;
    for (size_t node = 0; node < graph->count; node++)
        count += graph->nodes[node].parameter_count;
    lowered->parameters = memory_allocate(count + 1, sizeof *lowered->parameters);
    if (!lowered->parameters) return OCELLUS_IO;
    for (size_t node = 0; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        for (size_t i = 0; i < n->parameter_count; i++)
            lowered->parameters[lowered->parameter_count++] = (struct lowered_parameter){
                .parameter = &n->parameters[i], .node = node, .trained = n->parameters[i].trainable && !n->frozen};
    }
    return OCELLUS_OK;
}

/* The roles of the operation's parameters are its layer's: one operation of a layer has them all. */
static void give_parameters(struct lowered *lowered, size_t first) {
    for (size_t i = first; i < lowered->count; i++) {
        struct operation *operation = &lowered->operations[i];
        no_parameters(operation);
        if (!has_products(operation->kind) && operation->kind != OPERATION_NORMALIZATION) continue;
        for (size_t p = 0; p < lowered->parameter_count; p++) {
            if (lowered->parameters[p].node != operation->node) continue;
            operation->parameters[lowered->parameters[p].parameter->role] = p;
        }
    }
}

static ocellus_status lower_node(struct lowered *lowered, size_t index) {
    const struct node *node = &lowered->graph->nodes[index];
    struct lowering lowering = {.lowered = lowered, .node = node, .index = index};
    const size_t first = lowered->count;
    if (node->input_count > 0) lowering.value = lowered->outputs[node->inputs[0]];
    TRY(node->type->lower(&lowering, node));
    give_parameters(lowered, first);
    lowered->outputs[index] = lowering.value;
    return OCELLUS_OK;
}

/* A convolution takes in the padding before it; but where one side has as many rows or columns as the kernel, for then
 * its gradient to the source would need a negative padding. The PAD stays, for others that read it. */
static bool takes_padding(const struct operation *convolution, const struct operation *pad) {
    if (pad->kind != OPERATION_PAD) return false;
    if (convolution->kind != OPERATION_CONVOLUTION && convolution->kind != OPERATION_DEPTHWISE) return false;
    for (size_t axis = 0; axis < 2; axis++) {
        for (size_t end = 0; end < 2; end++) {
            if (convolution->window.pad[axis][end] + pad->window.pad[axis][end] >= convolution->window.size[axis])
                return false;
        }
    }
    return true;
}

static bool is_read_once(const struct lowered *lowered, size_t value) {
    size_t readers = 0;
    for (size_t i = value + 1; i < lowered->count; i++) {
        for (size_t k = 0; k < lowered->operations[i].input_count; k++)
            readers += lowered->operations[i].inputs[k] == value;
    }
    return readers == 1;
}

static void merge_padding(struct lowered *lowered) {
    for (size_t i = 1; i < lowered->count; i++) {
        struct operation *operation = &lowered->operations[i];
        const struct operation *pad = &lowered->operations[operation->inputs[0]];
        if (!takes_padding(operation, pad) || !is_read_once(lowered, operation->inputs[0])) continue;
        for (size_t axis = 0; axis < 2; axis++) {
            for (size_t end = 0; end < 2; end++)
                operation->window.pad[axis][end] += pad->window.pad[axis][end];
        }
        operation->inputs[0] = pad->inputs[0];
    }
}

static ocellus_status find_logits(struct lowered *lowered) {
    const struct graph *graph = lowered->graph;
    lowered->logits = lowered->outputs[graph->count - 1];
    const struct operation *last = &lowered->operations[lowered->logits];
    if (last->kind == OPERATION_UNARY &&
        (last->unary.function == UNARY_SOFTMAX || last->unary.function == UNARY_SIGMOID)) {
        lowered->link = last->unary.function == UNARY_SIGMOID ? LINK_SIGMOID : LINK_SOFTMAX;
        lowered->logits = last->inputs[0];
        lowered->outputs[graph->count - 1] = lowered->logits;
    }
    for (size_t i = 0; i < lowered->count; i++) {
        const struct operation *operation = &lowered->operations[i];
        if (operation->kind != OPERATION_UNARY || operation->unary.function != UNARY_SOFTMAX || operation == last)
            continue;
        return fail(OCELLUS_USAGE, "%s: layer %s: a softmax can only be the network's last layer", graph->name,
                    graph->nodes[operation->node].name);
    }
    last = &lowered->operations[lowered->logits];
    if (last->shape.rank == 1 && lowered->logits > 0) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: layer %s: the output of the network must be a vector of classes", graph->name,
                graph->nodes[last->node].name);
}

static ocellus_status lower_nodes(struct lowered *lowered) {
    const struct graph *graph = lowered->graph;
    size_t dropouts = 0;
    lowered->outputs = memory_allocate(graph->count + 1, sizeof *lowered->outputs);
    if (!lowered->outputs) return OCELLUS_IO;
    TRY(list_parameters(lowered));
    for (size_t i = 0; i < graph->count; i++)
        TRY(lower_node(lowered, i));
    for (size_t i = 0; i < lowered->count; i++) {
        if (lowered->operations[i].kind == OPERATION_DROPOUT) lowered->operations[i].dropout = dropouts++;
    }
    merge_padding(lowered);
    return find_logits(lowered);
}

ocellus_status lower_graph(const struct graph *graph, struct lowered **out) {
    if (graph->count < 2)
        return fail(OCELLUS_USAGE, "%s: a network needs at least one layer after its input", graph->name);
    struct lowered *lowered = memory_allocate(1, sizeof *lowered);
    if (!lowered) return OCELLUS_IO;
    lowered->graph = graph;
    const ocellus_status status = lower_nodes(lowered);
    if (status != OCELLUS_OK) {
        lowered_free(lowered);
        return status;
    }
    *out = lowered;
    return OCELLUS_OK;
}

void lowered_free(struct lowered *lowered) {
    if (!lowered) return;
    for (size_t i = 0; i < lowered->count; i++)
        memory_free(lowered->operations[i].inputs);
    free(lowered->operations);
    memory_free(lowered->outputs);
    memory_free(lowered->parameters);
    memory_free(lowered);
}

size_t lowered_parameter_place(const struct lowered *lowered, const char *name) {
    for (size_t i = 0; i < lowered->parameter_count; i++) {
        if (strcmp(lowered->parameters[i].parameter->name, name) == 0) return i;
    }
    return PARAMETER_NONE;
}
