/* SPDX-License-Identifier: MIT */
/* The names of an engine's tensors: parameters, optimizer state, gradients, outputs. */
#include "engine/tensors.h"

#include "base/memory.h"
#include "engine/engine_class.h"
#include "engine/optimizers.h"
#include "model/graph.h"

#include <stdio.h>
#include <string.h>

static const char *state_name(const struct engine *engine, size_t state) {
    return optimizer_rows[engine->options.optimizer.kind].states[state];
}

/* Parameters in the graph's order, then the states of the trained ones. */
ocellus_status engine_list_tensors(struct engine *engine) {
    const struct weights_list *list = weights_list(engine->weights);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->parameters[i].trained ? 1 + engine->state_count : 1;
    engine->tensors = memory_allocate(count + 1, sizeof *engine->tensors);
    engine->state_names = memory_allocate(count + 1, sizeof *engine->state_names);
    if (!engine->tensors || !engine->state_names) return OCELLUS_IO;
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *parameter = list->parameters[i].parameter;
        engine->tensors[engine->tensor_count++] =
            (struct engine_tensor){.name = parameter->name, .shape = &parameter->shape, .kind = ENGINE_PARAMETER};
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct parameter *parameter = list->parameters[i].parameter;
        for (size_t s = 0; s < (list->parameters[i].trained ? engine->state_count : 0); s++) {
            char *name = engine->state_names[engine->tensor_count];
            snprintf(name, sizeof *engine->state_names, "%s/%s", parameter->name, state_name(engine, s));
            engine->tensors[engine->tensor_count++] =
                (struct engine_tensor){.name = name, .shape = &parameter->shape, .kind = ENGINE_OPTIMIZER_STATE};
        }
    }
    return OCELLUS_OK;
}

/* What follows a trained parameter's name: "gradient", or a state's. */
static bool find_role(const struct engine *engine, const char *role, struct engine_place *place) {
    if (engine->options.training && strcmp(role, "gradient") == 0) {
        place->kind = PLACE_GRADIENT;
        return true;
    }
    for (size_t s = 0; s < engine->state_count; s++) {
        if (strcmp(role, state_name(engine, s)) != 0) continue;
        place->kind = PLACE_STATE;
        place->state = s;
        return true;
    }
    return false;
}

static bool find_state(const struct engine *engine, const char *name, struct engine_place *place) {
    const struct weights_list *list = weights_list(engine->weights);
    for (size_t i = 0; i < list->count; i++) {
        const struct weights_parameter *parameter = &list->parameters[i];
        const size_t length = strlen(parameter->parameter->name);
        if (strncmp(name, parameter->parameter->name, length) != 0) continue;
        *place = (struct engine_place){.kind = PLACE_PARAMETER, .index = i, .count = parameter->size};
        if (name[length] == '\0') return true;
        if (name[length] == '/' && parameter->trained && find_role(engine, name + length + 1, place)) return true;
    }
    return false;
}

size_t engine_find_node(const struct graph *graph, const char *name, size_t length) {
    for (size_t node = 1; node < graph->count; node++) {
        if (strlen(graph->nodes[node].name) == length && strncmp(name, graph->nodes[node].name, length) == 0)
            return node;
    }
    return 0;
}

/* "LAYER/output" or "LAYER/output_gradient". */
static bool find_output(const struct engine *engine, const char *name, struct engine_place *place) {
    const char *slash = strrchr(name, '/');
    const size_t node = slash ? engine_find_node(engine->graph, name, (size_t)(slash - name)) : 0;
    if (node == 0 || engine->stage == STAGE_NONE) return false;
    *place = (struct engine_place){
        .kind = PLACE_OUTPUT, .index = node, .count = engine->batch.n * shape_size(&engine->graph->nodes[node].shape)};
    if (strcmp(slash, "/output") == 0) return true;
    place->kind = PLACE_OUTPUT_GRADIENT;
    return strcmp(slash, "/output_gradient") == 0 && node == engine->gradient_to && engine->stage == STAGE_BACKWARD;
}

ocellus_status engine_find_place(const struct engine *engine, const char *name, size_t count, bool with_outputs,
                                 struct engine_place *place) {
    if (!find_state(engine, name, place) && !(with_outputs && find_output(engine, name, place)))
        return fail(OCELLUS_USAGE, "%s: the engine has no such tensor", name);
    if (place->count == count) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: wrong number of values (expected %zu, got %zu)", name, place->count, count);
}
