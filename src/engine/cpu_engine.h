/* SPDX-License-Identifier: MIT */
/* The CPU engine's own state, shared by its files: state.c (tensors), execute.c and reduce.c (running a plan),
 * pack.c and update.c (once a step), profile.c, cpu_engine.c (the interface). */
#ifndef ENGINE_CPU_ENGINE_H
#define ENGINE_CPU_ENGINE_H

#include "base/memory.h"
#include "base/threads.h"
#include "engine/engine.h"
#include "engine/plan.h"

/* One parameter. Trained ones lie first in the arena, back to back, so that the optimizer is one loop. */
struct parameter_state {
    const struct parameter *parameter;
    size_t node, size;
    bool trained;
    size_t offset; /* in values, in `weights`, and when trained in `gradients` and the optimizer's arrays too */
};

/* A BatchNormalization's vectors, all [c]. */
struct norm_state {
    size_t c;
    real *scale, *shift;             /* output = input * scale + shift */
    real *mean, *inverse;            /* of the batch; inverse = 1 / sqrt(variance + epsilon) */
    real *a, *b, *d;                 /* gradient to the input = a * diff + b * input + d */
    double *sum_mean, *sum_variance; /* over ENGINE_STATISTICS passes */
};

/* What the packed kernels hold at the moment: each plan and pass has its own, and they share the memory. */
struct packed_for {
    const struct plan *plan; /* NULL: nothing */
    enum product product;
};

/* A packed kernel, and the bias with a BatchNormalization folded in; NULL for operations without. */
struct packed_state {
    real *weights, *folded_bias;
};

/* One piece of the work that ends a phase. */
struct reduction_piece {
    size_t reduction, begin, end;
};

/* Bytes of what is allocated once beside the arenas. */
struct engine_memory {
    size_t batch, scratch /* of one worker */, sums, partials, workers;
};

struct engine {
    const struct graph *graph;
    struct lowered *lowered;
    const struct kernels *kernels;
    struct thread_pool *pool;
    struct engine_options options;

    struct parameter_state *parameters; /* in the order of the graph */
    size_t parameter_count;
    size_t trained_size, state_count; /* values; optimizer arrays in use: 0, 1 (velocity) or 2 (m, v) */
    struct arena weights_arena, gradients_arena, state_arena[2], packed_arena, norm_arena;
    real *weights, *gradients, *state[2];
    struct engine_tensor *tensors;
    char (*state_names)[GRAPH_NAME_SIZE + 16];
    size_t tensor_count;

    struct norm_state *norms;    /* [lowered->count] */
    struct packed_state *packed; /* [lowered->count] */
    struct packed_for packed_for;
    size_t statistics_passes;
    uint64_t updates;

    struct plan *training, *inference; /* training is NULL in an engine for inference */
    unsigned char *batch, **scratch;   /* scratch: one a worker */
    /* The shards' sums: small ones for each shard; kernels' gradients for the shards of one wave (a power of two of them,
     * all 16 when that is little memory), and behind those one for the sum of each wave. */
    struct engine_memory memory;
    size_t wave;
    real *sums, *partials; /* [PLAN_SHARDS][sums_values], [wave + PLAN_SHARDS / wave][partials_values] */
    real *conv_scratch;    /* [worker][conv_scratch_size]: of a convolution, by Winograd or not */
    size_t conv_scratch_size;
    real
        *reduction_scratch; /* [worker][reduction_scratch_size]: the shards' sums of a part of a kernel, in its cache */
    size_t reduction_scratch_size;
    real *moments; /* [worker][moments_size]: one image's mean and M2 */
    size_t moments_size;
    struct reduction_piece *pieces; /* by phase, of the training plan */
    size_t *first_piece;            /* [phase_count + 1] */

    struct profile *profile; /* NULL unless the engine is being timed */

    /* The last forward pass. */
    const struct plan *plan;
    enum engine_mode mode;
    const real *src;
    size_t n, shards;
    uint32_t epoch;
    uint64_t first_place; /* of the batch's first image in the epoch's order */
    real *loss, *probabilities;
};

/* profile.c: adds what a worker spent on a task, or the whole engine on work that is done once a step. */
enum profile_step { PROFILE_PACK, PROFILE_UPDATE, PROFILE_STEPS };
void profile_add_task(struct profile *profile, const struct task *task, size_t worker, size_t images, double seconds);
void profile_add_pass(struct profile *profile);
/* What a worker spent on one piece of the work that ends a phase. */
void profile_add_reduction(struct profile *profile, const struct reduction *reduction, size_t worker, size_t images,
                           double seconds);
void profile_add_step(struct profile *profile, enum profile_step step, double seconds);
void profile_free(struct profile *profile);

/* norms.c: memory; scale and shift of those that run on moving statistics in this pass; sums over passes. */
ocellus_status engine_allocate_norms(struct engine *engine);
void engine_prepare_norms(struct engine *engine);
void engine_clear_statistics(struct engine *engine);

/* describe.c: of one image's forward pass. */
double engine_flops(const struct engine *engine, size_t operation);

/* reduce.c: values of a worker's memory that a plan's reductions need, and their pieces. */
size_t engine_reduction_scratch(const struct engine *engine, const struct plan *plan);
ocellus_status engine_cut_reductions(struct engine *engine, const struct plan *plan);

/* state.c: tensors and their memory. */
ocellus_status engine_allocate_state(struct engine *engine);

/* pack.c: packs all kernels for a pass of engine->plan unless they are packed so already. */
void engine_pack(struct engine *engine, enum product product);
ocellus_status engine_allocate_packed(struct engine *engine);

#endif
