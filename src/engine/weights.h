/* SPDX-License-Identifier: MIT */
/* A network's weights, apart from the sessions that use them: one set for any number of engines for inference, in any
 * threads. What is made of the values, packed for the kernels, belongs to them too and is made once; so are plans kept here
 * that sessions share. Every function may be called by several threads at once. */
#ifndef ENGINE_WEIGHTS_H
#define ENGINE_WEIGHTS_H

#include "base/real.h"
#include "base/status.h"
#include "engine/cache.h"
#include "model/lowered.h"

struct parameter_group; /* engine/engine.h */
struct weights;

/* One parameter. The trained ones lie first, group by group, those of a group back to back, so that the optimizer is one
 * loop a group. */
struct weights_parameter {
    const struct parameter *parameter;
    size_t node, size;
    bool trained;
    size_t group;  /* 0: the rest; else the number of the group that its layer matches, from 1 */
    size_t offset; /* in values, a multiple of 64 bytes */
};
struct weights_list {
    struct weights_parameter *parameters; /* in the graph's order */
    size_t count;
    size_t *group_begin; /* [group_count + 2]: where the values of each group begin; then where the trained ones end */
    size_t group_count;  /* that were given */
    size_t trained_size; /* values; what lies behind is not trained */
    size_t size;         /* values of all, with what alignment costs */
};

/* All zero, with one reference. The graph is lowered here, once for all sessions, and must outlive the weights, unchanged.
 * OCELLUS_USAGE as lower_graph(); OCELLUS_IO when memory does not suffice. */
ocellus_status weights_create(const struct graph *graph, const struct parameter_group *groups, size_t group_count,
                              struct weights **weights);
/* Leaves out what stands before a layer (model/lowered_start.h), before any session lives. */
ocellus_status weights_start_at(struct weights *weights, size_t node);
void weights_retain(struct weights *weights);
/* Frees them with the last reference. NULL is accepted. */
void weights_release(struct weights *weights);

/* A tensor of the graph by its name. Setting one is refused while a session lives: OCELLUS_IN_USE. */
ocellus_status weights_set(struct weights *weights, const char *name, const float *values, size_t count);
ocellus_status weights_get(const struct weights *weights, const char *name, float *values, size_t count);

const struct graph *weights_graph(const struct weights *weights);
const struct lowered *weights_lowered(const struct weights *weights);
const struct weights_list *weights_list(const struct weights *weights);
/* The values, where the list says; whoever changes them says so by weights_changed(). */
real *weights_values(const struct weights *weights);
/* Grows whenever a value is changed: what was made of the values at another version is out of date. */
uint64_t weights_version(const struct weights *weights);
void weights_changed(struct weights *weights);
size_t weights_bytes(const struct weights *weights);

/* --- for engines --- */

/* A session begins, with a reference, and ends. */
void weights_join(struct weights *weights);
void weights_part(struct weights *weights);

/* Between these two the only session may write to the values; OCELLUS_IN_USE, and nothing begun, where another lives. No
 * session begins or ends meanwhile. weights_end_change() does what weights_changed() does. */
ocellus_status weights_begin_change(struct weights *weights);
void weights_end_change(struct weights *weights);

/* `bytes` bytes, aligned to MEMORY_ALIGNMENT and zeroed, that make() filled once from the values. They are valid until the
 * values change. The form is a number of the maker's (its table of kernels, say): everything that decides what is made. */
struct weights_form {
    const void *maker;
    size_t parameter, form;
};
typedef void (*weights_form_maker)(void *context, void *dst);
ocellus_status weights_take_form(struct weights *weights, const struct weights_form *form, size_t bytes,
                                 weights_form_maker make, void *context, const void **dst);

/* Plans, held until they are given back; then they are kept within WEIGHTS_PLAN_BYTES, and the longest unused are freed
 * first. The key's maker, numbers and text are all that decides what is planned: the size of the batch, options. */
#define WEIGHTS_PLAN_BYTES ((size_t)64 << 20)
ocellus_status weights_take_plan(struct weights *weights, const struct cache_key *key, cache_maker make, void *context,
                                 void **plan);
void weights_give_plan(struct weights *weights, const void *plan);

/* What all sessions of these weights share. */
struct weights_memory {
    size_t values; /* bytes */
    struct cache_facts forms, plans;
    size_t sessions;
};
struct weights_memory weights_memory(struct weights *weights);

#endif
