/* SPDX-License-Identifier: MIT */
/* Where each parameter lies, the memory behind it, and who uses it. */
#include "engine/weights.h"

#include "base/memory.h"
#include "base/memory_available.h"
#include "base/monitor.h"
#include "base/sizes.h"
#include "engine/engine.h"
#include "model/graph.h"
#include "model/lowered_start.h"

#include <fnmatch.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

struct weights {
    const struct graph *graph;
    struct lowered *lowered;
    struct weights_list list;
    real *values;
    atomic_size_t references;
    atomic_uint_fast64_t version;
    struct monitor *monitor; /* of the sessions, and of changes to the values */
    size_t sessions;
    struct cache *forms, *plans;
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
    list->group_begin = memory_allocate(list->group_count + 2, sizeof *list->group_begin);
    if (!list->parameters || !list->group_begin) return OCELLUS_IO;
    for (size_t node = 0; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
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
        return fail(OCELLUS_IO, "%s: its parameters need %.1f MB, and %.1f MB are free", weights->graph->name,
                    size_megabytes(bytes), size_megabytes(available));
    weights->values = memory_allocate(bytes, 1);
    return weights->values ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status fill(struct weights *weights, const struct parameter_group *groups) {
    TRY(lower_graph(weights->graph, &weights->lowered));
    TRY(monitor_create(&weights->monitor));
    TRY(cache_create(SIZE_MAX, &weights->forms));
    TRY(cache_create(WEIGHTS_PLAN_BYTES, &weights->plans));
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
    const ocellus_status status = fill(weights, groups);
    if (status == OCELLUS_OK) *out = weights;
    else weights_release(weights);
    return status;
}

ocellus_status weights_start_at(struct weights *weights, size_t node) {
    return lowered_start_at(weights->lowered, node);
}

void weights_retain(struct weights *weights) {
    atomic_fetch_add(&weights->references, 1);
}

void weights_release(struct weights *weights) {
    if (!weights || atomic_fetch_sub(&weights->references, 1) > 1) return;
    cache_free(weights->forms);
    cache_free(weights->plans);
    monitor_free(weights->monitor);
    lowered_free(weights->lowered);
    memory_free(weights->list.parameters);
    memory_free(weights->list.group_begin);
    memory_free(weights->values);
    memory_free(weights);
}

const struct graph *weights_graph(const struct weights *weights) {
    return weights->graph;
}
const struct lowered *weights_lowered(const struct weights *weights) {
    return weights->lowered;
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
    cache_clear(weights->forms);
}
size_t weights_bytes(const struct weights *weights) {
    return weights->list.size * sizeof(real);
}

/* --- sessions --- */

void weights_join(struct weights *weights) {
    weights_retain(weights);
    monitor_enter(weights->monitor);
    weights->sessions++;
    monitor_leave(weights->monitor);
}

void weights_part(struct weights *weights) {
    if (!weights) return;
    monitor_enter(weights->monitor);
    weights->sessions--;
    monitor_leave(weights->monitor);
    weights_release(weights);
}

/* Enters the monitor, unless more than `most` sessions live. */
static ocellus_status begin_change(struct weights *weights, size_t most) {
    monitor_enter(weights->monitor);
    if (weights->sessions <= most) return OCELLUS_OK;
    const size_t sessions = weights->sessions;
    monitor_leave(weights->monitor);
    return fail(OCELLUS_IN_USE, "%s: its weights cannot be set while %zu sessions use them (expected at most %zu)",
                weights->graph->name, sessions, most);
}

ocellus_status weights_begin_change(struct weights *weights) {
    return begin_change(weights, 1);
}

void weights_end_change(struct weights *weights) {
    weights_changed(weights);
    monitor_leave(weights->monitor);
}

static ocellus_status find(const struct weights *weights, const char *name, size_t count, real **values) {
    for (size_t i = 0; i < weights->list.count; i++) {
        const struct weights_parameter *parameter = &weights->list.parameters[i];
        if (strcmp(parameter->parameter->name, name) != 0) continue;
        *values = weights->values + parameter->offset;
        if (parameter->size == count) return OCELLUS_OK;
        return fail(OCELLUS_USAGE, "%s: wrong number of values (expected %zu, got %zu)", name, parameter->size, count);
    }
    return fail(OCELLUS_USAGE, "%s: no parameter of %s", name, weights->graph->name);
}

ocellus_status weights_set(struct weights *weights, const char *name, const float *values, size_t count) {
    real *dst = NULL;
    TRY(find(weights, name, count, &dst));
    TRY(begin_change(weights, 0));
    real_from_floats(dst, values, count);
    weights_end_change(weights);
    return OCELLUS_OK;
}

ocellus_status weights_get(const struct weights *weights, const char *name, float *values, size_t count) {
    real *src = NULL;
    TRY(find(weights, name, count, &src));
    monitor_enter(weights->monitor);
    real_to_floats(values, src, count);
    monitor_leave(weights->monitor);
    return OCELLUS_OK;
}

/* --- what is made of them --- */

struct form_maker {
    size_t bytes;
    weights_form_maker make;
    void *context;
};

static ocellus_status make_form(void *context, struct cache_item *item) {
    const struct form_maker *maker = context;
    *item = (struct cache_item){.thing = memory_allocate(maker->bytes, 1), .bytes = maker->bytes, .free = memory_free};
    if (!item->thing) return OCELLUS_IO;
    maker->make(maker->context, item->thing);
    return OCELLUS_OK;
}

/* Forms are not held: none is freed before the values change. */
ocellus_status weights_take_form(struct weights *weights, const struct weights_form *form, size_t bytes,
                                 weights_form_maker make, void *context, const void **dst) {
    const struct cache_key key = {.maker = form->maker, .first = form->parameter, .second = form->form};
    struct form_maker maker = {.bytes = bytes, .make = make, .context = context};
    void *thing = NULL;
    TRY(cache_take(weights->forms, &key, make_form, &maker, &thing));
    cache_give(weights->forms, thing);
    *dst = thing;
    return OCELLUS_OK;
}

ocellus_status weights_take_plan(struct weights *weights, const struct cache_key *key, cache_maker make, void *context,
                                 void **plan) {
    return cache_take(weights->plans, key, make, context, plan);
}
void weights_give_plan(struct weights *weights, const void *plan) {
    cache_give(weights->plans, plan);
}

struct weights_memory weights_memory(struct weights *weights) {
    struct weights_memory memory = {
        .values = weights_bytes(weights), .forms = cache_facts(weights->forms), .plans = cache_facts(weights->plans)};
    monitor_enter(weights->monitor);
    memory.sessions = weights->sessions;
    monitor_leave(weights->monitor);
    return memory;
}
