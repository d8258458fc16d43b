/* SPDX-License-Identifier: MIT */
#include "model/lowered_start.h"

#include "base/memory.h"
#include "model/graph.h"

/* What the logits need that does not lie behind `start`. */
static void find_needed(const struct lowered *lowered, size_t start, bool *needed) {
    needed[lowered->logits] = true;
    for (size_t i = lowered->count; i-- > 0;) {
        const struct operation *operation = &lowered->operations[i];
        for (size_t k = 0; needed[i] && i != start && k < operation->input_count; k++)
            needed[operation->inputs[k]] = true;
    }
}

static void leave_out(struct operation *operation) {
    operation->kind = OPERATION_INPUT;
    operation->input_count = 0;
    operation->unary = (struct unary){0};
    for (size_t role = 0; role < PARAMETER_ROLES; role++)
        operation->parameters[role] = PARAMETER_NONE;
}

static void begin_at(struct lowered *lowered, size_t start, const bool *needed) {
    lowered->operations[0].shape = lowered->operations[start].shape;
    for (size_t i = 1; i < lowered->count; i++) {
        struct operation *operation = &lowered->operations[i];
        if (i == start || !needed[i]) leave_out(operation);
        for (size_t k = 0; k < operation->input_count; k++) {
            if (operation->inputs[k] == start) operation->inputs[k] = 0;
        }
    }
    for (size_t node = 0; node < lowered->graph->count; node++) {
        if (lowered->outputs[node] == start) lowered->outputs[node] = 0;
    }
}

ocellus_status lowered_start_at(struct lowered *lowered, size_t node) {
    const struct graph *graph = lowered->graph;
    const size_t start = lowered->outputs[node];
    bool *needed = memory_allocate(lowered->count, sizeof *needed);
    if (!needed) return OCELLUS_IO;
    find_needed(lowered, start, needed);
    const bool good = start != 0 && start != lowered->logits && needed[start] && !needed[0];
    if (good) begin_at(lowered, start, needed);
    memory_free(needed);
    if (good) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: start_at: layer %s is not the one way from the input to the output", graph->name,
                graph->nodes[node].name);
}

bool lowered_leaves_out(const struct lowered *lowered, size_t node) {
    const size_t output = lowered->outputs[node];
    return output != 0 && lowered->operations[output].kind == OPERATION_INPUT;
}
