/* SPDX-License-Identifier: MIT */
/* A network's weights, apart from the sessions that use them: one set for any number of engines for inference, in any
 * threads. Every function may be called by several threads at once. */
#ifndef ENGINE_WEIGHTS_H
#define ENGINE_WEIGHTS_H

#include "base/real.h"
#include "base/status.h"
#include "model/graph.h"

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
    size_t *first;       /* [graph->count]: a node's first parameter */
    size_t *group_begin; /* [group_count + 2]: where the values of each group begin; then where the trained ones end */
    size_t group_count;  /* that were given */
    size_t trained_size; /* values; what lies behind is not trained */
    size_t size;         /* values of all, with what alignment costs */
};

/* All zero, with one reference. The graph must outlive the weights, unchanged. OCELLUS_IO when memory does not suffice. */
ocellus_status weights_create(const struct graph *graph, const struct parameter_group *groups, size_t group_count,
                              struct weights **weights);
void weights_retain(struct weights *weights);
/* Frees them with the last reference. NULL is accepted. */
void weights_release(struct weights *weights);

const struct graph *weights_graph(const struct weights *weights);
const struct weights_list *weights_list(const struct weights *weights);
/* The values, where the list says; whoever changes them says so by weights_changed(). */
real *weights_values(const struct weights *weights);
/* Grows whenever a value is changed: what was made of the values at another version is out of date. */
uint64_t weights_version(const struct weights *weights);
void weights_changed(struct weights *weights);
size_t weights_bytes(const struct weights *weights);

#endif
