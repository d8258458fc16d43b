/* SPDX-License-Identifier: MIT */
/* The speed of a network on this machine, on random images in memory: what `ocellus bench` prints. */
#ifndef APP_BENCH_H
#define APP_BENCH_H

#include "engine/engine.h"

struct bench_request {
    size_t batch, threads; /* threads 0: all this process may use */
    bool training;         /* whole steps (forward, loss, backward, Adam); else inference */
    double seconds;        /* about how long to measure; at least three runs are made */
};

struct bench_result {
    size_t runs, threads;
    double median, least, most; /* seconds of one run over the batch */
    char kernels[16];
};

/* Measures the graph with initial weights. When `plan` is not NULL, the plan is appended to it,
 * and where the time of a pass went, layer by layer. */
ocellus_status bench_measure(const struct graph *graph, const struct bench_request *request, struct text *plan,
                             struct bench_result *result);

#endif
