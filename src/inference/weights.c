/* SPDX-License-Identifier: MIT */
#include "inference/weights.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "formats/model_file.h"
#include "formats/weights_file.h"

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

static ocellus_status set_parameters(struct engine *engine, const struct safetensors *tensors) {
    for (size_t i = 0; i < safetensors_count(tensors); i++) {
        const struct safetensors_tensor *tensor = safetensors_at(tensors, i);
        TRY(engine_set(engine, tensor->name, tensor->values, shape_size(&tensor->shape)));
    }
    return OCELLUS_OK;
}

ocellus_status weights_read(struct engine *engine, const struct graph *graph, const char *path) {
    struct model_file file;
    TRY(model_file_read(path, false, &file));
    ocellus_status status = model_file_match(graph, file.tensors);
    if (status == OCELLUS_OK && file.graph->preprocessing != graph->preprocessing) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: preprocessing: not that of %s", path, graph->name);
    }
    if (status == OCELLUS_OK) status = set_parameters(engine, file.tensors);
    model_file_free(&file);
    return status;
}

/* Parameters that the file does not fill keep their values. */
static ocellus_status set_matched(struct engine *engine, const struct graph *graph, const struct weights_match *match) {
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

ocellus_status weights_load(struct engine *engine, const struct graph *graph, const char *path) {
    bool is_model;
    TRY(model_file_is_one(path, &is_model));
    if (is_model) return weights_read(engine, graph, path);
    struct named_tensors tensors;
    TRY(weights_file_read(path, &tensors));
    struct weights_match match;
    ocellus_status status = weights_match(graph, &tensors, &match);
    if (status == OCELLUS_OK) {
        status = set_matched(engine, graph, &match);
        log_info("%s: %zu of %zu tensors of %s set", path, match.matched, match.count, graph->name);
        weights_match_free(&match);
    }
    named_tensors_free(&tensors);
    return status;
}
