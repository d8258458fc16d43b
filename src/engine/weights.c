/* SPDX-License-Identifier: MIT */
/* Where each parameter lies, and the memory behind it. */
#include "engine/weights.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "engine/engine.h"

#include <fnmatch.h>
#include <stdatomic.h>

struct weights {
    const struct graph *graph;
    struct weights_list list;
    real *values;
    atomic_size_t references;
    atomic_uint_fast64_t version;
};

static size_t aligned(size_t values) {
    const size_t unit = MEMORY_ALIGNMENT / sizeof(float);
    return (values + unit - 1) / unit * unit;
}

static size_t find_group(const char *layer, const struct parameter_group *groups, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(groups[i].pattern, layer, 0) == 0) return i + 1;
    }
    return 0;
}

static ocellus_status list_parameters(struct weights *weights, const struct parameter_group *groups) {
    const struct graph *graph = weights->graph;
    struct weights_list *list = &weights->list;
    size_t count = 0;
    for (size_t node = 0; node < graph->count; node++)
        count += graph->nodes[node].parameter_count;
    list->parameters = memory_allocate(count + 1, sizeof *list->parameters);
    list->first = memory_allocate(graph->count + 1, sizeof *list->first);
    list->group_begin = memory_allocate(list->group_count + 2, sizeof *list->group_begin);
    if (!list->parameters || !list->first || !list->group_begin) return OCELLUS_IO;
    for (size_t node = 0; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        list->first[node] = list->count;
        for (size_t i = 0; i < n->parameter_count; i++)
            list->parameters[list->count++] =
                (struct weights_parameter){.parameter = &n->parameters[i],
                                           .node = node,
                                           .size = shape_size(&n->parameters[i].shape),
                                           .trained = n->parameters[i].trainable && !n->frozen,
                                           .group = find_group(n->name, groups, list->group_count)};
    }
    return OCELLUS_OK;
}

/* Appends the parameters of a group, or those that are not trained. */
static ocellus_status place(struct weights *weights, bool trained, size_t group) {
    struct weights_list *list = &weights->list;
    for (size_t i = 0; i < list->count; i++) {
        struct weights_parameter *parameter = &list->parameters[i];
        if (parameter->trained != trained || (trained && parameter->group != group)) continue;
        parameter->offset = list->size;
        if (!size_add(list->size, aligned(parameter->size), &list->size))
            return fail(OCELLUS_IO, "%s: its parameters need more memory than can be addressed", weights->graph->name);
    }
    return OCELLUS_OK;
}

static ocellus_status place_all(struct weights *weights) {
    struct weights_list *list = &weights->list;
    for (size_t group = 0; group <= list->group_count; group++) {
        list->group_begin[group] = list->size;
        TRY(place(weights, true, group));
    }
    list->group_begin[list->group_count + 1] = list->trained_size = list->size;
    return place(weights, false, 0);
}

static ocellus_status allocate(struct weights *weights) {
    enum { ALWAYS_TRIED = 64 << 20, SLACK = MEMORY_ALIGNMENT };
    size_t bytes;
    if (!size_multiply(weights->list.size, sizeof(real), &bytes) || !size_add(bytes, SLACK, &bytes))
        return fail(OCELLUS_IO, "%s: its parameters need more memory than can be addressed", weights->graph->name);
    const size_t available = bytes > ALWAYS_TRIED ? memory_available() : SIZE_MAX;
    if (bytes > available)
        return fail(OCELLUS_IO, "%s: its parameters need %zu MB, and %zu MB are free", weights->graph->name,
                    bytes >> 20, available >> 20);
    weights->values = memory_allocate(bytes, 1);
    return weights->values ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status make(struct weights *weights, const struct parameter_group *groups) {
    TRY(list_parameters(weights, groups));
    TRY(place_all(weights));
    return allocate(weights);
}

ocellus_status weights_create(const struct graph *graph, const struct parameter_group *groups, size_t group_count,
                              struct weights **out) {
    struct weights *weights = memory_allocate(1, sizeof *weights);
    if (!weights) return OCELLUS_IO;
    weights->graph = graph;
    weights->list.group_count = group_count;
    atomic_init(&weights->references, 1);
    const ocellus_status status = make(weights, groups);
    if (status == OCELLUS_OK) *out = weights;
    else weights_release(weights);
    return status;
}

void weights_retain(struct weights *weights) {
    atomic_fetch_add(&weights->references, 1);
}

void weights_release(struct weights *weights) {
    if (!weights || atomic_fetch_sub(&weights->references, 1) > 1) return;
    memory_free(weights->list.parameters);
    memory_free(weights->list.first);
    memory_free(weights->list.group_begin);
    memory_free(weights->values);
    memory_free(weights);
}

const struct graph *weights_graph(const struct weights *weights) {
    return weights->graph;
}
const struct weights_list *weights_list(const struct weights *weights) {
    return &weights->list;
}
real *weights_values(const struct weights *weights) {
    return weights->values;
}
uint64_t weights_version(const struct weights *weights) {
    return atomic_load(&weights->version);
}
void weights_changed(struct weights *weights) {
    atomic_fetch_add(&weights->version, 1);
}
size_t weights_bytes(const struct weights *weights) {
    return weights->list.size * sizeof(real);
}
