/* SPDX-License-Identifier: MIT */
/* The CPU engine's own state, which its files share; the class itself is engine_cpu (engine.h). */
#ifndef ENGINE_CPU_ENGINE_H
#define ENGINE_CPU_ENGINE_H

#include "base/memory.h"
#include "base/threads.h"
#include "engine/engine_class.h"
#include "engine/loss.h"
#include "engine/optimizers.h"
#include "engine/plan.h"

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
    const real *folded_bias, *weights; /* one after the other */
    real *memory;                      /* the engine's own for both; NULL where the weights keep them */
};

/* One piece of the work that ends a phase. */
struct reduction_piece {
    size_t reduction, begin, end;
};

/* Bytes of what is allocated once beside the arenas. */
struct engine_memory {
    size_t input, batch, scratch /* of one worker */, sums, partials, workers;
};

struct cpu_engine {
    struct engine base;
    const struct lowered *lowered;
    const struct kernels *kernels;
    struct thread_pool *pool; /* the caller's, or own_pool */
    struct thread_pool *own_pool;

    const struct weights_parameter *parameters; /* the weights' list */
    struct arena gradients_arena, state_arena[OPTIMIZER_STATES], packed_arena, norm_arena;
    real *gradients, *state[OPTIMIZER_STATES]; /* of the trained parameters, at their offsets */
    struct parameter_group *groups;            /* that were given; their patterns are not read any more */

    struct norm_state *norms;    /* [lowered->count] */
    struct packed_state *packed; /* [lowered->count] */
    struct packed_for packed_for;
    uint64_t packed_version; /* of the weights */

    const struct plan *training, *inference; /* the weights'; training is NULL in an engine for inference */
    unsigned char *batch, **scratch;         /* scratch: one a worker */
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
    real *converted; /* [batch_size][image_size]: the input, where real is not float */
    size_t n, shards;
    struct loss_batch loss; /* its memory: one allocation each */
    real *probabilities;
};

static inline struct cpu_engine *cpu_engine_of(struct engine *engine) {
    return (struct cpu_engine *)(void *)engine;
}
static inline const struct cpu_engine *cpu_const_engine_of(const struct engine *engine) {
    return (const struct cpu_engine *)(const void *)engine;
}

#endif
