/* SPDX-License-Identifier: MIT */
/* Small networks: every layer, alone and in the company that a plan treats in a way of its own. Each layer stands behind
 * one with weights, so that the gradient it passes back counts too. */
#ifndef GRADIENTS_CASES_H
#define GRADIENTS_CASES_H

#include "model/graph.h"

struct graph_case {
    const char *name;
    ocellus_status (*build)(struct graph *graph, size_t *newest); /* adds nodes after *newest, the input at first */
    int64_t input[3];                                             /* h, w, c */
    size_t n;                                                     /* images */
    const char *frozen;                                           /* pattern of frozen nodes, or NULL */
    size_t samples;                                               /* elements of each gradient; 0: all */
};
extern const struct graph_case graph_cases[];
extern const size_t graph_case_count;

/* What build() makes, Flatten (when needed) and a Dense layer with softmax; the caller's to free, also after a failure. */
ocellus_status graph_case_make(const struct graph_case *made, struct graph **graph);

#endif
