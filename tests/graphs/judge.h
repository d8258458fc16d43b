/* SPDX-License-Identifier: MIT */
/* A network with its numbers, what the double oracle makes of them, and how far off an engine may be. All values are
 * float32: what an engine is given and what it gives. */
#ifndef GRAPHS_JUDGE_H
#define GRAPHS_JUDGE_H

#include "engine/engine.h"
#include "model/lowered.h"

#include <stddef.h>
#include <stdint.h>

struct judge {
    const struct graph *graph;
    size_t n, image_values, classes, parameter_count;
    float **parameters;            /* [parameter_count], in the order of the graph */
    float *images;                 /* [n][image_values] */
    int32_t *labels;               /* [n] */
    float *shares, *weights;       /* [n][classes], [n] */
    struct engine_targets targets; /* of these, with a denominator */
    uint64_t seed;                 /* of Dropout, with the place of the first image */
    uint32_t epoch, first;
    struct lowered *lowered;
    struct oracle *oracle;
    struct bounds *bounds;
    struct sibling *sibling;
    bool training;  /* the last pass was one */
    bool undecided; /* a ReLU or a maximum of the last training pass was too close to call in float */
    double largest; /* of all gradients of that pass */
    double loss;    /* over the denominator, of the last training pass */
};

/* What is compared. */
enum judged { JUDGED_LOGITS, JUDGED_LOSS, JUDGED_GRADIENT, JUDGED_STATISTIC, JUDGED_KINDS };

/* Numbers by chance, of the network's number; `unit` is the roundoff of the engine's arithmetic. The graph must outlive
 * the judge. */
ocellus_status judge_open(const struct graph *graph, size_t n, uint32_t number, double unit, struct judge **judge);
void judge_close(struct judge *judge);

/* Each is one pass of the oracle from the parameters as they were given. */
void judge_train(struct judge *judge);
void judge_infer(struct judge *judge);

/* Of the last pass: the largest error over its bound, infinity for what is no number. `parameter` is a gradient's or a
 * statistic's. Counts in *useful the values whose bound is at most a hundredth of the largest value of their tensor. */
double judge_compare(const struct judge *judge, enum judged judged, size_t parameter, const float *values,
                     size_t *useful);
/* Bounds that hold for certain are wide where sums are long. So beside them: the root mean square of the errors over that of
 * the oracle in float, whose sums have as many roundings in another order; 0 where that says nothing: of few values, and of
 * gradients when a decision was too close to call. Where the oracle's error is nothing but luck, as of a network that enlarges
 * one rounding of its images a thousandfold, the ratio is too: above `most` it is taken over the largest error of further
 * evaluations in float, on images one rounding off. */
double judge_beside_sibling(const struct judge *judge, enum judged judged, size_t parameter, const float *values,
                            double most);
/* Values of what is compared. */
size_t judge_count(const struct judge *judge, enum judged judged, size_t parameter);

#endif
