/* SPDX-License-Identifier: MIT */
/* The engine's tensors: where parameters, gradients and optimizer state lie, and getting and setting them by name. */
#include "engine/cpu_engine.h"

#include "base/sizes.h"
#include "engine/execute.h"

#include <stdio.h>
#include <string.h>

static const char *const state_roles[2][2] = {{"velocity", ""}, {"adam_m", "adam_v"}};

static size_t aligned(size_t values) {
    return (values + 15) / 16 * 16;
}

static size_t count_states(const struct engine_options *options) {
    if (!options->training) return 0;
    if (options->optimizer.kind == OPTIMIZER_ADAM) return 2;
    return options->optimizer.momentum > 0 ? 1 : 0;
}

/* Trained parameters first. */
static ocellus_status list_parameters(struct engine *engine, size_t *values) {
    const struct graph *graph = engine->graph;
    for (size_t node = 0; node < graph->count; node++) {
        engine->parameter_count += graph->nodes[node].parameter_count;
    }
    engine->parameters = memory_allocate(engine->parameter_count + 1, sizeof *engine->parameters);
    if (!engine->parameters) return OCELLUS_IO;
    size_t index = 0;
    for (size_t node = 0; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        for (size_t i = 0; i < n->parameter_count; i++) {
            engine->parameters[index++] = (struct parameter_state){.parameter = &n->parameters[i],
                                                                   .node = node,
                                                                   .size = shape_size(&n->parameters[i].shape),
                                                                   .trained = n->parameters[i].trainable && !n->frozen};
        }
    }
    *values = 0;
    for (int trained = 1; trained >= 0; trained--) {
        for (size_t i = 0; i < engine->parameter_count; i++) {
            if (engine->parameters[i].trained != (trained == 1)) continue;
            engine->parameters[i].offset = *values;
            if (!size_add(*values, aligned(engine->parameters[i].size), values)) {
                return fail(OCELLUS_IO, "%s: its parameters need more memory than can be addressed",
                            engine->graph->name);
            }
        }
        if (trained) engine->trained_size = *values;
    }
    return OCELLUS_OK;
}

static ocellus_status allocate_values(struct arena *arena, size_t values, real **pointer) {
    size_t bytes, offset;
    if (!size_multiply(values, sizeof(real), &bytes)) return fail(OCELLUS_IO, "memory: size overflow");
    TRY(arena_reserve(arena, bytes, &offset));
    TRY(arena_allocate(arena));
    *pointer = (real *)(void *)(arena->base + offset);
    return OCELLUS_OK;
}

static ocellus_status list_tensors(struct engine *engine) {
    size_t count = 0;
    for (size_t i = 0; i < engine->parameter_count; i++) {
        count += engine->parameters[i].trained ? 1 + engine->state_count : 1;
    }
    engine->tensors = memory_allocate(count + 1, sizeof *engine->tensors);
    engine->state_names = memory_allocate(count + 1, sizeof *engine->state_names);
    if (!engine->tensors || !engine->state_names) return OCELLUS_IO;
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter *parameter = engine->parameters[i].parameter;
        engine->tensors[engine->tensor_count++] =
            (struct engine_tensor){.name = parameter->name, .shape = &parameter->shape, .kind = ENGINE_PARAMETER};
    }
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter *parameter = engine->parameters[i].parameter;
        for (size_t s = 0; s < (engine->parameters[i].trained ? engine->state_count : 0); s++) {
            char *name = engine->state_names[engine->tensor_count];
            snprintf(name, sizeof *engine->state_names, "%s/%s", parameter->name,
                     state_roles[engine->state_count - 1][s]);
            engine->tensors[engine->tensor_count++] =
                (struct engine_tensor){.name = name, .shape = &parameter->shape, .kind = ENGINE_OPTIMIZER_STATE};
        }
    }
    return OCELLUS_OK;
}

ocellus_status engine_allocate_state(struct engine *engine) {
    size_t values;
    TRY(list_parameters(engine, &values));
    TRY(allocate_values(&engine->weights_arena, values + 16, &engine->weights));
    engine->state_count = count_states(&engine->options);
    if (engine->options.training) {
        TRY(allocate_values(&engine->gradients_arena, engine->trained_size + 16, &engine->gradients));
    }
    for (size_t s = 0; s < engine->state_count; s++) {
        TRY(allocate_values(&engine->state_arena[s], engine->trained_size + 16, &engine->state[s]));
    }
    return list_tensors(engine);
}

size_t engine_tensor_count(const struct engine *engine) {
    return engine->tensor_count;
}
struct engine_tensor engine_tensor_at(const struct engine *engine, size_t index) {
    return engine->tensors[index];
}

/* The memory behind a name of the state, or NULL. */
static real *find_state(const struct engine *engine, const char *name, size_t *size) {
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter_state *state = &engine->parameters[i];
        size_t length = strlen(state->parameter->name);
        if (strncmp(name, state->parameter->name, length) != 0) continue;
        *size = state->size;
        if (name[length] == '\0') return engine->weights + state->offset;
        if (name[length] != '/' || !state->trained) continue;
        const char *role = name + length + 1;
        if (engine->options.training && strcmp(role, "gradient") == 0) return engine->gradients + state->offset;
        for (size_t s = 0; s < engine->state_count; s++) {
            if (strcmp(role, state_roles[engine->state_count - 1][s]) == 0) return engine->state[s] + state->offset;
        }
    }
    return NULL;
}

static ocellus_status check_count(const char *name, size_t expected, size_t count) {
    if (count == expected) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: wrong number of values (expected %zu, got %zu)", name, expected, count);
}

ocellus_status engine_set(struct engine *engine, const char *name, const real *values, size_t count) {
    size_t size;
    real *state = find_state(engine, name, &size);
    if (!state) return fail(OCELLUS_USAGE, "%s: the engine has no such tensor", name);
    TRY(check_count(name, size, count));
    memcpy(state, values, size * sizeof *values);
    engine->packed_for.plan = NULL;
    return OCELLUS_OK;
}

/* "NODE/output" of the last forward pass. */
static ocellus_status get_output(const struct engine *engine, const char *name, real *values, size_t count) {
    const struct graph *graph = engine->graph;
    const char *slash = strrchr(name, '/');
    for (size_t node = 1; slash && engine->plan && node < graph->count; node++) {
        size_t length = strlen(graph->nodes[node].name);
        if (strcmp(slash, "/output") != 0 || (size_t)(slash - name) != length ||
            strncmp(name, graph->nodes[node].name, length) != 0) {
            continue;
        }
        struct view view = engine->plan->outputs[engine->lowered->outputs[node]];
        size_t last_forward = engine->plan->forward_phases - 1;
        if (!view_exists(view) || engine->plan->buffers[view.buffer].last < last_forward) {
            return fail(OCELLUS_USAGE, "%s: the plan does not keep this output", name);
        }
        TRY(check_count(name, engine->n * shape_size(&graph->nodes[node].shape), count));
        memcpy(values, engine_view(engine, view, 0), count * sizeof *values);
        return OCELLUS_OK;
    }
    return fail(OCELLUS_USAGE, "%s: the engine has no such tensor", name);
}

ocellus_status engine_get(const struct engine *engine, const char *name, real *values, size_t count) {
    size_t size;
    const real *state = find_state(engine, name, &size);
    if (!state) return get_output(engine, name, values, count);
    TRY(check_count(name, size, count));
    memcpy(values, state, size * sizeof *values);
    return OCELLUS_OK;
}
