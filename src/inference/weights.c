/* SPDX-License-Identifier: MIT */
#include "inference/weights.h"

#include "base/memory.h"
#include "base/sha256.h"
#include "formats/model_file.h"

/* Adds the values of every parameter, in the graph's order; `values` has room for the largest. */
static ocellus_status hash_parameters(const struct engine *engine, const struct graph *graph, float *values,
                                      struct sha256 *hash) {
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        for (size_t j = 0; j < node->parameter_count; j++) {
            size_t count = shape_size(&node->parameters[j].shape);
            TRY(engine_get(engine, node->parameters[j].name, values, count));
            sha256_add(hash, values, count * sizeof *values);
        }
    }
    return OCELLUS_OK;
}

static size_t largest_parameter(const struct graph *graph) {
    size_t largest = 1;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t j = 0; j < graph->nodes[i].parameter_count; j++) {
            size_t size = shape_size(&graph->nodes[i].parameters[j].shape);
            if (size > largest) largest = size;
        }
    }
    return largest;
}

ocellus_status weights_hash(const struct engine *engine, const struct graph *graph, char hash[SHA256_TEXT_SIZE]) {
    float *values = memory_allocate(largest_parameter(graph), sizeof *values);
    if (!values) return OCELLUS_IO;
    struct sha256 sha256;
    sha256_begin(&sha256);
    ocellus_status status = hash_parameters(engine, graph, values, &sha256);
    sha256_end(&sha256, hash);
    memory_free(values);
    return status;
}

static ocellus_status get_values(void *context, const char *name, float *values, size_t count) {
    return engine_get(context, name, values, count);
}

ocellus_status weights_write(const struct engine *engine, const struct graph *graph, int64_t epoch, const char *path) {
    return model_file_write(path, graph, epoch, get_values, (void *)engine);
}

ocellus_status weights_apply(struct engine *engine, const struct graph *graph, const struct match *match) {
    size_t place = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            const struct named_tensor *tensor = match->tensors[place++];
            if (!tensor) continue;
            TRY(engine_set(engine, node->parameters[k].name, tensor->values, shape_size(&tensor->shape)));
        }
    }
    return OCELLUS_OK;
}

ocellus_status weights_copy(const struct engine *from, struct engine *to, const struct graph *graph) {
    float *values = memory_allocate(largest_parameter(graph), sizeof *values);
    ocellus_status status = values ? OCELLUS_OK : OCELLUS_IO;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        for (size_t k = 0; status == OCELLUS_OK && k < node->parameter_count; k++) {
            const struct parameter *parameter = &node->parameters[k];
            const size_t count = shape_size(&parameter->shape);
            status = engine_get(from, parameter->name, values, count);
            if (status == OCELLUS_OK) status = engine_set(to, parameter->name, values, count);
        }
    }
    memory_free(values);
    return status;
}
