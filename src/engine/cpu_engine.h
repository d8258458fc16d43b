/* SPDX-License-Identifier: MIT */
/* The CPU engine's own state, shared by its files: state.c (memory of tensors), execute.c and finish.c (running a plan),
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

/* What the packed weights hold at the moment: each pass has its own, and they share the memory. */
enum packed_kind { PACKED_NOTHING, PACKED_FORWARD, PACKED_ROTATED, PACKED_FOLDED };

/* A heavy layer's packed weights, and its bias with a BatchNormalization folded in; NULL for other nodes. */
struct packed_state {
    real *weights, *folded_bias;
};

/* One piece of the work that ends a phase. */
struct finish_piece {
    size_t finish, begin, end;
};

/* Bytes of what is allocated once beside the arenas. */
struct engine_memory {
    size_t input, batch, scratch /* of one worker */, sums, parts, workers;
};

struct cpu_engine {
    struct engine base;
    const struct graph *graph;
    const struct kernels *kernels;
    struct thread_pool *pool; /* the caller's, or own_pool */
    struct thread_pool *own_pool;

    const struct weights_parameter *parameters; /* the weights' list */
    const size_t *first_parameter;              /* [graph->count] */
    struct arena gradients_arena, state_arena[OPTIMIZER_STATES], packed_arena, norm_arena;
    real *gradients, *state[OPTIMIZER_STATES]; /* of the trained parameters, at their offsets */
    double *rate_scales;                       /* of the groups that were given */

    struct norm_state *norms;    /* [graph->count] */
    struct packed_state *packed; /* [graph->count] */
    enum packed_kind packed_kind;
    uint64_t packed_version; /* of the weights */

    struct plan *training, *inference; /* training is NULL in an engine for inference */
    unsigned char *batch, **scratch;   /* scratch: one a worker */
    /* The shards' sums: small ones for each shard; kernels' gradients for the shards of one wave (a power of two of them,
     * all 16 when that is little memory), and behind those one for the sum of each wave. */
    struct engine_memory memory;
    size_t wave;
    real *sums, *parts; /* [PLAN_SHARDS][sums_values], [wave + PLAN_SHARDS / wave][parts_values] */
    real *conv_scratch; /* [worker][conv_scratch_size]: of a convolution, by Winograd or not */
    size_t conv_scratch_size;
    real *finish_parts; /* [worker][finish_parts_size]: the shards' sums of a part of a kernel, in a worker's cache */
    size_t finish_parts_size;
    real *moments; /* [worker][moments_size]: one image's mean and M2 */
    size_t moments_size;
    struct finish_piece *pieces; /* by phase, of the training plan */
    size_t *first_piece;         /* [phase_count + 1] */

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

/* Where a view of the plan lies. */
static inline real *engine_view(const struct cpu_engine *engine, struct view view, size_t image, size_t worker) {
    if (view.buffer == PLAN_INPUT) {
        size_t size = shape_size(&engine->graph->nodes[0].shape);
        return (real *)(uintptr_t)(engine->src + image * size + view.offset); /* the input is only ever read */
    }
    const struct buffer *buffer = &engine->plan->buffers[view.buffer];
    unsigned char *base =
        buffer->batch ? engine->batch + buffer->place + image * buffer->size : engine->scratch[worker] + buffer->place;
    return (real *)(void *)base + view.offset;
}

/* profile.c: adds what a worker spent on a task, or the whole engine on work that is done once a step. */
enum profile_step { PROFILE_PACK, PROFILE_UPDATE, PROFILE_STEPS };
void profile_add_task(struct profile *profile, const struct task *task, size_t worker, size_t images, double seconds);
void profile_add_pass(struct profile *profile);
/* What a worker spent on one piece of the work that ends a phase. */
void profile_add_finish(struct profile *profile, const struct finish *finish, size_t worker, size_t images,
                        double seconds);
void profile_add_step(struct profile *profile, enum profile_step step, double seconds);
void profile_free(struct profile *profile);
ocellus_status cpu_profile_start(struct engine *engine);
void cpu_profile(const struct engine *engine, struct text *out);

/* execute.c: runs phases [first, end) of engine->plan on the current batch. */
void engine_run_phases(struct cpu_engine *engine, size_t first, size_t end);
/* Sets scale and shift of the BatchNormalizations that run on moving statistics in this pass. */
void engine_prepare_norms(struct cpu_engine *engine);

/* describe.c: of one image's forward pass through a layer; all that is allocated. */
double engine_node_flops(const struct node *node);
size_t cpu_planned_bytes(const struct cpu_engine *engine);
void cpu_describe(const struct engine *engine, struct text *out);

/* update.c */
ocellus_status cpu_update(struct engine *engine, const struct optimizer *optimizer);

/* finish.c: one piece of the work that ends a phase; and of the work that ends a wave of shards. */
void engine_finish(struct cpu_engine *engine, const struct finish_piece *piece, size_t worker);
void engine_finish_wave(struct cpu_engine *engine, const struct finish_piece *piece, size_t first_shard);
/* Values of finish_parts that this engine's plan needs for a worker. */
size_t engine_finish_parts(const struct cpu_engine *engine);
ocellus_status engine_plan_pieces(struct cpu_engine *engine);

/* state.c: gradients and optimizer state, tensors by place. */
ocellus_status engine_allocate_state(struct cpu_engine *engine);
void cpu_set(struct engine *engine, const struct engine_place *place, const float *values);
ocellus_status cpu_get(const struct engine *engine, const struct engine_place *place, float *values);
/* Whether the output of a node is there until a forward pass ends. */
bool cpu_keeps_output(const struct plan *plan, size_t node);
real *engine_parameter(const struct cpu_engine *engine, size_t node, size_t index);

/* pack.c: packs all weights for a pass unless they are packed so already. */
void engine_pack(struct cpu_engine *engine, enum packed_kind kind);
ocellus_status engine_allocate_packed(struct cpu_engine *engine);

#endif
