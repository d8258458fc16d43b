/* SPDX-License-Identifier: MIT */
/* The CPU engine's own state, shared by its files: state.c (memory of tensors), execute.c and reduce.c (running a plan),
 * pack.c and update.c (once a step), profile.c, describe.c, cpu_engine.c (the class). */
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
    double *rate_scales;                       /* of the groups that were given */

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

/* profile.c: adds what a worker spent on a task, or the whole engine on work that is done once a step. */
enum profile_step { PROFILE_PACK, PROFILE_UPDATE, PROFILE_STEPS };
void profile_add_task(struct profile *profile, const struct task *task, size_t worker, size_t images, double seconds);
void profile_add_pass(struct profile *profile);
/* What a worker spent on one piece of the work that ends a phase. */
void profile_add_reduction(struct profile *profile, const struct reduction *reduction, size_t worker, size_t images,
                           double seconds);
void profile_add_step(struct profile *profile, enum profile_step step, double seconds);
void profile_free(struct profile *profile);
ocellus_status cpu_profile_start(struct engine *engine);
void cpu_profile(const struct engine *engine, struct text *out);

/* norms.c: memory; scale and shift of those that run on moving statistics in this pass; sums over passes. */
ocellus_status engine_allocate_norms(struct cpu_engine *engine);
void engine_prepare_norms(struct cpu_engine *engine);
void engine_clear_statistics(struct cpu_engine *engine);
ocellus_status cpu_adopt_statistics(struct engine *engine);

/* describe.c: of one image's forward pass; all that is allocated. */
double engine_flops(const struct cpu_engine *engine, size_t operation);
size_t cpu_planned_bytes(const struct cpu_engine *engine);
void cpu_describe(const struct engine *engine, struct text *out);

/* update.c */
ocellus_status cpu_update(struct engine *engine, const struct optimizer *optimizer);

/* reduce.c: values of a worker's memory that a plan's reductions need, and their pieces. */
size_t engine_reduction_scratch(const struct cpu_engine *engine, const struct plan *plan);
ocellus_status engine_cut_reductions(struct cpu_engine *engine, const struct plan *plan);

/* memory.c: what is allocated once, and whether there is so much. */
ocellus_status cpu_measure_memory(struct cpu_engine *engine);
ocellus_status cpu_allocate_memory(struct cpu_engine *engine);

/* state.c: gradients and optimizer state, tensors by place. */
ocellus_status engine_allocate_state(struct cpu_engine *engine);
void cpu_set(struct engine *engine, const struct engine_place *place, const float *values);
ocellus_status cpu_get(const struct engine *engine, const struct engine_place *place, float *values);

/* pack.c: packs all kernels for a pass of engine->plan unless they are packed so already. Fails for memory alone, and only on
 * weights that are shared. */
ocellus_status engine_pack(struct cpu_engine *engine, enum product product);
ocellus_status engine_allocate_packed(struct cpu_engine *engine);

#endif
